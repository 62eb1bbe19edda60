"""A run folder is data of unknown origin: it is looked at here before anything is done with it.

People send each other run folders. What stands in one is read, never run: a class or function that its
manifest names is one that this installation's own conf/ or the user's home names, or the run is refused
before anything is imported. Every stage that reads a stored configuration comes through here.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from def_sim.answers.storage.manifest import manifest_path, read_manifest, run_hash
from def_sim.app.schema import RunConfig, validate_config
from def_sim.app.targets import TARGET, installed_targets, targets
from def_sim.errors import ConfigError, StoreError

# Where a configuration names a class or function, and whose YAML files may name it.
_CHOSEN_BY: Final = {"stage": "stage", "strategy": "strategy", "model.engine": "model"}
# The parts of a run folder that stages touch.
_READ_OR_WRITTEN: Final = (".", "answers", "figures", "batches", "spending", "verdicts", "export")


@dataclass(frozen=True)
class Received:
    """A stored run whose manifest was found sound.

    Attributes:
        manifest: As it was written.
        config: Its configuration.
    """

    manifest: Mapping[str, Any]
    config: RunConfig


class _Open(BaseModel):
    """Older and later versions may store more."""

    model_config = ConfigDict(extra="allow", strict=True, protected_namespaces=())


class _Named(_Open):
    name: str


class _ModelFacts(_Named):
    label: str
    family: str
    num_parameters: int
    is_tuned: bool
    is_demonstration: bool


class _Config(_Open):
    model: _ModelFacts
    survey: _Named
    strategy: _Named
    protocol: _Named
    seed: int


class _DefinedModel(_Open):
    identity: dict[str, Any]


class _DefinedSurvey(_Named):
    population: str
    language: str
    short_of: str | None = None


class _Defines(_Open):
    model: _DefinedModel
    survey: _DefinedSurvey


class _Plan(_Open):
    respondents: int = Field(ge=0)
    answers: int = Field(ge=0)


class _ScoredWith(_Open):
    reference: str
    pool_wordings: bool


class _Engine(_Open):
    deviations: dict[str, str] = {}


class _Versions(_Open):
    def_sim: str
    commit: str


class _Manifest(_Open):
    """What stages read of a manifest beside what `RunConfig` checks."""

    run_hash: str = Field(pattern="^[0-9a-f]{12}$")
    created: str
    defines: _Defines
    config: _Config
    plan: _Plan
    scored_with: _ScoredWith
    figures_before: str = ""
    people_of: str = Field(default="", max_length=100)
    engine: _Engine
    versions: _Versions
    commands: list[dict[str, Any]] = []


def read_stored_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run, with everything in it that stages rely on; its configuration is not looked at.

    Raises:
        StoreError: It is missing, damaged, or of another form; or a file of the folder lies elsewhere.
    """
    check_places(folder)
    manifest = read_manifest(folder)
    path = manifest_path(folder)
    try:
        _Manifest.model_validate(manifest)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise StoreError(
            f"{path}, {name}: {first['msg'][0].lower()}{first['msg'][1:]}.",
            fix="Restore it from a copy, or go on with the version of def_sim that wrote it.",
        ) from None
    if manifest["run_hash"] != run_hash(manifest["defines"]):
        raise StoreError(
            f"{path}: run_hash is {manifest['run_hash']}, but what defines the run has another hash.",
            fix="Restore it from a copy; it was changed after it was written.",
        )
    return manifest


def read_received(folder: Path) -> Received:
    """The manifest and the configuration of a stored run. Nothing that it names is imported unasked.

    Raises:
        StoreError: As `read_stored_manifest`, or the configuration names what is not installed here.
        ConfigError: The configuration is none that this version knows.
    """
    manifest = read_stored_manifest(folder)
    refuse_foreign_targets(manifest["config"], manifest_path(folder))
    try:
        return Received(manifest, validate_config(manifest["config"]))
    except ConfigError as error:
        raise ConfigError(
            f"{manifest_path(folder)}, config: {error.message}",
            fix="Go on with the version of def_sim that the manifest names, or restore it from a copy.",
        ) from None


def check_places(folder: Path) -> None:
    """Makes sure that a run folder holds ordinary files and folders, and no link that leads out of it.

    Raises:
        StoreError: Naming the first that is something else.
    """
    root = folder.resolve()
    of_sets = [f"verdicts/{entry.name}" for entry in _entries(folder / "verdicts") if entry.is_dir()]
    in_sets = [f"{of_set}/{name}" for of_set in of_sets for name in ("spending", "batches")]
    for name in (*_READ_OR_WRITTEN, *of_sets, *in_sets):
        for entry in _entries(folder / name):
            path = Path(entry.path)
            if entry.is_symlink() and not _leads_into(path, root):
                raise StoreError(
                    f"{path} is a link that leads out of the run folder; it is not followed.",
                    fix="Put the file itself there, if you know what it is, or delete the link.",
                )
            if not (entry.is_symlink() or _is_ordinary(entry)):
                raise StoreError(
                    f"{path} is neither a file nor a folder (a pipe, a socket or a device).",
                    fix="Delete it; no run has such a thing.",
                )


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be read ({error.strerror}).", fix="Check its rights and run again."
        ) from None


def _leads_into(link: Path, root: Path) -> bool:
    try:
        return link.resolve(strict=False).is_relative_to(root)
    except (OSError, RuntimeError):  # a link to itself
        return False


def _is_ordinary(entry: os.DirEntry[str]) -> bool:
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:  # a temporary file of a writer at work
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def refuse_foreign_targets(config: Mapping[str, Any], path: Path) -> None:
    """Makes sure that a stored configuration names only classes and functions that conf/ names here.

    Args:
        config: As stored; not validated yet, as validating imports what is named.
        path: Of the manifest, for the message.

    Raises:
        StoreError: Something else is named. It was not imported.
    """
    for section, target in targets(config):
        group = _CHOSEN_BY.get(section)
        if group is None or not isinstance(target, str) or target not in installed_targets(group):
            kind = group or "setting"
            raise StoreError(
                f"{path}: config.{section}.{TARGET} names {str(target)[:200]!r}, which no {kind} of this "
                "installation has. It was not loaded.",
                fix=f"If you know where the run comes from and trust it, put its {kind} into a home's "
                f"conf/{kind}/ (docs/how_to/add_a_{kind}.md); else delete the folder."
                if group in ("strategy", "model")
                else "Restore it from a copy; def_sim writes no such manifest.",
            )

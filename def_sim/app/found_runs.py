"""The run folders that `runs=` names: folders, or patterns in which `**` looks below."""

import glob
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from def_sim.answers.storage.manifest import manifest_path
from def_sim.errors import ConfigError
from def_sim.names import check_path


def _has_manifest(folder: Path) -> bool:
    return manifest_path(folder).is_file()


def find_runs(patterns: Sequence[str], is_run: Callable[[Path], bool] = _has_manifest) -> list[Path]:
    """The run folders that the patterns name, each once, by path.

    Args:
        patterns: Names of folders or of manifests, or patterns.
        is_run: What makes a folder one of a run; a manifest unless told.

    Raises:
        ConfigError: A pattern matches nothing, or no folder of a run.
    """
    found: dict[Path, Path] = {}
    for pattern in patterns:
        matches = _matches(Path(pattern).expanduser())
        folders = {path.parent if path.name == manifest_path(path).name else path for path in matches}
        runs = [folder for folder in folders if is_run(folder)]
        if not runs:
            raise _no_run(pattern, len(matches))
        for folder in runs:
            _check_folder(folder)
        found |= {folder.resolve(): folder for folder in runs}
    return sorted(found.values())


def _check_folder(folder: Path) -> None:
    """A page and a table name it."""
    try:
        check_path(str(folder))
    except ValueError as error:
        raise ConfigError(f"runs: {error}.", fix="Rename that folder, or leave it out.") from None


def _matches(pattern: Path) -> list[Path]:
    if pattern.exists():  # a name that happens to hold brackets
        return [pattern]
    return [Path(name) for name in _names(str(pattern)) if Path(name).exists()]


def _names(pattern: str) -> list[str]:
    """As glob.glob with recursion; links below a `**`, which may lead in circles, are not followed."""
    top, is_deep, rest = pattern.partition("/**")
    if pattern.startswith("**"):
        top, is_deep, rest = ".", "/**", pattern[2:]
    if not is_deep or rest[:1] not in ("", "/"):
        return glob.glob(pattern)  # noqa: PTH207 - Path.glob takes no absolute pattern
    rest = rest.strip("/")
    folders = [
        folder
        for root in glob.glob(top or "/")  # noqa: PTH207
        for folder, _, _ in os.walk(root, followlinks=False)
    ]
    return (
        [name for folder in folders for name in _names(f"{glob.escape(folder)}/{rest}")] if rest else folders
    )


def _no_run(pattern: str, num_matches: int) -> ConfigError:
    if num_matches == 0:
        return ConfigError(
            f"runs={pattern}: nothing matches.",
            fix="Give run folders or a pattern in quotes, as in `runs='outputs/**'`.",
        )
    return ConfigError(
        f"runs={pattern}: no folder of a run among {num_matches} matches (a run has a manifest.json).",
        fix=f"Name the folders of runs, or search below: `runs='{pattern.rstrip('/*')}/**'`.",
    )

"""The manifest: what a run is, written before its first answer.

Its section `defines` is what makes a run this run and no other; its hash names the
folder. The rest (versions, plan, paths) is for the reader. Who fills it is the app's business.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from def_sim.answers.storage.sealed_json import canonical_json, read_sealed, write_sealed
from def_sim.errors import RunMismatchError, StoreError

_NAME: Final = "manifest.json"
_MOST_SHOWN: Final = 8
_LONGEST_SHOWN: Final = 60


def manifest_path(folder: Path) -> Path:
    """Where the manifest of a run lies."""
    return folder / _NAME


def run_hash(defines: Mapping[str, Any]) -> str:
    """12 hex digits that differ between runs that differ in what defines them.

    Args:
        defines: Nested mapping of JSON values; the order of keys has no influence.
    """
    return hashlib.sha256(canonical_json(defines)).hexdigest()[:12]


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Writes the manifest, whole or not at all; an old one is replaced.

    Args:
        folder: The folder of the run, made if missing.
        content: Nested JSON with a section `defines`. `run_hash` is added.

    Raises:
        StoreError: The disk is full or not writable.
    """
    write_sealed(manifest_path(folder), {**content, "run_hash": run_hash(content["defines"])})


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run as it was written, `run_hash` included.

    Raises:
        StoreError: Missing, damaged, or written by a later version.
    """
    fix = (
        "Restore it from a copy, or move it away and give the command of the interviews again: no answer is "
        "lost, and it is written anew."
    )
    manifest = read_sealed(manifest_path(folder), fix=fix)
    if not isinstance(manifest.get("defines"), dict):
        raise StoreError(
            f"{manifest_path(folder)} is damaged: it does not say what defines the run.", fix=fix
        )
    return manifest


def check_same_run(stored_defines: Mapping[str, Any], requested_defines: Mapping[str, Any]) -> None:
    """Makes sure that a folder belongs to the run that is asked for.

    Raises:
        RunMismatchError: Naming what differs, as dotted keys with both values.
    """
    stored, requested = dict(_leaves(stored_defines)), dict(_leaves(requested_defines))
    different = [
        f"{key}: stored {_shown(stored.get(key))}, asked for {_shown(requested.get(key))}"
        for key in sorted(stored.keys() | requested.keys())
        if stored.get(key) != requested.get(key)
    ]
    if different:
        raise RunMismatchError(
            "The folder holds another run. " + _first_few(different),
            fix="Choose another output folder, or give the stored values to go on with the stored run.",
        )


def _leaves(section: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys with their values in canonical JSON, as `run_hash` sees them."""
    for key, value in section.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", canonical_json(value).decode()


def _first_few(lines: list[str]) -> str:
    shown, rest = lines[:_MOST_SHOWN], len(lines) - _MOST_SHOWN
    return "\n  ".join(["It differs in:", *shown, *([f"and {rest} more"] if rest > 0 else [])])


def _shown(value: str | None) -> str:
    """A value in canonical JSON, cut where it is too long to read."""
    if value is None:
        return "nothing"
    return value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}..."

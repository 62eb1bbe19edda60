"""The completion mark of a run: written last, with the hash of every file that counts.

Its presence means that the run is complete. It does not know what the files hold.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.fingerprints import fingerprint, has_content, is_as_it_was
from def_sim.answers.storage.sealed_json import read_sealed, write_sealed
from def_sim.errors import StoreError, VerificationError

_NAME: Final = "complete.json"


def completion_path(folder: Path) -> Path:
    """Where the completion mark of a run lies."""
    return folder / _NAME


def mark_complete(folder: Path, files: Iterable[Path | str], *, num_answers: int) -> None:
    """Declares a run complete.

    Args:
        folder: The folder of the run.
        files: What to protect: paths within the folder, relative to it.
        num_answers: How many answers the run has.

    Raises:
        StoreError: A file is missing, or the disk is full or not writable.
    """
    with disk_errors(folder):
        fingerprints = {
            name: fingerprint(folder / name) for name in sorted(Path(f).as_posix() for f in files)
        }
    write_sealed(completion_path(folder), {"num_answers": num_answers, "files": fingerprints})


def is_complete(folder: Path) -> bool:
    """Whether the run was declared complete and has not grown since."""
    return completion_path(folder).is_file()


def unmark_complete(folder: Path) -> None:
    """Takes the mark away: the run is about to grow."""
    completion_path(folder).unlink(missing_ok=True)


def read_completion(folder: Path) -> dict[str, Any]:
    """The mark: `num_answers` and `files`, each with `sha256`, `bytes` and `modified_ns`.

    Raises:
        StoreError: Missing, damaged, or written by a later version.
    """
    fix = "Run the same command again: what is missing is asked, and the mark is written anew."
    mark = read_sealed(completion_path(folder), fix=fix)
    if (wrong := _what_is_wrong(mark)) is not None:
        raise StoreError(f"{completion_path(folder)} is damaged: {wrong}.", fix=fix)
    return mark


def _what_is_wrong(mark: Mapping[str, Any]) -> str | None:
    """What of a mark is not of its form; a run may come from anywhere, so its files lie within it."""
    files = mark.get("files")
    if type(mark.get("num_answers")) is not int or not isinstance(files, dict):
        return "num_answers or files is missing"
    for name, expected in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            return f"the file {name!r} does not lie within the run folder"
        if not isinstance(expected, dict) or not isinstance(expected.get("sha256"), str):
            return f"the file {name!r} has no sha256"
        if type(expected.get("bytes")) is not int:
            return f"the file {name!r} has no number of bytes"
    return None


def vouches_for(folder: Path, files: Iterable[Path]) -> bool:
    """Whether the mark of a complete run holds all of these files, and each is as it was then.

    A file whose size and time are the same is not read: journals are gigabytes, and who compares runs reads
    their tables. `check_files` reads everything.

    Args:
        folder: The folder of the run.
        files: Paths within the folder.

    Raises:
        StoreError: The mark is missing or damaged, or a file cannot be read.
    """
    vouched = read_completion(folder)["files"]
    with disk_errors(folder):
        marked_ns = completion_path(folder).stat().st_mtime_ns
        return all(
            (expected := vouched.get(path.relative_to(folder).as_posix())) is not None
            and path.is_file()
            and is_as_it_was(path, expected, marked_ns)
            for path in files
        )


def check_files(folder: Path) -> None:
    """Makes sure that every file of a complete run is as it was when the run was completed.

    Raises:
        VerificationError: Naming the first file that is missing or has changed.
        StoreError: The mark itself is missing or damaged.
    """
    for name, expected in read_completion(folder)["files"].items():
        path = folder / name
        if not path.is_file():
            raise _changed(f"{path} is missing; it was part of the complete run.")
        with disk_errors(path):
            found = fingerprint(path)
        if found["bytes"] != expected["bytes"]:
            raise _changed(f"{path} has {found['bytes']} bytes; it had {expected['bytes']}.")
        if not has_content(found, expected):
            raise _changed(f"{path} has changed: its SHA-256 is not the one it had.")


def _changed(message: str) -> VerificationError:
    return VerificationError(
        message,
        fix="Restore the file from a copy. A report or a table can also be made again (stage=report).",
    )

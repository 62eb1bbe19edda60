"""Puts exported files into their folder: all of them whole, and onto nothing that an export did not write.

`export.json` says which files of the folder are an export's, by their hashes. Others may lie beside them,
such as the syntax that reads them; who has changed an exported file has made it another one.
"""

import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.sealed_json import read_sealed, write_sealed
from def_sim.errors import ConfigError
from def_sim.file_hashes import hash_file
from def_sim.temporary import remove_leftovers, sync_folder, temporary_path

RECORD: Final = "export.json"
_FIX: Final = "Move it away, or name another folder: export=FOLDER"


def check_target(folder: Path, names: Iterable[str]) -> None:
    """Makes sure that files of these names can be written into a folder.

    Raises:
        ConfigError: One is there that no export wrote, or the folder is none.
        StoreError: The record of the last export is damaged, or a file cannot be read.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ConfigError(f"{folder} is no folder that files can be exported into.", fix=_FIX)
    written = _record(folder)
    for name in names:
        path = folder / name
        is_there = path.is_symlink() or path.exists()
        if is_there and _hash(path) not in written.get(name, []):
            raise ConfigError(
                f"{path} is not as an export wrote it: it would be lost.",
                fix=_FIX,
            )


@contextmanager
def staged_export(folder: Path) -> Iterator[Path]:
    """A folder beside the one that is meant, to write into; it goes at the end.

    Raises:
        StoreError: The disk is full or not writable; nothing is left behind.
    """
    staged = temporary_path(folder)
    with disk_errors(staged):
        try:
            staged.mkdir(parents=True)
            yield staged
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def publish_export(staged: Path, folder: Path) -> list[Path]:
    """Makes the files of `staged_export` those of the folder; gives their paths.

    A new folder appears in one step. In one that is there each file changes in one step, and the record says
    beforehand which contents are ours: whoever is killed in the middle gives the same command again.

    Raises:
        ConfigError: As `check_target`.
        StoreError: The disk is full or not writable.
    """
    names = sorted(path.name for path in staged.iterdir())
    check_target(folder, names)
    new = {name: [_hash(staged / name)] for name in names}
    with disk_errors(folder):
        for name in names:
            _sync(staged / name)
        if not folder.exists():
            write_sealed(staged / RECORD, {"files": new})
            staged.rename(folder)
        else:
            before = _record(folder)
            either = {name: sorted({*before.get(name, []), *hashes}) for name, hashes in new.items()}
            write_sealed(folder / RECORD, {"files": {**before, **either}})
            for name in names:
                (staged / name).replace(folder / name)
            write_sealed(folder / RECORD, {"files": {**before, **new}})
        sync_folder(folder.parent)
        remove_leftovers(folder.parent, now=time.time())
    return [folder / name for name in names]


def _record(folder: Path) -> Mapping[str, list[str]]:
    """File -> hashes of what an export wrote; none where there was no export."""
    path = folder / RECORD
    if not path.is_file():
        return {}
    files = read_sealed(path, fix="Delete it, and name another folder: export=FOLDER").get("files")
    known = files if isinstance(files, dict) else {}
    return {name: hashes for name, hashes in known.items() if isinstance(hashes, list)}


def _hash(path: Path) -> str:
    """Of an ordinary file; "" of anything else, which no export writes."""
    if path.is_symlink() or not path.is_file():
        return ""
    with disk_errors(path):
        return hash_file(path)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())

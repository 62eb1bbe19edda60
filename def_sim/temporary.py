"""Temporary files and folders: named by who writes them, removed once that process is dead.

Whoever is killed in the middle of writing leaves some behind. The next writer of the folder
clears up, and never touches what a living process may still be writing, on this machine or on
another that shares the folder. Errors are the operating system's; what a file is for is not known here.
"""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from def_sim.holder import Holder, is_running, process_start, this_machine

OLD_AFTER_S: Final = 3600.0  # beyond any writing of one file, also on another machine
_WHOLE_NAME: Final = re.compile(r"\..+\.([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}")
_WITHOUT_MACHINE: Final = re.compile(r"\..+\.\d+-[0-9a-f]{8}")  # as names were before
_PREPARED_LEASE: Final = re.compile(r"\..+\.lease-[0-9a-f]{8}")  # as their names were before


def temporary_path(path: Path) -> Path:
    """Where to write what is to become `path`: a hidden name beside it that says who is writing."""
    pid = os.getpid()
    writer = f"{this_machine()}-{pid}-{process_start(pid) or 0}"
    return path.with_name(f".{path.name}.{writer}-{secrets.token_hex(4)}")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path to write; it becomes `path` at the end, or nothing does.

    Whoever looks at `path` sees the old content or the new, never a part, also after a
    crash or a power failure. An exception inside the block leaves the old content.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    temporary = temporary_path(path)
    try:
        yield temporary
        _sync_file(temporary)
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Makes names just created or renamed in the folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Some network file systems refuse to sync a folder; there the server keeps names safe.
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file(path: Path) -> None:
    """Makes the bytes of a file survive a power failure."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path, *, now: float) -> None:
    """Removes temporary files of dead writers, and those of unknown ones after an hour.

    Clearing up fails in silence: it is nobody's aim.

    Args:
        folder: Where to look; not below it.
        now: Time by the clock of the file system, seconds since 1970.
    """
    with suppress(OSError):
        for path in folder.glob(".*"):
            with suppress(OSError):
                if _is_left_over(path, now):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _is_left_over(path: Path, now: float) -> bool:
    is_old = now - path.lstat().st_mtime > OLD_AFTER_S
    if named := _WHOLE_NAME.fullmatch(path.name):
        machine, pid, start = named.groups()
        return not is_running(int(pid), int(start)) if machine == this_machine() else is_old
    if _PREPARED_LEASE.fullmatch(path.name):
        holders = [Holder.from_file_name(mark.name) for mark in path.iterdir()]
        of_here = [holder for holder in holders if holder is not None and holder.is_here()]
        return not any(holder.is_running() for holder in of_here) if of_here else is_old
    return is_old and _WITHOUT_MACHINE.fullmatch(path.name) is not None

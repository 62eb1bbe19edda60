"""What a disk does to files: errors in the user's words, and files that appear whole or not at all.

Knows paths and bytes; it does not know what an answer or a run is.
"""

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from def_sim import temporary
from def_sim.errors import StoreError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EROFS, errno.EPERM})
_WRONG_PATH: Final = frozenset({errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.EISDIR})


def checksum(content: bytes) -> str:
    """16 hex digits that change with any byte; against damage, not against forgery."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _fix(number: int | None) -> str:
    """What to do about an error of the operating system."""
    if number in _FULL:
        return "Free space (or raise the quota or file size limit) and run the same command again."
    if number in _FORBIDDEN:
        return "Make the folder writable for you, or choose another output folder, and run again."
    if number in _WRONG_PATH:
        return "Check that every part of the path is a folder that exists, or choose another output folder."
    return "Check the disk and run the same command again."


@contextmanager
def disk_errors(path: Path, *, num_safe: int | None = None) -> Iterator[None]:
    """Turns an error of the operating system inside the block into one with a fix.

    Args:
        path: What was being read or written, for the message.
        num_safe: How many answers are stored and stay so, if that is known.

    Raises:
        StoreError: The disk is full, over quota, not writable, or failed in another way.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        where = f"{path}: {reason}" if error.filename in (None, str(path)) else f"{error.filename}: {reason}"
        safe = "" if num_safe is None else f" {num_safe:,} answers are safe."
        raise StoreError(f"{where}.{safe}", fix=_fix(error.errno)) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path to write; it becomes `path` at the end, or nothing does.

    What writers that were killed left in the folder is removed.

    Raises:
        StoreError: See `disk_errors`.
    """
    with disk_errors(path):
        with temporary.replacing(path) as unfinished:
            yield unfinished
        now = path.parent.stat().st_mtime  # by the clock of the file system
        temporary.remove_leftovers(path.parent, now=now)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is seen whole or not at all; an old one is replaced.

    Raises:
        StoreError: See `disk_errors`.
    """
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)

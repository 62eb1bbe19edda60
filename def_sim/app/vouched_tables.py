"""A table out of the folder of a finished run, as its completion mark vouches for it.

A run folder is data of unknown origin: the size is bounded, and what has changed since is refused.
"""

import hashlib
from pathlib import Path
from typing import Final

from def_sim.answers.storage.completion import read_completion
from def_sim.answers.storage.disk import disk_errors
from def_sim.errors import StoreError

_MOST_BYTES: Final = 2**24


def vouched_bytes(folder: Path, name: str) -> bytes | None:
    """The content of a file of a finished run; None if its report has no such file.

    Raises:
        StoreError: The file is missing or too large, or is not the one that the completion mark vouches for.
    """
    vouched = read_completion(folder)["files"].get(name)
    if vouched is None:  # a report of before
        return None
    path = folder / name
    with disk_errors(path):
        is_bearable = path.is_file() and path.stat().st_size == vouched["bytes"] <= _MOST_BYTES
        content = path.read_bytes() if is_bearable else b""
    if hashlib.sha256(content).hexdigest() != vouched["sha256"]:
        raise StoreError(
            f"{path} is missing or has changed since the run was completed.", fix=how_to_rewrite(folder)
        )
    return content


def how_to_rewrite(folder: Path) -> str:
    """The command that writes the tables of a run anew."""
    return f"Write it anew: `def-sim stage=report run_folder={folder}`."

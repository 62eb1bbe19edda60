"""Our own folder of things that are made or fetched once, and how files get there whole or not at all.

`$DEF_SIM_CACHE`, else `$XDG_CACHE_HOME/def_sim`, else `~/.cache/def_sim`:

    converted/<hash>/               checkpoints in a form that transformers loads
    packages/<name>-<version>/      model files out of packages of the registry
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def cache_folder() -> Path:
    """The folder; it need not be there yet."""
    own = os.environ.get("DEF_SIM_CACHE")
    folder = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "def_sim"
    return folder.expanduser()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write beside `path`, put in its place when it is on the disk.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON file whole."""
    write_text(path, json.dumps(content, indent=1))


def write_text(path: Path, content: str) -> None:
    """Writes a text file whole, in UTF-8."""
    with replacing(path) as unfinished:
        unfinished.write_text(content, encoding="utf-8")


def remove_unfinished(folder: Path) -> None:
    """Takes away what a process that was killed has left."""
    for left_over in folder.glob(".*.unfinished"):
        left_over.unlink(missing_ok=True)

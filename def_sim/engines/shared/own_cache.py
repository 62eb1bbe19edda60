"""Our own folder of things that are made or fetched once, and how files get there whole or not at all.

`$DEF_SIM_CACHE`, else `$XDG_CACHE_HOME/def_sim`, else `~/.cache/def_sim`:

    converted/<hash>/               checkpoints in a form that transformers loads
    packages/<name>-<version>/      model files out of packages of the registry
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from def_sim.temporary import remove_leftovers, replacing


def cache_folder() -> Path:
    """The folder; it need not be there yet."""
    own = os.environ.get("DEF_SIM_CACHE")
    folder = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "def_sim"
    return folder.expanduser()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON file whole."""
    write_text(path, json.dumps(content, indent=1))


def write_text(path: Path, content: str) -> None:
    """Writes a text file whole, in UTF-8."""
    with replacing(path) as unfinished:
        unfinished.write_text(content, encoding="utf-8")


def remove_unfinished(folder: Path) -> None:
    """Takes away what processes that were killed have left in a folder just written to.

    Other machines may share it: what theirs wrote goes after an hour without a change.
    """
    remove_leftovers(folder, now=folder.stat().st_mtime)  # by the clock of the file system

"""What an import would change in a home, in words: items and figures that come, go or differ."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from def_sim.yaml_nodes import YamlProblemError, build, check_tree, compose

Entries = dict[str, object]  # what an entry of a file is called -> its content


def changes(home: Path, files: Mapping[str, bytes]) -> list[str]:
    """A line for each file of items or figures that changes, in a few words.

    Args:
        home: The user's home.
        files: Name below it -> new content.
    """
    found = []
    for name, content in files.items():
        path = home / name
        if name.startswith(("items/", "references/")) and path.is_file() and path.read_bytes() != content:
            before, after = _entries(name, path.read_bytes()), _entries(name, content)
            if before != after:
                found.append(f"{name}: {_difference(before, after)}")
    return found or ["what the import says of its source"]


def _difference(before: Entries, after: Entries) -> str:
    common = before.keys() & after.keys()
    numbers = {
        "more": len(after.keys() - common),
        "fewer": len(before.keys() - common),
        "changed": sum(before[name] != after[name] for name in common),
    }
    return ", ".join(f"{number:,} {what}" for what, number in numbers.items() if number)


def _entries(name: str, content: bytes) -> Entries:
    """Items by id, or figures by item and group; nothing of provenance, and of files that cannot be read."""
    text = content.decode("utf-8", errors="replace")
    if name.endswith(".csv"):
        rows: dict[str, list[list[str]]] = {}
        try:
            for row in csv.reader(io.StringIO(text)):
                rows.setdefault("|".join(row[:3:2]), []).append(row)
        except csv.Error:
            return {}
        return dict(rows)
    try:
        root = compose(text)
        check_tree(root)
        found = build(root)
    except YamlProblemError:
        return {}
    items = found.get("items") if isinstance(found, dict) else None
    listed = items if isinstance(items, list) else []
    return {str(item.get("id")): item for item in listed if isinstance(item, dict)}

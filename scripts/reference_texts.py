"""Words of the code, `conf/` and `data/` as Markdown: tables, first comments, links. Writes no file."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; what would end a cell or begin a tag is escaped."""
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    # Between backticks Markdown shows < as it is.
    parts = text.split("`")
    parts[::2] = [part.replace("<", "&lt;") for part in parts[::2]]
    return "`".join(parts).replace("|", "\\|")


def plain(text: str) -> str:
    """Text whose stars and backslashes are to be read as they are."""
    return re.sub(r"([*\\])", r"\\\1", text)


def about(path: Path) -> str:
    """The first comment of a YAML, in one line: what that choice is."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# @package"):
            continue
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def linked(text: str) -> str:
    """Names of pages in comments ("docs/how_to/importing.md") as links from a page of reference/."""
    text = re.sub(r"docs/(\w+)/(\w+)\.md", lambda m: f"[{m[2].replace('_', ' ')}](../{m[1]}/{m[2]}.md)", text)
    return text.replace("data/README.md", "[data formats](data_formats.md)")


def column_cells(row: Mapping[str, str]) -> tuple[str, ...]:
    """A row of `data/columns.csv` as cells: column, type, unit, range, when it is empty, meaning."""
    low, high = row["low"], row["high"]
    ends = f"{low} to {high}" if low and high else f"from {low}" if low else f"to {high}" if high else ""
    return f"`{row['column']}`", row["type"], row["unit"], ends, plain(row["empty"]), plain(row["meaning"])


def default_cell(default: str) -> str:
    """A default as a cell."""
    # That a choice's YAML says it is no value to type.
    return f"`{default}`" if default and " its YAML " not in default else default

"""Cells of written tables held against what is said of their columns: type, range, when they are empty."""

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from def_sim.evaluation.described_columns import (
    COMPARISON_COLUMNS_FILE,
    SHEET_COLUMNS_FILE,
    DescribedColumn,
    named,
    read_columns,
)
from def_sim.resources import data_folder

_ROUNDING: Final = 1e-9  # of numbers at an end of their range


def tables_below(folder: Path) -> dict[str, Path]:
    """Each CSV below a folder, by its path there."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.csv"))}


def misfits(tables: Mapping[str, Path], described: Iterable[DescribedColumn]) -> list[str]:
    """One line for each column of a table that is not described, or has a cell that is not as described.

    Args:
        tables: Path in the folder -> the file.
        described: What is said of the columns of that folder's tables.
    """
    by_table = list(described)
    found = []
    for name, path in tables.items():
        meanings = {one.column: one for one in by_table if is_of(name, one.table)}
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows, header = list(reader), reader.fieldnames or ()
        found += [f"{name}: {column} is not described" for column in header if column not in meanings]
        for column in header:
            if column in meanings:
                odd = [row[column] for row in rows if not _fits(row[column], meanings[column])]
                found += [f"{name}: {column} has {odd[0]!r}"] if odd else []
    return found


def misfits_of_sheet(sheet: str, path: Path) -> list[str]:
    """The same of a sheet that people fill in, which has a name of its own in `data/sheet_columns.csv`."""
    described = [one for one in read_columns(data_folder() / SHEET_COLUMNS_FILE) if one.table == sheet]
    assert described, f"nothing is said of {sheet}"
    columns = named(described, {})
    return misfits({columns[0].table: path}, columns)


def misfits_of_comparison(folder: Path) -> list[str]:
    """The same of all tables of a comparison."""
    return misfits(tables_below(folder), read_columns(data_folder() / COMPARISON_COLUMNS_FILE))


def is_of(name: str, pattern: str) -> bool:
    """Whether a table is one that a description names, with one `*` at most."""
    first, *others = pattern.split("*")
    if not others:
        return name == pattern
    return name.startswith(first) and name.endswith(others[-1])


def _fits(cell: str, one: DescribedColumn) -> bool:
    if cell == "":
        return one.empty != "never"
    is_type: Mapping[str, Callable[[str], bool]] = {
        "text": lambda _: True,
        "list": lambda _: True,
        "boolean": lambda text: text in ("True", "False"),
        "integer": lambda text: _number(text) % 1 == 0,
        "number": lambda text: _number(text) == _number(text),
    }
    if not is_type[one.type](cell):
        return False
    if one.type not in ("integer", "number"):
        return True
    low, high = _number(one.low or "-inf"), _number(one.high or "inf")
    return low - _ROUNDING <= _number(cell) <= high + _ROUNDING


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")

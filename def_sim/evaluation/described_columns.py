"""What columns of tables mean: of a run (`data/columns.csv`), a comparison, an import, sheets; checked.

They stand beside the tables themselves, so that nobody needs this program to read them. A table's name may
hold `*` for any letters: `*` alone is every table. In the files of a home and of sheets names hold
placeholders, `<source>`, which `named` fills in. Reads no table of a run or a comparison, which have tables
of the same names with other columns.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pandas as pd

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError

COLUMNS_FILE: Final = "columns.csv"  # in data/, of a run
COMPARISON_COLUMNS_FILE: Final = "comparison_columns.csv"  # in data/, of a comparison
HOME_COLUMNS_FILE: Final = "home_columns.csv"  # in data/, of what imports write into a home
SHEET_COLUMNS_FILE: Final = "sheet_columns.csv"  # in data/, of sheets that people fill in
TYPES: Final = ("text", "integer", "number", "boolean", "list")
_PLACEHOLDER: Final = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """One column of one table.

    `unit`: of a number, "" where it has none. `low` and `high`: ends of its range as text, "" where it has
    none. `empty`: when a cell is empty; "never" where none is.
    """

    table: str
    column: str
    meaning: str
    type: str  # one of TYPES
    unit: str
    low: str
    high: str
    empty: str


def read_columns(path: Path) -> tuple[DescribedColumn, ...]:
    """The described columns, in the order of the file.

    Raises:
        SurveyFormatError: A field is missing or wrong, or a column of a table is described twice.
    """
    rows = read_rows(path, fix="Correct it there.")
    names = [field.name for field in fields(DescribedColumn)]
    line, header = next(rows, (1, []))
    if header != names:
        raise _wrong(path, line, f"expected the columns {', '.join(names)}")
    found: dict[tuple[str, str], DescribedColumn] = {}
    for line, row in rows:
        described = DescribedColumn(*row)
        if what := _fault(described):
            raise _wrong(path, line, what)
        if (described.table, described.column) in found:
            raise _wrong(path, line, f"{described.table} has {described.column} twice")
        found[described.table, described.column] = described
    return tuple(found.values())


def columns_table(columns: Sequence[DescribedColumn]) -> pd.DataFrame:
    """One row for each, with the columns of `DescribedColumn`."""
    names = [field.name for field in fields(DescribedColumn)]
    return pd.DataFrame([astuple(one) for one in columns], columns=names, dtype="str")


def named(columns: Sequence[DescribedColumn], names: Mapping[str, str]) -> list[DescribedColumn]:
    """The same with the placeholders of tables filled in.

    Args:
        columns: What is described.
        names: Placeholder -> what stands for it, such as source -> town; any other is `*`.
    """
    return [
        replace(one, table=_PLACEHOLDER.sub(lambda found: names.get(found[1], "*"), one.table))
        for one in columns
    ]


def undescribed(columns: Sequence[DescribedColumn], table: str, names: Sequence[str]) -> list[str]:
    """Those columns of a table that none of these describes.

    Args:
        columns: What is described.
        table: Path of the table in its folder, such as `figures/headline.csv`.
        names: Its columns.
    """
    known = types_of(columns, table)
    return [name for name in names if name not in known]


def types_of(columns: Sequence[DescribedColumn], table: str) -> dict[str, str]:
    """The columns of a table -> what their cells are, one of `TYPES`.

    Args:
        columns: What is described.
        table: Path of the table in its folder.
    """
    return {one.column: one.type for one in columns if fnmatchcase(table, one.table)}


def _fault(one: DescribedColumn) -> str:
    if empty := [name for name in ("table", "column", "meaning", "empty") if not getattr(one, name)]:
        return f"{empty[0]} is empty"
    if one.type not in TYPES:
        return f"type must be one of {', '.join(TYPES)}, found {one.type!r:.40}"
    for end in (one.low, one.high):
        try:
            float(end or "0")
        except ValueError:
            return f"low and high must be numbers or empty, found {end!r:.40}"
    return ""


def _wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    return SurveyFormatError(f"{path}, line {line}: {what}.", fix="Correct it there.")

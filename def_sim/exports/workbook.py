"""Writes tables as a workbook of Excel: a sheet a table, and no cell that computes anything.

By openpyxl, which is installed with the extra `export` and imported here late. It takes a text that begins
with "=" for a formula, and control characters stop it: texts of a model stay texts here, and are visible.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from def_sim.csv_files import FORMULA
from def_sim.errors import ConfigError
from def_sim.exports.cut_texts import CUT
from def_sim.visible import visible

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

MOST_ROWS: Final = 1_048_576  # the header is one of them
MOST_COLUMNS: Final = 16_384
CELL_CHARACTERS: Final = 32_767
_NAME_CHARACTERS: Final = 31
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\']")
_LARGEST_WHOLE: Final = 2**53  # beyond, a cell has not every digit
# What Excel reads as a character that is written by its number.
_ESCAPE_LIKE: Final = re.compile(r"_(x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A table under a name. Its index is not shown."""

    name: str
    frame: pd.DataFrame


def check_size(name: str, num_rows: int, num_columns: int) -> None:
    """Makes sure that a table fits on a sheet.

    Raises:
        ConfigError: It has too many rows or columns.
    """
    if num_rows >= MOST_ROWS or num_columns > MOST_COLUMNS:
        raise ConfigError(
            f"run.xlsx: the table {name} has {num_rows:,} rows and {num_columns:,} columns; a sheet of Excel "
            f"holds {MOST_ROWS - 1:,} and {MOST_COLUMNS:,}.",
            fix="Leave xlsx out and take panel.sav or panel.dta, a row a respondent: formats=[sav,dta]",
        )


def write_workbook(path: Path, title: str, sheets: Sequence[Sheet]) -> None:
    """Writes a workbook with a sheet for each table, the first row of which is its header.

    Args:
        path: Where to; the folder is there.
        title: What the file says of itself.
        sheets: In their order; names that Excel does not take, or that become alike, are changed.

    Raises:
        ConfigError: A table has more rows or columns than a sheet.
        OSError: The disk is full or not writable.
    """
    from openpyxl import Workbook

    for sheet in sheets:
        check_size(sheet.name, *sheet.frame.shape)
    book = Workbook(write_only=True)
    book.properties.title, book.properties.creator = visible(title), "def_sim"
    taken: set[str] = set()
    for sheet in sheets:
        page = book.create_sheet(_sheet_name(sheet.name, taken))
        page.freeze_panes = "A2"
        for row in _rows(sheet.frame):
            page.append([_cell(page, value) for value in row])
    book.save(path)


def _sheet_name(wished: str, taken: set[str]) -> str:
    clean = _NOT_IN_NAMES.sub("_", visible(wished))[:_NAME_CHARACTERS] or "table"
    name, number = clean, 1
    while name.casefold() in taken:
        number += 1
        name = f"{clean[: _NAME_CHARACTERS - 1 - len(str(number))]}_{number}"
    taken.add(name.casefold())
    return name


def _rows(frame: pd.DataFrame) -> Iterator[Sequence[object]]:
    yield [str(name) for name in frame.columns]
    yield from frame.itertuples(index=False, name=None)


def _cell(page: "WriteOnlyWorksheet", value: object) -> object:
    """A number, or a text that no program computes; None for what is not there."""
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or plain is pd.NA or (isinstance(plain, float) and math.isnan(plain)):
        return None
    if isinstance(plain, bool):
        return plain
    if isinstance(plain, int | float) and math.isfinite(plain) and abs(plain) <= _LARGEST_WHOLE:
        return plain
    return _text(page, str(plain))


def _text(page: "WriteOnlyWorksheet", text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    shown = _ESCAPE_LIKE.sub(r"_x005F_\1", visible(text, keeps="\n"))
    cell = WriteOnlyCell(page)
    cell.value = shown if len(shown) <= CELL_CHARACTERS else shown[: CELL_CHARACTERS - len(CUT)] + CUT
    cell.data_type = "s"  # whatever openpyxl takes it for: a formula, an error of Excel
    cell.quotePrefix = shown.startswith(FORMULA)  # and it stays a text when somebody edits the cell
    return cell

"""Which reader a table needs, by the ending of its name. Knows no column."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.delimited import read_delimited
from def_sim.surveys.importers.workbooks import read_workbook

_TEXTS: Final = (".csv", ".tsv", ".txt")
WORKBOOKS: Final = (".xlsx", ".xls", ".ods")


def read_table(path: Path, *, fix: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with the numbers of their lines; the header is the first.

    Args:
        path: A text with commas, semicolons or tabs, or a workbook.
        fix: What to do about a row that breaks the form of a table.

    Raises:
        SurveyFormatError: The ending is none of these, or as for `read_delimited` and `read_workbook`.
        ConfigError: A workbook, and the extra that reads it is not installed.
    """
    ending = path.suffix.casefold()
    if ending in WORKBOOKS:
        return read_workbook(path, fix=fix)
    if ending in _TEXTS:
        return read_delimited(path, fix=fix)
    known, found = ", ".join((*_TEXTS, *WORKBOOKS)), ending or "no ending"
    raise SurveyFormatError(
        f"{path.name}: a table ends in {known}, found {found!r:.20}.",
        fix="Save the table as CSV.",
    )

"""Tables as CSV: read with errors that name the line, written without formulas. Knows no column.

Which texts a spreadsheet computes is a rule of security, and stands here alone.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from def_sim.errors import SurveyFormatError
from def_sim.text_files import read_text
from def_sim.visible import visible

FORMULA: Final = tuple("=+-@\t\r＝＋－＠")  # what a spreadsheet takes a cell for a formula by
_MOST_BYTES: Final = 32 * 2**20  # the largest shipped table has 0.7 MB


def read_rows(path: Path, *, fix: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with the numbers of their last lines; the header is the first.

    Args:
        path: The file, UTF-8 with or without a byte order mark.
        fix: What to do about a row that breaks the form of a table.

    Raises:
        SurveyFormatError: As for `read_text`; a field that is too long or whose quotes are not closed;
            a row with more or fewer fields than the header. Nothing of the file is repeated.
    """
    reader = csv.reader(io.StringIO(read_text(path, most_bytes=_MOST_BYTES), newline=""), strict=True)
    num_columns: int | None = None
    try:
        for row in reader:
            num_columns = len(row) if num_columns is None else num_columns
            if len(row) != num_columns:
                problem = f"expected {num_columns} fields, as in the header, found {len(row)}"
                raise _wrong(path, reader.line_num, problem, fix)
            yield reader.line_num, row
    except csv.Error as error:
        raise _wrong(path, reader.line_num, f"no comma-separated row ({error})", fix) from None


def without_formula(text: str) -> str:
    """A text that no spreadsheet runs: with an apostrophe in front where it begins like a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def with_formula(cell: str) -> str:
    """What `without_formula` was given, of a cell that it wrote."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA) else cell


def guarded(text: str) -> str:
    """A text of strangers as a cell: one line, nothing invisible, and nothing that a spreadsheet runs."""
    return without_formula(visible(" ".join(text.split())))


def _wrong(path: Path, line: int, what: str, fix: str) -> SurveyFormatError:
    return SurveyFormatError(f"{path}, line {line}: {what}.", fix=fix)

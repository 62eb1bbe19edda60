"""Tables as institutes and spreadsheets write them: commas, semicolons or tabs; UTF-8, or Windows' cp1252.

Both are found out from the file and hold for all of it. Knows no column.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from def_sim.errors import SurveyFormatError
from def_sim.text_files import read_content

_DELIMITERS: Final = (",", ";", "\t")
_MOST_BYTES: Final = 32 * 2**20
# A letter beyond ASCII in UTF-8; in cp1252 these bytes would be two or three odd signs.
_MULTIBYTE: Final = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}")


def read_delimited(path: Path, *, fix: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with the numbers of their last lines; the header is the first.

    Args:
        path: The file.
        fix: What to do about a row that breaks the form of a table.

    Raises:
        SurveyFormatError: No file, too large, two encodings in one file, a NUL character; quotes that are not
            closed; a row with more or fewer fields than the header.
    """
    text = _text(path)
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=_delimiter(text), strict=True)
    num_columns: int | None = None
    try:
        for row in reader:
            if not row:  # spreadsheets leave empty lines at the end
                continue
            num_columns = len(row) if num_columns is None else num_columns
            if len(row) != num_columns:
                found = f"expected {num_columns} fields, as in the header, found {len(row)}"
                raise _wrong(path, reader.line_num, found, fix)
            yield reader.line_num, row
    except csv.Error as error:
        raise _wrong(path, reader.line_num, f"no row of a table ({error})", fix) from None


def _delimiter(text: str) -> str:
    """The one that parts the header into most columns; a comma where none does."""
    header = text.split("\n", 1)[0]
    return max(_DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), [])))


def _text(path: Path) -> str:
    content = read_content(path, most_bytes=_MOST_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = _as_cp1252(path, content, error.start)
    if (nul := text.find("\0")) >= 0:
        line = text.count("\n", 0, nul) + 1
        raise SurveyFormatError(
            f"{path.name}, line {line}: holds a NUL character, so it is no text.",
            fix=f"Save {path} as text, with commas, semicolons or tabs between the fields.",
        )
    return text


def _as_cp1252(path: Path, content: bytes, place: int) -> str:
    """The text of a file that is not UTF-8 from the byte at `place` on."""
    line = content.count(b"\n", 0, place) + 1
    if _MULTIBYTE.search(content):
        what = f"byte {place} is no UTF-8, and other letters are: the file mixes encodings"
        raise SurveyFormatError(f"{path.name}, line {line}: {what}.", fix=f"Save {path} as UTF-8.")
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SurveyFormatError(
            f"{path.name}, line {line}: byte {error.start} is neither UTF-8 nor cp1252.",
            fix=f"Save {path} as UTF-8.",
        ) from None


def _wrong(path: Path, line: int, what: str, fix: str) -> SurveyFormatError:
    return SurveyFormatError(f"{path.name}, line {line}: {what}.", fix=fix)

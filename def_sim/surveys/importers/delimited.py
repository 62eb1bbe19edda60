"""Tables as institutes and spreadsheets write them: commas, semicolons or tabs; UTF-8, or Windows' cp1252.

Both are found out from the file and hold for all of it. Knows no column.
"""

import codecs
import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from def_sim.errors import SurveyFormatError
from def_sim.text_files import read_content

_DELIMITERS: Final = (",", ";", "\t")
_MOST_BYTES: Final = 32 * 2**20
_LONGEST_HEADER: Final = 100_000  # characters; the csv module refuses longer fields
# A letter beyond ASCII in UTF-8; in cp1252 these bytes would be two or three odd signs.
_MULTIBYTE: Final = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}")
_UNKNOWN: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # stand for nothing in cp1252
_NUL: Final = re.compile(rb"\0")
_LONGEST: Final = 2  # bytes that may stand before the last one of what is sought


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
    reader = csv.reader(lines, delimiter=delimiter_of(text.split("\n", 1)[0]), strict=True)
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


def delimiter_of(header: str) -> str:
    """The one that parts the first line into most columns; a comma where none does."""
    # A carriage return ends it, too; what no table holds is left to whoever reads the rows.
    lines = header[:_LONGEST_HEADER].splitlines()[:1]
    return max(_DELIMITERS, key=lambda delimiter: len(next(csv.reader(lines, delimiter=delimiter), [])))


def _text(path: Path) -> str:
    content = read_content(path, most_bytes=_MOST_BYTES)
    return content.decode(encoding_of(path.name, lambda: iter([content])))


def encoding_of(name: str, pieces: Callable[[], Iterator[bytes]]) -> str:
    """UTF-8, with or without a byte order mark, or cp1252; one for the whole file.

    Args:
        name: Of the file, for errors.
        pieces: Begins to read the file, piece by piece.

    Raises:
        SurveyFormatError: Two encodings in one file, neither of them, or a NUL character; with line and byte.
    """
    if nul := _first(pieces, _NUL):
        raise SurveyFormatError(
            f"{name}, line {nul.line}: holds a NUL character, so it is no text.",
            fix=f"Save {name} as text, with commas, semicolons or tabs between the fields.",
        )
    broken = _not_utf8(pieces)
    if broken is None:
        return "utf-8-sig"
    if _first(pieces, _MULTIBYTE):
        what = f"byte {broken.byte} is no UTF-8, and other letters are: the file mixes encodings"
        raise SurveyFormatError(f"{name}, line {broken.line}: {what}.", fix=f"Save {name} as UTF-8.")
    if neither := _first(pieces, _UNKNOWN):
        raise SurveyFormatError(
            f"{name}, line {neither.line}: byte {neither.byte} is neither UTF-8 nor cp1252.",
            fix=f"Save {name} as UTF-8.",
        )
    return "cp1252"


class _Place(NamedTuple):
    line: int
    byte: int


def _first(pieces: Callable[[], Iterator[bytes]], sought: re.Pattern[bytes]) -> _Place | None:
    """Where something of a few bytes stands for the first time, also across two pieces."""
    line, byte, end = 1, 0, b""
    for piece in pieces():
        seen = end + piece
        if found := sought.search(seen):
            return _Place(line + seen.count(b"\n", 0, found.start()), byte + found.start())
        end = seen[-_LONGEST:]
        line += seen.count(b"\n", 0, len(seen) - len(end))
        byte += len(seen) - len(end)
    return None


def _not_utf8(pieces: Callable[[], Iterator[bytes]]) -> _Place | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, byte = 1, 0
    for piece in itertools.chain(pieces(), [b""]):
        held = decoder.getstate()[0]  # the beginning of a letter that the last piece ended with
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            seen = held + piece
            return _Place(line + seen.count(b"\n", 0, error.start), byte - len(held) + error.start)
        line += piece.count(b"\n")
        byte += len(piece)
    return None


def _wrong(path: Path, line: int, what: str, fix: str) -> SurveyFormatError:
    return SurveyFormatError(f"{path.name}, line {line}: {what}.", fix=fix)

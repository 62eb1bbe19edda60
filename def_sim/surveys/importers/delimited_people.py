"""People in a text with delimiters: a row a person, of which the variables that are needed are read.

For files of hundreds of megabytes: rows are checked by counting bytes, and fields parsed by pandas.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.delimited import delimiter_of, encoding_of
from def_sim.surveys.importers.headers import Header, header
from def_sim.surveys.importers.variables import Variable, from_distinct

_PIECE: Final = 2**23  # bytes; counting needs a few times as much
_LONGEST_LINE: Final = 2**20  # of the header
_LONGEST_ROW: Final = 2**25
_NEWLINE, _RETURN, _QUOTE = b'\n\r"'
_ALONE: Final = "a line ends with a carriage return alone, as old programs write it"
_FIX: Final = "Download the file again, or export it again from the program that wrote it."


class DelimitedPeople:
    """A .csv, .tsv or .txt with a row a person.

    Args:
        path: Its name, for errors.
        file: The same, open.

    Raises:
        SurveyFormatError: As for `encoding_of`; no header; a row with more or fewer fields than the header,
            such as the last one of a file that is cut; quotes that are not closed, or not in the field that
            they begin in; lines that end with a carriage return alone.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path, self._file = path, file
        self._encoding = encoding_of(path.name, self._pieces)
        names, self._delimiter = self._first_row()
        _check_rows(path, self._pieces(), self._delimiter, len(names))
        self.headers = tuple(header(place, name) for place, name in enumerate(names))

    def read(self, columns: Sequence[Header]) -> dict[str, Variable]:
        """Name of a column -> its variable, shape (N,) people."""
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, encoding=self._encoding, newline="")
        try:
            table = pd.read_csv(
                text,
                sep=self._delimiter,
                header=0,
                names=range(len(self.headers)),
                usecols=[one.place for one in columns],
                na_filter=False,
                low_memory=False,
            )
        except pd.errors.ParserError as error:
            raise SurveyFormatError(f"{self.path.name}: no table ({error}).", fix=_FIX) from None
        text.detach()  # or it would close the file
        return {one.name: self._variable(one, table[one.place]) for one in columns}

    def _variable(self, one: Header, column: "pd.Series[Any]") -> Variable:
        places, distinct = pd.factorize(column.astype(str) if column.dtype == np.bool_ else column)
        return from_distinct(
            one.name,
            distinct.tolist(),
            places.astype(np.intp),
            label=one.label,
            decimal_comma=self._delimiter != ",",
        )

    def _pieces(self) -> Iterator[bytes]:
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece

    def _first_row(self) -> tuple[list[str], str]:
        self._file.seek(0)
        text = self._file.read(_LONGEST_LINE).decode(self._encoding, errors="ignore")
        delimiter = delimiter_of(text.split("\n", 1)[0])
        names = _fields(self.path, 1, io.StringIO(text, newline=""), delimiter)
        if not any(names):
            raise SurveyFormatError(f"{self.path.name}: the first line names no variables.", fix=_FIX)
        return names, delimiter


def _check_rows(path: Path, pieces: Iterator[bytes], delimiter: str, num_columns: int) -> None:
    """Every row must have as many fields as the header: pandas would fill a short one up without a word."""
    line, rest, is_quoted = 1, b"", False
    for number, piece in enumerate(pieces):
        read = rest + (piece if number else piece.removeprefix(codecs.BOM_UTF8))
        signs = np.frombuffer(read, dtype=np.uint8)
        is_outside = _outside_quotes(signs)
        if misplaced := _first_misplaced(signs, is_outside, delimiter):
            place, what = misplaced
            raise _wrong(path, line + int((signs[:place] == ord("\n")).sum()), what)
        is_end = (signs == ord("\n")) & is_outside
        ends = np.flatnonzero(is_end)
        if len(ends):
            starts = np.concatenate([[0], ends[:-1] + 1])
            is_parted = ((signs == ord(delimiter)) & is_outside)[: ends[-1] + 1]
            fields = np.add.reduceat(is_parted, starts, dtype=np.int64) + 1
            is_empty = (ends == starts) | ((ends - starts == 1) & (signs[starts] == ord("\r")))
            is_wrong = (fields != num_columns) & ~is_empty
            if is_wrong.any():
                row = int(is_wrong.argmax())
                at = line + int((signs[: ends[row]] == ord("\n")).sum())
                raise _wrong(path, at, f"{_expected(num_columns)}, found {fields[row]}")
            line += int((signs[: ends[-1] + 1] == ord("\n")).sum())
        rest = signs[ends[-1] + 1 if len(ends) else 0 :].tobytes()
        is_quoted = len(signs) > 0 and not is_outside[-1]
        if len(rest) > _LONGEST_ROW:
            most = _LONGEST_ROW // 2**20
            raise _wrong(path, line, f"a row of more than {most} MiB; a quote may not be closed")
    if is_quoted:
        raise _wrong(path, line, "a quote that is not closed; the file may be cut")
    found = _fields(path, line, [rest.decode("latin-1")], delimiter)
    if found and len(found) != num_columns:
        raise _wrong(path, line, f"{_expected(num_columns)}, found {len(found)}; the file is cut there")


def _first_misplaced(
    signs: NDArray[np.uint8], is_outside: NDArray[np.bool_], delimiter: str
) -> tuple[int, str] | None:
    """Where a sign stands that pandas would take for something else than is counted here, and what it is."""
    is_alone = (signs == _RETURN) & is_outside
    is_alone[:-1] &= signs[1:] != _NEWLINE
    is_alone[-1:] = False  # the rest is not read yet, or there is none
    if is_alone.any():
        return int(is_alone.argmax()), _ALONE
    begins = _torn_quotes(signs, ord(delimiter))
    return (int(begins[0]), "a quote within a field ends behind it") if len(begins) else None


def _torn_quotes(signs: NDArray[np.uint8], delimiter: int) -> NDArray[np.intp]:
    """Where quotes begin within a field, as in 5" or 6", and another field before they end; shape (any,).

    Pandas takes such a quote for a sign as others.
    """
    places = np.flatnonzero(signs == _QUOTE)
    begins, ends = places[::2], np.append(places[1::2], len(signs) - 1)[: len(places[::2])]
    before = np.where(begins > 0, signs[begins - 1], _NEWLINE)
    is_within = (before != delimiter) & (before != _NEWLINE)
    # A quote right behind an end is the second of a doubled one: it is where the first is.
    is_doubled = np.append(False, begins[1:] == ends[:-1] + 1)[: len(begins)]
    first = np.maximum.accumulate(np.where(is_doubled, 0, np.arange(len(begins))))
    parts = np.flatnonzero((signs == delimiter) | (signs == _NEWLINE)) if len(begins) else places
    has_parts = np.searchsorted(parts, begins) < np.searchsorted(parts, ends)
    torn: NDArray[np.intp] = begins[is_within[first] & has_parts]
    return torn


def _fields(path: Path, line: int, texts: Iterable[str], delimiter: str) -> list[str]:
    try:
        return next(csv.reader(texts, delimiter=delimiter), [])
    except csv.Error as error:
        raise _wrong(path, line, _ALONE if "new-line" in str(error) else str(error)) from None


def _expected(num_columns: int) -> str:
    return f"expected {num_columns} fields, as in the header"


def _outside_quotes(signs: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which bytes lie outside of quotes; a doubled quote within quotes closes and opens at once."""
    is_quote = signs == ord('"')
    if not is_quote.any():
        return np.ones(len(signs), dtype=np.bool_)
    is_outside: NDArray[np.bool_] = ~np.logical_xor.accumulate(is_quote)
    return is_outside


def _wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    return SurveyFormatError(f"{path.name}, line {line}: {what}.", fix=_FIX)

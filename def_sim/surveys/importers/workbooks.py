"""Tables in workbooks of spreadsheets: the first sheet that is shown and holds something, as rows of texts.

Read by calamine, which is installed with the extra `importers`, in a process of its own. Formulas are not
computed: what counts is the value that was saved. Cells that hold only blanks are empty at the end of a row.
Knows no column.
"""

import importlib.util
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.surveys.importers.workbook_process import NOT_READABLE, Rows, read_apart


class _Limits(NamedTuple):
    """Bytes of a file, and of what is packed in it."""

    packed: int
    unpacked: int


_OF_TABLES: Final = _Limits(32 * 2**20, 512 * 2**20)
_OF_PEOPLE: Final = _Limits(2**30, 4 * 2**30)  # 100,000 people with 1,000 answers: 293 MiB, 2 GiB


def read_workbook(path: Path, *, fix: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a workbook's table with their numbers in the sheet; the header is the first.

    Args:
        path: An .xlsx, .xls or .ods file.
        fix: What to do about a workbook without a table.

    Raises:
        SurveyFormatError: No file, too large, damaged, protected by a password, or without a table; reading
            it takes too much memory, as where one cell lies at the very end of its sheet.
        ConfigError: The extra `importers` is not installed.
    """
    _check_kind(path)
    with path.open("rb") as file:
        yield from _first_rows(path, file, _OF_TABLES, fix=fix)


def people_rows(path: Path, file: BinaryIO, *, fix: str) -> Iterator[tuple[int, list[str]]]:
    """The same of a larger workbook, with a row a person, that is open; `path` is its name, for errors."""
    return _first_rows(path, file, _OF_PEOPLE, fix=fix)


def _first_rows(path: Path, file: BinaryIO, limits: _Limits, *, fix: str) -> Iterator[tuple[int, list[str]]]:
    rows = next((rows for rows in _sheets(path, file, limits, first_only=True).values() if rows), None)
    if rows is None:
        raise SurveyFormatError(f"{path.name}: no sheet that is shown holds anything.", fix=fix)
    yield from rows


def read_sheets(path: Path) -> dict[str, Rows]:
    """All sheets that are shown, by their names, in their order.

    Raises:
        SurveyFormatError: As for `read_workbook`.
        ConfigError: The extra `importers` is not installed.
    """
    _check_kind(path)
    with path.open("rb") as file:
        return _sheets(path, file, _OF_TABLES)


def _sheets(path: Path, file: BinaryIO, limits: _Limits, *, first_only: bool = False) -> dict[str, Rows]:
    _check_size(path, file, limits)
    if importlib.util.find_spec("python_calamine") is None:
        raise ConfigError(
            f"{path.name}: workbooks are read by calamine, which is not installed.",
            fix='Install it: `pip install -e ".[importers]"`; or save the table as CSV.',
        )
    return read_apart(path, file, first_only=first_only, most_told=limits.unpacked)


def _check_kind(path: Path) -> None:
    if not path.is_file():
        what = "is a folder or a device, not a file" if path.exists() else "does not exist"
        raise SurveyFormatError(f"{path} {what}.", fix="Check the name of the file.")


def _check_size(path: Path, file: BinaryIO, limits: _Limits) -> None:
    size, most = file.seek(0, io.SEEK_END), limits.packed
    if size <= most and zipfile.is_zipfile(file):
        try:
            with zipfile.ZipFile(file) as packed:
                size, most = sum(part.file_size for part in packed.infolist()), limits.unpacked
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise SurveyFormatError(
                f"{path.name} cannot be read as a workbook ({type(error).__name__}).", fix=NOT_READABLE
            ) from None
    if size > most:
        raise SurveyFormatError(
            f"{path.name} holds more than {most // 2**20} MiB, the most that is read.",
            fix="Check that it is the file that you mean; take out what is not needed.",
        )

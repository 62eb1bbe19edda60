"""Tables in workbooks of spreadsheets: the first sheet that is shown and holds something, as rows of texts.

Read by calamine, which is installed with the extra `importers` and imported here alone. Formulas are not
computed: what counts is the value that was saved. Knows no column.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from def_sim.errors import ConfigError, SurveyFormatError

_MOST_BYTES: Final = 32 * 2**20  # of the file
_MOST_UNPACKED: Final = 512 * 2**20  # of what is packed in it


Rows = list[tuple[int, list[str]]]  # number in the sheet, and its cells; rows without any are left out


def read_workbook(path: Path, *, fix: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a workbook's table with their numbers in the sheet; the header is the first.

    Args:
        path: An .xlsx, .xls or .ods file.
        fix: What to do about a workbook without a table.

    Raises:
        SurveyFormatError: No file, too large, damaged, protected by a password, or without a table.
        ConfigError: The extra `importers` is not installed.
    """
    _check_kind(path)
    with path.open("rb") as file:
        yield from workbook_rows(path, file, fix=fix)


def workbook_rows(path: Path, file: BinaryIO, *, fix: str) -> Iterator[tuple[int, list[str]]]:
    """The same of a workbook that is open; `path` is its name, for errors."""
    rows = next((rows for rows in _sheets(path, file).values() if rows), None)
    if rows is None:
        raise SurveyFormatError(f"{path.name}: no sheet that is shown holds anything.", fix=fix)
    yield from rows


def read_sheets(path: Path) -> dict[str, Rows]:
    """All sheets that are shown, by their names, in their order.

    Raises:
        SurveyFormatError: No file, too large, damaged, or protected by a password.
        ConfigError: The extra `importers` is not installed.
    """
    _check_kind(path)
    with path.open("rb") as file:
        return _sheets(path, file)


def _sheets(path: Path, file: BinaryIO) -> dict[str, Rows]:
    _check_size(path, file)
    try:
        from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum
    except ImportError:
        raise ConfigError(
            f"{path.name}: workbooks are read by calamine, which is not installed.",
            fix='Install it: `pip install -e ".[importers]"`; or save the table as CSV.',
        ) from None
    try:
        with CalamineWorkbook.from_filelike(file) as book:
            shown = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
            tables = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in shown}
    except (CalamineError, OSError) as error:
        raise _not_readable(path, error) from None
    return {name: _filled(table) for name, table in tables.items()}


def _filled(table: Sequence[Sequence[object]]) -> Rows:
    rows = ((number, [_text(value) for value in row]) for number, row in enumerate(table, start=1))
    return [(number, texts) for number, texts in rows if any(texts)]


def _text(value: object) -> str:
    """A cell as it would stand in a CSV: 1.0 is 1."""
    if isinstance(value, bool):
        return str(value).casefold()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _not_readable(path: Path, error: Exception) -> SurveyFormatError:
    return SurveyFormatError(
        f"{path.name} cannot be read as a workbook ({type(error).__name__}).",
        fix="Check that it is whole and has no password, or save the table as CSV.",
    )


def _check_kind(path: Path) -> None:
    if not path.is_file():
        what = "is a folder or a device, not a file" if path.exists() else "does not exist"
        raise SurveyFormatError(f"{path} {what}.", fix="Check the name of the file.")


def _check_size(path: Path, file: BinaryIO) -> None:
    size, most = file.seek(0, io.SEEK_END), _MOST_BYTES
    if size <= most and zipfile.is_zipfile(file):
        try:
            with zipfile.ZipFile(file) as packed:
                size, most = sum(part.file_size for part in packed.infolist()), _MOST_UNPACKED
        except zipfile.BadZipFile as error:
            raise _not_readable(path, error) from None
    file.seek(0)
    if size > most:
        raise SurveyFormatError(
            f"{path} holds more than {most // 2**20} MiB, the most that is read.",
            fix="Check that it is the file that you mean; take out what is not needed.",
        )

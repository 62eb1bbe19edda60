"""Reads a workbook in a process of its own, which may be ended.

Its reader takes memory for every cell between the first and the last one, which may be a stray one at the end
of the sheet, and ends the process where there is none. Run as a script by `workbook_process.py`: the file
comes in, a line of JSON a row goes out. Imports nothing of ours.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

_OF_ROW, _OF_CELL = 150, 8  # bytes that lists take in Python beside their texts


def main(which: str, seconds: int, memory_bytes: int, most_told: int) -> None:
    """Writes the sheets that are shown, then how it ended: `whole`, a limit, or the name of an error."""
    _limit(seconds, memory_bytes)
    out = sys.stdout
    try:
        for line in _told(which == "first", most_told):
            out.write(line)
        end = "whole"
    except MemoryError:
        end = "memory"
    except OverflowError:
        end = "text"
    except BaseException as error:  # a reader in Rust that panics raises one of those
        end = type(error).__name__
    out.write(f"{json.dumps({'end': end})}\n")


def _limit(seconds: int, memory_bytes: int) -> None:
    """From here on; nothing where the system has no such limits."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _told(is_first: bool, most_told: int) -> Iterator[str]:
    """Lines: a sheet's name, then the rows that hold something, each with its number.

    Args:
        is_first: Stop after the first sheet that holds something.
        most_told: Bytes that all rows may take where they are kept, about.

    Raises:
        OverflowError: They would take more: a text or row in the file can be meant many times.
    """
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    told = 0
    with open(0, "rb") as file:
        file.seek(0)
        book = CalamineWorkbook.from_filelike(file)
    for one in book.sheets_metadata:
        if (one.visible, one.typ) != (SheetVisibleEnum.Visible, SheetTypeEnum.WorkSheet):
            continue
        yield f"{json.dumps({'sheet': one.name})}\n"
        is_filled = False
        for row in _rows(book.get_sheet_by_name(one.name)):
            line = f"{json.dumps(row)}\n"
            told += len(line) + _OF_ROW + _OF_CELL * len(row[1])
            if told > most_told:
                raise OverflowError
            is_filled = True
            yield line
        if is_first and is_filled:
            return


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows up to the last cell that holds more than blanks; none without one."""
    before = [""] * (sheet.start[1] if sheet.start else 0)  # columns to the left of all cells
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if row.count("") == len(row):  # most rows before a stray cell
            continue
        while row and (row[-1] == "" or (isinstance(row[-1], str) and not row[-1].strip())):
            row.pop()
        if row:
            yield number, [*before, *map(_text, row)]


def _text(value: object) -> str:
    """A cell as it would stand in a CSV: 1.0 is 1."""
    if isinstance(value, bool):
        return str(value).casefold()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))

"""A workbook read by a process of its own, within limits of memory, time and text.

What a workbook unpacks to is not bounded by its size: 5 kB with one stray cell at the end of a sheet stand
for half a terabyte of empty cells, and calamine aborts the process that has too little memory. Knows no
column.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final

from def_sim.errors import SurveyFormatError

Rows = list[tuple[int, list[str]]]  # number in the sheet, and its cells; rows without any are left out

_FIRST_WORDS: Final = 10_000  # bytes of what it complains of
_CHILD: Final = Path(__file__).with_name("workbook_child.py")
_SECONDS: Final = 1800  # of computing; 100,000 people with 1,000 answers each took 110
_MEMORY_BYTES: Final = 12 * 2**30  # the same took 6.4 GB
NOT_READABLE: Final = "Check that it is whole and has no password, or save the table as CSV."
_FIND_STRAY: Final = (
    "Look where the last cell is (Ctrl+End in a spreadsheet) and delete the rows and columns behind the "
    "table, or save the table as CSV."
)


def read_apart(path: Path, file: BinaryIO, *, first_only: bool, most_told: int) -> dict[str, Rows]:
    """The sheets that are shown, by their names, in their order; the rows of one are equally long.

    Args:
        path: Its name, for errors.
        file: The same, open.
        first_only: Only as far as the first sheet that holds something.
        most_told: Bytes that all rows may take in memory, about.

    Raises:
        SurveyFormatError: It is damaged or protected, or takes too much memory, time or text.
    """
    memory_bytes = min(_MEMORY_BYTES, _three_quarters_of_memory())
    limits = (_SECONDS, memory_bytes, most_told)
    which = "first" if first_only else "all"
    # Safe path: the folder of the script holds modules of ours, which are no business of its imports.
    command = [sys.executable, "-P", "-X", "utf8", str(_CHILD), which, *map(str, limits)]
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=complaints) as child,
    ):
        assert child.stdout is not None
        try:
            sheets, end = _told(child.stdout)
        except BaseException:
            child.kill()  # nobody reads on
            raise
        code = child.wait()
        complaints.seek(0)
        if end is None and b"memory allocation of" in complaints.read(_FIRST_WORDS):  # so says Rust
            end = "memory"
    if end != "whole":
        raise _refused(path, end, code, memory_bytes)
    return {name: _filled_up(rows) for name, rows in sheets.items()}


def _told(lines: Iterable[bytes]) -> tuple[dict[str, Rows], str | None]:
    """What the other process read, and how it says that it ended; None if it was ended."""
    sheets: dict[str, Rows] = {}
    rows: Rows = []
    known: dict[str, str] = {}  # a text that many cells hold is kept once
    for line in lines:
        try:
            said: Any = json.loads(line)
        except ValueError:  # cut in the middle
            break
        if isinstance(said, list):
            number, cells = said
            rows.append((number, [known.setdefault(cell, cell) for cell in cells]))
        elif "end" in said:
            return sheets, said["end"]
        else:
            rows = sheets.setdefault(said["sheet"], [])
    return sheets, None


def _filled_up(rows: Rows) -> Rows:
    width = max((len(cells) for _, cells in rows), default=0)
    return [(number, cells + [""] * (width - len(cells))) for number, cells in rows]


def _three_quarters_of_memory() -> int:
    """Bytes; the rest is for what else runs. Without bound where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 3 // 4
    except (AttributeError, ValueError, OSError):
        return _MEMORY_BYTES


def _refused(path: Path, end: str | None, code: int, memory_bytes: int) -> SurveyFormatError:
    if end == "memory" or (end is None and code == -_signal("SIGKILL")):
        what = f"takes more than {memory_bytes / 2**30:.1f} GB of memory to read: a cell may lie far off"
        return SurveyFormatError(f"{path.name} {what}.", fix=_FIND_STRAY)
    if end == "text":
        what = "stands for more than is read: a text or a row is repeated many times"
        return SurveyFormatError(f"{path.name} {what}.", fix=NOT_READABLE)
    if end is None and code == -_signal("SIGXCPU"):
        what = f"takes more than {_SECONDS // 60} minutes to read"
        return SurveyFormatError(f"{path.name} {what}.", fix=NOT_READABLE)
    why = end or f"its reader ended with code {code}"
    return SurveyFormatError(f"{path.name} cannot be read as a workbook ({why}).", fix=NOT_READABLE)


def _signal(name: str) -> int:
    return int(getattr(signal, name, 0)) or 1_000  # no such signal on this system: no process ends so

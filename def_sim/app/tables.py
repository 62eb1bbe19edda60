"""Whether a stored table says what the answers give, but for the last digits of its numbers."""

import csv
import io
import math
from pathlib import Path
from typing import Final

from def_sim.errors import VerificationError

ROUNDING: Final = 1e-9  # of a number that another processor computes, relative or absolute


def check_table(path: Path, expected: bytes, *, fix: str) -> None:
    """Compares a table of a run with what it should hold.

    Raises:
        VerificationError: It says something else, or has other columns, as of an older version.
    """
    if path.stat().st_size <= 2 * len(expected):  # more is no table of this run: it is not read
        stored = path.read_bytes()
        if stored == expected or _agree_but_for_rounding(stored, expected):
            return
        if stored.partition(b"\n")[0] != expected.partition(b"\n")[0]:
            raise VerificationError(f"{path} has other columns: another version wrote it.", fix=fix)
    raise VerificationError(f"{path}: the answers give other numbers.", fix=fix)


def _agree_but_for_rounding(stored: bytes, expected: bytes) -> bool:
    """Whether two tables say the same: their last digits depend on the processor that sums and takes logs.

    That not a byte was changed since is the completion mark's to say.
    """
    rows = [list(csv.reader(io.StringIO(table.decode("utf-8", "replace")))) for table in (stored, expected)]
    if [len(row) for row in rows[0]] != [len(row) for row in rows[1]]:
        return False
    return all(
        found == wanted or _are_close(found, wanted)
        for pair in zip(*rows, strict=True)
        for found, wanted in zip(*pair, strict=True)
    )


def _are_close(found: str, wanted: str) -> bool:
    try:
        return math.isclose(float(found), float(wanted), rel_tol=ROUNDING, abs_tol=ROUNDING)
    except ValueError:
        return False

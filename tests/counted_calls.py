"""Work counted instead of timed: how many functions a computation calls, the same on every machine.

Counts Python's own functions and those of C that Python calls, not what happens inside the latter. Enough
to tell work that grows with the square of its input, or with a number that arrays should take in one step.
Seconds are for the benchmarks in scripts/.
"""

import sys
from collections.abc import Callable
from types import FrameType


def num_calls(computation: Callable[[], object]) -> int:
    """Calls of Python and C functions until the computation returns."""
    total = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal total
        total += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        computation()
    finally:
        sys.setprofile(before)
    return total

"""Waiting for what must come: as long as it takes on a slow or busy machine; only a hang is an error."""

import time
from collections.abc import Callable
from typing import Final

HANG_S: Final = 600.0  # far beyond anything that a test waits for


def comes_true(condition: Callable[[], object], *, every_s: float = 0.01) -> bool:
    """Whether the condition holds, looked at again and again until it does."""
    end = time.monotonic() + HANG_S
    while not condition() and time.monotonic() < end:
        time.sleep(every_s)
    return bool(condition())

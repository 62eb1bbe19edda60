"""Waiting for a shard that another process holds: in a job that was queued again, its own first try."""

import os
import time
from collections.abc import Callable
from typing import Final, TypeVar

from def_sim.answers.storage.lease import STALE_AFTER_S
from def_sim.app.sections import LeaseRules
from def_sim.errors import RunInUseError

StoreT = TypeVar("StoreT")

IN_A_JOB_S: Final = 150.0  # longer than the silence after which a holder is taken for dead
_LOOK_EVERY_S: Final = 1.0
_TELL_EVERY_S: Final = 30.0


def wait_of(rules: LeaseRules) -> float:
    """Seconds to wait: what the command says, else 150 in a job of Slurm and 0 at a terminal."""
    if rules.wait_s is not None:
        return rules.wait_s
    return IN_A_JOB_S if "SLURM_JOB_ID" in os.environ else 0.0


def when_free(
    open_store: Callable[[], StoreT],
    *,
    wait_s: float,
    tell: Callable[[str], object],
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
) -> StoreT:
    """Opens a store once its shard is free, or its holder silent for long enough to be taken for dead.

    Args:
        open_store: Opens it, or raises RunInUseError.
        wait_s: Most seconds to wait; 0: none.
        tell: Receives a line at once and every 30 s.
        clock: Seconds.
        pause: Sleeps for so many seconds; a signal breaks into it.

    Raises:
        RunInUseError: The holder is still alive, or was not silent for long enough.
    """
    start = clock()
    told = -_TELL_EVERY_S
    while True:
        try:
            return open_store()
        except RunInUseError as error:
            waited = clock() - start
            if waited >= wait_s:
                raise
            if waited - told >= _TELL_EVERY_S:
                tell(_line(error, wait_s - waited))
                told = waited
            pause(min(_LOOK_EVERY_S, wait_s - waited))


def _line(error: RunInUseError, left_s: float) -> str:
    holder = error.holder or "another process"
    if error.silent_s is None:
        return f"waiting for {holder}, for {left_s:.0f} s at most"
    return f"waiting for {holder}, silent for {error.silent_s:.0f} s, taken over at {STALE_AFTER_S:.0f} s"

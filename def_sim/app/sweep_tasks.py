"""The first task of a job waits for the others, and for none of which there is no sign of life any more.

A task that is killed, as for lack of memory, writes no result; its job would hold its GPUs until the limit
of its time. A sign is whatever a living process touches. Only that it changes is looked at, by the watch of
the one who waits: clocks of machines differ.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from def_sim.answers.storage.shards import answers_folder, shard_name
from def_sim.app.shard_progress import REPORT_LEASE, progress_path

_LOOK_EVERY_S = 1.0

Signs = frozenset[tuple[str, int]]


def signs_of_life(began: Path, folder: Path, shard: int, num_shards: int) -> Signs:
    """What a task has touched last: that it began, its shard's lease and progress, the report's lease.

    Args:
        began: The file that it writes when it begins.
        folder: Of the run.
        shard: That it asks.
        num_shards: Of the run.

    Returns:
        Paths with their times of change, in nanoseconds; equal to those before while it gives no sign.
    """
    leases = (f"{shard_name(shard, num_shards)}.lease", REPORT_LEASE)
    marks = (mark for lease in leases for mark in _inside(answers_folder(folder) / lease))
    return frozenset(_times((began, progress_path(folder, shard, num_shards), *marks)))


def _inside(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from folder.iterdir()


def _times(paths: Iterable[Path]) -> Iterator[tuple[str, int]]:
    for path in paths:
        with suppress(OSError):
            yield str(path), path.stat().st_mtime_ns


def wait_for_tasks(
    ranks: Iterable[int],
    *,
    has_ended: Callable[[int], bool],
    signs_of: Callable[[int], Signs],
    give_up: Callable[[int], object],
    silent_s: float,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Waits until each task has ended or was given up.

    Args:
        ranks: Numbers of the tasks.
        has_ended: Whether one has said how it ended.
        signs_of: See `signs_of_life`.
        give_up: Is told of one that was silent for too long, once.
        silent_s: For how long a living task may give no sign.
        clock: Seconds.
        pause: Sleeps for so many seconds; a signal breaks into it.
    """
    last: dict[int, tuple[Signs, float]] = {}
    waiting = list(ranks)
    while waiting := [rank for rank in waiting if not has_ended(rank)]:
        for rank in tuple(waiting):
            signs, now = signs_of(rank), clock()
            if rank not in last or last[rank][0] != signs:
                last[rank] = signs, now
            elif now - last[rank][1] > silent_s:
                give_up(rank)
                waiting.remove(rank)
        pause(_LOOK_EVERY_S)

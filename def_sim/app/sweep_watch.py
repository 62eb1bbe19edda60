"""Watching the jobs of a sweep: a line as each ends, a summary, and what becomes of them without us."""

import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from def_sim.app.signals import Interrupted
from def_sim.app.sweep_queue import array_of, in_queue, node_of
from def_sim.app.sweep_results import REQUEUED, JobResult, read_result
from def_sim.app.terminal import say

_LOOK_EVERY_S: Final = 1.0
_ASK_EVERY_S: Final = 10.0  # the scheduler, which many ask
_VANISHED_AFTER_S: Final = 60.0  # a file system may show a result so much later


def watch_jobs(sweep: Path, jobs: Mapping[int, Any], titles: Mapping[int, str], *, is_slurm: bool) -> int:
    """Waits for all jobs and says how each ended.

    Args:
        sweep: Folder of the sweep.
        jobs: Submitit's, by number.
        titles: Of the jobs, for their lines.
        is_slurm: Whether Slurm knows them; else they are processes of this machine.

    Returns:
        0 if all is there; 1 if a job ended by a bug or vanished; 2 if one failed otherwise.

    Raises:
        Interrupted: A signal; the jobs go on, and how to end them was said.
    """
    ids = {number: str(job.job_id) for number, job in jobs.items()}
    say(f"submitted     {len(jobs)} jobs: {', '.join(ids.values())}; folder {sweep}")
    alive = _known_to_slurm if is_slurm else _alive_here(jobs)
    watch = _Watch(sweep, ids, titles, alive, is_slurm=is_slurm)
    try:
        watch.look()
        while watch.is_waiting:
            time.sleep(_LOOK_EVERY_S)
            watch.look()
    except Interrupted:
        end = f"scancel {' '.join(sorted(set(map(array_of, ids.values()))))}"
        how = end if is_slurm else f"kill {' '.join(ids.values())}"
        say(f"the jobs go on; end them with `{how}`; the same command again runs what is missing")
        raise
    return watch.summed_up(jobs)


def _known_to_slurm(ids: Mapping[int, str]) -> frozenset[int]:
    """Numbers of the jobs that are in the queue or at work."""
    known = in_queue(ids.values())
    # A scheduler that does not answer knows nothing to be gone.
    return frozenset(number for number, one in ids.items() if known is None or one in known)


def _alive_here(jobs: Mapping[int, Any]) -> Callable[[Mapping[int, str]], frozenset[int]]:
    def alive(ids: Mapping[int, str]) -> frozenset[int]:
        return frozenset(number for number in ids if not jobs[number].done())

    return alive


class _Watch:
    """What is known of the jobs so far."""

    def __init__(
        self,
        sweep: Path,
        ids: Mapping[int, str],
        titles: Mapping[int, str],
        alive: Callable[[Mapping[int, str]], frozenset[int]],
        *,
        is_slurm: bool,
    ) -> None:
        self._sweep = sweep
        self._is_slurm = is_slurm
        self._waiting = dict(ids)
        self._titles = titles
        self._alive = alive
        self._asked_at = float("-inf")
        self._gone_since: dict[int, float] = {}
        self._ended: dict[int, JobResult] = {}
        self._vanished: list[int] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a job has neither ended nor vanished."""
        return bool(self._waiting)

    def look(self) -> None:
        """Says of each job that has ended how it did; asks the scheduler for the others now and then."""
        for number in list(self._waiting):
            result = read_result(self._sweep, number)
            if result is not None and result.code != REQUEUED:
                del self._waiting[number]
                self._ended[number] = result
                say(_line(self._titles[number], result))
        now = time.monotonic()
        if self._waiting and now - self._asked_at >= _ASK_EVERY_S:
            self._asked_at = now
            self._look_for_vanished(now)

    def _look_for_vanished(self, now: float) -> None:
        alive = self._alive(self._waiting)
        for number in list(self._waiting):
            if number in alive:
                self._gone_since.pop(number, None)
            elif now - self._gone_since.setdefault(number, now) >= _VANISHED_AFTER_S:
                del self._waiting[number]
                self._vanished.append(number)
                say(f"job {number}  {self._titles[number]}: vanished without a word", to_errors=True)

    def summed_up(self, jobs: Mapping[int, Any]) -> int:
        """The last words of a sweep, and its exit code."""
        failed = [number for number, result in self._ended.items() if result.code != 0]
        wrong = sorted([*failed, *self._vanished])
        total = len(self._ended) + len(self._vanished)
        if not wrong:
            say(f"all {total} jobs are done")
            return 0
        say(
            f"{len(wrong)} of {total} jobs failed; the same command again runs what is missing",
            to_errors=True,
        )
        for number in wrong:
            say(f"  log of job {number}: {self._log_of(jobs[number])}", to_errors=True)
        is_bug = self._vanished or any(self._ended[number].code == 1 for number in failed)
        return 1 if is_bug else 2

    def _log_of(self, job: Any) -> str:
        """Where a job's log lies; where there is none, on which machines it was to be."""
        logs = [Path(job.paths.stderr), Path(job.paths.stdout)]
        if found := [log for log in logs if log.exists()]:
            return str(found[0])
        node = (node_of(str(job.job_id)) if self._is_slurm else "") or "its node"
        return (
            f"none; perhaps {node} does not see {self._sweep}, which {socket.gethostname()} has written. "
            "Give `output=` a folder that all nodes share and may write to"
        )


def _line(title: str, result: JobResult) -> str:
    done = f"{result.num_done:,} of {result.num_planned:,} answers"
    times = "once" if result.restarts == 1 else f"{result.restarts} times"
    again = f", queued again {times}" if result.restarts else ""
    if result.code == 0:
        return f"job {result.number}  {title}: done, {done}{again}"
    how = f"failed ({result.code}), {done}{again}: {result.error}"
    return f"job {result.number}  {title}: {how}" + (f"\n  do:  {result.fix}" if result.fix else "")

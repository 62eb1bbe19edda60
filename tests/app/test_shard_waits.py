"""A command waits for a shard that another process holds: as long as it was told, and saying so."""

import os
import time
from pathlib import Path

import pytest

from def_sim.answers.storage.lease import Lease
from def_sim.app.schema import LeaseRules
from def_sim.app.waiting import wait_of, when_free
from def_sim.errors import RunInUseError
from def_sim.holder import Holder

ELSEWHERE = Holder("node17", "ffffffff", 4242, 1, 1_790_000_000, "0011aabb")


class Clock:
    """Seconds that pass only while somebody pauses; the silence of a holder's mark grows with them."""

    def __init__(self, mark: Path, silent_s: float) -> None:
        self.now_s = 0.0
        self._mark = mark
        self._silent_s = silent_s
        self._age()

    def pause(self, seconds: float) -> None:
        self.now_s += seconds
        self._age()

    def _age(self) -> None:
        if self._mark.exists():
            moment = time.time() - self._silent_s - self.now_s
            os.utime(self._mark, (moment, moment))


def held_elsewhere(tmp_path: Path, *, silent_s: float) -> tuple[Path, Clock]:
    """A lease of a process on another machine, and the clock by which it is silent."""
    path = tmp_path / "shard-00-of-01.lease"
    Lease(path, me=ELSEWHERE).acquire()
    return path, Clock(path / ELSEWHERE.file_name, silent_s)


def taken(path: Path, clock: Clock, wait_s: float) -> list[str]:
    """Takes the lease as a command does.

    Returns:
        What was said meanwhile.
    """
    said: list[str] = []

    def take() -> Lease:
        lease = Lease(path)
        lease.acquire()
        return lease

    when_free(take, wait_s=wait_s, tell=said.append, clock=lambda: clock.now_s, pause=clock.pause)
    return said


def test_a_holder_elsewhere_is_waited_for_until_it_was_silent_for_two_minutes(tmp_path: Path) -> None:
    path, clock = held_elsewhere(tmp_path, silent_s=40)
    said = taken(path, clock, wait_s=150)
    assert 80 <= clock.now_s <= 82
    assert said == [
        "waiting for process 4242 on node17, silent for 40 s, taken over at 120 s",
        "waiting for process 4242 on node17, silent for 70 s, taken over at 120 s",
        "waiting for process 4242 on node17, silent for 100 s, taken over at 120 s",
    ]


def test_a_holder_that_gives_signs_of_life_is_not_taken_over(tmp_path: Path) -> None:
    path, _ = held_elsewhere(tmp_path, silent_s=0)
    mark = path / ELSEWHERE.file_name
    now_s = 0.0

    def pause(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds
        os.utime(mark)

    with pytest.raises(RunInUseError, match="process 4242 on node17"):
        when_free(Lease(path).acquire, wait_s=150, tell=str, clock=lambda: now_s, pause=pause)
    assert now_s == pytest.approx(150)


def test_a_holder_on_this_machine_is_waited_for_as_long_as_was_said(tmp_path: Path) -> None:
    path = tmp_path / "shard-00-of-01.lease"
    holder = Lease(path)
    holder.acquire()
    clock = Clock(tmp_path / "none", 0)
    given_back = iter([False] * 5 + [True])

    def pause(seconds: float) -> None:
        clock.now_s += seconds
        if next(given_back):
            holder.release()

    said: list[str] = []
    when_free(Lease(path).acquire, wait_s=10, tell=said.append, clock=lambda: clock.now_s, pause=pause)
    assert said == [f"waiting for process {os.getpid()} on this machine, for 10 s at most"]
    assert clock.now_s == 6


def test_without_waiting_the_refusal_comes_at_once(tmp_path: Path) -> None:
    path, clock = held_elsewhere(tmp_path, silent_s=40)
    with pytest.raises(RunInUseError):
        taken(path, clock, wait_s=0)
    assert clock.now_s == 0


@pytest.mark.parametrize(
    ("given", "job", "expected"), [(None, "", 0), (None, "4711", 150), (0.0, "4711", 0), (20.0, "", 20)]
)
def test_a_job_of_slurm_waits_unless_it_is_told_otherwise(
    given: float | None, job: str, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    if job:
        monkeypatch.setenv("SLURM_JOB_ID", job)
    assert wait_of(LeaseRules(wait_s=given)) == expected

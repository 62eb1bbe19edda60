"""The first task of a job waits for living tasks only, and says so of one that was killed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from def_sim.answers.storage.lease import Lease
from def_sim.app import sweep_job
from def_sim.app.sweep_job import SweepJob
from def_sim.app.sweep_results import JOBS, JobResult, read_result, write_result
from def_sim.app.sweep_tasks import Signs, signs_of_life, wait_for_tasks


class Job:
    """Two other tasks and a watch of their own.

    Args:
        beats: When each task gives a sign of life, in seconds.
        ends: When each has ended; absent: never.
    """

    def __init__(self, beats: dict[int, list[int]], ends: dict[int, int]) -> None:
        self.now = 0.0
        self.given_up: dict[int, float] = {}
        self._beats, self._ends = beats, ends
        wait_for_tasks(
            beats,
            has_ended=lambda rank: self.now >= ends.get(rank, 10_000),
            signs_of=self._signs,
            give_up=lambda rank: self.given_up.setdefault(rank, self.now),
            silent_s=100.0,
            clock=lambda: self.now,
            pause=self._pause,
        )

    def _signs(self, rank: int) -> Signs:
        return frozenset(("lease", beat) for beat in self._beats[rank] if beat <= self.now)

    def _pause(self, seconds: float) -> None:
        self.now += seconds


def test_a_task_without_a_sign_of_life_is_given_up_and_the_others_are_waited_for() -> None:
    job = Job({1: [0, 50], 2: list(range(0, 500, 10))}, {2: 500})
    assert list(job.given_up) == [1]
    assert job.given_up[1] == pytest.approx(151)  # its last sign was at 50
    assert job.now == pytest.approx(500)


def test_a_task_that_ends_after_signs_of_life_with_long_pauses_is_not_given_up() -> None:
    job = Job({1: [0, 99, 198, 297]}, {1: 390})
    assert job.given_up == {}


def test_a_task_that_never_began_is_given_up() -> None:
    job = Job({1: []}, {})
    assert job.given_up[1] == pytest.approx(101)


def test_a_heartbeat_a_progress_file_and_a_report_are_signs_of_life(tmp_path: Path) -> None:
    began, answers = tmp_path / "0.1.began", tmp_path / "run" / "answers"
    answers.mkdir(parents=True)

    def signs() -> Signs:
        return signs_of_life(began, tmp_path / "run", 1, 2)

    seen = [signs()]
    began.touch()
    seen.append(signs())
    lease = Lease(answers / "shard-01-of-02.lease")
    lease.acquire()
    seen.append(signs())
    lease.renew()
    os.utime(next(lease.path.iterdir()), (1, 1))
    seen.append(signs())
    (answers / "shard-01-of-02.progress.json").touch()
    seen.append(signs())
    Lease(answers / "report.lease").acquire()
    seen.append(signs())
    assert len(set(seen)) == 6
    assert signs() == seen[-1]
    Lease(answers / "shard-00-of-02.lease").acquire()  # of the task that waits
    assert signs() == seen[-1]


def test_a_killed_task_is_named_with_what_to_do_and_what_it_says_after_all_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"SLURM_PROCID": "0", "SLURM_NTASKS": "2", "SLURM_LOCALID": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sweep_job, "STALE_AFTER_S", 0.1)
    (tmp_path / JOBS).mkdir()
    words = ("shard=slurm", "lease.wait_s=0")
    job = SweepJob(
        number=0, words=words, sweep=str(tmp_path), token="t", host="h", home=None,
        run_folder=str(tmp_path / "run"), shard=0, num_shards=2, num_tasks=2,
    )  # fmt: skip
    of_first = JobResult(
        0, words, job.run_folder, 0, 2, "h", "7", 0, code=0, num_done=4, num_planned=4, num_tasks=2
    )
    write_result(tmp_path, 0, of_first)
    job._wait_for_others()
    result = read_result(tmp_path, 0)
    assert result is not None
    assert result.code == 2
    assert result.error.startswith("task 1: it has given no sign of life")
    assert "The same command again runs what is missing." in result.fix
    write_result(tmp_path, 1, replace(of_first, shard=1))  # it was only slow
    late = read_result(tmp_path, 0)
    assert late is not None
    assert (late.code, late.num_done) == (0, 8)

"""The report of a run in shards is written by one process, and if that one is killed, by another."""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from scripted_runs import hold

from def_sim.answers.storage.completion import is_complete, mark_complete
from def_sim.answers.storage.lease import Lease
from def_sim.answers.storage.manifest import read_manifest
from def_sim.app.last_shard import report_if_last
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import LeaseRules, validate_config
from def_sim.app.shard_progress import REPORT_LEASE
from def_sim.holder import Holder

ELSEWHERE = Holder("node17", "ffffffff", 4711, 1, 1_790_000_000, "0011aabb")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hold(tmp_path_factory.mktemp("runs"), "respondents=2", is_reported=False)


@pytest.fixture
def folder(held: Path, tmp_path: Path) -> Path:
    """A run all of whose answers are there, without a report."""
    return Path(shutil.copytree(held, tmp_path / "run"))


def run_of(folder: Path, rules: LeaseRules | None = None) -> Run:
    """The run as the second of two shards sees it."""
    run = prepare_run(validate_config(read_manifest(folder)["config"]))
    changes = {"num_shards": 2, "shard": 1, "lease": rules or LeaseRules()}
    return replace(run, config=run.config.model_copy(update=changes))


class Writer:
    """Another process on another machine, which has begun to write the report; time passes in pauses only.

    Args:
        folder: Of the run.
        silent_s: Seconds since its last sign of life.
        then: What it does in each pause; without it it is dead.
    """

    def __init__(self, folder: Path, silent_s: float, then: Callable[[], object] | None = None) -> None:
        self.lease = Lease(folder / "answers" / REPORT_LEASE, me=ELSEWHERE)
        self.lease.acquire()
        self.now_s = 0.0
        self._silent_s, self._then = silent_s, then
        self._age()

    def pause(self, seconds: float) -> None:
        self.now_s += seconds
        if self._then is None:
            self._age()
        else:
            self._then()

    def _age(self) -> None:
        moment = time.time() - self._silent_s - self.now_s
        with suppress(FileNotFoundError):
            os.utime(self.lease.path / ELSEWHERE.file_name, (moment, moment))


def written(run: Run, folder: Path, writer: Writer | None = None) -> int:
    """How often the report was written by this shard."""
    num_written = 0

    def write() -> int:
        nonlocal num_written
        num_written += 1
        return 0

    clock = (lambda: writer.now_s) if writer else time.monotonic
    pause = writer.pause if writer else time.sleep
    assert report_if_last(run, folder, write, clock=clock, pause=pause) == 0
    return num_written


def test_the_shard_that_ends_last_writes_the_report_and_gives_the_lease_back(folder: Path) -> None:
    assert written(run_of(folder), folder) == 1
    assert not (folder / "answers" / REPORT_LEASE).exists()


def test_a_shard_that_is_not_the_last_leaves_it_to_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hold(tmp_path, "respondents=2", num_asked=1, is_reported=False)
    assert written(run_of(folder), folder) == 0
    assert "shard 1 of 2 is done, 4 of 8 answers are there; the last one writes" in capsys.readouterr().out


def test_the_report_of_a_writer_that_was_killed_elsewhere_is_written_once_it_was_silent_for_two_minutes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = Writer(folder, silent_s=20)
    assert written(run_of(folder), folder, writer) == 1
    # A slow machine takes seconds between a pause and the next look, in which the writer is silent, too.
    assert 60 <= writer.now_s <= 102
    assert re.search(r"waiting for process 4711 on node17, silent for [2-7]\d s", capsys.readouterr().out)


def test_a_report_that_came_while_its_writer_was_waited_for_is_not_written_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps: Iterator[Callable[[], object]] = iter(
        [
            *[lambda: None] * 5,
            lambda: mark_complete(folder, ["manifest.json"], num_answers=8),
            lambda: writer.lease.release(),
        ]
    )
    writer = Writer(folder, silent_s=0, then=lambda: next(steps)())
    assert written(run_of(folder), folder, writer) == 0
    assert writer.now_s == 7
    assert is_complete(folder)
    assert "another process has written the report meanwhile" in capsys.readouterr().out


def test_a_writer_that_gave_up_without_a_report_is_replaced(folder: Path) -> None:
    writer = Writer(folder, silent_s=0, then=lambda: writer.lease.release())
    assert written(run_of(folder), folder, writer) == 1


def test_the_report_of_a_living_writer_is_left_to_it_and_the_command_for_later_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = Writer(folder, silent_s=0, then=lambda: writer.lease.renew())
    assert written(run_of(folder), folder, writer) == 0
    assert writer.now_s == pytest.approx(150)
    said = capsys.readouterr().out
    assert "shard 1 of 2 is done; the report is being written by process 4711 on node17" in said
    assert f"`def-sim stage=report run_folder={folder}`" in said


def test_a_command_waits_for_the_writer_as_long_as_it_was_told(folder: Path) -> None:
    writer = Writer(folder, silent_s=20)
    assert written(run_of(folder, LeaseRules(wait_s=30)), folder, writer) == 0
    assert writer.now_s == 30


def test_a_writer_that_is_known_to_be_dead_is_taken_over_at_once(folder: Path) -> None:
    writer = Writer(folder, silent_s=20)
    assert written(run_of(folder, LeaseRules(take_over=True)), folder, writer) == 1
    assert writer.now_s == 0


def test_the_same_command_again_writes_the_report_again(folder: Path) -> None:
    mark_complete(folder, ["manifest.json"], num_answers=8)
    assert written(run_of(folder), folder) == 1

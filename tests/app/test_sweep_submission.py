"""Submitting a sweep: what Slurm refuses, and a sweep that is given again while its jobs are not over.

Slurm's commands are scripts of the test, submitit is the real one; `tests/slurm` has a real Slurm.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from runs import SHORT

from def_sim.app import sweep
from def_sim.app.main import main
from def_sim.app.sweep_results import JOBS, JobResult
from def_sim.holder import process_start, this_machine

ITEMS = "items=[wvs7.Q1,wvs7.Q2]"


class FakeSlurm:
    """sbatch and squeue as scripts, which say what they are told to say."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self.script("srun", "exit 1")
        self.script("sbatch", f"echo again >> {folder}/submitted\necho Submitted batch job 7")
        self.queue("")

    def script(self, name: str, text: str) -> None:
        """One of its commands."""
        path = self._folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def queue(self, *ids: str) -> None:
        """What squeue shows from now on."""
        self.script("squeue", "\n".join(f"echo {one}" for one in ids) or "true")

    @property
    def num_submitted(self) -> int:
        """How often sbatch took something."""
        path = self._folder / "submitted"
        return path.read_text().count("again") if path.exists() else 0


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSlurm:
    """In front of any other Slurm; nobody waits for its jobs, which never run."""
    monkeypatch.setattr(sweep, "watch_jobs", lambda *_, **__: 0)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return FakeSlurm(tmp_path / "bin")


def words(output: Path, *more: str, launcher: str = "slurm") -> list[str]:
    common = [ITEMS, *SHORT, "stage=interview", "respondents=2", f"output={output}"]
    return ["-m", f"hydra/launcher={launcher}", *common, *more]


TWO_SHARDS = ("num_shards=2", "shard=0,1")


# --- the same again ---


def test_a_sweep_whose_jobs_wait_is_not_submitted_again(
    slurm: FakeSlurm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its message names the jobs and the two commands that help; nothing is written."""
    assert main(words(tmp_path, *TWO_SHARDS)) == 0
    slurm.queue("7_0", "7_1")
    before = sorted(tmp_path.rglob("*"))
    assert main(words(tmp_path, *TWO_SHARDS)) == 2
    message = capsys.readouterr().err
    assert "Jobs of an earlier sweep that ask the same are not over yet: 7_0, 7_1." in message
    assert "scancel 7" in message
    assert f"def-sim stage=status runs='{tmp_path}/**'" in message
    assert slurm.num_submitted == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "more", [("num_shards=2", "shard=1"), ("num_shards=1",), ("respondents=4", "shard=0")]
)
def test_so_is_one_that_shares_respondents_with_a_job_that_waits(
    more: tuple[str, ...], slurm: FakeSlurm, tmp_path: Path
) -> None:
    """Shard 1 of 2 has all the odd numbers, which one process would ask as well."""
    assert main(words(tmp_path, *TWO_SHARDS)) == 0
    slurm.queue("7_0", "7_1")
    assert main(words(tmp_path, *more)) == 2


@pytest.mark.parametrize("more", [("num_shards=2", "shard=0"), ("seed=2",)])
def test_one_that_asks_nobody_of_theirs_is_submitted(
    more: tuple[str, ...], slurm: FakeSlurm, tmp_path: Path
) -> None:
    """Job 0 was cancelled while it waited, job 1 still waits."""
    assert main(words(tmp_path, *TWO_SHARDS)) == 0
    slurm.queue("7_1")
    assert main(words(tmp_path, *more)) == 0
    assert slurm.num_submitted == 2


def test_a_job_that_has_ended_is_over_though_slurm_still_shows_it(slurm: FakeSlurm, tmp_path: Path) -> None:
    assert main(words(tmp_path)) == 0
    slurm.queue("7")
    _end_of_the_job(tmp_path, code=2)
    assert main(words(tmp_path)) == 0
    assert slurm.num_submitted == 2


def test_a_job_that_was_queued_again_is_not_over(slurm: FakeSlurm, tmp_path: Path) -> None:
    assert main(words(tmp_path)) == 0
    slurm.queue("7")
    _end_of_the_job(tmp_path, code=85)
    assert main(words(tmp_path)) == 2


def test_a_scheduler_that_does_not_answer_leaves_it_open_so_nothing_is_submitted(
    slurm: FakeSlurm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(tmp_path)) == 0
    slurm.script("squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1")
    assert main(words(tmp_path)) == 2
    assert "squeue does not answer" in capsys.readouterr().err
    assert slurm.num_submitted == 1


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """One that lives, as a job of this machine does."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield started
        started.kill()


def test_a_job_of_this_machine_is_over_when_its_process_is(
    slurm: FakeSlurm, tmp_path: Path, process: "subprocess.Popen[bytes]", capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(tmp_path)) == 0
    [path] = _submitted(tmp_path)
    [job] = json.loads(path.read_bytes())
    of_process = {"machine": this_machine(), "process_start": process_start(process.pid)}
    path.write_text(json.dumps([job | of_process | {"job_id": str(process.pid)}]))
    assert main(words(tmp_path)) == 2
    assert f"kill {process.pid}" in capsys.readouterr().err
    process.kill()
    process.wait()
    assert main(words(tmp_path)) == 0


@pytest.mark.parametrize("content", ["{", "[7]", '[{"job_id":"; rm -rf x"}]'])
def test_a_list_of_jobs_that_is_none_is_named(
    content: str, slurm: FakeSlurm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(tmp_path)) == 0
    [path] = _submitted(tmp_path)
    path.write_text(content)
    assert main(words(tmp_path)) == 2
    assert f"{path} is no list of submitted jobs" in capsys.readouterr().err


def _submitted(output: Path) -> list[Path]:
    return list(output.glob("sweeps/*/jobs/submitted.json"))


def _end_of_the_job(output: Path, code: int) -> None:
    [path] = _submitted(output)
    result = JobResult(
        number=0,
        words=("stage=interview",),
        run_folder="outputs/demo/us/x",
        shard=0,
        num_shards=1,
        host=socket.gethostname(),
        slurm_job="7",
        restarts=0,
        code=code,
        num_done=0,
        num_planned=4,
    )
    content = {**result.__dict__, "words": list(result.words)}
    (path.parent.parent / JOBS / "0.json").write_text(json.dumps(content))


# --- what Slurm refuses ---


@pytest.mark.parametrize(
    "refusal",
    [
        "sbatch: error: invalid partition specified: nowhere",
        "sbatch: error: Batch job submission failed: Invalid account",
        "sbatch: error: Batch job submission failed: Invalid job array specification",
    ],
)
def test_a_sweep_that_sbatch_refuses_says_so_in_its_words_and_leaves_nothing(
    refusal: str, slurm: FakeSlurm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slurm.script("sbatch", f"echo '{refusal}' >&2; exit 1")
    assert main(words(tmp_path / "out", *TWO_SHARDS)) == 2
    message = capsys.readouterr().err
    assert f"hydra/launcher=slurm cannot submit: {refusal}" in message
    assert "Traceback" not in message
    assert list((tmp_path / "out").glob("sweeps/*")) == []

"""`shard=slurm`: a task of a job asks the shard of its number, on its own GPU."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from def_sim.app.composing import configured
from def_sim.app.main import main
from def_sim.app.slurm_tasks import as_task, of_all_tasks
from def_sim.app.sweep_results import JOBS, REQUEUED, JobResult, read_result
from def_sim.errors import ConfigError


def of_task(rank: int, num_tasks: int, local_rank: int | None = None, **more: str) -> dict[str, str]:
    local = rank if local_rank is None else local_rank
    numbers = {"SLURM_PROCID": rank, "SLURM_NTASKS": num_tasks, "SLURM_LOCALID": local}
    return {**{name: str(number) for name, number in numbers.items()}, **more}


def content(device: str = "auto") -> dict[str, object]:
    return {"shard": "slurm", "num_shards": 1, "model": {"engine": {"device": device}}}


def test_a_task_asks_the_shard_of_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in of_task(5, 8, local_rank=1).items():
        monkeypatch.setenv(name, value)
    config = configured(["shard=slurm"])
    assert (config.shard, config.num_shards) == (5, 8)
    assert configured(["shard=slurm", "num_shards=8"]).num_shards == 8


@pytest.mark.parametrize(
    ("visible", "device", "taken"),
    [
        ("4,5,6,7", "auto", "6"),
        ("4,5,6,7", "cuda", "6"),
        ("GPU-a,GPU-b,GPU-c", "auto", "GPU-c"),
        ("3", "auto", "3"),  # Slurm shows each task its own already
        ("4,5,6,7", "cuda:1", "4,5,6,7"),  # chosen by name
        ("4,5,6,7", "split", "4,5,6,7"),
        ("", "auto", ""),
    ],
)
def test_a_task_takes_the_gpu_of_its_number_on_the_node(visible: str, device: str, taken: str) -> None:
    environment = of_task(6, 8, local_rank=2, CUDA_VISIBLE_DEVICES=visible)
    as_task(content(device), given=(), environment=environment)
    as_task(content(device), given=(), environment=environment)  # twice changes no more
    assert environment["CUDA_VISIBLE_DEVICES"] == taken


def test_a_task_more_than_there_are_gpus_is_refused() -> None:
    environment = of_task(2, 3, CUDA_VISIBLE_DEVICES="0,1")
    with pytest.raises(ConfigError, match="Task 2 is number 2 of its node, which has 2 GPUs"):
        as_task(content(), given=(), environment=environment)


def test_a_shard_with_a_number_stays_what_it_is() -> None:
    given = {"shard": 1, "num_shards": 3}
    assert as_task(given, given=("shard",), environment=of_task(0, 8)) is given


@pytest.mark.parametrize("environment", [{}, {"SLURM_PROCID": "0"}, of_task(0, 2, SLURM_NTASKS="two")])
def test_outside_of_a_job_there_is_no_task(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in of_task(0, 1):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["shard=slurm", "stage=plan"]) == 2
    message = capsys.readouterr().err
    assert "this process is no task of a job" in message
    assert "Start it by srun" in message


def test_another_number_of_shards_than_of_tasks_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in of_task(0, 2).items():
        monkeypatch.setenv(name, value)
    assert main(["shard=slurm", "num_shards=3", "stage=plan"]) == 2
    assert "each of the job's 2 tasks, found num_shards=3" in capsys.readouterr().err


def test_the_tasks_of_a_job_are_checked_as_the_one_command_that_they_are_together() -> None:
    words = ("survey=us", "shard=slurm", "num_shards=4")
    assert of_all_tasks(words, 4) == ("survey=us",)
    with pytest.raises(ConfigError, match="4 tasks, found num_shards=2"):
        of_all_tasks(("shard=slurm", "num_shards=2"), 4)


# --- what a job of several tasks says ---


def say(sweep: Path, rank: int, code: int, *, num_done: int = 4, error: str = "") -> None:
    folder = sweep / JOBS
    folder.mkdir(exist_ok=True)
    result = JobResult(
        number=0,
        words=("shard=slurm",),
        run_folder="run",
        shard=rank,
        num_shards=2,
        host="node",
        slurm_job="7",
        restarts=0,
        code=code,
        num_done=num_done,
        num_planned=4,
        error=error,
        num_tasks=2,
    )
    name = f"0.{rank}.json" if rank else "0.json"
    (folder / name).write_text(json.dumps(asdict(result)))


def told(sweep: Path) -> JobResult:
    result = read_result(sweep, 0)
    assert result is not None
    return result


def test_a_job_has_ended_when_all_its_tasks_have(tmp_path: Path) -> None:
    say(tmp_path, 0, 0)
    assert read_result(tmp_path, 0) is None
    say(tmp_path, 1, 0)
    result = told(tmp_path)
    assert (result.code, result.num_done, result.num_planned) == (0, 8, 8)


@pytest.mark.parametrize(
    ("codes", "code"), [((0, 2), 2), ((2, 1), 1), ((0, REQUEUED), REQUEUED), ((REQUEUED, 2), 2)]
)
def test_a_job_ends_as_the_worst_of_its_tasks(codes: tuple[int, int], code: int, tmp_path: Path) -> None:
    for rank, of_rank in enumerate(codes):
        say(tmp_path, rank, of_rank, num_done=4 - of_rank % 2, error="no room" if of_rank else "")
    result = told(tmp_path)
    assert result.code == code
    assert (result.error == "") == (code == 0)
    assert result.error in ("", "task 0: no room", "task 1: no room")

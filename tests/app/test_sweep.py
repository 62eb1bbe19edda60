"""A sweep as jobs: what is found before anything is submitted, what a job says, and how that is summed up."""

import importlib.util
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from runs import SHORT, run_folder

from def_sim.app import launchers, sweep, sweep_watch
from def_sim.app.main import main
from def_sim.app.sweep import combinations
from def_sim.app.sweep_job import TOKEN, SweepJob
from def_sim.app.sweep_results import JOBS, JobResult, read_result
from def_sim.errors import ConfigError

ITEMS = "items=[wvs7.Q1,wvs7.Q2]"
LOCAL = ("-m", "hydra/launcher=submitit_local")
SLURM = ("-m", "hydra/launcher=slurm")


def sweep_words(output: Path, *more: str) -> list[str]:
    return [*LOCAL, ITEMS, *SHORT, "respondents=2", f"output={output}", *more]


@pytest.fixture(autouse=True)
def nothing_is_submitted(monkeypatch: pytest.MonkeyPatch) -> list[SweepJob]:
    """Jobs that a command would have submitted."""
    jobs: list[SweepJob] = []

    def submitted(_: object, __: Path, given: list[SweepJob]) -> dict[int, object]:
        jobs.extend(given)
        return {}

    monkeypatch.setattr(sweep, "_by_submitit", submitted)
    return jobs


# --- before anything is submitted ---


def test_a_sweep_stands_for_each_combination_of_its_values() -> None:
    words = ["survey=us,cn", "num_shards=2", "shard=range(2)", "seed=3"]
    assert combinations(words) == [
        ("survey=us", "num_shards=2", "shard=0", "seed=3"),
        ("survey=us", "num_shards=2", "shard=1", "seed=3"),
        ("survey=cn", "num_shards=2", "shard=0", "seed=3"),
        ("survey=cn", "num_shards=2", "shard=1", "seed=3"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["-m", "hydra/launcher=slrm"],
            ["there is no such launcher", "Did you mean `hydra/launcher=slurm`?"],
        ),
        (["hydra/launcher=slurm"], ["belongs to a sweep, which -m begins"]),
        ([*LOCAL, "survey=us,cx"], ["survey=cx: there is no such survey"]),
        ([*LOCAL, "survey=us,cn", "sed=2"], ["There is no parameter 'sed'; `seed` is what it is called."]),
        ([*LOCAL, "survey=us,cn", "respondents=0"], ["respondents", "greater than or equal to 1"]),
        ([*LOCAL, "num_shards=2", "shard=0,0"], ["Shard 0 of", "stands 2 times in this sweep"]),
        ([*LOCAL, "num_shards=2,3", "shard=0"], ["num_shards=2 and 3"]),
        ([*LOCAL, "num_shards=2", "shard=range(3)"], ["shard must be below num_shards, found 2 of 2"]),
        ([*LOCAL, "hydra.launcher.partitoin=gpu"], ["does not take hydra.launcher.partitoin=gpu"]),
        (
            [*LOCAL, "model=mixtral_8x7b,demo,mistral7b", "survey=us,cn"],
            ["2 models are not ready", "stage=fetch model=mixtral_8x7b,mistral7b"],
        ),
        ([*LOCAL, "respondents=2", "num_shards=3", "shard=range(3)"], ["3 shards of 2 respondents"]),
        ([*LOCAL, "shard=slurm"], ["takes a shard from each task of a Slurm job", "submitit_local"]),
        ([*SLURM, "hydra.launcher.nodes=2"], ["make 2 tasks a job, which would all ask the same"]),
        ([*SLURM, "hydra.launcher.tasks_per_node=4", "shard=slurm", "num_shards=2"], ["found num_shards=2"]),
        ([*LOCAL, "--cfg", "job"], ["belongs to a sweep", "found --cfg as well"]),
        ([*LOCAL, "model=demo,mistral7b"], ["model=mistral7b", "stage=fetch"]),
    ],
)
def test_a_mistake_ends_a_sweep_before_anything_is_submitted(
    words: list[str],
    said: list[str],
    tmp_path: Path,
    nothing_is_submitted: list[SweepJob],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    assert main([*words, f"output={tmp_path / 'out'}"]) == 2
    message = capsys.readouterr().err
    assert all(part in message for part in said), message
    assert nothing_is_submitted == []
    assert not (tmp_path / "out").exists()


def test_without_the_extra_the_message_is_the_line_that_installs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launchers, "find_spec", lambda _: None)
    assert main(sweep_words(tmp_path)) == 2
    assert 'pip install -e ".[slurm]"' in capsys.readouterr().err


def test_without_sbatch_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([*SLURM, ITEMS, "respondents=1", f"output={tmp_path / 'out'}"]) == 2
    assert "sbatch is not on the path" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_plan_of_a_sweep_says_what_would_be_submitted_and_stops(
    tmp_path: Path, nothing_is_submitted: list[SweepJob], capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("stage=plan", "survey=us,cn", "num_shards=3", "shard=0,2")
    assert main(sweep_words(tmp_path, *more, "respondents=3")) == 0
    said = capsys.readouterr().out
    assert "4 jobs by submitit_local, 0 of them finished" in said
    assert "8 of 8 are left to ask" in said
    assert said.count("not in this sweep: shard 1") == 2
    assert nothing_is_submitted == []


LARGE = "model.num_parameters=7_000_000_000"  # in float32: 28 GB, read in 28 s at 1 GB/s


def test_the_plan_of_a_sweep_adds_up_loading_and_gpu_hours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """28 s in each of 4 jobs are .031 hours, beside a roofline floor of seconds."""
    words = [*SLURM, "stage=plan", LARGE, ITEMS, "respondents=4", f"output={tmp_path}"]
    assert main([*words, "num_shards=4", "shard=range(4)"]) == 0
    said = capsys.readouterr().out
    assert "loading       about 28 s a job at most, 112 s in all 4" in said
    assert "gpu-hours     A100 40 GB: at least 0.03; H200: at least 0.03 (roofline floor and loading)" in said


def test_a_time_in_which_a_job_only_loads_its_model_is_refused(
    tmp_path: Path, nothing_is_submitted: list[SweepJob], capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*SLURM, LARGE, ITEMS, "respondents=4", f"output={tmp_path}"]
    assert main([*words, "hydra.launcher.timeout_min=2"]) == 2
    message = capsys.readouterr().err
    assert "loads its model for about 28 s and is told to stop 120 s before its end" in message
    assert "hydra.launcher.timeout_min=60" in message
    assert nothing_is_submitted == []


def test_a_job_of_several_tasks_asks_the_whole_panel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = ("hydra.launcher.nodes=2", "hydra.launcher.tasks_per_node=4", "shard=slurm")
    assert main([*SLURM, *tasks, "stage=plan", ITEMS, *SHORT, "respondents=8", f"output={tmp_path}"]) == 0
    said = capsys.readouterr().out
    assert "job 0    demo us, 8 tasks: 0 of 16 answers there" in said


def test_a_site_has_a_launcher_of_its_own_in_the_home_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands on the shipped one; a class that it names is never made."""
    site = tmp_path / "home" / "conf" / "hydra" / "launcher" / "site.yaml"
    site.parent.mkdir(parents=True)
    site.write_text("defaults: [slurm]\npartition: gpu\ntimeout_min: 60\n")
    seen: list[launchers.Launcher] = []
    monkeypatch.setattr(sweep, "_submit", lambda launcher, _: seen.append(launcher) or 0)
    words = ["-m", "hydra/launcher=site", f"home={tmp_path / 'home'}", "hydra.launcher.mem_gb=32"]
    assert main([*words, ITEMS, *SHORT, f"output={tmp_path / 'out'}"]) == 0
    assert "1 job by site" in capsys.readouterr().out
    [launcher] = seen
    assert launcher.is_slurm
    expected = {"partition": "gpu", "timeout_min": 60, "mem_gb": 32, "signal_delay_s": 120}
    assert expected.items() <= launcher.parameters.items()


def test_what_is_complete_is_left_out(tmp_path: Path, nothing_is_submitted: list[SweepJob]) -> None:
    """One of two shards is there: only the other one becomes a job."""
    common = [ITEMS, *SHORT, "respondents=2", f"output={tmp_path}", "num_shards=2", "stage=interview"]
    assert main([*common, "shard=0"]) == 0
    sweep_of_both = [*LOCAL, *common, "shard=0,1"]
    assert main(sweep_of_both) == 0
    [job] = nothing_is_submitted
    assert job.shard == 1
    assert main([*common, "shard=1"]) == 0
    assert main(sweep_of_both) == 0
    assert len(nothing_is_submitted) == 1


# --- a job ---


@pytest.fixture
def job(tmp_path: Path, nothing_is_submitted: list[SweepJob]) -> SweepJob:
    """The one job of a sweep, as it was submitted."""
    assert main(sweep_words(tmp_path, "stage=interview")) == 0
    [submitted] = nothing_is_submitted
    return submitted


def test_a_job_runs_its_command_and_says_how_it_ended(job: SweepJob, tmp_path: Path) -> None:
    assert read_result(Path(job.sweep), job.number) is None
    assert job() == 0
    result = read_result(Path(job.sweep), job.number)
    assert result is not None
    assert (result.code, result.num_done, result.num_planned) == (0, 4, 4)
    assert result.host == socket.gethostname()
    assert Path(result.run_folder) == run_folder(tmp_path)


def test_a_job_that_fails_says_why_and_what_to_do(job: SweepJob) -> None:
    failing = replace(job, words=("model=mistral7b", "stage=interview"))
    assert failing() == 2
    result = read_result(Path(job.sweep), job.number)
    assert result is not None
    assert result.code == 2
    assert "stage=fetch" in result.fix
    assert (result.num_done, result.num_planned) == (0, 20 * 310)


def test_a_bug_in_a_job_is_told_and_goes_on_to_the_log(
    job: SweepJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> int:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("def_sim.app.sweep_job.main", broken)
    with pytest.raises(ZeroDivisionError):
        job()
    result = read_result(Path(job.sweep), job.number)
    assert result is not None
    assert (result.code, result.error) == (1, "ZeroDivisionError: planted")


@pytest.mark.parametrize("holds", [None, "of another sweep"])
def test_a_job_that_does_not_see_the_files_of_its_sweep_names_both_machines(
    holds: str | None, job: SweepJob
) -> None:
    token = Path(job.sweep) / JOBS / TOKEN
    token.unlink()
    if holds is not None:
        token.write_text(holds)
    with pytest.raises(ConfigError) as found:
        replace(job, host="login01")()
    assert "login01 has written" in found.value.message
    assert found.value.message.startswith(socket.gethostname())
    assert "all nodes share" in found.value.fix


def test_a_job_that_may_not_write_there_names_both_machines(job: SweepJob) -> None:
    """A file stands where its own is to be, which also root cannot write; nothing is asked."""
    (Path(job.sweep) / JOBS / f"{job.number}.0.began" / "x").mkdir(parents=True)
    with pytest.raises(ConfigError) as found:
        replace(job, host="login01")()
    assert found.value.message.startswith(f"{socket.gethostname()} cannot write into ")
    assert "which login01 can" in found.value.message
    assert not Path(job.run_folder).exists()


def test_the_files_of_a_job_hold_no_key(job: SweepJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-planted-000000000000")
    job()
    for path in Path(job.sweep).rglob("*"):
        assert not path.is_file() or b"planted" not in path.read_bytes()


# --- watching ---


def result_of(number: int, code: int, **more: object) -> JobResult:
    result = JobResult(
        number=number,
        words=("survey=us",),
        run_folder="outputs/demo/us/x",
        shard=0,
        num_shards=1,
        host="node1",
        slurm_job="7",
        restarts=0,
        code=code,
        num_done=4,
        num_planned=4,
    )
    return replace(result, **more)  # type: ignore[arg-type]


def write(folder: Path, result: JobResult) -> None:
    (folder / JOBS).mkdir(exist_ok=True)
    content = {**result.__dict__, "words": list(result.words)}
    (folder / JOBS / f"{result.number}.json").write_text(json.dumps(content))


class Clock:
    """Time that passes while somebody sleeps; what happens at a second is done then."""

    def __init__(self, happens: dict[int, Callable[[], None]]) -> None:
        self.now = 0.0
        self._happens = happens

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for second in [one for one in self._happens if one <= self.now]:
            self._happens.pop(second)()


def watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alive: set[int], happens: dict[int, Callable[[], None]]
) -> tuple[int, float]:
    """Watches three jobs, of which those in `alive` are at work.

    Returns:
        The exit code, and the seconds that it took.
    """
    clock = Clock(happens)
    monkeypatch.setattr(sweep_watch, "time", clock)
    jobs = {
        number: SimpleNamespace(
            job_id=str(70 + number),
            done=lambda number=number: number not in alive,
            paths=SimpleNamespace(
                stderr=tmp_path / f"{number}_log.err", stdout=tmp_path / f"{number}_log.out"
            ),
        )
        for number in range(3)
    }
    titles = {number: f"demo us, shard {number} of 3" for number in range(3)}
    return sweep_watch.watch_jobs(tmp_path, jobs, titles, is_slurm=False), clock.now


def test_all_jobs_done_is_code_0_and_a_line_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    happens = {10 * (one + 1): lambda one=one: write(tmp_path, result_of(one, 0)) for one in range(3)}
    assert watched(tmp_path, monkeypatch, {0, 1, 2}, happens) == (0, 30)
    said = capsys.readouterr().out
    assert "job 1  demo us, shard 1 of 3: done, 4 of 4 answers" in said
    assert "all 3 jobs are done" in said


@pytest.mark.parametrize(("code", "expected"), [(2, 2), (1, 1)])
def test_a_failing_job_is_named_with_its_cause_and_its_log(
    code: int,
    expected: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(tmp_path, result_of(0, 0))
    (tmp_path / "1_log.err").touch()
    write(tmp_path, result_of(1, code, error="No weights.", fix="Fetch them.", num_done=1))
    write(tmp_path, result_of(2, 0))
    assert watched(tmp_path, monkeypatch, set(), {})[0] == expected
    out, err = capsys.readouterr()
    assert f"shard 1 of 3: failed ({code}), 1 of 4 answers: No weights." in out
    assert "do:  Fetch them." in out
    assert "1 of 3 jobs failed; the same command again runs what is missing" in err
    assert "1_log.err" in err


def test_a_job_that_is_gone_without_a_word_has_vanished_after_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, result_of(0, 0))
    write(tmp_path, result_of(2, 0))
    code, seconds = watched(tmp_path, monkeypatch, set(), {})
    assert code == 1
    assert 60 <= seconds <= 75
    said = capsys.readouterr().err
    assert "job 1  demo us, shard 1 of 3: vanished without a word" in said
    # Without a log the first thought is that its node could write none.
    assert f"does not see {tmp_path}, which {socket.gethostname()} has written" in said


def test_a_job_that_was_queued_again_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, result_of(0, 0))
    write(tmp_path, result_of(1, 85, num_done=1))
    write(tmp_path, result_of(2, 0))
    happens = {200: lambda: write(tmp_path, result_of(1, 0, restarts=1))}
    assert watched(tmp_path, monkeypatch, {1}, happens) == (0, 200)


def test_the_extra_is_installed_with_the_tests() -> None:
    assert importlib.util.find_spec("submitit") is not None

"""Sweeps on a real Slurm of one node: arrays, requeued jobs, failing and killed ones.

Every merged result equals the run of one process, which is held beside it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cluster import running_cluster, why_not
from golden_runs import make_checkpoint
from waiting import HANG_S, comes_true

from def_sim.answers.storage.store import read_answers, same_answers

pytestmark = pytest.mark.slurm

ITEMS = "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q46,wvs7.Q48,wvs7.Q57,wvs7.Q152,wvs7.Q153,wvs7.Q164]"
SHORT = (ITEMS, "decoding.max_new_tokens=48", "scoring.draws=20", "respondents=4")
# A node of the test has no GPU and little memory.
SMALL = (
    *("hydra.launcher.gpus_per_node=null", "hydra.launcher.cpus_per_task=1", "hydra.launcher.mem_gb=1"),
    "hydra.launcher.partition=debug",
)


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """Of processes that see the cluster."""
    if why := why_not():
        pytest.skip(why)
    with TemporaryDirectory(prefix="slurm") as folder, running_cluster(Path(folder)) as configuration:
        yield {**os.environ, "SLURM_CONF": str(configuration), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """The output folder of the same runs, each held by one process."""
    output = tmp_path_factory.mktemp("alone")
    done = def_sim(environment, "-m", "stage=interview", "survey=us,cn", *SHORT, f"output={output}")
    assert done.returncode == 0, done.stderr
    return output


def started(environment: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "def_sim", *words]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def def_sim(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    process = started(environment, *words)
    out, err = process.communicate(timeout=HANG_S)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def sweep(output: Path, *more: str) -> tuple[str, ...]:
    return ("-m", "hydra/launcher=slurm", *SMALL, *SHORT, f"output={output}", *more)


def slurm(environment: dict[str, str], *command: str) -> str:
    asked = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def runs_below(output: Path) -> list[Path]:
    return sorted(path.parent for path in output.glob("*/*/*/manifest.json"))


def num_stored(output: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in output.glob("*/*/*/answers/*.jsonl"))


def assert_same(output: Path, alone: Path) -> None:
    for folder in runs_below(output):
        other = alone / folder.relative_to(output)
        assert same_answers(read_answers(folder), read_answers(other)), folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a second model: a random checkpoint in a folder, named by its absolute path."""
    checkpoint = make_checkpoint(tmp_path / "checkpoint")
    engine = {"path": str(checkpoint), "dtype": "float32", "prompt_style": "text"}
    model = {"defaults": ["hf", "_self_"], "name": "tiny", "is_tuned": False, "engine": engine}
    path = tmp_path / "home" / "conf" / "model" / "tiny.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(model))  # which is YAML
    return tmp_path / "home"


def test_two_models_two_surveys_and_two_shards_are_one_array_without_a_network(
    environment: dict[str, str], home: Path, tmp_path: Path
) -> None:
    """Eight jobs, four reports; the same line again submits nothing, and one process gives the same."""
    output, alone = tmp_path / "out", tmp_path / "alone"
    models = ("model=demo,tiny", "survey=us,cn", f"home={home}")
    words = sweep(output, *models, "num_shards=2", "shard=range(2)", "hydra.launcher.array_parallelism=2")
    done = def_sim(environment, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all 8 jobs are done" in done.stdout
    arrays = {one.partition("_")[0] for one in done.stdout.split("8 jobs: ")[1].split(";")[0].split(", ")}
    assert len(arrays) == 1
    assert [folder.parts[-3:-1] for folder in runs_below(output)] == [
        ("demo", "cn"), ("demo", "us"), ("tiny", "cn"), ("tiny", "us"),
    ]  # fmt: skip
    assert all((folder / "report.html").is_file() for folder in runs_below(output))
    again = def_sim(environment, *words)
    assert (again.returncode, "nothing is left to do" in again.stdout) == (0, True)
    assert len(list(output.glob("sweeps/*"))) == 1
    of_one = def_sim(environment, "-m", "stage=interview", *models, *SHORT, f"output={alone}")
    assert of_one.returncode == 0, of_one.stderr
    assert_same(output, alone)


def test_a_sweep_given_again_while_its_jobs_run_names_them_and_submits_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    words = sweep(tmp_path, "stage=interview", "survey=us", "respondents=40")
    process = started(environment, *words)
    assert comes_true(lambda: num_stored(tmp_path) >= 1 or process.poll() is not None, every_s=0.05)
    job = slurm(environment, "squeue", "--noheader", "--array", "--format=%i").strip()
    again = def_sim(environment, *words)
    queued = slurm(environment, "squeue", "--noheader", "--array", "--format=%i").strip()
    slurm(environment, "scancel", job)
    process.communicate(timeout=HANG_S)
    assert again.returncode == 2, again.stdout
    assert f"are not over yet: {job}. Nothing was submitted." in again.stderr
    assert f"scancel {job}" in again.stderr
    assert (queued, len(list(tmp_path.glob("sweeps/*")))) == (job, 1)


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        (["hydra.launcher.partition=nowhere"], "invalid partition specified: nowhere"),
        (["num_shards=10", "shard=range(10)", "respondents=10"], "Invalid job array specification"),
    ],
)
def test_what_slurm_refuses_is_said_in_its_own_words(
    more: list[str], refusal: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """No such partition; an array of ten where nine is the most (MaxArraySize)."""
    done = def_sim(environment, *sweep(tmp_path / "out", "stage=interview", "survey=us", *more))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "hydra/launcher=slurm cannot submit: " in done.stderr
    assert refusal in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "out").glob("sweeps/*")) == []


def test_an_output_folder_that_the_node_does_not_see_is_named_with_both_machines(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A file system that is mounted for the parent alone, under another host name."""
    output = tmp_path / "out"
    output.mkdir()
    words = sweep(output, "stage=interview", "survey=us")
    mounted = f'mount -t tmpfs tmpfs {output} && hostname login01 && exec "$@"'
    command = ["unshare", "--mount", "--uts", "bash", "-c", mounted, "bash"]
    done = subprocess.run(
        [*command, sys.executable, "-m", "def_sim", *words],
        env=environment, capture_output=True, text=True, check=False, timeout=HANG_S,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "vanished without a word" in done.stderr
    assert f"perhaps localhost does not see {output}/sweeps/" in done.stderr
    assert "which login01 has written" in done.stderr


def test_the_tasks_of_one_job_ask_a_shard_each_and_go_on_together_after_its_limit(
    environment: dict[str, str], alone: Path, tmp_path: Path
) -> None:
    """Both are told of the end of the time; the first alone puts the job back into the queue."""
    words = sweep(tmp_path, "survey=us", "shard=slurm", "hydra.launcher.tasks_per_node=2")
    process = started(environment, *words)
    assert comes_true(lambda: num_stored(tmp_path) >= 3 or process.poll() is not None, every_s=0.05)
    job = slurm(environment, "squeue", "--noheader", "--array", "--format=%i").splitlines()[0].strip()
    slurm(environment, "scancel", "--signal=USR2", job)
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 0, out + err
    assert "demo us, 2 tasks: done, 32 of 32 answers, queued again once" in out
    [folder] = runs_below(tmp_path)
    assert {path.name for path in (folder / "answers").iterdir()} == {
        f"shard-{rank:02d}-of-02.jsonl" for rank in range(2)
    }
    assert (folder / "report.html").is_file()
    assert_same(tmp_path, alone)


def test_a_killed_task_of_a_job_is_named_and_its_job_does_not_wait_for_it(
    environment: dict[str, str], alone: Path, tmp_path: Path
) -> None:
    """Without a wait for leases it is given up after the silence of a dead writer, two minutes."""
    words = sweep(tmp_path, "survey=us", "shard=slurm", "hydra.launcher.tasks_per_node=2", "lease.wait_s=0")
    process = started(environment, *words)
    second = "*/*/*/answers/shard-01-of-02.lease/*"
    assert comes_true(lambda: any(tmp_path.glob(second)) or process.poll() is not None, every_s=0.05)
    [mark] = tmp_path.glob(second)
    os.kill(int(mark.name.split(",")[2]), signal.SIGKILL)
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 2, out + err
    assert "demo us, 2 tasks: failed (2)" in out
    assert "task 1: it has given no sign of life for 120 s" in out
    assert comes_true(lambda: not slurm(environment, "squeue", "--noheader"), every_s=0.5)
    again = def_sim(environment, *words)
    assert again.returncode == 0, again.stdout + again.stderr
    assert_same(tmp_path, alone)


def test_a_run_that_fails_in_its_job_is_named_and_the_others_complete(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A file stands where the folder of one of two runs is to be: its job finds that, not the parent."""
    plan = def_sim(environment, "stage=plan", "survey=us", "seed=2", *SHORT).stdout
    [folder] = [line.split()[1] for line in plan.splitlines() if line.startswith("folder")]
    in_the_way = tmp_path / "demo" / "us" / Path(folder).name
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("no folder")
    done = def_sim(environment, *sweep(tmp_path, "stage=interview", "survey=us", "seed=1,2"))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "1 of 2 jobs failed; the same command again runs what is missing" in done.stderr
    assert "job 0  demo us: done, 32 of 32 answers" in done.stdout
    assert "job 1  demo us: failed (2), 0 of 32 answers" in done.stdout
    assert in_the_way.read_text() == "no folder"


def test_a_killed_job_that_nobody_queues_again_is_named_after_a_minute(
    environment: dict[str, str], alone: Path, tmp_path: Path
) -> None:
    words = sweep(tmp_path, "stage=interview", "survey=us")
    process = started(environment, *words)
    assert comes_true(lambda: num_stored(tmp_path) >= 3 or process.poll() is not None, every_s=0.05)
    [mark] = tmp_path.glob("*/*/*/answers/*.lease/*")
    pid = int(mark.name.split(",")[2])
    begin = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 1, out + err
    assert "job 0  demo us: vanished without a word" in err
    assert time.monotonic() - begin > 60  # a file system may show a result so much later
    assert def_sim(environment, *words).returncode == 0
    assert_same(tmp_path, alone)


def test_a_job_at_its_limit_is_queued_again_and_finishes(
    environment: dict[str, str], alone: Path, tmp_path: Path
) -> None:
    """Submitit's signal, sent by hand in the middle: flush, give the lease back, requeue, go on."""
    process = started(environment, *sweep(tmp_path, "stage=interview", "survey=us"))
    assert comes_true(lambda: num_stored(tmp_path) >= 3 or process.poll() is not None, every_s=0.05)
    job = slurm(environment, "squeue", "--noheader", "--array", "--format=%i").splitlines()[0].strip()
    slurm(environment, "scancel", "--signal=USR2", job)
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 0, out + err
    assert "queued again once" in out
    assert_same(tmp_path, alone)
    [folder] = runs_below(tmp_path)
    assert [path.suffix for path in (folder / "answers").iterdir()] == [".jsonl"]


def test_a_cancelled_job_stays_away_and_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    process = started(environment, *sweep(tmp_path, "stage=interview", "survey=us", "respondents=40"))
    assert comes_true(lambda: num_stored(tmp_path) >= 3 or process.poll() is not None, every_s=0.05)
    job = slurm(environment, "squeue", "--noheader", "--array", "--format=%i").splitlines()[0].strip()
    slurm(environment, "scancel", job)
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode in (1, 2), out + err
    assert "1 of 1 jobs failed" in err
    assert comes_true(lambda: slurm(environment, "squeue", "--noheader") == "", every_s=0.5)
    assert num_stored(tmp_path) < 40 * 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_jobs_outlive_the_command_that_submitted_them(
    environment: dict[str, str], alone: Path, tmp_path: Path, number: int
) -> None:
    process = started(environment, *sweep(tmp_path, "stage=interview", "survey=us,cn"))
    assert comes_true(lambda: num_stored(tmp_path) >= 1 or process.poll() is not None, every_s=0.05)
    process.send_signal(number)
    out, _ = process.communicate(timeout=HANG_S)
    if number == signal.SIGINT:
        assert process.returncode == 2
        assert "the jobs go on; end them with `scancel" in out
    assert comes_true(lambda: slurm(environment, "squeue", "--noheader") == "", every_s=0.5)
    assert_same(tmp_path, alone)
    assert num_stored(tmp_path) == 2 * 4 * 8
    status = def_sim(environment, "stage=status", f"runs={tmp_path}/**", "format=json")
    runs = json.loads(status.stdout)["runs"]
    assert [(one["shards"]["done"], one["done"]) for one in runs] == [(1, 32), (1, 32)]

"""`scripts/slurm_array.sh` on a real Slurm of one node, and what it refuses before it submits anything."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cluster import running_cluster, why_not
from waiting import HANG_S, comes_true

from def_sim.answers.storage.store import read_answers, same_answers

SCRIPT = Path(__file__).parents[2] / "scripts" / "slurm_array.sh"
ITEMS = "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q46,wvs7.Q48,wvs7.Q57,wvs7.Q152,wvs7.Q153,wvs7.Q164]"
SHORT = (ITEMS, "decoding.max_new_tokens=48", "scoring.draws=20")
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # `python` of the jobs is this one
# A node of the test has no GPU and little memory.
SMALL = {"PARTITION": "debug", "GPUS": "0", "CPUS": "1", "MEM": "1G"}


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """Of processes that see the cluster."""
    if why := why_not():
        pytest.skip(why)
    with TemporaryDirectory(prefix="slurm") as folder, running_cluster(Path(folder)) as configuration:
        yield {**os.environ, **SMALL, "PATH": PATH, "SLURM_CONF": str(configuration), "OMP_NUM_THREADS": "1"}


def script(environment: Mapping[str, str], folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", str(SCRIPT), *words],
        env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=HANG_S,
    )  # fmt: skip


def slurm(environment: Mapping[str, str], *command: str) -> str:
    asked = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def logs(folder: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.glob("slurm-*.log")))


def submitted_ids(done: "subprocess.CompletedProcess[str]") -> tuple[str, str]:
    """The ids of the array and of the report."""
    assert done.returncode == 0, done.stderr
    array, report = done.stdout.splitlines()
    assert (array.split()[0], report.split()[0]) == ("array", "report")
    return array.split()[1], report.split()[1]


def is_over(environment: Mapping[str, str]) -> bool:
    return slurm(environment, "squeue", "--noheader") == ""


def num_stored(output: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in output.glob("*/*/*/answers/*.jsonl"))


@pytest.mark.slurm
def test_an_array_that_is_queued_again_in_the_middle_ends_as_one_process_does(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The signal of the time limit, sent by hand; the report waits for all shards."""
    words = [*SHORT, "respondents=16"]
    setup = tmp_path / "setup.sh"
    setup.write_text("export MARK_OF_SETUP=1\necho setup was sourced\n")
    done = script(
        {**environment, "SETUP": "setup.sh"}, tmp_path, *words, f"output={tmp_path}/out", "num_shards=2"
    )
    array, report = submitted_ids(done)
    shown = slurm(environment, "scontrol", "show", "job", report)
    assert f"afterok:{array}" in shown
    assert "gres/gpu" not in shown
    assert comes_true(lambda: num_stored(tmp_path / "out") >= 3 or is_over(environment), every_s=0.05)
    slurm(environment, "scancel", "--batch", "--signal=USR1", f"{array}_0")
    assert comes_true(lambda: is_over(environment), every_s=0.5)
    said = logs(tmp_path)
    assert "Interrupted by SIGUSR1" in said
    assert said.count("setup was sourced") == 4  # two shards, one of them twice, and the report
    [folder] = (path.parent for path in tmp_path.glob("out/*/*/*/manifest.json"))
    assert (folder / "report.html").is_file(), said
    alone = subprocess.run(
        [sys.executable, "-m", "def_sim", *words, "stage=interview", f"output={tmp_path}/alone"],
        env=environment, capture_output=True, text=True, check=False, timeout=HANG_S,
    )  # fmt: skip
    assert alone.returncode == 0, alone.stderr
    [other] = (path.parent for path in tmp_path.glob("alone/*/*/*/manifest.json"))
    assert same_answers(read_answers(folder), read_answers(other))


@pytest.mark.slurm
def test_a_report_does_not_wait_for_an_array_that_failed(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("no folder")
    submitted_ids(script(environment, tmp_path, *SHORT, "respondents=2", f"output={tmp_path}/out"))
    assert comes_true(lambda: is_over(environment), every_s=0.5)
    assert "error: " in logs(tmp_path)


@pytest.mark.slurm
def test_a_run_is_not_queued_while_its_array_is_there_and_is_afterwards(
    environment: dict[str, str], tmp_path: Path
) -> None:
    words = (*SHORT, "respondents=2", f"output={tmp_path}/out")
    array, report = submitted_ids(script(environment, tmp_path, *words, "num_shards=2"))
    again = script(environment, tmp_path, *words, "num_shards=2")
    assert again.returncode == 2
    assert f"Array {array} of this run" in again.stderr
    slurm(environment, "scancel", array, report)
    assert comes_true(lambda: is_over(environment), every_s=0.5)
    later, report = submitted_ids(script(environment, tmp_path, *words, "num_shards=2"))
    assert later != array
    slurm(environment, "scancel", later, report)
    assert comes_true(lambda: is_over(environment), every_s=0.5)


@pytest.mark.slurm
def test_what_sbatch_refuses_is_said_in_its_own_words(environment: dict[str, str], tmp_path: Path) -> None:
    done = script({**environment, "PARTITION": "nowhere"}, tmp_path, *SHORT)
    assert done.returncode == 2
    assert "invalid partition specified: nowhere" in done.stderr
    assert is_over(environment)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["shard=1"], "shard= is given by this script, found shard=1."),
        (["stage=report"], "found stage=report."),
        (["num_shards=0"], "num_shards=0 is no number from 1."),
        (["-m", "seed=1,2"], "This script submits one run, found -m."),
        (["survey=nowhere"], "survey=nowhere"),
    ],
)
def test_a_mistake_ends_before_anything_is_submitted(words: list[str], message: str, tmp_path: Path) -> None:
    """An sbatch that would leave a file if it were called."""
    sbatch = tmp_path / "bin" / "sbatch"
    sbatch.parent.mkdir()
    sbatch.write_text(f"#!/bin/sh\ntouch {tmp_path}/submitted\n")
    sbatch.chmod(0o755)
    environment = {**os.environ, "PATH": f"{sbatch.parent}:{PATH}"}
    done = script(environment, tmp_path, *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert "do:" in done.stderr
    assert not (tmp_path / "submitted").exists()


# A Slurm that queues whatever it is given, under its name, and lists it by that.
QUEUE = {
    "sbatch": """#!/bin/sh
for word; do case $word in --job-name=*) name=${word#*=} ;; esac; done
echo "$name" >> queued
wc -l < queued
""",
    "squeue": """#!/bin/sh
for word; do case $word in --name=*) name=${word#*=} ;; esac; done
grep -nx "$name" queued | cut -d: -f1
""",
}


def queue(folder: Path, **commands: str) -> dict[str, str]:
    """The environment in which these are Slurm's commands."""
    for name, text in commands.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{PATH}"}


def test_a_run_whose_array_waits_is_not_queued_again_and_another_one_is(tmp_path: Path) -> None:
    environment = queue(tmp_path, **QUEUE)
    words = (ITEMS, "respondents=2", f"output={tmp_path}/out")
    submitted = submitted_ids(script(environment, tmp_path, *words, "num_shards=2"))
    assert submitted == ("1", "2")
    again = script(environment, tmp_path, "num_shards=1", *words)  # the same run, otherwise divided
    assert again.returncode == 2
    assert "error: Array 1 of this run" in again.stderr
    assert "scancel 1; then the same command goes on" in again.stderr
    assert len((tmp_path / "queued").read_text().split()) == 2
    assert submitted_ids(script(environment, tmp_path, *words, "seed=2")) == ("3", "4")


def test_an_array_is_queued_where_squeue_does_not_answer(tmp_path: Path) -> None:
    environment = queue(tmp_path, **{**QUEUE, "squeue": "#!/bin/sh\nexit 1\n"})
    words = (ITEMS, "respondents=2", f"output={tmp_path}/out")
    assert submitted_ids(script(environment, tmp_path, *words)) == ("1", "2")
    assert submitted_ids(script(environment, tmp_path, *words)) == ("3", "4")


# Stand in for Python, which ends with 85 at USR1, and for Slurm's command, which notes what it was told.
FAKES = {
    "python": "#!/bin/sh\ntrap 'kill $!; exit 85' USR1\ntouch began\nsleep 600 &\nwait\n",
    "scontrol": '#!/bin/sh\necho "$@" > told\n',
}


@pytest.mark.parametrize(("restarts", "code", "told"), [("0", 0, "requeue 7_3\n"), ("20", 2, None)])
def test_a_job_passes_the_signal_on_and_queues_itself_again_20_times_at_most(
    restarts: str, code: int, told: str | None, tmp_path: Path
) -> None:
    environment = queue(tmp_path, **FAKES)
    of_slurm = {"SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "3", "SLURM_RESTART_COUNT": restarts}
    job = subprocess.Popen(
        ["bash", str(SCRIPT), "--work", "stage=interview"],
        env={**environment, **of_slurm},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert comes_true((tmp_path / "began").exists)
    job.send_signal(signal.SIGUSR1)
    _, said = job.communicate(timeout=HANG_S)
    assert job.returncode == code, said
    assert ((tmp_path / "told").read_text() if (tmp_path / "told").exists() else None) == told
    assert ("queued again 20 times" in said) == (told is None)


def test_the_script_holds_to_what_shellcheck_asks_for() -> None:
    if (shellcheck := shutil.which("shellcheck")) is None:
        pytest.skip("shellcheck is not installed")
    found = subprocess.run([shellcheck, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert found.stdout == ""

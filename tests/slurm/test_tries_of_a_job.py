"""Second tries of a job on a real Slurm: beside a lease left on another machine, and after the time limit."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cluster import running_cluster, why_not
from http_on_loopback import JsonHandler, serving
from waiting import HANG_S, comes_true

from def_sim.answers.storage.store import read_answers, same_answers

pytestmark = pytest.mark.slurm

ITEMS = "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q46,wvs7.Q48,wvs7.Q57,wvs7.Q152,wvs7.Q153,wvs7.Q164]"
# Another host by all that a process can see: host name, and its own process numbers.
SCRIPT = """\
#!/bin/bash
if [ "${SLURM_RESTART_COUNT:-0}" -eq 0 ]; then
  "$PYTHON" -m def_sim "$@" &
  echo $! > first.pid
  wait
  exec sleep 600
fi
exec unshare --uts --pid --fork --mount-proc \
  bash -c 'hostname elsewhere; exec "$PYTHON" -m def_sim "$@"' bash "$@"
"""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """Of processes that see the cluster."""
    if why := why_not():
        pytest.skip(why)
    with TemporaryDirectory(prefix="slurm") as folder, running_cluster(Path(folder)) as configuration:
        more = {"PYTHON": sys.executable, "OPENAI_API_KEY": "none", "OMP_NUM_THREADS": "1"}
        yield {**os.environ, "SLURM_CONF": str(configuration), **more}


def told(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3 * HANG_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def run_folder(output: Path) -> Path:
    [folder] = (path.parent for path in output.glob("*/*/*/manifest.json"))
    return folder


def num_stored(output: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in output.glob("*/*/*/answers/*.jsonl"))


def is_over(environment: dict[str, str]) -> bool:
    return told(environment, "squeue", "--noheader") == ""


def test_a_second_try_on_another_machine_waits_until_the_killed_first_one_is_taken_for_dead(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """It begins 40 s after the kill, and 120 silent seconds are what it takes: about 80 s of waiting."""
    words = [ITEMS, "decoding.max_new_tokens=48", "respondents=8", "stage=interview"]
    (tmp_path / "job.sh").write_text(SCRIPT)
    options = ["--parsable", "--requeue", "--open-mode=append", "--output=job.log", f"--chdir={tmp_path}"]
    job = told(environment, "sbatch", *options, str(tmp_path / "job.sh"), *words, f"output={tmp_path}/out")
    assert comes_true(lambda: num_stored(tmp_path / "out") >= 3, every_s=0.05)
    pid = int((tmp_path / "first.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    killed_at = time.monotonic()
    told(environment, "scontrol", "requeuehold", job)
    time.sleep(40 - (time.monotonic() - killed_at))
    told(environment, "scontrol", "release", job)
    assert comes_true(lambda: is_over(environment), every_s=0.5)
    said = (tmp_path / "job.log").read_text()
    waits = [line for line in said.splitlines() if line.startswith(f"waiting for process {pid} on ")]
    assert waits, said
    assert all(line.endswith("taken over at 120 s") for line in waits)
    assert time.monotonic() - killed_at > 110  # the last sign of life was a few seconds before the kill
    told(environment, sys.executable, "-m", "def_sim", *words, f"output={tmp_path}/alone")
    folder, alone = run_folder(tmp_path / "out"), run_folder(tmp_path / "alone")
    assert same_answers(read_answers(folder), read_answers(alone))
    assert [path.suffix for path in (folder / "answers").iterdir()] == [".jsonl"]


class Slow(JsonHandler):
    """A model that takes its time; what it says depends on the question alone."""

    delay_s = 0.6
    num_asked = 0

    def answer(self) -> None:
        body = self.body()
        type(self).num_asked += 1
        time.sleep(self.delay_s)
        number = hashlib.sha256(json.dumps(body["messages"]).encode()).digest()[0]
        message = {"role": "assistant", "content": f"Answer: {number % 2 + 1}\nExplanation: {number}."}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60}
        with suppress(ConnectionError):  # of a try whose time has ended
            self.send_json(200, {"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage})


def test_a_sweep_whose_jobs_have_one_minute_is_queued_again_until_it_is_done(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """128 answers take 77 s at least; Slurm itself announces the end of the time."""
    limits = ("timeout_min=1", "signal_delay_s=5", "gpus_per_node=null", "cpus_per_task=1", "mem_gb=1")
    launcher = ["hydra/launcher=slurm", *(f"hydra.launcher.{one}" for one in limits)]
    with serving(Slow) as address:
        words = [
            *(ITEMS, "respondents=16", "stage=interview", "max_in_flight=1", "model=server"),
            *(
                f"model.engine.base_url={address}/v1",
                "model.engine.model_name=m",
                "model.engine.probes=false",
            ),
        ]
        command = [sys.executable, "-m", "def_sim", "-m", *launcher, *words]
        said = told(environment, *command, f"output={tmp_path}/out")
        num_asked, Slow.delay_s = Slow.num_asked, 0.0
        told(environment, sys.executable, "-m", "def_sim", *words, f"output={tmp_path}/alone")
    assert "done, 128 of 128 answers, queued again" in said
    [result] = (tmp_path / "out").glob("sweeps/*/jobs/0.json")
    restarts = json.loads(result.read_bytes())["restarts"]
    assert 1 <= restarts <= 20
    assert 128 <= num_asked <= 128 + restarts  # one question is under way when the time ends
    folder, alone = run_folder(tmp_path / "out"), run_folder(tmp_path / "alone")
    assert same_answers(read_answers(folder), read_answers(alone))

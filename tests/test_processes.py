"""Work in several processes: the same results, the same errors, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waiting import HANG_S, comes_true

from def_sim.errors import DefSimError, StoreError
from def_sim.processes import WorkerProcesses, num_usable_cores

FOLDERS = [str(Path(__file__).parent)]  # of this file and of what it imports
# A command that holds two processes, prints their ids and waits for them.
WAITING = """
import signal, sys
sys.path[:0] = {folders!r}
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell makes its background jobs deaf to it
from def_sim.processes import WorkerProcesses
from test_processes import tell_and_wait
if __name__ == "__main__":
    with WorkerProcesses(2) as workers:
        workers.map(tell_and_wait, [{folder!r}] * 2)
"""


def slow_for_the_first(task: int) -> tuple[int, int]:
    time.sleep(0.3 if task == 0 else 0)
    return task, os.getpid()


def fail_on_odd(task: int) -> int:
    if task % 2:
        raise StoreError(f"Task {task} is odd.", fix="Take an even one.")
    return task


def die(task: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return task


def tell_and_wait(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(HANG_S)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_results_come_in_the_order_of_the_tasks_from_other_processes() -> None:
    with WorkerProcesses(2) as workers:
        found = workers.map(slow_for_the_first, range(4)) + workers.map(slow_for_the_first, range(4))
    assert [task for task, _ in found] == [0, 1, 2, 3] * 2
    assert os.getpid() not in {process for _, process in found}
    assert len({process for _, process in found}) <= 2


@pytest.mark.parametrize(("num_processes", "num_tasks"), [(1, 3), (2, 1)])
def test_with_one_core_or_one_task_no_process_is_started(num_processes: int, num_tasks: int) -> None:
    with WorkerProcesses(num_processes) as workers:
        found = workers.map(slow_for_the_first, range(num_tasks))
    assert {process for _, process in found} == {os.getpid()}


@pytest.mark.parametrize("num_processes", [1, 2])
def test_an_error_arrives_as_it_was_raised(num_processes: int) -> None:
    with pytest.raises(StoreError) as caught, WorkerProcesses(num_processes) as workers:
        workers.map(fail_on_odd, range(4))
    assert (caught.value.message, caught.value.fix) == ("Task 1 is odd.", "Take an even one.")


def test_a_process_that_was_killed_is_an_error_with_a_fix() -> None:
    with pytest.raises(DefSimError, match="want of memory") as caught, WorkerProcesses(2) as workers:
        workers.map(die, range(2))
    assert "run the same command again" in caught.value.fix


def test_at_least_one_core_is_usable() -> None:
    assert 1 <= num_usable_cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize("end", ["Ctrl-C", "killed"])
def test_no_process_outlives_the_one_that_started_it(end: str, tmp_path: Path) -> None:
    script = tmp_path / "waiting.py"
    pids = tmp_path / "pids"
    pids.mkdir()
    script.write_text(WAITING.format(folders=FOLDERS, folder=str(pids)), encoding="utf-8")
    started = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE, start_new_session=True)
    assert comes_true(lambda: len(list(pids.iterdir())) == 2)
    workers = [int(path.name) for path in pids.iterdir()]
    if end == "Ctrl-C":
        os.killpg(started.pid, signal.SIGINT)  # as a terminal does: to all of them
    else:
        started.kill()
    _, said = started.communicate(timeout=HANG_S)
    assert comes_true(lambda: not any(map(is_alive, workers)))
    assert said.count(b"Traceback") == (1 if end == "Ctrl-C" else 0)  # the script's own, none of a worker


SCRIPT = """
from def_sim.processes import WorkerProcesses
print("begun", __name__, flush=True)
with WorkerProcesses(2) as workers:
    print(workers.map(len, ["a", "bc"]), __file__.endswith("script.py"))
"""


def test_a_script_that_uses_processes_is_run_once(tmp_path: Path) -> None:
    """A user's script has no `if __name__ == "__main__"`, and new processes import the main module."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=HANG_S, check=False
    )
    assert (done.stdout, done.stderr) == ("begun __main__\n[1, 2] True\n", "")

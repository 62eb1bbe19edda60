"""Signals that ask a command to stop: it says where it stands, leaves nothing behind, and can go on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from runs import num_lines, run, run_folder, start, words
from waiting import HANG_S, comes_true

from def_sim.answers.storage.store import read_answers, same_answers

pytestmark = pytest.mark.slow

FOLDERS = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

# One call of torch that takes minutes, in the place of a step of the model.
COMPUTE_FOR_MINUTES = """
import sys, torch
from def_sim.__main__ import main
from def_sim.engines.local.slot_runner import SlotRunner
def step(runner):
    print("computing", flush=True)
    torch.linalg.svd(torch.rand(6000, 6000, dtype=torch.float64))
    print("computed", flush=True)
    return []
SlotRunner.step = step
main()
"""

COMPARE_FOR_MINUTES = """
import sys
sys.path[:0] = {folders!r}
from def_sim.processes import WorkerProcesses
from def_sim.app.signals import Interrupted, heeding_signals
from test_processes import tell_and_wait
if __name__ == "__main__":
    try:
        with heeding_signals(), WorkerProcesses(2) as workers:
            workers.map(tell_and_wait, [{folder!r}] * 2)
    except Interrupted as stop:
        sys.exit(stop.exit_code)
"""

DOWNLOAD_FOR_MINUTES = """
import time
from concurrent.futures import ThreadPoolExecutor
from def_sim.app.signals import heeding_signals, leaving_at_once
with heeding_signals(), leaving_at_once(lambda stop: print(stop.as_error, flush=True)):
    with ThreadPoolExecutor() as pool:
        pool.submit(time.sleep, 1000)
        print("waiting", flush=True)
"""

CLEAR_UP_FOR_MINUTES = """
import time
from def_sim.app.signals import Interrupted, heeding_signals
with heeding_signals():
    try:
        print("waiting", flush=True)
        time.sleep(1000)
    except Interrupted:
        print("clearing up", flush=True)
        time.sleep(1000)
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of interviews that nothing happened to."""
    output = tmp_path_factory.mktemp("undisturbed")
    done = run(words(output, "stage=interview"))
    assert done.returncode == 0, done.stderr
    return output


def started(code: str, *arguments: str, **options: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,  # type: ignore[call-overload]
    )


def has_lines(output: Path, number: int, process: "subprocess.Popen[str]") -> bool:
    """Waits for so many answers; False if the process ended before."""
    assert comes_true(lambda: num_lines(output) >= number or process.poll() is not None, every_s=0.002)
    return process.poll() is None


@pytest.mark.parametrize(
    ("name", "job", "code"),
    [
        ("SIGTERM", "", 2),
        # The handler is one for all signals; each takes two interviews.
        pytest.param("SIGHUP", "", 2, marks=pytest.mark.full),
        pytest.param("SIGUSR1", "", 2, marks=pytest.mark.full),
        pytest.param("SIGUSR1", "4711", 85, marks=pytest.mark.full),
        pytest.param("SIGUSR2", "4711", 85, marks=pytest.mark.full),  # also in tests/slurm
    ],
)
def test_a_signal_ends_interviews_in_order_and_the_same_command_goes_on(
    name: str, job: str, code: int, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    if job:
        monkeypatch.setenv("SLURM_JOB_ID", job)
    process = start(words(tmp_path, "stage=interview"), start_new_session=True)
    if has_lines(tmp_path, 3, process):
        process.send_signal(getattr(signal, name))
        _, said = process.communicate(timeout=HANG_S)
        assert process.returncode == code
        assert f"Interrupted by {name}: {num_lines(tmp_path)} of 24 answered." in said
        assert "The same command goes on where it stopped." in said
        assert "Traceback" not in said
        assert sorted(path.name for path in (run_folder(tmp_path) / "answers").iterdir()) == [
            "shard-00-of-01.jsonl",
            "shard-00-of-01.progress.json",  # says to others why it stopped
        ]
        with pytest.raises(ProcessLookupError):  # nobody of its session is left
            os.killpg(process.pid, 0)
    again = run(words(tmp_path, "stage=interview"))
    assert again.returncode == 0, again.stderr
    assert [path.suffix for path in (run_folder(tmp_path) / "answers").iterdir()] == [".jsonl"]
    assert same_answers(read_answers(run_folder(tmp_path)), read_answers(run_folder(undisturbed)))


def test_a_signal_that_the_command_was_told_to_ignore_stays_ignored(tmp_path: Path) -> None:
    def as_nohup_does() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = start(words(tmp_path, "stage=interview"), preexec_fn=as_nohup_does)
    if has_lines(tmp_path, 1, process):
        process.send_signal(signal.SIGHUP)
    process.communicate(timeout=HANG_S)
    assert process.returncode == 0
    assert num_lines(tmp_path) == 24


def test_a_sweep_stops_as_a_whole(tmp_path: Path) -> None:
    process = start(["-m", "seed=1,2", *words(tmp_path, "stage=interview", respondents=12)])
    assert has_lines(tmp_path, 3, process)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=HANG_S)
    assert process.returncode == 2
    assert said.count("Interrupted by SIGTERM") == 1
    assert "Traceback" not in said
    assert len(list(tmp_path.glob("demo/us/*"))) == 1  # the second run was never begun


def test_a_long_call_of_torch_keeps_nobody_waiting(tmp_path: Path) -> None:
    process = started(COMPUTE_FOR_MINUTES, *words(tmp_path, "stage=interview"))
    assert process.stdout is not None
    assert any(line == "computing\n" for line in process.stdout)
    process.send_signal(signal.SIGTERM)
    printed, said = process.communicate(timeout=HANG_S)
    assert process.returncode == 2, said
    assert "computed" not in printed
    assert "Interrupted by SIGTERM: 0 of 24 answered." in said
    assert list((run_folder(tmp_path) / "answers").glob("*.lease")) == []


@pytest.mark.parametrize(("name", "is_for_all"), [("SIGTERM", False), ("SIGHUP", True), ("SIGUSR1", True)])
def test_a_comparison_takes_its_processes_along(name: str, is_for_all: bool, tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    script = tmp_path / "comparing.py"
    script.write_text(COMPARE_FOR_MINUTES.format(folders=FOLDERS, folder=str(tmp_path / "pids")), "utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert comes_true(lambda: len(list((tmp_path / "pids").iterdir())) == 2)
    send = os.killpg if is_for_all else os.kill
    send(process.pid, getattr(signal, name))
    _, said = process.communicate(timeout=HANG_S)
    assert process.returncode == 2
    assert "Traceback" not in said
    assert comes_true(lambda: is_gone(process.pid))


def is_gone(session: int) -> bool:
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_report_that_is_interrupted_is_written_by_the_next_command(
    undisturbed: Path, tmp_path: Path
) -> None:
    folder = run_folder(undisturbed)
    process = start(["stage=report", f"run_folder={folder}"])
    written = folder / "metrics.csv"  # in the middle: figures and the page are still to come
    assert comes_true(lambda: written.exists() or process.poll() is not None, every_s=0.002)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=HANG_S)
    assert process.returncode == 2
    assert "Interrupted by SIGTERM." in said
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert run(["stage=report", f"run_folder={folder}"]).returncode == 0
    assert (folder / "complete.json").is_file()


@pytest.mark.parametrize(
    ("code", "lines", "num_signals", "ending"),
    [
        (DOWNLOAD_FOR_MINUTES, ["waiting", "Interrupted by SIGTERM."], 1, 2),
        (CLEAR_UP_FOR_MINUTES, ["waiting", "clearing up"], 2, -signal.SIGTERM),
    ],
)
def test_what_cannot_be_broken_into_and_what_is_told_twice_ends_at_once(
    code: str, lines: list[str], num_signals: int, ending: int
) -> None:
    process = started(code)
    assert process.stdout is not None
    for line in lines[:num_signals]:
        assert process.stdout.readline().strip() == line
        process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=HANG_S)
    assert process.returncode == ending
    assert rest.splitlines()[:1] == lines[num_signals:]


BREAK_INTO_A_DESTRUCTOR = """
import os, signal, sys
from def_sim.app.signals import Interrupted, heeding_signals
class Cleared:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(1000):
            pass
try:
    with heeding_signals():
        cleared = Cleared()
        del cleared
        print("went on", flush=True)
except Interrupted as stop:
    sys.exit(stop.exit_code)
"""


def test_a_signal_that_python_passes_over_ends_the_work_without_a_traceback() -> None:
    """Python ignores exceptions in destructors and callbacks of weak references, and says so."""
    done = subprocess.run(
        [sys.executable, "-c", BREAK_INTO_A_DESTRUCTOR],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "went on\n", "")


IN_A_LOOP = """
import asyncio, os, signal, threading
from def_sim.app.signals import Interrupted, heeding_signals, is_stopping, run_coroutine

async def wait():
    print("asking", threading.current_thread() is threading.main_thread(), flush=True)
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        await asyncio.sleep(1000)
    finally:
        print("put away", flush=True)

async def answer():
    return 42

async def cell(work):
    with heeding_signals(is_call=True):
        return run_coroutine(work)

handler = signal.getsignal(signal.SIGINT)
try:
    asyncio.run(cell(wait()))
except Interrupted as stop:
    print("interrupted", signal.Signals(stop.number).name, is_stopping(), flush=True)
print(signal.getsignal(signal.SIGINT) is handler, asyncio.run(cell(answer())))
"""


def test_beside_a_loop_that_runs_already_work_is_cancelled_and_the_process_goes_on() -> None:
    """As in a notebook, whose cells run within a loop; its process is not ours to end."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_LOOP], capture_output=True, text=True, timeout=HANG_S, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["asking False", "put away", "interrupted SIGINT False", "True 42"]


TWICE = """
import asyncio, os, signal, threading, time
from def_sim.app.signals import heeding_signals, run_coroutine

async def linger():
    os.kill(os.getpid(), signal.SIGINT)
    try:
        await asyncio.sleep(1000)
    finally:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1000)

async def cell():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a kernel
    with heeding_signals(is_call=True):
        run_coroutine(linger())

try:
    asyncio.run(cell())
except KeyboardInterrupt as stop:
    print(type(stop).__name__, flush=True)
"""


def test_a_second_signal_in_a_call_does_what_it_did_before_the_call() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TWICE], capture_output=True, text=True, timeout=HANG_S, check=False
    )
    assert (done.returncode, done.stdout) == (0, "KeyboardInterrupt\n")

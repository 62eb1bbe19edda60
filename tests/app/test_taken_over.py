"""A process that is stopped for so long that another machine takes its shard over, and then wakes up."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from runs import num_lines, run, run_folder, words
from waiting import HANG_S, comes_true

from def_sim.answers.storage.store import read_answers, same_answers

# A process of this host by any other name is one of another machine: nobody here looks its number up.
ON_NODE17 = """
import socket, sys
socket.gethostname = lambda: "node17"
from def_sim.app.main import main
sys.exit(main(sys.argv[1:]))
"""


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="states of processes are read from /proc")
def test_a_process_stopped_for_200_s_is_taken_over_and_stops_when_it_wakes(tmp_path: Path) -> None:
    """Its mark is 200 s old, as if it had slept so long. Each question is asked once by who ends the run."""
    arguments = words(tmp_path / "out", "stage=interview", respondents=5)
    sleeper = subprocess.Popen(
        [sys.executable, "-c", ON_NODE17, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert comes_true(lambda: num_lines(tmp_path / "out") >= 1 or sleeper.poll() is not None)
    sleeper.send_signal(signal.SIGSTOP)
    assert comes_true(lambda: is_stopped(sleeper.pid))
    num_before = num_lines(tmp_path / "out")
    [mark] = (run_folder(tmp_path / "out") / "answers").glob("*.lease/*")
    assert mark.name.startswith("node17,")
    os.utime(mark, (time.time() - 200, time.time() - 200))
    other = run(arguments)
    assert other.returncode == 0, other.stderr
    num_after = num_lines(tmp_path / "out")
    sleeper.send_signal(signal.SIGCONT)
    _, said = sleeper.communicate(timeout=HANG_S)
    assert sleeper.returncode == 2, said
    assert "was this process suspended for minutes?" in said
    assert "Nothing stored is lost" in said
    assert 1 <= num_before < num_after == num_lines(tmp_path / "out") == 5 * 8
    alone = run([*words(tmp_path / "alone", "stage=interview", respondents=5)])
    assert alone.returncode == 0, alone.stderr
    found, expected = (read_answers(run_folder(tmp_path / one)) for one in ("out", "alone"))
    assert same_answers(found, expected)

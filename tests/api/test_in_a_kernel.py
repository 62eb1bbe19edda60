"""Interviews from a notebook: in a real Jupyter kernel, interrupted and held again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from waiting import HANG_S, comes_true

pytestmark = pytest.mark.slow

ITEMS = ["wvs7.Q1", "wvs7.Q7_17", "wvs7.Q46", "wvs7.Q48", "wvs7.Q57", "wvs7.Q152", "wvs7.Q153", "wvs7.Q164"]
SETTINGS = {"decoding.max_new_tokens": 48, "scoring.draws": 20}


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[KernelManager]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(tmp_path))
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.fixture
def cells(kernel: KernelManager) -> Iterator[BlockingKernelClient]:
    client = kernel.client()
    client.start_channels()
    client.wait_for_ready(timeout=HANG_S)
    yield client
    client.stop_channels()


def reply_of(cells: BlockingKernelClient, request: str) -> dict[str, object]:
    while (message := cells.get_shell_msg(timeout=HANG_S))["parent_header"].get("msg_id") != request:
        pass
    return message["content"]


def reply_to(cells: BlockingKernelClient, code: str) -> dict[str, object]:
    return reply_of(cells, cells.execute(code))


def lines(folder: Path) -> list[bytes]:
    journals = folder.glob("*/*/*/*/answers/*.jsonl")
    return [line for path in journals for line in path.read_bytes().splitlines(keepends=True)]


def keys(journal: list[bytes]) -> list[tuple[str, ...]]:
    answers = [json.loads(line) for line in journal]
    return [(one["respondent_id"], one["item_id"], one["wording"]) for one in answers]


def test_an_interrupted_cell_gives_the_lease_back_and_its_repetition_asks_nothing_twice(
    kernel: KernelManager, cells: BlockingKernelClient, tmp_path: Path
) -> None:
    interview = f"run = d.interview(respondents=15, items={ITEMS}, settings={SETTINGS})"
    assert reply_to(cells, "import def_sim as d; mine = 41")["status"] == "ok"
    # After an error a kernel aborts the cells that wait; the repetition would race with the end of that.
    request = cells.execute(interview, stop_on_error=False)
    assert comes_true(lambda: len(lines(tmp_path)) >= 3, every_s=0.002)
    kernel.interrupt_kernel()
    interrupted = reply_of(cells, request)
    so_far = lines(tmp_path)
    assert interrupted.get("ename") == "CallInterrupted", interrupted
    assert interrupted["traceback"] == [interrupted["evalue"]]  # and no way through the code
    assert interrupted["evalue"] == (
        f"Interrupted by SIGINT: {len(so_far)} of 120 answered. The same call goes on where it stopped."
    )
    assert not list(tmp_path.glob("*/*/*/*/answers/*.lease"))

    again = reply_to(cells, f"{interview}; told = (mine, run.is_complete, len(run.answers))")
    assert again["status"] == "ok", again
    held = lines(tmp_path)
    assert held[: len(so_far)] == so_far
    assert len(held) == len(set(keys(held))) == 120
    assert reply_to(cells, "assert told == (41, True, 120), told")["status"] == "ok"


def test_an_error_in_a_cell_shows_what_to_do_and_nothing_else(cells: BlockingKernelClient) -> None:
    reply = reply_to(cells, "import def_sim; def_sim.interview(settings={'respondnts': 3})")
    assert reply["ename"] == "ConfigError"
    message = "There is no parameter 'respondnts'; `respondents` is what it is called."
    assert reply["evalue"].startswith(f"{message}\n")
    first, fix = reply["traceback"]
    assert first == f"ConfigError: {message}"
    assert fix.startswith("  do:  ")

"""A small model in several processes: it makes no difference who answers, and no process is left behind."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from waiting import HANG_S, comes_true

from def_sim.engines.local.model_processes import MUCH, ModelProcesses, most_processes
from def_sim.engines.local.settings import EngineSettings
from def_sim.engines.shared.notices import Notices
from def_sim.errors import ConfigError, EngineError
from def_sim.processes import MOST_PROCESSES
from def_sim.records import Completion, Request

MakeRequest = Callable[..., Request]
NUM_REQUESTS = 8

# Starts a model in two processes, prints the other's id when it answers, and waits.
WAITING = """
import multiprocessing, time
if __name__ == "__main__":
    from def_sim.engines.local.model_processes import ModelProcesses
    from def_sim.engines.local.settings import EngineSettings
    from def_sim.engines.shared.notices import Notices
    from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role
    key = RequestKey(1, "r00001", "wvs7.Q1", 0)
    request = Request((Message(Role.USER, "Work?"),), DecodingConfig(max_new_tokens=4), key)
    settings = EngineSettings({path!r}, dtype="float32", device="cpu", num_processes=2)
    model = ModelProcesses(settings, 2, Notices())
    model.loaded.result()
    model.put(request).result()
    [child] = multiprocessing.active_children()
    print(child.pid, flush=True)
    time.sleep({hang_s})
"""


def settings_of(checkpoint: Path, **settings: Any) -> EngineSettings:
    return EngineSettings(str(checkpoint), **{"dtype": "float32", "device": "cpu", **settings})


@contextmanager
def two_processes(checkpoint: Path, a_request: Request) -> Iterator[ModelProcesses]:
    """A model that this process and another have."""
    model = ModelProcesses(settings_of(checkpoint, num_processes=2), 2, Notices())
    try:
        model.loaded.result(HANG_S)
        assert model.num_answering == 1
        model.put(a_request).result(HANG_S)
        assert comes_true(lambda: model.num_answering == 2)
        yield model
    finally:
        model.close()


def texts(completions: "list[Future[Completion]]") -> list[str]:
    return [completion.result(HANG_S).text for completion in completions]


def test_answers_are_the_same_whichever_process_gives_them_and_whichever_is_killed(
    checkpoint: Path, make_request: MakeRequest
) -> None:
    requests = [make_request(number, do_sample=True) for number in range(NUM_REQUESTS)]
    alone = ModelProcesses(settings_of(checkpoint), 1, Notices())
    expected = texts([alone.put(request) for request in requests])
    alone.close()
    assert len(set(expected)) > NUM_REQUESTS // 2

    with two_processes(checkpoint, requests[0]) as model:
        before, here = dict(model.work), dict(model._here.work)
        assert texts([model.put(request) for request in requests]) == expected
        assert comes_true(lambda: model._here.work["num_steps"] > here["num_steps"])
        all_new = model.work["num_steps"] - before["num_steps"]
        assert all_new > model._here.work["num_steps"] - here["num_steps"]  # the other has worked, too

        model.put(requests[0]).cancel()
        waiting = [model.put(request) for request in requests]
        [child] = multiprocessing.active_children()
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        assert texts(waiting) == expected
        assert texts([model.put(request) for request in requests]) == expected
        assert comes_true(lambda: model.num_answering == 1)
        assert ["want of memory" in sentence for sentence in model.notices.said] == [True]
        assert model.is_usable
    with pytest.raises(EngineError, match="has ended"):
        model.put(requests[0])


def test_closing_ends_the_other_process_and_fails_what_waits_for_it(
    checkpoint: Path, make_request: MakeRequest
) -> None:
    with two_processes(checkpoint, make_request(0)) as model:
        waiting = [model.put(make_request(number, max_new_tokens=200)) for number in range(NUM_REQUESTS)]
        assert not model.is_usable
        model.close()
        assert not multiprocessing.active_children()
        failed = [completion.exception(HANG_S) for completion in waiting]
    assert any(failed)  # what had been answered by then stays answered
    assert all(error is None or (isinstance(error, EngineError) and error.retryable) for error in failed)


def test_no_process_outlives_the_command_that_was_killed(checkpoint: Path, tmp_path: Path) -> None:
    script = tmp_path / "waiting.py"
    script.write_text(WAITING.format(path=str(checkpoint), hang_s=HANG_S), encoding="utf-8")
    started = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE)
    assert started.stdout is not None
    child = int(started.stdout.readline())
    started.kill()
    started.communicate(timeout=HANG_S)
    assert comes_true(lambda: not Path(f"/proc/{child}").exists())


@pytest.mark.parametrize(
    ("num_processes", "num_parameters", "expected"),
    [
        (None, None, {1}),
        (None, 10**8, {1}),
        (None, 10**6, set(range(1, MOST_PROCESSES + 1))),
        (3, 10**9, {3}),
    ],
)
def test_only_a_model_too_small_for_several_cores_takes_several_by_itself(
    num_processes: int | None, num_parameters: int | None, expected: set[int]
) -> None:
    settings = EngineSettings("anywhere", num_processes=num_processes)
    assert most_processes(settings, num_parameters) in expected


@pytest.mark.parametrize(
    ("settings", "num_requests"), [({"dtype": "bfloat16", "num_processes": 2}, 2), ({}, MUCH // 100)]
)
def test_no_process_starts_for_little_work_or_where_tokens_depend_on_the_batch(
    checkpoint: Path, make_request: MakeRequest, settings: dict[str, Any], num_requests: int
) -> None:
    model = ModelProcesses(settings_of(checkpoint, **settings), 2, Notices())
    model.loaded.result(HANG_S)
    texts([model.put(make_request(number)) for number in range(num_requests)])
    assert not multiprocessing.active_children()
    model.close()


@pytest.mark.parametrize(("num_expected", "num_children"), [(MUCH - 1, 0), (MUCH, 1)])
def test_much_to_come_starts_the_other_process_before_the_first_request(
    checkpoint: Path, num_expected: int, num_children: int
) -> None:
    model = ModelProcesses(settings_of(checkpoint), 2, Notices())
    model.loaded.result(HANG_S)
    model.expect(num_expected)
    assert len(multiprocessing.active_children()) == num_children
    model.close()


@pytest.mark.parametrize(
    ("settings", "num_answering"), [({}, 2), ({"dtype": "bfloat16"}, 1), ({"path": "nowhere"}, 1)]
)
def test_a_process_that_starts_while_the_model_loads_stays_only_if_it_may_answer(
    checkpoint: Path, settings: dict[str, str], num_answering: int
) -> None:
    named = {"path": str(checkpoint), "dtype": "float32", "device": "cpu", **settings}
    model = ModelProcesses(EngineSettings(**named), 2, Notices())
    model.expect(MUCH)  # mostly nobody knows yet: a folder that is not there may have been missed by now
    model.loaded.exception(HANG_S)
    assert comes_true(lambda: len(multiprocessing.active_children()) == num_answering - 1)
    assert comes_true(lambda: model.num_answering == num_answering)
    model.close()
    assert not multiprocessing.active_children()


def test_at_least_one_process_answers() -> None:
    with pytest.raises(ConfigError, match="num_processes=0 must be at least 1"):
        EngineSettings("anywhere", num_processes=0)

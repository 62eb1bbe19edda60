"""`log=json`: every line of the standard error is an object, and none holds a prompt, an answer or a key."""

import itertools
import json
import logging
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from http_on_loopback import JsonHandler, serving

from def_sim import interviews
from def_sim.app.event_log import events_as_json, write_event
from def_sim.app.main import main
from def_sim.app.signals import Interrupted
from def_sim.app.terminal import say, say_event

KEY = "sk-planted-0123456789abcdef"
ANSWER = "because of the heron in the garden"


class EchoingServer(JsonHandler):
    """Gives a planted answer; every fourth call fails with the key and the prompt in the server's words."""

    number = itertools.count()
    prompts: ClassVar[list[str]] = []

    def answer(self) -> None:
        body = self.body()
        self.prompts.append(body["messages"][-1]["content"])
        if next(self.number) % 4 == 3:
            said = f"{self.headers['authorization']} asked {self.prompts[-1]}"
            self.send_json(400, {"error": {"message": said}})
            return
        message = {"role": "assistant", "content": f"Answer: 1\nExplanation: {ANSWER}"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60}
        self.send_json(200, {"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage})


def events_in(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.slow
def test_a_run_says_what_happens_and_nothing_of_what_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interviews, "_RETRY_PAUSES_S", (0.0, 0.0, 0.0))
    monkeypatch.setenv("PLANTED_KEY", KEY)
    items = "items=[wvs7.Q1,wvs7.Q46,wvs7.Q48,wvs7.Q57]"
    with serving(EchoingServer) as address:
        engine = (f"base_url={address}/v1", "model_name=m", "probes=false", "key_variable=PLANTED_KEY")
        model = ["model=server", *(f"model.engine.{one}" for one in engine)]
        words = [*model, items, "respondents=2", "stage=interview", f"output={tmp_path}"]
        assert main([*words, "log=json"]) == 0
    said = capsys.readouterr().err
    events = [json.loads(line) for line in said.splitlines()]
    names = [one["event"] for one in events]
    assert names[:2] == ["run_started", "model_loaded"]
    assert names[-2:] == ["call_failed", "shard_done"]
    assert events[0]["planned"] == 8
    assert {"time", "level", "event", "run", "shard", "job", "host"} <= set.intersection(*map(set, events))
    [folder] = (path.parent for path in tmp_path.glob("*/*/*/manifest.json"))
    assert {(one["run"], one["shard"]) for one in events} == {(folder.name, 0)}
    assert ANSWER in (folder / "answers" / "shard-00-of-01.jsonl").read_text()
    assert not [text for text in (KEY, ANSWER, *EchoingServer.prompts) if json.dumps(text)[1:-1] in said]


def test_a_mistake_is_an_event_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["survey=nowhere", "log=json"]) == 2
    [error] = events_in(capsys)
    assert (error["level"], error["event"], error["run"]) == ("error", "error", None)
    assert error["message"].startswith("survey=nowhere: there is no such survey")
    assert error["fix"].startswith("Choose one of these")


def test_another_kind_of_log_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stage=plan", "log=xml"]) == 2
    assert "log" in capsys.readouterr().err


def test_the_same_events_in_words_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    say_event("lease_waited", "waiting for process 42 on node17")
    write_event("shard_done", done=3)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("waiting for process 42 on node17\n", "")


def test_whatever_is_said_on_the_standard_error_is_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    with events_as_json(True):
        say("note  a line\nthat goes on", to_errors=True)
        say_event("lease_waited", "waiting", level="warning", silent_s=48.0)
        logging.getLogger("a.library").warning("old")
        logging.getLogger("a.library").info("not told")
    first, second, third = events_in(capsys)
    assert (first["event"], first["message"]) == ("note", r"note  a line\x0athat goes on")
    assert (second["event"], second["level"], second["silent_s"]) == ("lease_waited", "warning", 48.0)
    assert (third["event"], third["library"], third["message"]) == ("library", "a.library", "old")


def test_a_signal_is_an_event(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise Interrupted(15, "3 of 8 answered")

    monkeypatch.setattr("def_sim.app.main.run_stage", interrupted)
    assert main(["stage=plan", "log=json"]) == 2
    signal, error = events_in(capsys)
    assert (signal["event"], signal["number"], signal["standing"]) == ("signal", 15, "3 of 8 answered")
    assert error["fix"] == "The same command goes on where it stopped."


def test_a_bug_is_told_once_by_its_place_and_without_its_values(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    with pytest.raises(RuntimeError) as caught, events_as_json(True):
        raise RuntimeError(ANSWER)
    sys.excepthook(caught.type, caught.value, caught.tb)
    [error] = events_in(capsys)
    assert error["message"] == "RuntimeError: a bug"
    assert any("test_event_log.py" in frame for frame in error["traceback"])
    assert ANSWER not in error["message"]

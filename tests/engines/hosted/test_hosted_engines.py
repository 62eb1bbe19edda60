"""Hosted engines under faults, with wrong keys and with decodings that a provider refuses."""

import asyncio
import json
import logging
import socket
from typing import Any

import pytest
from hosted_examples import HOSTED, a_request, ask, hosted
from loopback import KEY, TOO_LONG, Loopback, answer_to

from def_sim.engines.anthropic_api import AnthropicEngine
from def_sim.engines.openai_server import OpenAIServerEngine
from def_sim.errors import ConfigError, DefSimError, EngineError, ModelError
from def_sim.records import Completion, FinishReason, Message, Role

PARAMETERS = ("seed", "top_k", "logprobs", "n")
either = pytest.mark.parametrize("name", HOSTED)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("LOOPBACK_KEY", KEY)


# --- faults ---


@either
@pytest.mark.parametrize("fault", ["429", "529", "500", "cut", "cut_body"])
def test_a_fault_that_passes_is_gone_when_the_interview_tries_again(name: str, fault: str) -> None:
    with Loopback(faults=lambda number: fault if number == 0 else None) as server:
        [completion] = ask(hosted(name, server), [a_request(7)], most_tries=2)
        assert completion.text == answer_to("question 7")
        assert len(server.requests) == 2


@either
@pytest.mark.parametrize("fault", ["429", "529", "500", "cut", "cut_body", "slow", "malformed", "shapeless"])
def test_a_fault_that_stays_is_a_failure_that_may_be_tried_again_and_never_text(
    name: str, fault: str
) -> None:
    with Loopback(faults=lambda number: fault) as server:
        engine = hosted(name, server, max_retries=0, timeout_s=0.3)
        with pytest.raises(EngineError) as caught:
            ask(engine, [a_request(7)])
    assert caught.value.retryable
    assert "1/r00007/wvs7.Q7/0/0" in caught.value.message
    assert caught.value.fix


@either
@pytest.mark.parametrize("fault", ["429", "529", "500", "cut", "cut_body", "malformed"])
def test_a_question_is_sent_once_whatever_happens_because_the_interview_tries_again(
    name: str, fault: str
) -> None:
    with Loopback(faults=lambda number: fault) as server:
        with pytest.raises(EngineError):
            ask(hosted(name, server, max_retries=3), [a_request(7)])
        assert len(server.requests) == 1


@either
def test_too_many_requests_slow_everybody_down(name: str) -> None:
    # Every tenth is refused: the engine halves what is under way, and all are answered all the same.
    with Loopback(faults=lambda number: "429" if number % 10 == 9 else None, delay_s=0.005) as server:
        completions = ask(hosted(name, server, max_concurrent=64), map(a_request, range(100)), most_tries=4)
        assert [c.text for c in completions] == [answer_to(f"question {n}") for n in range(100)]
        assert server.most_at_once < 32


@either
def test_no_more_than_the_bound_are_under_way(name: str) -> None:
    with Loopback(delay_s=0.01) as server:
        ask(hosted(name, server, max_concurrent=3), map(a_request, range(12)))
        assert server.most_at_once == 3


@either
def test_a_server_that_is_down_at_the_start_is_named_with_its_address(name: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Loopback()
    server.port = port
    probing = {"probes": True} if name == "openai" else {}
    with pytest.raises(EngineError) as caught:
        ask(hosted(name, server, max_retries=0, **probing), [a_request()])
    assert f"http://127.0.0.1:{port}" in caught.value.message
    assert "Is the server up" in caught.value.fix


@either
def test_a_server_that_goes_down_in_the_middle_loses_nothing_that_was_answered(name: str) -> None:
    async def run(server: Loopback) -> tuple[Completion, DefSimError]:
        engine = hosted(name, server, max_retries=0)
        first = await engine.submit(a_request(1))
        await asyncio.to_thread(server.__exit__, None, None, None)
        with pytest.raises(EngineError) as caught:
            await engine.submit(a_request(2))
        await engine.close()
        assert caught.value.retryable
        return first, caught.value

    server = Loopback().__enter__()
    completion, error = asyncio.run(run(server))
    assert completion.text == answer_to("question 1")
    assert server.address in error.message


# --- keys ---


@either
def test_a_wrong_key_is_one_message_that_names_the_variable_and_not_the_key(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "sk-ant-wrong-9876543210zyxw"
    monkeypatch.setenv("ANTHROPIC_API_KEY", wrong)
    monkeypatch.setenv("LOOPBACK_KEY", wrong)
    with Loopback() as server:
        engine = hosted(name, server)
        with pytest.raises(ModelError) as caught:
            ask(engine, [a_request()])
    variable = "ANTHROPIC_API_KEY" if name == "anthropic" else "LOOPBACK_KEY"
    assert f"refused the key in {variable}" in caught.value.message
    assert f"export {variable}=" in caught.value.fix
    assert (
        wrong not in f"{caught.value} {engine!r} {vars(engine)} {json.dumps(engine.describe())} {caplog.text}"
    )


@either
@pytest.mark.parametrize("value", [None, "", "  "])
def test_no_key_is_said_before_anything_is_asked(
    name: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("ANTHROPIC_API_KEY", "LOOPBACK_KEY"):
        monkeypatch.delenv(variable)
        if value is not None:
            monkeypatch.setenv(variable, value)
    with Loopback() as server, pytest.raises(ModelError, match="holds no key"):
        hosted(name, server).check()


def test_a_key_with_a_line_break_in_it_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-one\nsk-ant-two")
    with Loopback() as server, pytest.raises(ModelError, match="characters that no key has") as caught:
        hosted("anthropic", server).check()
    assert "sk-ant-one" not in str(caught.value)


def test_a_server_without_keys_is_sent_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-real-key-of-the-user-0123")
    with Loopback(key="") as server:
        ask(hosted("openai", server, key_variable=None), [a_request()])
        assert server.headers[0]["authorization"] == "Bearer not-needed"


def test_a_key_in_place_of_a_variables_name_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        OpenAIServerEngine("tiny", base_url="http://localhost:1/v1", key_variable="sk-secret-0123456789")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://mary:s3cr3t@host/v1", "http://host/v1?api_key=s3cr3t", "s3cr3t:8000"]
)
def test_an_address_holds_nothing_but_an_address(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        OpenAIServerEngine("tiny", base_url=address)
    assert "s3cr3t" not in str(caught.value)


# --- models and prompts ---


def test_an_unknown_model_is_named_at_the_start() -> None:
    with Loopback() as server, pytest.raises(ModelError, match="no model 'klaude'"):
        ask(hosted("anthropic", server, model_name="klaude"), [a_request()])


def test_a_retired_model_names_its_successors_and_asks_nothing() -> None:
    with Loopback() as server:
        engine = hosted("anthropic", server, model_name="claude-3-5-sonnet-20241022")
        with pytest.raises(ModelError, match="retired by its provider on 2025-10-28") as caught:
            engine.check()
        assert "claude-sonnet-5-5 or claude-sonnet-4-6" in caught.value.fix
        with pytest.raises(ModelError):
            ask(engine, [a_request()])
        assert server.requests == []


@either
def test_a_prompt_that_is_too_long_names_item_and_memory(name: str) -> None:
    request = a_request(3, "x" * (TOO_LONG + 1))
    with_memory = (Message(Role.USER, "earlier"), Message(Role.ASSISTANT, "Answer: 1"), *request.messages)
    with Loopback() as server, pytest.raises(EngineError) as caught:
        ask(hosted(name, server), [type(request)(with_memory, request.decoding, request.key)])
    assert "wvs7.Q3" in caught.value.message
    assert "1 remembered exchanges" in caught.value.message
    assert "memory.max_capacity" in caught.value.fix
    assert not caught.value.retryable


# --- how answers end ---


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("refusal", FinishReason.REFUSAL),
    ],
)
def test_a_claude_answer_ends_as_it_says(reason: str, expected: FinishReason) -> None:
    with Loopback(changes=lambda body: {"stop_reason": reason}) as server:
        assert ask(hosted("anthropic", server), [a_request()])[0].finish_reason is expected


@pytest.mark.parametrize(
    ("choice", "expected", "text"),
    [
        ({"finish_reason": "stop", "message": {"content": "Answer: 1"}}, FinishReason.STOP, "Answer: 1"),
        ({"finish_reason": "length", "message": {"content": "Ans"}}, FinishReason.LENGTH, "Ans"),
        ({"finish_reason": "content_filter", "message": {"content": None}}, FinishReason.REFUSAL, ""),
        (
            {"finish_reason": "stop", "message": {"content": None, "refusal": "No."}},
            FinishReason.REFUSAL,
            "No.",
        ),
    ],
)
def test_a_servers_answer_ends_as_it_says(choice: Any, expected: FinishReason, text: str) -> None:
    with Loopback(changes=lambda body: {"choices": [{"index": 0, **choice}]}) as server:
        [completion] = ask(hosted("openai", server), [a_request()])
    assert (completion.finish_reason, completion.text) == (expected, text)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("anthropic", {"stop_reason": "tool_use"}),
        ("anthropic", {"content": "text"}),
        ("openai", {"choices": []}),
    ],
)
def test_a_reply_that_is_no_answer_is_a_failure(name: str, change: Any) -> None:
    with Loopback(changes=lambda body: change) as server, pytest.raises(EngineError, match="unreadable"):
        ask(hosted(name, server), [a_request()])


def test_thoughts_are_no_part_of_the_text() -> None:
    content = [{"type": "thinking", "thinking": "hm", "signature": ""}, {"type": "text", "text": "Answer: 2"}]
    with Loopback(changes=lambda body: {"content": content}) as server:
        assert ask(hosted("anthropic", server), [a_request()])[0].text == "Answer: 2"


# --- what is sent ---


def sent(name: str, decoding: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """The body of the one request, without its messages."""
    with Loopback() as server:
        ask(hosted(name, server, **settings), [a_request(**decoding)])
        [body] = server.requests
    return {key: value for key, value in body.items() if key != "messages"}


@pytest.mark.parametrize(
    ("decoding", "sampling"),
    [
        ({}, {"temperature": 1.0, "top_k": 50}),
        ({"temperature": 0.7, "top_k": 0}, {"temperature": 0.7}),
        ({"top_p": 0.9, "top_k": 0}, {"top_p": 0.9}),  # the API refuses it beside a temperature
        ({"num_beams": 3, "do_sample": False}, {"temperature": 1.0, "top_k": 50}),  # a single beam samples
        ({"do_sample": False}, {"temperature": 0.0}),
    ],
)
def test_a_claude_with_sampling_parameters_is_sent_those_it_takes_together(
    decoding: dict[str, Any], sampling: dict[str, Any]
) -> None:
    assert sent("anthropic", decoding) == {"model": "claude-sonnet-4-6", "max_tokens": 512, **sampling}


def test_a_claude_without_sampling_parameters_is_sent_none_and_does_not_think_first() -> None:
    body = sent("anthropic", {}, model_name="claude-sonnet-5-5", deviations=["beams", "seed", "top_k"])
    assert body == {"model": "claude-sonnet-5-5", "max_tokens": 512, "thinking": {"type": "between_tools"}}


def test_a_claude_that_always_thinks_has_room_for_it() -> None:
    allowed = ["beams", "seed", "top_k", "thinking"]
    body = sent("anthropic", {"max_new_tokens": 100}, model_name="claude-opus-5-5", deviations=allowed)
    assert body == {"model": "claude-opus-5-5", "max_tokens": 100 + 4096}


def test_system_turns_are_the_system_parameter_of_claude() -> None:
    request = a_request(5)
    request = type(request)((Message(Role.SYSTEM, "Act."), *request.messages), request.decoding, request.key)
    with Loopback() as server:
        ask(hosted("anthropic", server), [request])
        assert server.requests[0]["system"] == "Act."
        assert server.requests[0]["messages"] == [{"role": "user", "content": "question 5"}]


def test_a_server_is_sent_every_parameter_and_a_seed_of_the_requests_own() -> None:
    first = sent("openai", {"temperature": 0.7, "top_p": 0.9, "top_k": 0})
    assert first.items() >= {"temperature": 0.7, "top_p": 0.9, "top_k": -1, "max_tokens": 512}.items()
    assert first["seed"] == sent("openai", {})["seed"]  # a retry keeps it
    with Loopback() as server:
        ask(hosted("openai", server), map(a_request, range(20)))
        assert len({body["seed"] for body in server.requests}) == 20


@either
def test_what_an_engine_lacks_is_never_left_out_silently(name: str) -> None:
    with Loopback() as server:
        engine = hosted(name, server, deviations=["seed"])
        with pytest.raises(EngineError, match="lacks what the decoding needs: beams"):
            ask(engine, [a_request(num_beams=2)])
        assert server.requests == []


@either
def test_the_manifest_names_what_is_done_without(name: str) -> None:
    with Loopback() as server:
        described = hosted(name, server).describe()
    assert described["deviations"] == {
        "beams": "No beams: every respondent samples a single sequence.",
        "seed": "No exact seed: the same request may be answered differently when it is repeated.",
    }


# --- the probe ---


@pytest.mark.parametrize(
    ("honours", "refuses", "expected", "can_top_k", "seed"),
    [
        ({"seed", "top_k", "logprobs", "n"}, set(), ["honoured"] * 4, True, "best-effort"),
        (set(), set(), ["ignored"] * 4, False, "none"),
        (set(), {"seed", "top_k", "logprobs", "n"}, ["refused"] * 4, False, "none"),
    ],
)
def test_a_probe_finds_what_the_server_honours(
    honours: set[str], refuses: set[str], expected: list[str], can_top_k: bool, seed: str
) -> None:
    with Loopback(honours=frozenset(honours), refuses=frozenset(refuses)) as server:
        engine = hosted("openai", server, probes=True, deviations=["beams", "seed", "top_k"])
        [completion] = ask(engine, [a_request(4)])
        found = engine.describe()["probe"]
        body = server.requests[-1]
    assert found["sampling"] == "honoured"
    assert [found[name] for name in ("seed", "top_k", "logprobs", "n")] == expected
    assert (engine.capabilities.top_k, engine.capabilities.seed) == (can_top_k, seed)
    assert completion.text == answer_to("question 4")
    assert ("top_k" in body, "seed" in body) == (can_top_k, seed != "none")


def test_openai_itself_has_no_top_k_and_says_so_without_being_asked() -> None:
    assert not OpenAIServerEngine("gpt-4o-2024-08-06", key_variable="OPENAI_API_KEY").capabilities.top_k


# --- constructors ---


@pytest.mark.parametrize(
    "settings",
    [{"max_concurrent": 0}, {"max_retries": -1}, {"timeout_s": 0.0}, {"deviations": ["beems"]}],
    ids=lambda settings: next(iter(settings)),
)
def test_a_setting_out_of_its_range_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        AnthropicEngine("claude-sonnet-5-5", **settings)


def test_a_cap_needs_a_price() -> None:
    with pytest.raises(ConfigError, match="no price of the model is known"):
        OpenAIServerEngine("tiny", base_url="http://localhost:1/v1", max_cost_usd=1.0)

"""Whatever a server sends, it is a completion or an error in words: random replies, headers and bytes."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from evil_server import evil_server, good_reply, with_length
from hosted_examples import a_request, hosted
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from loopback import KEY
from waiting import HANG_S

from def_sim.engines.hosted.anthropic_messages import read_message
from def_sim.engines.hosted.chat_replies import completion_of, read_body, read_choices
from def_sim.engines.hosted.failures import Provider
from def_sim.engines.hosted.usage import tokens_of
from def_sim.engines.hosted.waiting import asked_to_wait_s
from def_sim.errors import DefSimError
from def_sim.records import Completion

PROVIDER = Provider("The server", "http://localhost:1/v1", "m", None)
NAMES = [
    *("content", "text", "type", "message", "error", "code", "status", "usage", "choices", "refusal"),
    *("finish_reason", "stop_reason", "reasoning", "thinking", "prompt_tokens", "object", "detail"),
]
WORDS = [
    "text",
    "thinking",
    "refusal",
    "error",
    "stop",
    "end_turn",
    "tool_use",
    "4" * 5000,
    "٤٢٩",
    "\ud800",
    "",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**30, -(10**400), float("nan"), float("inf")])
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(st.characters(codec=None), max_size=20)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a reply, and to the reply itself."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from places(part, (*path, name))


def with_value(reply: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    name, *rest = path
    changed = dict(reply) if isinstance(reply, dict) else list(reply)
    changed[name] = with_value(reply[name], tuple(rest), value)
    return changed


GOOD: dict[str, Any] = json.loads(
    good_reply(
        content=[{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Answer: 2"}], error=None
    )
)
PLACES = sorted(places(GOOD), key=str)


def read_chat(content: bytes) -> Completion:
    request = a_request()
    body = read_body(content, "application/json", PROVIDER, request)
    return completion_of(read_choices(body, PROVIDER, request)[0], body)


def read_claude(content: bytes) -> Completion:
    request = a_request()
    return read_message(read_body(content, "application/json", PROVIDER, request), PROVIDER, request)


either = pytest.mark.parametrize("read", [read_chat, read_claude])


def check(read: Callable[[bytes], Completion], content: bytes) -> None:
    """It is read or refused, and what is read can be stored."""
    try:
        completion = read(content)
    except DefSimError as error:
        error.message.encode()
        return
    (completion.text + completion.reasoning).encode()
    assert 0 <= completion.num_prompt_tokens <= 40_000_000
    assert 0 <= completion.num_generated_tokens <= 10_000_000


@either
@given(path=st.sampled_from(PLACES), value=JSON)
@example(path=("error",), value={"code": "4" * 5000})
@example(path=("choices", 0, "message", "content"), value="\ud800")
@example(path=("usage", "input_tokens"), value=True)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_in_any_place_of_a_reply(
    read: Callable[[bytes], Completion], path: tuple[Any, ...], value: Any
) -> None:
    check(read, json.dumps(with_value(GOOD, path, value)).encode())


@either
@given(content=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_as_a_body(read: Callable[[bytes], Completion], content: bytes) -> None:
    check(read, content)


@given(JSON)
@settings(max_examples=300)
def test_any_report_of_tokens(reported: Any) -> None:
    tokens_in, tokens_out = tokens_of(reported)
    assert min(tokens_in, tokens_out) >= 0


_DATES = st.datetimes().map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S GMT"))
_DATE_LIKE = st.from_regex(r"\A[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d+:\d+:\d+ [+-]\d{4,9}\Z")


@given(st.text(max_size=50) | st.floats().map(str) | st.integers().map(str) | _DATES | _DATE_LIKE)
@settings(max_examples=200)
def test_any_time_to_wait_is_some_time(value: str) -> None:
    for name in ("retry-after", "retry-after-ms"):
        assert asked_to_wait_s({name: value}) >= 0


HEADER = st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=40)
HEADER_NAMES = ["content-type", "location", "retry-after", "retry-after-ms", "set-cookie", "x-should-retry",
                "transfer-encoding", "content-encoding", "connection", "content-length", "x-any"]  # fmt: skip


def test_any_reply_over_a_real_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    planned = [b""]

    @given(
        status=st.sampled_from(
            ["200 OK", "429 Many", "500 No", "401 No", "302 Found", "101 Up", "204 No", "999 X"]
        ),
        headers=st.lists(st.tuples(st.sampled_from(HEADER_NAMES), HEADER), max_size=3),
        content=st.sampled_from([good_reply(), b"{}", b"[]"]) | st.binary(max_size=100),
        is_whole=st.booleans(),
    )
    @settings(max_examples=40)
    def any_reply(status: str, headers: list[tuple[str, str]], content: bytes, is_whole: bool) -> None:
        planned[0] = with_length(content, *[f"{name}: {value}" for name, value in headers], status=status)
        planned[0] = planned[0] if is_whole else planned[0][: len(planned[0]) // 2]
        for engine in engines:
            try:
                completion = loop.run_until_complete(asyncio.wait_for(engine.submit(a_request()), HANG_S))
            except DefSimError as error:
                said = str(error)
            else:
                said = completion.text
                assert said == "Answer: 2"
            assert KEY not in said

    with evil_server(lambda connection: connection.sendall(planned[0])) as server, asyncio.Runner() as runner:
        loop = runner.get_loop()
        limits = {"max_retries": 0, "timeout_s": 1.0, "longest_wait_s": 0.0}
        engines = [hosted(name, server, **limits) for name in ("openai", "anthropic")]  # type: ignore[arg-type]
        any_reply()
        for engine in engines:
            loop.run_until_complete(engine.close())

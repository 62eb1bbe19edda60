"""Servers that break the rules: a failure of the one request, in words, within its time; or an answer."""

import asyncio
from typing import Any

import pytest
from evil_server import ANSWERS, FAILURES, TEXT, evil_server, good_reply, saying, with_length, without_end
from hosted_examples import HOSTED, a_request, ask, hosted
from loopback import KEY
from waiting import HANG_S

from def_sim.engines.hosted.waiting import asked_to_wait_s
from def_sim.errors import ConfigError, EngineError
from def_sim.records import Completion

TIMEOUT_S = 0.6
either = pytest.mark.parametrize("name", HOSTED)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("LOOPBACK_KEY", KEY)


def ask_once(name: str, server: Any, number: int = 1, **settings: Any) -> list[Completion]:
    """Asks that often, one after another; a test that hangs ends."""

    async def run() -> list[Completion]:
        engine = hosted(name, server, **{"max_retries": 0, "timeout_s": TIMEOUT_S, **settings})
        try:
            async with asyncio.timeout(HANG_S):
                return [await engine.submit(a_request(n)) for n in range(number)]
        finally:
            await engine.close()

    return asyncio.run(run())


@either
@pytest.mark.parametrize("kind", FAILURES)
def test_what_is_no_reply_is_a_failure_of_its_request(name: str, kind: str) -> None:
    with evil_server(FAILURES[kind]) as server, pytest.raises(EngineError) as caught:
        ask_once(name, server)
    assert "wvs7.Q0" in caught.value.message
    assert caught.value.fix


@either
@pytest.mark.parametrize("kind", ANSWERS)
def test_what_is_only_odd_is_an_answer(name: str, kind: str) -> None:
    with evil_server(ANSWERS[kind]) as server:
        assert [completion.text for completion in ask_once(name, server, 2)] == [TEXT, TEXT]
        assert not any(b"cookie" in head.lower() for head in server.heads)


@either
def test_the_key_goes_to_no_other_address(name: str) -> None:
    with evil_server(saying(with_length(good_reply()))) as elsewhere:
        leads = f"location: {elsewhere.address}/v1/chat/completions"
        with evil_server(saying(with_length(b"", leads, status="307 Temporary Redirect"))) as server:
            with pytest.raises(EngineError, match=f"redirects to {elsewhere.address}") as caught:
                ask_once(name, server)
            assert any(KEY.encode() in head for head in server.heads)
        assert elsewhere.heads == []
    assert "model.engine.base_url=" in caught.value.fix


@either
def test_a_reply_has_as_many_bytes_as_are_allowed(name: str) -> None:
    content = good_reply(padding="A" * 2000)
    with evil_server(saying(with_length(content))) as server:
        assert ask_once(name, server, longest_reply_bytes=len(content))
        with pytest.raises(EngineError, match=f"longer than {len(content) - 1:,} bytes"):
            ask_once(name, server, longest_reply_bytes=len(content) - 1)


@either
def test_a_reply_that_began_and_does_not_end_concerns_its_request_alone(name: str) -> None:
    with evil_server(FAILURES["a drip"]) as server, pytest.raises(EngineError, match="timed out") as caught:
        ask_once(name, server)
    assert caught.value.is_of_request
    with evil_server(without_end(b"", b"", 0.02)) as server, pytest.raises(EngineError) as caught:
        ask_once(name, server)
    assert not caught.value.is_of_request  # not a byte: the server may be down for all


@pytest.mark.parametrize(
    "value",
    ["1000000000", "9" * 500, "Fri, 31 Dec 9999 23:59:59 GMT", "1e9", "inf", "nan", "-5", "soon", "\xff", ""],
)
@either
def test_whatever_a_server_asks_to_wait_the_run_goes_on_soon(name: str, value: str) -> None:
    refused = with_length(b"{}", f"retry-after: {value}", status="429 Too Many")
    replies = iter([refused, with_length(good_reply())])
    with evil_server(lambda connection: connection.sendall(next(replies))) as server:
        engine = hosted(name, server, timeout_s=TIMEOUT_S, longest_wait_s=0.01)
        [completion] = ask(engine, [a_request()], most_tries=2)
    assert completion.text == TEXT


@pytest.mark.parametrize(
    "value",
    ["inf", "nan", "Infinity", "1e400", "Fri, 28 Nov 99999 12:00:00 GMT", "Mon, 1 Jan 0001 -9999", "0x5"],
)
def test_what_is_no_time_to_come_is_no_time_to_wait(value: str) -> None:
    assert asked_to_wait_s({"retry-after": value}) == 0.0


@pytest.mark.parametrize(
    "settings",
    [
        {"longest_wait_s": -1},
        {"longest_wait_s": float("nan")},
        {"longest_reply_bytes": 0},
        {"longest_reply_bytes": "many"},
        {"timeout_s": float("inf")},
    ],
    ids=str,
)
@either
def test_a_limit_out_of_its_range_is_refused_by_name(name: str, settings: dict[str, Any]) -> None:
    with evil_server(saying()) as server, pytest.raises(ConfigError, match=next(iter(settings))):
        hosted(name, server, **settings)

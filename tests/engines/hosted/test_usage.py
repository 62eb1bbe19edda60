"""Counts of tokens are believed when they are counts; else a request is booked at its most."""

from typing import Any

import pytest
from evil_server import TEXT, evil_server, good_reply, saying, with_length
from hosted_examples import HOSTED, a_request, ask, hosted
from loopback import KEY, Loopback

from def_sim.engines.hosted.usage import tokens_of

PRICES = {"input_usd_per_million": 1.0, "output_usd_per_million": 2.0}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("LOOPBACK_KEY", KEY)


@pytest.mark.parametrize(
    ("reported", "tokens"),
    [
        ({"prompt_tokens": 50, "completion_tokens": 10}, (50, 10)),
        ({"prompt_tokens": 50.0, "completion_tokens": 10}, (50, 10)),
        ({"input_tokens": 50, "output_tokens": 10}, (50, 10)),
        ({"input_tokens": 5, "cache_read_input_tokens": 40, "output_tokens": 10}, (45, 10)),
        ({"input_tokens": 5, "cache_creation_input_tokens": None, "output_tokens": 10}, (5, 10)),
        # The OpenAI protocol counts what a cache held among the others.
        ({"prompt_tokens": 50, "cache_read_input_tokens": 40, "completion_tokens": 10}, (50, 10)),
    ],
)
def test_either_protocols_counts_are_read(reported: object, tokens: tuple[int, int]) -> None:
    assert tokens_of(reported) == tokens


UNUSABLE = [
    None, "50", 50, [50, 10], {}, {"prompt_tokens": 50}, {"completion_tokens": 10},
    *[{"prompt_tokens": wrong, "completion_tokens": 10, "input_tokens": wrong, "output_tokens": 10}
      for wrong in ("50", [50], {"n": 50}, True, -1, 0.5, 1e30, 10**30, float("nan"), float("inf"))],
]  # fmt: skip


@pytest.mark.parametrize("reported", UNUSABLE, ids=repr)
def test_what_is_no_count_is_none(reported: object) -> None:
    assert tokens_of(reported) == (0, 0)


NOT_TRUE: list[Any] = [
    *UNUSABLE,
    {"prompt_tokens": 1, "completion_tokens": 0, "input_tokens": 1, "output_tokens": 0},
]


@pytest.mark.parametrize("name", HOSTED)
@pytest.mark.parametrize("reported", NOT_TRUE[:8] + NOT_TRUE[-2:], ids=repr)
def test_without_usable_counts_a_request_is_booked_at_its_most(name: str, reported: Any) -> None:
    with evil_server(saying(with_length(good_reply(usage=reported)))) as server:
        engine = hosted(name, server, max_cost_usd=1.0, **PRICES)  # type: ignore[arg-type]
        [completion] = ask(engine, [a_request(1, max_new_tokens=100)])
    assert (completion.text, completion.num_prompt_tokens, completion.num_generated_tokens) == (TEXT, 0, 0)
    # "question 1" has 10 bytes, and so 10 tokens at most; 16 for its turn, 64 around all; 100 may be written.
    assert engine.ledger.spent_usd == pytest.approx((10 + 16 + 64) * 1e-6 + 100 * 2e-6)
    assert engine.ledger.totals.num_uncounted == 1
    assert "booked at the most that it can cost" in engine.notices.said[-1]


@pytest.mark.parametrize("name", HOSTED)
def test_a_server_that_heeds_no_limit_and_counts_nothing_is_booked_by_the_bytes_that_came(name: str) -> None:
    text = "Answer: 2 " + "a " * 5000
    choice = {"message": {"content": text}, "finish_reason": "stop"}
    reply = good_reply(usage=None, choices=[choice], content=[{"type": "text", "text": text}])
    with evil_server(saying(with_length(reply))) as server:
        engine = hosted(name, server, max_cost_usd=1.0, **PRICES)  # type: ignore[arg-type]
        ask(engine, [a_request(1, max_new_tokens=100)])
    assert engine.ledger.spent_usd >= len(text) * 2e-6


def test_fewer_tokens_than_the_text_can_have_are_no_count() -> None:
    # A token has 256 bytes at most: 20,000 bytes are not two tokens.
    choice = {"message": {"content": "word " * 4000}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 20, "completion_tokens": 2}
    with evil_server(saying(with_length(good_reply(usage=usage, choices=[choice])))) as server:
        engine = hosted("openai", server, **PRICES)  # type: ignore[arg-type]
        ask(engine, [a_request(1, max_new_tokens=8000)])
    assert engine.ledger.totals.num_uncounted == 1


def test_a_batch_without_usable_counts_is_booked_at_its_most_at_half_the_price() -> None:
    quick = {"batches": True, "batch_gather_s": 0.02, "batch_poll_s": 0.01}
    with Loopback(changes=lambda body: {"usage": {"input_tokens": -5, "output_tokens": "x"}}) as server:
        engine = hosted("anthropic", server, max_cost_usd=1.0, **PRICES, **quick)
        ask(engine, [a_request(1, max_new_tokens=100)])
    assert engine.ledger.spent_usd == pytest.approx(((10 + 16 + 64) * 1e-6 + 100 * 2e-6) / 2)

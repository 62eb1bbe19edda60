"""Spending stays below its cap, is remembered by the run, and stops it without losing answers."""

import asyncio
import json
from pathlib import Path

import pytest

from def_sim.engines.hosted.cost import CostCapError, Ledger
from def_sim.engines.hosted.prices import Price, find_price
from def_sim.errors import ConfigError, StoreError

PRICE = Price(input_usd=1.0, output_usd=10.0, as_of="a test")  # for a million tokens


def spend(ledger: Ledger, number: int, *, tokens_in: int = 100, tokens_out: int = 50) -> list[object]:
    """So many requests at once; each may use twice of what it then uses."""

    async def one() -> str:
        async with ledger.reserved(2 * tokens_in, 2 * tokens_out) as bill:
            await asyncio.sleep(0)
            ledger.charge(bill, tokens_in, tokens_out)
        return "answered"

    async def run() -> list[object]:
        return await asyncio.gather(*(one() for _ in range(number)), return_exceptions=True)

    return asyncio.run(run())


def test_tokens_are_charged_at_their_price() -> None:
    # 100 tokens in at $1 and 50 out at $10 a million: $0.0006; ten of them $0.006.
    ledger = Ledger(PRICE)
    spend(ledger, 10)
    assert ledger.spent_usd == pytest.approx(0.006)
    assert (ledger.totals.num_requests, ledger.totals.tokens_in, ledger.totals.tokens_out) == (10, 1000, 500)


def test_the_cap_is_never_passed_and_used_as_far_as_it_goes() -> None:
    # One costs $0.0006 and may cost $0.0012. Below $0.01 there is room for another as long as
    # spent + 0.0012 <= 0.01: after 14 ($0.0084) yes, after 15 ($0.0090) no.
    ledger = Ledger(PRICE, cap_usd=0.01)
    outcomes = spend(ledger, 40)
    assert outcomes.count("answered") == 15
    assert sum(isinstance(outcome, CostCapError) for outcome in outcomes) == 25
    assert ledger.spent_usd == pytest.approx(0.009)


def test_the_message_says_how_to_go_on() -> None:
    outcomes = spend(Ledger(PRICE, cap_usd=0.001), 1)
    [error] = outcomes
    assert isinstance(error, CostCapError)
    assert "$0.0000 of $0.0010 are spent" in error.message
    assert "higher `model.engine.max_cost_usd=`" in error.fix


def test_a_request_of_unknown_outcome_is_counted_at_its_most_and_a_refused_one_is_free() -> None:
    async def run(ledger: Ledger, *, is_refused: bool) -> None:
        async with ledger.reserved(200, 100) as bill:
            if is_refused:
                bill.is_free()
            raise ConnectionError

    ledger = Ledger(PRICE)
    with pytest.raises(ConnectionError):
        asyncio.run(run(ledger, is_refused=True))
    assert ledger.spent_usd == 0
    with pytest.raises(ConnectionError):
        asyncio.run(run(ledger, is_refused=False))
    assert ledger.spent_usd == pytest.approx(0.0012)
    assert ledger.totals.num_requests == 0


def test_a_run_remembers_what_earlier_commands_and_other_shards_spent(tmp_path: Path) -> None:
    for name in ("shard-00-of-02", "shard-01-of-02"):
        ledger = Ledger(PRICE)
        ledger.keep_in(tmp_path, name)
        spend(ledger, 5)
        ledger.save()
    again = Ledger(PRICE, cap_usd=0.0065)
    again.keep_in(tmp_path, "shard-00-of-02")
    # Two shards spent $0.003 each: $0.0005 are left, one request may cost $0.0012.
    assert again.spent_usd == pytest.approx(0.006)
    assert again.totals.num_requests == 5
    assert isinstance(spend(again, 1)[0], CostCapError)
    higher = Ledger(PRICE, cap_usd=0.02)
    higher.keep_in(tmp_path, "shard-00-of-02")
    assert spend(higher, 1) == ["answered"]


@pytest.mark.parametrize(
    "content",
    [
        '{"usd": 3.',
        '{"usd": -1000.0}',
        '{"usd": NaN}',
        '{"usd": "3"}',
        '{"usd": true}',
        '{"usd": 1e300}',
        '{"tokens_in": 1.5}',
        '{"dollars": 3.0}',
        "[]",
        "[" * 9000,
    ],
)
def test_a_damaged_account_is_no_licence_to_spend(tmp_path: Path, content: str) -> None:
    (tmp_path / "spending").mkdir()
    (tmp_path / "spending" / "shard-00-of-01.json").write_text(content)
    with pytest.raises(StoreError, match="damaged"):
        Ledger(PRICE).keep_in(tmp_path, "shard-00-of-01")


def on_file(folder: Path, name: str) -> dict[str, float]:
    content: dict[str, float] = json.loads((folder / "spending" / f"{name}.json").read_text())
    return content


def test_what_a_request_may_cost_is_on_file_before_it_is_sent_and_what_it_cost_afterwards(
    tmp_path: Path,
) -> None:
    ledger = Ledger(PRICE)
    ledger.keep_in(tmp_path, "shard-00-of-01")

    async def run() -> float:
        async with ledger.reserved(200, 100) as bill:
            under_way = on_file(tmp_path, "shard-00-of-01")["usd_under_way"]
            ledger.charge(bill, 100, 50)
        return under_way

    assert asyncio.run(run()) >= 0.0012  # 200 tokens in at $1 and 100 out at $10 a million
    ledger.save()
    assert on_file(tmp_path, "shard-00-of-01") == {
        "usd": pytest.approx(0.0006),
        "num_requests": 1,
        "tokens_in": 100,
        "tokens_out": 50,
    }


def test_a_request_whose_cost_cannot_be_written_down_is_not_sent(tmp_path: Path) -> None:
    ledger = Ledger(PRICE)
    ledger.keep_in(tmp_path, "shard-00-of-01")
    (tmp_path / "spending").write_text("a file where a folder should be")
    [error] = spend(ledger, 1)
    assert isinstance(error, StoreError)
    assert "Nothing is sent" in error.message
    assert ledger.spent_usd == 0


def test_without_a_price_tokens_are_counted_and_a_cap_is_refused() -> None:
    ledger = Ledger(None)
    spend(ledger, 3)
    assert ledger.line() == "300 tokens in, 150 out"
    with pytest.raises(ConfigError, match="no price"):
        Ledger(None, cap_usd=1.0)


# --- prices ---


def test_a_price_is_found_under_a_dated_name_and_can_be_given() -> None:
    dated, plain = find_price("claude-haiku-4-5-20251001"), find_price("claude-haiku-4-5")
    assert dated == plain
    assert dated is not None
    # A million tokens in and a tenth of that out.
    assert dated.cost_usd(1_000_000, 100_000) == pytest.approx(dated.input_usd + dated.output_usd / 10)
    assert find_price("a-model-of-ones-own") is None
    assert find_price("a-model-of-ones-own", 1.0, 2.0) == Price(1.0, 2.0, "the configuration")


def test_a_price_given_for_one_side_wins_there_and_the_other_side_is_the_files() -> None:
    listed = find_price("claude-sonnet-5-5")
    assert listed is not None
    dearer_in = find_price("claude-sonnet-5-5", 300.0, None)
    free_out = find_price("claude-sonnet-5-5", None, 0.0)
    assert dearer_in == Price(300.0, listed.output_usd, f"{listed.as_of} and the configuration")
    assert free_out == Price(listed.input_usd, 0.0, f"{listed.as_of} and the configuration")


@pytest.mark.parametrize(
    ("given", "missing"), [((1.0, None), "output_usd_per_million"), ((None, 1.0), "input_usd_per_million")]
)
def test_half_a_price_of_a_model_that_nobody_knows_is_refused(
    given: tuple[float | None, float | None], missing: str
) -> None:
    with pytest.raises(ConfigError, match=r"no (in|out)put price of a-model-of-ones-own") as caught:
        find_price("a-model-of-ones-own", *given)
    assert f"`model.engine.{missing}=`" in caught.value.fix


def test_an_exact_name_wins_over_the_undated_one() -> None:
    old, new = find_price("gpt-4o-2024-05-13"), find_price("gpt-4o-2024-08-06")
    assert old is not None
    assert new is not None
    assert old.input_usd == 2 * new.input_usd

"""Shards in processes of their own, on whatever nodes, never spend more than the cap together."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from def_sim.engines.hosted.accounts import Totals, part_of_cap
from def_sim.engines.hosted.cost import CostCapError, Ledger
from def_sim.engines.hosted.prices import Price

PRICE = Price(input_usd=1000.0, output_usd=1000.0, as_of="a test")  # for a million tokens
TOKENS = 50, 50  # of a request, in and out: 10 cents at most


def names(num_shards: int) -> list[str]:
    return [f"shard-{shard:02d}-of-{num_shards:02d}" for shard in range(num_shards)]


def opened(folder: Path, shard: int, num_shards: int, cap_usd: float | None) -> Ledger:
    ledger = Ledger(PRICE, cap_usd)
    ledger.keep_in(folder, names(num_shards)[shard], names(num_shards))
    return ledger


async def spend(ledger: Ledger, number: int = 1000) -> str:
    """So many requests, each at its most, or as many as the cap allows; says why it stopped."""
    try:
        for _ in range(number):
            async with ledger.reserved(*TOKENS) as bill:
                await asyncio.sleep(0)
                ledger.charge(bill, *TOKENS)
    except CostCapError as error:
        return f"{error.message} {error.fix}"
    finally:
        ledger.save()
    return ""


def all_at_once(ledgers: Sequence[Ledger]) -> list[str]:
    async def run() -> list[str]:
        return await asyncio.gather(*map(spend, ledgers))

    return asyncio.run(run())


def together(ledgers: Sequence[Ledger]) -> float:
    return sum(ledger.totals.usd for ledger in ledgers)


@pytest.mark.parametrize("num_shards", [1, 2, 8])
def test_shards_that_spend_at_once_stay_below_the_cap_together(tmp_path: Path, num_shards: int) -> None:
    ledgers = [opened(tmp_path, shard, num_shards, 2.0) for shard in range(num_shards)]
    all_at_once(ledgers)
    # Each has its part of $2 and may come within one request of it, 10 cents.
    assert 2.0 - 0.1 * num_shards < together(ledgers) <= 2.0 + 1e-9


def test_a_shard_that_comes_later_has_the_part_that_it_would_have_had_at_first(tmp_path: Path) -> None:
    early = opened(tmp_path, 0, 2, 1.0)
    all_at_once([early])
    late = opened(tmp_path, 1, 2, 1.0)
    all_at_once([late])
    assert early.totals.usd == pytest.approx(0.5)
    assert late.totals.usd == pytest.approx(0.5)


def test_what_was_spent_in_another_division_or_without_a_cap_is_taken_off_first(tmp_path: Path) -> None:
    asyncio.run(spend(opened(tmp_path, 0, 1, None), 4))  # $0.40, in one shard of one
    asyncio.run(spend(opened(tmp_path, 0, 3, None), 9))  # $0.90, in one of three
    # Of $2 there are $0.70 left. The first of three has its $0.90; the others divide the $0.70: $0.35 each.
    ledgers = [opened(tmp_path, shard, 3, 2.0) for shard in range(3)]
    all_at_once(ledgers)
    assert [ledger.totals.usd for ledger in ledgers] == pytest.approx([0.9, 0.3, 0.3])


def test_the_whole_panel_in_one_shard_spends_what_ended_shards_have_left(tmp_path: Path) -> None:
    ledgers = [opened(tmp_path, shard, 2, 1.0) for shard in range(2)]
    asyncio.run(spend(ledgers[0], 1))  # it has no more to ask
    asyncio.run(spend(ledgers[1]))  # it has, and stops at $0.50
    rest = opened(tmp_path, 0, 1, 1.0)
    asyncio.run(spend(rest))
    assert rest.totals.usd == pytest.approx(0.4)
    assert rest.spent_usd == pytest.approx(1.0)


def test_the_message_and_the_line_say_the_part_and_how_to_go_on(tmp_path: Path) -> None:
    ledger = opened(tmp_path, 0, 4, 1.0)
    [said] = all_at_once([ledger])
    assert "$0.2000 of $0.2500, its part of $1.0000 for 4 shards, are spent" in said
    assert "one without `shard=` and `num_shards=` spends what the others have left" in said
    assert ledger.line().startswith("about $0.2000 of at most $0.25, its part of $1.00 for 4 shards (")


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from def_sim.engines.hosted.cost import Ledger
from def_sim.engines.hosted.prices import Price

async def run():
    ledger = Ledger(Price(1000.0, 1000.0, "a test"), 2.0)
    ledger.keep_in(Path(sys.argv[1]), "shard-00-of-02", ["shard-00-of-02", "shard-01-of-02"])
    async with ledger.reserved(50, 50) as bill:
        ledger.charge(bill, 50, 50)
    async with ledger.reserved(50, 50), ledger.reserved(50, 50):
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(run())
"""


def test_what_a_killed_shard_had_under_way_is_counted_at_its_most_and_costs_the_others_nothing(
    tmp_path: Path,
) -> None:
    process = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, env=os.environ)
    assert process.returncode == -signal.SIGKILL
    other, again = opened(tmp_path, 1, 2, 2.0), opened(tmp_path, 0, 2, 2.0)
    # One request answered and two under way may have been paid: $0.30. Room on file for as much again as was
    # under way may be counted with them.
    assert 0.3 - 1e-9 <= again.spent_usd <= 0.5 + 1e-9
    before_usd = again.spent_usd
    all_at_once([other, again])
    assert other.totals.usd == pytest.approx(1.0)
    assert 0.9 - before_usd - 1e-9 <= again.totals.usd - 0.1 <= 1.0 - before_usd + 1e-9


_SHARDS = names(3)


@given(
    spent=st.lists(st.floats(0, 10), min_size=3, max_size=3),
    elsewhere=st.floats(0, 10),
    cap=st.floats(0, 40),
    shares=st.lists(st.floats(0, 1), min_size=3, max_size=3),
)
def test_no_spending_within_the_parts_changes_a_part_or_passes_the_cap(
    spent: list[float], elsewhere: float, cap: float, shares: list[float]
) -> None:
    before = {name: Totals(usd=usd) for name, usd in zip(_SHARDS, spent, strict=True)}
    before["shard-00-of-01"] = Totals(usd=elsewhere)
    part = part_of_cap(cap, before, _SHARDS)
    # Each goes on by some share of what its part still allows.
    after = {
        name: Totals(usd=max(part - usd, 0) * share + usd)
        for name, usd, share in zip(_SHARDS, spent, shares, strict=True)
    }
    after["shard-00-of-01"] = before["shard-00-of-01"]
    assert part_of_cap(cap, after, _SHARDS) == pytest.approx(part, abs=1e-9)
    if all(usd >= part for usd in spent):  # nobody may spend
        return
    assert sum(totals.usd for totals in after.values()) <= cap + 1e-9

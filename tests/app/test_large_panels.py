"""Panels that nobody wants to draw as a whole: plans and shards look at a part of them."""

from typing import Any

import pytest

from def_sim.app.composing import compose_config
from def_sim.app.plan import make_plan
from def_sim.app.plan_lines import plan_lines
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.records import Respondent
from def_sim.respondents import panel
from def_sim.respondents.panel import draw_respondent

ITEMS = "items=[wvs7.Q1,wvs7.Q46]"


def run_of(*words: str) -> Run:
    return prepare_run(validate_config(compose_config([ITEMS, *words])))


def test_a_shard_of_a_large_panel_draws_its_own_respondents_only(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def draw(index: int, **rules: Any) -> Respondent:
        drawn.append(index)
        return draw_respondent(index, **rules)

    monkeypatch.setattr(panel, "draw_respondent", draw)
    run = run_of("respondents=1000000", "num_shards=100000", "shard=3")
    assert [respondent.index for respondent in run.shard_panel] == list(range(3, 1_000_000, 100_000))
    assert len(run.decodings) <= 10
    assert set(drawn) == {
        0,
        *run.shard_indices,
    }  # the first one shows whether the strategy says what it is to


def test_a_large_panel_is_counted_exactly_and_its_tokens_are_of_2000_respondents() -> None:
    run, small = run_of("respondents=1000000"), run_of("respondents=2000")
    plan = make_plan(run)
    assert (plan.num_answers, plan.num_calls) == (2_000_000, 2_000_000)
    assert len(run.looked_at) == len(small.looked_at) == 2000
    assert plan.tokens_in == pytest.approx(500 * make_plan(small).tokens_in, rel=0.02)
    lines = plan_lines(run, plan)
    assert any("by 2,000 respondents drawn" in line for line in lines)
    [disk] = [line for line in lines if line.startswith("disk ")]
    assert float(disk.split()[2]) == pytest.approx(2 * 430, rel=0.2)  # MB, 430 bytes a line

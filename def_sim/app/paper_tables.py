"""Scores of a run as tables of a paper: of the whole panel, and item by item."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from def_sim.evaluation.distributions import POOLED, QuestionDistribution, pool_wordings
from def_sim.evaluation.measures import MEASURES, normalised_in_short
from def_sim.evaluation.score_tables import HEADLINE_METRICS, headline_scope
from def_sim.exports.latex import LatexTable
from def_sim.records import DIMENSION_TITLES, Dimension

_DIVERGENCE: Final = "js_divergence"
_ABSENT: Final = "–"
_SCORE_NOTE: Final = (
    "Floor: what as many people would score against all people. Uniform: who chooses at random. "
    "Norm.: normalised, 0 as a uniform answerer, 1 as people. A dash: not defined."
)
_ITEM_NOTE: Final = (
    "N: respondents who answered; JSD: Jensen–Shannon divergence (base 2); floor: of as many people; "
    "TV: total variation; W1: distance along the scale. A dash: not defined."
)


def scores_table(scores: pd.DataFrame, title: str) -> LatexTable:
    """The headline scores with their intervals, then the divergence of each topic group.

    Args:
        scores: Of the run, as `score_intervals.with_intervals` gives them.
        title: What run it is.
    """
    scope = headline_scope(scores)
    means = _by(scores[scores["scope"] == scope], "metric")
    groups = _by(scores[(scores["scope"] == "dimension") & (scores["metric"] == _DIVERGENCE)], "dimension")
    over = "topic groups" if scope == "macro" else "items"
    return LatexTable(
        caption=f"{title}. Means over {over}; below, the Jensen–Shannon divergence of each topic group.",
        label="tab:scores",
        columns="lrrrrrr",
        header=("Measure", "Panel", "95 % interval", "Floor", "Uniform", "Norm.", "Items"),
        blocks=[
            [_score_row(MEASURES[name].title, means[name]) for name in HEADLINE_METRICS if name in means],
            [_score_row(DIMENSION_TITLES[Dimension(name)], row) for name, row in groups.items()],
        ],
        notes=(_SCORE_NOTE,),
    )


def items_table(
    scores: pd.DataFrame, distributions: Sequence[QuestionDistribution], title: str
) -> LatexTable:
    """A row an item, or an item and wording, as it is scored: how many answered, and its divergences.

    Args:
        scores: Of the run.
        distributions: Of its questions, for their topics and how many answered.
        title: What run it is.
    """
    of_items = scores[scores["scope"] == "item"]
    is_pooled = bool((of_items["wording"] == POOLED).any())
    prompts = pool_wordings(distributions) if is_pooled else distributions
    values = {
        (row["item_id"], POOLED if is_pooled else int(row["wording"]), row["metric"]): row
        for row in of_items.to_dict("records")
    }
    return LatexTable(
        caption=f"{title}. Items beside people.",
        label="tab:items",
        columns=r"lp{0.36\linewidth}rrrrr",
        header=("Item", "Topic", "N", "JSD", "Floor", "TV", "W1"),
        blocks=[[_item_row(one, values, is_pooled=is_pooled) for one in prompts]],
        notes=(_ITEM_NOTE,),
    )


def _by(rows: pd.DataFrame, name: str) -> dict[str, Mapping[Any, Any]]:
    return {str(row[name]): row for row in rows.to_dict("records")}


def _score_row(title: str, row: Mapping[Any, Any]) -> list[str]:
    low, high = row.get("interval_low", math.nan), row.get("interval_high", math.nan)
    interval = _ABSENT if math.isnan(low) or math.isnan(high) else f"{low:.3f} to {high:.3f}"
    num_items = int(row["num_items"]) - int(row["num_undefined"])
    value, floor, uniform = (_number(row[name]) for name in ("value", "floor", "uniform"))
    # Of few items it is noise, and far from 0 and 1 its size says nothing.
    normalised = normalised_in_short(row["normalised"]).replace("-", "−")
    return [title, value, interval, floor, uniform, normalised, f"{num_items:,}"]


def _item_row(
    one: QuestionDistribution, values: Mapping[tuple[Any, int, Any], Mapping[Any, Any]], *, is_pooled: bool
) -> list[str]:
    question = one.question
    wording = POOLED if is_pooled else question.wording

    def score(metric: str, column: str = "value") -> str:
        row = values.get((question.item_id, wording, metric))
        return _ABSENT if row is None else _number(row[column])

    return [
        question.item_id if is_pooled or not question.wording else question.id,
        question.topic,
        f"{one.num_answered:,.0f}",
        score(_DIVERGENCE),
        score(_DIVERGENCE, "floor"),
        score("total_variation"),
        score("wasserstein"),
    ]


def _number(value: float) -> str:
    """With three digits behind the point, and a minus sign."""
    return _ABSENT if math.isnan(value) else f"{value:.3f}".replace("-", "−")

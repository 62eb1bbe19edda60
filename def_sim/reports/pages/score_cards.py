"""The survey's scores as drawings and tables: headline, topic groups, counts.

The frame of scores has the columns scope (item, dimension, micro, macro), item_id, wording,
dimension, metric, value, floor, human_to_human, uniform, mode, normalised, num_items and
num_undefined. Knows no single items.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.dimensions import dimension_rank, dimension_title
from def_sim.evaluation.measures import (
    MEASURES,
    Measure,
    normalised_ends_in_words,
    normalised_in_words,
    why_undefined,
    written,
)
from def_sim.evaluation.score_tables import HEADLINE_METRICS, headline_scope
from def_sim.records import MeasurementLevel, QuestionType
from def_sim.reports.cells import (
    Row,
    Shown,
    count_in,
    find_row,
    number_in,
    shown,
)
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.score_charts import DimensionRow, Mark, dimension_chart, headline_chart
from def_sim.reports.figures.figure import THIS_PANEL

FLOOR_NAME: Final = "As many people (floor)"  # of each item as many as could be read
_TABLE_METRICS = ("kl_paper", "js_divergence", "total_variation", "wasserstein", "entropy_ratio")
TOPIC_METRIC = "js_divergence"  # drawn by topic group: the headline's first; the study's KL is in the table
_WHY_NOT_NORMALISED = "Not defined: a control is missing, or random answers score no worse than the floor."


@dataclass(frozen=True, slots=True)
class HeadlineCard:
    """One headline score with its drawing."""

    measure: Measure
    value: Shown
    interval: str  # in words, "" without one
    limit: str  # the score without the noise of a small panel, with its interval; "" without one
    normalised: Shown
    normalised_interval: str
    why_no_interval: str
    why_not_normalised: str  # why the normalised score has no interval; "" where it has, or is absent too
    chart: Markup
    num_items: int
    num_undefined: int


@dataclass(frozen=True, slots=True)
class DimensionCard:
    """The drawing of a divergence by topic group, and the table of all scores beside it."""

    drawn: Measure
    macro: Shown
    micro: Shown
    chart: Markup
    metrics: tuple[Measure, ...]
    rows: tuple[tuple[str, int, tuple[Shown, ...]], ...]  # title, number of items, scores


def survey_value(scores: pd.DataFrame, metric: str) -> float:
    """A score of the survey as a whole, whatever scope the table files it under."""
    found = scores[(scores["metric"] == metric) & ~scores["scope"].isin(["item", "dimension"])]
    return math.nan if found.empty else float(found["value"].iloc[0])


def headline_cards(scores: pd.DataFrame, distributions: pd.DataFrame) -> list[HeadlineCard]:
    """The scores that speak for the run, each between what it can be at best and at random."""
    scope = headline_scope(scores)
    rows = {metric: find_row(scores, metric, scope) for metric in HEADLINE_METRICS}
    return [
        _headline_card(MEASURES[metric], row, why_no_mean(metric, distributions))
        for metric, row in rows.items()
        if row
    ]


def headline_marks(row: Row) -> list[Mark]:
    """The panel's score and what it stands beside, in the order drawn."""
    named = (
        ("floor", FLOOR_NAME, "floor"),
        ("people", "People, two halves", "human_to_human"),
        ("uniform", "Random answers", "uniform"),
        ("mode", "Most common only", "mode"),
    )
    low, high = number_in(row, "interval_low"), number_in(row, "interval_high")
    marks = [Mark("panel", THIS_PANEL, number_in(row, "value"), low, high)]
    marks += [Mark(kind, name, number_in(row, column)) for kind, name, column in named]
    others = number_in(row, "other_humans")  # only where another country's reference was given
    return marks if math.isnan(others) else [*marks, Mark("others", "Another country", others)]


def _headline_card(measure: Measure, row: Row, why: str) -> HeadlineCard:
    is_ratio = measure.metric == "entropy_ratio"
    chart = headline_chart(headline_marks(row), title=measure.title, reference=1.0 if is_ratio else None)
    return HeadlineCard(
        measure=measure,
        value=shown(number_in(row, "value"), why),
        interval=_interval(row, "interval"),
        limit=_limit(row),
        normalised=normalised_shown(row, _WHY_NOT_NORMALISED),
        normalised_interval=_normalised_interval(row),
        why_no_interval=str(row.get("why_no_interval", "")),
        why_not_normalised=_why_not_normalised(row),
        chart=chart,
        num_items=count_in(row, "num_items"),
        num_undefined=count_in(row, "num_undefined"),
    )


def _interval(row: Row, name: str) -> str:
    low, high = number_in(row, f"{name}_low"), number_in(row, f"{name}_high")
    return "" if math.isnan(low) or math.isnan(high) else f"{written(low)} to {written(high)}"


def normalised_shown(row: Row, why: str) -> Shown:
    """The normalised score of a row in words, with the reason where it is missing."""
    normalised = number_in(row, "normalised")
    words = normalised_in_words(normalised, number_in(row, "value"), number_in(row, "uniform"))
    return Shown(words, why if math.isnan(normalised) else "")


def _normalised_interval(row: Row) -> str:
    """Empty also where the score itself is told in words alone."""
    if abs(number_in(row, "normalised")) > 1:
        return ""
    return normalised_ends_in_words(number_in(row, "normalised_low"), number_in(row, "normalised_high"))


def _why_not_normalised(row: Row) -> str:
    """Not said a second time where the score has no interval either, for the same reason."""
    why = str(row.get("why_no_normalised", ""))
    is_said = math.isnan(number_in(row, "normalised")) or why == row.get("why_no_interval", "")
    return "" if is_said else why


def _limit(row: Row) -> str:
    value, interval = number_in(row, "limit"), _interval(row, "limit")
    return "" if math.isnan(value) or not interval else f"{written(value)} ({interval})"


def dimension_order(scores: pd.DataFrame) -> list[str]:
    """Topic groups that have scores, in the order of `records.DIMENSION_TITLES`."""
    present = {str(value) for value in scores.loc[scores["scope"] == "dimension", "dimension"]}
    return sorted(present, key=lambda code: (dimension_rank(code), code))


def dimension_rows(scores: pd.DataFrame) -> list[DimensionRow]:
    """The drawn divergence of each topic group beside its floor and its uniform control."""
    rows = []
    for code in dimension_order(scores):
        row = find_row(scores, TOPIC_METRIC, "dimension", dimension=code)
        value, floor, uniform = (number_in(row, column) for column in ("value", "floor", "uniform"))
        low, high = number_in(row, "interval_low"), number_in(row, "interval_high")
        num_items = count_in(row, "num_items")
        rows.append(DimensionRow(dimension_title(code), value, floor, uniform, num_items, low, high))
    return rows


def macro_and_micro(scores: pd.DataFrame, metric: str) -> tuple[float, float]:
    """Mean of the topic groups, and mean of the items; NaN where undefined."""
    macro, micro = (number_in(find_row(scores, metric, scope), "value") for scope in ("macro", "micro"))
    return macro, micro


def dimension_card(scores: pd.DataFrame, distributions: pd.DataFrame) -> DimensionCard:
    """Drawing and table by topic group; the distributions say why a score is missing."""
    drawn = MEASURES[TOPIC_METRIC]
    macro, micro = macro_and_micro(scores, TOPIC_METRIC)
    chart = dimension_chart(
        dimension_rows(scores),
        macro=macro,
        micro=micro,
        measure=drawn.short,
        axis_title=AxisTitle(drawn.on_axis, drawn.reading),
    )
    measures = tuple(MEASURES[metric] for metric in _TABLE_METRICS)
    table = [
        _table_row(scores, measures, "dimension", code, distributions[distributions["dimension"] == code])
        for code in dimension_order(scores)
    ]
    means = [_table_row(scores, measures, scope, None, distributions) for scope in ("macro", "micro")]
    why = "No item has a finite value."
    return DimensionCard(drawn, shown(macro, why), shown(micro, why), chart, measures, tuple(table + means))


def _table_row(
    scores: pd.DataFrame,
    measures: Sequence[Measure],
    scope: str,
    code: str | None,
    distributions: pd.DataFrame,
) -> tuple[str, int, tuple[Shown, ...]]:
    where: dict[str, object] = {} if code is None else {"dimension": code}
    rows = [find_row(scores, measure.metric, scope, **where) for measure in measures]
    values = tuple(
        shown(number_in(row, "value"), why_no_mean(measure.metric, distributions))
        for row, measure in zip(rows, measures, strict=True)
    )
    title = {"macro": "Mean of topic groups (macro)", "micro": "Mean of items (micro)"}.get(scope, "")
    return title or dimension_title(code), count_in(rows[0], "num_items"), values


def why_no_mean(metric: str, distributions: pd.DataFrame) -> str:
    """Why no item of a group has a score, as a sentence for the dash in its place.

    Args:
        metric: Of the missing mean.
        distributions: The rows of the group's items.
    """
    answered = distributions[distributions["num_answered"] > 0]
    known = answered[answered["human_share"].notna()]
    if answered.empty:
        return "Nobody in the panel answered."
    if known.empty:
        return "No answered item has figures of people."
    if metric != "wasserstein":
        return why_undefined(metric)
    if not _is_ordered(distributions).any():
        return why_undefined(metric)
    if not _is_ordered(known).any():
        return "No item whose options have an order was answered and has figures of people."
    return "Not defined for these answers."


def _is_ordered(distributions: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows are of items that W1 is defined for."""
    has_order = distributions["level"] != MeasurementLevel.NOMINAL
    return has_order & (distributions["type"] != QuestionType.MULTIPLE)

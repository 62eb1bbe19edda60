"""The figures of the survey's scores: headline, and its measure by topic group. Computes no score."""

import math
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.measures import MEASURES, counted, written
from def_sim.evaluation.score_tables import HEADLINE_METRICS, headline_scope
from def_sim.reports.cells import Row, count_in, find_row, number_in
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.score_charts import DimensionRow, dimension_chart, marks_in_words
from def_sim.reports.charts.stacked import (
    Key,
    bar_key,
    heading,
    legend,
    line_key,
    mark_key,
    stacked,
)
from def_sim.reports.figures.figure import Canvas, Figure
from def_sim.reports.figures.mark_figures import marks_on, marks_table
from def_sim.reports.pages.score_cards import (
    FLOOR_NAME,
    TOPIC_METRIC,
    dimension_rows,
    headline_marks,
    macro_and_micro,
)

_MEANS: Final = {"macro": "mean of the topic groups", "micro": "mean of the items"}
_INTERVALS: Final = (
    "Lines with ends: 95 % interval of the score that panels of this size have on average, over other "
    "respondents and other items (studentised bootstrap of both)."
)
_CONTROLS: Final = (
    "Floor: what as many people as answered each item would score on average; two halves: of the people "
    "behind the reference; random answers: each option as likely as any other; most common only: everybody "
    "gives people's most frequent answer{other}."
)
_OTHER: Final = "; another country: as many of its people, on the {items} that both were asked"


def headline_figure(scores: pd.DataFrame) -> Figure:
    """The scores that speak for the run, each between what it can be at best and at random.

    Args:
        scores: As for `render_report`.
    """
    scope = headline_scope(scores)
    rows = {metric: find_row(scores, metric, scope) for metric in HEADLINE_METRICS}
    marks = {metric: headline_marks(row) for metric, row in rows.items()}

    def drawing(canvas: Canvas) -> Markup:
        parts = []
        for metric, found in marks.items():
            measure, reference = MEASURES[metric], 1.0 if metric == "entropy_ratio" else None
            chart = marks_on(
                canvas,
                found,
                title=measure.title,
                axis_title=AxisTitle("", "", aside=measure.direction),
                reference=reference,
            )
            parts += [heading(measure.on_axis, width=canvas.width), chart]
        return stacked(parts, width=canvas.width, gap=4)

    said = (f"{MEASURES[metric].title}: {marks_in_words(found)}" for metric, found in marks.items())
    num_others = count_in(rows["js_divergence"], "num_other_humans")
    other = _OTHER.format(items=counted(num_others, "item", "items")) if num_others else ""
    tables = [marks_table(found).assign(metric=metric, scope=scope) for metric, found in marks.items()]
    return Figure(
        name="headline",
        title="How far the answers are from people's",
        alt=". ".join(said),
        caption=f"Each score is a {_MEANS[scope]}; lower is closer, except for the entropy ratio, where 1 is "
        f"as varied as people (dashed). {_CONTROLS.format(other=other)} "
        f"{_interval_words(rows['js_divergence'])}",
        drawing=drawing,
        data=pd.concat(tables, ignore_index=True),
    )


def _interval_words(row: Row) -> str:
    if math.isfinite(number_in(row, "interval_low")):
        return _INTERVALS
    return f"No interval: {row.get('why_no_interval', '') or 'not computed.'}"


def topics_figure(scores: pd.DataFrame) -> Figure:
    """The headline's measure by topic group.

    Args:
        scores: As for `render_report`.
    """
    rows, measure = dimension_rows(scores), MEASURES[TOPIC_METRIC]
    macro, micro = macro_and_micro(scores, TOPIC_METRIC)

    def drawing(canvas: Canvas) -> Markup:
        chart = dimension_chart(
            rows,
            macro=macro,
            micro=micro,
            measure=measure.short,
            axis_title=AxisTitle(measure.on_axis, measure.reading),
            width=canvas.width,
        )
        keys = [
            bar_key("panel-bar", canvas.panel),
            mark_key("floor", FLOOR_NAME),
            mark_key("uniform", "Random answers"),
            *_mean_keys(macro, micro),
        ]
        return stacked([chart, legend(keys, width=canvas.width)], width=canvas.width, gap=6)

    said = "; ".join(f"{row.title} {written(row.value)}" for row in rows)
    has_interval = any(math.isfinite(row.low) for row in rows)
    return Figure(
        name="topic_groups",
        title=f"{measure.title} by topic group",
        alt=f"{measure.title} by topic group: {said}",
        caption=f"{measure.title} of the simulated respondents from people, mean over the items of a topic "
        "group; lower is closer. Topic groups are in the manner of the study and no Hofstede indices. "
        + (_INTERVALS if has_interval else "No topic group has enough items for an interval."),
        drawing=drawing,
        data=_topics_table(rows),
    )


def _mean_keys(macro: float, micro: float) -> list[Key]:
    means = (("macro", "Mean of topic groups", macro), ("micro", "Mean of items", micro))
    return [line_key(css, f"{words} {written(mean)}") for css, words, mean in means if math.isfinite(mean)]


def _topics_table(rows: list[DimensionRow]) -> pd.DataFrame:
    columns = ("title", "value", "low", "high", "floor", "uniform", "num_items")
    return pd.DataFrame([[getattr(row, name) for name in columns] for row in rows], columns=list(columns))

"""Insensitivity of several runs on the comparison's page: small radars and a table under each judge.

All radars of one judge have the same outer ring. Computes no rate.
"""

import math
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.insensitivity import AXES, BY_RULES, FACT_CHOICES, FACT_CLAIMS
from def_sim.evaluation.measures import as_percent
from def_sim.records import InsensitivityDimension
from def_sim.reports.cells import Row, number_in, rows_of
from def_sim.reports.charts.radar import RadarAxis, outer_ring, radar
from def_sim.reports.charts.svg import element
from def_sim.reports.pages.comparison_scores import size_in_words
from def_sim.reports.sections.parts import table

_COLUMNS: Final = ("Model", "Group", "Family", "Size", "Kind", *(axis.value for axis in AXES))
_WORDS: Final = (
    "Rate with its 95 % interval; behind it, where people coded some verdicts, the rate as they see it. "
    "Rules find only what is certain, so their rates are lower ends. Judges differ: compare runs under one "
    "judge only, and within a group: in others something else was asked."
)


def defects_part(rates: pd.DataFrame) -> Markup:
    """Radars and a table for the rules, and for each judge; nothing without any rates.

    Args:
        rates: From `compared_defects`.
    """
    names = list(dict.fromkeys(rates["set"]))
    ordered = [*(name for name in names if name == BY_RULES), *sorted(set(names) - {BY_RULES})]
    return Markup("").join(_of_set(rates[rates["set"] == name]) for name in ordered)


def _of_set(rates: pd.DataFrame) -> Markup:
    first = rates.iloc[0]
    is_of_rules = first["set"] == BY_RULES
    title = "By rules, all answers" if is_of_rules else f"Judged by {first['judge']}: {first['set']}"
    runs = [_by_axis(rows) for _, rows in rates.groupby(["group", "folder"], sort=False)]
    drawn = [[_axis(kind, row) for kind, row in run.items()] for run in runs]
    outer = outer_ring([axis for axes in drawn for axis in axes])
    figures = [_figure(run, axes, outer) for run, axes in zip(runs, drawn, strict=True)]
    lines = [_line(run) for run in runs]
    parts = [element("h3", title, class_="apart"), element("div", *figures, class_="radars")]
    return Markup("").join([*parts, table(title, _COLUMNS, lines), element("p", _WORDS)])


def _by_axis(rows: pd.DataFrame) -> dict[InsensitivityDimension, Row]:
    """The row on each axis; of FF the choices where no explanation was judged."""
    named = {str(row["dimension"]): row for row in rows_of(rows)}
    claims = named[FACT_CLAIMS]
    facts = claims if math.isfinite(number_in(claims, "rate")) else named.get(FACT_CHOICES, claims)
    return {kind: facts if kind is InsensitivityDimension.FF else named[kind.value] for kind in AXES}


def _axis(kind: InsensitivityDimension, row: Row) -> RadarAxis:
    rate, low, high = (number_in(row, name) for name in ("rate", "low", "high"))
    return RadarAxis(kind.value, rate, low, high)


def _figure(run: dict[InsensitivityDimension, Row], axes: list[RadarAxis], outer: float) -> Markup:
    label = str(run[AXES[0]]["model_label"])
    drawing = radar(axes, outer=outer, title=f"Rates of defects, {label}", css="radar small")
    return element("figure", drawing, element("figcaption", element("bdi", label)))


def _line(run: dict[InsensitivityDimension, Row]) -> list[str]:
    row = run[AXES[0]]
    kind = "tuned" if row["is_tuned"] else "base"
    size = size_in_words(int(row["num_parameters"]))
    named = [str(row["model_label"]), str(row["group"]), str(row["family"]), size, kind]
    return [*named, *(_cell(run[axis]) for axis in AXES)]


def _cell(row: Row) -> str:
    rate, low, high, corrected = (number_in(row, name) for name in ("rate", "low", "high", "corrected"))
    if math.isnan(rate):
        return "–"
    by_people = "" if math.isnan(corrected) else f"; {as_percent(corrected)}"
    return f"{as_percent(rate)} ({as_percent(low)} to {as_percent(high)}){by_people}"

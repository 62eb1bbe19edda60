"""Insensitivity of several runs on the comparison's page: radars, a table and strips under each judge.

All drawings of one judge have the same outer ring or end. Strips stay within a group of comparable runs,
since other questions give other rates. Computes no rate.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.compared_runs import RunGroup
from def_sim.evaluation.insensitivity import AXES, BY_RULES, FACT_CHOICES, FACT_CLAIMS
from def_sim.evaluation.measures import as_percent
from def_sim.records import INSENSITIVITY_TITLES, InsensitivityDimension
from def_sim.reports.cells import Row, number_in, rows_of
from def_sim.reports.charts.comparison_charts import RunMark
from def_sim.reports.charts.radar import RadarAxis, outer_ring, radar
from def_sim.reports.charts.svg import element
from def_sim.reports.pages.comparison_scores import ModelKind, letters_of_page, size_in_words, strips_by_kind
from def_sim.reports.sections.parts import table

_COLUMNS: Final = ("Model", "Group", "Family", "Size", "Kind", *(axis.value for axis in AXES))
_WORDS: Final = (
    "Rate with its 95 % interval; below it, where people coded some verdicts, the rate as they see it. "
    "Rules find only what is certain, so their rates are lower ends. Judges differ: compare runs under one "
    "judge only, and within a group: in others something else was asked."
)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run under one judge: its letter in its group, and the row of each axis."""

    letter: str
    rows: dict[InsensitivityDimension, Row]

    @property
    def known(self) -> Row:
        """What is the same in all rows: the model, the group."""
        return self.rows[AXES[0]]

    @property
    def kind(self) -> ModelKind:
        known = self.known
        return ModelKind(int(known["num_parameters"]), str(known["family"]), bool(known["is_tuned"]))


def defects_part(rates: pd.DataFrame, groups: Sequence[RunGroup]) -> Markup:
    """Radars, a table and strips for the rules, and for each judge; nothing without any rates.

    Args:
        rates: From `compared_defects`.
        groups: That it was made of; they give the letters by which the page names runs.
    """
    letters = letters_of_page(groups).of_runs
    names = list(dict.fromkeys(rates["set"]))
    ordered = [*(name for name in names if name == BY_RULES), *sorted(set(names) - {BY_RULES})]
    return Markup("").join(_of_set(rates[rates["set"] == name], letters) for name in ordered)


def _of_set(rates: pd.DataFrame, letters: Mapping[str, str]) -> Markup:
    first = rates.iloc[0]
    is_of_rules = first["set"] == BY_RULES
    title = "By rules, all answers" if is_of_rules else f"Judged by {first['judge']}: {first['set']}"
    by_run = rates.groupby(["group", "folder"], sort=False)
    runs = [_Run(letters[rows.iloc[0]["folder"]], _by_axis(rows)) for _, rows in by_run]
    drawn = [[_axis(kind, row) for kind, row in run.rows.items()] for run in runs]
    outer = outer_ring([axis for axes in drawn for axis in axes])
    numbers = list(dict.fromkeys(int(run.known["group"]) for run in runs))
    figures = [
        _figure(f"{run.letter} {run.known['model_label']}", axes, outer)
        for run, axes in zip(runs, drawn, strict=True)
    ]
    named = "; ".join(f"{axis.value}: {INSENSITIVITY_TITLES[axis]}" for axis in AXES)
    parts = [element("h3", title, class_="apart"), element("p", f"{named}.")]
    parts += [element("div", *figures, class_="radars"), table(title, _COLUMNS, [_line(run) for run in runs])]
    parts.append(element("p", _WORDS))
    for number in numbers:
        of_group = [run for run in runs if run.known["group"] == number]
        words = "" if len(numbers) == 1 else f", group {number}"
        parts += _strips(of_group, outer, words)
    return Markup("").join(parts)


def _by_axis(rows: pd.DataFrame) -> dict[InsensitivityDimension, Row]:
    """The row on each axis; of FF the choices where no explanation was judged."""
    named = {str(row["dimension"]): row for row in rows_of(rows)}
    claims = named[FACT_CLAIMS]
    facts = claims if math.isfinite(number_in(claims, "rate")) else named.get(FACT_CHOICES, claims)
    return {kind: facts if kind is InsensitivityDimension.FF else named[kind.value] for kind in AXES}


def _axis(kind: InsensitivityDimension, row: Row) -> RadarAxis:
    rate, low, high = (number_in(row, name) for name in ("rate", "low", "high"))
    return RadarAxis(kind.value, rate, low, high)


def _figure(words: str, axes: Sequence[RadarAxis], outer: float) -> Markup:
    drawing = radar(axes, outer=outer, title=f"Rates of defects, {words}", css="radar small")
    return element("figure", drawing, element("figcaption", element("bdi", words)))


def _strips(runs: Sequence[_Run], end: float, of_group: str) -> list[Markup]:
    """By size, by family, base or tuned: each axis on which runs have rates, and not all the same."""
    rates = {kind: [number_in(run.rows[kind], "rate") for run in runs] for kind in AXES}
    known = {kind: [rate for rate in each if math.isfinite(rate)] for kind, each in rates.items()}
    shared = [kind for kind, each in known.items() if len(each) > 1]
    figures = [
        element("figure", element("figcaption", f"{kind.value}, {name.lower()}{of_group}"), drawing)
        for kind in shared
        if len(set(known[kind])) > 1
        for name, drawing in strips_by_kind(
            [(run.kind, _mark(run, kind)) for run in runs],
            title=f"{INSENSITIVITY_TITLES[kind]}, rate of defects",
            end=end,
            in_words=as_percent,
        )
    ]
    same = [f"{kind.value} {as_percent(known[kind][0])}" for kind in shared if len(set(known[kind])) == 1]
    parts = [element("div", *figures, class_="strips")] if figures else []
    return [*parts, element("p", f"The same in all runs{of_group}: {', '.join(same)}.")] if same else parts


def _mark(run: _Run, kind: InsensitivityDimension) -> RunMark:
    row = run.rows[kind]
    rate, low, high = (number_in(row, name) for name in ("rate", "low", "high"))
    label, is_tuned = str(row["model_label"]), bool(row["is_tuned"])
    return RunMark(run.letter, label, rate, low, high, floor=math.nan, uniform=math.nan, is_tuned=is_tuned)


def _line(run: _Run) -> list[str]:
    row = run.known
    named = [f"{run.letter} {row['model_label']}", str(row["group"]), str(row["family"])]
    named += [size_in_words(run.kind.num_parameters).replace(" ", "\u00a0"), run.kind.in_words]
    return [*named, *(_cell(run.rows[axis]) for axis in AXES)]


def _cell(row: Row) -> Markup:
    rate, low, high, corrected = (number_in(row, name) for name in ("rate", "low", "high", "corrected"))
    if math.isnan(rate):
        return Markup("–")
    lines = [f"{as_percent(low)} to {as_percent(high)}"]
    if not math.isnan(corrected):
        lines.append(f"people {as_percent(corrected)}")
    below = [element("span", line, class_="interval-words") for line in lines]
    return Markup("").join([Markup(as_percent(rate)), *below])

"""The section on insensitivity: a radar and a table of rates for each set, examples, and what people say."""

import math
from collections.abc import Sequence
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.defect_examples import DefectExample
from def_sim.evaluation.insensitivity import (
    AXES,
    BY_RULES,
    FACT_CHOICES,
    FACT_CLAIMS,
    DimensionRate,
    Insensitivity,
    SetRates,
)
from def_sim.evaluation.measures import as_percent
from def_sim.records import INSENSITIVITY_TITLES, InsensitivityDimension
from def_sim.reports.charts.radar import RadarAxis, outer_ring, radar
from def_sim.reports.charts.stacked import heading, stacked
from def_sim.reports.charts.svg import element
from def_sim.reports.figures.figure import Canvas, Figure
from def_sim.reports.sections.agreement import agreement_part
from def_sim.reports.sections.parts import not_known, percents, table
from def_sim.reports.sections.section import Chapter, Section

KEY: Final = "insensitivity"
_TITLES: Final = {
    **{kind.value: title for kind, title in INSENSITIVITY_TITLES.items()},
    FACT_CHOICES: "False facts: choices",
    FACT_CLAIMS: "False facts: explanations",
}
_RATES: Final = (
    "Kind of defect",
    "rate",
    "95 %",
    "by rule",
    "by judge",
    "judged",
    "missing",
    "if missing",
    "reason",
)
_RATES_BY_RULES: Final = ("Kind of defect", "rate", "95 %", "defects", "answers", "reason")
_PEOPLE: Final = (
    "Kind of defect",
    "corrected",
    "95 %",
    "each coder",
    "precision",
    "recall",
    "rows",
    "reason",
)
_RULE_WORDS: Final = (
    "Rules look at every answer that has a text and count only what is certain, so a rate is at least this. "
    "They know the marks of answer and explanation, several options where one is asked for, machines and "
    "reporters who speak, repeated second choices, wrong choices where one is right, and texts that run on. "
    "An interval above a rate of 0 is that of as many respondents without such a defect."
)
_JUDGE_WORDS: Final = (
    "Rate: defects per judged answer of a sample, by rule or, where none fires, by the judge. The interval "
    "(Wilson's) knows that several answers come from one respondent. If missing: the rate if none or all of "
    "the verdicts that are missing were defects. What explanations claim as facts a judge can only guess."
)
_PEOPLE_WORDS: Final = (
    "Corrected: the rate as people see it who coded some rows without knowing the verdict, weighed by how "
    "many answers each verdict was given to. The interval holds both coders' own. Precision: how many of the "
    "defects found are some; recall: how many of the defects were found."
)


def insensitivity_section(found: Insensitivity, examples: Sequence[DefectExample]) -> Section:
    """Radars, tables and examples.

    Args:
        found: From `insensitivity`.
        examples: From `defect_examples`.
    """
    figures = [_figure(one) for one in found.sets]
    bodies = [_set(one, figure.on_page()) for one, figure in zip(found.sets, figures, strict=True)]
    return Section(
        key=KEY,
        title="Insensitivity",
        chapter=Chapter.ITEMS,
        shows="How often an answer is defective whatever it chooses: in its form, its role, its sense.",
        hides="Whether an answer without such a defect is what a person would say.",
        body=Markup("").join([*bodies, _examples(examples)]) if bodies else not_known(f"{found.absent}."),
        figures=tuple(figures),
    )


def radar_of(one: SetRates, css: str = "radar") -> Markup:
    """The rates of one set on six axes."""
    axes = [_axis(kind, one) for kind in AXES]
    return radar(axes, outer=outer_ring(axes), title=f"Rates of defects, {one.name}", css=css)


def _figure(one: SetRates) -> Figure:
    rates = [one.on_axis(kind).found for kind in AXES]
    titles = [_TITLES[kind.value] for kind in AXES]
    said = (f"{title} {as_percent(rate.rate)}" for title, rate in zip(titles, rates, strict=True))
    table = {"kind": [kind.value for kind in AXES], "title": titles}

    def drawing(canvas: Canvas) -> Markup:
        if canvas.width == math.inf:
            return radar_of(one)
        return stacked([heading("Defects per answer", width=canvas.width), radar_of(one)], width=canvas.width)

    return Figure(
        name=f"{KEY}-{one.name}",
        title=f"Rates of defects, {'by rules' if one.name == BY_RULES else one.name}",
        alt=f"Rates of defects: {', '.join(said)}",
        caption="Defects per answer, on one scale from 0 in the middle: fewer is better. Thick lines: 95 % "
        "interval (Wilson's). An axis without a mark has no rate.",
        drawing=drawing,
        most_mm=110.0,
        data=pd.DataFrame(
            table
            | {
                "rate": [rate.rate for rate in rates],
                "low": [rate.low for rate in rates],
                "high": [rate.high for rate in rates],
                "num_judged": [rate.num_judged for rate in rates],
            }
        ),
    )


def _axis(kind: InsensitivityDimension, one: SetRates) -> RadarAxis:
    found = one.on_axis(kind).found
    return RadarAxis(_TITLES[kind.value], found.rate, found.low, found.high)


def _set(one: SetRates, drawing: Markup) -> Markup:
    is_of_rules = one.name == BY_RULES
    title = "By rules, all answers" if is_of_rules else f"Judged by {one.judge or 'a judge'}: {one.name}"
    parts = [element("h4", title), *(element("p", words) for words in one.remarks)]
    if not is_of_rules:
        parts.append(element("p", f"{one.num_done:,} of {one.num_planned:,} verdicts are in."))
    rows = [_rule_row(rate) if is_of_rules else _rate_row(rate) for rate in one.rates]
    parts += [drawing, table(title, _RATES_BY_RULES if is_of_rules else _RATES, rows)]
    parts.append(element("p", _RULE_WORDS if is_of_rules else _JUDGE_WORDS))
    parts += [element("p", words) for rate in one.rates if (words := _beside_people(rate))]
    return Markup("").join([*parts, *(_audited(one) if one.has_audit else [])])


def _rule_row(rate: DimensionRate) -> list[str]:
    """Without what only a judge has; the answers are those that rules can say something of."""
    whole = _rate_row(rate)
    return [
        whole[_RATES.index(name)]
        for name in ("Kind of defect", "rate", "95 %", "by rule", "judged", "reason")
    ]


def _rate_row(rate: DimensionRate) -> list[str]:
    found = rate.found
    return [
        _named(rate.dimension),
        as_percent(found.rate),
        percents(found.low, found.high),
        f"{rate.by_rule:,}",
        f"{rate.by_judge:,}",
        f"{found.num_judged:,}",
        f"{found.num_missing:,}",
        percents(found.if_missing_low, found.if_missing_high),
        rate.reason if math.isnan(found.rate) else "",
    ]


def _beside_people(rate: DimensionRate) -> str:
    if math.isnan(rate.people):
        return ""
    return (
        f"Of choices where one is right {as_percent(rate.found.rate)} are wrong, people's "
        f"{as_percent(rate.people)} on the same questions."
    )


def _named(dimension: str) -> str:
    return f"{dimension.partition('_')[0]} {_TITLES[dimension]}"


def _audited(one: SetRates) -> list[Markup]:
    """What people who coded some of the verdicts say."""
    rows = [_people_row(rate) for rate in one.rates if rate.audited is not None]
    audited = [(_named(rate.dimension), rate.audited) for rate in one.rates if rate.audited is not None]
    return [
        element("h4", "What people say of these verdicts"),
        table("Corrected rates", _PEOPLE, rows),
        element("p", _PEOPLE_WORDS),
        agreement_part(audited),
    ]


def _people_row(rate: DimensionRate) -> list[str]:
    assert rate.audited is not None
    audited, corrected = rate.audited, rate.audited.corrected
    return [
        _named(rate.dimension),
        as_percent(corrected.rate),
        percents(corrected.low, corrected.high),
        ", ".join(as_percent(value) for value in corrected.by_coder) or "–",
        as_percent(audited.precision),
        as_percent(audited.recall),
        f"{audited.num_audited:,}",
        corrected.reason,
    ]


def _examples(examples: Sequence[DefectExample]) -> Markup:
    if not examples:
        return element("p", "No defect was found.")
    return Markup("").join([element("h4", "Examples"), *(_example(one) for one in examples)])


def _example(one: DefectExample) -> Markup:
    by = "rule" if one.found_by == "rule" else f"judge {one.found_by}"
    item, _, wording = one.question_id.partition("#")
    question = f"{item}, wording {wording}" if wording not in ("", "0") else item
    words = f"{_named(one.dimension)}: {one.respondent_id}, {question}. By {by}: {one.why}"
    return element("div", element("p", words), element("pre", one.text or "(empty)"), class_="example")

"""The tables and charts of study B's page, from the tables of `evaluation/study_b.py`. Computes no score."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.measures import as_percent, written
from def_sim.evaluation.style_pairs import LEVEL
from def_sim.reports.cells import Row, number_in, rows_of
from def_sim.reports.charts.style_chart import StyleMark, axis_start, style_chart
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import between, legend, line_swatch, mark_swatch, table

BY_RULES: Final = "rules"  # in place of a judge
STYLE_WORDS: Final = {
    "classification": "Classification",
    "chain_of_thought": "Chain of thought",
    "scenarios": "Scenarios",
}
CONTROLS: Final = {
    "small-floor": "floor",
    "small-uniform": "uniform",
    "mode": "majority",
    "others": "other_people",
}
_PRINTED: Final = (
    "Country",
    "Style",
    "Similarity",
    "Interval over items and respondents",
    "Unclassifiable",
    "Printed",
    "Printed unclassifiable",
    "Read by",
)
_BESIDE: Final = (
    "Country",
    "Style",
    "Similarity",
    "As many people (floor)",
    "Equal shares",
    "Above equal shares",
    "Majority",
    "Other people",
    "Worst",
    "Best",
    "Matched items",
    "Items",
    "Answers",
)
_PAIRS: Final = (
    "Country",
    "Styles",
    "Difference",
    "Over items and respondents",
    "p",
    "Items",
    "Verdict",
)
_FRAMES: Final = (
    "Frame",
    "Use case",
    "Similarity",
    "As many people (floor)",
    "Unclassifiable",
    "Items",
    "Respondents",
)


def style_name(style: str) -> str:
    """A style as a reader says it; what tells two ways of one style apart follows its name."""
    strategy, _, more = style.partition(", ")
    words = STYLE_WORDS.get(strategy, strategy.replace("_", " "))
    return f"{words}, {more}" if more else words


def charts(found: pd.DataFrame, names: Mapping[str, str]) -> Markup:
    """A chart a country on a common axis, and what the marks mean."""
    marks = {country: _marks(rows) for country, rows in found.groupby("population", sort=False)}
    start = axis_start([mark for members in marks.values() for mark in members])
    figures = [
        element(
            "figure",
            element("figcaption", _capital(_name(str(country), names))),
            style_chart(members, title=f"Similarity, {_name(str(country), names)}", start=start),
        )
        for country, members in marks.items()
    ]
    return _legend() + element("div", *figures, class_="multiples")


def _marks(rows: pd.DataFrame) -> list[StyleMark]:
    return [
        StyleMark(
            name=style_name(row["style"]),
            value=number_in(row, "similarity"),
            low=number_in(row, "low"),
            high=number_in(row, "high"),
            published=number_in(row, "published"),
            published_low=number_in(row, "published_low"),
            published_high=number_in(row, "published_high"),
            controls=tuple((kind, number_in(row, column)) for kind, column in CONTROLS.items()),
        )
        for row in rows_of(rows)
    ]


def _legend() -> Markup:
    return legend(
        (mark_swatch("tuned"), "This model, 95 % interval over items"),
        (mark_swatch("base"), "Printed, of GPT-4o"),
        (mark_swatch("small-floor"), "As many real people (floor)"),
        (mark_swatch("small-uniform"), "Equal shares on every item"),
        (mark_swatch("mode"), "People’s majority, given by all"),
        (mark_swatch("others"), "People of another country"),
        (line_swatch("interval"), "Interval"),
    )


def printed_table(found: pd.DataFrame, names: Mapping[str, str]) -> Markup:
    """Ours beside what was printed."""
    lines = [
        (
            _capital(_name(row["population"], names)),
            style_name(row["style"]),
            _with_interval(row, "similarity", "low", "high"),
            _own(row),
            as_percent(number_in(row, "unclassifiable")),
            _printed(row),
            _percent_as_printed(number_in(row, "published_unclassifiable")),
            str(row["judge"]),
        )
        for row in rows_of(found)
    ]
    return element("div", table("Similarity beside what was printed", _PRINTED, lines), class_="printed")


def beside_table(found: pd.DataFrame, names: Mapping[str, str]) -> Markup:
    """What each similarity stands beside: controls, bounds, matched items."""
    lines = [
        (
            _capital(_name(row["population"], names)),
            style_name(row["style"]),
            written(number_in(row, "similarity")),
            written(number_in(row, "floor")),
            written(number_in(row, "uniform")),
            _above(row),
            written(number_in(row, "majority")),
            written(number_in(row, "other_people")),
            written(number_in(row, "worst")),
            written(number_in(row, "best")),
            _matched(row),
            _items(row),
            f"{row['num_answers']:,}",
        )
        for row in rows_of(found)
    ]
    return table("Similarity beside its controls and bounds", _BESIDE, lines)


def pairs_table(found: pd.DataFrame, names: Mapping[str, str]) -> Markup:
    """Styles of one country in pairs."""
    lines = [
        (
            _capital(_name(row["population"], names)),
            f"{style_name(row['first'])} − {style_name(row['second'])}",
            _with_interval(row, "difference", "low", "high"),
            between(number_in(row, "own_low"), number_in(row, "own_high")).strip(" ()") or "–",
            _p_value(number_in(row, "p_adjusted")),
            str(row["num_items"]),
            row["reason"] or _verdict(row),
        )
        for row in rows_of(found)
    ]
    return table("Styles in pairs", _PAIRS, lines)


def frames_tables(found: pd.DataFrame, names: Mapping[str, str]) -> Markup:
    """A table a run in frames, with whether its frames differ."""
    parts: list[Markup] = []
    for (country, style, _), rows in found.groupby(["population", "style", "folder"], sort=False):
        title = f"{_capital(_name(str(country), names))}, {style_name(str(style))}"
        parts += [element("h4", title), element("p", _frames_differ(rows)), _frame_table(title, rows)]
    return Markup().join(parts)


def _frame_table(title: str, rows: pd.DataFrame) -> Markup:
    lines = [
        (
            str(row["frame"]).replace("_", " "),
            row["use_case"],
            _with_interval(row, "similarity", "low", "high"),
            written(number_in(row, "floor")),
            as_percent(number_in(row, "unclassifiable")),
            str(row["num_items"]),
            str(row["num_respondents"]),
        )
        for row in rows_of(rows)
    ]
    return table(title, _FRAMES, lines)


def _frames_differ(rows: pd.DataFrame) -> str:
    p_value = float(rows["p_differ"].iloc[0])
    if math.isnan(p_value):
        return "Whether frames differ is unknown: no item was classified under two of them."
    verdict = "Frames differ by more than chance" if p_value < LEVEL else "No difference beyond chance"
    return f"{verdict} (p = {p_value:.3f})."


def _name(population: str, names: Mapping[str, str]) -> str:
    return names.get(population, population)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _with_interval(row: Row, value: str, low: str, high: str) -> str:
    return written(number_in(row, value)) + between(number_in(row, low), number_in(row, high))


def _own(row: Row) -> str:
    ends = between(number_in(row, "own_low"), number_in(row, "own_high")).strip(" ()")
    return ends or str(row["why_no_own"]) or "–"


def _printed(row: Row) -> str:
    value, low, high = (number_in(row, name) for name in ("published", "published_low", "published_high"))
    return "–" if math.isnan(value) else f"{value:.2f} ({low:.2f} to {high:.2f})"


def _percent_as_printed(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.2f} %"


def _matched(row: Row) -> str:
    value = number_in(row, "matched")
    return "–" if math.isnan(value) else f"{written(value)} ({row['num_matched']} items)"


def _items(row: Row) -> str:
    dropped = f" ({row['num_dropped']} dropped)" if row["num_dropped"] else ""
    return f"{row['num_items']}{dropped}"


def _above(row: Row) -> str:
    """With a star where the difference is more than chance."""
    star = " *" if number_in(row, "p_uniform") < LEVEL else ""
    return _with_interval(row, "above_uniform", "above_uniform_low", "above_uniform_high") + star


def _p_value(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _verdict(row: Row) -> str:
    if not number_in(row, "p_adjusted") < LEVEL:
        return "no difference beyond chance"
    nearer = row["first"] if row["difference"] > 0 else row["second"]
    return f"{style_name(nearer)} nearer"


def others_in_words(others: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Whose people stand beside each country's as other people."""
    said = [f"{_name(other, names)} for {_name(own, names)}" for own, other in others.items()]
    return "; ".join(said) if said else "none: no other country was asked these items"


def num_judges(found: pd.DataFrame) -> int:
    """How many judges read texts; styles that different ones read differ in the judge as well."""
    return len(set(found["judge"]) - {BY_RULES})


def bare_in_words(found: pd.DataFrame, names: Mapping[str, str]) -> Sequence[str]:
    """By the study's own rule: replies that are not the bare number, of styles that no judge read."""
    return [
        f"{_capital(_name(row['population'], names))}, {style_name(row['style'])}: "
        f"{as_percent(number_in(row, 'not_bare'))} of the replies are not the bare number; "
        f"{as_percent(number_in(row, 'unclassifiable'))} cannot be read."
        for row in rows_of(found)
        if math.isfinite(number_in(row, "not_bare"))
    ]

"""Preference bias as drawings: match rates, the heat map of mismatches, and tilts towards groups.

Heat maps are tables with shaded cells: their words wrap, their numbers can be read and copied, and
nothing is clipped however many models there are. A missing number is "–". Computes no score.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from def_sim.evaluation.bias_tables import PROFILE_TITLES
from def_sim.evaluation.measures import as_percent, written
from def_sim.reports.charts.svg import Axis, drawing, element, label, percent, shape, vertical

NUM_SHADES: Final = 5
_MEASURED: Final = "items whose most frequent answer is people's; more is closer"
_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class MatchRow:
    """How often one panel's most frequent answers are people's; all are means over items, in [0, 1]."""

    name: str  # model, and survey where there are several
    rate: float
    chance: float  # a panel that answers at random
    halves: float  # one half of the people against the other
    num_items: int


@dataclass(frozen=True, slots=True)
class TiltRow:
    """One panel's values towards each group, in the order of the groups; NaN where unknown."""

    name: str
    values: tuple[float, ...]


def match_chart(rows: Sequence[MatchRow]) -> Markup:
    """One line a panel between chance and what two halves of people reach, on an axis from 0 to 1.

    Names are set above their lines by the browser, so that long ones wrap on a narrow page.
    """
    axis = Axis(1.0, left=1.5, right=98.5)
    ticks = [
        label(as_percent(tick), axis.place(tick), 12, css="faint", anchor="middle") for tick in _TICKS[1:-1]
    ]
    foot = drawing(*ticks, height=18, title="Axis from 0 to 100 %", css="match-line")
    words = element("p", _MEASURED, class_="match-measured")
    return element("div", *(_match_row(entry, axis) for entry in rows), foot, words, class_="match-chart")


def _match_row(entry: MatchRow, axis: Axis) -> Markup:
    items = f"{entry.num_items} item{'' if entry.num_items == 1 else 's'}"
    words = element(
        "div",
        element("bdi", entry.name),
        element("span", f"{as_percent(entry.rate)} · {items}"),
        class_="match-words",
    )
    said = f"{entry.name}: {as_percent(entry.rate)} of most frequent answers are people's"
    return element("div", words, drawing(*_match_marks(entry, axis), height=20, title=said, css="match-line"))


def _match_marks(entry: MatchRow, axis: Axis) -> list[Markup]:
    parts = [vertical(axis.place(tick), 0, 20, "grid") for tick in _TICKS]
    if math.isfinite(entry.chance) and math.isfinite(entry.halves):
        ends = {"x1": percent(axis.place(entry.chance)), "x2": percent(axis.place(entry.halves))}
        parts.append(element("line", **ends, y1=10, y2=10, class_="span"))
    marks = (("uniform", entry.chance), ("people", entry.halves), ("panel", entry.rate))
    return parts + [shape(kind, axis.place(at), 10) for kind, at in marks if math.isfinite(at)]


def mismatch_heat_map(counts: NDArray[np.int64], dimensions: Sequence[str], *, caption: str) -> Markup:
    """Mismatched items by the profile of the panel's answer and by dimension.

    Args:
        counts: From `preference_bias.mismatch_table`, shape (3, 7, D).
        dimensions: Titles of the columns, length D.
        caption: What is counted, of whom.

    Returns:
        A table without the profiles that do not occur, with sums.
    """
    most = int(counts.max(initial=0))
    rows = [
        (title, counts[i, j])
        for i, titles in enumerate(PROFILE_TITLES)
        for j, title in enumerate(titles)
        if counts[i, j].any()
    ]
    body = [
        _row(name, [_count_cell(int(value), most) for value in values], str(int(values.sum())))
        for name, values in rows
    ]
    sums = [element("td", str(int(value))) for value in counts.sum(axis=(0, 1))]
    body.append(_row("Together", sums, str(int(counts.sum()))))
    return _table(caption, ["Whose answer the panel gives", *dimensions, "Together"], body)


def _count_cell(count: int, most: int) -> Markup:
    return element("td", str(count) if count else "·", class_=f"heat {_shade('lean', count, most)}")


def tilt_heat_map(
    rows: Sequence[TiltRow],
    groups: Sequence[str],
    *,
    caption: str,
    neutral: float,
    is_lower_nearer: bool = False,
) -> Markup:
    """Values of panels towards groups, shaded by how far they are from the neutral value.

    Args:
        rows: One a panel.
        groups: In words, the columns.
        caption: What the numbers are.
        neutral: No tilt: 1 for lift, 0 for a gap.
        is_lower_nearer: True for gaps, where less means nearer to the group.

    Returns:
        A table.
    """
    away = [abs(value - neutral) for row in rows for value in row.values if math.isfinite(value)]
    most = max(away, default=0.0)
    body = []
    for row in rows:
        cells = [_tilt_cell(value, neutral, most, is_lower_nearer=is_lower_nearer) for value in row.values]
        body.append(_row(row.name, cells))
    return _table(caption, ["Panel", *groups], body)


def _tilt_cell(value: float, neutral: float, most: float, *, is_lower_nearer: bool) -> Markup:
    if math.isnan(value):
        return element("td", "–", title="No figures for this group.")
    is_towards = (value < neutral) == is_lower_nearer
    shade = _shade("lean" if is_towards else "away", abs(value - neutral), most)
    return element("td", written(value), class_=f"heat {shade}")


def _shade(kind: str, value: float, most: float) -> str:
    """One of `NUM_SHADES` classes of the style sheet; none for 0."""
    level = math.ceil(NUM_SHADES * value / most - 1e-9) if most > 0 else 0
    return f"{kind}-{level}" if level > 0 else "plain"


def _row(name: str, cells: Sequence[Markup], total: str = "") -> Markup:
    last = [element("td", total)] if total else []
    return element("tr", element("th", element("bdi", name), scope="row"), *cells, *last)


def _table(caption: str, columns: Sequence[str], body: Sequence[Markup]) -> Markup:
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    table = element(
        "table",
        element("caption", caption),
        element("thead", head),
        element("tbody", *body),
        class_="heat-map",
    )
    return element("div", table, class_="scroll", tabindex="0", role="group", aria_label=caption)

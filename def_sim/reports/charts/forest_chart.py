"""Several estimates with their intervals, one below the other on a common axis: a forest plot.

Of scores the axis begins at 0, of differences 0 is in its middle. A missing number (NaN) is drawn as "–" and
never as 0. Knows no frames and no files.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.measures import written
from def_sim.reports.charts.axis_titles import AxisTitle, title_height, title_lines
from def_sim.reports.charts.score_charts import whisker
from def_sim.reports.charts.svg import Axis, drawing, label, round_up, shape, vertical
from def_sim.reports.charts.text_fit import fit_lines

_LINE: Final = 14  # pixels from one line of a name to the next
_ROW: Final = 24  # from one estimate to the next, more where a name has two lines
_ROOM_FOR_MARK: Final = 10
_LEFT: Final = 42.0  # percent of the width at which the axis begins
_RIGHT: Final = 86.0
_PLENTY_PX: Final = 600.0  # across, where a drawing has no width of its own


@dataclass(frozen=True, slots=True)
class Estimate:
    """One row: an estimate with its interval, and what it stands beside. Absent numbers are NaN."""

    name: str
    value: float
    low: float = math.nan
    high: float = math.nan
    floor: float = math.nan
    uniform: float = math.nan


def forest_chart(
    rows: Sequence[Estimate], *, title: str, axis_title: AxisTitle, are_differences: bool, width: float
) -> Markup:
    """A row an estimate: its name, its mark and interval, its number.

    Args:
        rows: In the order drawn; at least one.
        title: What is drawn, in words.
        axis_title: Below the numbers of the axis.
        are_differences: Whether 0 is in the middle, with a line.
        width: Pixels across, into which names are broken.
    """
    axis = _axis(rows, are_differences=are_differences)
    room = min(width, _PLENTY_PX) * _LEFT / 100 - _ROOM_FOR_MARK
    names = [fit_lines(row.name, room, most=2) for row in rows]
    tops = [
        6 + _ROW * index + _LINE * sum(len(one) - 1 for one in names[:index])
        for index in range(len(rows) + 1)
    ]
    foot = tops[-1]
    parts = [vertical(axis.place(tick), 4, foot, "grid") for tick in axis.ticks()]
    if are_differences:
        parts.append(vertical(axis.place(0), 4, foot, "reference"))
    for row, lines, top in zip(rows, names, tops, strict=False):
        parts += [label(line, 0, top + 12 + _LINE * place) for place, line in enumerate(lines)]
        parts += _estimate(row, axis, top=top + 8, are_differences=are_differences)
    parts += [
        label(f"{tick:g}".replace("-", "−"), axis.place(tick), foot + 14, css="faint", anchor="middle")
        for tick in axis.ticks()
    ]
    words = title_lines(axis_title, axis, foot, width=width)
    said = "; ".join(f"{row.name} {written(row.value)}" for row in rows)
    height = foot + 20 + title_height(axis_title, words)
    return drawing(*parts, *words, height=height, title=f"{title}: {said}", css="headline-chart")


def _axis(rows: Sequence[Estimate], *, are_differences: bool) -> Axis:
    numbers = [number for row in rows for number in (row.value, row.low, row.high, row.floor, row.uniform)]
    end = round_up(max((abs(number) for number in numbers if math.isfinite(number)), default=1.0))
    return Axis(end, left=_LEFT, right=_RIGHT, low=-end if are_differences else 0.0)


def _estimate(row: Estimate, axis: Axis, *, top: float, are_differences: bool) -> list[Markup]:
    sign = "+" if are_differences and row.value > 0 else ""
    parts = [label(f"{sign}{written(row.value)}", 100, top + 4, anchor="end")]
    for kind, at in (("small-floor", row.floor), ("small-uniform", row.uniform)):
        if math.isfinite(at):
            parts.append(shape(kind, axis.place(at), top))
    parts += whisker(axis, row.low, row.high, top)
    if math.isfinite(row.value):
        parts.append(shape("panel", axis.place(row.value), top))
    return parts

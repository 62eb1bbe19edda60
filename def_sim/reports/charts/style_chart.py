"""Similarity of one country's answers to people's, a row a style of asking, beside what was printed.

A missing number (NaN) is drawn as "–" and never as 0. Knows no frames and no files.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.measures import written
from def_sim.reports.charts.axis_titles import AxisTitle, title_height, title_lines
from def_sim.reports.charts.svg import Axis, drawing, element, label, percent, shape, vertical

_ROW: Final = 66
_AXIS: Final = AxisTitle("", "similarity to people; 1 is the same")
_HIGHEST: Final = 1.0  # of a similarity
_MOST_LEFT: Final = 0.9  # the axis begins here at the latest


@dataclass(frozen=True, slots=True)
class StyleMark:
    """One style: its similarity with an interval, what was printed, and controls by the kind of mark.

    Absent numbers are NaN.
    """

    name: str
    value: float
    low: float
    high: float
    published: float
    published_low: float
    published_high: float
    controls: tuple[tuple[str, float], ...]  # a shape of `theme.MARKS`, and where it stands


def axis_start(marks: Sequence[StyleMark]) -> float:
    """The tenth below all that is drawn, so that countries share an axis that ends in 1."""
    numbers = [number for mark in marks for number in _numbers(mark) if math.isfinite(number)]
    return math.floor(10 * min([*numbers, _MOST_LEFT])) / 10


def _numbers(mark: StyleMark) -> list[float]:
    own = [mark.value, mark.low, mark.published, mark.published_low]
    return [*own, *(at for _, at in mark.controls)]


def style_chart(marks: Sequence[StyleMark], *, title: str, start: float) -> Markup:
    """Three lines a style: ours, what was printed, and what stands beside.

    Args:
        marks: One a style, in the order drawn.
        title: What is drawn, in words.
        start: Lower end of the axis, from `axis_start` over all countries.
    """
    axis, foot = Axis(_HIGHEST, left=1, right=99, low=start), _ROW * len(marks) + 2
    parts = [vertical(axis.place(tick), 0, foot, "grid") for tick in axis.ticks()]
    for index, mark in enumerate(marks):
        parts.extend(_row(mark, axis, top=_ROW * index))
    anchors = ("start", "middle", "end")
    parts.extend(
        label(f"{tick:.2g}", axis.place(tick), foot + 14, css="faint", anchor=anchor)
        for tick, anchor in zip(axis.ticks(), anchors, strict=True)
    )
    words = title_lines(_AXIS, axis, foot, width=math.inf)
    said = "; ".join(f"{mark.name} {written(mark.value)}{_printed(mark)}" for mark in marks)
    height = foot + 20 + title_height(_AXIS, words)
    return drawing(*parts, *words, height=height, title=f"{title}: {said}", css="style-chart")


def _printed(mark: StyleMark) -> str:
    return "" if math.isnan(mark.published) else f" (printed {mark.published:.2f})"


def _row(mark: StyleMark, axis: Axis, *, top: float) -> list[Markup]:
    parts = [
        label(mark.name, 0, top + 14, css="halo"),
        label(f"{written(mark.value)}{_printed(mark)}", 100, top + 14, css="halo", anchor="end"),
        *_interval(axis, mark.low, mark.high, top + 27, "interval"),
        *_interval(axis, mark.published_low, mark.published_high, top + 41, "interval printed"),
    ]
    marks = [("tuned", mark.value, 27.0), ("base", mark.published, 41.0)]
    marks += [(kind, at, 55.0) for kind, at in mark.controls]
    parts += [shape(kind, axis.place(at), top + down) for kind, at, down in marks if math.isfinite(at)]
    return parts


def _interval(axis: Axis, low: float, high: float, top: float, css: str) -> list[Markup]:
    if not (math.isfinite(low) and math.isfinite(high)):
        return []
    ends = {"x1": percent(axis.place(low)), "x2": percent(axis.place(high))}
    return [element("line", **ends, y1=top, y2=top, class_=css)]

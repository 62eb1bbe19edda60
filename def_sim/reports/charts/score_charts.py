"""The drawings of our pages, from plain numbers to inline SVG.

A missing number (NaN) is drawn as "–" and never as 0. Knows no frames and no files.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.measures import as_percent, written
from def_sim.reports.charts.axis_titles import NO_TITLE, AxisTitle, title_height, title_lines
from def_sim.reports.charts.svg import Axis, bar, drawing, element, label, percent, round_up, shape, vertical
from def_sim.reports.charts.text_fit import fit_lines, text_width

_ROW: Final = 19  # pixels from one mark to the next
_NAME_LINE: Final = 14  # from one line of a name to the next
_ROOM_FOR_MARK: Final = 10  # between words and a mark at the axis
_ROOM_FOR_INTERVALS: Final = 1.5  # an axis reaches at most so many times as far as what it is about

_LEAST_END: Final = 0.001  # scores are written with three decimals: an axis of 1e-53 would say nothing
_LEAST_PERCENT: Final = 0.01  # and percentages with one at most


@dataclass(frozen=True, slots=True)
class Mark:
    """One value on an axis with its interval, if it has one; `kind` is a shape of `theme.MARKS`."""

    kind: str
    name: str
    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True)
class DimensionRow:
    """KL of one topic group beside its floor and its uniform control."""

    title: str
    value: float
    floor: float
    uniform: float
    num_items: int
    low: float = math.nan  # interval of the value; NaN without one
    high: float = math.nan


@dataclass(frozen=True, slots=True)
class StatusPart:
    """One piece of the plan: `key` is the letter that names it in chart and table."""

    key: str
    name: str
    css: str
    count: int
    share: float


def _axis_end(values: Sequence[float], highs: Sequence[float] = (), *, least: float = _LEAST_END) -> float:
    """A round number above all values, and above the ends of intervals that go not far beyond them."""
    furthest = max((value for value in values if math.isfinite(value)), default=1.0)
    ends = [min(high, _ROOM_FOR_INTERVALS * furthest) for high in highs if math.isfinite(high)]
    end = max([furthest, *ends])
    return round_up(max(end, least) if end > 0 else end)


def headline_chart(
    marks: Sequence[Mark],
    *,
    title: str,
    axis_title: AxisTitle = NO_TITLE,
    reference: float | None = None,
    are_shares: bool = False,
    width: float = math.inf,
) -> Markup:
    """One line per mark on a common axis from 0, name on the left, value on the right.

    Args:
        marks: The panel first, then what it is compared with.
        title: What is drawn, in words.
        axis_title: Below the numbers of the axis; none where the words stand around the drawing.
        reference: A value to draw a line at, e.g. 1 for a ratio.
        are_shares: Whether values are shares, written as percentages.
        width: Pixels across, into which names are broken.
    """
    values = [mark.value for mark in marks] + ([] if reference is None else [reference])
    least = _LEAST_PERCENT if are_shares else _LEAST_END
    axis = Axis(_axis_end(values, [mark.high for mark in marks], least=least), left=45, right=84)
    in_words, tick_words = (as_percent, as_percent) if are_shares else (written, "{:g}".format)
    names = [_name_lines(mark.name, width, axis, is_bold=not index) for index, mark in enumerate(marks)]
    tops = [
        8 + _ROW * index + _NAME_LINE * sum(len(lines) - 1 for lines in names[:index])
        for index in range(len(marks) + 1)
    ]
    foot = tops[-1]
    parts = [vertical(axis.place(tick), 6, foot, "grid") for tick in axis.ticks()]
    if reference is not None:
        parts.append(vertical(axis.place(reference), 6, foot, "reference"))
    for index, (mark, lines, top) in enumerate(zip(marks, names, tops, strict=False)):
        css = "" if index else "strong"
        parts.append(label(in_words(mark.value), 100, top + 14, css=css, anchor="end"))
        parts.extend(_headline_row(mark, lines, axis, top=top + 10, css=css))
    parts.extend(
        label(tick_words(tick), axis.place(tick), foot + 14, css="faint", anchor="middle")
        for tick in axis.ticks()
    )
    words = title_lines(axis_title, axis, foot, width=width)
    said = f"{title}: {marks_in_words(marks, are_shares=are_shares)}"
    height = foot + 20 + title_height(axis_title, words)
    return drawing(*parts, *words, height=height, title=said, css="headline-chart")


def marks_in_words(marks: Sequence[Mark], *, are_shares: bool = False) -> str:
    """The marks for who cannot see them."""
    in_words = as_percent if are_shares else written
    return "; ".join(f"{mark.name} {in_words(mark.value)}" for mark in marks)


def _name_lines(name: str, width: float, axis: Axis, *, is_bold: bool) -> list[str]:
    return fit_lines(name, width * axis.left / 100 - _ROOM_FOR_MARK, most=2, is_bold=is_bold)


def _headline_row(mark: Mark, lines: Sequence[str], axis: Axis, *, top: float, css: str) -> list[Markup]:
    parts = [label(line, 0, top + 4 + _NAME_LINE * index, css=css) for index, line in enumerate(lines)]
    if math.isnan(mark.value):
        return parts
    end = axis.place(mark.value)
    ends = {"x1": percent(axis.left), "x2": percent(end)}
    stem = element("line", **ends, y1=top, y2=top, class_=f"stem {mark.kind}-stem")
    return [*parts, stem, *whisker(axis, mark.low, mark.high, top), shape(mark.kind, end, top)]


def whisker(axis: Axis, low: float, high: float, top: float) -> list[Markup]:
    """An interval as a line with ends, or an arrowhead where it leaves the axis; nothing without one."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return []
    left, right = axis.place(low), axis.place(high)
    line = element("line", x1=percent(left), x2=percent(right), y1=top, y2=top, class_="whisker")
    begin = vertical(left, top - 5, top + 5, "whisker")
    is_beyond = high > axis.high
    end = shape("beyond", right, top) if is_beyond else vertical(right, top - 5, top + 5, "whisker")
    return [line, begin, end]


def dimension_chart(
    rows: Sequence[DimensionRow],
    *,
    macro: float,
    micro: float,
    measure: str = "KL",
    axis_title: AxisTitle = NO_TITLE,
    width: float = math.inf,
) -> Markup:
    """A bar per topic group with marks for floor and uniform, and lines for the two means.

    Args:
        rows: One per topic group, in the order drawn.
        macro: Unweighted mean over topic groups.
        micro: Mean over items.
        measure: The divergence's short name.
        axis_title: Below the numbers of the axis.
        width: Pixels across, to which titles are cut.
    """
    row, foot = 42, 8 + 42 * len(rows)
    values = [macro, micro, *(v for r in rows for v in (r.value, r.floor, r.uniform))]
    axis = Axis(_axis_end(values, [r.high for r in rows]), right=97)
    parts = [vertical(axis.place(tick), 4, foot, "grid") for tick in axis.ticks()]
    for index, entry in enumerate(rows):
        if math.isfinite(entry.value):
            parts.append(bar(0, axis.place(entry.value), row * index + 23, 14, "panel-bar"))
    # The means run across the bars they summarise, and under the words.
    parts.extend(
        vertical(axis.place(mean), 4, foot, css)
        for mean, css in ((macro, "macro"), (micro, "micro"))
        if math.isfinite(mean)
    )
    for index, entry in enumerate(rows):
        parts.extend(_dimension_marks(entry, axis, top=row * index, width=width))
    anchors = ("start", "middle", "end")
    parts.extend(
        label(f"{tick:g}", axis.place(tick), foot + 15, css="faint", anchor=anchor)
        for tick, anchor in zip(axis.ticks(), anchors, strict=True)
    )
    said = "; ".join(f"{entry.title} {written(entry.value)}" for entry in rows)
    title = f"{measure} by topic group: {said}; macro mean {written(macro)}, micro mean {written(micro)}"
    words = title_lines(axis_title, axis, foot, width=width)
    height = foot + 20 + title_height(axis_title, words)
    return drawing(*parts, *words, height=height, title=title, css="dimension-chart")


def _dimension_marks(entry: DimensionRow, axis: Axis, *, top: float, width: float) -> list[Markup]:
    items = f"{entry.num_items} item{'' if entry.num_items == 1 else 's'}"
    count = f"{written(entry.value)} · {items}"
    [title] = fit_lines(entry.title, width - text_width(count) - _ROOM_FOR_MARK)
    parts = [label(title, 0, top + 17, css="halo"), label(count, 100, top + 17, css="halo", anchor="end")]
    parts += whisker(axis, entry.low, entry.high, top + 30)
    marks = (("floor", entry.floor), ("uniform", entry.uniform))
    return parts + [shape(kind, axis.place(at), top + 30) for kind, at in marks if math.isfinite(at)]


def share_chart(name: str, share: float) -> Markup:
    """The share of people who chose one option, in [0, 1]. `name` is the option in words."""
    bars = _share(share, Axis(1.0, right=78), 1, "people-bar")
    return drawing(*bars, height=14, title=f"{name}: people {as_percent(share)}", css="pair")


def _share(share: float, axis: Axis, top: float, css: str) -> list[Markup]:
    if math.isnan(share):
        return [label("–", 0, top + 10, css="faint")]
    end = axis.place(share)
    return [bar(0, end, top, 12, css), label(as_percent(share), end, top + 10, css="halo", shift=5)]


def status_chart(parts: Sequence[StatusPart]) -> Markup:
    """The plan as one bar, a piece per status with its key letter where there is room."""
    drawn, left = [], 0.0
    for part in parts:
        right = left + 100 * part.share
        drawn.append(bar(left, right, 0, 30, f"piece {part.css}"))
        if part.share >= 0.04:
            drawn.append(label(part.key, (left + right) / 2, 20, css=f"on-{part.css}", anchor="middle"))
        left = right
    said = "; ".join(f"{part.name} {part.count} ({as_percent(part.share)})" for part in parts)
    return drawing(*drawn, height=30, title=f"How the answers ended: {said}", css="status-chart")

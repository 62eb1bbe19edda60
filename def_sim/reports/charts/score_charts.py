"""The drawings of our pages, from plain numbers to inline SVG.

A missing number (NaN) is drawn as "–" and never as 0. Knows no frames and no files.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from def_sim.evaluation.measures import as_percent, written
from def_sim.reports.charts.svg import Axis, bar, drawing, element, label, percent, round_up, shape, vertical


@dataclass(frozen=True, slots=True)
class Mark:
    """One value on an axis; `kind` is a shape of `theme.MARKS`."""

    kind: str
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class DimensionRow:
    """KL of one topic group beside its floor and its uniform control."""

    title: str
    value: float
    floor: float
    uniform: float
    num_items: int


@dataclass(frozen=True, slots=True)
class StatusPart:
    """One piece of the plan: `key` is the letter that names it in chart and table."""

    key: str
    name: str
    css: str
    count: int
    share: float


def _axis_end(values: Sequence[float]) -> float:
    return round_up(max((value for value in values if math.isfinite(value)), default=1.0))


def headline_chart(marks: Sequence[Mark], *, title: str, reference: float | None = None) -> Markup:
    """One line per mark on a common axis from 0, name on the left, value on the right.

    Args:
        marks: The panel first, then what it is compared with.
        title: What is drawn, in words.
        reference: A value to draw a line at, e.g. 1 for a ratio.
    """
    row, foot = 24, 8 + 24 * len(marks)
    axis = Axis(_axis_end([mark.value for mark in marks]), left=45, right=84)
    parts = [vertical(axis.place(tick), 6, foot, "grid") for tick in axis.ticks()]
    if reference is not None:
        parts.append(vertical(axis.place(reference), 6, foot, "reference"))
    for index, mark in enumerate(marks):
        parts.extend(_headline_row(mark, axis, top=18 + row * index, css="strong" if index == 0 else ""))
    parts.extend(
        label(f"{tick:g}", axis.place(tick), foot + 14, css="faint", anchor="middle") for tick in axis.ticks()
    )
    said = "; ".join(f"{mark.name} {written(mark.value)}" for mark in marks)
    return drawing(*parts, height=foot + 20, title=f"{title}: {said}", css="headline-chart")


def _headline_row(mark: Mark, axis: Axis, *, top: float, css: str) -> list[Markup]:
    parts = [
        label(mark.name, 0, top + 4, css=css),
        label(written(mark.value), 100, top + 4, css=css, anchor="end"),
    ]
    if math.isnan(mark.value):
        return parts
    end = axis.place(mark.value)
    ends = {"x1": percent(axis.left), "x2": percent(end)}
    stem = element("line", **ends, y1=top, y2=top, class_=f"stem {mark.kind}-stem")
    return [*parts, stem, shape(mark.kind, end, top)]


def dimension_chart(
    rows: Sequence[DimensionRow], *, macro: float, micro: float, measure: str = "KL"
) -> Markup:
    """A bar per topic group with marks for floor and uniform, and lines for the two means.

    Args:
        rows: One per topic group, in the order drawn.
        macro: Unweighted mean over topic groups.
        micro: Mean over items.
        measure: The divergence's short name.
    """
    row, foot = 42, 8 + 42 * len(rows)
    axis = Axis(
        _axis_end([macro, micro, *(v for r in rows for v in (r.value, r.floor, r.uniform))]), right=97
    )
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
        parts.extend(_dimension_marks(entry, axis, top=row * index))
    anchors = ("start", "middle", "end")
    parts.extend(
        label(f"{tick:g}", axis.place(tick), foot + 15, css="faint", anchor=anchor)
        for tick, anchor in zip(axis.ticks(), anchors, strict=True)
    )
    said = "; ".join(f"{entry.title} {written(entry.value)}" for entry in rows)
    title = f"{measure} by topic group: {said}; macro mean {written(macro)}, micro mean {written(micro)}"
    return drawing(*parts, height=foot + 20, title=title, css="dimension-chart")


def _dimension_marks(entry: DimensionRow, axis: Axis, *, top: float) -> list[Markup]:
    items = f"{entry.num_items} item{'' if entry.num_items == 1 else 's'}"
    parts = [
        label(entry.title, 0, top + 17, css="halo"),
        label(f"{written(entry.value)} · {items}", 100, top + 17, css="halo", anchor="end"),
    ]
    marks = (("floor", entry.floor), ("uniform", entry.uniform))
    parts.extend(shape(kind, axis.place(at), top + 30) for kind, at in marks if math.isfinite(at))
    return parts


def pair_chart(name: str, panel: float, people: float, planted: float | None = None) -> Markup:
    """Share of the panel above share of people for one option, and below them a planted truth.

    All shares are of one, in [0, 1]. `name` is the option in words.
    """
    axis = Axis(1.0, right=78)
    said = f"{name}: panel {as_percent(panel)}, people {as_percent(people)}"
    parts = [*_share(panel, axis, 1, "panel-bar"), *_share(people, axis, 15, "people-bar")]
    if planted is None or math.isnan(planted):
        return drawing(*parts, height=28, title=said, css="pair")
    # A row of its own: on the bars it would hide their numbers.
    left, text = axis.place(planted), as_percent(planted)
    stem = element("line", x1=0, x2=percent(left), y1=36, y2=36, class_="planted-line")
    parts += [stem, shape("planted", left, 36), label(text, left, 40, css="halo", shift=10)]
    return drawing(*parts, height=44, title=f"{said}, planted {text}", css="pair")


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

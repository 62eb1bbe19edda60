"""The drawings of a comparison of runs: one mark a run, told apart by its letter.

Colours cannot tell eleven models apart, letters can. A missing number (NaN) is drawn as "–" and
never as 0. Knows no frames and no files.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from def_sim.evaluation.measures import written
from def_sim.reports.charts.svg import Axis, drawing, element, label, percent, round_up, shape, vertical

_ROW = 22
_ROOM_FOR_INTERVALS = 1.5  # an axis reaches at most so many times as far as what it is about


@dataclass(frozen=True, slots=True)
class RunMark:
    """One score of one run beside its floor and its uniform control. Absent ends are NaN."""

    letter: str
    name: str
    value: float
    low: float
    high: float
    floor: float
    uniform: float
    is_tuned: bool
    rank: str = ""  # "2", "2=" for a tie, "" without a rank
    lowest: float = math.nan  # over seeds, of which the value is the mean
    highest: float = math.nan


def axis_end(marks: Sequence[RunMark]) -> float:
    """A round number above all scores, floors and controls, and above intervals that go not far beyond them.

    One interval that says next to nothing would otherwise press all scores together at the left.
    """
    furthest = _largest([number for mark in marks for number in (mark.value, mark.floor, mark.uniform)])
    if math.isnan(furthest):
        return round_up(1.0)
    of_intervals = [min(mark.high, _ROOM_FOR_INTERVALS * furthest) for mark in marks]
    return round_up(_largest([furthest, *of_intervals, *(mark.highest for mark in marks)]))


def _largest(numbers: Sequence[float]) -> float:
    """NaN without a finite number."""
    return max((number for number in numbers if math.isfinite(number)), default=math.nan)


def small_multiple(marks: Sequence[RunMark], *, title: str, end: float) -> Markup:
    """A line a run, on an axis from 0 to `end` that all charts of a row of multiples share.

    Args:
        marks: One a run, in the order of every other chart.
        title: What is drawn, in words.
        end: From `axis_end` over all charts.
    """
    axis, foot = Axis(end, left=9, right=74), 4 + _ROW * len(marks)
    parts = [vertical(axis.place(tick), 0, foot, "grid") for tick in axis.ticks()]
    for index, mark in enumerate(marks):
        parts.extend(_line(mark, axis, top=_ROW * index + 13))
    parts.extend(
        label(f"{tick:g}", axis.place(tick), foot + 13, css="faint", anchor="middle") for tick in axis.ticks()
    )
    said = "; ".join(f"{mark.letter} {mark.name} {_said(mark)}" for mark in marks)
    return drawing(*parts, height=foot + 18, title=f"{title}: {said}", css="multiple")


def _said(mark: RunMark, in_words: Callable[[float], str] = written) -> str:
    has_range = math.isfinite(mark.lowest) and math.isfinite(mark.highest)
    seeds = f", seeds {in_words(mark.lowest)} to {in_words(mark.highest)}" if has_range else ""
    return in_words(mark.value) + seeds + (f" (rank {mark.rank})" if mark.rank else "")


def _line(mark: RunMark, axis: Axis, *, top: float) -> list[Markup]:
    parts = [
        label(mark.letter, 0, top + 4, css="strong"),
        label(written(mark.value), 88, top + 4, anchor="end"),
    ]
    if mark.rank:
        parts.append(label(mark.rank, 100, top + 4, css="faint", anchor="end"))
    for kind, at in (("floor", mark.floor), ("uniform", mark.uniform)):
        if math.isfinite(at):
            parts.append(shape(f"small-{kind}", axis.place(at), top))
    if math.isfinite(mark.low) and math.isfinite(mark.high):
        ends = {"x1": percent(axis.place(mark.low)), "x2": percent(axis.place(mark.high))}
        parts.append(element("line", **ends, y1=top, y2=top, class_="interval"))
        if mark.high > axis.high:
            parts.append(shape("beyond", axis.right, top))
    if math.isfinite(mark.lowest) and math.isfinite(mark.highest):
        parts.extend(_range(mark, axis, top))
    if math.isfinite(mark.value):
        parts.append(shape("tuned" if mark.is_tuned else "base", axis.place(mark.value), top))
    return parts


def _range(mark: RunMark, axis: Axis, top: float) -> list[Markup]:
    """From the lowest to the highest seed, with a foot at both ends: no interval."""
    left, right = axis.place(mark.lowest), axis.place(mark.highest)
    line = element("line", x1=percent(left), x2=percent(right), y1=top, y2=top, class_="range")
    return [line, *(vertical(end, top - 5, top + 5, "range") for end in (left, right))]


def strip_chart(
    rows: Sequence[tuple[str, Sequence[RunMark]]],
    *,
    title: str,
    end: float,
    in_words: Callable[[float], str] | None = None,
) -> Markup:
    """A row for each kind of model with its runs on a common axis, lettered discs side by side.

    Args:
        rows: Name of the kind, and its runs; those without a value are left out.
        title: What is drawn, in words.
        end: Upper end of the axis.
        in_words: How values are written, such as `as_percent`; None: as scores are.
    """
    said_as, tick_as = in_words or written, in_words or "{:g}".format
    axis, top, parts = Axis(end, left=34, right=97), 0, []
    for name, marks in rows:
        defined = sorted((m for m in marks if math.isfinite(m.value)), key=lambda m: m.value)
        layers = layers_of([axis.place(mark.value) for mark in defined])
        parts.append(label(name, 0, top + 17))
        parts.extend(
            _disc(mark, axis.place(mark.value), top + 13 + 20 * layer)
            for mark, layer in zip(defined, layers, strict=True)
        )
        top += 26 + 20 * max(layers, default=0)
    grid = [vertical(axis.place(tick), 0, top, "grid") for tick in axis.ticks()]
    ends = [
        label(tick_as(tick), axis.place(tick), top + 13, css="faint", anchor="middle")
        for tick in axis.ticks()
    ]
    said = "; ".join(
        f"{name}: {', '.join(f'{m.letter} {_said(m, said_as)}' for m in marks)}" for name, marks in rows
    )
    return drawing(*grid, *parts, *ends, height=top + 18, title=f"{title}. {said}", css="strip")


def _disc(mark: RunMark, left: float, top: float) -> Markup:
    kind = "tuned" if mark.is_tuned else "base"
    circle = element("circle", cx=percent(left), cy=top, r=9, class_=f"mark {kind}")
    return circle + label(mark.letter, left, top + 4, css=f"on-{kind}", anchor="middle")


def layers_of(places: Sequence[float], *, apart: float = 7.0) -> list[int]:
    """The lowest layer for each of the sorted places in which nothing else is nearer than `apart` percent."""
    ends: list[float] = []
    layers = []
    for place in places:
        layer = next((i for i, end in enumerate(ends) if place - end >= apart), len(ends))
        ends[layer : layer + 1] = [place]
        layers.append(layer)
    return layers

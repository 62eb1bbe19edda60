"""A radar of rates: one axis each, 0 in the middle, the outer ring labelled, an interval on each axis.

Rates only, never counts, and one end for all axes; an axis without a rate stays empty and the outline is
open there. Areas mean nothing: only places on the axes do. Computes no rate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.measures import as_percent
from def_sim.reports.charts.svg import element, number, round_up
from def_sim.reports.charts.text_fit import fit_lines

_WIDTH, _HEIGHT, _RADIUS, _LETTERS = 420.0, 340.0, 122.0, 16.0
_CENTRE: Final = (_WIDTH / 2, _HEIGHT / 2)
_RINGS: Final = (0.5, 1.0)
_LINE, _MOST_LINES = 15.0, 3  # of a name
_NO_BREAK: Final = "\u00a0"


@dataclass(frozen=True, slots=True)
class RadarAxis:
    """A rate with its interval, in [0, 1]; NaN where unknown. `label`: a short name."""

    label: str
    rate: float
    low: float
    high: float


def outer_ring(axes: Sequence[RadarAxis]) -> float:
    """The end of the axes: a round rate above all that is drawn, at most 1."""
    known = [end for axis in axes for end in (axis.rate, axis.high) if math.isfinite(end)]
    return min(round_up(max(known, default=1.0)), 1.0)


def radar(axes: Sequence[RadarAxis], *, outer: float, title: str, css: str = "radar") -> Markup:
    """The drawing, as wide as its style sheet lets it be.

    Args:
        axes: At least three, clockwise from the top.
        outer: Rate at the outer ring, in (0, 1].
        title: What a screen reader says before the rates.
        css: Class of the drawing.
    """
    said = ", ".join(f"{axis.label} {_in_words(axis)}" for axis in axes)
    words = f"{title}: {said}"
    parts = [element("title", words), *_frame(len(axes), outer)]
    parts += _outline(axes, outer)
    for place, axis in enumerate(axes):
        parts += _marks(axis, _turn(place, len(axes)), outer)
    box = f"0 0 {number(_WIDTH)} {number(_HEIGHT)}"
    size: dict[str, str | float] = {"width": "100%", "height": _HEIGHT}
    return element("svg", *parts, class_=css, viewBox=box, role="img", aria_label=words, **size)


def _in_words(axis: RadarAxis) -> str:
    return as_percent(axis.rate) if math.isfinite(axis.rate) else "unknown"


def _turn(place: int, num_axes: int) -> tuple[float, float]:
    """The direction of an axis, clockwise from the top; heights count downwards."""
    angle = 2 * math.pi * place / num_axes
    return math.sin(angle), -math.cos(angle)


def _at(turn: tuple[float, float], share: float) -> tuple[float, float]:
    """The point at a share of the radius."""
    return _CENTRE[0] + turn[0] * share * _RADIUS, _CENTRE[1] + turn[1] * share * _RADIUS


def _line(start: tuple[float, float], end: tuple[float, float], css: str) -> Markup:
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=css)


def _frame(num_axes: int, outer: float) -> list[Markup]:
    rings = [
        element("circle", cx=_CENTRE[0], cy=_CENTRE[1], r=share * _RADIUS, class_="grid ring")
        for share in _RINGS
    ]
    spokes = [_line(_CENTRE, _at(_turn(place, num_axes), 1), "grid") for place in range(num_axes)]
    # Between the first two axes, where no mark can lie.
    aside = _turn(1, 2 * num_axes)
    ends = [_text(as_percent(outer * share), _at(aside, share), "faint halo") for share in _RINGS]
    return [*rings, *spokes, *ends, _text("0", _at(aside, 0.07), "faint halo")]


def _text(words: str, at: tuple[float, float], css: str, anchor: str = "middle") -> Markup:
    return element("text", words, x=at[0], y=at[1] + 4, text_anchor=anchor, class_=css)


def _outline(axes: Sequence[RadarAxis], outer: float) -> list[Markup]:
    """Lines between neighbours that both have a rate."""
    turns = [_turn(place, len(axes)) for place in range(len(axes))]
    points = [
        _at(turn, min(axis.rate / outer, 1.0)) if math.isfinite(axis.rate) else None
        for axis, turn in zip(axes, turns, strict=True)
    ]
    closed = [*points, points[0]]
    return [
        _line(start, end, "radar-line")
        for start, end in pairwise(closed)
        if start is not None and end is not None
    ]


def _name(axis: RadarAxis, turn: tuple[float, float]) -> list[Markup]:
    """What the axis is, and its rate, in lines that keep inside the drawing."""
    anchor = "middle" if abs(turn[0]) < 0.1 else ("start" if turn[0] > 0 else "end")
    left, top = _at(turn, 1 + _LETTERS / _RADIUS)
    room = {"middle": _WIDTH, "start": _WIDTH - left, "end": left}[anchor]
    rate = _in_words(axis).replace(" ", _NO_BREAK)
    lines = fit_lines(f"{axis.label} {rate}", room, most=_MOST_LINES, is_bold=True)
    top -= _LINE * (len(lines) - 1) * (1 - turn[1]) / 2  # the lowest at the top of the circle, and so on
    return [
        _text(line.replace(_NO_BREAK, " "), (left, top + _LINE * index), "strong", anchor)
        for index, line in enumerate(lines)
    ]


def _marks(axis: RadarAxis, turn: tuple[float, float], outer: float) -> list[Markup]:
    parts = _name(axis, turn)
    if math.isfinite(axis.low) and math.isfinite(axis.high):
        ends = [_at(turn, min(end / outer, 1.0)) for end in (axis.low, axis.high)]
        parts.append(_line(ends[0], ends[1], "radar-interval"))
    if math.isfinite(axis.rate):
        left, top = _at(turn, min(axis.rate / outer, 1.0))
        parts.append(element("circle", cx=left, cy=top, r=4.5, class_="mark panel"))
    return parts

"""One bar for a run: random answers at 0, people at 1, the panel between them with its interval."""

import math
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.verdict import Verdict
from def_sim.reports.charts.svg import Axis, drawing, element, label, percent, shape, vertical

_LOW: Final = -1.0  # what is farther off has an arrow and its raw score
_HIGH: Final = 1.5
_HEIGHT: Final = 74
_LINE: Final = 34


def verdict_bar(verdict: Verdict) -> Markup:
    """The bar of a run; without a score only its ends are drawn."""
    axis = Axis(high=_HIGH, low=_LOW, left=3, right=97)
    random, people = axis.place(0), axis.place(1)
    parts = [
        element("line", x1=percent(random), x2=percent(people), y1=_LINE, y2=_LINE, class_="verdict-way"),
        vertical(random, _LINE - 12, _LINE + 12, "verdict-end"),
        vertical(people, _LINE - 12, _LINE + 12, "verdict-end"),
        label("random answers", random, _HEIGHT - 12, css="faint", anchor="middle"),
        label("people", people, _HEIGHT - 12, css="faint", anchor="middle"),
    ]
    if not math.isnan(verdict.normalised):
        parts += _panel(axis, verdict)
    return drawing(*parts, height=_HEIGHT, title=_said(verdict), css="verdict-bar")


def _panel(axis: Axis, verdict: Verdict) -> list[Markup]:
    parts = []
    if not (math.isnan(verdict.low) or math.isnan(verdict.high)):
        ends = {"x1": percent(axis.place(verdict.low)), "x2": percent(axis.place(verdict.high))}
        parts.append(element("line", **ends, y1=_LINE, y2=_LINE, class_="interval"))
    place = axis.place(verdict.normalised)
    if verdict.normalised < _LOW:
        score = label(f"divergence {verdict.score:.3f}", place, _LINE - 14, css="share")
        return [*parts, shape("below", place, _LINE), score]
    return [*parts, shape("panel", place, _LINE)]


def _said(verdict: Verdict) -> str:
    return f"Random answers at 0, people at 1. {verdict.sentences[0]}"

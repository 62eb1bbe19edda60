"""Drawings below each other as one drawing, with headings and a legend: what a figure file consists of.

On a page headings and legends are set by the browser. Positions are pixels. Knows no surveys and no scores.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from def_sim.reports.charts.svg import element, number
from def_sim.reports.charts.text_fit import fit_lines, text_width
from def_sim.reports.theme import MARKS

_LINE: Final = 17.0  # from one line of words to the next
_KEY: Final = 26.0  # what a key takes before its words
_BETWEEN: Final = 20.0  # two keys of a legend
_OPENING: Final = re.compile(r"<svg\b[^>]*>")
_PLACE: Final = re.compile(r' (?:x|y|width|height|role|aria-label)="[^"]*"')
_HEIGHT: Final = re.compile(r' height="([\d.]+)"')
_VIEW: Final = re.compile(r' viewBox="0 0 ([\d.]+) ([\d.]+)"')


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend: a drawing around (0, 0), at most 20 px wide, and what it means."""

    mark: Markup
    words: str


def mark_key(kind: str, words: str) -> Key:
    """A mark of `theme.MARKS`."""
    return Key(element("path", d=MARKS[kind], class_=f"mark {kind}"), words)


def bar_key(css: str, words: str) -> Key:
    """A piece of a bar."""
    return Key(element("rect", x=-9, y=-6, width=18, height=12, class_=css), words)


def line_key(css: str, words: str) -> Key:
    """A piece of a line across."""
    return Key(element("line", x1=-10, x2=10, y1=0, y2=0, class_=css), words)


def height_of(drawing: Markup, width: float) -> float:
    """Pixels that a whole drawing is high when it is so wide.

    Raises:
        ValueError: It says neither its height nor its proportions.
    """
    opening = _opening(drawing)
    heights = [float(height.group(1))] if (height := _HEIGHT.search(opening)) else []
    if view := _VIEW.search(opening):
        heights.append(width * float(view.group(2)) / float(view.group(1)))
    if heights:
        return min(heights)
    raise ValueError(f"A drawing without height: {opening[:200]}")


def placed(drawing: Markup, *, left: float, top: float, width: float) -> Markup:
    """A whole drawing as a part of another."""
    opening = _opening(drawing)
    box = f'x="{number(left)}" y="{number(top)}" width="{number(width)}"'
    box += f' height="{number(height_of(drawing, width))}"'
    named = f"<svg {box}{_PLACE.sub('', opening)[4:]}"
    return Markup(named + str(drawing)[len(opening) :])


def _opening(drawing: Markup) -> str:
    found = _OPENING.match(str(drawing))
    if found is None:
        raise ValueError(f"No drawing: {str(drawing)[:80]!r}")
    return found.group(0)


def stacked(drawings: Sequence[Markup], *, width: float, gap: float = 10.0) -> Markup:
    """Drawings below each other, each as wide as the whole."""
    top, parts = 0.0, []
    for drawing in drawings:
        parts.append(placed(drawing, left=0, top=top, width=width))
        top += height_of(drawing, width) + gap
    return element("svg", *parts, width=width, height=max(top - gap, 1.0))


def heading(words: str, *, width: float) -> Markup:
    """Bold words, broken where they must be, at most three lines."""
    lines = fit_lines(words, width, most=3, is_bold=True)
    texts = [
        element("text", line, x=0, y=13 + _LINE * index, class_="strong") for index, line in enumerate(lines)
    ]
    return element("svg", *texts, width=width, height=_LINE * len(lines) + 2)


def legend(keys: Sequence[Key], *, width: float) -> Markup:
    """Keys beside each other, in as many rows as they need."""
    left, top, parts = 0.0, 0.0, []
    for key in keys:
        lines = fit_lines(key.words, width - _KEY, most=3)
        wide = _KEY + max(map(text_width, lines))
        if left > 0 and left + wide > width:
            left, top = 0.0, top + _LINE
        at = f"translate({number(left + 10)} {number(top + 9)})"
        parts.append(element("g", key.mark, transform=at))
        parts += [
            element("text", line, x=left + _KEY, y=top + 13 + _LINE * index)
            for index, line in enumerate(lines)
        ]
        top += _LINE * (len(lines) - 1)
        left += wide + _BETWEEN
    return element("svg", *parts, width=width, height=top + _LINE + 3)

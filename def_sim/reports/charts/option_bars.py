"""The shares of one option as bars: the panel above people, and below them a planted truth.

A bar is as long as the number behind it says. Every option's drawing has the same elements, so that the
page's script can fill one with other numbers; it draws none itself. What all have in common (places, heights)
stands in items.css, since a page has hundreds of them. Knows no frames.
"""

from typing import Final

from markupsafe import Markup

from def_sim.reports.charts.svg import element, percent
from def_sim.reports.theme import MARKS

_LEAST: Final = 0.2  # percent: a share of 0 has a foot
_MARK: Final = "planted-mark"


def planted_mark() -> Markup:
    """The mark of a planted share, once a page; `option_bars` refers to it."""
    mark = element("path", id=_MARK, d=MARKS["planted"], class_="mark planted")
    defined = element("defs", mark)
    return element("svg", defined, class_="definitions", aria_hidden="true", focusable="false")


def option_bars(panel: str, people: str, planted: str | None = None) -> Markup:
    """The drawing; its words say the numbers, and the option's name stands beside it.

    Args:
        panel: Share of the panel in percent as printed, without the sign; "" where it is unknown.
        people: Share of people, likewise.
        planted: The planted share, likewise; None where none was planted.
    """
    said = f"panel {_written(panel)}, people {_written(people)}"
    parts = [*_share(panel, 11, "panel-bar"), *_share(people, 25, "people-bar")]
    css = "bars"
    if planted is not None:
        # A row of its own: on the bars it would hide their numbers.
        said, css, end = f"{said}, planted {_written(planted)}", f"{css} with-planted", _length(planted)
        line = element("line", x2=end, y1=36, y2=36, class_="planted-line")
        parts += [line, element("use", href=f"#{_MARK}", x=end, y=36), _number(planted, 40)]
    return element("svg", *parts, class_=css, role="img", aria_label=said)


def _share(share: str, base: float, css: str) -> list[Markup]:
    return [element("rect", width=_length(share), class_=css), _number(share, base)]


def _number(share: str, base: float) -> Markup:
    return element("text", _written(share), x=_length(share), y=base)


def _length(share: str) -> str:
    """Of the drawing's width; without a number no bar is drawn at all."""
    return percent(max(float(share), _LEAST) if share else 0.0)


def _written(share: str) -> str:
    return f"{share} %" if share else "–"

"""Pieces that sections of the report are made of: a sentence of what is not known, a table, a legend.

Knows no measure.
"""

import math
from collections.abc import Sequence

from markupsafe import Markup

from def_sim.evaluation.measures import as_percent, written
from def_sim.reports.charts.svg import element, shape


def not_known(reason: str) -> Markup:
    """Why there is no number."""
    return element("p", f"Not known: {reason}")


def between(low: float, high: float) -> str:
    """An interval in words, with a blank before it; nothing where there is none."""
    return "" if math.isnan(low) or math.isnan(high) else f" ({written(low)} to {written(high)})"


def percents(low: float, high: float) -> str:
    """The ends of an interval of a share, "12 % to 30 %"; a dash where there is none."""
    return "–" if math.isnan(low) or math.isnan(high) else f"{as_percent(low)} to {as_percent(high)}"


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """Rows whose first cell names them; scrolls on a narrow page."""
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell) for cell in row[1:]),
        )
        for row in rows
    ]
    whole = element("table", element("thead", head), element("tbody", *body))
    return element("div", whole, class_="scroll", tabindex="0", role="group", aria_label=caption)


def legend(*entries: tuple[Markup, str]) -> Markup:
    """What marks mean: a drawing of each, and its words."""
    return element("ul", *(element("li", mark, words) for mark, words in entries), class_="legend")


def mark_swatch(kind: str) -> Markup:
    """A mark of `theme.MARKS` for a legend."""
    return element("svg", shape(kind, 50, 10), class_="swatch", width=18, height=20, aria_hidden="true")


def line_swatch(css: str) -> Markup:
    """A piece of a line for a legend."""
    line = element("line", x1=0, x2=22, y1=7, y2=7, class_=css)
    return element("svg", line, class_="swatch", width=22, height=14, aria_hidden="true")

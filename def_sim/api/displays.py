"""How runs and comparisons show themselves: as lines of text, and as HTML that loads nothing.

Model names, paths and messages are texts of strangers: made visible in text, escaped in HTML besides.
"""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
from markupsafe import Markup

from def_sim.api.run_figures import image_of
from def_sim.evaluation.verdict import Verdict
from def_sim.reports.charts.svg import element
from def_sim.reports.charts.verdict_bar import verdict_bar
from def_sim.reports.figures.figure import Figure
from def_sim.visible import visible

Cells = Sequence[Sequence[str]]  # a header, then rows


def paragraph(text: str, *, is_strong: bool = False) -> Markup:
    """A line of words."""
    shown = visible(text)
    return element("p", element("strong", shown) if is_strong else shown)


def verdict_html(verdict: Verdict) -> Markup:
    """The sentences, the first in bold, and the bar below them."""
    first, *more = verdict.sentences
    bar = Figure(
        name="verdict",
        title="Between random answers and people",
        alt=first,
        caption="",
        drawing=lambda canvas: verdict_bar(verdict),
        data=pd.DataFrame([{name: one for name, one in asdict(verdict).items() if name != "sentences"}]),
        most_mm=130.0,
    )
    words = Markup("").join([paragraph(first, is_strong=True), *map(paragraph, more)])
    return words + image_of(bar)


def table_html(cells: Cells) -> Markup:
    """A table whose first column holds words and whose others hold numbers."""
    header, *rows = cells
    return element(
        "table",
        element("thead", _row("th", header)),
        element("tbody", Markup("").join(_row("td", row) for row in rows)),
    )


def _row(kind: str, cells: Sequence[str]) -> Markup:
    return element(
        "tr",
        *(
            element(kind, visible(cell), style=f"text-align: {'right' if place else 'left'}")
            for place, cell in enumerate(cells)
        ),
    )


def table_text(cells: Cells) -> list[str]:
    """The same as lines, in columns."""
    shown = [[visible(cell) for cell in row] for row in cells]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in shown
    ]


def block(*parts: Markup) -> str:
    """Parts of a display as one."""
    return str(element("div", Markup("").join(parts)))

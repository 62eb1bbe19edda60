"""A figure: one drawing with its words and the numbers behind it, for page, notebook and files alike.

The drawing is our own SVG, the only renderer; PDF and PNG are made of that SVG. Computes no score.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.run_tables import csv_bytes, run_csv
from def_sim.records import RUN_COLUMNS, RunIdentity
from def_sim.reports.charts.standalone import inner_width, standalone
from def_sim.reports.charts.svg import element
from def_sim.reports.theme import WIDTHS_MM

THIS_PANEL = "This panel"  # on a page about one model


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a drawing must know of where it will stand."""

    width: float  # pixels across; infinite where words need not be broken, as on a page
    panel: str = THIS_PANEL  # what the simulated respondents are called


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """What is drawn, and all that a reader needs beside it.

    `name` is that of its files. `alt` says in words what the drawing shows, for who cannot see it. `caption`
    says what its marks and lines are, in whole sentences; model, people and N are added where it is written.
    `drawing` gives one `svg` element for a canvas. `data` has a row for each thing drawn.
    A file is at most `most_mm` wide: what has few marks would be stretched beyond.
    """

    name: str
    title: str
    alt: str
    caption: str
    drawing: Callable[[Canvas], Markup]
    data: pd.DataFrame
    most_mm: float = WIDTHS_MM["double"]

    def width_mm(self, width: str) -> float:
        """How wide a file for that column of `theme.WIDTHS_MM` is."""
        return min(WIDTHS_MM[width], self.most_mm)

    def svg(self, *, width: str = "double", panel: str = THIS_PANEL) -> bytes:
        """The figure as a file.

        Args:
            width: A column of `theme.WIDTHS_MM`.
            panel: What the simulated respondents are called.
        """
        width_mm = self.width_mm(width)
        drawn = self.drawing(Canvas(inner_width(width_mm), panel))
        return standalone(drawn, width_mm=width_mm, title=self.alt)

    def csv(self, identity: RunIdentity | None = None) -> str:
        """The numbers behind the drawing, with every digit that a float has.

        Args:
            identity: Of the run, for the first columns; None: there are none of them. A column of the numbers
                that has the name of one then says what it is of: drawn_survey.
        """
        if identity is None:
            return csv_bytes(self.data).decode("utf-8")
        data = self.data.rename(columns={name: f"drawn_{name}" for name in RUN_COLUMNS})
        return run_csv(data, identity).decode("utf-8")

    def on_page(self) -> Markup:
        """The drawing for a page, whose reader knows which panel it is about."""
        return framed(self.name, self.drawing(Canvas(width=math.inf)))

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return self.svg().decode("utf-8")


def framed(name: str, drawn: Markup) -> Markup:
    """What a page shows of the figure of that name; the page's script finds it by it and offers its files."""
    return element("div", drawn, class_="drawn", data_figure=name)

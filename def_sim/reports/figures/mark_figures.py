"""Figures of marks on a common axis: the panel's score and what it stands beside.

Knows no surveys.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from markupsafe import Markup

from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.score_charts import Mark, headline_chart, marks_in_words
from def_sim.reports.figures.figure import THIS_PANEL, Canvas, Figure


def marks_figure(
    name: str,
    title: str,
    marks: Sequence[Mark],
    *,
    caption: str,
    axis_title: AxisTitle,
    are_shares: bool = False,
) -> Figure:
    """One axis with a line a mark.

    Args:
        name: Of the files.
        title: What is drawn, in words.
        marks: The panel first, then what it is compared with.
        caption: What the marks are, in whole sentences.
        axis_title: What is measured, in which unit or range, and what its numbers mean.
        are_shares: Whether values are shares, written as percentages.
    """
    return Figure(
        name=name,
        title=title,
        alt=f"{title}: {marks_in_words(marks, are_shares=are_shares)}",
        caption=caption,
        drawing=lambda canvas: marks_on(
            canvas, marks, title=title, axis_title=axis_title, are_shares=are_shares
        ),
        data=marks_table(marks),
        most_mm=130.0,
    )


def marks_on(
    canvas: Canvas,
    marks: Sequence[Mark],
    *,
    title: str,
    axis_title: AxisTitle,
    reference: float | None = None,
    are_shares: bool = False,
) -> Markup:
    """The chart for a canvas, whose name the panel has."""
    named = [replace(mark, name=canvas.panel) if mark.name == THIS_PANEL else mark for mark in marks]
    return headline_chart(
        named,
        title=title,
        axis_title=axis_title,
        reference=reference,
        are_shares=are_shares,
        width=canvas.width,
    )


def marks_table(marks: Sequence[Mark]) -> pd.DataFrame:
    """Columns mark, name, value, low, high; NaN where there is none."""
    return pd.DataFrame(
        {
            "mark": [mark.kind for mark in marks],
            "name": [mark.name for mark in marks],
            "value": [mark.value for mark in marks],
            "low": [mark.low for mark in marks],
            "high": [mark.high for mark in marks],
        }
    )

"""Drawings of how answers fit together, as inline SVG.

Correlations are drawn as cells, stronger in colour where more pairs of items lie: ten thousand marks would
hide each other and fill the page's file. Computes no score.
"""

import math
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from def_sim.evaluation.measures import written
from def_sim.reports.charts.svg import (
    Axis,
    drawing,
    element,
    label,
    number,
    percent,
    round_up,
    vertical,
)

_NUM_CELLS: Final = 32  # along each side
_HEIGHT, _TOP, _BOTTOM = 346, 38, 306  # pixels
_LEFT, _RIGHT = 12.0, 99.0  # percent
_MEASURED: Final = "Correlation of the answers to two items, −1 to 1"
_FAINTEST: Final = 0.15  # opacity of a cell with a single pair
_BAR, _ROW = 16, 24  # pixels


def correlation_chart(
    people: NDArray[np.float64],
    panel: NDArray[np.float64],
    *,
    slope: float = math.nan,
    name: str = "Panel",
) -> Markup:
    """The panel's correlations over people's: on the dashed diagonal where both are the same.

    Args:
        people: Correlations of pairs of items, shape (P,); pairs with NaN on either side are left out.
        panel: Of the same pairs, shape (P,).
        slope: The panel's correlation per unit of people's, drawn as a line; NaN for none.
        name: Of the panel.
    """
    known = ~(np.isnan(people) | np.isnan(panel))
    x, y = people[known], panel[known]
    limit = min(1.0, round_up(float(np.abs(np.concatenate([x, y, [0.1]])).max())))
    across = Axis(limit, left=_LEFT, right=_RIGHT, low=-limit)
    up = Axis(limit, left=_BOTTOM, right=_TOP, low=-limit)  # pixels: upwards is smaller
    parts = [*_grid(across, up), _cells(x, y, limit), _through(across, up, 1.0, "reference")]
    if math.isfinite(slope):
        parts.append(_through(across, up, slope, "macro"))
    parts += [
        label(_MEASURED, 0, _TOP - 25),
        label(name, 0, _TOP - 8, css="strong"),
        label("People", _RIGHT, _BOTTOM + 34, css="strong", anchor="end"),
    ]
    said = f"Correlations of {x.size:,} pairs of items, panel over people; slope {written(slope)}"
    return drawing(*parts, height=_HEIGHT, title=said, css="structure-chart")


def _grid(across: Axis, up: Axis) -> list[Markup]:
    parts = []
    for tick, anchor in zip(across.ticks(), ("start", "middle", "end"), strict=True):
        parts.append(vertical(across.place(tick), _TOP, _BOTTOM, "grid"))
        ends = {"x1": percent(_LEFT), "x2": percent(_RIGHT)}
        parts.append(element("line", **ends, y1=up.place(tick), y2=up.place(tick), class_="grid"))
        text = f"{tick:g}".replace("-", "−")
        parts.append(label(text, across.place(tick), _BOTTOM + 16, css="faint", anchor=anchor))
        parts.append(label(text, _LEFT, up.place(tick) + 4, css="faint", anchor="end", shift=-6))
    return parts


def _cells(x: NDArray[np.float64], y: NDArray[np.float64], limit: float) -> Markup:
    """All cells that hold a pair, as one path a shade: hundreds of elements would weigh on the page."""
    edges = np.linspace(-limit, limit, _NUM_CELLS + 1)
    inside = (np.clip(x, -limit, limit), np.clip(y, -limit, limit))
    counts, _, _ = np.histogram2d(*inside, bins=[edges, edges])
    # The root: single pairs stay visible beside cells with hundreds.
    shade = _FAINTEST + (1 - _FAINTEST) * np.sqrt(counts / max(counts.max(), 1))
    squares: dict[str, str] = {}
    for column, row in zip(*np.nonzero(counts), strict=True):
        opacity = number(float(shade[column, row]))
        squares[opacity] = f"{squares.get(opacity, '')}M{column} {_NUM_CELLS - 1 - row}h1v1h-1z"
    return element(
        "svg",
        *(element("path", d=d, fill_opacity=opacity, class_="panel-bar") for opacity, d in squares.items()),
        x=percent(_LEFT),
        y=_TOP,
        width=percent(_RIGHT - _LEFT),
        height=_BOTTOM - _TOP,
        viewBox=f"0 0 {_NUM_CELLS} {_NUM_CELLS}",
        preserveAspectRatio="none",
        class_="cells",
    )


def _through(across: Axis, up: Axis, slope: float, css: str) -> Markup:
    """A line through the origin, as far as it stays inside."""
    end = across.high if abs(slope) <= 1 else across.high / abs(slope)
    return element(
        "line",
        x1=percent(across.place(-end)),
        x2=percent(across.place(end)),
        y1=up.place(-end * slope),
        y2=up.place(end * slope),
        class_=css,
    )

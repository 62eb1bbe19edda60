"""The frame of a map: from coordinates to pixels with one scale for both axes, and its grid.

Knows no countries and no models.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from def_sim.reports.charts.label_places import Box
from def_sim.reports.charts.svg import element, number

WIDTH: Final = 900.0  # of the drawing on a page, in pixels
_LEFT, _RIGHT, _TOP, _FOOT = 48.0, 12.0, 12.0, 44.0
_LOWEST, _HIGHEST = 340.0, 620.0  # of the plot, in pixels
_MARGIN: Final = 0.07  # of the range, free on each side
_NARROWEST: Final = 1e-6  # range of coordinates that differ by rounding only

Extent = tuple[float, float, float, float]  # x, y, and how far it reaches to the side and up


@dataclass(frozen=True, slots=True)
class MapFrame:
    """From coordinates of the map to pixels, with one scale for both axes."""

    scale: float  # pixels a unit
    x: float  # what stands in the middle of the plot
    y: float
    height: float  # of the plot
    width: float = WIDTH  # of the drawing

    @property
    def plot(self) -> Box:
        """The ground that marks and labels may cover."""
        return Box(_LEFT, _TOP, self.width - _LEFT - _RIGHT, self.height)

    @property
    def total_height(self) -> float:
        """Of the drawing with the words around its plot."""
        return _TOP + self.height + _FOOT

    def across(self, x: float) -> float:
        """Pixels from the left."""
        return self.plot.left + self.plot.width / 2 + (x - self.x) * self.scale

    def down(self, y: float) -> float:
        """Pixels from the top."""
        return self.plot.top + self.height / 2 - (y - self.y) * self.scale


def fit_frame(extents: Sequence[Extent], *, width: float = WIDTH) -> MapFrame:
    """The frame of that width that shows all of these, as large as it can."""
    low_x, high_x = min(x - w for x, _, w, _ in extents), max(x + w for x, _, w, _ in extents)
    low_y, high_y = min(y - h for _, y, _, h in extents), max(y + h for _, y, _, h in extents)
    wide = max(high_x - low_x, _NARROWEST) * (1 + 2 * _MARGIN)
    high = max(high_y - low_y, _NARROWEST) * (1 + 2 * _MARGIN)
    plot_width = width - _LEFT - _RIGHT
    height = min(max(plot_width * high / wide, min(_LOWEST, plot_width)), _HIGHEST)
    scale = min(plot_width / wide, height / high)
    return MapFrame(scale, (low_x + high_x) / 2, (low_y + high_y) / 2, height, width)


def _step(across: float, up: float) -> float:
    """A round distance of grid lines: about six across, at least two upwards, to read a scale."""
    step = _rounded(across / 6)
    return step if step <= up / 2 else _rounded(up / 5)


def _rounded(distance: float) -> float:
    """The next of 1, 2, 5 times a power of ten, at most 2.5 times as much."""
    power = 10.0 ** math.floor(math.log10(distance))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= distance * 0.999)


def _lines(middle: float, span: float, step: float) -> list[float]:
    first, last = math.ceil((middle - span / 2) / step), math.floor((middle + span / 2) / step)
    return [index * step for index in range(first, last + 1)]


def grid(frame: MapFrame, axis_names: tuple[str, str]) -> list[Markup]:
    """Ground, grid lines with their numbers, and the names of the two axes."""
    plot, foot = frame.plot, frame.plot.top + frame.height
    step = _step(plot.width / frame.scale, plot.height / frame.scale)
    parts = [
        element("rect", x=plot.left, y=plot.top, width=plot.width, height=plot.height, class_="map-ground")
    ]
    for x in _lines(frame.x, plot.width / frame.scale, step):
        left = frame.across(x)
        parts.append(element("line", x1=left, x2=left, y1=plot.top, y2=foot, class_="grid"))
        parts.append(element("text", _tick(x), x=left, y=foot + 15, text_anchor="middle", class_="faint"))
    for y in _lines(frame.y, plot.height / frame.scale, step):
        top = frame.down(y)
        parts.append(element("line", x1=plot.left, x2=frame.width - _RIGHT, y1=top, y2=top, class_="grid"))
        parts.append(element("text", _tick(y), x=plot.left - 6, y=top + 4, text_anchor="end", class_="faint"))
    return [*parts, *_axis_names(frame, axis_names)]


def _tick(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def _axis_names(frame: MapFrame, names: tuple[str, str]) -> list[Markup]:
    plot = frame.plot
    middle, foot = plot.top + plot.height / 2, plot.top + plot.height + 36
    turned = f"rotate(-90 13 {number(middle)})"
    return [
        element("text", names[0], x=plot.left + plot.width / 2, y=foot, text_anchor="middle"),
        element("text", names[1], x=13, y=middle, text_anchor="middle", transform=turned),
    ]

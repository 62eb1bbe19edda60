"""What an axis measures and how to read it, as lines below its numbers. Knows no measure.

They end where the axis ends, and are to be short enough for a telephone: on a page nothing breaks them.
"""

import math
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from def_sim.reports.charts.svg import Axis, label
from def_sim.reports.charts.text_fit import fit_lines

_LINE: Final = 15.0  # pixels from one line to the next
_NUMBERS, _FIRST = 14.0, 31.0  # from the foot of the plot to the numbers, and to the first line below them


@dataclass(frozen=True, slots=True)
class AxisTitle:
    """The measure with its unit or range, and what its numbers mean; each may be empty.

    `aside` stands left of the numbers, where the words above the drawing say the rest.
    """

    measure: str
    reading: str  # such as "0 is the same as people; lower is closer"
    aside: str = ""  # such as "lower is closer"


NO_TITLE: Final = AxisTitle("", "")


def title_lines(title: AxisTitle, axis: Axis, foot: float, *, width: float) -> list[Markup]:
    """The lines, one element each.

    Args:
        title: Of the axis.
        axis: Whose right end they end at.
        foot: Of the plot, in pixels.
        width: Of the drawing in pixels, into which they are broken; infinite: they are not.
    """
    room = width if width == math.inf else width * axis.right / 100
    words = [(line, "") for line in _broken(title.measure, room)]
    words += [(line, "faint") for line in _broken(title.reading, room)]
    aside = [label(title.aside, 0, foot + _NUMBERS, css="faint")] if title.aside else []
    return aside + [
        label(line, axis.right, foot + _FIRST + _LINE * index, css=css, anchor="end")
        for index, (line, css) in enumerate(words)
    ]


def title_height(title: AxisTitle, lines: list[Markup]) -> float:
    """Pixels that the lines of a title take below the numbers."""
    return _LINE * (len(lines) - bool(title.aside))


def _broken(words: str, room: float) -> list[str]:
    return fit_lines(words, room, most=2) if words else []

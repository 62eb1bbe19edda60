"""Items as blocks of bars for figure files: each option in words, the panel above people.

A planted truth stands below both. Blocks stand in one or two columns, as wide as the figure is. Knows no
frames, no scores and no files.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.measures import as_percent
from def_sim.reports.charts.stacked import height_of, placed
from def_sim.reports.charts.svg import element
from def_sim.reports.charts.text_fit import fit_lines
from def_sim.reports.theme import MARKS, SMALL_PX

_BETWEEN: Final = 26.0  # pixels between two columns
_BELOW: Final = 16.0  # pixels below a block
_TWO_COLUMNS: Final = 560.0  # from this width on
_LINE, _NAME_LINE = 16.0, 14.0
_BAR: Final = 12.0
_PLANTED: Final = 12.0  # what a planted share takes below the bars
_LABELS: Final = 0.40  # of a block's width
_FOR_SHARE: Final = 40.0  # pixels behind a bar for its number


@dataclass(frozen=True, slots=True)
class OptionShares:
    """One option in words, and the shares in [0, 1] that chose it; NaN where unknown or not planted."""

    name: str
    panel: float
    people: float
    planted: float = math.nan


@dataclass(frozen=True, slots=True)
class ItemBlock:
    """One item in one wording: its topic, what stands behind it, its options in the order shown."""

    topic: str
    remark: str
    options: tuple[OptionShares, ...]


def block_width(width: float) -> float:
    """How wide each block is in a figure of that width, in pixels."""
    return (width - _BETWEEN) / 2 if width >= _TWO_COLUMNS else width


def in_rows(blocks: Sequence[ItemBlock], width: float) -> list[list[ItemBlock]]:
    """The blocks that stand beside each other, row by row."""
    num = 2 if width >= _TWO_COLUMNS else 1
    return [list(blocks[start : start + num]) for start in range(0, len(blocks), num)]


def row_height(row: Sequence[ItemBlock], width: float) -> float:
    """Pixels that a row takes with the space below it."""
    return max(height_of(draw_block(block, width), width) for block in row) + _BELOW


def draw_blocks(blocks: Sequence[ItemBlock], *, width: float) -> Markup:
    """All blocks as one drawing.

    Args:
        blocks: At least one.
        width: Pixels across; finite.
    """
    wide, top, parts = block_width(width), 0.0, []
    for row in in_rows(blocks, width):
        for column, block in enumerate(row):
            drawn = draw_block(block, wide)
            parts.append(placed(drawn, left=column * (wide + _BETWEEN), top=top, width=wide))
        top += row_height(row, wide)
    return element("svg", *parts, width=width, height=top - _BELOW)


def draw_block(block: ItemBlock, width: float) -> Markup:
    """One item, as wide as given in pixels."""
    topic = fit_lines(block.topic, width, most=2, is_bold=True)
    parts = [element("text", line, x=0, y=12 + _LINE * i, class_="strong") for i, line in enumerate(topic)]
    top = _LINE * len(topic)
    remark = fit_lines(block.remark, width, most=2, size=SMALL_PX)
    parts += [
        element("text", line, x=0, y=top + 11 + _NAME_LINE * i, class_="faint")
        for i, line in enumerate(remark)
    ]
    top += _NAME_LINE * len(remark) + 6
    for option in block.options:
        drawn, height = _option(option, width, top)
        parts += drawn
        top += height
    return element("svg", *parts, width=width, height=top)


def _option(option: OptionShares, width: float, top: float) -> tuple[list[Markup], float]:
    """The parts of one option, and how high they are together."""
    left = _LABELS * width
    lines = fit_lines(option.name, left - 10, most=3)
    parts = [element("text", line, x=0, y=top + 13 + _NAME_LINE * i) for i, line in enumerate(lines)]
    scale = width - left - _FOR_SHARE
    parts += _bar(option.panel, left, top + 2, scale, "panel-bar")
    parts += _bar(option.people, left, top + 2 + _BAR, scale, "people-bar")
    height = 2 * _BAR
    if math.isfinite(option.planted):
        parts += _plus(option.planted, left, top + 2 + height + _PLANTED / 2, scale)
        height += _PLANTED
    return parts, max(height, _NAME_LINE * len(lines)) + 8


def _bar(share: float, left: float, top: float, scale: float, css: str) -> list[Markup]:
    if math.isnan(share):  # nothing at all would look like 0
        return [element("text", "–", x=left + 4, y=top + 10, class_="share")]
    width = max(min(share, 1.0) * scale, 0.5)
    rect = element("rect", x=left, y=top, width=width, height=_BAR - 1, class_=css)
    return [rect, element("text", as_percent(share), x=left + width + 4, y=top + 10, class_="share")]


def _plus(share: float, left: float, top: float, scale: float) -> list[Markup]:
    across = left + min(share, 1.0) * scale
    return [
        element("line", x1=left, x2=across, y1=top, y2=top, class_="planted-line"),
        element(
            "path", d=MARKS["planted"], transform=f"translate({across:.2f} {top:.2f})", class_="mark planted"
        ),
        element("text", as_percent(share), x=across + 9, y=top + 4, class_="share"),
    ]

"""Pages of small bar charts for files, one chart for each item.

Options are labelled by their codes and items by their English topics: no font needs Chinese
glyphs, and no institute's wording is printed. Knows no scores and no files.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

import pandas as pd

from def_sim.reports.cells import Row, number_in, rows_of
from def_sim.reports.charts.raster import Box, Raster, Words

ITEMS_PER_PAGE: Final = 15
PANEL, PEOPLE, PLANTED, INK = "#0072B2", "#D55E00", "#9B3F86", "#16191C"

_COLUMNS: Final = 3
# In points. A cell is what one chart takes with its words; in its frame the bars stand.
_CELL_WIDTH, _CELL_HEIGHT = 216, 160
_FRAME_LEFT, _FRAME_TOP, _FRAME_WIDTH, _FRAME_HEIGHT = 30, 42, 178, 96
_FOOT: Final = 28
_LETTERS: Final = 38  # of a topic on a line
_RULER: Final = "#D5D9DD"

Truth = Mapping[tuple[str, int], float]  # item and code -> planted share


@dataclass(frozen=True, slots=True)
class Prompt:
    """One item in one wording: what is drawn on one small chart."""

    item_id: str
    name: str
    topic: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where one chart stands on its page, in points."""

    left: float
    top: float
    num_options: int

    @property
    def bottom(self) -> float:
        return self.top + _FRAME_HEIGHT

    @property
    def step(self) -> float:
        """From one option to the next."""
        return _FRAME_WIDTH / (self.num_options + 0.2)

    def across(self, place: float) -> float:
        """Of an option's middle, 0 for the first."""
        return self.left + (place + 0.6) * self.step

    def height(self, share: float) -> float:
        """Of a share of one; a larger one ends at the frame."""
        return min(share, 1.0) * _FRAME_HEIGHT


def pages_of(distributions: pd.DataFrame) -> list[list[Prompt]]:
    """Prompts in questionnaire order, `ITEMS_PER_PAGE` a page.

    Args:
        distributions: As for `html.render_report`.
    """
    prompts: dict[tuple[str, int], list[Row]] = {}
    for row in rows_of(distributions):
        prompts.setdefault((str(row["item_id"]), int(row["wording"])), []).append(row)
    named = [
        Prompt(item, f"{item} #{wording}" if wording > 0 else item, str(rows[0]["topic"]), tuple(rows))
        for (item, wording), rows in prompts.items()
    ]
    return [named[start : start + ITEMS_PER_PAGE] for start in range(0, len(named), ITEMS_PER_PAGE)]


def planted_shares(planted: pd.DataFrame | None) -> Truth:
    """The planted truth by item and code; empty without one."""
    if planted is None:
        return {}
    columns = (planted["item_id"], planted["code"], planted["share"])
    return {(str(item), int(code)): float(share) for item, code, share in zip(*columns, strict=True)}


def draw_page(prompts: Sequence[Prompt], truth: Truth) -> Raster:
    """One page: bars of panel and people for each option, and a plus where a truth was planted.

    Args:
        prompts: 1 to `ITEMS_PER_PAGE` of them.
        truth: Planted shares, for any items.
    """
    width = _CELL_WIDTH * _COLUMNS
    height = _CELL_HEIGHT * -(-len(prompts) // _COLUMNS) + _FOOT
    shapes: list[Box | Words] = []
    for index, prompt in enumerate(prompts):
        row, column = divmod(index, _COLUMNS)
        left, top = column * _CELL_WIDTH + _FRAME_LEFT, row * _CELL_HEIGHT + _FRAME_TOP
        shapes += _chart(prompt, _Frame(left, top, len(prompt.rows)), truth)
    is_planted = any((prompt.item_id, int(row["code"])) in truth for prompt in prompts for row in prompt.rows)
    return Raster(width, height, (*shapes, *_legend(width, height, is_planted=is_planted)))


def _chart(prompt: Prompt, frame: _Frame, truth: Truth) -> Iterator[Box | Words]:
    lines = wrap(prompt.topic, _LETTERS) or [""]
    for index, line in enumerate([prompt.name, *lines]):
        yield Words(line, frame.left, frame.top - 6 - 10 * (len(lines) - index))
    for share in (1.0, 0.5, 0.0):
        at = frame.bottom - frame.height(share)
        yield Words(f"{100 * share:.0f}", frame.left - 4, at + 3, anchor="end")
        if share > 0:
            yield Box(frame.left, at - 0.5, _FRAME_WIDTH, 0.5, _RULER)
    for place, row in enumerate(prompt.rows):
        yield from _bar(number_in(row, "simulated_share"), frame, place - 0.2, PANEL)
        yield from _bar(number_in(row, "human_share"), frame, place + 0.2, PEOPLE, is_hatched=True)
        yield Words(str(row["code"]), frame.across(place), frame.bottom + 11, anchor="middle")
    yield Box(frame.left, frame.bottom, _FRAME_WIDTH, 1, INK)
    for place, row in enumerate(prompt.rows):
        planted = truth.get((prompt.item_id, int(row["code"])))
        if planted is not None:
            yield from _plus(frame.across(place), frame.bottom - frame.height(planted))


def _bar(
    share: float, frame: _Frame, place: float, colour: str, *, is_hatched: bool = False
) -> Iterator[Box | Words]:
    middle = frame.across(place)
    if math.isnan(share):  # nothing at all would look like 0
        yield Words("–", middle, frame.bottom - 3, anchor="middle")
        return
    width, height = 0.4 * frame.step, frame.height(share)
    yield Box(middle - width / 2, frame.bottom - height, width, height, colour, is_hatched)


def _plus(middle: float, height: float) -> Iterator[Box]:
    """A plus that stands off from the bars behind it."""
    for colour, arm, half in (("#FFFFFF", 5.0, 1.75), (PLANTED, 4.0, 0.75)):
        yield Box(middle - arm, height - half, 2 * arm, 2 * half, colour)
        yield Box(middle - half, height - arm, 2 * half, 2 * arm, colour)


def _legend(width: float, height: float, *, is_planted: bool) -> Iterator[Box | Words]:
    left, base = width / 2 - 130, height - 10
    yield Box(left, base - 8, 18, 9, PANEL)
    yield Words("Panel, %", left + 24, base, size=9)
    yield Box(left + 90, base - 8, 18, 9, PEOPLE, is_hatched=True)
    yield Words("People, %", left + 114, base, size=9)
    if is_planted:
        yield from _plus(left + 194, base - 3.5)
        yield Words("Planted, %", left + 206, base, size=9)

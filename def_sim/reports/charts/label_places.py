"""Where the labels of a crowded drawing go: beside their marks, over no other mark and no other label.

Greedy and without any draw: the same marks give the same places. Knows rectangles only.
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

LINE_HEIGHT: Final = 15.0  # pixels
_LETTER: Final = 7.4  # pixels a letter takes at 12.5 px, generously
_AIR: Final = 3.0  # pixels between labels
_WIDE_LETTER: Final = 13.0  # of Chinese
_DIRECTIONS: Final = tuple(math.radians(angle) for angle in (0, 180, 270, 90, 315, 45, 225, 135))
_DISTANCES: Final = (9.0, 17.0, 27.0, 39.0, 53.0, 69.0, 87.0, 107.0)
LEADER_FROM: Final = 16.0  # labels at least this far from their mark need a line to it


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    left: float
    top: float
    width: float
    height: float

    def overlap(self, other: "Box") -> float:
        """Area in common, in square pixels."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        return max(across, 0.0) * max(down, 0.0)

    def holds(self, other: "Box") -> bool:
        """Whether the other lies inside."""
        is_across = self.left <= other.left and other.left + other.width <= self.left + self.width
        return is_across and self.top <= other.top and other.top + other.height <= self.top + self.height


@dataclass(frozen=True, slots=True)
class Anchor:
    """A mark that wants a label."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A label's rectangle, and how far its nearest side is from the mark."""

    anchor: Anchor
    box: Box
    distance: float

    @property
    def needs_leader(self) -> bool:
        """Whether a line must say whose label it is."""
        return self.distance >= LEADER_FROM


def text_width(text: str) -> float:
    """About how wide a text is set, in pixels."""
    letters = sum(_WIDE_LETTER if unicodedata.east_asian_width(one) in "WF" else _LETTER for one in text)
    return letters + _AIR


def square(x: float, y: float, half: float) -> Box:
    """The square around a mark."""
    return Box(x - half, y - half, 2 * half, 2 * half)


def place_labels(
    anchors: Sequence[Anchor], *, within: Box, obstacles: Iterable[Box] = (), mark_half: float = 6.0
) -> list[PlacedLabel]:
    """A place for each label: the nearest one that covers nothing, else the one that covers least.

    Args:
        anchors: Marks in the order of importance; earlier ones get the better places.
        within: Where labels may stand.
        obstacles: What else should not be covered, besides the anchors' own marks.
        mark_half: Half the size of a mark.
    """
    taken = [*obstacles, *(square(anchor.x, anchor.y, mark_half) for anchor in anchors)]
    placed: list[PlacedLabel] = []
    for anchor in anchors:
        label = min(_candidates(anchor, within), key=lambda one: _cost(one, taken))
        placed.append(label)
        taken.append(label.box)
    return placed


def _candidates(anchor: Anchor, within: Box) -> list[PlacedLabel]:
    width = text_width(anchor.text)
    found = []
    for distance in _DISTANCES:
        for direction in _DIRECTIONS:
            # The nearest side of the rectangle, not its centre, is at that distance.
            x = anchor.x + math.cos(direction) * (distance + width / 2)
            y = anchor.y + math.sin(direction) * (distance + LINE_HEIGHT / 2)
            box = Box(x - width / 2, y - LINE_HEIGHT / 2, width, LINE_HEIGHT)
            if within.holds(box):
                found.append(PlacedLabel(anchor, box, distance))
    centred = Box(anchor.x - width / 2, anchor.y - LINE_HEIGHT / 2, width, LINE_HEIGHT)
    return found or [PlacedLabel(anchor, centred, 0.0)]


def _cost(label: PlacedLabel, taken: Sequence[Box]) -> tuple[float, float]:
    return sum(label.box.overlap(box) for box in taken), label.distance

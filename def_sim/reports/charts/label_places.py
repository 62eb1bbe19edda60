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
_BESIDE, _BETWEEN = (0, 180, 270, 90, 315, 45, 225, 135), (295, 65, 245, 115, 337, 23, 203, 157)
_DIRECTIONS: Final = tuple(math.radians(angle) for angle in (*_BESIDE, *_BETWEEN))
_DISTANCES: Final = (9.0, 17.0, 27.0, 39.0, 53.0, 69.0, 87.0, 107.0)
LEADER_FROM: Final = 16.0  # labels at least this far from their mark need a line to it

Line = tuple[float, float, float, float]  # x and y of its two ends


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

    def distance_to(self, x: float, y: float) -> float:
        """From the point to the nearest one of the rectangle."""
        across = max(self.left - x, x - self.left - self.width, 0.0)
        down = max(self.top - y, y - self.top - self.height, 0.0)
        return math.hypot(across, down)

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return self.left + self.width / 2, self.top + self.height / 2

    def is_crossed_by(self, line: Line) -> bool:
        """Whether a part of the line lies between all four sides."""
        x1, y1, x2, y2 = line
        first, last = 0.0, 1.0  # of the line: the part between the sides looked at so far
        for start, step, low, size in (
            (x1, x2 - x1, self.left, self.width),
            (y1, y2 - y1, self.top, self.height),
        ):
            if step:
                ends = sorted(((low - start) / step, (low + size - start) / step))
                first, last = max(first, ends[0]), min(last, ends[1])
            elif not low < start < low + size:
                return False
        return first < last

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

    @property
    def leader(self) -> Line:
        """That line, from the mark to just inside the rectangle."""
        box, anchor = self.box, self.anchor
        near_x = min(max(anchor.x, box.left + 2), box.left + box.width - 2)
        near_y = min(max(anchor.y, box.top + 3), box.top + box.height - 3)
        return anchor.x, anchor.y, near_x, near_y


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

    Where that can be had, lines from marks to their labels cross nothing, and a label without one stands
    nearer to its own mark than to any other.

    Args:
        anchors: Marks in the order of importance; earlier ones get the better places.
        within: Where labels may stand.
        obstacles: What else should not be covered, besides the anchors' own marks.
        mark_half: Half the size of a mark.
    """
    marks = [square(anchor.x, anchor.y, mark_half) for anchor in anchors]
    taken = [*obstacles, *marks]
    placed: list[PlacedLabel] = []

    def cost(label: PlacedLabel) -> tuple[float, int, float]:
        """Area that is covered, ways in which the label can be taken for another's, and how far it is."""
        covered = sum(label.box.overlap(box) for box in taken)
        return covered, _num_doubts(label, placed, marks), label.distance

    for anchor in anchors:
        placed.append(min(_candidates(anchor, within), key=cost))
        taken.append(placed[-1].box)
    return placed


def are_clear(
    labels: Sequence[PlacedLabel], *, within: Box, obstacles: Iterable[Box] = (), mark_half: float = 6.0
) -> bool:
    """Whether every label stands inside and over nothing, and could be taken for no other mark's.

    Args:
        labels: From `place_labels`.
        within: As there, like the others.
        obstacles: As there.
        mark_half: As there.
    """
    marks = [square(one.anchor.x, one.anchor.y, mark_half) for one in labels]
    taken = [*obstacles, *marks]
    return all(
        within.holds(one.box)
        and not any(one.box.overlap(box) for box in taken)
        and not any(one.box.overlap(other.box) for other in labels[index + 1 :])
        and not _num_doubts(one, labels[index + 1 :], marks)
        for index, one in enumerate(labels)
    )


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


def _num_doubts(label: PlacedLabel, others: Sequence[PlacedLabel], marks: Sequence[Box]) -> int:
    """In how many ways one could doubt whose label it is, or whose another one is."""
    here = (label.anchor.x, label.anchor.y)
    foreign = [mark for mark in marks if mark.centre != here]
    doubts = sum(_are_crossed(label, other) for other in others)
    if label.needs_leader:
        return doubts + sum(mark.is_crossed_by(label.leader) for mark in foreign)
    own = label.box.distance_to(*here)
    return doubts + any(label.box.distance_to(*mark.centre) <= own for mark in foreign)


def _are_crossed(label: PlacedLabel, other: PlacedLabel) -> bool:
    """Whether a line of one of them runs through the other one or its line."""
    lines = [one.leader for one in (label, other) if one.needs_leader]
    return (
        (label.needs_leader and other.box.is_crossed_by(label.leader))
        or (other.needs_leader and label.box.is_crossed_by(other.leader))
        or (len(lines) == 2 and _do_cross(*lines))
    )


def _do_cross(one: Line, other: Line) -> bool:
    """Whether the ends of each line lie on two sides of the other one."""
    return all(
        _side(line, x1, y1) * _side(line, x2, y2) < 0
        for line, (x1, y1, x2, y2) in ((one, other), (other, one))
    )


def _side(line: Line, x: float, y: float) -> float:
    """Positive on one side of the line, negative on the other."""
    x1, y1, x2, y2 = line
    return (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)

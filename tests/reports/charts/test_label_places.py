"""Labels in a crowded drawing: beside their marks, apart from each other, inside the frame."""

from itertools import combinations

import numpy as np
import pytest

from def_sim.randomness import keyed_rng
from def_sim.reports.charts.label_places import (
    Anchor,
    Box,
    PlacedLabel,
    are_clear,
    place_labels,
    square,
    text_width,
)

FRAME = Box(0, 0, 800, 560)


def test_a_lone_label_stands_right_beside_its_mark():
    [label] = place_labels([Anchor("7", 100, 100)], within=FRAME)
    assert label.box.left > 100
    assert not label.needs_leader


def test_a_label_at_the_right_edge_goes_to_the_left_of_its_mark():
    [label] = place_labels([Anchor("Bangladesh", 790, 100)], within=FRAME)
    assert label.box.left + label.box.width < 790
    assert FRAME.holds(label.box)


def test_chinese_letters_are_wider():
    assert text_width("孟加拉国") > text_width("Bang")


@pytest.mark.parametrize("spread", [15, 60, 250])
def test_eleven_models_on_two_surveys_and_seven_countries_get_labels_apart(spread):
    draws = keyed_rng(1, "crowd", spread)
    points = draws.normal((400, 280), spread, size=(29, 2))
    points = np.clip(points, (20, 20), (780, 540))
    names = ["Bangladesh", "the United States", "China", "Japan", "Russia", "Colombia", "Egypt"]
    names += [str(index % 11 + 1) for index in range(22)]
    anchors = [Anchor(name, float(x), float(y)) for name, (x, y) in zip(names, points, strict=True)]
    placed = place_labels(anchors, within=FRAME)
    assert [label.anchor for label in placed] == anchors
    assert all(FRAME.holds(label.box) for label in placed)
    overlaps = [one.box.overlap(other.box) for one, other in combinations(placed, 2)]
    assert max(overlaps) == 0
    covered = [label.box.overlap(square(a.x, a.y, 6)) for label in placed for a in anchors]
    assert max(covered) == 0


@pytest.mark.parametrize(
    ("line", "is_crossed"),
    [
        ((0, 15, 40, 15), True),  # from side to side
        ((0, 0, 40, 30), True),  # from corner to corner
        ((15, 15, 16, 15), True),  # within
        ((0, 15, 9, 15), False),  # ends before it
        ((0, 5, 40, 5), False),  # passes above
        ((0, 25, 25, 40), False),  # passes its corner
    ],
)
def test_a_line_crosses_a_rectangle_if_a_part_of_it_lies_inside(line, is_crossed):
    box = Box(10, 10, 20, 10)
    assert box.is_crossed_by(line) is is_crossed
    assert box.is_crossed_by((line[2], line[3], line[0], line[1])) is is_crossed


def test_a_label_beside_its_mark_is_clear_and_one_on_another_mark_or_outside_is_not():
    lone, near = Anchor("7", 100, 100), Anchor("8", 112, 100)
    [label] = place_labels([lone], within=FRAME)
    assert are_clear([label], within=FRAME)
    other = PlacedLabel(near, Box(200, 93, 10, 15), 88.0)
    assert not are_clear([label, other], within=FRAME)  # the 7 stands on the mark of the 8
    assert not are_clear([label], within=Box(0, 0, 100, 560))


def test_labels_whose_lines_cross_are_not_clear():
    one = PlacedLabel(Anchor("a", 100, 100), Box(200, 193, 10, 15), 100.0)
    other = PlacedLabel(Anchor("b", 100, 200), Box(200, 93, 10, 15), 100.0)
    apart = PlacedLabel(Anchor("b", 100, 300), Box(200, 293, 10, 15), 100.0)
    assert not are_clear([one, other], within=FRAME)
    assert are_clear([one, apart], within=FRAME)


def test_a_label_that_stands_nearer_to_another_mark_is_not_clear():
    own = PlacedLabel(Anchor("a", 100, 100), Box(110, 93, 10, 15), 10.0)
    assert are_clear([own, PlacedLabel(Anchor("b", 140, 100), Box(150, 93, 10, 15), 10.0)], within=FRAME)
    assert not are_clear([own, PlacedLabel(Anchor("b", 129, 100), Box(140, 93, 10, 15), 11.0)], within=FRAME)


def test_the_same_marks_give_the_same_places():
    anchors = [Anchor("1", 50, 50), Anchor("2", 52, 51), Anchor("3", 49, 52)]
    assert place_labels(anchors, within=FRAME) == place_labels(anchors, within=FRAME)


def test_a_label_that_fits_nowhere_is_set_on_its_mark():
    [label] = place_labels([Anchor("a very long name", 10, 10)], within=Box(0, 0, 20, 20))
    assert label.box.left < 10 < label.box.left + label.box.width

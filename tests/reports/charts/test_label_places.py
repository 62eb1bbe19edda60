"""Labels in a crowded drawing: beside their marks, apart from each other, inside the frame."""

from itertools import combinations

import numpy as np
import pytest

from def_sim.randomness import keyed_rng
from def_sim.reports.charts.label_places import Anchor, Box, place_labels, square, text_width

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


def test_the_same_marks_give_the_same_places():
    anchors = [Anchor("1", 50, 50), Anchor("2", 52, 51), Anchor("3", 49, 52)]
    assert place_labels(anchors, within=FRAME) == place_labels(anchors, within=FRAME)


def test_a_label_that_fits_nowhere_is_set_on_its_mark():
    [label] = place_labels([Anchor("a very long name", 10, 10)], within=Box(0, 0, 20, 20))
    assert label.box.left < 10 < label.box.left + label.box.width

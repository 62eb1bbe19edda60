"""Drawings of correlations and of places: where things stand, and what is never drawn."""

import math
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from def_sim.reports.charts.structure_chart import correlation_chart


def cells(drawn):
    """Of each cell its middle and its opacity; in pixels downwards, in percent of the width across."""
    [inner] = [one for one in ElementTree.fromstring(drawn).iter("svg") if one.get("class") == "cells"]
    left, width = (float(inner.get(name).rstrip("%")) for name in ("x", "width"))
    top, height = float(inner.get("y")), float(inner.get("height"))
    _, _, columns, rows = map(float, inner.get("viewBox").split())
    return [
        (
            left + width * (float(column) + 0.5) / columns,
            top + height * (float(row) + 0.5) / rows,
            float(path.get("fill-opacity")),
        )
        for path in inner.iter("path")
        for column, row in re.findall(r"M(\d+) (\d+)h1v1h-1z", path.get("d"))
    ]


def test_each_pair_is_in_one_cell_and_the_fullest_is_the_darkest():
    people = np.array([0.31, 0.31, 0.31, -0.52])
    panel = np.array([0.33, 0.33, 0.33, 0.71])
    drawn = cells(correlation_chart(people, panel))
    assert len(drawn) == 2
    assert sorted(opacity for *_, opacity in drawn) == pytest.approx([0.64, 1.0], abs=0.01)


def test_pairs_on_the_diagonal_stand_on_the_dashed_line():
    for r in (-0.7, 0.01, 0.45):
        drawn = correlation_chart(np.array([r, 0.99]), np.array([r, 0.99]))
        [line] = [
            one.attrib
            for one in ElementTree.fromstring(drawn).iter("line")
            if one.get("class") == "reference"
        ]
        left, right = (float(line[name].rstrip("%")) for name in ("x1", "x2"))
        at, height, _ = min(cells(drawn))
        share = (at - left) / (right - left)
        on_line = float(line["y1"]) + share * (float(line["y2"]) - float(line["y1"]))
        assert height == pytest.approx(on_line, abs=5)  # half a cell


def test_a_higher_correlation_of_the_panel_stands_higher_and_a_steep_line_stays_inside():
    drawn = correlation_chart(np.array([0.1, 0.1]), np.array([0.1, 0.6]), slope=6.0)
    low, high = sorted((height for _, height, _ in cells(drawn)), reverse=True)
    assert high < low
    for line in ElementTree.fromstring(drawn).iter("line"):
        assert all(38 <= float(line.get(name)) <= 306 for name in ("y1", "y2"))


def test_unknown_pairs_are_not_drawn_and_no_pair_is_no_error():
    drawn = correlation_chart(np.array([0.1, math.nan, 0.3]), np.array([0.2, 0.1, math.nan]))
    assert len(cells(drawn)) == 1
    assert "Correlations of 1 pairs" in drawn
    empty = correlation_chart(np.array([]), np.array([]))
    assert cells(empty) == []
    assert 'class="macro"' not in empty
    assert "slope –" in empty


def test_ten_thousand_pairs_make_a_small_drawing():
    r = np.random.default_rng(1).uniform(-0.9, 0.9, size=(2, 10_000))
    drawn = correlation_chart(*r)
    assert len(cells(drawn)) > 800
    assert len(drawn) < 25_000
    assert drawn.count("<path") < 60


def test_the_drawing_is_well_formed_and_titled():
    root = ElementTree.fromstring(correlation_chart(np.array([0.2]), np.array([0.1]), slope=0.5))
    assert root.find("title").text == root.get("aria-label")

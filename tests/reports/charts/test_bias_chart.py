"""Preference bias as drawings: sums and shades; missing numbers are dashes and never zeros."""

import math
import re
import xml.etree.ElementTree as ElementTree

import numpy as np

from def_sim.evaluation.bias_tables import AGE_WORDS, SEX_WORDS
from def_sim.metrics.preference_bias import AGE_PROFILES, SEX_PROFILES
from def_sim.reports.charts.bias_chart import (
    NUM_SHADES,
    MatchRow,
    TiltRow,
    match_chart,
    mismatch_heat_map,
    tilt_heat_map,
)
from def_sim.reports.pages.page import asset


def cells(table):
    root = ElementTree.fromstring(table)
    return [[("".join(cell.itertext()), cell.get("class") or "") for cell in row] for row in root.iter("tr")]


def test_every_profile_has_words():
    assert set(SEX_WORDS) == set(SEX_PROFILES)
    assert set(AGE_WORDS) == set(AGE_PROFILES)


def test_the_heat_map_shows_the_profiles_that_occur_and_sums_both_ways():
    counts = np.zeros((3, 7, 2), dtype=np.int64)
    counts[0, 2] = (5, 1)  # men, 50 and over
    counts[1, 0] = (0, 2)  # women, up to 29
    head, men, women, sums = cells(mismatch_heat_map(counts, ["Tradition", "Power"], caption="Items"))
    assert [text for text, _ in head] == ["Whose answer the panel gives", "Tradition", "Power", "Together"]
    assert men == [("men, 50 and over", ""), ("5", "heat lean-5"), ("1", "heat lean-1"), ("6", "")]
    assert [text for text, _ in women] == ["women, up to 29", "·", "2", "2"]
    assert [text for text, _ in sums] == ["Together", "5", "3", "8"]


def test_a_panel_that_matches_everywhere_has_an_empty_heat_map():
    table = cells(mismatch_heat_map(np.zeros((3, 7, 1), dtype=np.int64), ["Tradition"], caption="Items"))
    assert [[text for text, _ in row] for row in table[1:]] == [["Together", "0", "0"]]


def test_tilts_are_shaded_by_their_distance_from_no_tilt():
    row = TiltRow("Mistral", (1.2, 1.0, 0.9, math.nan))
    _, [name, up, none, down, missing] = cells(
        tilt_heat_map([row], ["men", "women", "old", "young"], caption="Lift", neutral=1.0)
    )
    assert name[0] == "Mistral"
    assert up == ("1.20", "heat lean-5")
    assert none == ("1.00", "heat plain")
    assert down == ("0.900", "heat away-3")  # half as far, rounded up
    assert missing == ("–", "")


def test_a_gap_below_zero_leans_towards_the_group():
    row = TiltRow("Mistral", (-0.02, 0.01))
    _, [_, nearer, farther] = cells(
        tilt_heat_map([row], ["men", "women"], caption="Gap", neutral=0.0, is_lower_nearer=True)
    )
    assert nearer[1] == "heat lean-5"
    assert farther[1] == "heat away-3"


def test_rows_without_any_number_are_drawn():
    table = tilt_heat_map([TiltRow("none", (math.nan, math.nan))], ["a", "b"], caption="Lift", neutral=1.0)
    assert table.count("–") == 2


def test_a_match_rate_stands_between_chance_and_halves_of_people():
    chart = match_chart([MatchRow("Mistral <7B>", 0.6, 0.25, 0.95, 1)])
    root = ElementTree.fromstring(chart)
    marks = {
        path.get("class").split()[1]: svg.get("x") for svg in root.iter("svg") for path in svg.findall("path")
    }
    # The axis runs from 1.5 to 98.5 percent of the width: .25 -> 25.75, .6 -> 59.7, .95 -> 93.65.
    assert marks == {"uniform": "25.75%", "people": "93.65%", "panel": "59.7%"}
    assert "60 % · 1 item" in "".join(root.itertext())


def test_a_rate_that_is_missing_is_a_dash_without_a_mark():
    chart = match_chart([MatchRow("nobody", math.nan, math.nan, math.nan, 0)])
    assert "– · 0 items" in chart
    assert "<path" not in chart


def test_every_shade_is_known_to_the_style_sheet():
    style = asset("culture.css")
    for kind in ("lean", "away"):
        assert len(set(re.findall(rf"\.{kind}-\d", style))) == NUM_SHADES

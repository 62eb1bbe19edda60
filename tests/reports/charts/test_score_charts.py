"""Drawings: where marks stand, what is said, and that a missing number is never a zero."""

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from def_sim.evaluation.measures import as_percent, written
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.score_charts import (
    DimensionRow,
    Mark,
    StatusPart,
    dimension_chart,
    headline_chart,
    share_chart,
    status_chart,
)
from def_sim.reports.charts.stacked import height_of
from def_sim.reports.charts.svg import Axis, element, round_up
from def_sim.reports.theme import MARKS

WORDS = ("Distance, 0 to 1", "lower is closer")


def test_a_line_to_read_against_stands_at_its_value_and_not_at_the_end_of_the_axis():
    drawn = headline_chart([Mark("panel", "p", 0.2)], title="Ratio", reference=1.0)
    ends = re.findall(r'x1="([\d.]+)%"[^>]*class="(?:grid|reference)"', drawn)
    assert len(ends) == 4  # three ticks, 0 to 1, and the line on the last
    assert ends[-1] == ends[-2]
    assert ">1</text>" in drawn


def test_an_interval_is_a_line_with_ends_and_an_arrowhead_where_it_leaves_the_axis():
    inside = headline_chart([Mark("panel", "p", 0.4, 0.3, 0.5)], title="Score")
    assert inside.count('class="whisker"') == 3
    assert "mark beyond" not in inside
    beyond = headline_chart([Mark("panel", "p", 0.4, 0.3, 5.0)], title="Score")
    assert beyond.count('class="whisker"') == 2
    assert "mark beyond" in beyond


def test_attributes_and_children_are_escaped():
    assert element("text", "a<b", class_='x"y') == '<text class="x&#34;y">a&lt;b</text>'


@pytest.mark.parametrize(("value", "end"), [(0.37, 0.4), (1.0, 1.0), (1.31, 1.5), (7.0, 8.0), (0.0, 1.0)])
def test_an_axis_ends_on_a_round_number(value, end):
    assert round_up(value) == pytest.approx(end)


def test_an_axis_of_values_that_are_written_as_zero_reaches_to_the_last_digit_written():
    drawn = headline_chart([Mark("panel", "p", 0.0), Mark("people", "q", 6e-53)], title="Share")
    assert "0.000</text>" in drawn
    assert "0.001</text>" in drawn
    assert "e-5" not in drawn


def test_an_axis_says_below_its_numbers_what_is_measured_and_how_to_read_it():
    bare = headline_chart([Mark("panel", "p", 0.2)], title="Score")
    drawn = headline_chart(
        [Mark("panel", "p", 0.2)], title="Score", axis_title=AxisTitle("Distance, 0 to 1", "lower is closer")
    )
    tops = {words: float(re.search(rf'y="([\d.]+)"[^>]*>{words}<', drawn)[1]) for words in ("0.2", *WORDS)}
    assert tops["0.2"] < tops[WORDS[0]] < tops[WORDS[1]] < height_of(drawn, 500)
    assert height_of(drawn, 500) == height_of(bare, 500) + 30


def test_words_beside_the_numbers_of_an_axis_make_no_drawing_higher():
    bare = headline_chart([Mark("panel", "p", 0.2)], title="Score")
    aside = AxisTitle("", "", aside="lower is closer")
    drawn = headline_chart([Mark("panel", "p", 0.2)], title="Score", axis_title=aside)
    assert "lower is closer" in drawn
    assert height_of(drawn, 500) == height_of(bare, 500)


def test_shares_are_written_as_percentages_on_an_axis_of_at_least_one_percent():
    drawn = headline_chart([Mark("panel", "p", 1e-6), Mark("people", "q", 0)], title="Pairs", are_shares=True)
    assert re.findall(r">([\d.]+ %)</text>", drawn) == ["0.0 %", "0 %", "0 %", "0.5 %", "1.0 %"]
    assert "Pairs: p 0.0 %; q 0 %" in drawn


def test_values_beyond_an_axis_stand_on_its_ends():
    axis = Axis(high=2.0, left=40, right=80)
    assert [axis.place(value) for value in (-1.0, 0.0, 1.0, 5.0)] == [40, 40, 60, 80]


def test_every_drawing_is_well_formed_and_titled():
    row = DimensionRow("Tradition & more", 0.4, 0.1, 0.9, 3)
    drawings = [
        headline_chart([Mark(kind, kind, 0.2) for kind in MARKS], title="Total variation", reference=1.0),
        dimension_chart([row], macro=0.4, micro=0.3),
        share_chart("1 <yes>", 0.5),
        status_chart([StatusPart("A", "Answered", "status-answered", 4, 1.0)]),
    ]
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert root.find("title").text == root.get("aria-label")


def test_an_undefined_mark_is_written_as_a_dash_and_not_drawn():
    drawn = headline_chart([Mark("panel", "This panel", 0.2), Mark("floor", "Floor", math.nan)], title="TV")
    assert "Floor –" in drawn
    assert drawn.count("<path") == 1


def test_an_undefined_share_has_no_bar():
    assert "<rect" not in share_chart("yes", math.nan)


def test_the_means_of_no_item_are_not_drawn():
    drawn = dimension_chart(
        [DimensionRow("Tradition", math.nan, math.nan, math.nan, 0)], macro=math.nan, micro=math.nan
    )
    assert "macro mean –" in drawn
    assert 'class="macro"' not in drawn


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0712, "0.071"),
        (1.104, "1.10"),
        (-2.56, "−2.56"),
        (0.99951, "1.00"),
        (math.nan, "–"),
        (math.inf, "∞"),
    ],
)
def test_scores_are_written_with_three_digits(value, text):
    assert written(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        *((0.0, "0 %"), (0.0532, "5.3 %"), (0.0996, "10 %"), (1.0, "100 %"), (math.nan, "–")),
        *((-0.0004, "0.0 %"), (-0.0532, "−5.3 %"), (-0.1, "−10 %")),
    ],
)
def test_small_shares_keep_a_decimal(share, text):
    assert as_percent(share) == text

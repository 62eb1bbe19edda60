"""Where a radar puts rates: by hand from a circle around (210, 170) with a radius of 122."""

import math
import re

import pytest

from def_sim.reports.charts.radar import RadarAxis, outer_ring, radar

NAN = math.nan
CENTRE, RADIUS = (210.0, 170.0), 122.0


def axes(*rates):
    return [RadarAxis(f"A{i}", rate, rate, rate) for i, rate in enumerate(rates)]


def dots(drawing):
    found = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="4.5"', drawing)
    return [(float(left), float(top)) for left, top in found]


def lines(drawing, css):
    return len(re.findall(rf'<line [^>]*class="{css}"', drawing))


def test_nothing_is_in_the_middle_and_the_end_of_an_axis_on_the_outer_ring():
    # Four axes: up, right, down, left.
    drawing = radar(axes(0.4, 0.0, 0.2, 0.1), outer=0.4, title="Rates")
    places = [(0, -1), (0, 0), (0, 0.5), (-0.25, 0)]
    expected = [(CENTRE[0] + x * RADIUS, CENTRE[1] + y * RADIUS) for x, y in places]
    assert dots(drawing) == [pytest.approx(place, abs=0.01) for place in expected]


def test_the_outer_ring_is_a_round_rate_that_holds_all_intervals_and_never_above_1():
    assert outer_ring([RadarAxis("A", 0.1, 0.05, 0.27), RadarAxis("B", NAN, NAN, NAN)]) == pytest.approx(0.3)
    assert outer_ring([RadarAxis("A", 0.97, 0.9, 0.99)]) == 1.0
    assert outer_ring(axes(NAN, NAN)) == 1.0


def test_rings_and_axes_say_their_rates_and_the_drawing_says_all_of_them():
    drawing = radar(axes(0.35, 0.06, NAN), outer=0.4, title="Rates of A")
    for words in (">40 %<", ">20 %<", ">0<", ">A0 35 %<", ">A1 6.0 %<", ">A2 unknown<"):
        assert words in drawing
    assert 'aria-label="Rates of A: A0 35 %, A1 6.0 %, A2 unknown"' in drawing


def test_an_axis_without_a_rate_has_no_mark_and_the_outline_is_open_there():
    closed = radar(axes(0.1, 0.2, 0.3, 0.2), outer=0.4, title="Rates")
    drawn = radar(axes(0.1, 0.2, NAN, 0.2), outer=0.4, title="Rates")
    assert (lines(closed, "radar-line"), lines(drawn, "radar-line")) == (4, 2)
    assert (len(dots(closed)), len(dots(drawn))) == (4, 3)


def test_an_interval_runs_along_its_axis():
    drawing = radar([RadarAxis("A", 0.2, 0.1, 0.3), *axes(NAN, NAN, NAN)], outer=0.4, title="Rates")
    [(left, top, right, bottom)] = re.findall(
        r'<line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)" class="radar-interval"', drawing
    )
    assert (float(left), float(right)) == (210, 210)
    assert (float(top), float(bottom)) == (170 - 122 / 4, 170 - 122 * 3 / 4)


def test_names_are_escaped():
    assert "<script>" not in radar(axes(0.1, 0.1, 0.1), outer=1.0, title="<script>")

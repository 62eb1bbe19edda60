"""One bar: random answers at 0, people at 1, the panel with its interval."""

import math
import re

import pytest

from def_sim.evaluation.verdict import Verdict
from def_sim.reports.charts.verdict_bar import verdict_bar


def bar(normalised: float, low: float = math.nan, high: float = math.nan) -> str:
    return str(verdict_bar(Verdict(("A sentence.",), normalised, low, high, 0.4321)))


def place_of(kind: str, drawn: str) -> float:
    found = re.search(rf'<svg x="([0-9.]+)%"[^>]*><path[^>]*class="mark {kind}"', drawn)
    assert found is not None, drawn
    return float(found.group(1))


def test_half_of_the_way_lies_between_the_two_ends() -> None:
    drawn = bar(0.5, 0.25, 0.75)
    way = re.search(r'x1="([0-9.]+)%" x2="([0-9.]+)%"[^>]*class="verdict-way"', drawn)
    interval = re.search(r'x1="([0-9.]+)%" x2="([0-9.]+)%"[^>]*class="interval"', drawn)
    assert way is not None
    assert interval is not None
    random, people = map(float, way.groups())
    low, high = map(float, interval.groups())
    assert place_of("panel", drawn) == pytest.approx((random + people) / 2, abs=0.02)
    assert (low - random) / (people - random) == pytest.approx(0.25, abs=0.001)
    assert (high - random) / (people - random) == pytest.approx(0.75, abs=0.001)


def test_far_beyond_random_answers_an_arrow_and_the_raw_score_stand() -> None:
    drawn = bar(-3.0, -5.0, -1.5)
    assert place_of("below", drawn) == 3
    assert "divergence 0.432" in drawn


def test_without_a_score_there_is_no_mark_and_without_an_interval_no_line() -> None:
    assert 'class="mark' not in bar(math.nan)
    assert 'class="interval"' not in bar(0.4)
    assert 'class="mark panel"' in bar(0.4)


def test_a_screen_reader_hears_the_verdict() -> None:
    assert "Random answers at 0, people at 1. A sentence." in bar(0.4)

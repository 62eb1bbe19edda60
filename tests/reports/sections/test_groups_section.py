"""Groups of people in words: differences of either sign are said as people say them."""

import re

import pytest

from def_sim.evaluation.groups_of_people import GroupsOfPeople
from def_sim.metrics.group_spread import GroupSpread, Spread
from def_sim.reports.sections.groups_of_people import groups_section


def words_of(between: float, interval: tuple[float, float], people: float) -> str:
    spread = GroupSpread(
        Spread(0.6, between, 40), Spread(0.65, people, 40), (0.55, 0.66), interval, p_value=0.3
    )
    return str(groups_section(GroupsOfPeople([], spread, "")).body)


def test_a_negative_distance_between_groups_is_less_often_and_never_minus_more() -> None:
    words = words_of(-0.006, (-0.018, 0.0061), 0.0112)
    assert "do so 0.6 points less often (1.8 less to 0.6 more), chance subtracted" in words
    assert "two of all people 1.1 points more often" in words


def test_a_distance_that_rounds_to_nothing_is_as_often() -> None:
    assert "do so as often (0.2 less to 0.3 more)" in words_of(-0.0004, (-0.002, 0.003), 0.01)


@pytest.mark.parametrize("between", [-0.2, -0.0006, -0.0004, 0.0, 0.0004, 0.3])
@pytest.mark.parametrize("people", [-0.01, 0.02])
def test_no_sign_stands_before_points(between: float, people: float) -> None:
    words = words_of(between, (between - 0.01, between + 0.01), people)
    assert not re.search(r"[-−]\s?[0-9.]+ (points|more|less)", words)


def test_without_an_interval_its_absence_is_said() -> None:
    words = words_of(-0.006, (float("nan"), float("nan")), 0.01)
    assert "0.6 points less often (too few members for an interval)" in words

"""Diversity without each respondent in turn, against panels put together one by one."""

import math

import numpy as np
import pytest

from def_sim.metrics.diversity import choice_diversity, text_diversity
from def_sim.metrics.jackknife import jackknife_interval, jackknife_p_value
from def_sim.metrics.left_out_diversity import choice_diversity_left_out, text_diversity_left_out

RNG = np.random.default_rng(8)
TEXTS = [[RNG.choice(["a", "b", "c", "d", None]) for _ in range(9)] for _ in range(7)]
OPTIONS = [2, 3, 5, 10, 4]
CHOICES = np.array([[int(RNG.integers(-2, options)) for options in OPTIONS] for _ in range(6)])


def test_texts_without_one_respondent_are_those_of_the_other_respondents():
    found = text_diversity_left_out(TEXTS)
    assert found.value == pytest.approx(text_diversity(TEXTS))
    for place, value in enumerate(found.without_one):
        assert value == pytest.approx(text_diversity(TEXTS[:place] + TEXTS[place + 1 :]))


def test_choices_without_one_respondent_are_those_of_the_other_respondents():
    found = choice_diversity_left_out(CHOICES, OPTIONS)
    assert found.value == pytest.approx(choice_diversity(CHOICES, OPTIONS))
    for place, value in enumerate(found.without_one):
        assert value == pytest.approx(choice_diversity(np.delete(CHOICES, place, axis=0), OPTIONS))


def test_the_published_vectors_hold():
    alike, distinct = [["x"] * 100] * 19, [[f"{n}"] * 100 for n in range(19)]
    assert text_diversity_left_out(alike).value == 0
    assert text_diversity_left_out(distinct).value == 1
    assert (text_diversity_left_out(distinct).without_one == 1).all()


def test_two_respondents_leave_one_whose_diversity_is_undefined():
    found = text_diversity_left_out([["a"], ["b"]])
    assert found.value == 1
    assert np.isnan(found.without_one).all()


@pytest.mark.parametrize("value", [0.0, 0.05, 0.1, 0.3])
def test_the_interval_excludes_zero_exactly_if_the_p_value_is_below_five_percent(value):
    left_out = value + np.random.default_rng(3).normal(scale=0.02, size=8)
    low, high = jackknife_interval(value, left_out)
    assert (low > 0 or high < 0) == (jackknife_p_value(value, left_out) < 0.05)


def test_a_score_that_nobody_changes_is_0_or_says_nothing_of_other_respondents():
    # Two arms of two respondents, who write the same in one and different things in the other: no proof.
    assert math.isnan(jackknife_p_value(0.2, np.full(5, 0.2)))
    assert np.isnan(jackknife_interval(0.2, np.full(5, 0.2))).all()
    assert jackknife_p_value(0.0, np.zeros(5)) == 1
    assert jackknife_interval(0.0, np.zeros(5)) == (0, 0)
    assert math.isnan(jackknife_p_value(0.2, np.array([0.2])))
    assert math.isnan(jackknife_p_value(0.2, np.array([0.2, math.nan])))

"""The differences of two countries' panels beside those of their people."""

from functools import cache

import numpy as np
import pytest

from def_sim.metrics.bootstrap import draw_weights, resample_panel
from def_sim.metrics.country_contrast import NO_DIFFERENCE, country_contrast, mean_positions, position_draws
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.sample import Sample

NUM_ITEMS, NUM_OPTIONS, NUM_DRAWS = 50, 5, 100


def rng(key=0):
    return np.random.default_rng([53, key])


USA = rng(1).dirichlet(np.full(NUM_OPTIONS, 1.5), size=NUM_ITEMS)
CHN = rng(2).dirichlet(np.full(NUM_OPTIONS, 1.5), size=NUM_ITEMS)


SHARES = {"USA": USA, "CHN": CHN}


def people(*shares):
    return tuple([Sample.of_people(row, 2000.0) for row in one] for one in shares)


def positions(shares, key, size=20):
    draw = rng(100 + key)
    choices = np.array([draw.choice(len(row), size=size, p=row) for row in shares]).T
    panel = PanelAnswers.from_choices(choices, [len(row) for row in shares])
    resampled = resample_panel(panel, draw_weights(size, rng(200 + key), NUM_DRAWS))
    return position_draws(resampled, range(len(shares)))


@cache
def contrast(first, second, key=0, size=20, items=NUM_ITEMS):
    """Of panels that answer as people of the named countries do."""
    of_people = people(USA[:items], CHN[:items])
    first, second = SHARES[first], SHARES[second]
    panels = positions(first[:items], 2 * key, size), positions(second[:items], 2 * key + 1, size)
    return country_contrast(*panels, of_people, rng(300 + key))


def test_positions_run_from_the_first_option_to_the_last():
    assert mean_positions(Sample(np.array([4.0, 0, 0]), 4)) == 0
    assert mean_positions(Sample(np.array([0, 0, 4.0]), 4)) == 1
    assert mean_positions(Sample(np.array([1.0, 2, 1]), 4)) == 0.5
    assert np.isnan(mean_positions(Sample(np.zeros(3), 0)))


def test_the_slope_is_that_of_least_squares_through_the_origin():
    first, second = positions(USA, 1), positions(CHN, 2)
    shown = [(row @ np.arange(5) / 4) for row in USA - CHN]
    found = country_contrast(first, second, people(USA, CHN), rng())
    panels = first.values - second.values
    [by_numpy], *_ = np.linalg.lstsq(np.array(shown)[:, None], panels, rcond=None)
    assert found.slope.estimate == pytest.approx(by_numpy)
    cosine = panels @ shown / np.sqrt((panels @ panels) * (np.array(shown) @ shown))
    assert found.correlation.estimate == pytest.approx(cosine)


def test_it_is_the_same_however_items_are_turned():
    turned = [row[::-1] if place % 3 else row for place, row in enumerate(USA)]
    others = [row[::-1] if place % 3 else row for place, row in enumerate(CHN)]
    as_it_is, [first, second] = contrast("USA", "CHN"), people(turned, others)
    found = country_contrast(*_turned(positions(USA, 0), positions(CHN, 1)), (first, second), rng(300))
    assert found.slope.estimate == pytest.approx(as_it_is.slope.estimate)
    assert found.correlation.estimate == pytest.approx(as_it_is.correlation.estimate)


def _turned(*panels):
    sign = np.where(np.arange(NUM_ITEMS) % 3, -1.0, 1.0)
    return [type(one)(one.values * sign, one.draws * sign, one.contributions * sign) for one in panels]


@pytest.mark.parametrize("size", [20, 200])
def test_panels_with_peoples_shares_lie_as_far_apart_as_people(size):
    found = [contrast("USA", "CHN", key, size).slope for key in range(40)]
    held = np.mean([one.low <= 1 <= one.high for one in found])
    assert held > 0.85  # of 40 at 95 %, fewer happen once in a hundred times
    assert np.mean([one.estimate for one in found]) == pytest.approx(1, abs=0.05)


def test_a_model_with_one_opinion_for_both_countries_has_slope_zero():
    found = [contrast("USA", "USA", key).slope for key in range(40)]
    assert np.mean([one.low <= 0 <= one.high for one in found]) > 0.85
    assert np.mean([one.high < 1 for one in found]) == 1


def test_countries_turned_round_have_a_negative_slope():
    assert contrast("CHN", "USA").slope.high < 0


def test_the_correlation_of_people_is_what_panels_of_that_many_people_have_on_average():
    found = [contrast("USA", "CHN", key) for key in range(40)]
    mean = np.mean([one.correlation.estimate for one in found])
    assert mean == pytest.approx(found[0].people_correlation, abs=0.02)
    assert 0.5 < mean < 1
    assert all(-1 <= one.correlation.low <= one.correlation.high <= 1 for one in found)


def test_few_items_have_no_interval_but_a_reason():
    found = contrast("USA", "CHN", items=9)
    assert "Too few items: 9" in found.slope.why_absent
    assert np.isfinite(found.slope.estimate)


def test_people_who_do_not_differ_have_no_slope_to_follow():
    same = people(USA, USA)
    found = country_contrast(positions(USA, 1), positions(CHN, 2), same, rng())
    assert found.slope.why_absent == NO_DIFFERENCE
    assert np.isnan(found.slope.estimate)

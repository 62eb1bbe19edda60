"""Sizes of studies: the formulas against simulated studies, and against each other."""

import numpy as np
import pytest
from scipy.stats import t as student

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.power import (
    Spread,
    detectable,
    half_width,
    items_needed,
    respondents_needed,
    spread_of,
)
from def_sim.metrics.sample import Array

SPREAD = Spread(between=0.004, within=0.02, shared=0.001, num_respondents=20)


def means(num_items: int, num_respondents: int, repetitions: int = 4000) -> Array:
    """Mean scores of simulated studies with the variances of SPREAD."""
    rng, shrink = np.random.default_rng(1), 20 / num_respondents
    items = rng.normal(0, np.sqrt(SPREAD.between + SPREAD.within * shrink), (repetitions, num_items))
    return np.asarray(items.mean(axis=1) + rng.normal(0, np.sqrt(SPREAD.shared * shrink), repetitions))


@pytest.mark.parametrize(("num_items", "num_respondents"), [(10, 20), (100, 20), (40, 200)])
def test_the_standard_error_is_that_of_simulated_studies(num_items: int, num_respondents: int) -> None:
    expected = means(num_items, num_respondents).std()
    assert SPREAD.standard_error(num_items, num_respondents) == pytest.approx(expected, rel=0.05)


def test_a_half_width_is_students_quantile_times_the_error() -> None:
    expected = student.ppf(0.975, 9) * np.sqrt((0.004 + 0.02) / 10 + 0.001)
    assert half_width(SPREAD, 10, 20) == pytest.approx(expected)


def test_a_detectable_difference_is_found_as_often_as_wanted() -> None:
    rng, spread = np.random.default_rng(2), Spread(0.004, 0.02, 0.0, 20)
    pair = spread.of_difference(0.0)
    true = detectable(pair, 30, 20, 0.8)
    # Two models on the same 30 items, each with scores and noise of its own.
    first, second = (rng.normal(0, np.sqrt(0.024), (4000, 30)) for _ in range(2))
    differences = true + first - second
    t = differences.mean(axis=1) / (differences.std(axis=1, ddof=1) / np.sqrt(30))
    assert (np.abs(t) > student.ppf(0.975, 29)).mean() == pytest.approx(0.8, abs=0.025)


def test_models_that_are_alike_over_items_are_easier_to_compare() -> None:
    assert SPREAD.of_difference(0.5).between == pytest.approx(0.004)
    assert SPREAD.of_difference(0.5).within == pytest.approx(0.04)


def test_the_fewest_items_are_enough_and_one_fewer_is_not() -> None:
    spread = Spread(0.004, 0.02, 0.0, 20)
    fewest = items_needed(lambda num: half_width(spread, num, 20), 0.02)
    assert fewest is not None
    assert half_width(spread, fewest, 20) <= 0.02 < half_width(spread, fewest - 1, 20)


def test_the_fewest_respondents_are_enough_and_one_fewer_is_not() -> None:
    fewest = respondents_needed(lambda num: half_width(SPREAD, 200, num), 0.015)
    assert fewest is not None
    assert half_width(SPREAD, 200, fewest) <= 0.015 < half_width(SPREAD, 200, fewest - 1)


def test_what_items_cannot_buy_no_number_of_them_does() -> None:
    # The shared error alone is .032 at 20 respondents.
    assert items_needed(lambda num: half_width(SPREAD, num, 20), 0.02) is None


def test_the_spread_of_a_panel_is_found_again() -> None:
    rng, num, items = np.random.default_rng(3), 400, 300
    shared = rng.normal(0, 1, num)
    noise = rng.normal(0, 1, (num, items)) + 0.5 * shared[:, None]
    noise -= noise.mean(axis=0)
    contributions = noise * np.sqrt(0.01 / num)  # of one item: variance .01 * (1 + .25), .0025 of it shared
    values = rng.normal(0.3, np.sqrt(0.004 + 0.01), items)
    found = spread_of(ScoreDraws(values, np.empty((0, items)), contributions))
    assert found.shared == pytest.approx(0.0025, rel=0.2)
    assert found.within == pytest.approx(0.01, rel=0.1)
    assert found.between == pytest.approx(0.004, rel=0.4)
    assert found.num_respondents == num


def test_one_item_has_no_spread() -> None:
    with pytest.raises(ValueError, match="at least two"):
        spread_of(ScoreDraws(np.array([0.1, np.nan]), np.empty((0, 2)), np.zeros((5, 2))))

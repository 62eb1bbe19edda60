"""Critical values that cover on average, against linear programmes and simulation."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import norm

from def_sim.metrics.average_coverage import NORMAL_REACH, critical_value, miss_rate, worst_miss_rate


def worst_by_programme(mean_square: float, kurtosis: float, reach: float) -> float:
    """The least favourable distribution of squared biases on a fine grid, an independent computation."""
    squares = np.linspace(0, 45, 1801) ** 2
    bias = np.sqrt(squares)
    misses = 1 - (norm.cdf(reach - bias) - norm.cdf(-reach - bias))
    found = linprog(
        -misses,
        A_ub=[squares**2 / (kurtosis * mean_square**2)],
        b_ub=[1],
        A_eq=[np.ones_like(squares), squares / mean_square],
        b_eq=[1, 1],
        method="highs",
    )
    return float(-found.fun)


def test_without_bias_it_is_the_normal_quantile() -> None:
    assert critical_value(0.0, 3.0) == NORMAL_REACH == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize("kurtosis", [1.5, 3.0, 10.0])
@pytest.mark.parametrize("mean_square", [0.1, 1.0, 10.0])
def test_the_worst_distribution_of_biases_is_missed_by_five_percent(
    mean_square: float, kurtosis: float
) -> None:
    reach = critical_value(mean_square, kurtosis)
    assert worst_by_programme(mean_square, kurtosis, reach) == pytest.approx(0.05, abs=5e-4)


@pytest.mark.parametrize("reach", [2.0, 3.5])
def test_the_bound_is_never_below_what_a_distribution_attains(reach: float) -> None:
    # All biases equal: kurtosis 1, and the mean is the rate itself.
    for square in (0.2, 1.0, 4.0):
        attained = float(miss_rate(np.array(square), reach))
        assert worst_miss_rate(square, 1.0, reach) >= attained - 1e-12


def test_it_grows_with_the_biases_and_with_their_kurtosis() -> None:
    by_square = [critical_value(square, 3.0) for square in (0.0, 0.1, 1.0, 10.0, 30.0)]
    by_kurtosis = [critical_value(1.0, kurtosis) for kurtosis in (1.0, 3.0, 10.0, 100.0)]
    assert by_square == sorted(by_square)
    assert len(set(by_square)) == 5
    assert by_kurtosis == sorted(by_kurtosis)


def test_without_knowing_the_kurtosis_chebyshev_is_nearly_attained() -> None:
    # A bias so large that it is always missed, in one case of twenty: reach near the root of 20 times 30.
    assert critical_value(30.0, 1e6) == pytest.approx(np.sqrt(30 / 0.05), rel=0.1)


def test_normal_biases_are_covered_by_a_little_more_than_95_percent() -> None:
    # Sum of two normals: exactly known. 3 is their kurtosis, so the bound holds and is nearly sharp.
    for square in (0.25, 1.0, 4.0):
        covered = 1 - 2 * norm.sf(critical_value(square, 3.0) / np.sqrt(1 + square))
        assert 0.95 <= covered < 0.965

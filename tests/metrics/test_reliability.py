"""Reliability of sums of items and one factor behind them: by hand, and beside other implementations."""

import numpy as np
import pytest
import scipy.optimize
from numpy.testing import assert_allclose
from statsmodels.multivariate.factor import Factor

from def_sim.metrics.one_factor import (
    congruence,
    eigenvalues,
    num_factors,
    one_factor_loadings,
    residual_correlation,
)
from def_sim.metrics.reliability import complete_items, item_rest, omega, standardised_alpha, turned

LOADINGS = np.array([0.8, 0.7, 0.6, 0.5, 0.4])


def of_one_factor(loadings):
    found = np.outer(loadings, loadings)
    np.fill_diagonal(found, 1.0)
    return found


def answers(num_people=400, seed=3):
    """People with two correlated traits behind seven items, some of them turned round."""
    rng = np.random.default_rng(seed)
    first = rng.standard_normal(num_people)
    second = 0.4 * first + rng.standard_normal(num_people)
    weights = np.array([[0.9, 0], [0.7, 0], [0.5, 0.2], [0.3, 0.5], [0, 0.8], [-0.6, 0], [0.1, 0.1]])
    return np.column_stack([first, second]) @ weights.T + rng.standard_normal((num_people, 7))


# --- reliability ---


def test_alpha_of_equally_correlated_items_is_the_spearman_brown_formula():
    equal = np.full((4, 4), 0.3)
    np.fill_diagonal(equal, 1.0)
    assert standardised_alpha(equal) == pytest.approx(4 * 0.3 / (1 + 3 * 0.3))


def test_alpha_is_that_of_the_variances_of_people_s_scores():
    scores = answers()
    scores = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    direct = 7 / 6 * (1 - scores.var(axis=0).sum() / scores.sum(axis=1).var())
    assert standardised_alpha(np.corrcoef(scores, rowvar=False)) == pytest.approx(direct)


def test_item_rest_correlations_are_those_of_people_s_scores():
    scores = answers()
    scores = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    rests = [np.delete(scores, item, axis=1).sum(axis=1) for item in range(7)]
    direct = [np.corrcoef(scores[:, item], rest)[0, 1] for item, rest in enumerate(rests)]
    assert_allclose(item_rest(np.corrcoef(scores, rowvar=False)), direct)


def test_omega_is_the_squared_correlation_of_the_sum_with_the_factor():
    # Sum of loadings 3, of unique variances 5 - 1.9 = 3.1: 9 / (9 + 3.1).
    assert omega(LOADINGS) == pytest.approx(9 / 12.1)
    rng = np.random.default_rng(8)
    factor = rng.standard_normal(200_000)
    noise = rng.standard_normal((factor.size, 5)) * np.sqrt(1 - LOADINGS**2)
    total = (factor[:, None] * LOADINGS + noise).sum(axis=1)
    assert np.corrcoef(factor, total)[0, 1] ** 2 == pytest.approx(omega(LOADINGS), abs=0.005)


def test_equal_loadings_have_the_same_omega_and_alpha_and_unequal_ones_a_lower_alpha():
    same = np.full(6, 0.6)
    assert omega(same) == pytest.approx(standardised_alpha(of_one_factor(same)))
    assert standardised_alpha(of_one_factor(LOADINGS)) < omega(LOADINGS)


def test_items_that_run_the_other_way_are_turned_before_they_are_added_up():
    directions = np.array([1, -1, 1, 1, -1])
    asked = of_one_factor(LOADINGS * directions)
    assert_allclose(turned(asked, directions), of_one_factor(LOADINGS))
    assert standardised_alpha(asked) < 0 < standardised_alpha(turned(asked, directions))


def test_the_item_with_the_most_unknown_correlations_leaves_first():
    known = of_one_factor(LOADINGS)
    for first, second in ((0, 1), (1, 2), (1, 3)):
        known[first, second] = known[second, first] = np.nan
    assert complete_items(known).tolist() == [0, 2, 3, 4]
    assert complete_items(of_one_factor(LOADINGS)).tolist() == [0, 1, 2, 3, 4]
    assert complete_items(np.full((0, 0), 1.0)).tolist() == []


@pytest.mark.parametrize("num", [0, 1])
def test_one_item_has_no_reliability(num):
    alone = np.ones((num, num))
    assert np.isnan([standardised_alpha(alone), omega(np.ones(num))]).all()
    assert item_rest(alone).shape == (num,)
    assert np.isnan(item_rest(alone)).all()


def test_two_items_that_are_opposite_have_no_sum_to_be_reliable():
    opposite = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert np.isnan(standardised_alpha(opposite))


# --- one factor ---


def test_a_factor_without_noise_is_found_again_whatever_its_sign():
    for sign in (1, -1):
        assert_allclose(one_factor_loadings(of_one_factor(sign * LOADINGS)), LOADINGS, atol=1e-6)
    mixed = LOADINGS * np.array([1, 1, -1, 1, 1])
    assert_allclose(one_factor_loadings(of_one_factor(mixed)), mixed, atol=1e-6)
    assert residual_correlation(of_one_factor(LOADINGS), LOADINGS) == pytest.approx(0, abs=1e-12)


def test_loadings_leave_the_smallest_squares_of_residual_correlations():
    known = np.corrcoef(answers(), rowvar=False)
    pairs = np.triu_indices(7, k=1)

    def squares(loadings):
        return ((known - np.outer(loadings, loadings))[pairs] ** 2).sum()

    starts = np.random.default_rng(1).uniform(-1, 1, (20, 7))
    best = min((scipy.optimize.minimize(squares, start, tol=1e-14) for start in starts), key=lambda r: r.fun)
    found = one_factor_loadings(known)
    assert_allclose(found, best.x * np.sign(best.x.sum()), atol=1e-4)
    assert residual_correlation(known, found) == pytest.approx(np.sqrt(best.fun / 21), abs=1e-7)


def test_loadings_are_those_of_statsmodels_principal_axes():
    known = np.corrcoef(answers(), rowvar=False)
    theirs = Factor(corr=known, n_factor=1, method="pa").fit(maxiter=5000, tol=1e-12).loadings[:, 0]
    assert_allclose(one_factor_loadings(known), theirs * np.sign(theirs.sum()), atol=1e-5)


def test_two_items_do_not_determine_a_factor():
    assert np.isnan(one_factor_loadings(np.array([[1.0, 0.5], [0.5, 1.0]]))).all()


def test_a_loading_never_leaves_its_range():
    # Least squares alone would give the first item a communality of .9 * .9 / .5 = 1.62.
    heywood = np.array([[1, 0.9, 0.9], [0.9, 1, 0.5], [0.9, 0.5, 1]])
    found = one_factor_loadings(heywood)
    assert (np.abs(found) <= 1).all()
    assert found[0] > 0.99


def test_eigenvalues_of_equal_correlations_are_known():
    equal = np.full((4, 4), 0.3)
    np.fill_diagonal(equal, 1.0)
    assert_allclose(eigenvalues(equal), [1.9, 0.7, 0.7, 0.7])


@pytest.mark.parametrize(("num_traits", "expected"), [(0, 0), (1, 1), (2, 2)])
def test_parallel_analysis_counts_the_planted_traits(num_traits, expected):
    rng = np.random.default_rng(5)
    scores = rng.standard_normal((800, 10))
    for trait in range(num_traits):
        scores[:, trait * 5 : trait * 5 + 5] += rng.standard_normal((800, 1))
    known = np.corrcoef(scores, rowvar=False)
    assert num_factors(known, 800, np.random.default_rng(2), num_draws=100) == expected


def test_congruence_is_the_cosine_of_two_sets_of_loadings():
    assert congruence(LOADINGS, 0.5 * LOADINGS) == pytest.approx(1)
    assert congruence(LOADINGS, -LOADINGS) == pytest.approx(-1)
    # (.8*.4 + .6*.2) / sqrt((.64 + .36)(.16 + .04)) = .44 / sqrt(.2)
    assert congruence(np.array([0.8, 0.6]), np.array([0.4, 0.2])) == pytest.approx(0.44 / 0.2**0.5)
    assert np.isnan(congruence(LOADINGS, np.zeros(5)))

"""Agreement of coders against scikit-learn, a published example, and sums over all pairs."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from def_sim.metrics.agreement import (
    alpha_interval,
    cohen_kappa,
    kappa_interval,
    krippendorff_alpha,
    raw_agreement,
)

GAP = float("nan")
# Krippendorff 2011, section C: twelve units, four observers, gaps; its alpha is printed as .743.
FOUR_OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
        [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
    ]
)
RNG = np.random.default_rng(20240502)


def noisy_codings(num_coders, num_rows, num_codes, *, gaps=0.0):
    truth = RNG.integers(num_codes, size=num_rows)
    guesses = RNG.integers(num_codes, size=(num_coders, num_rows))
    codings = np.where(RNG.random((num_coders, num_rows)) < 0.6, truth, guesses).astype(float)
    return np.where(RNG.random(codings.shape) < gaps, np.nan, codings)


def alpha_by_pairs(codings):
    """From its definition: ordered pairs within a row against those of all codes that have a partner."""
    rows = [[code for code in row if not np.isnan(code)] for row in codings.T]
    rows = [row for row in rows if len(row) > 1]
    within = sum(sum(a != b for a, b in permutations(row, 2)) / (len(row) - 1) for row in rows)
    codes = [code for row in rows for code in row]
    across = sum(a != b for a, b in permutations(codes, 2)) / (len(codes) - 1)
    return 1 - within / across


def test_alpha_of_four_observers_is_the_published_one():
    assert round(krippendorff_alpha(FOUR_OBSERVERS), 3) == 0.743


@pytest.mark.parametrize("num_coders", [2, 3, 5])
@pytest.mark.parametrize("num_codes", [2, 3, 6])
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_alpha_is_one_minus_observed_by_expected_disagreement_of_pairs(num_coders, num_codes, gaps):
    codings = noisy_codings(num_coders, 40, num_codes, gaps=gaps)
    assert krippendorff_alpha(codings) == pytest.approx(alpha_by_pairs(codings))


@pytest.mark.parametrize("num_codes", [2, 3, 6])
@pytest.mark.parametrize("num_rows", [10, 60])
def test_kappa_is_that_of_scikit_learn(num_codes, num_rows):
    codings = noisy_codings(2, num_rows, num_codes)
    assert cohen_kappa(codings) == pytest.approx(cohen_kappa_score(*codings.astype(int)))


def test_a_row_that_one_coder_left_empty_is_in_no_kappa():
    codings = noisy_codings(2, 60, 3, gaps=0.2)
    both = codings[:, ~np.isnan(codings).any(axis=0)]
    assert cohen_kappa(codings) == pytest.approx(cohen_kappa_score(*both.astype(int)))
    assert raw_agreement(codings) == pytest.approx((both[0] == both[1]).mean())


def test_opposite_coders_have_the_least_agreement():
    # Half and half, never the same: kappa (0 - .5) / (1 - .5) = -1.
    codings = np.array([[0.0, 1, 0, 1], [1, 0, 1, 0]])
    assert cohen_kappa(codings) == pytest.approx(-1)
    assert raw_agreement(codings) == 0.0


def test_agreement_beyond_chance_is_undefined_where_all_codes_are_the_same():
    codings = np.zeros((2, 8))
    assert np.isnan([cohen_kappa(codings), krippendorff_alpha(codings)]).all()
    assert raw_agreement(codings) == 1.0


@pytest.mark.parametrize("codings", [np.empty((2, 0)), np.full((2, 3), np.nan), [[1, GAP], [GAP, 1]]])
def test_agreement_is_undefined_where_no_row_has_two_codes(codings):
    values = (raw_agreement(codings), cohen_kappa(codings), krippendorff_alpha(codings))
    assert np.isnan(values).all()
    assert np.isnan(alpha_interval(codings, np.random.default_rng(1))).all()


def test_the_interval_is_of_resampled_rows():
    codings = noisy_codings(2, 50, 2)
    drawn = [codings[:, RNG.integers(50, size=50)] for _ in range(4000)]
    for interval, statistic in ((kappa_interval, cohen_kappa), (alpha_interval, krippendorff_alpha)):
        expected = np.quantile([statistic(one) for one in drawn], [0.025, 0.975])
        assert interval(codings, np.random.default_rng(1)) == pytest.approx(expected, abs=0.05)


def test_there_is_no_interval_where_many_draws_have_one_code_only():
    # One row of twenty has another code: (19/20)**20 = 36 % of the draws miss it.
    codings = np.zeros((2, 20))
    codings[:, 0] = 1
    assert krippendorff_alpha(codings) == pytest.approx(1)
    assert np.isnan(alpha_interval(codings, np.random.default_rng(1))).all()


def test_kappa_is_of_two_coders():
    with pytest.raises(ValueError, match="expected two coders, found 4"):
        cohen_kappa(FOUR_OBSERVERS)

"""Second choices that repeat the first: counted, and with an interval that is clustered by respondent."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm, t
from statsmodels.stats.proportion import proportion_confint

from def_sim.metrics.choice_array import NO_ANSWER, NOT_ASKED
from def_sim.metrics.repeated_choice import repeated_first_choice


def repeats_of(is_repeated):
    return repeated_first_choice(np.zeros_like(is_repeated, dtype=int), np.where(is_repeated, 0, 1))


def test_a_second_choice_that_repeats_the_first_is_counted_among_those_with_both():
    first = [[0, 1], [2, NO_ANSWER], [3, 3]]
    second = [[0, 2], [2, NOT_ASKED], [1, NO_ANSWER]]
    repeated = repeated_first_choice(first, second)
    assert (repeated.num_repeated, repeated.num_answers, repeated.num_respondents) == (2, 4, 3)
    assert repeated.share == 0.5


@pytest.mark.parametrize(("num_repeated", "total"), [(0, 20), (20, 20), (3, 200)])
def test_with_one_answer_each_the_interval_is_wilsons(num_repeated, total):
    repeated = repeats_of(np.arange(total) < num_repeated)
    expected = proportion_confint(num_repeated, total, method="wilson")
    assert (repeated.low, repeated.high) == pytest.approx(expected, abs=1e-9)


def test_with_several_answers_each_it_is_wilsons_of_as_many_answers_as_they_are_worth():
    rng = np.random.default_rng(1)
    is_repeated = rng.random((30, 4)) < rng.choice([0.1, 0.9], size=(30, 1))
    flat, who = is_repeated.ravel().astype(float), np.repeat(np.arange(30), 4)
    fitted = sm.OLS(flat, np.ones(120)).fit(
        cov_type="cluster", cov_kwds={"groups": who, "use_correction": False}
    )
    clustered = float(fitted.cov_params()[0, 0]) * 30 / 29
    share = flat.mean()
    worth = share * (1 - share) / clustered * (norm.ppf(0.975) / t.ppf(0.975, 29)) ** 2
    expected = proportion_confint(share * worth, worth, method="wilson")
    found = repeats_of(is_repeated)
    assert (found.low, found.high) == pytest.approx(expected)


def test_respondents_who_all_do_the_same_count_once_each():
    for value in (False, True):
        found = repeats_of(np.full((12, 3), value))
        expected = proportion_confint(12 * value, 12, method="wilson")
        assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_one_respondent_counts_once():
    found = repeats_of(np.array([[True, False, True]]))
    assert found.high - found.low > 0.7


def test_intervals_hold_where_some_repeat_always_and_others_never():
    rng, covered, independent = np.random.default_rng(2), 0, 0
    for _ in range(300):
        habit = np.sqrt(0.8) * rng.standard_normal((20, 1))
        is_repeated = norm.cdf(habit + np.sqrt(0.2) * rng.standard_normal((20, 9))) < 0.2
        found = repeats_of(is_repeated)
        low, high = proportion_confint(found.num_repeated, found.num_answers, method="wilson")
        covered += found.low <= 0.2 <= found.high
        independent += low <= 0.2 <= high
    assert covered >= 270  # .945 of 1,000 in docs/concepts/variety.md; standard deviation of 300: 4
    assert independent < 220  # .591: what taking the answers as independent gives


def test_without_second_choices_nothing_is_known():
    assert np.isnan(repeated_first_choice([0, 1], [NO_ANSWER, NOT_ASKED]).share)
    assert np.isnan(repeated_first_choice(np.zeros((3, 0)), np.zeros((3, 0))).share)
    with pytest.raises(ValueError, match="same shape"):
        repeated_first_choice([0, 1], [0])

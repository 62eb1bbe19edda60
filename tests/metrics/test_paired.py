"""Two models on the same items, and many comparisons at once."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from def_sim.metrics.bootstrap import ScoreDraws, draw_weights, resample_panel, score_draws
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.paired import adjusted_for_many, difference, paired_comparison
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.sample import Sample

NAN = float("nan")


def rng(key=0):
    return np.random.default_rng([17, key])


def noiseless(values, num_respondents=50, num_draws=2000):
    values = np.asarray(values, dtype=float)
    return ScoreDraws(values, np.tile(values, (num_draws, 1)), np.zeros((num_respondents, values.size)))


def panel_scores(rates, size=60, key=0):
    """Scores of a panel that answers each of 40 items from the given shares."""
    choices = rng(key).choice(len(rates), size=(size, 40), p=rates)
    people = [Sample.of_people(np.array([0.5, 0.3, 0.2]), 1500.0)] * 40
    resampled = resample_panel(PanelAnswers.from_choices(choices, [3] * 40), draw_weights(size, rng(9), 500))
    return score_draws(resampled, people, [ItemForm()] * 40, "js_divergence")


def test_with_items_alone_the_test_is_the_paired_one_of_student():
    first = rng().random(40)
    second = first + rng(1).normal(0.02, 0.1, size=40)
    ours = paired_comparison(noiseless(first), noiseless(second), rng(2), same_respondents=True)
    theirs = stats.ttest_rel(first, second)
    assert ours.difference.estimate == pytest.approx((first - second).mean())
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=0.02)


def compared_with_zero(differences, key=0, num_draws=500):
    """A comparison whose items differ so, from respondents who all answer alike."""
    first = noiseless(differences, num_draws=num_draws)
    second = noiseless(np.zeros(len(differences)), num_draws=num_draws)
    return paired_comparison(first, second, rng(key), same_respondents=True)


def test_equally_good_models_whose_differences_are_skewed_are_rarely_found_to_differ():
    # A gamma distribution less its mean: no difference over all items, but a few items are far off.
    differences = rng(3).gamma(0.5, size=(800, 40)) - 0.5
    of_student = stats.ttest_1samp(differences, 0, axis=1).pvalue
    ours = np.array([compared_with_zero(row, key).p_value for key, row in enumerate(differences)])
    most = stats.binom.ppf(0.99, 800, 0.05) / 800
    assert (of_student < 0.05).mean() > most  # so Student's is not a test of these
    assert (ours < 0.05).mean() <= most


def test_the_interval_excludes_zero_exactly_if_the_p_value_is_below_five_percent():
    outcomes = set()
    for key in range(200):
        comparison = compared_with_zero(rng(key).exponential(size=12) - 0.5, key)
        interval = comparison.difference
        excludes_zero = interval.low > 0 or interval.high < 0
        assert excludes_zero == (comparison.p_value < 0.05)
        outcomes.add(excludes_zero)
    assert outcomes == {True, False}


def test_one_large_difference_is_found_among_all_pairs_of_22_models():
    # 231 pairs: a p-value that cannot go below 1/1001 would be .23 after Holm's adjustment.
    differences = rng().normal(size=60)
    differences += 6 * stats.sem(differences) - differences.mean()  # six standard errors from 0
    comparison = compared_with_zero(differences, num_draws=1000)
    others = {str(index): 0.5 for index in range(230)}
    assert adjusted_for_many({"large": comparison.p_value, **others})["large"] < 0.001


def test_the_model_that_answers_like_people_is_found_to_be_closer():
    close, far = panel_scores([0.5, 0.3, 0.2], key=1), panel_scores([0.2, 0.3, 0.5], key=2)
    comparison = paired_comparison(close, far, rng(), same_respondents=False)
    assert comparison.difference.high < 0
    assert comparison.p_value < 1e-6


def test_a_model_does_not_differ_from_itself():
    scores = panel_scores([0.5, 0.3, 0.2])
    comparison = paired_comparison(scores, scores, rng(), same_respondents=True)
    assert (comparison.difference.estimate, comparison.p_value) == (0, 1)


def test_respondents_who_are_the_same_cancel_and_others_add_up():
    scores = panel_scores([0.5, 0.3, 0.2])
    same = difference(scores, scores, same_respondents=True)
    other = difference(scores, panel_scores([0.5, 0.3, 0.2], key=3), same_respondents=False)
    assert (same.contributions == 0).all()
    assert other.contributions.shape == (120, 40)


def test_items_that_one_of_both_lacks_are_left_out():
    first, second = noiseless([0.1, 0.2, NAN, 0.4]), noiseless([0.2, 0.2, 0.3, NAN])  # -.1 and 0 are left
    for same_respondents in (True, False):
        comparison = paired_comparison(first, second, rng(), same_respondents=same_respondents)
        assert comparison.difference.estimate == pytest.approx(-0.05)
        assert comparison.difference.num_undefined == 2


def test_without_common_items_there_is_no_p_value_but_a_reason():
    comparison = paired_comparison(noiseless([0.1, NAN]), noiseless([NAN, 0.1]), rng(), same_respondents=True)
    assert comparison.difference.why_absent
    assert "No item" in comparison.difference.why_absent
    assert np.isnan(comparison.p_value)


def test_panels_of_different_size_are_compared_above_their_floors_only():
    small, large = noiseless([0.3, 0.4, 0.5], 20), noiseless([0.1, 0.2, 0.3], 200)
    with pytest.raises(ValueError, match="first 20 respondents"):
        paired_comparison(small, large, rng(), same_respondents=False)
    with pytest.raises(ValueError, match="cannot be the same"):
        paired_comparison(small, large, rng(), same_respondents=True)
    floors = np.array([0.2, 0.2, 0.2]), np.array([0.05, 0.05, 0.05])
    comparison = paired_comparison(small, large, rng(), same_respondents=False, floors=floors)
    assert comparison.difference.estimate == pytest.approx(0.2 - 0.15)


def test_holm_by_hand():
    # Sorted .01, .03, .04 times 3, 2, 1, never falling: .03, .06, .06.
    adjusted = adjusted_for_many({"a": 0.01, "b": 0.04, "c": 0.03, "d": NAN})
    assert list(adjusted) == ["a", "b", "c", "d"]
    assert [adjusted[name] for name in "abc"] == pytest.approx([0.03, 0.06, 0.06])
    assert np.isnan(adjusted["d"])


def test_holm_agrees_with_statsmodels():
    p_values = rng().random(40).round(2) / 10  # with ties
    adjusted = adjusted_for_many({str(place): value for place, value in enumerate(p_values)})
    assert list(adjusted.values()) == multipletests(p_values, method="holm")[1].tolist()


def test_one_comparison_needs_no_adjustment_and_none_gives_none():
    assert adjusted_for_many({"a": 0.04}) == pytest.approx({"a": 0.04})
    assert adjusted_for_many({}) == {}
    assert np.isnan(adjusted_for_many({"a": NAN})["a"])

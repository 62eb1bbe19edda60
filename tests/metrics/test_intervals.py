"""Intervals of means over items and respondents."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from def_sim.metrics.aggregation import macro_mean
from def_sim.metrics.bootstrap import ScoreDraws, draw_weights, resample_panel, score_draws
from def_sim.metrics.deviations import Deviations, item_weights, shared_variance, two_way_deviations
from def_sim.metrics.intervals import Estimand, interval_reach, mean_interval, p_value
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.sample import Sample
from def_sim.metrics.score_scale import SCALES, ScoreScale

ORDERED = ItemForm(is_ordered=True)


def rng(key=0):
    return np.random.default_rng([13, key])


def noiseless(values, num_respondents=50, num_draws=4000):
    """Scores whose respondents all answer alike: only items differ."""
    values = np.asarray(values, dtype=float)
    return ScoreDraws(values, np.tile(values, (num_draws, 1)), np.zeros((num_respondents, values.size)))


def deviations(draws, studentised, degrees_of_freedom=1e9):
    return Deviations(np.asarray(draws), np.asarray(studentised), degrees_of_freedom)


def one_apart(degrees_of_freedom):
    """Draws with a standard error of 1."""
    return np.array([1.0, -1.0]) * stats.t.ppf(0.975, degrees_of_freedom) / stats.norm.ppf(0.975)


def test_the_reach_is_the_quantile_of_the_studentised_deviations_on_either_side():
    # Of 0, -1, 2, -3, ..., 99 the share of 95 % lies within 95; Student's reach is 1.96 times 30 = 58.8.
    signs = np.where(np.arange(100) % 2, -1, 1)
    assert interval_reach(deviations([30, -30], np.arange(100) * signs)) == pytest.approx(95, abs=1)


@pytest.mark.parametrize(("studentised", "times"), [(0.1, 1), (1e9, 2), (np.inf, 2)])
def test_the_reach_is_at_least_students_and_at_most_twice_that(studentised, times):
    reach = interval_reach(deviations(one_apart(9), [studentised, -studentised] * 50, 9))
    assert reach == pytest.approx(times * stats.t.ppf(0.975, 9))


def test_draws_too_few_to_count_give_the_widest_interval():
    reach = interval_reach(deviations(one_apart(9), [0.1] * 10, 9))
    assert reach == pytest.approx(2 * stats.t.ppf(0.975, 9))


def test_beyond_what_draws_can_count_the_reach_grows_as_students():
    found = deviations(one_apart(9), rng().standard_t(4, size=1000), 9)
    at_99 = interval_reach(found, confidence=0.99)
    assert stats.t.ppf(0.995, 9) < at_99 < 2 * stats.t.ppf(0.995, 9)
    assert interval_reach(found, confidence=0.99 + 1e-9) == pytest.approx(at_99)
    grown = interval_reach(found, confidence=0.9999) / at_99
    assert grown == pytest.approx(stats.t.ppf(0.99995, 9) / stats.t.ppf(0.995, 9))


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99, 0.999, 0.999999])
@pytest.mark.parametrize("spread", [0.1, 1, 1.5, 100, np.inf])
def test_the_p_value_is_below_the_level_exactly_where_the_interval_excludes_zero(confidence, spread):
    found = deviations(one_apart(30), rng().choice([-1, 1], 999) * spread * rng(1).chisquare(2, 999), 30)
    reach = interval_reach(found, confidence=confidence)
    just_above, just_below = p_value(found, reach * (1 + 1e-9)), p_value(found, -reach * (1 - 1e-9))
    assert just_above < 1 - confidence <= just_below


def test_the_p_value_counts_the_estimate_among_the_draws():
    # Of 999 draws 30 are as large as the estimate: 31 of 1,000. Student's says 2 P(T > 1.5 / .6) = .012.
    found = deviations(one_apart(1e9) * 0.6, [1.0] * 969 + [-2.0] * 30)
    assert p_value(found, 1.5) == pytest.approx(0.031)


def test_items_are_studentised_as_each_draw_by_itself_would_be():
    values = rng().gamma(1, 0.1, size=8)
    found = two_way_deviations(noiseless(values, num_draws=500), rng(1)).studentised
    again = values[rng(1).integers(8, size=(500, 8))]
    expected = stats.ttest_1samp(again, values.mean(), axis=1).statistic * stats.sem(values)
    assert found == pytest.approx(expected)


def test_skewed_items_have_a_wider_interval_than_students():
    values = np.array([0.01, 0.02, 0.01, 0.03, 0.02, 0.01, 0.04, 0.02, 0.01, 0.5])
    interval = mean_interval(noiseless(values), rng())
    reach = stats.t.ppf(0.975, 9) * stats.sem(values)
    assert 1.5 * reach < interval.high - interval.estimate <= 2.1 * reach


def test_with_items_alone_the_interval_is_that_of_student():
    values = rng().gamma(4, 0.02, size=12)
    interval = mean_interval(noiseless(values), rng(1))
    expected = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    assert interval.estimate == pytest.approx(values.mean())
    assert interval.standard_error == pytest.approx(stats.sem(values), rel=0.04)
    assert interval.degrees_of_freedom == pytest.approx(11)
    assert (interval.low, interval.high) == pytest.approx(expected, rel=0.06)


def test_two_way_clusters_agree_with_statsmodels():
    # W1 of two options against people who all chose the first is the share of the second: linear, so
    # the clustered variance of a mean of zeros and ones is the reference.
    num_respondents, num_items = 60, 40
    traits, items = rng().normal(size=(num_respondents, 1)), rng(1).normal(size=num_items)
    choices = (traits + items + rng(2).normal(size=(num_respondents, num_items)) > 0).astype(int)
    panel = PanelAnswers.from_choices(choices, [2] * num_items)
    people = [Sample.of_people(np.array([1.0, 0.0]), 1000.0)] * num_items
    resampled = resample_panel(panel, draw_weights(num_respondents, rng(3), 3000))
    scores = score_draws(resampled, people, [ORDERED] * num_items, "wasserstein")
    ours = mean_interval(scores, rng(4))
    respondent, item = np.divmod(np.arange(choices.size), num_items)
    fit = sm.OLS(choices.ravel().astype(float), np.ones(choices.size)).fit(
        cov_type="cluster", cov_kwds={"groups": np.column_stack([respondent, item])}
    )
    assert ours.estimate == pytest.approx(choices.mean())
    assert ours.standard_error == pytest.approx(fit.bse[0], rel=0.04)


def test_noise_of_single_answers_counts_once():
    # Items alike but for sampling noise, respondents independent: all noise is in the items' differences.
    choices = (rng().random((300, 100)) < 0.5).astype(int)
    panel = PanelAnswers.from_choices(choices, [2] * 100)
    people = [Sample.of_people(np.array([1.0, 0.0]), 1000.0)] * 100
    resampled = resample_panel(panel, draw_weights(300, rng(1), 2000))
    scores = score_draws(resampled, people, [ORDERED] * 100, "wasserstein")
    binomial = 0.5 / np.sqrt(choices.size)
    assert mean_interval(scores, rng(2)).standard_error == pytest.approx(binomial, rel=0.15)
    both = rng(3).multinomial(100, np.full(100, 0.01), size=2000) / 100
    assert (both * scores.draws).sum(axis=1).std() > 1.6 * binomial  # thrice the variance


def test_respondents_who_err_on_all_items_alike_widen_the_interval():
    contributions = np.tile(rng().normal(size=(30, 1)), (1, 4)) / 30
    whole = (contributions[:, 0] ** 2).sum()
    # Four equal columns: the mean varies as each column does. A quarter of that is the items' own, of which
    # 30 respondents leave sqrt(2/29) unknown.
    own = whole / 4 * (1 - np.sqrt(2 / 29))
    assert shared_variance(contributions, item_weights(4)) == pytest.approx(whole - own)


def test_errors_in_opposite_directions_do_not_make_an_interval_narrower_than_items_allow():
    column = rng().normal(size=(30, 1))
    assert shared_variance(np.hstack([column, -column]), item_weights(2)) == 0


def test_a_percentile_interval_at_twenty_respondents_misses_its_own_estimate_and_ours_does_not():
    choices = np.stack([rng(i).choice(5, size=20, p=[0.3, 0.25, 0.2, 0.15, 0.1]) for i in range(60)], axis=1)
    people = [Sample.of_people(np.array([0.3, 0.25, 0.2, 0.15, 0.1]), 1500.0)] * 60
    resampled = resample_panel(PanelAnswers.from_choices(choices, [5] * 60), draw_weights(20, rng(99), 500))
    scores = score_draws(resampled, people, [ORDERED] * 60, "js_divergence")
    items = rng(100).integers(60, size=(500, 60))
    naive = np.take_along_axis(scores.draws, items, axis=1).mean(axis=1)
    interval = mean_interval(scores, rng(101))
    assert np.quantile(naive, 0.025) > scores.values.mean()
    assert interval.low < interval.estimate < interval.high


def test_groups_weigh_the_same_however_many_items_they_have():
    values, groups = np.array([0.1, 0.3, 0.5, 0.5, 0.8]), ["a", "a", "b", "b", "b"]
    few = ScoreScale(fewest_items=4)
    assert item_weights(5, groups) == pytest.approx([1 / 4, 1 / 4, 1 / 6, 1 / 6, 1 / 6])
    interval = mean_interval(noiseless(values), rng(), groups=groups, scale=few)
    assert interval.estimate == pytest.approx(macro_mean(values, groups))
    # Items are drawn within groups: variance = (sem_a**2 + sem_b**2) / 4.
    error = np.hypot(stats.sem(values[:2]), stats.sem(values[2:])) / 2
    assert interval.standard_error == pytest.approx(error, rel=0.05)


def test_undefined_items_are_left_out_and_counted():
    scores = noiseless([0.1, np.nan, 0.3, 0.2])
    interval = mean_interval(scores, rng())
    assert interval.estimate == pytest.approx(0.2)
    assert (interval.num_items, interval.num_undefined) == (4, 1)
    assert interval.estimand is Estimand.EXPECTED_AT_N


@pytest.mark.parametrize(
    ("scores", "groups", "reason"),
    [
        (noiseless([np.nan, np.nan]), None, "No item"),
        (noiseless([0.2, np.nan]), None, "Too few items: 1 with a score, 5 are needed."),
        (noiseless([0.2, 0.3, 0.4, 0.1]), None, "Too few items: 4 with a score, 5 are needed."),
        (noiseless([0.2, 0.3, 0.4]), ["a", "a", "b"], "Too few items: 1 with a score in b, 2 are needed."),
        # Five beyond the first of each other group: 5 + 3 - 1.
        (noiseless([0.2, 0.3] * 3), list("aabbcc"), "Too few items: 6 with a score, 7 are needed."),
        (noiseless([0.2] * 6), None, "All items score the same"),
        (noiseless([0.2, 0.3], num_respondents=1), None, "One respondent"),
    ],
)
def test_without_an_interval_there_is_a_reason(scores, groups, reason):
    interval = mean_interval(scores, rng(), groups=groups)
    assert reason in interval.why_absent
    assert np.isnan([interval.low, interval.high, interval.standard_error]).all()


def test_an_interval_of_scores_stays_above_zero_and_one_of_differences_does_not():
    values = np.array([0.0, 0.0, 0.0, 0.0, 0.1])
    assert 0 < mean_interval(noiseless(values), rng(), scale=SCALES["js_divergence"]).low < 0.02
    assert mean_interval(noiseless(values), rng(), scale=SCALES["js_divergence"].of_differences()).low < 0


def test_scores_of_seven_items_in_three_groups_have_an_interval():
    interval = mean_interval(noiseless([0.2, 0.3, 0.5, 0.1, 0.4, 0.2, 0.6]), rng(), groups=list("aabbccc"))
    assert interval.why_absent == ""


def test_respondents_whom_only_draws_show_widen_the_interval_of_a_score_with_a_kink():
    # At a kink: leaving one out changes nothing, drawing all again moves all items together by .1.
    together = np.tile(rng().normal(scale=0.1, size=(4000, 1)), (1, 30))
    scores = ScoreDraws(0.3 + rng(1).normal(size=30) * 1e-6, together, np.zeros((400, 30)))
    found = mean_interval(scores, rng(2), scale=ScoreScale(least_of_drawn=0.25)).standard_error
    # A quarter of .01, less the items' own: a thirtieth.
    assert found == pytest.approx(np.sqrt(0.25 * 0.01 * (1 - 1 / 30)), rel=0.05)
    assert mean_interval(scores, rng(2)).standard_error < 1e-6


def test_the_deviations_lie_around_zero():
    scores = ScoreDraws(rng().random(30), rng(1).random((500, 30)) + 5, rng(2).normal(size=(20, 30)) / 20)
    found = two_way_deviations(scores, rng(3))
    assert found.draws.mean() == pytest.approx(0, abs=4 * found.draws.std() / np.sqrt(500))

"""Lean towards groups: by hand, against statsmodels, its level for dependent answers, a planted lean."""

from itertools import product

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binom, t, ttest_1samp
from scripts_loaded import script

from def_sim.metrics.group_lean import answer_leans, group_lean, option_leans
from def_sim.metrics.panel_answers import ItemAnswers


def rng(*key):
    return np.random.default_rng([17, *key])


def of_positions(positions):
    return ItemAnswers.from_positions(np.array(positions), 3)


# --- one answer ---


def test_people_drawn_from_everyone_lean_nowhere_on_average_on_any_item():
    people = [rng(8, item).dirichlet(np.full(4, 2.0), size=3) for item in range(12)]
    for one, options in zip(people, option_leans(people), strict=True):
        np.testing.assert_allclose(options @ one[0], 0, atol=1e-12)


def test_random_answers_and_the_most_frequent_ones_lean_nowhere_over_all_items():
    people = [rng(9, item).dirichlet(np.full(num, 2.0), size=3) for item, num in enumerate([2, 3, 4, 7] * 4)]
    found = option_leans(people)
    at_random = np.sum([options.mean(axis=1) for options in found], axis=0)
    most = np.sum([options[:, one[0].argmax()] for one, options in zip(people, found, strict=True)], axis=0)
    np.testing.assert_allclose(at_random, 0, atol=1e-12)
    np.testing.assert_allclose(most, 0, atol=1e-12)


def test_what_is_left_is_the_difference_of_shares_less_two_slopes_on_how_common_answers_are():
    people = [rng(10, item).dirichlet(np.full(4, 2.0), size=2) for item in range(20)]
    plain, share, most, found = [], [], [], option_leans(people)
    for one in people:
        is_most = one[0] == one[0].max()
        for column, of_options in ((plain, one[1] - one[0]), (share, one[0]), (most, 1.0 * is_most)):
            column.append(of_options - of_options @ one[0])
    # Two equations: both controls lean nowhere. Solved here by hand, option by option.
    at = [one[0].argmax() for one in people]

    def of_controls(column):
        return [sum(one.mean() for one in column), sum(one[k] for one, k in zip(column, at, strict=True))]

    (a, c), (b, d), (e, f) = of_controls(share), of_controls(most), of_controls(plain)
    slopes = (e * d - b * f) / (a * d - b * c), (a * f - e * c) / (a * d - b * c)
    for item in range(20):
        expected = plain[item] - slopes[0] * share[item] - slopes[1] * most[item]
        np.testing.assert_allclose(found[item][0], expected, atol=1e-12)


def test_mentions_are_added_up_so_that_only_their_rates_need_be_known_of_people():
    # Options are mentioned together or not at all; nine of nine mention something.
    together = np.array([[True, True, False]] * 6 + [[False, False, True]] * 3)
    rates = np.array([together.mean(axis=0), [0.2, 0.5, 0.9]])
    [options] = option_leans([rates])
    assert options @ rates[0] == pytest.approx(0, abs=1e-12)
    assert answer_leans(ItemAnswers.from_mentions(together), options).mean() == pytest.approx(0, abs=1e-12)


def test_a_respondent_leans_by_the_chosen_option_and_wordings_are_averaged():
    options = np.array([[-0.21, 0.09, 0.39], [np.nan] * 3])
    leans = answer_leans(of_positions([0, 1, 2, -1, -2]), options)
    np.testing.assert_allclose(leans[:, 0], [-0.21, 0.09, 0.39, np.nan, np.nan])
    twice = answer_leans(of_positions([[0, 2], [2, -1]]), options)  # two wordings, two respondents
    np.testing.assert_allclose(twice[:, 0], [(-0.21 + 0.39) / 2, 0.39])
    assert np.isnan(twice[:, 1]).all()  # a group without figures


# --- a panel ---


def half_width(found):
    return (found.high[0] - found.low[0]) / 2


def test_the_interval_is_that_of_clusters_both_ways_with_the_larger_design_effect_for_items():
    each = rng(1).normal(0.02, 0.1, size=(15, 12)) + rng(2).normal(0, 0.03, size=(15, 1))
    each += rng(7).normal(0, 0.1, size=(1, 12))
    # Clustered by respondent, and by item, as statsmodels has it.
    flat, ones = each.ravel(), np.ones(each.size)

    def variance(groups):
        fitted = sm.OLS(flat, ones).fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
        )
        return float(fitted.cov_params()[0, 0])

    rows, columns = np.indices(each.shape)
    by_respondent = variance(rows.ravel()) * 15 / 14
    # Answers around the mean of their item: items differ by more than this.
    noise = ((each - each.mean(axis=0)) ** 2).sum() / 15**2 / 12**2 * 15 / 14
    by_item = variance(columns.ravel()) * 12 / 11 - noise
    assert by_item > 0
    own = by_respondent / noise
    assert 1 < own < 4
    for design_effect, effect in ((None, own), (np.array([4.0]), 4.0), (np.array([np.nan]), own)):
        found = group_lean(each[..., None], design_effect)
        error = np.sqrt(by_respondent + effect * by_item)
        assert found.value[0] == pytest.approx(flat.mean())
        assert half_width(found) == pytest.approx(t.ppf(0.975, 11) * error, rel=1e-9)
        assert found.p_value[0] == pytest.approx(2 * t.sf(abs(flat.mean()) / error, 11))


def test_respondents_who_are_all_alike_leave_the_interval_of_items():
    of_items = rng(3).normal(0.01, 0.05, size=12)
    found = group_lean(np.tile(of_items[None, :, None], (20, 1, 1)))
    assert half_width(found) == pytest.approx(t.ppf(0.975, 11) * of_items.std(ddof=1) / np.sqrt(12))


def test_items_that_do_not_differ_leave_the_test_of_respondents():
    # Every respondent has one lean on all items: as many numbers as respondents, and their t-test.
    of_people = rng(6).normal(0.05, 0.1, size=20)
    found = group_lean(np.tile(of_people[:, None, None], (1, 30, 1)))
    assert found.p_value[0] == pytest.approx(ttest_1samp(of_people, 0).pvalue)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((20, 9), "Fewer than 10 answered items have figures for the group."),
        ((2, 30), "Fewer than 3 respondents answered: no interval."),
        ((20, 0), "No answered item has figures for the group."),
    ],
)
def test_too_few_items_or_respondents_have_a_reason_and_no_test(shape, reason):
    found = group_lean(rng(4).normal(size=(*shape, 1)))
    assert np.isnan([found.low[0], found.high[0], found.p_value[0]]).all()
    assert found.reasons == (reason,)
    assert np.isnan(found.value[0]) == (shape[1] < 10)


def test_answers_that_lean_nowhere_have_no_test():
    found = group_lean(np.zeros((20, 30, 1)))
    assert (found.value[0], found.reasons[0]) == (0, "No answer leans either way: no interval.")
    assert np.isnan(found.p_value[0])


def test_unknown_answers_groups_and_respondents_are_left_out():
    leans = rng(5).normal(size=(12, 14, 2))
    padded = np.full((14, 16, 3), np.nan)
    padded[1:13, 2:, :2] = leans
    padded[3, 4, 0] = leans[2, 2, 0] = np.nan
    plain, found = group_lean(leans), group_lean(padded)
    np.testing.assert_allclose(found.p_value[:2], plain.p_value)
    np.testing.assert_allclose(found.value[0], np.nanmean(leans[..., 0], axis=0).mean())
    assert found.num_items.tolist() == [14, 14, 0]


# --- level and power, smaller than the table in docs/concepts/countries_and_groups.md ---


@pytest.mark.parametrize(
    ("world", "is_known", "num_respondents"),
    [("structure", True, 20), ("structure", False, 60), ("style", False, 20)],
)
def test_panels_of_people_are_starred_for_some_group_in_at_most_five_percent_of_cases(
    world, is_known, num_respondents
):
    tilt = script("simulate_tilt")
    stars = tilt.stars(tilt.people(), world, num_respondents, repetitions=60, seed=3, is_known=is_known)
    # More than this happens once in a thousand times where one in twenty panels has a star.
    assert stars.any(axis=1).sum() <= binom.ppf(0.999, 60, 0.05)


def test_panels_that_are_only_more_or_less_varied_than_people_or_one_person_are_not_starred():
    tilt = script("simulate_tilt")
    drawn = [tilt.odd_panels(tilt.people(), 20, rng(11, case)) for case in range(30)]
    for name, is_known in product(drawn[0], (True, False)):
        num_starred = sum(any(tilt.starred(tilt.people(), one[name], is_known=is_known)) for one in drawn)
        assert num_starred <= binom.ppf(0.999, 30, 0.05), name


def test_a_panel_that_is_half_young_women_is_mostly_found_to_lean_to_them():
    tilt = script("simulate_tilt")
    group = "female|<=29"
    stars = tilt.stars(tilt.people(), "structure", 60, repetitions=20, seed=4, planted=group, share=0.5)
    assert stars[:, tilt.GROUPS.index(group)].mean() > 0.7

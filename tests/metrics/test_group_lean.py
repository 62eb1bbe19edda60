"""Lean towards groups: by hand, against statsmodels, its level for dependent answers, a planted lean."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binom, t
from scripts_loaded import script

from def_sim.metrics.group_lean import answer_leans, group_lean
from def_sim.metrics.panel_answers import ItemAnswers

EVERYONE = [0.5, 0.3, 0.2]
YOUNG = [0.2, 0.3, 0.5]


def rng(*key):
    return np.random.default_rng([17, *key])


def of_positions(positions):
    return ItemAnswers.from_positions(np.array(positions), 3)


# --- one item ---


def test_a_respondent_leans_by_the_difference_of_shares_above_what_people_have_on_average():
    # Differences -.3, 0, +.3; people drawn from everyone: .5 * -.3 + .2 * .3 = -.09.
    leans = answer_leans(of_positions([0, 1, 2, -1, -2]), np.array([EVERYONE, YOUNG]))
    np.testing.assert_allclose(leans[:, 0], [-0.21, 0.09, 0.39, np.nan, np.nan], atol=1e-12)


def test_people_drawn_from_everyone_lean_nowhere_on_average_whatever_they_may_mention():
    # Options are mentioned together or not at all: only how often each is, is known of people.
    rates = np.array([[0.6, 0.6, 0.3], [0.2, 0.5, 0.9]])
    together = np.array([[True, True, False]] * 6 + [[False, False, True]] * 3 + [[False] * 3])
    leans = answer_leans(ItemAnswers.from_mentions(together), rates)
    assert np.isnan(leans[9, 0])  # named nothing: no answer, and people have none of these
    asked = rates.copy() / 0.9  # of those who answered
    leans = answer_leans(ItemAnswers.from_mentions(together[:9]), asked)
    assert leans.mean() == pytest.approx(0, abs=1e-12)


def test_wordings_are_averaged_and_a_group_without_figures_has_no_lean():
    answers = of_positions([[0, 2], [2, -1]])  # two wordings, two respondents
    leans = answer_leans(answers, np.array([EVERYONE, YOUNG, [np.nan] * 3]))
    np.testing.assert_allclose(leans[:, 0], [(-0.21 + 0.39) / 2, 0.39])
    assert np.isnan(leans[:, 1]).all()


# --- a panel ---


def test_the_interval_covers_items_and_what_respondents_have_in_common():
    leans = rng(1).normal(0.02, 0.1, size=(15, 12, 1)) + rng(2).normal(0, 0.1, size=(15, 1, 1))
    leans = leans + rng(7).normal(0, 0.1, size=(1, 12, 1))
    found = group_lean(leans)
    each = leans[:, :, 0]
    # Clustered by respondent, by item, and by answer, each as statsmodels has it.
    flat, ones = each.ravel(), np.ones(each.size)

    def variance(groups):
        fitted = sm.OLS(flat, ones).fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
        )
        return float(fitted.cov_params()[0, 0])

    rows, columns = np.indices(each.shape)
    by_respondent = variance(rows.ravel()) * 15 / 14
    # Answers around the mean of their item, since items are no noise of respondents.
    around = ((each - each.mean(axis=0)) ** 2).sum() / 15**2 / 12**2 * 15 / 14
    by_item = variance(columns.ravel()) * 12 / 11
    expected = by_item + by_respondent - around * (1 - np.sqrt(2 / 14))
    half = t.ppf(0.975, 11) * np.sqrt(expected)
    assert found.value[0] == pytest.approx(flat.mean())
    assert (found.high[0] - found.low[0]) / 2 == pytest.approx(half, rel=1e-9)
    assert found.p_value[0] == pytest.approx(2 * t.sf(abs(flat.mean()) / np.sqrt(expected), 11))


def test_respondents_who_are_all_alike_leave_the_interval_of_items():
    of_items = rng(3).normal(0.01, 0.05, size=12)
    found = group_lean(np.tile(of_items[None, :, None], (20, 1, 1)))
    half = t.ppf(0.975, 11) * of_items.std(ddof=1) / np.sqrt(12)
    assert (found.high[0] - found.low[0]) / 2 == pytest.approx(half)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((20, 9), "Fewer than 10 items have figures for the group: no interval."),
        ((2, 30), "Fewer than 3 respondents answered: no interval."),
        ((1, 1), "Fewer than 10 items have figures for the group: no interval."),
        ((20, 0), "No answered item has figures for the group."),
    ],
)
def test_too_few_items_or_respondents_have_a_reason_and_no_test(shape, reason):
    found = group_lean(rng(4).normal(size=(*shape, 1)))
    assert np.isnan([found.low[0], found.high[0], found.p_value[0]]).all()
    assert found.reasons == (reason,)
    assert np.isnan(found.value[0]) == (shape[1] == 0)


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


# --- level and power, smaller than the table in docs/statistics.md ---


@pytest.mark.parametrize(("world", "num_respondents"), [("structure", 20), ("style", 20), ("structure", 60)])
def test_panels_of_people_are_starred_for_some_group_in_at_most_five_percent_of_cases(world, num_respondents):
    tilt = script("simulate_tilt")
    stars = tilt.stars(tilt.people(), world, num_respondents, repetitions=60, seed=3)
    # More than this happens once in a thousand times where one in twenty panels has a star.
    assert stars.any(axis=1).sum() <= binom.ppf(0.999, 60, 0.05)


def test_a_panel_that_is_half_young_women_is_mostly_found_to_lean_to_them():
    tilt = script("simulate_tilt")
    group = "female|<=29"
    stars = tilt.stars(tilt.people(), "structure", 60, repetitions=20, seed=4, planted=group, share=0.5)
    assert stars[:, tilt.GROUPS.index(group)].mean() > 0.7

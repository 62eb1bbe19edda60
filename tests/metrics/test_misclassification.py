"""Corrected rates by hand, by exact sums over all outcomes of an audit, and by simulated audits."""

from itertools import product
from math import comb

import numpy as np
import pytest
from scipy import stats
from scripts_loaded import script
from statsmodels.stats.proportion import proportion_confint

from def_sim.metrics.misclassification import (
    Stratum,
    corrected_by_coders,
    corrected_rate,
    judge_quality,
    weighted_accuracy,
)

FOUND = Stratum(40, 25, 20, is_positive=True)  # 80 % of the defects found are some
NOT_FOUND = Stratum(160, 25, 5, is_positive=False)  # 20 % of the others have one


def rng():
    return np.random.default_rng(1)


def test_each_stratum_counts_by_its_size_and_its_audited_share_of_defects():
    # 40/200 x .8 + 160/200 x .2 = .32
    found = corrected_rate([FOUND, NOT_FOUND], rng())
    assert found.rate == pytest.approx(0.32)
    assert found.low < 0.32 < found.high


def test_the_estimate_is_unbiased_over_all_rows_that_can_be_drawn():
    # 3 of 9 found and 4 of 12 others have a defect; 5 rows of each are audited, every choice alike.
    def expected_share(num_defects, size):
        ways = {x: comb(num_defects, x) * comb(size - num_defects, 5 - x) for x in range(num_defects + 1)}
        return {x: w / comb(size, 5) for x, w in ways.items()}

    expectation = sum(
        p * q * corrected_rate([Stratum(9, 5, x, True), Stratum(12, 5, y, False)], rng(), 10).rate
        for (x, p), (y, q) in product(expected_share(3, 9).items(), expected_share(4, 12).items())
        if p * q > 0
    )
    assert expectation == pytest.approx(7 / 21)


def test_with_one_stratum_the_interval_is_that_of_jeffreys():
    found = corrected_rate([Stratum(50, 50, 10, True)], rng(), 200_000)
    expected = stats.beta(10.5, 40.5).ppf([0.025, 0.975])
    assert (found.low, found.high) == pytest.approx(expected, abs=0.002)


def test_the_shares_of_the_strata_are_uncertain_too():
    # Every audited row is as its verdict says, so what is left is the share of a stratum of 40 in 200.
    strata = [Stratum(40, 40, 40, True), Stratum(160, 160, 0, False)]
    found = corrected_rate(strata, rng(), 100_000)
    assert found.high - found.low > 2 * 1.96 * np.sqrt(0.2 * 0.8 / 200) * 0.98


def test_an_interval_never_leaves_out_its_own_estimate():
    strata = [Stratum(200, 25, 0, is_positive=False)]
    found = corrected_rate(strata, rng())
    assert found.low == found.rate == 0.0


@pytest.mark.parametrize(("size", "num_audited"), [(40, 4), (40, 0), (5, 4), (3, 2)])
def test_a_stratum_with_too_few_audited_rows_leaves_no_corrected_rate(size, num_audited):
    found = corrected_rate([Stratum(size, num_audited, 0, True), NOT_FOUND], rng())
    assert np.isnan([found.rate, found.low, found.high]).all()
    assert found.reason == (
        f"too few audited rows in a stratum: {num_audited} of {size} (at least 5, or all)"
    )


def test_a_small_stratum_is_enough_when_all_of_it_is_audited():
    assert corrected_rate([Stratum(3, 3, 3, True), NOT_FOUND], rng()).reason == ""


def test_a_stratum_without_answers_changes_nothing():
    empty = Stratum(0, 0, 0, is_positive=True)
    assert corrected_rate([FOUND, empty, NOT_FOUND], rng()) == corrected_rate([FOUND, NOT_FOUND], rng())


def test_nothing_judged_has_no_corrected_rate():
    assert corrected_rate([], rng()).reason == "nothing was judged"
    assert corrected_by_coders([], rng()).reason == "nobody coded anything"


def test_two_coders_give_their_mean_and_an_interval_that_holds_both():
    stricter = [FOUND, Stratum(160, 25, 10, is_positive=False)]  # .16 + .8 x .4 = .48
    both = corrected_by_coders([[FOUND, NOT_FOUND], stricter], rng())
    assert both.by_coder == pytest.approx((0.32, 0.48))
    assert both.rate == pytest.approx(0.40)
    alone = corrected_rate([FOUND, NOT_FOUND], rng()), corrected_rate(stricter, rng())
    assert both.low == pytest.approx(alone[0].low, abs=0.01)
    assert both.high == pytest.approx(alone[1].high, abs=0.01)


def test_one_coder_with_too_few_rows_leaves_no_rate_of_two():
    both = corrected_by_coders([[FOUND, NOT_FOUND], [FOUND, Stratum(160, 1, 0, False)]], rng())
    assert np.isnan(both.rate)
    assert "1 of 160" in both.reason


def test_precision_recall_and_accuracy_weigh_rows_by_their_stratum():
    # Found: 40 x .8 = 32 right. Missed: 160 x .2 = 32. Right in all: 32 + 128 of 200.
    found = judge_quality([FOUND, NOT_FOUND])
    assert (found.precision, found.recall, found.accuracy) == pytest.approx((0.8, 0.5, 0.8))


def test_quality_is_that_of_a_table_with_every_row_audited():
    has_defect = np.array([1] * 7 + [0] * 13, dtype=bool)
    verdict = np.array([1] * 5 + [0] * 2 + [1] * 3 + [0] * 10, dtype=bool)
    strata = [
        Stratum(int(s.sum()), int(s.sum()), int((has_defect & s).sum()), positive)
        for s, positive in ((verdict, True), (~verdict, False))
    ]
    found = judge_quality(strata)
    assert found.precision == pytest.approx((has_defect & verdict).sum() / verdict.sum())
    assert found.recall == pytest.approx((has_defect & verdict).sum() / has_defect.sum())
    assert found.accuracy == pytest.approx((has_defect == verdict).mean())


def test_precision_is_undefined_where_no_defect_was_found():
    found = judge_quality([NOT_FOUND])
    assert np.isnan(found.precision)
    assert found.recall == 0.0


def test_accuracy_of_several_verdicts_is_weighed_by_how_often_each_was_given():
    # 100 of a verdict right in 8 of 10 rows, 20 of another right in 5 of 10: (80 + 10) / 120.
    assert weighted_accuracy([100, 20, 0], [10, 10, 0], [8, 5, 0]).share == pytest.approx(0.75)
    unknown = weighted_accuracy([100, 20], [10, 0], [8, 0])
    assert np.isnan([unknown.share, unknown.low, unknown.high]).all()
    assert np.isnan(weighted_accuracy([], [], []).share)


def test_rows_drawn_in_proportion_have_wilsons_interval_of_a_simple_sample():
    found = weighted_accuracy([300, 100], [30, 10], [24, 6])
    assert (found.low, found.high) == pytest.approx(proportion_confint(30, 40, method="wilson"))


def test_rows_that_weigh_unequally_are_worth_fewer():
    # Shares of .9 and .1 with 25 rows each: 1 / (.81 / 25 + .01 / 25) = 30.5 rows.
    found = weighted_accuracy([900, 100], [25, 25], [20, 20])
    expected = proportion_confint(0.8 / 0.0328, 1 / 0.0328, method="wilson")
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.high - found.low > np.subtract(*proportion_confint(40, 50, method="wilson")[::-1])


def test_the_interval_of_a_judge_who_was_always_right_ends_at_1():
    found = weighted_accuracy([70, 20, 10], [17, 17, 10], [17, 17, 10])
    assert (found.share, found.high) == (1.0, 1.0)
    assert 0.8 < found.low < 1


@pytest.mark.parametrize("accuracy", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("num_options", [3, 11])
def test_intervals_of_accuracy_hold_in_simulated_audits(accuracy, num_options):
    simulation = script("simulate_audit")
    setting = simulation.Stances(accuracy, num_options)
    outcome = simulation.simulate_stances(setting, 400, np.random.default_rng(3))
    assert abs(outcome.bias_in_errors) < 3
    # 400 audits of 95 %: two in a thousand such shares lie below 91.5 %.
    assert outcome.coverage > 0.915


def test_more_audited_rows_than_answers_are_refused():
    with pytest.raises(ValueError, match="expected 0 <= defects <= audited <= size"):
        Stratum(3, 4, 0, is_positive=True)


@pytest.mark.parametrize("prevalence", [0.02, 0.05, 0.25, 0.40])
@pytest.mark.parametrize("per_stratum", [25, 50])
def test_corrected_rates_are_unbiased_and_their_intervals_hold_in_simulated_audits(prevalence, per_stratum):
    simulation = script("simulate_audit")
    setting = simulation.Setting(prevalence, per_stratum)
    outcome = simulation.simulate(setting, 300, np.random.default_rng(7), num_draws=1000)
    assert abs(outcome.bias_in_errors) < 3
    # 300 audits of 95 %: two in three thousand such shares lie below 91 %.
    assert outcome.coverage > 0.91
    raw = 0.75 * prevalence + 0.03 * (1 - prevalence)
    assert outcome.raw == pytest.approx(raw, abs=0.01)


def test_the_interval_of_a_planted_run_holds_the_truth_that_the_raw_rate_misses():
    # .25 x .75 + .75 x .05 = .225 is what the judge says of 1,000 answers of which 250 have the defect.
    simulation = script("simulate_audit")
    setting = simulation.Setting(0.25, 25, num_judged=1000, specificity=0.95)
    held = [
        corrected_rate(simulation.audited_strata(setting, np.random.default_rng(seed)), rng())
        for seed in range(20)
    ]
    assert sum(one.low <= 0.25 <= one.high for one in held) >= 18

"""Whether a panel's answers fit together as people's do, and whether its respondents differ."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from def_sim.metrics.choice_array import NO_ANSWER, NOT_ASKED, shuffle_people
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.people_panels import draw_panels_of_people
from def_sim.metrics.spread import MIN_COMMON, duplicate_respondents, variance_ratio
from def_sim.metrics.structure import correlations, structure_beside_people

NUM_ITEMS = 24
OPTIONS = [4, 10, 2, 3] * 6


def rng(*key):
    return np.random.default_rng([17, *key])


def people(num_people, generator, *, strength=1.0):
    """Answers of people with two opinions behind them, some items coded the other way round."""
    opinions = generator.standard_normal((num_people, 2))
    weights = rng(0).uniform(-0.8, 0.8, size=(2, NUM_ITEMS)) * strength
    latent = opinions @ weights + generator.standard_normal((num_people, NUM_ITEMS))
    cuts = [np.quantile(rng(1).standard_normal(4000), np.arange(1, k) / k) for k in OPTIONS]
    return np.array([np.searchsorted(cut, latent[:, item]) for item, cut in enumerate(cuts)]).T


ALL = people(100_000, rng(2))
TRUE_R = np.corrcoef(ALL.T)
SHARES = [np.bincount(ALL[:, item], minlength=k) / len(ALL) for item, k in enumerate(OPTIONS)]


def compare(choices, *, key=0, num_draws=40, human_r=TRUE_R, human_n=100_000):
    return structure_beside_people(
        choices, OPTIONS, SHARES, human_r, human_n=human_n, rng=rng(3, key), num_draws=num_draws
    )


# --- correlations ---


@settings(max_examples=40)
@given(arrays(np.int64, (9, 5), elements=st.integers(-2, 3)))
def test_correlations_are_those_of_pandas_over_pairwise_complete_answers(choices):
    ours = correlations(choices, [4] * 5)
    values = pd.DataFrame(np.where(choices >= 0, choices, np.nan))
    theirs = values.corr(min_periods=3).to_numpy()
    both = [[values[[a, b]].dropna() if a != b else values[[a]].dropna() for b in range(5)] for a in range(5)]
    for a, b in itertools.product(range(5), repeat=2):
        pair = both[a][b]
        assert ours.num_answers[a, b] == len(pair)
        if len(pair) < 3 or (pair.nunique() < 2).any():
            assert np.isnan(ours.r[a, b])  # pandas may have a rounding error here
        else:
            assert ours.r[a, b] == pytest.approx(theirs[a, b], abs=1e-9)


def test_the_same_answer_from_everyone_has_no_correlation_and_not_a_zero():
    r = correlations([[0, 1], [0, 2], [0, 3], [0, 1]], [4, 4]).r
    assert np.isnan(r[0]).all()
    assert r[1, 1] == 1


def test_two_respondents_have_no_correlation():
    assert np.isnan(correlations([[0, 1], [1, 0]], [2, 2]).r).all()


# --- beside people ---


def test_distances_are_those_of_a_calculation_by_hand():
    choices = people(30, rng(4))
    structure, r = compare(choices), np.corrcoef(choices.T)
    upper = np.triu_indices(NUM_ITEMS, k=1)
    ours, theirs = r[upper], TRUE_R[upper]
    assert structure.num_pairs == NUM_ITEMS * (NUM_ITEMS - 1) / 2
    assert structure.mean_abs_difference.value == pytest.approx(np.abs(ours - theirs).mean())
    assert structure.correlation_of_correlations.value == pytest.approx(np.corrcoef(ours, theirs)[0, 1])
    # With 100,000 people nothing of theirs is chance: an ordinary line through the origin.
    assert structure.slope == pytest.approx((ours @ theirs) / (theirs @ theirs), rel=1e-3)


def test_the_interval_of_the_slope_is_a_widened_jackknife_on_its_log_scale():
    choices = people(12, rng(5))
    structure = compare(choices, num_draws=3)
    left_out = np.array([compare(np.delete(choices, i, axis=0), num_draws=1).slope for i in range(12)])
    theirs = TRUE_R[np.triu_indices(NUM_ITEMS, k=1)]
    # With 100,000 people behind the correlations nothing of them is chance.
    own = NUM_ITEMS / (2 * (theirs**2).sum())
    low, high = jackknife_interval(np.log(structure.slope + own), np.log(left_out + own))
    middle, half = (low + high) / 2, (high - low) / 2 * np.sqrt(1 + np.sqrt(2 / 11))
    expected = np.exp([middle - half, middle + half]) - own
    assert (structure.slope_low, structure.slope_high) == pytest.approx(tuple(expected), rel=1e-3)


def test_the_interval_of_the_slope_reaches_farther_up_than_down():
    structure = compare(people(15, rng(5)), num_draws=1)
    above, below = structure.slope_high - structure.slope, structure.slope - structure.slope_low
    assert above > below > 0


@pytest.mark.parametrize(("num_respondents", "num_cases"), [(20, 80), (200, 30)])
@pytest.mark.slow
def test_people_resampled_are_as_people_and_their_slope_is_one(num_respondents, num_cases):
    found = [compare(people(num_respondents, rng(6, case)), key=case) for case in range(num_cases)]
    # 97.5 % of panels of people lie below the upper end; here of 40 draws only.
    assert np.mean([one.is_as_people for one in found]) >= 0.90
    slopes = np.array([one.slope for one in found])
    assert slopes.mean() == pytest.approx(1, abs=4 * slopes.std() / np.sqrt(num_cases))
    covered = np.mean([one.slope_low <= 1 <= one.slope_high for one in found])
    assert covered >= 0.87  # 95 % of 80: 76, standard deviation 2
    floors = np.array([one.mean_abs_difference.floor for one in found])
    values = np.array([one.mean_abs_difference.value for one in found])
    assert values.mean() == pytest.approx(floors.mean(), rel=0.05)
    scores = np.array([one.normalised for one in found])
    assert scores.mean() == pytest.approx(1, abs=4 * scores.std() / np.sqrt(num_cases))


@pytest.mark.parametrize(("num_respondents", "num_cases"), [(20, 80), (200, 30)])
@pytest.mark.slow
def test_people_with_shuffled_columns_keep_their_shares_and_fail_structure(num_respondents, num_cases):
    flags, slopes, as_people, scores = 0, [], 0, []
    for case in range(num_cases):
        whole = people(num_respondents, rng(7, case))
        shuffled = shuffle_people(whole, rng(8, case))
        counts = [
            [np.bincount(one[:, i], minlength=10) for i in range(NUM_ITEMS)] for one in (whole, shuffled)
        ]
        assert np.array_equal(counts[0], counts[1])
        structure = compare(shuffled, key=case)
        flags += structure.has_structure
        slopes.append(structure.slope)
        as_people += structure.is_as_people
        scores.append(structure.normalised)
    assert flags <= 0.12 * num_cases  # p < .05 with 40 draws: 2/41 = 4.9 %, standard error 2.4 % of 80
    assert np.mean(slopes) == pytest.approx(0, abs=4 * np.std(slopes) / np.sqrt(num_cases))
    assert np.mean(scores) == pytest.approx(0, abs=4 * np.std(scores) / np.sqrt(num_cases))
    if num_respondents == 200:
        assert as_people == 0


@pytest.mark.parametrize("num_respondents", [20, 200])
def test_structure_is_found_where_it_is(num_respondents):
    found = [compare(people(num_respondents, rng(9, case)), key=case).has_structure for case in range(20)]
    assert np.mean(found) >= (0.9 if num_respondents == 20 else 1)


def test_a_panel_of_stereotypes_has_a_slope_above_one_and_is_not_as_people():
    structure = compare(people(200, rng(10), strength=3))
    assert structure.slope_low > 1
    assert not structure.is_as_people
    assert structure.correlation_of_correlations.value > 0.9  # which does not notice


def test_few_people_behind_the_reference_make_neither_floor_nor_slope_unfair():
    # 300 people: their own correlations are off by .06. A panel from the same population still is as people.
    slopes, as_people = [], 0
    for case in range(16):
        sample = np.corrcoef(people(300, rng(11, case)).T)
        structure = compare(people(200, rng(12, case)), key=case, human_r=sample, human_n=300)
        slopes.append(structure.slope)
        as_people += structure.is_as_people
    assert np.mean(slopes) == pytest.approx(1, abs=0.05)
    assert as_people >= 13


def test_coding_an_item_the_other_way_round_changes_neither_distance_nor_slope():
    choices = people(40, rng(13))
    turned, r = choices.copy(), TRUE_R.copy()
    turned[:, 5] = OPTIONS[5] - 1 - turned[:, 5]
    r[5], r[:, 5] = -r[5], -r[:, 5]
    one, other = compare(choices), compare(turned, human_r=r)
    assert one.slope == pytest.approx(other.slope)
    assert one.mean_abs_difference.value == pytest.approx(other.mean_abs_difference.value)


def test_gaps_and_unknown_pairs_are_left_out_and_counted():
    choices = people(60, rng(14))
    choices[rng(15).random(choices.shape) < 0.2] = NO_ANSWER
    choices[:, 0] = NO_ANSWER  # nobody answered
    choices[:, 1] = 3  # everyone the same
    choices[:30, 2] = NOT_ASKED
    r = TRUE_R.copy()
    r[3], r[:, 3] = np.nan, np.nan  # people were not asked
    structure = compare(choices, human_r=r)
    assert structure.num_pairs == 21 * 20 / 2
    assert structure.num_undefined == 23 * 22 / 2 - 210  # pairs of people with the first or second item
    assert 0 < structure.slope < 2
    assert structure.is_as_people


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        (people(1, rng(16)), "at least three respondents"),
        (np.zeros((20, NUM_ITEMS), dtype=int), "the same answer throughout"),
        (np.full((20, NUM_ITEMS), NO_ANSWER), "the same answer throughout, or too few answers"),
    ],
)
def test_what_has_no_correlation_has_a_reason_and_no_number(choices, reason):
    structure = compare(choices)
    assert np.isnan(structure.mean_abs_difference.value)
    assert np.isnan(structure.slope)
    assert reason in structure.reason
    assert not structure.is_as_people
    assert not structure.has_structure


def test_items_of_which_people_have_no_correlations_have_no_structure():
    structure = compare(people(20, rng(18)), human_r=np.full_like(TRUE_R, np.nan))
    assert structure.reason == "People's correlations are not known for these items."


@pytest.mark.parametrize("human_r", [TRUE_R[:3, :3], TRUE_R + 1, np.triu(TRUE_R)])
def test_correlations_that_are_none_are_refused(human_r):
    with pytest.raises(ValueError, match=r"[Cc]orrelations"):
        compare(people(20, rng(19)), human_r=human_r)


# --- panels of people ---


def test_drawn_panels_have_the_shares_the_correlations_and_the_gaps_they_should():
    answered = rng(31).random((40, NUM_ITEMS)) < 0.8
    drawn = list(draw_panels_of_people(TRUE_R, SHARES, answered, rng(32), 400))
    assert all((one[~answered] == 0).all() for one in drawn)
    for item, shares in enumerate(SHARES):
        values = np.concatenate([one[answered[:, item], item] for one in drawn]).astype(int)
        assert np.bincount(values, minlength=len(shares)) / values.size == pytest.approx(shares, abs=0.025)
    [whole] = draw_panels_of_people(TRUE_R, SHARES, np.ones((20_000, NUM_ITEMS), dtype=bool), rng(33), 1)
    # The first term of the expansion is exact for weak correlations; here the strongest is .5.
    assert np.corrcoef(whole.T) == pytest.approx(TRUE_R, abs=0.05)


def test_an_item_without_shares_is_left_uncut_and_unknown_correlations_are_none():
    r = np.array([[1.0, 0.6, np.nan], [0.6, 1.0, np.nan], [np.nan, np.nan, 1.0]])
    everyone = np.ones((20_000, 3), dtype=bool)
    [drawn] = draw_panels_of_people(r, [None, None, np.array([0.2, 0.8])], everyone, rng(34), 1)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0.6, abs=0.03)
    assert np.corrcoef(drawn.T)[0, 2] == pytest.approx(0, abs=0.03)
    assert drawn[:, 2].mean() == pytest.approx(0.8, abs=0.02)
    assert len(np.unique(drawn[:, 0])) == 20_000


def test_an_option_that_people_never_chose_is_in_no_panel_of_people():
    [drawn] = draw_panels_of_people(
        np.eye(2),
        [np.array([0.0, 1.0]), np.array([0.5, 0.0, 0.5])],
        np.ones((500, 2), dtype=bool),
        rng(35),
        1,
    )
    assert set(drawn[:, 0]) == {1}
    assert set(drawn[:, 1]) == {0, 2}


# --- variance between respondents ---


def test_variances_are_those_of_the_answers_and_of_the_shares():
    # Scale 0..3 stretched to 0, 1/3, 2/3, 1: answers 0, 3 -> variance 1/2; people half 0, half 3 -> 1/4.
    # Two options: answers 0, 1 -> 1/2; people 1/4, 3/4 -> 3/16.
    ratio = variance_ratio([[0, 0], [3, 1]], [4, 2], [[0.5, 0, 0, 0.5], [0.25, 0.75]])
    assert ratio.by_item == pytest.approx([2, 8 / 3])
    assert ratio.value == pytest.approx(1 / (1 / 4 + 3 / 16))


def test_the_ratio_of_people_is_one_at_any_number_of_respondents_and_its_interval_holds():
    for num_respondents in (8, 40):
        found = [
            variance_ratio(people(num_respondents, rng(20, case)), OPTIONS, SHARES) for case in range(120)
        ]
        values = np.array([one.value for one in found])
        assert values.mean() == pytest.approx(1, abs=4 * values.std() / np.sqrt(120))
        assert np.mean([one.low <= 1 <= one.high for one in found]) >= 0.90


def test_the_jackknife_is_that_of_the_whole_calculation():
    choices = people(9, rng(21))
    choices[2, 3] = NO_ANSWER
    ratio = variance_ratio(choices, OPTIONS, SHARES)
    left_out = [variance_ratio(np.delete(choices, i, axis=0), OPTIONS, SHARES).value for i in range(9)]
    assert (ratio.low, ratio.high) == pytest.approx(jackknife_interval(ratio.value, np.array(left_out)))


def test_a_jackknifed_mean_has_the_interval_of_student():
    values = rng(22).standard_normal(15)
    left_out = np.array([np.delete(values, i).mean() for i in range(15)])
    half = 2.144787 * values.std(ddof=1) / np.sqrt(15)  # t with 14 degrees of freedom
    assert jackknife_interval(values.mean(), left_out) == pytest.approx(
        (values.mean() - half, values.mean() + half), rel=1e-5
    )
    assert np.isnan(jackknife_interval(1.0, np.array([1.0]))).all()


def test_a_panel_of_one_opinion_has_no_variance_and_a_polarised_one_too_much():
    same = variance_ratio(np.ones((20, NUM_ITEMS), dtype=int), OPTIONS, SHARES)
    assert same.value == 0
    # Twenty who are alike do not show that everybody is: from 0 to 0 would.
    assert np.isnan([same.low, same.high]).all()
    assert same.reason == "All respondents are alike in this: no interval."
    ends = np.array([[(k - 1) * (i % 2) for k in OPTIONS] for i in range(20)])
    assert variance_ratio(ends, OPTIONS, SHARES).value > 1.5


def test_items_without_variance_or_people_are_left_out_and_counted():
    choices = np.array([[0, 1, 0, 0], [1, NO_ANSWER, 1, 1], [1, NOT_ASKED, 1, 0]])
    ratio = variance_ratio(choices, [2] * 4, [[0.5, 0.5], [0.5, 0.5], None, [1.0, 0.0]])
    assert (ratio.num_items, ratio.num_left_out) == (1, 3)
    assert ratio.value == pytest.approx((1 / 3) / (1 / 4))
    alone = variance_ratio([[0, 1]], [2, 2], [[0.5, 0.5]] * 2)
    assert np.isnan(alone.value)
    assert alone.reason == "No item has both two answers and people who differ."


# --- duplicates ---


def duplicates(choices, key=0, shares=SHARES):
    return duplicate_respondents(choices, OPTIONS, shares, rng=rng(23, key))


def test_agreement_is_counted_pair_by_pair():
    choices = rng(24).integers(-2, 2, size=(9, NUM_ITEMS))
    found = duplicates(choices)
    agreements = []
    for one, other in itertools.combinations(choices, 2):
        both = (one >= 0) & (other >= 0)
        if both.sum() >= MIN_COMMON:
            agreements.append((one == other)[both].mean())
    assert found.num_pairs == len(agreements)
    assert found.num_left_out == 36 - len(agreements)
    assert found.mean_agreement == pytest.approx(np.mean(agreements))


def test_copied_respondents_are_found_beyond_what_shares_bring_about():
    choices = people(20, rng(25))
    choices[3] = choices[7]
    choices[5] = choices[7]
    choices[5, 0] = (choices[5, 0] + 1) % 4  # 23 of 24 answers equal: .958
    found = duplicates(choices)
    assert found.identical_share == pytest.approx(1 / 190)
    assert found.near_share == pytest.approx(3 / 190)
    assert found.near_expected == 0
    assert found.people_near < 1e-6


def test_a_panel_of_one_opinion_is_all_duplicates_without_copies():
    found = duplicates(np.ones((6, NUM_ITEMS), dtype=int))
    assert (found.identical_share, found.identical_expected, found.near_expected) == (1, 1, 1)
    assert found.people_near < 1e-6


def test_people_agree_as_often_as_their_shares_say_and_are_no_duplicates():
    found = duplicates(people(150, rng(26)))
    assert found.mean_agreement == pytest.approx(found.people_agreement, abs=0.02)
    assert found.near_share == found.identical_share == 0


def test_the_chance_of_two_near_identical_people_is_that_of_all_cases():
    # Ten items of two options, equal with chance .9^2 + .1^2 = .82; near means all ten (9 of 10 is .90).
    found = duplicate_respondents(np.zeros((2, 10), dtype=int), [2] * 10, [[0.9, 0.1]] * 10, rng=rng(27))
    assert found.people_near == pytest.approx(0.82**10)
    # Forty items: near means 38, 39 or 40.
    found = duplicate_respondents(np.zeros((2, 40), dtype=int), [2] * 40, [[0.9, 0.1]] * 40, rng=rng(27))
    exact = sum(
        pd.Series(range(40, 40 - k, -1), dtype=float).prod()
        / max(1.0, float(np.prod(range(1, k + 1))))
        * 0.82 ** (40 - k)
        * 0.18**k
        for k in range(3)
    )
    assert found.people_near == pytest.approx(exact)


def test_too_few_common_items_or_one_respondent_leave_nothing_to_compare():
    few = duplicates(np.where(np.arange(NUM_ITEMS) < 5, people(10, rng(28)), NO_ANSWER))
    assert np.isnan(few.near_share)
    assert few.num_left_out == 45
    assert few.reason == f"No two respondents answered {MIN_COMMON} items in common."
    assert np.isnan(duplicates(people(1, rng(29))).near_share)
    assert np.isnan(duplicates(people(5, rng(30)), shares=[None] * NUM_ITEMS).people_near)


def test_pairs_in_several_blocks_are_the_pairs_of_all_at_once(monkeypatch):
    choices = np.random.default_rng(8).integers(-1, 2, size=(70, 14))
    at_once = duplicate_respondents(choices, [2] * 14, [None] * 14, rng=np.random.default_rng(1))
    monkeypatch.setattr("def_sim.metrics.spread._AT_ONCE", 9)
    in_blocks = duplicate_respondents(choices, [2] * 14, [None] * 14, rng=np.random.default_rng(1))
    assert in_blocks.num_pairs + in_blocks.num_left_out == 70 * 69 // 2
    assert in_blocks.num_left_out > 0
    assert in_blocks.mean_agreement == pytest.approx(at_once.mean_agreement)
    for name in ("identical_share", "near_share", "identical_expected", "near_expected", "num_left_out"):
        assert getattr(in_blocks, name) == getattr(at_once, name)

"""Preference bias: matches and profiles as published, by hand; shared credit, chance and halves of people."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.preference_bias import (
    AGE_PROFILES,
    SEX_PROFILES,
    Profile,
    age_profile,
    age_profile_of_code,
    chance_credit,
    floor_credit,
    halves_credit,
    match_credit,
    mismatch_table,
    modal_options,
    option_profile,
    published_match,
    sex_profile,
)
from def_sim.randomness import keyed_rng

SINGLE = ItemForm()
COUNTS = st.lists(st.integers(0, 6), min_size=4, max_size=4)


def rng(*purpose):
    return keyed_rng(7, *purpose)


# Matches --------------------------------------------------------------------------------------


def test_the_most_frequent_options_are_all_that_are_tied_for_it():
    found = modal_options(np.array([[3, 1, 3], [0, 0, 0], [0, 2, 1], [np.nan, np.nan, np.nan]]))
    assert found.tolist() == [[True, False, True], [False] * 3, [False, True, False], [False] * 3]


def test_as_published_a_tie_is_decided_by_the_lower_code():
    people = np.array([0.2, 0.5, 0.3])
    assert published_match(np.array([2, 5, 1]), people) == 1
    assert published_match(np.array([5, 5, 1]), people) == 0  # code 1 stands for the tie
    assert published_match(np.array([1, 5, 5]), people) == 1


def test_a_tie_shares_its_credit():
    people = np.array([0.2, 0.5, 0.3])
    assert match_credit(np.array([5, 5, 1]), people) == pytest.approx(1 / 2)
    assert match_credit(np.array([4, 4, 4]), people) == pytest.approx(1 / 3)
    assert match_credit(np.array([4, 0, 4]), people) == 0
    # Two against two with one in common: one of four ways to break both ties is a match.
    assert match_credit(np.array([5, 5, 0]), np.array([0.1, 0.45, 0.45])) == pytest.approx(1 / 4)


@pytest.mark.parametrize("credit", [published_match, match_credit])
def test_an_item_that_nobody_answered_has_no_match_rather_than_none(credit):
    people = np.array([0.2, 0.8])
    assert np.isnan(credit(np.zeros(2), people))
    assert np.isnan(credit(people, np.full(2, np.nan)))


@given(COUNTS, COUNTS)
def test_credit_is_the_share_of_ways_to_break_the_ties_that_match(panel, people):
    ways = [
        one == other
        for one, other in product(range(4), range(4))
        if panel[one] == max(panel) > 0 and people[other] == max(people) > 0
    ]
    expected = np.mean(ways) if ways else np.nan
    assert match_credit(np.array(panel), np.array(people)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("num_respondents", [1, 2, 7, 20])
def test_a_panel_that_answers_at_random_has_a_credit_of_one_in_k_whatever_its_size(num_respondents):
    people, panels = (
        np.array([0.1, 0.2, 0.4, 0.3]),
        rng(num_respondents).multinomial(num_respondents, [0.25] * 4, 40_000),
    )
    # The standard error of 40,000 draws is 0.0022 at most.
    assert match_credit(panels, people).mean() == pytest.approx(chance_credit(4), abs=0.007)


def test_two_halves_agree_as_often_as_a_normal_approximation_says():
    # Two options, p = .52, halves of 200: each half's majority is right with about
    # Phi((200 * .02 * 2) / (2 * sqrt(200 * .52 * .48))), and they agree if both or neither is.
    right = norm.cdf(200 * 0.04 / (2 * np.sqrt(200 * 0.52 * 0.48)))
    found = halves_credit(np.array([0.52, 0.48]), 400, rng("halves"), form=SINGLE, num_draws=20_000)
    assert found == pytest.approx(right**2 + (1 - right) ** 2, abs=0.01)


def test_a_perfect_simulator_is_between_chance_and_one():
    rates = np.array([0.5, 0.3, 0.2])
    small, large = (floor_credit(rates, n, rng("floor", n), form=SINGLE) for n in (20, 2000))
    assert chance_credit(3) < small < 0.95 < large <= 1
    assert np.isnan(floor_credit(rates, 0, rng("floor"), form=SINGLE))


# Profiles -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "name", "name_in_code"),
    [
        ((5, 5, 9), "50+", "T"),
        ((9, 9, 5), "29-30", "29-30"),
        ((7, 7, 7), "T", "29-30"),
        ((9, 5, 9), "29-50", "29-50"),
        ((5, 9, 9), "30-50", "30-50"),
        ((9, 5, 4), "<=29", "<=29"),
        ((4, 9, 5), "30-49", "30-49"),
    ],
)
def test_age_profiles_and_their_ties(counts, name, name_in_code):
    assert age_profile(counts) == name
    assert age_profile_of_code(counts) == name_in_code


@pytest.mark.parametrize(("counts", "name"), [((3, 2), "male"), ((2, 3), "female"), ((3, 3), "T")])
def test_sex_profiles(counts, name):
    assert sex_profile(counts) == name


def test_every_profile_has_a_place_in_the_table():
    assert len(SEX_PROFILES) == len(set(SEX_PROFILES)) == 3
    assert len(AGE_PROFILES) == len(set(AGE_PROFILES)) == 7
    found = {age_profile(counts) for counts in product(range(3), repeat=3)}
    assert found == set(AGE_PROFILES)
    assert {age_profile_of_code(counts) for counts in product(range(3), repeat=3)} <= found


def test_an_option_without_figures_by_group_or_that_nobody_chose_has_no_profile():
    assert option_profile((np.nan, np.nan), (1, 2, 3)) is None
    assert option_profile((0, 0), (0, 0, 0)) is None
    assert option_profile((4, 2), (1, 2, 3)) == Profile("male", "50+")


def test_age_counts_of_another_number_of_groups_are_an_error():
    with pytest.raises(ValueError, match="3 age groups, found 4"):
        age_profile((1, 2, 3, 4))


def test_the_table_counts_mismatches_only_and_only_those_with_a_profile():
    man, woman = Profile("male", "50+"), Profile("female", "T")
    matches = np.array([0.0, 1.0, 0.0, np.nan, 0.0, 0.0])
    profiles = [man, man, woman, man, None, man]
    table = mismatch_table(matches, profiles, ["PDI", "PDI", "TDI", "TDI", "TDI", "PDI"], ["PDI", "TDI"])
    assert table.shape == (3, 7, 2)
    assert table.sum() == 3  # items 1, 3 and 6
    assert table[0, AGE_PROFILES.index("50+")].tolist() == [2, 0]
    assert table[1, AGE_PROFILES.index("T")].tolist() == [0, 1]

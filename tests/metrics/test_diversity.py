"""How many different answers a panel gives, and how many as many people would give."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from def_sim.metrics.choice_array import NO_ANSWER, NOT_ASKED, checked_choices, shuffle_people
from def_sim.metrics.divergence import entropy
from def_sim.metrics.diversity import (
    choice_diversity,
    distinct_options,
    diversity_beside_people,
    expected_entropy,
    text_diversity,
)

PEOPLE = np.array([0.4, 0.3, 0.2, 0.1])


def drawn(shares, num_respondents, num_items, key=0):
    rng = np.random.default_rng([11, key])
    return rng.choice(len(shares), p=shares, size=(num_respondents, num_items))


# --- texts ---


def test_a_hundred_items_and_nineteen_runs_that_are_all_equal_have_no_diversity():
    assert text_diversity([["the same"] * 100] * 19) == 0


def test_a_hundred_items_and_nineteen_runs_without_two_equal_texts_have_all_of_it():
    # (1900 distinct texts - 100) / (100 * 18) = 1800/1800
    texts = [[f"run {run} item {item}" for item in range(100)] for run in range(19)]
    assert text_diversity(texts) == 1


def test_one_different_text_in_a_hundred_items_counts_one_in_1800():
    texts = [["the same"] * 100 for _ in range(19)]
    texts[7][42] = "another"
    assert text_diversity(texts) == pytest.approx(1 / 1800)


def test_the_same_text_to_two_items_is_no_repetition():
    assert text_diversity([["a", "b"], ["b", "a"]]) == 1


def test_items_without_two_texts_are_left_out_and_missing_texts_are_no_texts():
    # First item: a, b, a: 1 of 2. Second: one text. Third: c, d: 1 of 1. Together 2 of 3.
    texts = [["a", "x", None], ["b", None, "c"], ["a", None, "d"]]
    assert text_diversity(texts) == pytest.approx(2 / 3)


@pytest.mark.parametrize("texts", [[], [[]], [["only one respondent"]], [[None], [None]]])
def test_without_two_texts_there_is_no_diversity_to_speak_of(texts):
    assert np.isnan(text_diversity(texts))


def test_rows_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="one entry an item"):
        text_diversity([["a", "b"], ["a"]])


# --- choices ---


def test_all_equal_choices_have_no_diversity_and_all_options_in_use_have_all():
    # 19 respondents, 4 options: at most 4 different choices.
    assert choice_diversity(np.zeros((19, 100), dtype=int), [4] * 100) == 0
    in_turn = np.tile(np.arange(19)[:, None] % 4, (1, 100))
    assert choice_diversity(in_turn, [4] * 100) == 1


def test_a_small_panel_is_not_blamed_for_options_it_has_nobody_for():
    # 3 respondents, 10 options: three different choices are as many as there can be.
    assert choice_diversity([[0], [5], [9]], [10]) == 1


def test_items_count_by_the_options_that_could_be_in_use():
    # 2 of 2 options, 2 of 10 options, 10 respondents: (1 + 1) / (1 + 9)
    choices = np.array([[i % 2, i % 2] for i in range(10)])
    assert choice_diversity(choices, [2, 10]) == pytest.approx(0.2)


def test_failed_and_unasked_answers_are_no_choices():
    # Two valid answers, equal: 0 of 1. The second item has one valid answer and is left out.
    choices = [[2, 1], [2, NOT_ASKED], [NO_ANSWER, NO_ANSWER]]
    assert choice_diversity(choices, [4, 4]) == 0
    assert np.isnan(choice_diversity([[NO_ANSWER], [NO_ANSWER]], [4]))
    assert np.isnan(choice_diversity([[1, 2, 3]], [4, 4, 4]))  # one respondent


@given(arrays(np.int64, (7, 5), elements=st.integers(-2, 3)), st.permutations(range(4)))
def test_diversity_stays_within_one_and_does_not_know_options_by_name(choices, order):
    value = choice_diversity(choices, [4] * 5)
    assert np.isnan(value) or 0 <= value <= 1
    renamed = np.where(choices >= 0, np.array(order)[choices], choices)
    assert choice_diversity(renamed, [4] * 5) == pytest.approx(value, nan_ok=True)


def test_different_choices_make_different_texts_but_not_the_other_way_round():
    choices = drawn(PEOPLE, 12, 30)
    texts = [[f"{choice}" for choice in row] for row in choices]
    reworded = [[f"{choice} {i}" for choice in row] for i, row in enumerate(choices)]
    assert text_diversity(reworded) == 1
    # 12 respondents could give 12 texts, but only 4 choices: (d - 1) / 11 against (d - 1) / 3
    assert text_diversity(texts) == pytest.approx(choice_diversity(choices, [4] * 30) * 3 / 11)


# --- people ---


@pytest.mark.parametrize("num_respondents", [1, 2, 5])
def test_expected_distinct_options_are_those_of_all_possible_panels(num_respondents):
    mean = square = 0.0
    for panel in itertools.product(range(4), repeat=num_respondents):
        chance = float(np.prod(PEOPLE[list(panel)]))
        mean += chance * len(set(panel))
        square += chance * len(set(panel)) ** 2
    assert distinct_options(PEOPLE, num_respondents) == pytest.approx((mean, square - mean**2), abs=1e-12)


@pytest.mark.parametrize("num_respondents", [1, 2, 4])
def test_expected_entropy_is_that_of_all_possible_panels(num_respondents):
    expected = sum(
        float(np.prod(PEOPLE[list(panel)])) * float(entropy(np.bincount(panel, minlength=4) / len(panel)))
        for panel in itertools.product(range(4), repeat=num_respondents)
    )
    assert expected_entropy(PEOPLE, num_respondents) == pytest.approx(expected)


def test_expected_entropy_of_many_people_is_that_of_their_shares():
    # Plug-in entropy falls short by (K - 1) / 2N.
    assert expected_entropy(PEOPLE, 5000) == pytest.approx(float(entropy(PEOPLE)) - 3 / 10_000, abs=1e-6)


def test_two_people_differ_as_often_as_their_shares_say():
    # One item, two respondents: they differ with chance 1 - (.16 + .09 + .04 + .01) = .70.
    scores = diversity_beside_people([[0], [1]], [4], [PEOPLE])
    assert scores.choice_diversity == 1
    assert scores.human == pytest.approx(0.7)
    assert scores.uniform == pytest.approx(0.75)


@pytest.mark.parametrize("num_respondents", [5, 20, 200])
def test_panels_of_people_lie_around_the_human_level_and_within_its_interval(num_respondents):
    forms = [[0.7, 0.3], [0.9, 0.06, 0.03, 0.01], list(np.full(10, 0.1)), [0.5, 0.3, 0.15, 0.04, 0.01]] * 5
    options = [len(one) for one in forms]
    rng = np.random.default_rng(5)
    panels = [
        diversity_beside_people(
            np.array([rng.choice(len(one), p=one, size=num_respondents) for one in forms]).T, options, forms
        )
        for _ in range(150)
    ]
    values = np.array([one.choice_diversity for one in panels])
    standard_error = values.std() / np.sqrt(150)
    assert values.mean() == pytest.approx(panels[0].human, abs=4 * standard_error)
    inside = np.mean([one.human_low <= one.choice_diversity <= one.human_high for one in panels])
    assert inside >= 0.90  # 95 % of 150 panels: 142.5, standard deviation 2.7
    ratios = np.array([one.entropy_ratio for one in panels])
    error = ratios.std() / np.sqrt(150)
    assert ratios.mean() == pytest.approx(panels[0].entropy_ratio_human, abs=4 * error)


def test_a_panel_of_one_opinion_is_below_people_and_a_random_one_above():
    same = diversity_beside_people(np.zeros((20, 30), dtype=int), [4] * 30, [PEOPLE] * 30)
    assert same.choice_diversity == 0 < same.human_low
    assert same.entropy_ratio == 0
    rare = np.array([0.97, 0.01, 0.01, 0.01])
    random = diversity_beside_people(drawn(np.full(4, 0.25), 20, 30), [4] * 30, [rare] * 30)
    assert random.choice_diversity > random.human_high
    assert random.uniform == pytest.approx(random.choice_diversity, abs=0.05)


def test_items_without_people_or_answers_are_left_out_and_counted():
    choices = np.array([[0, 0, NO_ANSWER], [1, 1, 2], [0, 1, NO_ANSWER]])
    scores = diversity_beside_people(choices, [4, 4, 4], [PEOPLE, None, PEOPLE])
    assert (scores.num_items, scores.num_left_out, scores.reason) == (1, 2, "")
    assert scores.choice_diversity == pytest.approx(0.5)  # two of three possible


def test_without_anything_to_compare_there_is_a_reason_and_no_number():
    scores = diversity_beside_people([[0, 1]], [4, 4], [PEOPLE, PEOPLE])
    assert np.isnan(scores.choice_diversity)
    assert np.isnan(scores.human)
    assert (scores.num_left_out, scores.reason) == (2, "No item has both two answers and people's shares.")


def test_people_who_all_agree_have_no_entropy_ratio():
    scores = diversity_beside_people([[0], [1]], [2], [[1.0, 0.0]])
    assert np.isnan(scores.entropy_ratio)
    assert scores.human == 0


# --- the array of answers ---


@pytest.mark.parametrize(
    ("choices", "found"),
    [
        ([[0, 4]], r"Respondent 0, item 1: 4 is no position in \[0, 4\)"),
        ([[0, 1], [-3, 1]], "Respondent 1, item 0: -3"),
        ([[0.5, 1]], "whole numbers"),
        ([[0, 1, 2]], "found shape"),
        ([0, 1], "found shape"),
    ],
)
def test_an_array_that_is_no_panel_is_refused(choices, found):
    with pytest.raises(ValueError, match=found):
        checked_choices(choices, [4, 4])


@pytest.mark.parametrize("shares", [[[0.5, 0.5]], [[0.5, 0.2, 0.2, 0.2]], [PEOPLE, PEOPLE]])
def test_shares_that_are_not_those_of_the_items_are_refused(shares):
    with pytest.raises(ValueError, match="shares"):
        diversity_beside_people([[0], [1]], [4], shares)


def test_shuffled_people_keep_every_answer_of_every_item_and_every_gap():
    rng = np.random.default_rng(3)
    choices = rng.integers(-2, 4, size=(30, 8))
    shuffled = shuffle_people(choices, rng)
    assert (np.sort(shuffled, axis=0) == np.sort(choices, axis=0)).all()
    assert ((shuffled == -1) == (choices == -1)).all()
    assert ((shuffled == -2) == (choices == -2)).all()
    assert (shuffled != choices).any()


def test_shuffling_gives_every_answer_to_everyone_equally_often():
    choices = np.array([[0], [1], [2], [NO_ANSWER]])
    rng = np.random.default_rng(4)
    seen = [tuple(shuffle_people(choices, rng)[:3, 0]) for _ in range(3000)]
    counts = [seen.count(order) for order in itertools.permutations(range(3))]
    # 500 each, standard deviation 20.4
    assert min(counts) > 415
    assert max(counts) < 585

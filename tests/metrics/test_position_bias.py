"""Whether the place of an option, or the number beside it, decides; habits on scales."""

import itertools

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t as student
from scipy.stats import ttest_1samp

from def_sim.metrics.answer_tendencies import scale_tendencies
from def_sim.metrics.choice_array import NO_ANSWER, NOT_ASKED
from def_sim.metrics.position_bias import position_bias

PEOPLE = {2: [0.7, 0.3], 3: [0.5, 0.3, 0.2], 4: [0.6, 0.25, 0.1, 0.05], 10: [0.1] * 10}


def rng(*key):
    return np.random.default_rng([13, *key])


def shuffled_orders(options, num_respondents, generator):
    return [[generator.permutation(k).tolist() for k in options] for _ in range(num_respondents)]


def balanced_orders(options, num_respondents, generator):
    """A drawn order, rotated by respondent: each option stands in each place equally often."""
    drawn = [generator.permutation(k) for k in options]
    return [[np.roll(order, -i).tolist() for order in drawn] for i in range(num_respondents)]


def content_only(options, num_respondents, generator):
    return np.array([generator.choice(k, p=PEOPLE[k], size=num_respondents) for k in options]).T


def at_place(orders, place):
    return np.array([[order[place] for order in row] for row in orders])


DESIGNS = pytest.mark.parametrize("design", [shuffled_orders, balanced_orders])


# --- order ---


@pytest.mark.parametrize("num_options", [2, 3, 4, 10])
def test_whoever_always_takes_the_first_shown_has_a_bias_of_one_minus_one_over_k(num_options):
    options = [num_options] * 5
    orders = balanced_orders(options, 6 * num_options, rng(1))
    bias = position_bias(at_place(orders, 0), orders, options, rng=rng(2), num_draws=99)
    assert bias.index == pytest.approx(1 - 1 / num_options)
    assert bias.debiased == pytest.approx(1 - 1 / num_options)
    assert bias.first_excess == pytest.approx(1 - 1 / num_options)
    assert bias.last_excess == pytest.approx(-1 / num_options)
    assert bias.p_value == 0.01
    assert bias.is_flagged


def test_with_few_shuffled_orders_the_debiased_index_is_exact_all_the_same():
    # Twenty draws leave the places unequal; the index alone falls short of 3/4 by about 3/4 of 1/20.
    orders = shuffled_orders([4] * 8, 20, rng(3))
    bias = position_bias(at_place(orders, 0), orders, [4] * 8, rng=rng(4), num_draws=99)
    assert 0.68 < bias.index < 0.75
    assert bias.debiased == pytest.approx(0.75)


@DESIGNS
def test_respondents_who_agree_on_the_content_have_no_bias_whatever_they_saw(design):
    options = [4, 2, 10]
    orders = design(options, 20, rng(5))
    bias = position_bias(np.tile([2, 0, 7], (20, 1)), orders, options, rng=rng(6), num_draws=99)
    assert bias.index == pytest.approx(0)
    assert bias.debiased == pytest.approx(0)
    assert bias.p_value == 1
    assert not bias.is_flagged


def test_expectation_and_chance_are_those_of_all_ways_to_join_answers_and_orders():
    # Three respondents, one item of three options: all 3! joinings by hand.
    orders, chosen = [[0, 1, 2], [1, 0, 2], [2, 1, 0]], [0, 1, 2]  # each took what stood first
    joined = [
        [[orders[i].index(option) for i, option in enumerate(order)].count(place) for place in range(3)]
        for order in itertools.permutations(chosen)
    ]
    expected = np.mean(joined, axis=0) / 3
    indices = np.abs(np.array(joined) / 3 - expected).sum(axis=1) / 2
    bias = position_bias(
        [[c] for c in chosen], [[order] for order in orders], [3], rng=rng(7), num_draws=20_000
    )
    [profile] = bias.profiles
    assert profile.expected == pytest.approx(expected)
    assert profile.observed.tolist() == [1, 0, 0]
    assert bias.index == pytest.approx(indices[0])
    assert bias.by_chance == pytest.approx(indices.mean(), abs=0.01)
    assert bias.p_value == pytest.approx((indices >= indices[0] - 1e-9).mean(), abs=0.02)


@DESIGNS
@pytest.mark.parametrize(("num_respondents", "num_items"), [(5, 6), (20, 12)])
@pytest.mark.slow
def test_a_panel_without_bias_is_flagged_in_at_most_five_percent_of_cases(design, num_respondents, num_items):
    options, flags, debiased, index = ([4, 2, 3, 10] * 5)[:num_items], 0, [], []
    for case in range(300):
        generator = rng(8, num_respondents, case)
        orders = design(options, num_respondents, generator)
        choices = content_only(options, num_respondents, generator)
        bias = position_bias(choices, orders, options, rng=generator, num_draws=59)
        flags += bias.is_flagged
        debiased.append(bias.debiased)
        index.append(bias.index)
    # With 59 joinings p < .05 has a chance of 2/60 = 3.3 %: 10 of 300, standard deviation 3.1.
    assert flags <= 19
    assert np.mean(index) > 0.04  # the raw index of a small panel is above 0 ...
    error = np.std(debiased) / np.sqrt(300)
    assert np.mean(debiased) == pytest.approx(0, abs=4 * error)  # ... the debiased one is not


def test_habits_shared_by_all_answers_of_a_person_raise_no_flag():
    # Everyone gives the same option to every item: answers depend on each other, not on the orders.
    flags = 0
    for case in range(200):
        generator = rng(9, case)
        orders = shuffled_orders([4] * 10, 12, generator)
        choices = np.repeat(generator.choice(4, p=PEOPLE[4], size=12)[:, None], 10, axis=1)
        flags += position_bias(choices, orders, [4] * 10, rng=generator, num_draws=59).is_flagged
    assert flags <= 15  # 2/60 of 200: 6.7, standard deviation 2.5


@DESIGNS
@pytest.mark.parametrize(("place", "planted"), [(0, 0.3), (-1, 0.3), (1, 0.5), (0, 0.15)])
def test_a_planted_bias_is_found_and_its_size_is_right(design, place, planted):
    options, generator = [4] * 40, rng(10)
    orders = design(options, 60, generator)
    takes_place = generator.random((60, 40)) < planted
    choices = np.where(takes_place, at_place(orders, place), content_only(options, 60, generator))
    bias = position_bias(choices, orders, options, rng=generator)
    assert bias.is_flagged
    # Planted answers go to one place, the others to each with 1/4: an index of planted * 3/4.
    assert bias.debiased == pytest.approx(0.75 * planted, abs=0.03)
    [profile] = bias.profiles
    assert profile.observed[place] - profile.expected[place] == pytest.approx(0.75 * planted, abs=0.03)
    assert int(np.argmax(profile.observed)) == place % 4
    assert profile.observed[place] > profile.high[place]
    if place == 0:
        assert bias.first_excess == pytest.approx(0.75 * planted, abs=0.03)


def test_a_planted_bias_is_found_in_a_panel_of_twenty():
    options, generator = [4] * 60, rng(11)
    orders = shuffled_orders(options, 20, generator)
    takes_first = generator.random((20, 60)) < 0.15
    choices = np.where(takes_first, at_place(orders, 0), content_only(options, 20, generator))
    assert position_bias(choices, orders, options, rng=generator).is_flagged


def test_a_scale_shown_forwards_and_backwards_tells_its_ends_from_its_content():
    # Everyone who answers by place takes the first end; two orders only, so half of it can be told.
    generator = rng(12)
    orders = [[list(range(10))] if i % 2 else [list(range(9, -1, -1))] for i in range(400)]
    by_content = generator.choice(10, p=[0.19, 0.09] + [0.09] * 8, size=(400, 1))
    always = position_bias(at_place(orders, 0), orders, [10], rng=generator, num_draws=99)
    assert always.index == pytest.approx(0.5)
    assert always.is_flagged
    assert not position_bias(by_content, orders, [10], rng=generator, num_draws=99).is_flagged


def test_items_with_different_numbers_of_options_are_weighted_by_their_answers():
    # One item of two options (index 1/2), three of four options (index 3/4): (1/2 + 3 * 3/4) / 4
    options = [2, 4, 4, 4]
    orders = balanced_orders(options, 40, rng(14))
    bias = position_bias(at_place(orders, 0), orders, options, rng=rng(15), num_draws=19)
    assert bias.index == pytest.approx((0.5 + 3 * 0.75) / 4)
    assert [(one.num_options, one.num_answers) for one in bias.profiles] == [(2, 40), (4, 120)]


def test_what_everyone_saw_in_one_order_is_left_out_with_a_reason():
    orders = [[[0, 1, 2], order] for order in ([0, 1], [1, 0], [0, 1], [1, 0])]
    bias = position_bias([[0, 0], [1, 1], [0, 1], [2, 0]], orders, [3, 2], rng=rng(16), num_draws=19)
    assert (bias.num_items, bias.num_left_out, bias.num_answers) == (1, 1, 4)
    alone = position_bias([[0], [1]], [[[0, 1, 2]], [[0, 1, 2]]], [3], rng=rng(16))
    assert np.isnan(alone.index)
    assert alone.reason.startswith("Every item was shown in one order only")
    assert not alone.is_flagged


def test_one_respondent_cannot_tell_place_from_content():
    bias = position_bias([[0, 1]], [[[0, 1], [1, 0]]], [2, 2], rng=rng(17))
    assert np.isnan(bias.index)
    assert np.isnan(bias.p_value)
    assert "one respondent" in bias.reason


def test_failed_and_unasked_answers_do_not_enter_and_need_no_order():
    orders = balanced_orders([4, 4], 8, rng(18))
    choices = at_place(orders, 0)
    choices[:, 1] = NO_ANSWER
    choices[0, 1] = NOT_ASKED
    orders[0][1] = []
    bias = position_bias(choices, orders, [4, 4], rng=rng(19), num_draws=19)
    assert (bias.num_items, bias.num_left_out, bias.num_answers) == (1, 1, 8)
    assert bias.index == pytest.approx(0.75)
    nobody = position_bias(np.full((8, 2), NO_ANSWER), orders, [4, 4], rng=rng(19))
    assert np.isnan(nobody.index)


def test_an_order_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"Respondent 1, item 0: expected each of \[0, 1, 2\]"):
        position_bias([[0], [1]], [[[0, 1, 2]], [[0, 1]]], [3], rng=rng(20))


def test_renaming_the_options_changes_nothing():
    orders = shuffled_orders([4] * 6, 15, rng(21))
    choices = content_only([4] * 6, 15, rng(22))
    new = np.array([2, 0, 3, 1])
    renamed = [[new[order].tolist() for order in row] for row in orders]
    one = position_bias(choices, orders, [4] * 6, rng=rng(23), num_draws=99)
    other = position_bias(new[choices], renamed, [4] * 6, rng=rng(23), num_draws=99)
    assert (one.index, one.p_value, one.debiased) == pytest.approx(
        (other.index, other.p_value, other.debiased)
    )


# --- scales ---


def test_ends_and_middle_are_compared_with_people_on_the_same_scales():
    people = [[0.1] * 10, [0.2] * 5]
    choices = [[0, 0], [9, 2], [4, 2], [5, NO_ANSWER]]
    by_part = {one.part: one for one in scale_tendencies(choices, [10, 5], people)}
    # Respondents' shares at the low end: 1, 0, 0, 0; people's: .15, .15, .15 and .10.
    assert by_part["low end"].panel == 0.25
    assert by_part["low end"].people == pytest.approx((3 * 0.15 + 0.1) / 4)
    # Middle of ten points: the fifth and the sixth; of five: the third. Shares 0, 1/2, 1, 1.
    assert by_part["middle"].panel == pytest.approx(2.5 / 4)
    assert by_part["either end"].panel == pytest.approx((1 + 0.5 + 0 + 0) / 4)
    differences = [1 - 0.3, 0.5 - 0.3, 0 - 0.3, 0 - 0.2]
    assert by_part["either end"].difference == pytest.approx(np.mean(differences))
    interval = ttest_1samp([1 - 0.15, -0.15, -0.15, -0.1], 0).confidence_interval()
    assert (by_part["low end"].low, by_part["low end"].high) == pytest.approx((interval.low, interval.high))


def test_four_points_have_no_middle():
    middle = next(one for one in scale_tendencies([[0], [1]], [4], [PEOPLE[4]]) if one.part == "middle")
    assert np.isnan(middle.panel)
    assert (middle.num_items, middle.reason) == (0, "No answers to such items.")


def test_panels_of_people_with_habits_of_their_own_are_covered_and_a_planted_habit_is_not():
    # Half of the people love extremes, on every item: answers of a person depend on each other.
    lovers = np.array([0.35] + [0.3 / 8] * 8 + [0.35])
    others = np.array([0.05] + [0.9 / 8] * 8 + [0.05])
    people = [(lovers + others) / 2] * 15
    covered, found = 0, 0
    for case in range(200):
        generator = rng(28, case)
        kind = generator.random(25) < 0.5
        panel = np.array([generator.choice(10, p=lovers if one else others, size=15) for one in kind])
        ends = scale_tendencies(panel, [10] * 15, people)[2]
        covered += ends.low <= 0 <= ends.high
        pulled = np.where(generator.random(panel.shape) < 0.3, 9, panel)
        found += scale_tendencies(pulled, [10] * 15, people)[1].low > 0
    assert 181 <= covered <= 198  # 95 % of 200: 190, standard deviation 3.1
    assert found >= 195


def test_a_weighted_tendency_has_the_mean_and_robust_error_of_a_weighted_regression():
    generator = np.random.default_rng(4)
    choices, weights = generator.integers(0, 10, (30, 6)), generator.uniform(0.2, 3, 30)
    low = scale_tendencies(choices, [10] * 6, [PEOPLE[10]] * 6, weights)[0]
    values = (choices == 0).mean(axis=1) - PEOPLE[10][0]
    fit = sm.WLS(values, np.ones(30), weights=weights).fit(cov_type="HC1")
    worth = weights.sum() ** 2 / (weights**2).sum()
    half = student.ppf(0.975, worth - 1) * fit.bse[0]
    assert low.difference == pytest.approx(fit.params[0])
    assert (low.low, low.high) == pytest.approx((fit.params[0] - half, fit.params[0] + half))


def test_a_respondent_without_weight_is_not_counted():
    choices, weights = np.array([[0], [9], [0], [5]]), np.array([1.0, 1, 0, 1])
    weighted = scale_tendencies(choices, [10], [PEOPLE[10]], weights)[0]
    without = scale_tendencies(choices[[0, 1, 3]], [10], [PEOPLE[10]])[0]
    assert (weighted.panel, weighted.num_respondents) == (pytest.approx(without.panel), 3)
    assert (weighted.low, weighted.high) == pytest.approx((without.low, without.high))


def test_one_respondent_has_a_tendency_and_no_interval():
    low = scale_tendencies([[0, 0, 3]], [10, 10, 10], [PEOPLE[10]] * 3)[0]
    assert low.panel == pytest.approx(2 / 3)
    assert np.isnan(low.low)
    assert low.reason == "One respondent has no spread: no interval."


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ([[0], [9]], "The spread of two respondents is unknown: no interval."),
        ([[0], [0], [0], [0]], "All respondents are alike in this: no interval."),
    ],
)
def test_two_respondents_and_respondents_who_are_all_alike_have_no_interval(choices, reason):
    low = scale_tendencies(choices, [10], [PEOPLE[10]])[0]
    assert low.difference == pytest.approx(np.mean([one == [0] for one in choices]) - 0.1)
    assert np.isnan(low.low)
    assert np.isnan(low.high)
    assert low.reason == reason


def test_the_interval_of_a_tendency_ends_at_a_hundred_points():
    # One of three is at the low end: the interval of 1/3 - .1 reaches 4.30 / 3 to each side.
    low = scale_tendencies([[0], [5], [5]], [10], [PEOPLE[10]])[0]
    assert ttest_1samp([0.9, -0.1, -0.1], 0).confidence_interval().high > 1.6
    assert (low.low, low.high) == (-1, 1)
    assert low.reason == ""


def test_items_without_people_or_answers_have_no_part_in_a_tendency():
    choices = np.array([[0, 0, NO_ANSWER], [9, 0, NOT_ASKED]])
    low = scale_tendencies(choices, [10] * 3, [PEOPLE[10], None, PEOPLE[10]])[0]
    assert (low.panel, low.num_items, low.num_respondents) == (0.5, 1, 2)
    assert np.isnan(scale_tendencies(np.full((2, 3), NO_ANSWER), [10] * 3, [PEOPLE[10]] * 3)[0].panel)

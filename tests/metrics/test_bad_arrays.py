"""What is no choice, no share and no weight is refused in words, and never becomes a number or a warning."""

import warnings

import numpy as np
import pytest

from def_sim.metrics.aggregation import macro_mean
from def_sim.metrics.answer_tendencies import scale_tendencies
from def_sim.metrics.design import effective_people
from def_sim.metrics.divergence import entropy, entropy_ratio, mention_rate_difference
from def_sim.metrics.diversity import choice_diversity, diversity_beside_people
from def_sim.metrics.group_spread import group_spread
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.noise_floor import draw_samples
from def_sim.metrics.panel_answers import ItemAnswers, PanelAnswers
from def_sim.metrics.preference_bias import age_profile, sex_profile
from def_sim.metrics.raking import Margin, kish_size, rake
from def_sim.metrics.repeated_choice import repeated_first_choice

HALF = np.array([0.5, 0.5])
NAN = float("nan")


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("wrong", [NAN, np.inf, 0.5])
def test_choices_that_are_no_positions_are_refused(wrong):
    with pytest.raises(ValueError, match="positions of options"):
        choice_diversity([[0.0], [wrong]], [2])
    with pytest.raises(ValueError, match="positions of options"):
        repeated_first_choice([0.0, wrong], [0.0, 1.0])


def test_shares_of_people_that_are_not_known_are_none_and_not_nan():
    with pytest.raises(ValueError, match="Item 0: expected 2 shares that sum to 1"):
        diversity_beside_people([[0], [1]], [2], [[NAN, NAN]])


def test_an_item_with_a_single_option_has_no_diversity():
    found = diversity_beside_people([[0], [0]], [1], [[1.0]])
    assert np.isnan([found.choice_diversity, found.human, found.human_low, found.human_high]).all()
    assert (found.num_items, found.num_left_out, found.reason) == (0, 1, "No item has two options.")


def test_negative_shares_have_no_entropy():
    for score in (entropy, lambda shares: entropy_ratio(HALF, shares)):
        with pytest.raises(ValueError, match="negative"):
            score(np.array([-0.1, 1.1]))


@pytest.mark.parametrize(("rates", "words"), [([3.0, 0.5], "between 0 and 1"), ([], "same options")])
def test_rates_of_mentions_that_are_none_are_refused(rates, words):
    with pytest.raises(ValueError, match=words):
        mention_rate_difference(np.array(rates), np.zeros(len(rates)))


@pytest.mark.parametrize("weights", [[1.0, NAN], [2.0, -1.0]])
def test_weights_that_are_none_are_refused(weights):
    for size in (kish_size, effective_people):
        with pytest.raises(ValueError, match="at least 0"):
            size(np.array(weights))
    with pytest.raises(ValueError, match="at least 0"):
        scale_tendencies([[0], [1]], [2], [HALF], np.array(weights))
    with pytest.raises(ValueError, match="at least 0"):
        PanelAnswers((ItemAnswers.from_positions(np.array([0, 1]), 2),), np.array(weights))


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_the_worth_of_weights_does_not_depend_on_their_scale(scale):
    # (1 + 1 + 2)^2 / (1 + 1 + 4)
    assert effective_people(scale * np.array([1.0, 1.0, 2.0])) == pytest.approx(16 / 6)


def test_a_margin_without_a_number_is_refused():
    with pytest.raises(ValueError, match="expected shares that sum to 1"):
        rake([Margin(np.array([0, 1]), np.array([NAN, 1.0]))])


def test_whose_answer_it_is_needs_the_counts_of_all_groups():
    for profile, counts in ((sex_profile, (NAN, 1.0)), (age_profile, (NAN, 1.0, 2.0))):
        with pytest.raises(ValueError, match="counts of all groups"):
            profile(counts)


@pytest.mark.parametrize("size", [NAN, np.inf])
def test_a_sample_of_no_size_is_refused(size):
    with pytest.raises(ValueError, match="number of respondents"):
        draw_samples(HALF, size, np.random.default_rng(1), form=ItemForm())


def test_a_panel_of_nobody_has_no_spread():
    shares, people = np.full((6, 3, 4), 0.25), np.full((6, 3), 100.0)
    nobody = np.zeros((0, 3, 4), dtype=bool)
    found = group_spread(nobody, np.zeros(0, dtype=int), shares, people, np.random.default_rng(1))
    assert np.isnan([found.panel.within, found.panel.between, *found.within, *found.between]).all()


def test_scores_and_topic_groups_go_together():
    with pytest.raises(ValueError, match="one dimension a score"):
        macro_mean(np.array([0.1, 0.2]), ["TDI"])

"""Design effects: by hand, and people's against sums over all answers of two people's items."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from scripts_loaded import script

from def_sim.metrics.choice_array import NO_ANSWER
from def_sim.metrics.design_effect import panel_design_effect, people_design_effects
from def_sim.metrics.diversity import diversity_beside_people
from def_sim.metrics.people_panels import correlations_behind

VALUES = np.array([0.0, 1.0, 3.0])


def test_answers_that_are_independent_have_an_effect_of_one_and_copied_ones_one_of_their_number():
    crossed = np.array([[a, b] for a in range(3) for b in range(3)])
    assert panel_design_effect(crossed, [VALUES, VALUES]) == pytest.approx(1)
    copied = np.repeat(np.arange(3)[:, None], 4, axis=1)
    assert panel_design_effect(copied, [VALUES] * 4) == pytest.approx(4)
    opposed = np.stack([np.arange(3), np.arange(3)], axis=1)
    assert panel_design_effect(opposed, [VALUES, -VALUES]) == pytest.approx(0, abs=1e-12)


def test_an_effect_by_hand_with_a_gap():
    # Deviations: -1, 0, +1 and, of the two who answered, -1, +1: sums -2, 0, +2 ... the last without its own.
    choices = np.array([[0, 0], [1, NO_ANSWER], [2, 1]])
    values = [np.array([0.0, 1.0, 2.0]), np.array([0.0, 2.0])]
    assert panel_design_effect(choices, values) == pytest.approx((4 + 0 + 4) / (2 + 2))


def test_a_panel_of_one_opinion_has_no_effect_to_speak_of():
    assert np.isnan(panel_design_effect(np.zeros((5, 3), dtype=int), [VALUES] * 3))


@pytest.mark.parametrize("r", [0.3, -0.4, 0.6])
def test_the_effect_of_people_is_that_of_two_normal_variables_cut_at_their_shares(r):
    shares = [np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.3, 0.4, 0.2])]
    values = [np.array([0.9, 0.1, 0.5]), np.array([1.0, 0.3, 0.2, 0.8])]
    r_matrix = np.array([[np.nan, r], [r, np.nan]])
    behind = float(correlations_behind(r_matrix, shares)[0, 1])
    cuts = [np.concatenate([[-9], norm.ppf(np.cumsum(one)[:-1]), [9]]) for one in shares]
    below = np.array(
        [
            [multivariate_normal([0, 0], [[1, behind], [behind, 1]]).cdf([a, b]) for b in cuts[1]]
            for a in cuts[0]
        ]
    )
    joint = np.diff(np.diff(below, axis=0), axis=1)  # chance of each pair of answers, by rectangles
    covariance = values[0] @ joint @ values[1] - (shares[0] @ values[0]) * (shares[1] @ values[1])
    apart = sum(p @ v**2 - (p @ v) ** 2 for p, v in zip(shares, values, strict=True))
    found = people_design_effects(r_matrix, shares, [one[None] for one in values])[0]
    assert found == pytest.approx(1 + 2 * covariance / apart, abs=0.01)


def test_pairs_that_are_unknown_and_options_nobody_took_add_nothing():
    shares = [np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.4, 0.6])]
    values = [np.array([VALUES, VALUES]), np.array([VALUES, [np.nan] * 3])]  # the second sum lacks an item
    assert people_design_effects(np.full((2, 2), np.nan), shares, values).tolist() == [1, 1]
    both, one = people_design_effects(np.full((2, 2), 0.5), shares, values)
    assert both > 1.2
    assert one == pytest.approx(1)


def test_pairs_that_are_unknown_can_be_given_a_correlation():
    shares = [np.array([0.5, 0.3, 0.2])] * 4
    found = people_design_effects(np.full((4, 4), np.nan), shares, [VALUES[None]] * 4, unknown=0.1)
    assert found[0] == pytest.approx(1 + 3 * 0.1)  # four alike: each has .1 in common with three others


@pytest.mark.parametrize("world", ["structure", "style"])
def test_panels_of_people_lie_in_the_range_of_people_though_their_answers_hang_together(world):
    people = script("simulate_tilt").people()
    panels = people.panels(world, 20, np.random.default_rng(5), 80)
    found = [diversity_beside_people(one, people.num_options, people.shares) for one in panels]
    inside = np.array([one.human_low <= one.choice_diversity <= one.human_high for one in found])
    assert inside.sum() >= 70  # 95 % of 80: 76, standard deviation 1.9
    narrow = [(one.human_high - one.human) / np.sqrt(one.design_effect) for one in found]
    off = np.array([abs(one.choice_diversity - one.human) for one in found])
    assert (off <= narrow).sum() < 70  # what independent items would give

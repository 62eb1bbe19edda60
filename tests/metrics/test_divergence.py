"""Divergences and entropy against values by hand and against scipy."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from def_sim.metrics.divergence import (
    entropy,
    entropy_ratio,
    js_distance,
    js_divergence,
    kl_divergence,
    mention_rate_difference,
    total_variation,
    wasserstein_distance,
)
from def_sim.metrics.sample import Sample, normalise, smoothed_shares

RNG = np.random.default_rng(20240501)
RANDOM_PAIRS = [(RNG.dirichlet(np.ones(k)), RNG.dirichlet(np.ones(k))) for k in (2, 3, 4, 5, 7, 10) * 5]


def test_kl_of_a_worked_example():
    # 10:6:3 are the proportions of 50:30:15, so p/q = (10/19)/.50 = 100/95 for all three options.
    p, q = normalise(np.array([10.0, 6, 3, 0])), normalise(np.array([50.0, 30, 15, 5]))
    assert kl_divergence(p, q) == pytest.approx(np.log(100 / 95))
    assert round(float(kl_divergence(p, q)), 4) == 0.0513


def test_kl_is_infinite_where_the_second_lacks_an_option_of_the_first():
    p, q = normalise(np.array([10.0, 6, 3, 0])), normalise(np.array([50.0, 30, 15, 5]))
    assert kl_divergence(q, p) == np.inf


def test_an_option_that_neither_has_costs_nothing():
    assert kl_divergence(np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.75, 0.0])) == pytest.approx(
        0.5 * np.log(2) + 0.5 * np.log(2 / 3)
    )


@pytest.mark.parametrize(("p", "q"), RANDOM_PAIRS)
def test_all_divergences_agree_with_scipy(p, q):
    positions = np.arange(p.size)
    assert kl_divergence(p, q) == pytest.approx(stats.entropy(p, q))
    assert js_distance(p, q) == pytest.approx(jensenshannon(p, q, base=2))
    assert js_divergence(p, q) == pytest.approx(jensenshannon(p, q, base=2) ** 2)
    by_scipy = stats.wasserstein_distance(positions, positions, p, q) / (p.size - 1)
    assert wasserstein_distance(p, q) == pytest.approx(by_scipy)
    assert entropy(p) == pytest.approx(stats.entropy(p))


def test_many_draws_are_scored_in_one_call():
    p = RNG.dirichlet(np.ones(4), size=(3, 6))  # shape (3, 6, 4)
    q = RNG.dirichlet(np.ones(4))
    for function in (kl_divergence, js_divergence, total_variation, wasserstein_distance, entropy_ratio):
        together = function(p, q)
        assert together.shape == (3, 6)
        assert together[2, 5] == pytest.approx(float(function(p[2, 5], q)))


def test_two_options_have_similarity_one_minus_the_difference_of_shares():
    p, h = np.array([0.8, 0.2]), np.array([0.55, 0.45])
    assert 1 - wasserstein_distance(p, h) == pytest.approx(0.75)


def test_everyone_moving_from_one_end_of_the_scale_to_the_other_is_distance_one():
    assert wasserstein_distance(np.array([1.0, 0, 0, 0]), np.array([0, 0, 0, 1.0])) == 1.0


def test_a_mirrored_scale_of_three_points():
    # Cumulated differences .6 and .6 over two steps: 1.2 / 2 = .6
    assert wasserstein_distance(np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.2, 0.7])) == pytest.approx(0.6)


def test_options_without_order_have_no_distance_rather_than_distance_zero():
    p = np.array([0.7, 0.2, 0.1])
    assert np.isnan(wasserstein_distance(p, p, is_ordered=False))


def test_total_variation_is_the_share_of_answers_that_must_change():
    assert total_variation(np.array([0.5, 0.5, 0]), np.array([0.2, 0.5, 0.3])) == pytest.approx(0.3)


def test_mention_rates_tell_twice_as_many_ticks_apart_although_their_proportions_agree():
    one_tick, two_ticks = np.array([0.5, 0.3, 0.2]), np.array([1.0, 0.6, 0.4])
    assert mention_rate_difference(two_ticks, one_tick) == pytest.approx(1 / 3)  # (.5 + .3 + .2) / 3
    assert js_divergence(normalise(two_ticks), normalise(one_tick)) == pytest.approx(0)


def test_a_panel_that_agrees_more_than_people_has_an_entropy_ratio_below_one():
    people = np.array([0.25, 0.25, 0.25, 0.25])
    assert entropy_ratio(np.array([0.5, 0.5, 0, 0]), people) == pytest.approx(0.5)  # ln 2 / ln 4
    assert entropy_ratio(np.array([1.0, 0, 0, 0]), people) == 0


def test_no_ratio_exists_to_people_who_all_chose_the_same():
    assert np.isnan(entropy_ratio(np.array([0.5, 0.5]), np.array([1.0, 0.0])))


def test_smoothing_adds_half_an_answer_in_total():
    # K = 4: each option gets .5 / 4 = .125, and 20 answers become 20.5.
    shares = smoothed_shares(np.array([19.0, 0, 1, 0]))
    assert shares == pytest.approx(np.array([19.125, 0.125, 1.125, 0.125]) / 20.5)


def test_smoothing_invents_no_answer_where_there_is_none():
    assert np.isnan(smoothed_shares(np.zeros(4))).all()
    assert np.isnan(normalise(np.zeros(4))).all()


def test_mention_rates_are_of_respondents_and_shares_are_of_mentions():
    sample = Sample(counts=np.array([10.0, 6, 4]), num_respondents=10)
    assert sample.mention_rates == pytest.approx([1.0, 0.6, 0.4])
    assert sample.shares == pytest.approx([0.5, 0.3, 0.2])


def test_rates_of_nobody_are_undefined():
    assert np.isnan(Sample(counts=np.zeros(2), num_respondents=0).mention_rates).all()


def test_different_options_are_refused():
    with pytest.raises(ValueError, match="same options"):
        kl_divergence(np.array([0.5, 0.5]), np.array([0.5, 0.3, 0.2]))
    with pytest.raises(ValueError, match="same options"):
        mention_rate_difference(np.array([0.5, 0.5]), np.array([0.5, 0.3, 0.2]))


@pytest.mark.parametrize("shares", [[10.0, 6.0], [0.5, 0.4], [1.5, -0.5]])
def test_counts_are_refused_where_shares_are_expected(shares):
    with pytest.raises(ValueError, match="sum to 1"):
        js_divergence(np.array(shares), np.array([0.5, 0.5]))

"""Standard errors from a sample's design, by hand and by the estimator's definition."""

import math

import numpy as np
import pytest

from def_sim.metrics.design import (
    SampleDesign,
    design_effect_of_shares,
    design_effects,
    effective_people,
    share_variances,
)


def a_sample(seed: int, num_people: int = 120) -> tuple[np.ndarray, ...]:
    """Strata, clusters, weights, what people chose of three options, and who is in a group."""
    rng = np.random.default_rng(seed)
    strata, clusters = rng.integers(rng.integers(1, 5), size=num_people), rng.integers(8, size=num_people)
    weights, choices = rng.uniform(0.3, 3, num_people), rng.integers(3, size=num_people)
    return strata, clusters, weights, choices[:, None] == np.arange(3), rng.random(num_people) < 0.5


def by_definition(strata: np.ndarray, clusters: np.ndarray, weights: np.ndarray, is_one: np.ndarray) -> float:
    """Sum over strata of c / (c - 1) times the squared deviations of the totals of c clusters."""
    share = sum(w for w, one in zip(weights, is_one, strict=True) if one) / sum(weights)
    z = [w * (one - share) / sum(weights) for w, one in zip(weights, is_one, strict=True)]
    variance = 0.0
    for stratum in set(strata):
        within = [person for person in range(len(z)) if strata[person] == stratum]
        names = {clusters[person] for person in within}
        totals = [sum(z[person] for person in within if clusters[person] == name) for name in names]
        mean = sum(totals) / len(totals)
        variance += len(totals) / (len(totals) - 1) * sum((total - mean) ** 2 for total in totals)
    return variance


@pytest.mark.parametrize("seed", range(5))
def test_variances_are_those_of_the_definition(seed: int) -> None:
    strata, clusters, weights, chosen, _ = a_sample(seed)
    design = SampleDesign.of(strata, clusters, num_people=len(weights))
    expected = [by_definition(strata, clusters, weights, column) for column in chosen.T]
    assert share_variances(chosen, weights, design) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_a_group_is_a_domain_others_keep_their_clusters_with_a_weight_of_0(seed: int) -> None:
    strata, clusters, weights, chosen, is_in = a_sample(seed)
    of_group = np.where(is_in, weights, 0.0)
    design = SampleDesign.of(strata, clusters, num_people=len(weights))
    expected = [by_definition(strata, clusters, of_group, column) for column in chosen.T]
    assert share_variances(chosen, of_group, design) == pytest.approx(expected, rel=1e-10)


def test_people_drawn_alone_and_equal_have_the_variance_of_a_simple_random_sample() -> None:
    # 3 of 10: p (1 - p) / (n - 1)
    chosen = (np.arange(10) < 3)[:, None]
    design = SampleDesign.of(None, None, num_people=10)
    assert share_variances(chosen, np.ones(10), design) == pytest.approx([0.3 * 0.7 / 9])


def test_clusters_of_people_who_all_answer_alike_count_as_one_person_each() -> None:
    clusters = np.repeat(np.arange(10), 4)
    chosen = (clusters < 3)[:, None]
    design = SampleDesign.of(None, clusters, num_people=40)
    variances = share_variances(chosen, np.ones(40), design)
    assert variances == pytest.approx([0.3 * 0.7 / 9])
    # 40 people tell as much as 9 without the 10th degree of freedom: 40 / 9.
    assert design_effects(np.array([0.3]), variances, 40) == pytest.approx([40 / 9])


def test_the_same_mark_in_two_strata_is_two_clusters() -> None:
    design = SampleDesign.of(np.array(["a", "a", "b", "b"]), np.array([1, 2, 1, 2]), num_people=4)
    assert len(design.stratum_of) == 4
    assert design.num_clusters(np.array([1.0, 1.0, 1.0, 0.0])) == 3


def test_a_lone_cluster_is_taken_from_the_mean_of_all_clusters() -> None:
    # Sums of clusters: 1, 3 in one stratum (mean 2), 8 alone; the mean of all is 4.
    design = SampleDesign.of(np.array([0, 0, 1]), np.array([0, 1, 2]), num_people=3)
    assert design.num_lone_clusters == 1
    assert design.variances(np.array([[1.0], [3.0], [8.0]])) == pytest.approx([2 * (1 + 1) + 16])


def test_the_design_effect_of_a_question_is_the_mean_of_what_chi_square_is_corrected_by() -> None:
    # d = 2 and 4 and 3; (1 - p) d: 1.0 + 2.8 + 2.4 = 6.2, over K - 1 = 2.
    shares, num_people = np.array([0.5, 0.3, 0.2, 0.0]), 50
    variances = np.array([2.0, 4.0, 3.0, 0.0]) * shares * (1 - shares) / num_people
    assert design_effect_of_shares(shares, variances, num_people) == pytest.approx(3.1)


def test_of_two_options_both_have_the_same_design_effect_and_it_is_the_questions() -> None:
    shares = np.array([0.9, 0.1])
    variances = np.full(2, 2.5 * 0.09 / 80)
    assert design_effect_of_shares(shares, variances, 80) == pytest.approx(2.5)


def test_a_question_to_which_all_gave_the_same_answer_has_no_design_effect() -> None:
    assert math.isnan(design_effect_of_shares(np.array([1.0, 0.0]), np.zeros(2), 30))


def test_shares_of_nobody_have_no_variance() -> None:
    design = SampleDesign.of(None, None, num_people=2)
    assert np.isnan(share_variances(np.ones((2, 1), dtype=bool), np.zeros(2), design)).all()


def test_effective_people_are_kishs() -> None:
    assert effective_people(np.array([1.0, 1.0, 2.0])) == pytest.approx(16 / 6)
    assert effective_people(np.zeros(3)) == 0.0

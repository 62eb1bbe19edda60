"""Distances of halves of people: by hand, and those of drawn halves where people answer on their own."""

import numpy as np
import pytest

from def_sim.metrics.halves import distances_of_halves, expected_distances, split_clusters
from def_sim.metrics.item_metrics import ItemForm

ORDERED = ItemForm(is_ordered=True)


def test_each_half_has_half_of_the_clusters() -> None:
    first = split_clusters(7, np.random.default_rng(1), num_splits=50)
    assert first.shape == (50, 7)
    assert (first.sum(axis=1) == 3).all()
    assert (first.mean(axis=0) > 0).all()  # none is always in the same half


def test_halves_that_answer_the_opposite_are_as_far_apart_as_can_be() -> None:
    # Two clusters of three options: all at the first, all at the last.
    mentions = np.array([[4.0, 0, 0], [0, 0, 6.0]])
    bases = np.repeat(mentions.sum(axis=1, keepdims=True), 3, axis=1)
    found = distances_of_halves(mentions, bases, np.array([[1.0, 0.0], [0.0, 1.0]]), ORDERED)
    assert found == pytest.approx({"js_divergence": 1, "total_variation": 1, "wasserstein": 1})


def test_options_of_a_battery_have_bases_of_their_own() -> None:
    # 2 of 4 and 1 of 2 mention it in one half, 1 of 2 and 2 of 4 in the other: the same rates.
    mentions, bases = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[4.0, 2.0], [2.0, 4.0]])
    form = ItemForm(is_multiple=True, max_choices=2)
    found = distances_of_halves(mentions, bases, np.array([[1.0, 0.0]]), form)
    assert found["total_variation"] == pytest.approx(0)
    assert np.isnan(found["wasserstein"])


def test_people_who_answer_on_their_own_are_as_far_apart_as_drawn_halves() -> None:
    rng = np.random.default_rng(3)
    shares = np.array([0.2, 0.3, 0.5])
    ratios = []
    for _ in range(20):
        chosen = np.eye(3)[rng.choice(3, 400, p=shares)]
        first = split_clusters(400, rng)
        found = distances_of_halves(chosen, np.ones_like(chosen), first, ORDERED)
        expected = expected_distances(chosen.mean(axis=0), 400, rng, ORDERED)
        ratios.append([found[name] / expected[name] for name in found])
    assert np.mean(ratios, axis=0) == pytest.approx([1, 1, 1], abs=0.1)


def test_clusters_that_answer_alike_are_further_apart_than_drawn_halves() -> None:
    rng = np.random.default_rng(4)
    chosen = np.eye(2)[rng.choice(2, 40)] * 10  # ten people a cluster, all of one mind
    first = split_clusters(40, rng)
    form = ItemForm()
    found = distances_of_halves(chosen, np.full((40, 2), 10.0), first, form)
    expected = expected_distances(chosen.sum(axis=0) / 400, 400, rng, form)
    # Ten times the variance: ten times the divergence, about.
    assert 5 < found["js_divergence"] / expected["js_divergence"] < 20

"""Variety within groups and distance between them, held against all pairs of respondents."""

from itertools import permutations

import numpy as np
import pytest

from def_sim.metrics.group_spread import GroupSpread, group_spread

RNG = np.random.default_rng(8)


def one_hot(positions: np.ndarray, num_options: int) -> np.ndarray:
    return positions[..., None] == np.arange(num_options)


def spread(positions: np.ndarray, groups: np.ndarray, shares: np.ndarray, **more: object) -> GroupSpread:
    num_people = np.full(shares.shape[:2], 500.0)
    chosen = one_hot(positions, shares.shape[-1])
    return group_spread(chosen, groups, shares, num_people, np.random.default_rng(1), **more)  # type: ignore[arg-type]


def test_both_parts_are_what_pairs_of_respondents_say() -> None:
    groups = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    positions = RNG.integers(0, 3, size=(9, 4))
    found = spread(positions, groups, np.full((3, 4, 3), 1 / 3), num_draws=9).panel
    weights = np.array([3, 2, 4]) / 9

    def differ(first: int, second: int, item: int) -> float:
        """Probability that two different respondents, one of each group, differ."""
        pairs = [(i, j) for i, j in permutations(range(9), 2) if (groups[i], groups[j]) == (first, second)]
        return float(np.mean([positions[i, item] != positions[j, item] for i, j in pairs]))

    within = np.mean([sum(weights[g] * differ(g, g, item) for g in range(3)) for item in range(4)])
    whole = np.mean(
        [
            sum(weights[g] * weights[h] * differ(g, h, item) for g in range(3) for h in range(3))
            for item in range(4)
        ]
    )
    assert found.within == pytest.approx(within)
    assert found.between == pytest.approx(whole - within)


def test_the_distance_between_groups_is_right_on_average_however_small_they_are() -> None:
    shares = np.array([[[0.7, 0.2, 0.1]], [[0.3, 0.3, 0.4]]])
    groups = np.array([0, 0, 0, 1, 1, 1])
    middle = shares.mean(axis=0)
    truth = float(((shares - middle) ** 2).sum(axis=-1).mean())  # .5 * (.2^2 + .05^2 + .15^2) * 2
    rng, found = np.random.default_rng(3), []
    for _ in range(3000):
        drawn = np.array([[rng.choice(3, p=shares[group, 0])] for group in groups])
        found.append(spread(drawn, groups, shares, num_draws=1).panel.between)
    # Standard deviation of one panel about .18, of the mean .0033.
    assert np.mean(found) == pytest.approx(truth, abs=0.012)


def test_a_caricature_is_flattened_and_stereotyped() -> None:
    groups = np.arange(24) % 6
    positions = np.repeat(groups[:, None] % 4, 10, axis=1)
    found = spread(positions, groups, np.full((6, 10, 4), 0.25))
    assert found.panel.within == 0.0
    assert found.is_flattened
    assert found.is_stereotyped
    assert not found.is_blurred
    assert found.panel.share_between == pytest.approx(1.0)


def test_a_panel_of_one_answer_is_flattened_and_not_stereotyped() -> None:
    groups = np.arange(24) % 6
    found = spread(np.zeros((24, 10), dtype=int), groups, np.full((6, 10, 4), 0.25))
    assert found.is_flattened
    assert not found.is_stereotyped
    assert found.p_value == 1.0
    assert np.isnan(found.panel.share_between)


def test_a_group_with_one_member_or_without_people_is_left_out_on_both_sides() -> None:
    shares = np.array([[[0.5, 0.5]], [[0.9, 0.1]], [[0.1, 0.9]], [[0.2, 0.8]]])
    groups = np.array([0, 0, 1, 1, 2, 3, 3])  # one member of group 2
    positions = np.array([[0], [1], [0], [0], [1], [1], [1]])
    unknown = shares.copy()
    unknown[3] = np.nan
    found = spread(positions, groups, unknown, num_draws=9)
    only_two = spread(positions[:4], groups[:4], shares[:2], num_draws=9)
    assert found.panel == only_two.panel
    assert found.people == only_two.people


def test_without_two_groups_of_two_members_there_is_no_number() -> None:
    found = spread(np.array([[0], [1]]), np.array([0, 1]), np.full((2, 1, 2), 0.5), num_draws=9)
    assert found.panel.num_items == 0
    assert np.isnan([found.panel.within, found.panel.between, found.p_value, *found.within]).all()
    assert not any((found.is_flattened, found.is_stereotyped, found.is_blurred))

"""Variety within groups and distance between them, free of chance: flattening and stereotyping.

Answers to one item are indicator variables, one an option. Their variance has a part within groups, the
probability that two members of one group give different answers, and a part between groups: how much
more often two people of the whole do. Of small groups the plug-in part between is too large by chance;
that is subtracted exactly, so that panels of any size stand beside people. Respondents are independent of
each other, their answers are not: intervals leave out respondents, the test hands out groups anew.

Source: Light, Margolin 1971, An analysis of variance for categorical data, JASA 66; the subtraction is
that of the analysis of variance.

Letters: K options (the most of any item; 0 beyond an item's own), Q items, N respondents, C groups that do
not overlap, B draws.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.sample import Array

FEWEST_MEMBERS: Final = 2  # of a group on an item: one member has no variety
NUM_PERMUTATIONS: Final = 499
_ROUNDING: Final = 1e-12  # sums that differ by less are the same sum added in another order


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean over items of both parts; NaN where no item has two groups with two members each."""

    within: float  # in [0, 1]
    between: float  # in [-1, 1]; about 0 of groups that do not differ, by chance also below it
    num_items: int

    @property
    def share_between(self) -> float:
        """Part of all variety that lies between groups; NaN without any variety."""
        total = self.within + self.between
        return self.between / total if total > _ROUNDING else float("nan")


@dataclass(frozen=True, slots=True)
class GroupSpread:
    """A panel's spread beside people's, on the same items, groups and weights of groups."""

    panel: Spread
    people: Spread
    within: tuple[float, float]  # 95 % intervals of the panel's
    between: tuple[float, float]
    p_value: float  # of a panel whose groups do not differ at all: one-sided, in (0, 1]

    @property
    def is_flattened(self) -> bool:
        """Whether members of a group are more alike than people's, beyond chance."""
        return self.within[1] < self.people.within

    @property
    def is_stereotyped(self) -> bool:
        """Whether groups lie farther apart than people's, beyond chance."""
        return self.between[0] > self.people.between and self.p_value < 0.05

    @property
    def is_blurred(self) -> bool:
        """Whether groups lie closer together than people's, beyond chance."""
        return self.between[1] < self.people.between


def group_spread(
    chosen: NDArray[np.bool_],
    groups: NDArray[np.integer],
    people_shares: Array,
    num_people: Array,
    rng: np.random.Generator,
    *,
    num_draws: int = NUM_PERMUTATIONS,
) -> GroupSpread:
    """Both parts of a panel and of people.

    Args:
        chosen: Which option each respondent chose, shape (N, Q, K); none where there is no answer.
        groups: Group of each respondent, 0..C-1, shape (N,).
        people_shares: Weighted shares of people, shape (C, Q, K); NaN where a group's are not known: it is
            left out of that item on both sides.
        num_people: (Effective) number of people behind them, shape (C, Q).
        rng: Generator of the exchanged respondents.
        num_draws: B.

    Returns:
        Groups weigh as they do in the panel, on both sides.
    """
    num_groups = len(people_shares)
    weights = np.bincount(groups, minlength=num_groups) / max(len(groups), 1)
    counts = _counts(chosen, groups, num_groups)
    is_known = np.isfinite(people_shares).all(axis=-1) & (num_people >= FEWEST_MEMBERS)
    is_used = is_known & (counts.sum(axis=-1) >= FEWEST_MEMBERS)
    panel = _spread(counts, is_used, weights)
    people = _spread(np.nan_to_num(people_shares) * num_people[..., None], is_used, weights)
    left_out = [_without(counts, chosen[i], groups[i], is_known, weights) for i in range(len(groups))]
    return GroupSpread(
        panel,
        people,
        _interval(panel.within, [one.within for one in left_out]),
        _interval(panel.between, [one.between for one in left_out]),
        _p_value(chosen, groups, is_known, weights, panel.between, rng, num_draws),
    )


def _interval(value: float, left_out: Sequence[float]) -> tuple[float, float]:
    """No width where nobody changes anything: whether such a caricature is chance says the p-value."""
    without = np.array(left_out)
    is_alike = without.size > 1 and bool((np.abs(without - value) < _ROUNDING).all())
    return (value, value) if is_alike else jackknife_interval(value, without)


def _counts(chosen: NDArray[np.bool_], groups: NDArray[np.integer], num_groups: int) -> Array:
    """Answers by group, shape (C, Q, K)."""
    is_member = (groups == np.arange(num_groups)[:, None]).astype(np.float32)
    flat = is_member @ chosen.reshape(len(groups), math.prod(chosen.shape[1:])).astype(
        np.float32
    )  # exact: whole numbers below 2**24
    return np.asarray(flat.reshape(num_groups, *chosen.shape[1:]), dtype=np.float64)


def _without(
    counts: Array, answers: NDArray[np.bool_], group: int, is_known: NDArray[np.bool_], weights: Array
) -> Spread:
    """The panel's spread without one respondent."""
    fewer = counts.copy()
    fewer[group] -= answers
    return _spread(fewer, is_known & (fewer.sum(axis=-1) >= FEWEST_MEMBERS), weights)


def _spread(counts: Array, is_used: NDArray[np.bool_], weights: Array) -> Spread:
    """Both parts from counts, shape (C, Q, K), over the groups of each item that are used, shape (C, Q)."""
    of_items = is_used.sum(axis=0) >= 2
    if not of_items.any():
        return Spread(float("nan"), float("nan"), 0)
    used, counts = is_used[:, of_items], counts[:, of_items]
    num = np.where(used, counts.sum(axis=-1), FEWEST_MEMBERS)  # (C, Q)
    shares = np.where(used[..., None], counts / num[..., None], 0.0)
    weight = np.where(used, weights[:, None], 0.0)
    weight = weight / weight.sum(axis=0)
    variance = num / (num - 1) * (1 - (shares**2).sum(axis=-1))
    whole = (weight[..., None] * shares).sum(axis=0)
    apart = (weight * ((shares - whole) ** 2).sum(axis=-1)).sum(axis=0)
    chance = (weight * (1 - weight) * variance / num).sum(axis=0)
    within = (weight * variance).sum(axis=0)
    return Spread(float(within.mean()), float((apart - chance).mean()), int(of_items.sum()))


def _p_value(
    chosen: NDArray[np.bool_],
    groups: NDArray[np.integer],
    is_known: NDArray[np.bool_],
    weights: Array,
    found: float,
    rng: np.random.Generator,
    num_draws: int,
) -> float:
    """Share of panels with exchanged respondents whose groups lie at least as far apart."""
    if np.isnan(found):
        return float("nan")
    num_extreme = 0
    for _ in range(num_draws):
        counts = _counts(chosen, rng.permutation(groups), len(weights))
        is_used = is_known & (counts.sum(axis=-1) >= FEWEST_MEMBERS)
        # Not below: a draw without any item says nothing against chance.
        num_extreme += not _spread(counts, is_used, weights).between < found - _ROUNDING
    return (num_extreme + 1) / (num_draws + 1)

"""Whose answers a panel gives: whether they are more frequent in one group of people than in all.

Counting heads, as published, mostly finds the largest group. Lift compares shares instead, and the gap
says whether the whole panel is nearer to a group than to everyone. Neither has a test: what chance gives
them depends on how one person's answers hang together (`group_lean` is tested).
See docs/concepts/countries_and_groups.md.

Letters: K options, Q items, G groups, B draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.item_metrics import ItemForm, ItemMetric
from def_sim.metrics.noise_floor import NUM_DRAWS, draw_samples, expected_score
from def_sim.metrics.preference_bias import modal_options
from def_sim.metrics.sample import Array, Sample, normalise


def modal_share(panel: Array, people: Array) -> Array:
    """Share of people who give the panel's most frequent answer; after a tie the mean over the tied.

    Args:
        panel: Counts of one panel or of drawn ones, shape (..., K).
        people: Weighted shares of G groups of people, shape (G, K).

    Returns:
        Shape (..., G), in [0, 1]; NaN if the panel chose nothing, and for a group whose shares are NaN.
    """
    weights = normalise(modal_options(panel).astype(np.float64))
    return np.asarray(weights @ np.asarray(people, dtype=np.float64).T)


def expected_modal_share(
    people: Array,
    rates: Array,
    num_respondents: float,
    rng: np.random.Generator,
    *,
    form: ItemForm,
    num_draws: int = NUM_DRAWS,
) -> Array:
    """The same for a panel of N people drawn from everyone: where a panel without any tilt stands.

    It is not the group's mean: groups whose people agree more give any frequent answer more often.

    Args:
        people: Weighted shares of G groups, shape (G, K).
        rates: Shares of everyone, shape (K,).
        num_respondents: N of the panel.
        rng: Generator of this item.
        form: Of the item.
        num_draws: B.

    Returns:
        Shape (G,).
    """
    drawn = draw_samples(rates, num_respondents, rng, form=form, num_draws=num_draws)
    shares = modal_share(drawn.counts, people)  # (B, G)
    return np.array([expected_score(of_group) for of_group in shares.T])


def option_lift(group_share: Array, total_share: Array) -> Array:
    """P(option | group) / P(option): 1 if the group chooses it as often as everyone.

    Returns:
        In [0, inf), broadcast; NaN where nobody at all chose it.
    """
    total = np.asarray(total_share, dtype=np.float64)
    lift: Array = np.asarray(group_share, dtype=np.float64) / np.where(total > 0, total, np.nan)
    return lift


@dataclass(frozen=True, slots=True)
class Tilt:
    """How a panel's most frequent answers lean towards groups of people, over all items; shapes (G,)."""

    lift: Array  # mean share in the group / mean share in all; 1: as frequent in the group as in all
    floor_lift: Array  # the same for a panel of people drawn from everyone; its distance from 1 is no tilt
    difference: Array  # share in the group minus share in all, minus the same of the floor; in [-2, 2]
    num_items: Array  # items with figures for the group


def group_tilt(
    groups: Array,
    everyone: Array,
    *,
    floor_groups: Array | None = None,
    floor_everyone: Array | None = None,
) -> Tilt:
    """Tilt of a panel's most frequent answers towards each group.

    Args:
        groups: Share of each group that gives the panel's most frequent answer, shape (Q, G), from
            `modal_share`; NaN where an item has no figures for the group.
        everyone: The same of everyone, shape (Q,).
        floor_groups: Expected for a panel drawn from everyone, shape (Q, G), from `expected_modal_share`;
            None: the groups are known to agree alike, and the floor is everyone's share.
        floor_everyone: The same of everyone, shape (Q,).

    Returns:
        NaN for a group without any item.
    """
    found = np.asarray(groups, dtype=np.float64)
    whole = np.broadcast_to(np.asarray(everyone, dtype=np.float64)[:, None], found.shape)
    floor_whole = whole if floor_everyone is None else np.broadcast_to(floor_everyone[:, None], found.shape)
    floor = floor_whole if floor_groups is None else np.asarray(floor_groups, dtype=np.float64)
    is_known = np.isfinite(found) & np.isfinite(whole) & np.isfinite(floor) & np.isfinite(floor_whole)
    num_items = is_known.sum(axis=0)
    differences = np.where(is_known, (found - whole) - (floor - floor_whole), 0.0)
    return Tilt(
        lift=_lift(found, whole, is_known),
        floor_lift=_lift(floor, floor_whole, is_known),
        difference=differences.sum(axis=0) / np.where(num_items > 0, num_items, np.nan),
        num_items=num_items,
    )


def _lift(groups: Array, everyone: Array, is_known: NDArray[np.bool_]) -> Array:
    """Of mean shares: a mean of ratios would be ruled by the rarest options."""
    return option_lift(*(np.where(is_known, shares, 0.0).sum(axis=0) for shares in (groups, everyone)))


def divergence_gaps(
    panel: Sample, groups: Sequence[Sample], total: Sample, *, metric: ItemMetric, form: ItemForm
) -> Array:
    """Divergence of the panel from each group minus that from everyone, on one item.

    Args:
        panel: The panel's answers.
        groups: People of each group, G of them (`Sample.of_people`).
        total: Everyone.
        metric: Which divergence; the gap has its unit.
        form: Of the item.

    Returns:
        Shape (G,); negative: nearer to the group than to everyone. A group's figures come from fewer
        people and their noise adds to the gap: compare with `expected_gap`.
    """
    whole = float(metric(panel, total, form))
    return np.array([float(metric(panel, group, form)) - whole for group in groups])


def expected_gap(
    panel: Sample,
    total: Sample,
    num_people: float,
    rng: np.random.Generator,
    *,
    metric: ItemMetric,
    form: ItemForm,
    num_draws: int = NUM_DRAWS,
) -> float:
    """The gap to expect of a group that is no group: people drawn at random from everyone.

    Args:
        panel: The panel's answers.
        total: Everyone.
        num_people: How many; of a group that is a part of everyone `people_groups.independent_people`.
        rng: Generator of this item, group and purpose.
        metric: Which divergence.
        form: Of the item.
        num_draws: B.
    """
    drawn = draw_samples(total.mention_rates, num_people, rng, form=form, num_draws=num_draws)
    return expected_score(metric(panel, drawn, form)) - float(metric(panel, total, form))

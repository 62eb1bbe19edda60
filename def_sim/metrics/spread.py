"""Whether respondents differ from each other as people do: variance between them, and duplicates.

Letters: K options, Q items, N respondents, B draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from def_sim.metrics.choice_array import Choices, checked_choices, checked_shares, shuffle_people
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.sample import Array

NUM_DRAWS: Final = 20
NEAR: Final = 0.95  # share of equal answers from which two respondents count as near-identical
MIN_COMMON: Final = 10  # items that both must have answered, or the two are not compared
_AT_ONCE: Final = 2000  # respondents whose pairs are in memory together


@dataclass(frozen=True, slots=True)
class VarianceRatio:
    """Variance between respondents over variance between people. NaN with a reason if unknown."""

    value: float  # of the sums over items: 1 as people, below 1 too alike, above 1 too far apart
    low: float  # 95 % interval, jackknife over respondents
    high: float
    by_item: Array  # shape (Q,); NaN where undefined
    num_items: int
    num_left_out: int  # fewer than two answers, people's shares unknown, or people all alike
    reason: str = ""


def variance_ratio(
    choices: ArrayLike, num_options: Sequence[int], human_shares: Sequence[ArrayLike | None]
) -> VarianceRatio:
    """How far respondents are apart on ordered items, relative to people.

    On the positions of the options, each scale stretched to [0, 1]. The panel's variance is the unbiased
    one, so the ratio does not depend on N; people's follows from their shares.

    Args:
        choices: Of ordered items, or of items with two options; shape (N, Q), see `choice_array`.
        num_options: K of each item, length Q.
        human_shares: People's shares per item, shape (K,); None where unknown.
    """
    array = checked_choices(choices, num_options)
    shares = checked_shares(human_shares, num_options)
    stretch = (np.asarray(num_options, dtype=np.float64) - 1) ** 2
    has = (array >= 0).astype(np.float64)
    values = np.where(array >= 0, array, 0).astype(np.float64)  # (N, Q)
    people = np.array([np.nan if one is None else _variance(one) for one in shares])
    n, total, squares = has.sum(axis=0), values.sum(axis=0), (values**2).sum(axis=0)
    panel = _sample_variance(n, total, squares) / stretch
    is_known = ~np.isnan(panel) & (people > 0)  # NaN > 0 is False
    by_item = np.where(is_known, panel, np.nan) / np.where(is_known, people, np.nan)
    num_items = int(is_known.sum())
    if num_items == 0:
        nan, why = float("nan"), "No item has both two answers and people who differ."
        return VarianceRatio(nan, nan, nan, by_item, 0, len(num_options), why)
    goal = people[is_known].sum()
    value = float(panel[is_known].sum() / goal)
    # (N, Q): each respondent left out in turn.
    without = _sample_variance(n - has, total - values, squares - values**2) / stretch
    low, high = jackknife_interval(value, without[:, is_known].sum(axis=1) / goal)
    why = "" if not np.isnan(low) else "An item with two answers has no variance without one of them."
    if value == 0:  # an interval from 0 to 0 would say more than such a panel does
        low, high, why = float("nan"), float("nan"), "All respondents are alike in this: no interval."
    return VarianceRatio(value, low, high, by_item, num_items, len(num_options) - num_items, why)


def _variance(shares: Array) -> float:
    """Of the answers of people, on positions stretched to [0, 1]."""
    places = np.linspace(0, 1, shares.size)
    return float(shares @ places**2 - (shares @ places) ** 2)


def _sample_variance(n: Array, total: Array, squares: Array) -> Array:
    """Unbiased variance from sums of whole numbers; NaN for fewer than two answers."""
    enough = np.where(n > 1, n, np.nan)
    spread: Array = (n * squares - total**2) / (enough * (enough - 1))
    return spread


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Pairs of respondents who answer alike. NaN with a reason if no pair can be compared."""

    identical_share: float  # of pairs that agree on every item both answered
    near_share: float  # of pairs that agree on at least NEAR of them
    mean_agreement: float  # share of equal answers, averaged over pairs
    identical_expected: float  # if every item's answers had been handed out at random
    near_expected: float
    people_agreement: float  # two people, items independent; over items with people's shares, NaN without
    people_near: float
    num_pairs: int
    num_left_out: int  # pairs with fewer than MIN_COMMON items in common
    reason: str = ""


def duplicate_respondents(
    choices: ArrayLike,
    num_options: Sequence[int],
    human_shares: Sequence[ArrayLike | None],
    *,
    rng: np.random.Generator,
    num_draws: int = NUM_DRAWS,
) -> Duplicates:
    """How many pairs of respondents gave (nearly) the same answers to everything.

    Args:
        choices: Shape (N, Q), see `choice_array`; any items with one choice.
        num_options: K of each item, length Q.
        human_shares: People's shares per item, shape (K,); None where unknown.
        rng: Generator of the shuffled panels.
        num_draws: B.

    Returns:
        `*_expected` is what the panel's shares alone bring about: a panel of one opinion is all duplicates
        without anybody having been copied. What people's shares bring about stands beside it.
    """
    array = checked_choices(choices, num_options)
    shares = [one for one in checked_shares(human_shares, num_options) if one is not None]
    pairs = _agreement(array)
    people = np.array([float(one @ one) for one in shares])
    people_near = _chance_of_near(people) if people.size >= MIN_COMMON else float("nan")
    people_agreement = float(people.mean()) if people.size else float("nan")
    if pairs.num == 0:
        nan, why = float("nan"), f"No two respondents answered {MIN_COMMON} items in common."
        return Duplicates(nan, nan, nan, nan, nan, people_agreement, people_near, 0, pairs.num_left_out, why)
    drawn = [_agreement(shuffle_people(array, rng)) for _ in range(num_draws)]
    return Duplicates(
        identical_share=pairs.num_identical / pairs.num,
        near_share=pairs.num_near / pairs.num,
        mean_agreement=pairs.total / pairs.num,
        identical_expected=float(np.mean([one.num_identical / one.num for one in drawn])),
        near_expected=float(np.mean([one.num_near / one.num for one in drawn])),
        people_agreement=people_agreement,
        people_near=people_near,
        num_pairs=pairs.num,
        num_left_out=pairs.num_left_out,
    )


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Of the pairs with enough items in common: how many, their shares of equal answers added up, ..."""

    num: int
    total: float
    num_near: int
    num_identical: int
    num_left_out: int  # pairs with too few


def _agreement(choices: Choices) -> _Pairs:
    """In blocks of respondents beside all later ones: of 50,000 all pairs at once would be 30 GB."""
    starts = range(0, len(choices), _AT_ONCE)
    blocks = [_agreement_of_block(choices[start:], min(_AT_ONCE, len(choices) - start)) for start in starts]
    return _Pairs(
        sum(one.num for one in blocks),
        sum(one.total for one in blocks),
        sum(one.num_near for one in blocks),
        sum(one.num_identical for one in blocks),
        sum(one.num_left_out for one in blocks),
    )


def _agreement_of_block(choices: Choices, size: int) -> _Pairs:
    """The first `size` respondents, each beside all who come after it."""
    has = (choices >= 0).astype(np.float32)  # whole numbers below 2^24 are exact
    equal = np.zeros((size, len(choices)), dtype=np.float32)
    for position in range(int(choices.max(initial=-1)) + 1):
        chose = (choices == position).astype(np.float32)
        equal += chose[:size] @ chose.T
    is_later = np.arange(len(choices)) > np.arange(size)[:, None]
    common = (has[:size] @ has.T)[is_later].astype(np.float64)
    enough = common >= MIN_COMMON
    shares = equal[is_later][enough] / common[enough]
    is_near, is_identical = (shares >= threshold - 1e-9 for threshold in (NEAR, 1.0))
    return _Pairs(
        shares.size, float(shares.sum()), int(is_near.sum()), int(is_identical.sum()), int((~enough).sum())
    )


def _chance_of_near(equal: Array) -> float:
    """Chance that two people agree on at least NEAR of independent items, `equal` being that on each."""
    chances = np.ones(1)  # of 0, 1, ... equal answers
    for chance in equal:
        chances = np.convolve(chances, [1 - chance, chance])
    return float(chances[int(np.ceil(NEAR * equal.size - 1e-9)) :].sum())

"""Whether the place of an option decides: order bias, from the orders that were shown.

Each item is compared with itself. If content alone decides, it does not matter which respondent saw
which order, so the chosen options and the shown orders may be joined at random; the average over all
such joinings is what each place can expect, and their spread is chance. This holds for any way of drawing
orders (shuffled, balanced, reversed scales). An item that everyone saw in one order cannot tell place
from content and is left out; one respondent alone cannot either.

Several choices to one item have no place here. Letters: K options, Q items, N respondents, B draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from def_sim.metrics.choice_array import Choices, checked_choices
from def_sim.metrics.sample import Array

NUM_DRAWS: Final = 499
FLAG_LEVEL: Final = 0.05

Orders = Sequence[Sequence[Sequence[int]]]  # N rows of Q orders, each a permutation of range(K)
Places = NDArray[np.int64]  # shape (n, K): where each option stood for each of n respondents

_ONE_ORDER: Final = (
    "Every item was shown in one order only, or to one respondent: place and content cannot be told apart."
)
_TOO_FEW: Final = "Too few answers: not even answers that all went to one place would stand out."


@dataclass(frozen=True, slots=True)
class PlaceProfile:
    """Answers by place over all items with the same number of options; arrays of shape (K,)."""

    num_options: int
    num_answers: int
    observed: Array  # share of answers that went to each place
    expected: Array  # the same if content alone decided
    low: Array  # 95 % of what content alone gives lies between these two
    high: Array


@dataclass(frozen=True, slots=True)
class PlaceBias:
    """How far places decide, over all items. NaN with a reason where that cannot be known."""

    index: float  # share of answers that would have to change place to be as content alone gives
    by_chance: float  # mean index if content alone decides: small panels are above 0
    by_chance_high: float  # 95 % of such panels lie below
    p_value: float
    debiased: float  # 0 on average if content alone decides, 1 - 1/K if everyone takes the first place
    first_excess: float  # share of answers at the first place beyond the expected; negative: avoided
    last_excess: float
    num_answers: int
    num_items: int  # that entered
    num_left_out: int  # shown in one order only, or without answers
    profiles: tuple[PlaceProfile, ...] = field(default=())
    reason: str = ""  # why there is no score; "" if there is one

    @property
    def is_flagged(self) -> bool:
        """Whether chance alone gives such an index in less than 5 % of panels."""
        return self.p_value < FLAG_LEVEL  # NaN: nothing is known, nothing is flagged


def position_bias(
    choices: ArrayLike,
    shown: Orders,
    num_options: Sequence[int],
    *,
    rng: np.random.Generator,
    num_draws: int = NUM_DRAWS,
) -> PlaceBias:
    """How far the place at which an option was displayed decides.

    Args:
        choices: Positions of the chosen options in the questionnaire's order, -1 without a valid answer,
            -2 if not asked; shape (N, Q).
        shown: The realised orders: shown[i][q][j] is the position of the option that respondent i saw at
            place j of item q. Read only where there is a valid answer.
        num_options: K of each item, length Q.
        rng: Generator of the random joinings.
        num_draws: B.

    Returns:
        With all answers at the first place of balanced orders: index 1 - 1/K. With K that differs, means over
        answers.

    Raises:
        ValueError: An order that does not hold each option once.
    """
    array = checked_choices(choices, num_options)
    items = [_item(array, shown, item, options) for item, options in enumerate(num_options)]
    return _bias(items, rng, num_draws)


_Item = tuple[NDArray[np.int64], Places]  # chosen options (n,), where each option stood (n, K)


def _item(choices: Choices, shown: Orders, item: int, num_options: int) -> _Item:
    """Valid answers to one item with the place of each option."""
    orders = _orders(choices, shown, item, num_options)
    return choices[choices[:, item] >= 0, item], np.argsort(orders, axis=1)


def _orders(choices: Choices, shown: Orders, item: int, num_options: int) -> Places:
    """What stood at each place for those who answered an item, shape (n, K), checked."""
    each_once, orders = list(range(num_options)), []
    for i in map(int, np.flatnonzero(choices[:, item] >= 0)):
        order = list(shown[i][item])
        if sorted(order) != each_once:
            raise ValueError(f"Respondent {i}, item {item}: expected each of {each_once}, found {order}.")
        orders.append(order)
    return np.array(orders, dtype=np.int64).reshape(len(orders), num_options)


def _bias(items: Sequence[_Item], rng: np.random.Generator, num_draws: int) -> PlaceBias:
    usable = [one for one in items if _has_several_orders(one[1])]
    num_left_out = len(items) - len(usable)
    if not usable:
        return _undefined(_ONE_ORDER, 0, num_left_out)
    pools = _pooled(usable, rng, num_draws)
    num_answers = sum(pool.num_answers for pool in pools)
    weights = np.array([pool.num_answers / num_answers for pool in pools])
    index = float(weights @ [_moved(pool.observed, pool.expected) for pool in pools])
    drawn: Array = weights @ np.array([_moved(pool.drawn, pool.expected) for pool in pools])  # (B,)
    # What answers that all went to the first place would score with the very orders that were shown.
    most = float(weights @ [_moved(pool.always_first, pool.always_first_expected) for pool in pools])
    goal = float(weights @ [1 - 1 / pool.num_options for pool in pools])
    by_chance = float(drawn.mean())
    if most <= by_chance:
        return _undefined(_TOO_FEW, len(usable), num_left_out)
    excess = weights @ np.array([_excess(pool) for pool in pools])  # (2,)
    return PlaceBias(
        index=index,
        by_chance=by_chance,
        by_chance_high=float(np.quantile(drawn, 0.95)),
        # The panel counts as one of the joinings, so that the test keeps its level exactly.
        p_value=float((1 + (drawn >= index - 1e-12).sum()) / (num_draws + 1)),
        debiased=goal * (index - by_chance) / (most - by_chance),
        first_excess=float(excess[0]),
        last_excess=float(excess[1]),
        num_answers=num_answers,
        num_items=len(usable),
        num_left_out=num_left_out,
        profiles=tuple(_profile(pool) for pool in pools),
    )


def _pooled(items: Sequence[_Item], rng: np.random.Generator, num_draws: int) -> "list[_Pool]":
    """Items with the same number of options together, fewest options first."""
    by_size: dict[int, _Pool] = {}
    for chosen, places in items:
        pool = by_size.setdefault(places.shape[1], _Pool(places.shape[1], num_draws))
        pool.add(chosen, places, rng)
    return [by_size[size] for size in sorted(by_size)]


def _undefined(reason: str, num_items: int, num_left_out: int) -> PlaceBias:
    nan = float("nan")
    return PlaceBias(nan, nan, nan, nan, nan, nan, nan, 0, num_items, num_left_out, reason=reason)


def _has_several_orders(places: Places) -> bool:
    return places.shape[0] > 1 and bool((places != places[0]).any())


class _Pool:
    """Counts of answers by place over all items with K options; shape (K,), of draws (B, K)."""

    def __init__(self, num_options: int, num_draws: int) -> None:
        self.num_options = num_options
        self.num_answers = 0
        self.observed, self.expected, self.always_first = (np.zeros(num_options) for _ in range(3))
        self.always_first_expected = np.zeros(num_options)
        self.drawn = np.zeros((num_draws, num_options))

    def add(self, chosen: NDArray[np.int64], places: Places, rng: np.random.Generator) -> None:
        n, k = places.shape
        flat = np.arange(k) * k + places  # option k at place j is k * K + j
        times = np.bincount(flat.ravel(), minlength=k * k).reshape(k, k)  # option, place
        self.num_answers += n
        self.observed += np.bincount(places[np.arange(n), chosen], minlength=k)
        self.expected += np.bincount(chosen, minlength=k) @ times / n
        self.always_first[0] += n
        self.always_first_expected += times[:, 0] @ times / n
        joined = rng.permuted(np.broadcast_to(chosen, (len(self.drawn), n)), axis=1)  # (B, n)
        at = places[np.arange(n), joined] + k * np.arange(len(self.drawn))[:, None]
        self.drawn += np.bincount(at.ravel(), minlength=self.drawn.size).reshape(self.drawn.shape)


def _moved(counts: Array, expected: Array) -> Array:
    """Share of answers, shape (...), by which counts by place, shape (..., K), differ from the expected."""
    moved: Array = np.abs(counts - expected).sum(axis=-1) / (2 * expected.sum())
    return moved


def _excess(pool: _Pool) -> Array:
    difference = pool.observed - pool.expected
    return np.array([difference[0], difference[-1]]) / pool.num_answers


def _profile(pool: _Pool) -> PlaceProfile:
    low, high = np.quantile(pool.drawn, [0.025, 0.975], axis=0) / pool.num_answers
    return PlaceProfile(
        num_options=pool.num_options,
        num_answers=pool.num_answers,
        observed=pool.observed / pool.num_answers,
        expected=pool.expected / pool.num_answers,
        low=low,
        high=high,
    )

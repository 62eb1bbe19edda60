"""Habits of answering that orders cannot show: how often the ends and the middle of scales are taken.

Scales are displayed in one order, so what a panel does with their ends is compared with what people do.
Differences of shares are unbiased at any N; the intervals take respondents as drawn at random and the
items and people's shares as given.

Letters: K options, Q items, N respondents.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from def_sim.metrics.choice_array import Choices, checked_choices, checked_shares
from def_sim.metrics.sample import Array

_FEWEST_RESPONDENTS: Final = 3  # two leave Student's interval wider than all that is possible
_NO_WIDTH: Final = 1e-9  # what rounding leaves where all are alike
_FEWEST_EVEN: Final = 6  # points of an even scale whose two inner ones count as its middle


def _low_end(num_options: int) -> list[int]:
    return [0]


def _high_end(num_options: int) -> list[int]:
    return [num_options - 1]


def _either_end(num_options: int) -> list[int]:
    return [0, num_options - 1]


def _middle(num_options: int) -> list[int]:
    half = num_options // 2
    if num_options % 2:
        return [half]
    return [half - 1, half] if num_options >= _FEWEST_EVEN else []


# A part of a scale -> the positions in it; empty where the scale has no such part.
SCALE_PARTS: Final[Mapping[str, Callable[[int], list[int]]]] = {
    "low end": _low_end,
    "high end": _high_end,
    "either end": _either_end,
    "middle": _middle,
}


@dataclass(frozen=True, slots=True)
class Tendency:
    """How often a part of the scales is chosen, beside people. NaN with a reason if unknown."""

    part: str  # see SCALE_PARTS
    panel: float  # share of answers, averaged over respondents
    people: float  # share that people have on the same items
    difference: float  # panel - people
    low: float  # 95 % interval of the difference, within -1 and 1; NaN with a reason
    high: float
    num_respondents: int
    num_items: int
    reason: str = ""


def scale_tendencies(
    choices: ArrayLike,
    num_options: Sequence[int],
    human_shares: Sequence[ArrayLike | None],
    weights: Array | None = None,
) -> tuple[Tendency, ...]:
    """Preference for the ends and the middle of scales, compared with people's.

    Args:
        choices: Of ordered items, positions in the order of the scale; shape (N, Q), see `choice_array`.
        num_options: K of each item, length Q.
        human_shares: People's shares per item, shape (K,); None where unknown: the item is left out.
        weights: Of the respondents, at least 0, shape (N,); None: all count alike.

    Returns:
        One tendency for each of SCALE_PARTS. The middle is one point of an odd scale, two of an even one with
        six or more, and absent from others.

    Raises:
        ValueError: Choices or shares that are none, or a weight below 0 or NaN.
    """
    array = checked_choices(choices, num_options)
    shares = checked_shares(human_shares, num_options)
    if weights is not None and not (weights >= 0).all():
        raise ValueError("Weights are numbers of at least 0.")
    return tuple(
        _tendency(part, array, [members(k) for k in num_options], shares, weights)
        for part, members in SCALE_PARTS.items()
    )


def _tendency(
    part: str,
    choices: Choices,
    members: Sequence[list[int]],
    shares: Sequence[Array | None],
    weights: Array | None,
) -> Tendency:
    pairs = list(enumerate(zip(members, shares, strict=True)))
    known = [(item, inside, one) for item, (inside, one) in pairs if inside and one is not None]
    items = [item for item, _, _ in known]
    answered = choices[:, items] >= 0  # (N, items)
    inside = [np.isin(choices[:, item], positions) for item, positions, _ in known]
    is_inside = np.array(inside, dtype=np.float64).reshape(len(known), len(choices)).T
    of_people = np.array([one[positions].sum() for _, positions, one in known])
    num_answers = answered.sum(axis=1)
    who = num_answers > 0 if weights is None else (num_answers > 0) & (weights > 0)
    if not who.any():
        nan = float("nan")
        return Tendency(part, nan, nan, nan, nan, nan, 0, len(items), "No answers to such items.")
    # One value a respondent: people are independent, one person's answers are not.
    panel = (is_inside * answered).sum(axis=1)[who] / num_answers[who]
    people = (of_people * answered).sum(axis=1)[who] / num_answers[who]
    own = None if weights is None else weights[who]
    low, high = _mean_interval(panel - people, own)
    reason = _why_no_interval(int(who.sum()), high - low)
    return Tendency(
        part=part,
        panel=_mean(panel, own),
        people=_mean(people, own),
        difference=_mean(panel - people, own),
        low=float("nan") if reason else max(low, -1.0),
        high=float("nan") if reason else min(high, 1.0),
        num_respondents=int(who.sum()),
        num_items=int((answered.any(axis=0)).sum()),
        reason=reason,
    )


def _why_no_interval(num_respondents: int, width: float) -> str:
    if num_respondents == 1:
        return "One respondent has no spread: no interval."
    if num_respondents < _FEWEST_RESPONDENTS:
        return "The spread of two respondents is unknown: no interval."
    return "" if width > _NO_WIDTH else "All respondents are alike in this: no interval."


def _mean(values: Array, weights: Array | None) -> float:
    return float(values.mean() if weights is None else np.average(values, weights=weights))


def _mean_interval(values: Array, weights: Array | None) -> tuple[float, float]:
    """Student's 95 % interval of a mean; weighted, to first order, with Kish's number of respondents."""
    num = values.size
    if num < 2:
        return float("nan"), float("nan")
    if weights is None:
        worth, error = float(num), float(values.std(ddof=1) / np.sqrt(num))
    else:
        shares = weights / weights.sum()
        spread = (shares**2 * (values - _mean(values, weights)) ** 2).sum()
        worth, error = float(1 / (shares**2).sum()), float(np.sqrt(num / (num - 1) * spread))
    half = float(student.ppf(0.975, max(worth - 1, 1)) * error)
    middle = _mean(values, weights)
    return middle - half, middle + half

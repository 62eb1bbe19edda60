"""How often a second choice names the first one again, with an interval that is clustered by respondent.

One respondent answers several such questions, and whoever repeats once tends to repeat always: N respondents
with F answers each know less than N F people would. Letters: N respondents, F follow-ups.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from def_sim.metrics.clustered_share import Z, independent_answers


@dataclass(frozen=True, slots=True)
class RepeatedChoice:
    """How often a second choice names the first one again. NaN if no second choice was read."""

    share: float  # of the answers, in [0, 1]
    low: float  # 95 % interval within [0, 1]
    high: float
    num_repeated: int
    num_answers: int
    num_respondents: int  # with at least one of these answers


def repeated_first_choice(first: ArrayLike, second: ArrayLike) -> RepeatedChoice:
    """Share of second choices that equal the first, which is no answer to what was asked.

    Wilson's interval of as many independent answers as these are worth (`clustered_share`).

    Args:
        first: Positions chosen in the first question, shape (N,) or (N, F).
        second: Positions chosen in the follow-up, same shape and positions. Pairs without both
            answers (-1, -2) are left out.

    Raises:
        ValueError: Shapes differ, or numbers are not whole.
    """
    one, two = _whole(first), _whole(second)
    if one.shape != two.shape:
        raise ValueError(f"First and second choices need the same shape; found {one.shape} and {two.shape}.")
    both: NDArray[np.bool_] = ((one >= 0) & (two >= 0)).reshape(len(one), math.prod(one.shape[1:]))
    is_repeated = both & (one == two).reshape(both.shape)
    answers = both.sum(axis=1)[both.any(axis=1)].astype(np.float64)  # of each respondent with any
    repeats = is_repeated.sum(axis=1)[both.any(axis=1)].astype(np.float64)
    if answers.size == 0:
        nan = float("nan")
        return RepeatedChoice(nan, nan, nan, 0, 0, 0)
    share = float(repeats.sum() / answers.sum())
    low, high = _wilson(share, independent_answers(repeats, answers))
    return RepeatedChoice(share, low, high, int(repeats.sum()), int(answers.sum()), answers.size)


def _whole(choices: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(choices)
    if not (np.isfinite(given) & (given == np.floor(given))).all():
        raise ValueError("Choices are positions of options: whole numbers, -1 or -2 without an answer.")
    return given.astype(np.int64)


def _wilson(share: float, worth: float) -> tuple[float, float]:
    centre = (share + Z**2 / (2 * worth)) / (1 + Z**2 / worth)
    half = Z / (1 + Z**2 / worth) * math.sqrt(share * (1 - share) / worth + Z**2 / (4 * worth**2))
    return max(0.0, centre - half), min(1.0, centre + half)

"""Answers to one item, as counts: of a panel, of people, or of many drawn panels at once.

Knows how counts become shares, with and without smoothing. Does not know whether a person could
choose one option or several: with one, mentions and respondents are the same number.

Letters: K options, B Monte Carlo draws.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PANEL_PSEUDO_COUNT: Final = 0.5  # respondents added in total to a panel
HUMAN_PSEUDO_COUNT: Final = 1.0  # people added in total to a reference
_FEW_OPTIONS: Final = 8  # from here on numpy adds in another order


def add_up(values: Array) -> Array:
    """Sum over the options, shape (..., K) to (...).

    Up to seven options are added one after the other: the same number to the last bit, several times
    faster for many short rows.
    """
    num_options = values.shape[-1]
    if not 0 < num_options < _FEW_OPTIONS:
        total: Array = values.sum(axis=-1)
        return total
    total = values[..., 0]
    for option in range(1, num_options):
        total = total + values[..., option]
    return total


def normalise(counts: Array) -> Array:
    """Shares of each option among all mentions.

    Args:
        counts: Counts or mention rates, >= 0, shape (..., K).

    Returns:
        Shares that sum to 1, same shape; NaN where nothing was mentioned at all.
    """
    counts = np.asarray(counts, dtype=np.float64)
    with np.errstate(invalid="ignore"):  # 0 / 0: nobody answered
        shares: Array = counts / add_up(counts)[..., None]
    return shares


def smoothed_shares(counts: Array, *, total: float = PANEL_PSEUDO_COUNT) -> Array:
    """Shares after adding `total` answers, spread evenly over the options.

    An option that nobody chose then costs much, but not infinitely much.

    Args:
        counts: Counts of mentions, shape (..., K).
        total: Answers added in total (alpha): each option gets total / K.

    Returns:
        Shares that sum to 1, same shape. NaN where nothing was mentioned: smoothing invents no answer.
    """
    counts = np.asarray(counts, dtype=np.float64)
    smoothed = normalise(counts + total / counts.shape[-1])
    return np.where(add_up(counts)[..., None] > 0, smoothed, np.nan)


@dataclass(frozen=True)
class Sample:
    """What a number of respondents chose, one sample or B drawn ones.

    `counts` are of mentions per option, shape (K,) or (B, K); for people they are weighted shares
    times the effective number of people, so they need not be whole numbers. The two numbers are one for
    all draws, or one for each, shape (B,): in a resampled panel the respondents who failed vary too.
    """

    counts: Array
    num_respondents: float | Array  # who gave a valid answer; a respondent may mention several options
    num_failed: float | Array = 0.0  # asked, but without a valid answer

    @cached_property  # every metric asks for them
    def shares(self) -> Array:
        """Share of each option among mentions, sums to 1; NaN if there are none."""
        return normalise(self.counts)

    @cached_property
    def smoothed_panel(self) -> Array:
        """Shares of a panel that took half a respondent more, spread over the options."""
        return smoothed_shares(self.counts, total=PANEL_PSEUDO_COUNT)

    @cached_property
    def smoothed_people(self) -> Array:
        """Shares of people who took one more."""
        return smoothed_shares(self.counts, total=HUMAN_PSEUDO_COUNT)

    @property
    def mention_rates(self) -> Array:
        """Share of respondents who mention each option; sums above 1 if several may be chosen."""
        base = np.asarray(self.num_respondents, dtype=np.float64)[..., None]
        return np.asarray(self.counts / np.where(base > 0, base, np.nan), dtype=np.float64)

    @classmethod
    def of_people(cls, mention_rates: Array, num_people: float) -> "Sample":
        """A human reference: weighted shares, shape (K,), and the (effective) number behind them."""
        return cls(
            counts=np.asarray(mention_rates, dtype=np.float64) * num_people, num_respondents=num_people
        )

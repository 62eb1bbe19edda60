"""Correlations between all pairs of items at once, over the respondents who answered both.

Sums are kept, not means, so that one respondent can be taken out again.

Letters: Q items, N respondents.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from def_sim.metrics.choice_array import Choices
from def_sim.metrics.sample import Array

_MIN_ANSWERS: Final = 3  # two points always lie on a line


@dataclass(frozen=True, slots=True)
class Correlations:
    """Pearson's r between items, shape (Q, Q); NaN where it cannot be known."""

    r: Array
    num_answers: Array  # respondents who answered both, shape (Q, Q)


@dataclass(frozen=True, slots=True)
class PairSums:
    """What Pearson's formula adds up over those who answered both items; shapes (Q, Q)."""

    n: Array
    x: Array  # of the row's item
    xx: Array
    xy: Array

    @classmethod
    def of_choices(cls, choices: Choices) -> "PairSums":
        """Of positions, shape (N, Q). Whole numbers, so that no variance is zero only almost."""
        has = choices >= 0
        return cls.of_values(np.where(has, choices, 0).astype(np.float64), has.astype(np.float64))

    @classmethod
    def of_values(cls, values: Array, has: Array) -> "PairSums":
        """Of values, 0 where there is none, and 1 or 0 for there being one; shapes (N, Q)."""
        return cls(has.T @ has, values.T @ has, (values * values).T @ has, values.T @ values)

    def without(self, row: Choices) -> "PairSums":
        """The sums without one respondent, whose answers have shape (Q,)."""
        one = PairSums.of_choices(row[None, :])
        return PairSums(self.n - one.n, self.x - one.x, self.xx - one.xx, self.xy - one.xy)

    def correlations(self) -> Correlations:
        """NaN for fewer than three respondents, and where all of them answered one item alike."""
        spread = self.n * self.xx - self.x**2  # n^2 times the variance of the row's item
        together = self.n * self.xy - self.x * self.x.T
        scale = np.sqrt(np.maximum(spread, 0) * np.maximum(spread.T, 0))
        r = np.full_like(scale, np.nan)
        np.divide(together, scale, out=r, where=(self.n >= _MIN_ANSWERS) & (scale > 0))
        return Correlations(np.clip(r, -1, 1), self.n)

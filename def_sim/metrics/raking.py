"""Raking: weights that bring a finished panel to given margins, and what weights cost.

Iterative proportional fitting: the weights of each category are scaled to its share, variable after
variable, until all fit. Of all weights with these margins they are the nearest to equal ones in
Kullback-Leibler divergence. Does not know what the variables are.

Letters: N respondents, V variables, C categories of a variable.

Sources: Deming & Stephan 1940, Annals of Mathematical Statistics 11 (the fitting); Kish 1965, Survey
Sampling (the effective number).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.design import effective_people
from def_sim.metrics.sample import Array

MOST_ROUNDS: Final = 10_000
TOLERANCE: Final = 1e-10  # of a share
_SAME: Final = 1e-9  # weights that differ by less are equal: their differences are rounding


@dataclass(frozen=True, slots=True)
class Margin:
    """The categories that respondents are of, by one variable, and the shares that these should have.

    `categories`, shape (N,): 0 to C - 1. `shares`, shape (C,): sum to 1.
    """

    categories: NDArray[np.int_]
    shares: Array


@dataclass(frozen=True, slots=True)
class Raked:
    """Weights with the mean 1, shape (N,), and by how much a share still misses its margin at most."""

    weights: Array
    largest_miss: float
    num_rounds: int

    @property
    def fits(self) -> bool:
        """Whether all margins are met. They are not where no weights can meet them together."""
        return self.largest_miss <= TOLERANCE


def rake(margins: Sequence[Margin]) -> Raked:
    """Fits weights to margins, beginning with equal ones.

    Args:
        margins: V of them, of the same respondents.

    Raises:
        ValueError: Shares that are negative or do not sum to 1, or a category with a share and nobody in it.
    """
    _check(margins)
    weights = np.ones(margins[0].categories.size)
    miss, rounds = _largest_miss(weights, margins), 0
    while miss > TOLERANCE and rounds < MOST_ROUNDS:
        for margin in margins:
            sums = _sums(weights, margin)
            factors = np.divide(margin.shares * weights.sum(), sums, out=np.zeros_like(sums), where=sums > 0)
            weights = weights * factors[margin.categories]
            if not weights.sum() > 0:  # the margins leave nobody: no weights can meet them
                return Raked(np.ones_like(weights), 1.0, rounds)
        miss, rounds = _largest_miss(weights, margins), rounds + 1
    return Raked(weights / weights.mean(), miss, rounds)


def kish_size(weights: Array) -> float:
    """How many equally weighted respondents know a mean as well: (sum w)^2 / sum w^2; 0 without weight.

    Raises:
        ValueError: A weight below 0 or NaN.
    """
    return effective_people(weights)


def are_equal(weights: Array) -> bool:
    """Whether all weights are the same, but for rounding."""
    return bool(np.ptp(weights) <= _SAME * np.abs(weights).max())


def _check(margins: Sequence[Margin]) -> None:
    for place, margin in enumerate(margins):
        if not (margin.shares >= 0).all() or abs(margin.shares.sum() - 1) > 1e-9:
            raise ValueError(f"Margin {place}: expected shares that sum to 1, found {margin.shares}.")
        counts = np.bincount(margin.categories, minlength=margin.shares.size)
        if ((counts == 0) & (margin.shares > 0)).any():
            raise ValueError(f"Margin {place}: a category has a share and nobody in it.")


def _sums(weights: Array, margin: Margin) -> Array:
    return np.bincount(margin.categories, weights, minlength=margin.shares.size).astype(np.float64)


def _largest_miss(weights: Array, margins: Sequence[Margin]) -> float:
    total = weights.sum()
    return max(float(np.abs(_sums(weights, margin) / total - margin.shares).max()) for margin in margins)

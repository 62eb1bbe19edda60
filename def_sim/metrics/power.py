"""How many respondents and items a study needs: for an interval's half-width, and to tell two models apart.

The mean score over Q items of N respondents varies because other items could have been asked, because every
item's score is noisy, and because respondents err on many items alike:

    variance = (between + within * n / N) / Q + shared * n / N

where the three variances were seen or assumed for panels of n respondents. Noise is taken to fall as 1/N,
which holds for scores well above the floor; near it noise falls faster, and the plan is on the safe side.
Items are taken as drawn from those that could have been asked.

Letters: Q items, N respondents.

Source: the usual two-way variance components; Cohen 1988, Statistical Power Analysis, for the difference.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import t as student

from def_sim.metrics.bootstrap import ScoreDraws

CONFIDENCE: Final = 0.95
MOST: Final = 1_000_000  # items or respondents: nobody can ask more


@dataclass(frozen=True, slots=True)
class Spread:
    """Variances of a score, for panels of `num_respondents`.

    `between`: of items' scores without noise. `within`: of one item's score, over panels, apart from what all
    items share. `shared`: of the mean of endlessly many items, over panels.
    """

    between: float
    within: float
    shared: float
    num_respondents: float

    def standard_error(self, num_items: float, num_respondents: float) -> float:
        """Of the mean score of Q items and N respondents."""
        shrink = self.num_respondents / num_respondents
        return math.sqrt((self.between + self.within * shrink) / num_items + self.shared * shrink)

    def of_difference(self, correlation: float) -> "Spread":
        """Of the difference between two models that answer the same items, each with noise of its own.

        Args:
            correlation: Of the two models' scores over the items, noise apart; 0 is the safe assumption.
        """
        return Spread(
            2 * (1 - correlation) * self.between, 2 * self.within, 2 * self.shared, self.num_respondents
        )


def spread_of(scores: ScoreDraws) -> Spread:
    """The spread of a finished panel's scores.

    Args:
        scores: Of at least two items with a score, from `bootstrap.score_draws`; items without one are left
            out.

    Raises:
        ValueError: Fewer than two items have a score.
    """
    is_defined = ~np.isnan(scores.values)
    num_items = int(is_defined.sum())
    if num_items < 2:
        raise ValueError(f"Expected at least two items with a score, found {num_items}.")
    contributions = scores.contributions[:, is_defined]
    within = float((contributions**2).sum(axis=0).mean())
    whole = float((contributions.mean(axis=1) ** 2).sum())
    # The mean's noise is each item's own, divided by Q, and what they share, (Q - 1)/Q of it.
    shared = max(0.0, (whole - within / num_items) * num_items / (num_items - 1))
    between = max(0.0, float(scores.values[is_defined].var(ddof=1)) - (within - shared))
    return Spread(between, max(0.0, within - shared), shared, scores.contributions.shape[0])


def half_width(spread: Spread, num_items: int, num_respondents: float) -> float:
    """Half of the 95 % interval of the mean score, by Student's quantile with Q - 1 degrees of freedom."""
    quantile = float(student.ppf((1 + CONFIDENCE) / 2, num_items - 1))
    return quantile * spread.standard_error(num_items, num_respondents)


def detectable(spread: Spread, num_items: int, num_respondents: float, chance: float) -> float:
    """The smallest true mean that a two-sided test at 5 % tells from 0 with this chance.

    Args:
        spread: Of the difference between two models, see `Spread.of_difference`.
        num_items: Q, at least 2.
        num_respondents: N of each model.
        chance: Of finding it, in (0.5, 1).
    """
    freedom = num_items - 1
    quantiles = float(student.ppf((1 + CONFIDENCE) / 2, freedom) + student.ppf(chance, freedom))
    return quantiles * spread.standard_error(num_items, num_respondents)


def items_needed(reached: Callable[[int], float], wanted: float) -> int | None:
    """Fewest items at which a width that falls with Q is at most `wanted`; None if no number is enough."""
    return _fewest(reached, wanted, least=2)


def respondents_needed(reached: Callable[[int], float], wanted: float) -> int | None:
    """Fewest respondents at which a width that falls with N is at most `wanted`; None if none are enough."""
    return _fewest(reached, wanted, least=1)


def _fewest(reached: Callable[[int], float], wanted: float, *, least: int) -> int | None:
    if reached(MOST) > wanted:
        return None
    low, high = least - 1, MOST  # reached(high) is enough; low is not, or is none
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) <= wanted else (middle, high)
    return high

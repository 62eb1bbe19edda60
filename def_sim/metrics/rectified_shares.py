"""Rectification: figures of a small human sample, drawn towards a panel's as far as the panel deserves.

Simulated respondents are not paired with sampled people, so on a single item the sample alone is the best
unbiased estimate: power tuning as in PPI++ gives the panel the weight 0. What can be used is that the same
panel answered many items: how far it was from people on the *other* items says how far to trust it on this
one. The estimate is panel + w (sample - panel), w = t / (t + s), where s is the variance of the sample and t
the mean squared error of the panel, both of the other items. Intervals hold for whatever distribution the
panel's errors have (`average_coverage`): the share of an item's intervals that cover, averaged over the items
of the questionnaire, is 95 %. For a single item on which the panel is unusually wrong it is less.

Shares are treated on the scale asin(sqrt(share)), on which the variance is 1/(4 n) whatever the share.

Letters: C estimates (a share of an option each, or a mean of an item each), Q items.

Sources: Angelopoulos et al. 2023, Science 382 (prediction-powered inference); Angelopoulos, Duchi & Zrnic
2023, arXiv 2311.01453 (power tuning); Morris 1983, JASA 78 (empirical Bayes intervals); Armstrong, Kolesár &
Plagborg-Møller 2022, Econometrica 90(6) (moments and intervals); Anscombe 1948, Biometrika 35 (the scale).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from def_sim.metrics.average_coverage import NORMAL_REACH, critical_value
from def_sim.metrics.sample import HUMAN_PSEUDO_COUNT, Array, smoothed_shares

FEWEST_PEOPLE: Final = 30  # behind an item
FEWEST_ITEMS: Final = 20  # other than the one that is estimated; by simulation: docs/concepts/calibration.md
CAUTION: Final = 1.0  # standard errors by which the panel is taken to be worse than the other items say
MOST_ERRORS_OFF: Final = 3.0  # a panel that is further off on an item is not believed there


@dataclass(frozen=True, slots=True)
class Combined:
    """Estimates on the scale on which they were combined, shape (C,) each.

    `sample_weight` is 1 where the panel has no part; `gain` is the factor by which a sample had to be larger
    to have such an interval alone, at least 1.
    """

    estimate: Array
    half_width: Array
    sample_weight: Array
    gain: Array


def stabilised(shares: Array, sizes: Array) -> Array:
    """Shares on the scale on which their variance is 1/(4 n): the arcsine of the root, after Anscombe.

    Args:
        shares: In [0, 1], of any shape.
        sizes: The (effective) numbers behind them, of a shape that broadcasts.
    """
    moved = (shares * sizes + 0.375) / (sizes + 0.75)
    return np.asarray(np.arcsin(np.sqrt(np.clip(moved, 0.0, 1.0))), dtype=np.float64)


def as_share(places: Array) -> Array:
    """Back from that scale, as ends of intervals are; beyond it lie shares of 0 and 1."""
    return np.asarray(np.sin(np.clip(places, 0.0, np.pi / 2)) ** 2, dtype=np.float64)


def estimated_share(places: Array, sizes: Array) -> Array:
    """Back from that scale without the constants that `stabilised` added, in [0, 1]."""
    return np.clip((as_share(places) * (sizes + 0.75) - 0.375) / sizes, 0.0, 1.0)


def position_mean(shares: Array) -> float:
    """Mean place of the chosen option on a scale from 0 (first) to 1 (last); shares of shape (K,)."""
    return float(shares @ np.linspace(0.0, 1.0, shares.size))


def position_variance(shares: Array, size: float) -> float:
    """Sampling variance of that mean, by shares that took one more person, spread over the options.

    So it is above 0 where a small sample happens to agree.
    """
    places = np.linspace(0.0, 1.0, shares.size)
    smoothed = smoothed_shares(shares * size, total=HUMAN_PSEUDO_COUNT)
    return float(smoothed @ places**2 - (smoothed @ places) ** 2) / size


def student_widening(sizes: Array) -> Array:
    """Student's quantile over the normal one: how much wider an interval is whose spread was estimated."""
    tail = float(norm.cdf(NORMAL_REACH))
    return np.asarray(student.ppf(tail, sizes - 1) / NORMAL_REACH, dtype=np.float64)


def combine(sample: Array, variances: Array, panel: Array, items: NDArray[np.int_]) -> Combined:
    """Draws each estimate of a sample towards the panel's, by what the other items say of the panel.

    Args:
        sample: The sample's figures, shape (C,), with errors that are about normal.
        variances: Of these errors, above 0, shape (C,).
        panel: The panel's figures; NaN where it has none, shape (C,).
        items: Number of the item that each is of, shape (C,). Items count equally, whatever their number of
            estimates, and none has a part in its own weight.

    Returns:
        The sample alone where the panel has no figure, where fewer than FEWEST_ITEMS other items have one,
        where the two differ on this item by more than MOST_ERRORS_OFF standard errors, as the other items
        have them, or where an interval with the panel would be no shorter.
    """
    alone = NORMAL_REACH * np.sqrt(variances)
    found = Combined(sample.copy(), alone, np.ones_like(sample), np.ones_like(sample))
    known = np.flatnonzero(~np.isnan(panel))
    names, index = np.unique(items[known], return_inverse=True)
    if names.size <= FEWEST_ITEMS:
        return found
    differences = panel - sample
    sums = _ItemSums.of(differences[known], variances[known], index, names.size)
    for item in range(names.size):
        members = known[index == item]
        second, kurtosis = sums.moments_without(item)
        off = float((differences[members] ** 2 / (second + variances[members])).mean())
        if off <= MOST_ERRORS_OFF**2:
            for variance in np.unique(variances[members]):  # one for all options of an item
                places = members[variances[members] == variance]
                _draw_towards(found, places, differences, float(variance), second, kurtosis)
    return found


def _draw_towards(
    found: Combined,
    places: NDArray[np.intp],
    differences: Array,
    variance: float,
    second: float,
    kurtosis: float,
) -> None:
    """Enters the combined estimates of these places, if their interval is shorter than the sample's."""
    weight, deviation = second / (second + variance), float(np.sqrt(variance))
    reach = critical_value(variance / second, kurtosis) * weight
    if reach < NORMAL_REACH:
        found.estimate[places] += (1 - weight) * differences[places]
        found.half_width[places], found.sample_weight[places] = reach * deviation, weight
        found.gain[places] = (NORMAL_REACH / reach) ** 2


@dataclass(frozen=True, slots=True)
class _ItemSums:
    """Per item, means over its estimates, shape (Q,) each: what moments of the panel's errors are made of."""

    squares: Array  # of the differences, less the sample's variance
    fourths: Array  # of their fourth powers, less what the sample's noise adds
    variances: Array
    squared_variances: Array

    @classmethod
    def of(cls, differences: Array, variances: Array, index: NDArray[np.intp], num_items: int) -> "_ItemSums":
        counts = np.bincount(index, minlength=num_items)
        squares = differences**2

        def means(values: Array) -> Array:
            return np.asarray(np.bincount(index, values, minlength=num_items) / counts, dtype=np.float64)

        return cls(
            means(squares - variances),
            means(squares**2 - 6 * variances * squares + 3 * variances**2),
            means(variances),
            means(variances**2),
        )

    def moments_without(self, item: int) -> tuple[float, float]:
        """Mean square and kurtosis of the panel's errors on the other items, neither below its floor.

        The floors are those of Armstrong et al.: near 0 an estimated moment is mostly noise. Estimates of an
        item hang together, so an item counts as one.
        """
        num_others = self.squares.size - 1
        others = np.delete(self.squares, item)
        fourth, variance, squared = (
            float((column.sum() - column[item]) / num_others)
            for column in (self.fourths, self.variances, self.squared_variances)
        )
        # With few items the mean square is known badly, and too small a one makes intervals too short.
        error = float(others.std(ddof=1)) / num_others**0.5
        floor = 2 * squared / (num_others * variance)
        second = max(float(others.mean()) + CAUTION * error, floor)
        kurtosis = max(fourth / second**2, 1 + 32 * squared / (num_others * second**2))
        return second, kurtosis

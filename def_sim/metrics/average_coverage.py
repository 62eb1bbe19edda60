"""How far an estimate with an unknown bias must reach to cover on average over many estimates.

Each estimate errs by noise, normal with variance 1, and by a bias of its own. Of the biases only their mean
square and kurtosis over the many estimates are known; the critical value holds for every distribution of
biases that has these two moments, so 95 % of the intervals cover whatever shape it has. A single estimate
with a large bias is covered less often. Does not know where the moments come from.

Source: Armstrong, Kolesár & Plagborg-Møller 2022, "Robust empirical Bayes confidence intervals",
Econometrica 90(6). The worst case is bounded here through its dual, on a grid: quadratics that lie above the
rate of misses, so a grid that is too coarse makes intervals wider, never narrower.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from scipy.stats import norm

from def_sim.metrics.sample import Array

LEVEL: Final = 0.05  # misses allowed, on average
NORMAL_REACH: Final = float(norm.ppf(1 - LEVEL / 2))
_LARGEST_BIAS: Final = 60.0  # in units of the noise
_REACHES: Final = NORMAL_REACH * np.geomspace(1.0, 16.0, 121)


def miss_rate(squared_bias: Array, reach: Array | float) -> Array:
    """How often noise of variance 1 around a bias lies further from 0 than `reach`."""
    bias = np.sqrt(squared_bias)
    return np.asarray(norm.cdf(-reach - bias) + norm.cdf(bias - reach), dtype=np.float64)


def worst_miss_rate(mean_square: float, kurtosis: float, reach: float) -> float:
    """Upper bound of the mean rate of misses over all distributions of the bias with these moments.

    Args:
        mean_square: Mean squared bias, in units of the noise's variance.
        kurtosis: Mean fourth power over the squared mean square, at least 1.
        reach: Half-width of the interval in units of the noise.
    """
    return float(_bounds(mean_square, kurtosis, _majorants(reach)))


def critical_value(mean_square: float, kurtosis: float) -> float:
    """Smallest reach at which at most 5 % are missed on average; inf beyond the largest that is tabulated.

    Args:
        mean_square: Mean squared bias in units of the noise's variance; 0: no bias, and 1.96.
        kurtosis: Of the biases, at least 1.
    """
    if mean_square == 0:
        return NORMAL_REACH
    rates = _bounds(mean_square, kurtosis, _table())
    enough = np.flatnonzero(rates <= LEVEL)
    if enough.size == 0:
        return float("inf")
    first = int(enough[0])
    if first == 0:
        return NORMAL_REACH
    before, after = rates[first - 1], rates[first]
    share = (before - LEVEL) / (before - after)
    return float(_REACHES[first - 1] + share * (_REACHES[first] - _REACHES[first - 1]))


@dataclass(frozen=True, slots=True)
class _Majorants:
    """Quadratics that touch the rate of misses: where, level and slope there, and curvature.

    Shape (touching points,), or (reaches, touching points).
    """

    touching: Array
    levels: Array
    slopes: Array
    curvatures: Array


@cache
def _table() -> _Majorants:
    of_reaches = [_majorants(float(reach)) for reach in _REACHES]
    return _Majorants(
        np.stack([one.touching for one in of_reaches]),
        np.stack([one.levels for one in of_reaches]),
        np.stack([one.slopes for one in of_reaches]),
        np.stack([one.curvatures for one in of_reaches]),
    )


def _bounds(mean_square: float, kurtosis: float, over: _Majorants) -> Array:
    """Mean of the lowest of the quadratics, which depends on the two moments alone; one a reach."""
    away = mean_square - over.touching
    spread = away**2 + (kurtosis - 1) * mean_square**2
    lowest: Array = (over.levels + over.slopes * away + over.curvatures * spread).min(axis=-1)
    return np.minimum(1.0, lowest)


def _majorants(reach: float) -> _Majorants:
    """Quadratics in the squared bias that touch the rate of misses and lie above it everywhere."""
    touching = np.concatenate([np.linspace(0, 1, 12)[1:], np.linspace(1, reach + 6, 48)[1:]]) ** 2
    squares = np.linspace(0, _LARGEST_BIAS, 601) ** 2
    levels, slopes = miss_rate(touching, reach), _slope(touching, reach)
    apart = squares[None, :] - touching[:, None]
    lacking = miss_rate(squares, reach)[None, :] - levels[:, None] - slopes[:, None] * apart
    is_near = np.abs(apart) < 1e-6 * (1 + touching[:, None])
    needed = np.where(is_near, -np.inf, lacking / np.where(is_near, 1.0, apart) ** 2)
    # And the lowest line from no bias at all, which knows nothing of fourth powers.
    without = miss_rate(np.zeros(1), reach)
    steepest = ((miss_rate(squares[1:], reach) - without) / squares[1:]).max(keepdims=True)
    return _Majorants(
        np.append(touching, 0.0),
        np.append(levels, without),
        np.append(slopes, steepest),
        np.append(np.maximum(0.0, needed.max(axis=1)), 0.0),
    )


def _slope(squared_bias: Array, reach: float) -> Array:
    """Derivative of the rate of misses by the squared bias."""
    bias = np.sqrt(squared_bias)
    return np.asarray((norm.pdf(bias - reach) - norm.pdf(bias + reach)) / (2 * bias), dtype=np.float64)

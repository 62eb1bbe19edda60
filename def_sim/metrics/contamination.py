"""Has a model seen the figures? What it recites under a survey's true name, beside an invented name.

Three numbers over items, none of which proves that figures were not seen: the difference of the errors under
both names, how often recited figures are nearest to their own country's, and whether the items that are
recited well are also those that are simulated well, given how varied people are.

Letters: K options, Q items, C countries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import norm, rankdata
from scipy.stats import t as student

from def_sim.metrics.divergence import variation_of_shares
from def_sim.metrics.sample import Array

FEWEST_ITEMS: Final = 8  # of a difference or a rate; a correlation needs two more
_NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number over items with its 95 % interval."""

    value: float
    low: float
    high: float
    num_items: int
    reason: str  # why there is no interval; "" if there is one


def total_variations(shares: Sequence[Array | None], people: Sequence[Array]) -> Array:
    """Error of each item's shares, shape (Q,), in [0, 1]; NaN where there are none.

    Args:
        shares: Of the options, shape (K,) each; normalised over mentions for several choices.
        people: The same of people.
    """
    return np.array(
        [
            _NAN if one is None or np.isnan(one).any() else float(variation_of_shares(one, human))
            for one, human in zip(shares, people, strict=True)
        ]
    )


def mean_difference(first: Array, second: Array) -> Estimate:
    """Mean of first minus second over the items that have both, with Student's interval of other items."""
    differences = (first - second)[~np.isnan(first) & ~np.isnan(second)]
    num = differences.size
    value = float(differences.mean()) if num else _NAN
    if num < FEWEST_ITEMS:
        return Estimate(value, _NAN, _NAN, num, _too_few(num, FEWEST_ITEMS))
    half = float(student.ppf(0.975, num - 1) * differences.std(ddof=1) / np.sqrt(num))
    return Estimate(value, value - half, value + half, num, "")


def nearest_credit(shares: Array, people: Sequence[Array], own: int) -> float:
    """1 if shares are nearest to their own country's people, 1/ties with ties, 0 otherwise.

    Args:
        shares: Shape (K,); NaN gives NaN.
        people: Of C countries, shape (K,) each.
        own: Which of them is the country that was named.
    """
    if np.isnan(shares).any():
        return _NAN
    errors = np.array([float(variation_of_shares(shares, one)) for one in people])
    nearest = np.isclose(errors, errors.min(), rtol=0, atol=1e-12)
    return float(nearest[own] / nearest.sum())


def mean_rate(credits: Array) -> Estimate:
    """Mean credit over items, with the interval of Wilson 1927: credits are 1 or 0 but for rare ties."""
    known = credits[~np.isnan(credits)]
    num = known.size
    if num == 0:
        return Estimate(_NAN, _NAN, _NAN, 0, _too_few(0, FEWEST_ITEMS))
    rate, z = float(known.mean()), float(norm.ppf(0.975))
    if num < FEWEST_ITEMS:
        return Estimate(rate, _NAN, _NAN, num, _too_few(num, FEWEST_ITEMS))
    centre = (rate + z**2 / (2 * num)) / (1 + z**2 / num)
    half = z / (1 + z**2 / num) * np.sqrt(rate * (1 - rate) / num + z**2 / (4 * num**2))
    return Estimate(rate, float(max(0.0, centre - half)), float(min(1.0, centre + half)), num, "")


def partial_rank_correlation(first: Array, second: Array, given: Array) -> Estimate:
    """Correlation of the ranks of two numbers of items, given those of a third (Spearman's, partial).

    Returns:
        In [-1, 1], with the interval on Fisher's scale, whose error for ranks is about 1.03 over the root of
        Q - 4 (Fieller, Hartley & Pearson 1957; one more for the number that is given). NaN where ranks do not
        differ.
    """
    known = ~np.isnan(first) & ~np.isnan(second) & ~np.isnan(given)
    num = int(known.sum())
    if num < FEWEST_ITEMS + 2:
        return Estimate(_NAN, _NAN, _NAN, num, _too_few(num, FEWEST_ITEMS + 2))
    ranks = np.array([rankdata(one[known]) for one in (first, second, given)])
    if (ranks.std(axis=1) == 0).any():
        return Estimate(_NAN, _NAN, _NAN, num, "One of the three numbers is the same for all items.")
    r = np.corrcoef(ranks)
    rest = float(np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2)))
    if not rest > 0:
        return Estimate(_NAN, _NAN, _NAN, num, "One of the numbers has the very ranks of what is given.")
    value = float(np.clip((r[0, 1] - r[0, 2] * r[1, 2]) / rest, -1, 1))
    half = float(norm.ppf(0.975)) * 1.03 / np.sqrt(num - 4)
    middle = float(np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12)))
    return Estimate(value, float(np.tanh(middle - half)), float(np.tanh(middle + half)), num, "")


def _too_few(num: int, needed: int) -> str:
    return f"Too few items: {num} with both numbers, {needed} are needed."

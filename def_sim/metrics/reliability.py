"""How reliably the sum of some items measures whatever they share: alpha, omega, item-rest correlations.

From correlations alone, so items count with equal variance. The items are turned first, so that high means
more on each of them. Knows no item and no people.

Letters: K items.
"""

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.sample import Array


def turned(correlations: Array, directions: Array) -> Array:
    """Correlations of items that are turned so that high means more.

    Args:
        correlations: Shape (K, K); NaN where unknown. The diagonal is not read.
        directions: 1 or -1 for each item, shape (K,).

    Returns:
        Shape (K, K), with a diagonal of 1.
    """
    signs = np.asarray(directions, dtype=np.float64)
    found: Array = correlations * signs[:, None] * signs[None, :]
    np.fill_diagonal(found, 1.0)
    return found


def complete_items(correlations: Array) -> NDArray[np.intp]:
    """Which items to keep so that all of their correlations are known.

    The item with the most unknown ones leaves first, the last of them after a tie.

    Returns:
        Places of the kept items, rising.
    """
    kept: NDArray[np.intp] = np.arange(len(correlations), dtype=np.intp)
    while kept.size:
        num_unknown = np.isnan(correlations[np.ix_(kept, kept)]).sum(axis=0)
        if not num_unknown.any():
            break
        worst = kept.size - 1 - int(num_unknown[::-1].argmax())
        kept = np.delete(kept, worst)
    return kept


def standardised_alpha(correlations: Array) -> float:
    """Cronbach's alpha of standardised items: K r / (1 + (K - 1) r), r the mean correlation.

    Source: Cronbach 1951. A lower bound of the reliability of their sum if errors are independent; it grows
    with the number of items and says nothing about their measuring one thing.

    Returns:
        At most 1, and below 0 where items mostly run against each other; NaN for fewer than two items, and
        where their sum does not vary.
    """
    num, total = len(correlations), float(correlations.sum())
    if num < 2 or total < 1e-12:
        return float("nan")
    return num / (num - 1) * (1 - num / total)


def omega(loadings: Array) -> float:
    """McDonald's omega: the share of the one common factor in the variance of the sum of standardised items.

    (sum of loadings)^2 / ((sum of loadings)^2 + sum of (1 - loading^2)). Source: McDonald 1999. It takes
    the one factor for true: where items share several, it is the share of that one.

    Args:
        loadings: Of one factor, shape (K,).

    Returns:
        In [0, 1]; NaN for fewer than two items.
    """
    if loadings.size < 2:
        return float("nan")
    common = float(loadings.sum()) ** 2
    return common / (common + float((1 - loadings**2).sum()))


def item_rest(correlations: Array) -> Array:
    """Corrected item-rest correlation: of each standardised item with the sum of the others.

    Returns:
        In [-1, 1], shape (K,); NaN for fewer than two items, and where the others' sum does not vary.
    """
    if len(correlations) < 2:
        return np.full(len(correlations), np.nan)
    with_all = correlations.sum(axis=0)
    variance_of_rest = correlations.sum() - 2 * with_all + 1
    found: Array = (with_all - 1) / np.sqrt(np.where(variance_of_rest > 1e-12, variance_of_rest, np.nan))
    return found

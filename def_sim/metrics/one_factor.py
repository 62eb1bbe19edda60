"""Whether some items measure one thing: one factor, eigenvalues, and the likeness of two sets of loadings.

From correlations alone. What they cannot tell: whether an item's loading, intercept or residual variance on
its own scale is the same in two groups of people (metric, scalar and strict invariance). Draws nothing of its
own. Knows no item and no people.

Letters: K items, n people, B draws.
"""

from typing import Final

import numpy as np

from def_sim.metrics.sample import Array

_ROUNDS: Final = 2000  # more than any set of items here has needed; each adds little after the first fifty
_SETTLED: Final = 1e-9
_MOST_SHARED: Final = 0.995  # of an item's variance; more is no variance of its own (a Heywood case)


def one_factor_loadings(correlations: Array) -> Array:
    """Loadings of the one factor that leaves the least squared residual correlations.

    Principal axes with communalities found anew until they settle, which is unweighted least squares
    (Harman & Jones 1966). Its sign makes the sum of loadings positive.

    Args:
        correlations: Shape (K, K), complete.

    Returns:
        Shape (K,), each in [-1, 1]; NaN for fewer than three items, which do not determine them.
    """
    num = len(correlations)
    if num < 3:
        return np.full(num, np.nan)
    reduced = correlations.copy()
    shared = np.abs(correlations - np.eye(num)).max(axis=0)
    loadings = np.zeros(num)
    for _ in range(_ROUNDS):
        np.fill_diagonal(reduced, shared)
        values, vectors = np.linalg.eigh(reduced)
        loadings = vectors[:, -1] * np.sqrt(max(float(values[-1]), 0.0))
        found = np.minimum(loadings**2, _MOST_SHARED)
        if np.abs(found - shared).max() < _SETTLED:
            break
        shared = found
    bounded: Array = np.clip(loadings if loadings.sum() >= 0 else -loadings, -1.0, 1.0)
    return bounded


def residual_correlation(correlations: Array, loadings: Array) -> float:
    """Root mean square of what one factor leaves of the correlations between different items (RMSR)."""
    pairs = np.triu_indices(len(correlations), k=1)
    left = (correlations - np.outer(loadings, loadings))[pairs]
    return float(np.sqrt((left**2).mean())) if left.size else float("nan")


def eigenvalues(correlations: Array) -> Array:
    """Of the correlations, falling, shape (K,). They sum to K; the first over K is its share of variance."""
    rising: Array = np.linalg.eigvalsh(correlations).astype(np.float64)
    return rising[::-1]


def num_factors(
    correlations: Array, num_people: float, rng: np.random.Generator, *, num_draws: int = 200
) -> int:
    """Number of factors by parallel analysis: eigenvalues above those of as many unrelated items.

    Counted from the largest on, until one is not above the 95 % quantile of the eigenvalue of its rank in B
    samples of n people with independent normal answers (Horn 1965; Glorfeld 1995 for the quantile).

    Args:
        correlations: Shape (K, K), complete.
        num_people: n, effective; rounded.
        rng: Of the samples.
        num_draws: B.
    """
    num, size = len(correlations), max(2, round(num_people))
    drawn = [eigenvalues(_unrelated(size, num, rng)) for _ in range(num_draws)]
    is_above = eigenvalues(correlations) > np.quantile(drawn, 0.95, axis=0)
    return num if is_above.all() else int(is_above.argmin())


def _unrelated(num_people: int, num_items: int, rng: np.random.Generator) -> Array:
    """Correlations in one sample of independent normal answers."""
    return np.corrcoef(rng.standard_normal((num_people, num_items)), rowvar=False).reshape(
        num_items, num_items
    )


def congruence(first: Array, second: Array) -> float:
    """Tucker's congruence of two sets of loadings: sum of products over the root of the product of squares.

    Source: Tucker 1951; from .95 on two factors are taken as equal, from .85 as fairly alike (Lorenzo-Seva &
    ten Berge 2006). Positive loadings alone make it large.

    Returns:
        In [-1, 1]; NaN where a set is all 0.
    """
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size > 0 else float("nan")

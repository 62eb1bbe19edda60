"""Panels of as many people: drawn answers with people's shares and people's correlations between items.

A normal variable stands behind each item and is cut at people's shares. Cutting weakens a correlation, so
the variables correlate more strongly than the answers, by the first term of the expansion (each item by its
correlation with its own variable). What people's answers have beyond shares and correlations of pairs is
not in these panels.

Letters: K options, Q items, N respondents, B draws.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from def_sim.metrics.sample import Array

_HIGHEST = 0.99  # correlation of two variables: 1 would make them one


def draw_panels_of_people(
    people_r: Array,
    shares: Sequence[Array | None],
    is_answered: NDArray[np.bool_],
    rng: np.random.Generator,
    num_draws: int,
) -> Iterator[Array]:
    """Answers of B panels of people with the gaps of ours.

    Args:
        people_r: People's correlations, shape (Q, Q); what is unknown (NaN) counts as 0.
        shares: People's shares per item, shape (K,); None leaves the item uncut.
        is_answered: Where our panel has answers, shape (N, Q).
        rng: Generator of these draws.
        num_draws: B.

    Yields:
        Positions, 0 where there is no answer, shape (N, Q).
    """
    cuts = cut_points(shares)
    is_cut = np.array([one is not None for one in shares], dtype=np.bool_)
    root = _root(correlations_behind(people_r, shares))
    for _ in range(num_draws):
        behind = rng.standard_normal(is_answered.shape) @ root.T  # (N, Q)
        positions = np.zeros_like(behind)
        for cut in cuts.T:
            positions += behind > cut
        yield np.where(is_cut, positions, behind) * is_answered


def cut_points(shares: Sequence[Array | None]) -> Array:
    """Where the variables behind the answers are cut, shape (Q, most cuts), infinite beyond an item's own."""
    most = max((one.size - 1 for one in shares if one is not None), default=0)
    cuts = np.full((len(shares), most), np.inf)
    for item, one in enumerate(shares):
        if one is not None:
            cuts[item, : one.size - 1] = norm.ppf(np.clip(np.cumsum(one)[:-1], 0, 1))
    return cuts


def correlations_behind(people_r: Array, shares: Sequence[Array | None]) -> Array:
    """Correlations of the variables behind the answers, from those of the answers; unknown ones are 0.

    Args:
        people_r: Of the answers, shape (Q, Q); NaN where unknown.
        shares: People's shares per item, shape (K,); None leaves the item uncut.
    """
    # Of each item's answers with the variable behind them, in [0, 1].
    own = np.array([1.0 if one is None else _own_correlation(one) for one in shares])
    behind: Array = np.clip(np.nan_to_num(people_r) / np.outer(own, own), -_HIGHEST, _HIGHEST)
    np.fill_diagonal(behind, 1.0)
    return behind


def _own_correlation(shares: Array) -> float:
    positions = np.arange(shares.size)
    variance = float(shares @ positions**2 - (shares @ positions) ** 2)
    cuts = norm.ppf(np.clip(np.cumsum(shares)[:-1], 0, 1))
    return float(np.sum(norm.pdf(cuts))) / math.sqrt(variance) if variance > 0 else 1.0


def _root(wanted: Array) -> Array:
    """A matrix whose rows, of length 1, have the wanted products, as nearly as any can; shape (Q, Q)."""
    # Known pair by pair, they need not fit together exactly: what does not is left out.
    values, vectors = np.linalg.eigh(wanted)
    root = vectors * np.sqrt(np.maximum(values, 0))
    return np.asarray(root / np.linalg.norm(root, axis=1, keepdims=True), dtype=np.float64)

"""How far coders agree beyond chance: Cohen's kappa of two, Krippendorff's alpha of any number.

Codes are names: only whether two are the same counts (nominal scale). Rows are what was coded; resampling
them gives the intervals. A code that is NaN is missing: kappa leaves the row out, alpha that code alone.

Letters: C coders, R rows, V different codes, B draws.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from def_sim.metrics.sample import Array

NUM_DRAWS: Final = 2000
_MOST_UNDEFINED: Final = 0.05  # of the draws; where more have no value, their quantiles mean little
_TAIL: Final = 0.025


def raw_agreement(codings: Array) -> float:
    """Share of the rows, coded by both, on which two coders agree.

    Args:
        codings: Shape (2, R); NaN where a code is missing.

    Returns:
        In [0, 1]; NaN if no row was coded by both.
    """
    return float(_agreement_of(_pair_tables(codings).sum(axis=0)))


def cohen_kappa(codings: Array) -> float:
    """Cohen's kappa of two coders: agreement beyond what their own frequencies of codes would give.

    Args:
        codings: Shape (2, R); NaN where a code is missing.

    Returns:
        At most 1; 0 is chance. NaN if no row was coded by both, or both gave one and the same code always.

    Source: Cohen 1960, Educational and Psychological Measurement 20(1).
    """
    return float(_kappa_of(_pair_tables(codings).sum(axis=0)))


def krippendorff_alpha(codings: Array) -> float:
    """Krippendorff's alpha for nominal codes: 1 - observed / expected disagreement.

    Args:
        codings: Shape (C, R); NaN where a code is missing. Rows with fewer than two codes do not count.

    Returns:
        At most 1; 0 is chance. NaN if no row has two codes, or all codes that count are the same.

    Source: Krippendorff 2011, Computing Krippendorff's alpha-reliability, section C.
    """
    return float(_alpha_of(_coincidences(codings).sum(axis=0)))


def kappa_interval(
    codings: Array, rng: np.random.Generator, num_draws: int = NUM_DRAWS
) -> tuple[float, float]:
    """95 % percentile interval of `cohen_kappa` over drawn rows; see `_interval`."""
    return _interval(_pair_tables(codings), _kappa_of, rng, num_draws)


def alpha_interval(
    codings: Array, rng: np.random.Generator, num_draws: int = NUM_DRAWS
) -> tuple[float, float]:
    """95 % percentile interval of `krippendorff_alpha` over drawn rows; see `_interval`."""
    return _interval(_coincidences(codings), _alpha_of, rng, num_draws)


def _interval(
    rows: Array, statistic: Callable[[Array], Array], rng: np.random.Generator, num_draws: int
) -> tuple[float, float]:
    """Quantiles of a statistic over B samples of R rows with replacement.

    Args:
        rows: What each row adds to the table that the statistic is made from, shape (R, V, V).
        statistic: From tables (..., V, V) to values (...).
        rng: Of the draws.
        num_draws: B.

    Returns:
        NaN if more than one draw in 20 has no value, as where hardly any row has a second code.
    """
    num_rows = rows.shape[0]
    if num_rows == 0:
        return float("nan"), float("nan")
    weights = rng.multinomial(num_rows, np.full(num_rows, 1 / num_rows), size=num_draws)
    values = statistic(np.tensordot(weights.astype(np.float64), rows, axes=1))
    defined = values[~np.isnan(values)]
    if defined.size < (1 - _MOST_UNDEFINED) * num_draws:
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [_TAIL, 1 - _TAIL])
    return float(low), float(high)


def _indicators(codings: Array) -> Array:
    """1 where a coder gave a row that code, shape (C, R, V); V is at least 1."""
    codings = np.asarray(codings, dtype=np.float64)
    if codings.ndim != 2:
        raise ValueError(f"expected codings of shape (coders, rows), found {codings.shape}")
    codes = np.unique(codings[~np.isnan(codings)])
    return np.asarray(codings[..., None] == (codes if codes.size else np.zeros(1)), dtype=np.float64)


def _pair_tables(codings: Array) -> Array:
    """Each row in the table of first coder by second coder, shape (R, V, V); nothing where one is missing."""
    given = _indicators(codings)
    if given.shape[0] != 2:
        raise ValueError(f"expected two coders, found {given.shape[0]}")
    tables: Array = given[0][:, :, None] * given[1][:, None, :]
    return tables


def _coincidences(codings: Array) -> Array:
    """Each row in the coincidence matrix: its ordered pairs of codes, each row weighing as many as its codes.

    Shape (R, V, V).
    """
    counts = _indicators(codings).sum(axis=0)  # (R, V)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(counts.shape[1])
    others = counts.sum(axis=1) - 1
    coincidences: Array = pairs / np.where(others > 0, others, 1.0)[:, None, None]
    return coincidences


def _agreement_of(tables: Array) -> Array:
    totals = tables.sum(axis=(-2, -1))
    return _ratio(np.trace(tables, axis1=-2, axis2=-1), totals)


def _kappa_of(tables: Array) -> Array:
    totals = tables.sum(axis=(-2, -1))
    by_chance = (tables.sum(axis=-1) * tables.sum(axis=-2)).sum(axis=-1)  # times the total, squared
    observed = np.trace(tables, axis1=-2, axis2=-1) * totals
    return _ratio(observed - by_chance, totals**2 - by_chance)


def _alpha_of(coincidences: Array) -> Array:
    frequencies = coincidences.sum(axis=-1)  # (..., V)
    total = frequencies.sum(axis=-1)
    observed = total - np.trace(coincidences, axis1=-2, axis2=-1)
    expected = total**2 - (frequencies**2).sum(axis=-1)
    return 1 - _ratio((total - 1) * observed, expected)


def _ratio(above: Array, below: Array) -> Array:
    """NaN where what is below is 0, but for rounding."""
    below = np.where(np.asarray(below) > 1e-9, below, np.nan)
    return np.asarray(above / below, dtype=np.float64)

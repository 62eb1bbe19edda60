"""How much more a sum over items varies because one respondent's answers hang together: its design effect.

A sum over items whose answers are independent has the sum of their variances. Habits and opinions behind
several answers add what the items share. It is estimated from a panel's own respondents, which needs no
knowledge of people, or from people's correlations between items. Source of the term: Kish 1965.

Letters: K options, Q items, N respondents, G sums.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.polynomial import hermite_e
from scipy.stats import norm

from def_sim.metrics.choice_array import Choices
from def_sim.metrics.people_panels import correlations_behind, cut_points
from def_sim.metrics.sample import Array

_NUM_TERMS: Final = 5  # of the expansion; a correlation of .5 has 3 % of its weight beyond them


def panel_design_effect(choices: Choices, values: Sequence[Array]) -> float:
    """Variance of respondents' sums over the sum of the items' variances, from a panel's answers.

    Args:
        choices: Shape (N, Q), see `choice_array`.
        values: What each option of each item adds to a respondent's sum, shape (K,) each, length Q.

    Returns:
        1 if items are independent, Q if all answers of a respondent go together; NaN if no value differs.
    """
    columns = [_deviations(choices[:, item], one) for item, one in enumerate(values)]
    deviations = np.array(columns).reshape(len(values), len(choices))  # (Q, N)
    apart = float((deviations**2).sum())
    return float((deviations.sum(axis=0) ** 2).sum()) / apart if apart > 0 else math.nan


def _deviations(column: Choices, values: Array) -> Array:
    """From the mean over the respondents who answered; 0 of the others. Shape (N,)."""
    has_answer = column >= 0
    found = values[np.where(has_answer, column, 0)]
    mean = found[has_answer].mean() if has_answer.any() else 0.0
    return np.where(has_answer, found - mean, 0.0)


def people_design_effects(
    people_r: Array, shares: Sequence[Array], values: Sequence[Array], *, unknown: float = 0.0
) -> Array:
    """The same for people, from their correlations between items; of G sums at once.

    Answers are taken as normal variables that are cut at people's shares, as in `people_panels`. The
    covariance of two functions of such variables is a sum over powers of their correlation (Mehler).

    Args:
        people_r: Of the answers to two items, shape (Q, Q); NaN where unknown.
        shares: People's shares, shape (K,) each, length Q.
        values: What each option adds to each sum, shape (G, K) each, length Q; NaN: the item is in none.
        unknown: Correlation of what two items add, where people's is unknown.

    Returns:
        Shape (G,), each as from `panel_design_effect`.
    """
    behind = correlations_behind(people_r, shares)
    np.fill_diagonal(behind, 0.0)
    added = [np.nan_to_num(one) for one in values]
    in_common, power = np.zeros(len(added[0])), np.ones_like(behind)
    for parts in _expansion(shares, added):  # (G, Q)
        power = power * behind
        in_common += ((parts @ power) * parts).sum(axis=1)
    pairs = zip(shares, added, strict=True)
    variances = np.array([one**2 @ of_all - (one @ of_all) ** 2 for of_all, one in pairs]).T  # (G, Q)
    spreads = np.sqrt(np.maximum(variances, 0.0))
    is_unknown = np.isnan(people_r) & ~np.eye(len(behind), dtype=np.bool_)
    in_common += unknown * ((spreads @ is_unknown) * spreads).sum(axis=1)
    apart = variances.sum(axis=1)
    return np.asarray(1 + in_common / np.where(apart > 0, apart, np.nan), dtype=np.float64)


def _expansion(shares: Sequence[Array], values: Sequence[Array]) -> Array:
    """Coefficients of items' values by the Hermite polynomials of the variables behind, shape (terms, G, Q).

    The mean of the normalised polynomial m beyond a cut is He(m-1)(cut) phi(cut) / sqrt(m!).
    """
    cuts = cut_points(shares)  # (Q, most cuts)
    steps = np.zeros((len(values[0]), *cuts.shape))  # by so much the values change at a cut
    for item, value in enumerate(values):
        steps[:, item, : value.shape[1] - 1] = np.diff(value, axis=1)
    density, at = norm.pdf(cuts), np.where(np.isfinite(cuts), cuts, 0.0)  # 0 where a cut is infinite
    terms = [
        (steps * density * hermite_e.hermeval(at, [0.0] * (term - 1) + [1.0])).sum(axis=2)
        / math.sqrt(math.factorial(term))
        for term in range(1, _NUM_TERMS + 1)
    ]
    return np.array(terms)

"""How a mean of scores would have come out otherwise: with other items, and with other respondents.

The deviations of a mean are the sum of two bootstraps, one over items and one over respondents. The noise of
single answers is in both; of the second only what items have *in common* is kept, so it counts once (two-way
clustering, Cameron, Gelbach & Miller 2011). The deviations are taken around their own mean: resampled panels
score worse than the panel they come from, and a plain percentile interval would carry that bias. Those of
items are studentised, each measured by the spread of its own draw: scores of items are skewed, and a few of
them that happen to be small know their spread badly (docs/concepts/intervals.md). People's figures are
taken as fixed.

Letters: Q items, N respondents, B draws, S groups of items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.sample import Array

CONFIDENCE: Final = 0.95
_ROUNDING: Final = 1e-12  # what it leaves between draws that are all the same


@dataclass(frozen=True, slots=True)
class Deviations:
    """How the mean would have come out otherwise, around 0; shapes (B,)."""

    draws: Array
    studentised: Array  # the items' part by the spread of each draw; infinite where a draw has none
    degrees_of_freedom: float

    @property
    def standard_error(self) -> float:
        """The draws are widened to Student's quantiles; a standard error is not."""
        return float(self.draws.std()) / widening(self.degrees_of_freedom)


def item_weights(num_items: int, groups: Sequence[str] | None = None) -> Array:
    """The weight of each item in a mean, shape (Q,), sums to 1.

    Args:
        num_items: Q.
        groups: Group of each item. With them every group weighs the same (the mean of group means);
            without, every item.
    """
    if groups is None:
        return np.full(num_items, 1 / num_items)
    _, members, sizes = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True, return_counts=True)
    weights: Array = 1 / (sizes.size * sizes[members])
    return weights


def two_way_deviations(
    scores: ScoreDraws,
    rng: np.random.Generator,
    groups: NDArray[np.str_] | None = None,
    *,
    least_of_drawn: float = 0.0,
) -> Deviations:
    """How a mean of defined scores varies with items and respondents; see the module.

    Args:
        scores: Q items, all with a score.
        rng: Of the draws over items.
        groups: Group of each item, for a mean of group means.
        least_of_drawn: The respondents' variance is at least this share of `drawn_shared_variance`.
    """
    by_items, own_variances, variances, freedoms = _item_deviations(scores, rng, groups)
    weights = item_weights(scores.values.size, None if groups is None else list(groups))
    num_respondents = scores.contributions.shape[0]
    respondent_variance = shared_variance(scores.contributions, weights)
    if least_of_drawn > 0:
        drawn = drawn_shared_variance(scores.draws, weights)
        respondent_variance = max(respondent_variance, least_of_drawn * drawn)
    freedom = _satterthwaite(
        np.append(variances, respondent_variance), np.append(freedoms, max(1, num_respondents - 1))
    )
    by_respondents = (scores.draws - scores.draws.mean(axis=0)) @ weights
    spread = by_respondents.std()
    scale = np.sqrt(respondent_variance) / spread if spread > _ROUNDING else 0.0
    of_respondents, wider = scale * by_respondents, widening(freedom)
    studentised = _studentised(by_items, own_variances, float(variances.sum()))
    return Deviations((by_items + of_respondents) * wider, studentised + of_respondents * wider, freedom)


def shared_variance(contributions: Array, weights: Array) -> float:
    """Variance of a weighted mean that comes from respondents who err on several items alike.

    The items' own noise, which differences between items already contain, is taken off, but for the
    share within which N respondents leave a variance unknown, sqrt(2 / (N - 1)): with few of them the
    interval is rather too wide than too narrow. Not below 0.
    """
    whole = float(((contributions @ weights) ** 2).sum())
    own = float(((contributions**2).sum(axis=0) * weights**2).sum())
    unknown = float(np.sqrt(2 / max(1, contributions.shape[0] - 1)))
    return max(0.0, whole - own * max(0.0, 1 - unknown))


def drawn_shared_variance(draws: Array, weights: Array) -> float:
    """The same, seen from resampled panels, shape (B, Q), instead of from leaving one respondent out.

    Where all respondents lean one way and the panel happens to be near people, leaving one out hardly
    changes a score that has a kink there, and drawing them all again does. All of the items' own noise is
    taken off: resampled panels have more of it.
    """
    whole = float((draws @ weights).var(ddof=1))
    own = float(draws.var(axis=0, ddof=1) @ weights**2)
    return max(0.0, whole - own) if whole > _ROUNDING**2 else 0.0


def _item_deviations(
    scores: ScoreDraws, rng: np.random.Generator, groups: NDArray[np.str_] | None
) -> tuple[Array, Array, Array, Array]:
    """Deviations from drawing items again, and the variance that each draw by itself gives them, shapes (B,).

    With each group's variance and degrees of freedom, shapes (S,).
    """
    labels = np.zeros(scores.values.size, dtype=np.str_) if groups is None else groups
    names = np.unique(labels)
    total, own = np.zeros(scores.draws.shape[0]), np.zeros(scores.draws.shape[0])
    variances, freedoms = [], []
    for name in names:
        members = scores.values[labels == name]
        picked = rng.integers(members.size, size=(total.size, members.size))
        # A bootstrap of n items has a variance too small by (n - 1)/n.
        inflation = np.sqrt(members.size / (members.size - 1)) / names.size
        drawn = members[picked]
        total += (drawn.mean(axis=1) - members.mean()) * inflation
        # The squared error of the drawn mean, inflated alike: the ratio of the two is Student's t.
        own += drawn.var(axis=1) / (members.size - 1) * inflation**2
        variances.append(members.var(ddof=1) / members.size / names.size**2)
        freedoms.append(members.size - 1)
    return total, own, np.array(variances), np.array(freedoms)


def _studentised(deviations: Array, own_variances: Array, variance: float) -> Array:
    """Each deviation in units of its own draw's error, brought back to the scale of the scores, (B,)."""
    if variance == 0:
        return np.zeros_like(deviations)
    error = np.sqrt(own_variances / variance)
    without_error = np.where(deviations == 0, 0.0, np.copysign(np.inf, deviations))
    return np.divide(deviations, error, out=without_error, where=error > 0)


def _satterthwaite(variances: Array, freedoms: Array) -> float:
    """Degrees of freedom of a sum of independent variances (Satterthwaite 1946)."""
    total = float(variances.sum())
    return total**2 / float((variances**2 / freedoms).sum()) if total > 0 else float("inf")


def widening(degrees_of_freedom: float) -> float:
    """Student's 97.5 % quantile over the normal one: few items or respondents know their spread badly."""
    tail = 1 - (1 - CONFIDENCE) / 2
    return float(student.ppf(tail, degrees_of_freedom) / norm.ppf(tail))

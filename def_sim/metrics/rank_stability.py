"""Does the order of models hold in every arm? Kendall's tau between arms, beside what noise alone does.

Letters: M models, A arms, B draws.
"""

from dataclasses import dataclass

import numpy as np

from def_sim.metrics.sample import Array


@dataclass(frozen=True, slots=True)
class Stability:
    """How models are ordered in several arms; lower scores come first.

    `first`, shape (M,): share of the arms in which a model is first (ties share). `swaps`, shape (M, M):
    share of the arms in which a pair stands in the rarer of its two orders; ties count half.
    """

    tau_mean: float  # over all pairs of arms; NaN where an arm orders nobody
    tau_least: float
    first: Array
    swaps: Array


def rank_stability(scores: Array) -> Stability:
    """The order of models in each arm, and how far arms agree.

    Args:
        scores: Shape (M, A), at least two models and two arms; lower is closer to people.

    Raises:
        ValueError: Fewer than two models or arms, or an undefined score.
    """
    if min(scores.shape) < 2 or np.isnan(scores).any():
        raise ValueError(f"Ranks need scores of two models in two arms; found {scores.shape}, or NaN.")
    taus = _taus(scores)
    return Stability(float(np.mean(taus)), float(np.min(taus)), _first(scores), _swaps(scores))


def stability_of_noise(scores: Array, deviations: Array) -> Stability:
    """The same where every arm orders models alike, but for the noise of respondents: means over draws.

    Args:
        scores: Shape (M, A).
        deviations: How each score would have come out with other respondents, around 0, shape (B, M, A).

    Returns:
        Of models at their mean over the arms; the least tau is the mean of each draw's least.
    """
    still = scores.mean(axis=1)[:, None]
    drawn = [rank_stability(still + one) for one in deviations]
    return Stability(
        float(np.mean([one.tau_mean for one in drawn])),
        float(np.mean([one.tau_least for one in drawn])),
        np.mean([one.first for one in drawn], axis=0),
        np.mean([one.swaps for one in drawn], axis=0),
    )


def _taus(scores: Array) -> Array:
    """Kendall's tau-b of every pair of arms: which pairs of models each orders alike; ties count for none."""
    upper = np.triu_indices(scores.shape[0], 1)
    signs = np.sign(scores[upper[0]] - scores[upper[1]])  # (pairs of models, A)
    num_ordered = (signs**2).sum(axis=0)
    both = np.sqrt(np.outer(num_ordered, num_ordered))
    taus = np.divide(signs.T @ signs, both, out=np.full_like(both, np.nan), where=both > 0)
    return np.asarray(taus[np.triu_indices(scores.shape[1], 1)])


def _first(scores: Array) -> Array:
    is_best = scores == scores.min(axis=0)
    return np.asarray((is_best / is_best.sum(axis=0)).mean(axis=1))


def _swaps(scores: Array) -> Array:
    signs = np.sign(scores[:, None] - scores[None])  # (M, M, A)
    before = (signs < 0).mean(axis=-1) + (signs == 0).mean(axis=-1) / 2
    rarer: Array = np.minimum(before, 1 - before)
    np.fill_diagonal(rarer, 0.0)
    return rarer

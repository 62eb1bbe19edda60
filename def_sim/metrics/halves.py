"""How far two random halves of a survey's own people are apart: how far a survey is from itself.

Clusters stay whole, since people of one are alike: two halves that share them would be nearer to each other
than two samples are.

Letters: C clusters, K options, B splits.
"""

from typing import Final

import numpy as np

from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.item_metrics import ITEM_METRICS, ItemForm
from def_sim.metrics.noise_floor import draw_halves
from def_sim.metrics.sample import Array, Sample

NUM_SPLITS: Final = 200
MEASURES: Final = ("js_divergence", "total_variation", "wasserstein")


def split_clusters(num_clusters: int, rng: np.random.Generator, *, num_splits: int = NUM_SPLITS) -> Array:
    """Which clusters make up the first half, 1 or 0, shape (B, C): half of them, or one fewer."""
    order = rng.random((num_splits, num_clusters)).argsort(axis=1).argsort(axis=1)
    return (order < num_clusters // 2).astype(np.float64)


def distances_of_halves(mentions: Array, bases: Array, first: Array, form: ItemForm) -> dict[str, float]:
    """Mean distances between the two halves of people.

    Args:
        mentions: Sum of weights of those who chose each option, by cluster, shape (C, K).
        bases: Sum of weights of those with a valid answer, same shape.
        first: From `split_clusters`, shape (B, C).
        form: Of the item.

    Returns:
        Each of MEASURES -> its mean over the splits in which both halves have answers; NaN if undefined.
    """
    in_first = first @ mentions, first @ bases
    in_second = mentions.sum(axis=0) - in_first[0], bases.sum(axis=0) - in_first[1]
    one, other = (Sample(_rates(*half), 1.0) for half in (in_first, in_second))
    return _means(one, other, form)


def _rates(mentions: Array, bases: Array) -> Array:
    rates = np.full(mentions.shape, np.nan)
    # What is left of a difference of sums may be a little below 0.
    np.divide(np.maximum(mentions, 0.0), bases, out=rates, where=bases > 0)
    return rates


def expected_distances(
    shares: Array, num_people: float, rng: np.random.Generator, form: ItemForm
) -> dict[str, float]:
    """The same of drawn halves of independent people, NUM_SPLITS times: what a report takes for people.

    Args:
        shares: Of people, shape (K,).
        num_people: What the sample is worth in people drawn at random.
        rng: Of this item and purpose.
        form: Of the item.
    """
    return _means(*draw_halves(shares, num_people, rng, form=form, num_draws=NUM_SPLITS), form)


def _means(one: Sample, other: Sample, form: ItemForm) -> dict[str, float]:
    return {name: defined_mean(ITEM_METRICS[name](one, other, form)) for name in MEASURES}

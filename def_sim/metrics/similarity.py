"""Similarity of a panel's answers to people's, with the published interval and the one of this project.

    similarity         1 - W1/(K-1) of an item: 1 - |p - h| where there are two options
    published interval percentiles of means over items drawn anew, the answers taken as they are
    bounds             the failed answers placed so that the panel looks worst, or best
    matched items      of which enough answers can be classified under every style of asking

Source: Bravansky, Trhlik & Barez 2025, "Rethinking AI Cultural Alignment". Their interval says how other
items would have scored; it knows nothing of other respondents (docs/concepts/study_b.md).

Letters: K options, Q items, N respondents, B draws, S styles of asking.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.bootstrap import NUM_DRAWS, ResampledPanel, ScoreDraws, score_draws
from def_sim.metrics.deviations import CONFIDENCE
from def_sim.metrics.divergence import wasserstein_distance
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.nonresponse import score_bounds
from def_sim.metrics.paired import PairedComparison, paired_comparison
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.score_scale import FEWEST_ITEMS, SCALES, ScoreScale

DISTANCE: Final = "wasserstein"  # of which the similarity is the rest to 1
SCALE: Final[ScoreScale] = SCALES[DISTANCE]
LEAST_CLASSIFIED: Final = 0.5  # share of an item's answers under every style, for a matched item


@dataclass(frozen=True, slots=True)
class PublishedInterval:
    """A mean over items with its percentile interval; NaN ends below `FEWEST_ITEMS` items."""

    estimate: float
    low: float
    high: float
    num_items: int  # with a value


@dataclass(frozen=True, slots=True)
class SimilarityDifference:
    """First style minus second on their common items; above 0 the first is more similar to people."""

    published: PublishedInterval
    comparison: PairedComparison  # the interval of this project, and the p-value


def as_scale(form: ItemForm, num_options: int) -> ItemForm:
    """The form by which the similarity is taken: two options are a scale, whatever they name."""
    return replace(form, is_ordered=form.is_ordered or num_options == 2)


def similarity(simulated: Array, human: Array, *, is_ordered: bool = True) -> Array:
    """1 - W1/(K-1) on the positions of the options.

    Args:
        simulated: Shares of the panel, shape (..., K), each row sums to 1.
        human: Shares of people, shape (..., K), same order.
        is_ordered: False for options without order; two options need none.

    Returns:
        Similarity, shape (...), in [0, 1]; 1 means the same shares. NaN for more than two options without
        order.

    Raises:
        ValueError: Different numbers of options, or shares that do not sum to 1.
    """
    num_options = np.asarray(human).shape[-1]
    return 1 - wasserstein_distance(simulated, human, is_ordered=is_ordered or num_options == 2)


def similarity_draws(
    resampled: ResampledPanel, people: Sequence[Sample | None], forms: Sequence[ItemForm]
) -> ScoreDraws:
    """Similarities of Q items, of the panel and of its resampled versions.

    Args:
        resampled: From `bootstrap.resample_panel`.
        people: Q references; None where there is none.
        forms: Q forms of items, from `as_scale`.

    Returns:
        As `bootstrap.score_draws`; NaN for an item of which nobody's answer was valid.
    """
    distance = score_draws(resampled, people, forms, DISTANCE)
    return ScoreDraws(1 - distance.values, 1 - distance.draws, -distance.contributions, distance.items)


def percentile_interval(
    values: Array,
    rng: np.random.Generator,
    *,
    num_draws: int = NUM_DRAWS,
    confidence: float = CONFIDENCE,
) -> PublishedInterval:
    """The published interval: percentiles of B means, each over as many items drawn with replacement.

    Args:
        values: Similarities, or differences of two styles item by item, shape (Q,); NaN is left out.
        rng: Of the draws over items. One that is keyed alike draws the same places for as many items.
        num_draws: B.
        confidence: In (0, 1).

    Returns:
        Neither recentred nor widened for few items, as published.
    """
    defined = np.asarray(values, dtype=np.float64)
    defined = defined[~np.isnan(defined)]
    if defined.size < FEWEST_ITEMS:
        estimate = float(defined.mean()) if defined.size else float("nan")
        return PublishedInterval(estimate, float("nan"), float("nan"), defined.size)
    means = defined[rng.integers(defined.size, size=(num_draws, defined.size))].mean(axis=1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return PublishedInterval(float(defined.mean()), float(low), float(high), defined.size)


def similarity_difference(
    first: ScoreDraws,
    second: ScoreDraws,
    rngs: tuple[np.random.Generator, np.random.Generator],
    *,
    same_respondents: bool,
) -> SimilarityDifference:
    """Two styles on the items that both have a similarity on; both take the same draws of items.

    Args:
        first: Of one style, from `similarity_draws`; Q items.
        second: Of the other, the same items in the same order and as many respondents.
        rngs: Of the draws over items: for the published interval, and for that of this project.
        same_respondents: Whether both panels are the same respondents, resampled alike.
    """
    published = percentile_interval(first.values - second.values, rngs[0])
    comparison = paired_comparison(
        first, second, rngs[1], same_respondents=same_respondents, scale=SCALE.of_differences()
    )
    return SimilarityDifference(published, comparison)


def similarity_bounds(
    samples: Sequence[Sample], people: Sequence[Sample | None], forms: Sequence[ItemForm]
) -> tuple[Array, Array]:
    """Each item's similarity with the failed answers placed at worst, and at best.

    Args:
        samples: Q panels with counts of shape (K,), answers and failures.
        people: Q references; None where there is none.
        forms: Q forms of items, from `as_scale`.

    Returns:
        Worst and best, shapes (Q,); also of items without any valid answer. NaN where nobody was asked,
        there are no people, or the options have no order.
    """
    bounds = [
        _bounds(sample, human, form) for sample, human, form in zip(samples, people, forms, strict=True)
    ]
    both = np.array(bounds, dtype=np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _bounds(sample: Sample, human: Sample | None, form: ItemForm) -> tuple[float, float]:
    num_asked = float(sample.num_respondents) + float(sample.num_failed)
    if human is None or num_asked == 0:
        return float("nan"), float("nan")
    nearest, farthest = score_bounds(sample, human, form, DISTANCE)
    return 1 - farthest, 1 - nearest


def matched_items(classified: Array, *, least: float = LEAST_CLASSIFIED) -> NDArray[np.bool_]:
    """Items of which at least that share of answers is classified under every style.

    Args:
        classified: Share of each item's answers that could be classified, shape (S, Q); NaN where the style
            did not ask the item.
        least: In [0, 1].

    Returns:
        Shape (Q,).
    """
    is_enough: NDArray[np.bool_] = np.asarray(classified, dtype=np.float64) >= least  # NaN is not
    everywhere: NDArray[np.bool_] = np.logical_and.reduce(is_enough, axis=0)
    return everywhere

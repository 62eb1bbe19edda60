"""The interval of a normalised score: a ratio of two means, by Fieller's method.

The score is 1 - (D - floor) / (uniform - floor). Its denominator is a mean over items too, and where random
answers score little worse than people it may as well be 0. An interval that takes it as known is then too
short, and one to first order is centred where no score can be. Fieller (1954) asks instead which scores the
items do not refute: s is in the interval if the mean of (D - floor) - (1 - s)(uniform - floor) is not
further from 0 than chance takes it. Where the denominator itself is not, every score is, and there is no
interval.

Letters: Q items.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.intervals import Interval, mean_interval, without_interval
from def_sim.metrics.normalised import ItemScores, mean_score, normalised_draws
from def_sim.metrics.sample import Array
from def_sim.metrics.wordings import values_of_items

NO_SPAN: Final = "On other items, random answers might score no worse than people: no scale to measure on."


@dataclass(frozen=True, slots=True)
class RatioVariances:
    """Variances of a score to first order and of the mean that it is divided by, and their covariance.

    In units in which the denominator is 1.
    """

    score: float
    denominator: float
    covariance: float


def normalised_interval(
    scores: ScoreDraws,
    items: ItemScores,
    rng: np.random.Generator,
    *,
    groups: Sequence[str] | None = None,
) -> Interval:
    """The normalised score with its interval.

    Args:
        scores: Of the panel, from `bootstrap.score_draws`; its values are `items.value`.
        items: The same Q items with floor and uniform control, which are expectations and have no noise of
            their own.
        rng: Of the draws over items.
        groups: As for `normalised.mean_score`.

    Returns:
        Absent, with the reason: as `intervals.mean_interval`, and where the denominator's interval reaches 0.

    Source: Fieller 1954; the quantile is that of the studentised draws of the score to first order, in
    place of Student's.
    """
    draws = normalised_draws(scores, items, groups)
    first_order = mean_interval(draws, rng, groups=groups)
    if first_order.why_absent:
        why = mean_score(items, groups).why_undefined
        return replace(first_order, why_absent=why or first_order.why_absent)
    quantile = _quantile(first_order)
    steps = fieller_steps(ratio_variances(first_order, draws, items, groups), quantile)
    if steps is None:
        return without_interval(first_order, NO_SPAN)
    below, above = steps
    return replace(first_order, low=first_order.estimate + below, high=first_order.estimate + above)


def ratio_variances(
    first_order: Interval, draws: ScoreDraws, items: ItemScores, groups: Sequence[str] | None
) -> RatioVariances:
    """What Fieller's method needs to know of a score.

    Args:
        first_order: The interval of the score to first order, whose variance holds respondents' noise too.
        draws: From `normalised.normalised_draws`.
        items: Floor and uniform control of the same Q items.
        groups: As there.
    """
    chosen = items.is_comparable
    kept = np.asarray(groups, dtype=np.str_)[chosen] if groups is not None else None
    overall = mean_score(items, groups)
    spans = (items.uniform - items.floor)[chosen] / (overall.uniform - overall.floor)
    whose = draws.select(chosen)
    of_items, labels = values_of_items(spans, whose.items, kept)
    scores, _ = values_of_items(whose.values, whose.items, kept)
    return RatioVariances(
        first_order.standard_error**2,
        _covariance_of_means(of_items, of_items, labels),
        _covariance_of_means(scores, of_items, labels),
    )


def fieller_steps(variances: RatioVariances, quantile: float) -> tuple[float, float] | None:
    """How far the ends lie from the score, below (<= 0) and above (>= 0).

    A step d is inside if d**2 <= quantile**2 (score - 2 d covariance + d**2 denominator), the variances being
    of the score to first order and of the denominator.

    Returns:
        None where the denominator is not beyond 0 by that quantile: the set of steps is then without end.
    """
    square = quantile**2
    room = 1 - square * variances.denominator
    if room <= 0:
        return None
    middle = -square * variances.covariance
    root = float(np.sqrt(middle**2 + room * square * variances.score))
    return (middle - root) / room, (middle + root) / room


def _quantile(interval: Interval) -> float:
    """Standard errors from the estimate to an end; without a spread, of no matter."""
    error = interval.standard_error
    return (interval.high - interval.estimate) / error if error > 0 else 0.0


def _covariance_of_means(first: Array, second: Array, groups: NDArray[np.str_] | None) -> float:
    """Of means over the same items, each group's weighing the same."""
    labels = np.zeros(first.size, dtype=np.str_) if groups is None else groups
    names = np.unique(labels)
    found = 0.0
    for name in names:
        members = labels == name
        matrix = np.cov(first[members], second[members])
        found += float(matrix[0, 1]) / int(members.sum()) / names.size**2
    return found

"""The debiased score: what a panel's score tends to when the panel grows.

A score at N respondents is too high, by noise. How much too high depends on how far the panel really is
from people: subtracting the bias that a bootstrap shows takes too little near people, leaving one
respondent out (the jackknife) too much. Here the answer is looked up instead: panels of the same size
are simulated on the way from people to the panel's own shares, h + t (p - h) for t in [0, 1]; where
their mean score equals the observed one, their mean score without noise is the debiased score. The ends of
the interval go the same way. Method and its limits by simulation: docs/concepts/intervals.md.

Letters: K options, Q items, N respondents, T points on the way.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from def_sim.metrics.bootstrap import ResampledPanel
from def_sim.metrics.deviations import item_weights
from def_sim.metrics.intervals import Estimand, Interval, without_interval
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.noise_floor import draw_samples, expected_scores
from def_sim.metrics.panel_scores import score_panel_by_metric
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.score_scale import SCALES

# Fewest respondents from which the limit held its coverage by simulation; other metrics have none.
FEWEST_RESPONDENTS: Final = {
    "js_divergence": 20,
    "kl_smoothed_model_human": 20,
    "js_distance": 100,
    "total_variation": 100,
    "wasserstein": 100,
    "mention_rate_difference": 100,
}
NUM_POINTS: Final = 9
NUM_DRAWS: Final = 60  # for each item and point; means are over many items
_VERY_MANY: Final = 1e9  # respondents: smoothing then no longer shows


@dataclass(frozen=True, slots=True)
class WayPanels:
    """Simulated panels on the way from people to the panel's own shares, item by item; see the module.

    None for an item without reference or answers.
    """

    small: list[Sample | None]  # of the observed size; counts of shape (T * draws, K), T-major
    endless: list[Sample | None]  # without noise; counts of shape (T, K)


@dataclass(frozen=True, slots=True)
class WayScores:
    """Expected scores on the way from people (first row) to the panel's own shares (last row).

    Both of shape (T, Q): of panels of the observed size, and without noise. NaN where undefined.
    """

    metric: str
    at_n: Array
    in_the_limit: Array


def draw_way(
    resampled: ResampledPanel,
    people: Sequence[Sample | None],
    forms: Sequence[ItemForm],
    rng: np.random.Generator,
    *,
    num_draws: int = NUM_DRAWS,
) -> WayPanels:
    """Simulates panels between people and the observed one; they serve every metric.

    Args:
        resampled: The panel, from `bootstrap.resample_panel`.
        people: Q references; None where there is none.
        forms: Q forms of items.
        rng: Of the simulated panels.
        num_draws: Panels for each item and point.
    """
    way = WayPanels([], [])
    for panel, drawn, human, form in zip(resampled.observed, resampled.drawn, people, forms, strict=True):
        if human is None or not panel.counts.sum() > 0:
            way.small.append(None)
            way.endless.append(None)
            continue
        steps = np.linspace(0, 1, NUM_POINTS)[:, None]
        rates = (1 - steps) * human.mention_rates + steps * panel.mention_rates
        size = effective_size(panel, drawn)
        small = draw_samples(rates, size, rng, form=form, num_draws=num_draws)
        way.small.append(Sample(small.counts.reshape(-1, rates.shape[-1]), small.num_respondents))
        way.endless.append(Sample(rates * _VERY_MANY, _VERY_MANY))
    return way


def score_way(
    way: WayPanels, people: Sequence[Sample | None], forms: Sequence[ItemForm], metric: str
) -> WayScores:
    """Scores the simulated panels under one metric."""
    return score_way_by_metric(way, people, forms, [metric])[metric]


def score_way_by_metric(
    way: WayPanels, people: Sequence[Sample | None], forms: Sequence[ItemForm], metrics: Collection[str]
) -> dict[str, WayScores]:
    """The same under several metrics, which is quicker than one after the other."""
    shape = (NUM_POINTS, len(people))
    scores = {one: WayScores(one, np.full(shape, np.nan), np.full(shape, np.nan)) for one in metrics}
    known = [index for index, small in enumerate(way.small) if small is not None]
    if known and scores:
        small = [one for one in way.small if one is not None]
        endless = [one for one in way.endless if one is not None]
        humans, of_items = [people[index] for index in known], [forms[index] for index in known]
        at_n = score_panel_by_metric(small, humans, of_items, metrics)  # (T * draws, items), T-major
        in_the_limit = score_panel_by_metric(endless, humans, of_items, metrics)
        for metric, one in scores.items():
            noisy = np.moveaxis(at_n[metric].reshape(NUM_POINTS, -1, len(known)), 1, -1)
            one.at_n[:, known] = expected_scores(noisy)
            one.in_the_limit[:, known] = in_the_limit[metric]
    return scores


def effective_size(panel: Sample, drawn: Sample) -> float:
    """How many independent answers an item's shares are worth.

    The number of valid answers, more if the shares are means over wordings: read off the variance of
    the resampled shares, which for N answers is p (1 - p) / N.
    """
    rates = panel.mention_rates
    num_answered = float(panel.num_respondents)
    defined = drawn.mention_rates[np.asarray(drawn.num_respondents) > 0]
    variance = float(defined.var(axis=0).sum())
    worth = float((rates * (1 - rates)).sum()) / variance if variance > 0 else num_answered
    # With one wording it is the number itself; the draws would only blur it.
    return max(num_answered, worth) if abs(worth / num_answered - 1) > 0.2 else num_answered


def limit_interval(
    interval: Interval, way: WayScores, num_respondents: int, *, groups: Sequence[str] | None = None
) -> Interval:
    """The debiased score with its interval, from those of the expected score at N.

    Args:
        interval: From `intervals.mean_interval`, of the same items.
        way: From `score_way`, Q items.
        num_respondents: N.
        groups: As for the interval.

    Returns:
        Absent, with the reason, for a metric whose limit cannot be had from so few respondents or at all.
    """
    why_absent = interval.why_absent or _why_no_limit(way.metric, num_respondents)
    nothing = replace(without_interval(interval, why_absent), estimand=Estimand.LIMIT, estimate=float("nan"))
    if why_absent:
        return nothing
    is_defined = ~np.isnan(way.at_n).any(axis=0)
    kept = None if groups is None else list(np.asarray(groups, dtype=np.str_)[is_defined])
    weights = item_weights(int(is_defined.sum()), kept)
    observed, true = way.at_n[:, is_defined] @ weights, way.in_the_limit[:, is_defined] @ weights
    estimate, low, high = (
        min(_looked_up(end, observed, true), SCALES[way.metric].most)
        for end in (interval.estimate, interval.low, interval.high)
    )
    return replace(nothing, estimate=estimate, low=low, high=high)


def _looked_up(score: float, observed: Array, true: Array) -> float:
    """The true score at which panels of this size are expected to have the observed one."""
    rising = np.maximum.accumulate(observed)
    if score <= rising[0]:  # no further than people are
        return 0.0
    if score > rising[-1]:  # further than the panel itself: noise no longer matters
        return float(true[-1] + score - rising[-1])
    return float(np.interp(score, rising, true))


def _why_no_limit(metric: str, num_respondents: int) -> str:
    fewest = FEWEST_RESPONDENTS.get(metric)
    if fewest is None:
        return f"The limit of {metric} cannot be had from a panel."
    if num_respondents < fewest:
        return f"{num_respondents} respondents are too few for the limit of {metric}: {fewest} are needed."
    return ""

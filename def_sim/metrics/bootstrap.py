"""Resampled panels: how scores would have come out with other respondents of the same kind.

Whole respondents are drawn with replacement, all their answers with them. The draws say how an item's
score varies and by how much items vary *together*; `intervals` makes intervals of means from them.
Knows nothing of how items were chosen, and takes the people's figures as fixed.

Letters: K options, Q items, N respondents, B draws.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.panel_answers import GroupedAnswers, PanelAnswers
from def_sim.metrics.panel_scores import score_panel_by_metric
from def_sim.metrics.sample import Array, Sample

NUM_DRAWS: Final = 1000


def draw_weights(num_respondents: int, rng: np.random.Generator, num_draws: int = NUM_DRAWS) -> Array:
    """How often each respondent is in each of B resampled panels of the same size, shape (B, N)."""
    even = np.full(num_respondents, 1 / num_respondents)
    return rng.multinomial(num_respondents, even, size=num_draws).astype(np.float64)


@dataclass(frozen=True, slots=True)
class ResampledPanel:
    """A panel's answers as counts: as they are, in B resampled panels, and without one respondent each."""

    observed: list[Sample]  # Q of counts (K,)
    drawn: list[Sample]  # Q of counts (B, K)
    without_one: list[Sample]  # Q of counts (N, K)


def resample_panel(panel: PanelAnswers | GroupedAnswers, weights: Array) -> ResampledPanel:
    """Counts everything that scores of all metrics need, once.

    Args:
        panel: N respondents, or groups of them, which then take the place of respondents throughout.
        weights: From `draw_weights`, shape (B, N). The same weights for two models resample their
            respondents in pairs.
    """
    return ResampledPanel(panel.samples(), panel.samples(weights), panel.samples_without_one())


@dataclass(frozen=True, slots=True)
class ScoreDraws:
    """Scores of Q items under one metric, with what resampling respondents says about them.

    `values`, shape (Q,): the scores. `draws`, shape (B, Q): in the resampled panels.
    `contributions`, shape (N, Q): what each respondent adds to an item's error, from leaving it out; the
    variance due to respondents of sum_i w_i values_i is sum_n (sum_i w_i contributions_ni)**2.
    `items`, shape (Q,): which item each is of, where wordings are scored apart (`wordings`); None: each is
    an item of its own.
    """

    values: Array
    draws: Array
    contributions: Array
    items: NDArray[np.str_] | None = None

    def select(self, is_chosen: NDArray[np.bool_]) -> "ScoreDraws":
        """The chosen items only; is_chosen has shape (Q,)."""
        return ScoreDraws(
            self.values[is_chosen],
            self.draws[:, is_chosen],
            self.contributions[:, is_chosen],
            None if self.items is None else self.items[is_chosen],
        )


def score_draws(
    resampled: ResampledPanel,
    people: Sequence[Sample | None],
    forms: Sequence[ItemForm],
    metric: str,
) -> ScoreDraws:
    """Scores every item under one metric, for the panel and for its resampled versions.

    Args:
        resampled: From `resample_panel`.
        people: Q references; None where there is none.
        forms: Q forms of items.
        metric: Name in ITEM_METRICS, or `kl_paper`, `close_count`, `std_paper`.

    Returns:
        NaN in all parts for an item without score. A single draw in which nobody answered an item counts
        as its mean over the other draws.
    """
    return score_draws_by_metric(resampled, people, forms, [metric])[metric]


def score_draws_by_metric(
    resampled: ResampledPanel,
    people: Sequence[Sample | None],
    forms: Sequence[ItemForm],
    metrics: Collection[str],
) -> dict[str, ScoreDraws]:
    """The same under several metrics, which is quicker than one after the other."""
    values, draws, left_out = (
        score_panel_by_metric(samples, people, forms, metrics)
        for samples in (resampled.observed, resampled.drawn, resampled.without_one)
    )
    return {metric: draws_of_numbers(values[metric], draws[metric], left_out[metric]) for metric in metrics}


def draws_of_numbers(values: Array, draws: Array, left_out: Array) -> ScoreDraws:
    """Any number of each item, with what resampling respondents says about it.

    Args:
        values: Of the panel, shape (Q,); NaN for an item without one.
        draws: Of the resampled panels, shape (B, Q).
        left_out: Of the panel without each respondent, shape (N, Q).

    Returns:
        As `score_draws`.
    """
    return ScoreDraws(values, _filled(draws, values), _contributions(values, left_out))


def linear_draws(values: Array, left_out: Array, weights: Array) -> ScoreDraws:
    """Scores whose draws are made from leaving respondents out, as a linear score would vary.

    For scores that drawing respondents again distorts: who is drawn twice repeats his own texts, so every
    resampled panel is less varied than the panel itself.

    Args:
        values: Of the panel, shape (Q,); NaN where undefined.
        left_out: Without each respondent, shape (N, Q).
        weights: From `draw_weights`, shape (B, N).
    """
    contributions = _contributions(values, left_out)
    return ScoreDraws(values, values + (weights - 1) @ contributions, contributions)


def certain_scores(values: Array, like: ScoreDraws) -> ScoreDraws:
    """Scores without respondents' noise, to compare a panel with: of a control, as expectations.

    Args:
        values: Shape (Q,), e.g. the expected scores of uniform answerers of the panel's size.
        like: Whose respondents and draws it takes; none of them changes anything.
    """
    values = np.asarray(values, dtype=np.float64)
    still = np.where(np.isnan(values), np.nan, 0.0)
    return ScoreDraws(
        values,
        np.tile(values, (like.draws.shape[0], 1)),
        np.tile(still, (like.contributions.shape[0], 1)),
        like.items,
    )


def _filled(draws: Array, values: Array) -> Array:
    """Without gaps but for undefined items: a gap says nothing about how the score varies."""
    is_gap = np.isnan(draws)
    num_defined = np.maximum((~is_gap).sum(axis=0), 1)
    means = np.where(is_gap, 0.0, draws).sum(axis=0) / num_defined
    return np.where(np.isnan(values), np.nan, np.where(is_gap, means, draws))


def _contributions(values: Array, left_out: Array) -> Array:
    """Jackknife influences, scaled so that their squares add up to a variance; shape (N, Q)."""
    num_respondents = left_out.shape[0]
    if num_respondents < 2:
        return np.zeros_like(left_out)  # one respondent: nothing to compare it with
    # An item whose only answer is left out has no score then, and no telling influence.
    change = np.where(np.isnan(left_out) & ~np.isnan(values), 0.0, values - left_out)
    centred: Array = change - change.mean(axis=0)
    return centred * float(np.sqrt((num_respondents - 1) / num_respondents))

"""Scores of all items at once, by the name of the metric, for a panel or for B resampled panels.

The sound metrics take each item alone; the published ones replace infinite items within a survey, so
here they take all items of one draw together. Items with as many options are scored side by side, a few
at a time: fewer calls, on numbers that are still in the processor's cache for the next metric.

Letters: K options, Q items, B draws.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from def_sim.metrics import kl_paper
from def_sim.metrics.item_metrics import ITEM_METRICS, MULTIPLE_CHOICE_ONLY, ROOT_OF, ItemForm
from def_sim.metrics.sample import Array, Sample

PAPER_METRICS: Final = ("kl_paper", "close_count", "std_paper")
_COUNTS_AT_ONCE: Final = 40_000


def score_panel(
    samples: Sequence[Sample], people: Sequence[Sample | None], forms: Sequence[ItemForm], metric: str
) -> Array:
    """One score an item.

    Args:
        samples: Q samples with counts of shape (K,) or (B, K), e.g. `PanelAnswers.samples`.
        people: Q references; None where nobody knows what people answered.
        forms: Q forms of items.
        metric: Name in ITEM_METRICS or PAPER_METRICS. `close_count` is 1 or 0 an item.

    Returns:
        Scores, shape (Q,) or (B, Q); NaN where undefined.

    Raises:
        KeyError: No metric has that name.
    """
    return score_panel_by_metric(samples, people, forms, [metric])[metric]


def score_panel_by_metric(
    samples: Sequence[Sample],
    people: Sequence[Sample | None],
    forms: Sequence[ItemForm],
    metrics: Collection[str],
) -> dict[str, Array]:
    """The same under several metrics, which is quicker than one after the other."""
    sound = [metric for metric in metrics if metric not in PAPER_METRICS]
    if unknown := set(sound) - ITEM_METRICS.keys():
        raise KeyError(unknown.pop())
    num_draws = samples[0].counts.shape[:-1]
    scores = {metric: np.full((*num_draws, len(samples)), np.nan) for metric in metrics}
    raw = np.full((*num_draws, len(samples)), np.nan)  # of the published divergence
    for block in _blocks(samples, people, forms):
        for metric, found in _sound_scores(block, sound).items():
            scores[metric][..., block.items] = np.moveaxis(found, 0, -1)
        if "std_paper" in scores:
            deviations = kl_paper.row_deviation(block.simulated)
            scores["std_paper"][..., block.items] = np.moveaxis(deviations, 0, -1)
        if "kl_paper" in scores or "close_count" in scores:
            divergences = kl_paper.kl_with_failures(block.simulated, block.human)
            raw[..., block.items] = np.moveaxis(divergences, 0, -1)
    known = [index for index, human in enumerate(people) if human is not None]
    if "kl_paper" in scores and known:
        scores["kl_paper"][..., known] = kl_paper.replace_undefined(raw[..., known])
    if "close_count" in scores and known:
        scores["close_count"][..., known] = kl_paper.is_close(raw[..., known])
    return scores


@dataclass(frozen=True, slots=True)
class _Block:
    """Some items of one form with as many options; their counts have the items first, (..., K) behind."""

    items: list[int]
    simulated: Sample
    human: Sample
    form: ItemForm


def _blocks(
    samples: Sequence[Sample], people: Sequence[Sample | None], forms: Sequence[ItemForm]
) -> Iterator[_Block]:
    """All items with people, in blocks."""
    alike: dict[tuple[tuple[int, ...], ItemForm], list[int]] = {}
    for index, (sample, human, form) in enumerate(zip(samples, people, forms, strict=True)):
        if human is not None:
            alike.setdefault((sample.counts.shape, form), []).append(index)
    for (shape, form), members in alike.items():
        step = max(1, _COUNTS_AT_ONCE // int(np.prod(shape)))
        for start in range(0, len(members), step):
            items = members[start : start + step]
            humans = [human for index in items if (human := people[index]) is not None]
            simulated = _side_by_side([samples[index] for index in items], len(shape) - 1)
            yield _Block(items, simulated, _side_by_side(humans, len(shape) - 1), form)


def _side_by_side(samples: Sequence[Sample], num_axes: int) -> Sample:
    """Items as one sample, which broadcasts: with an axis for draws also where there is one draw."""
    counts = np.stack(
        [one.counts.reshape((1,) * (num_axes + 1 - one.counts.ndim) + one.counts.shape) for one in samples]
    )
    lead = counts.shape[1:-1]
    answered, failed = (
        np.stack([np.broadcast_to(number, lead) for number in numbers])
        for numbers in ([one.num_respondents for one in samples], [one.num_failed for one in samples])
    )
    return Sample(counts, answered, failed)


def _sound_scores(block: _Block, metrics: Sequence[str]) -> dict[str, Array]:
    """Shape (items, ...) for each metric that the items can have."""
    found: dict[str, Array] = {}
    for metric in metrics:
        if metric in MULTIPLE_CHOICE_ONLY and not block.form.is_multiple:
            continue
        square = ROOT_OF.get(metric, "")
        found[metric] = (
            np.sqrt(found[square])
            if square in found
            else ITEM_METRICS[metric](block.simulated, block.human, block.form)
        )
    return found

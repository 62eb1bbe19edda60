"""Scores of all items at once, by the name of the metric, for a panel or for B resampled panels.

The sound metrics take each item alone; the published ones replace infinite items within a survey, so
here they take all items of one draw together.

Letters: K options, Q items, B draws.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from def_sim.metrics import kl_paper
from def_sim.metrics.item_metrics import ITEM_METRICS, MULTIPLE_CHOICE_ONLY, ItemForm
from def_sim.metrics.sample import Array, Sample

PAPER_METRICS: Final = ("kl_paper", "close_count", "std_paper")


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
    num_draws = samples[0].counts.shape[:-1]
    scores = np.full((*num_draws, len(samples)), np.nan)
    known = [index for index, human in enumerate(people) if human is not None]
    if metric in PAPER_METRICS:
        pairs = [(samples[index], human) for index in known if (human := people[index]) is not None]
        scores[..., known] = _paper_scores(pairs, metric)
        return scores
    score = ITEM_METRICS[metric]
    for index in known:
        human = people[index]
        if human is not None and (forms[index].is_multiple or metric not in MULTIPLE_CHOICE_ONLY):
            scores[..., index] = score(samples[index], human, forms[index])
    return scores


def _paper_scores(pairs: Sequence[tuple[Sample, Sample]], metric: str) -> Array:
    if not pairs:
        return np.empty(0)
    if metric == "std_paper":
        return np.stack([kl_paper.row_deviation(simulated) for simulated, _ in pairs], axis=-1)
    raw = np.stack([kl_paper.kl_with_failures(*pair) for pair in pairs], axis=-1)
    return kl_paper.replace_undefined(raw) if metric == "kl_paper" else kl_paper.is_close(raw)

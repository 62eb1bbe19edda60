"""Pairs of comparable runs: which is closer to people, beyond chance, and is it variety alone?

Joins `metrics/paired.py` and `metrics/entropy_control.py` with runs and seeds. One score, the mean of the
topic groups; Holm's adjustment over all pairs of a group. Reads no files.

Letters: Q items, B draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.score_intervals import Resampled
from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.entropy_control import EntropyVerdict, explained_by_entropy
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.paired import PairedComparison, adjusted_for_many, paired_comparison
from def_sim.metrics.sample import Sample
from def_sim.metrics.score_scale import SCALES
from def_sim.randomness import keyed_rng

METRIC: Final = "js_divergence"
LEVEL: Final = 0.05
NO_PANEL: Final = "its answers are probabilities, with no respondents to draw again"

_TYPES: Final = {
    "group": "int64",
    "first": "str",
    "second": "str",
    "metric": "str",
    "difference": "float64",
    "low": "float64",
    "high": "float64",
    "p_value": "float64",
    "p_adjusted": "float64",
    "num_pairs": "int64",
    "num_items": "int64",
    "entropy_verdict": "str",
    "share_explained": "float64",
    "reason": "str",
}


@dataclass(frozen=True)
class RunScores:
    """What pairs need to know of one run."""

    folder: str
    seed: int
    draws: ScoreDraws  # under METRIC
    samples: list[Sample]  # the panel's answers, Q of them
    people: list[Sample | None]
    forms: list[ItemForm]
    dimensions: list[str]
    items: list[str]  # what each score is of

    @classmethod
    def of(cls, folder: str, resampled: Resampled) -> "RunScores":
        """The part of a resampled panel that is kept."""
        return cls(
            folder,
            resampled.seed,
            resampled.draws(METRIC),
            resampled.panel.observed,
            resampled.people,
            resampled.forms,
            resampled.dimensions,
            resampled.items,
        )


def pairs_table(group: int, runs: Sequence[RunScores]) -> pd.DataFrame:
    """Every pair of a group's runs.

    Args:
        group: Number of the group.
        runs: Finished, comparable runs: the same items, people and number of respondents.

    Returns:
        Columns:
            group; first, second: folders; metric;
            difference: first minus second, mean of topic groups; below 0 the first is closer to people;
            low, high: its 95 % interval; p_value; p_adjusted (Holm over the num_pairs of the group);
            num_items: with a score in both;
            entropy_verdict, share_explained: see `metrics.entropy_control`, for pairs that differ beyond
                chance, of the closer one's advantage as a mean over items; "" and NaN for others;
            reason: why there is no interval.
    """
    pairs = list(combinations(runs, 2))
    compared = [compare_pair(*pair) for pair in pairs]
    p_values = {str(index): one.p_value for index, one in enumerate(compared)}
    adjusted = list(adjusted_for_many(p_values).values())
    rows = [
        _row(group, pair, one, p_adjusted, len(pairs))
        for pair, one, p_adjusted in zip(pairs, compared, adjusted, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def are_same_respondents(first: RunScores, second: RunScores) -> bool:
    """Places, decoding and memory are drawn by the seed and not by the model."""
    return first.seed == second.seed and len(first.draws.contributions) == len(second.draws.contributions)


def compare_pair(first: RunScores, second: RunScores) -> PairedComparison:
    """First minus second, mean of topic groups, under `METRIC`; below 0 the first is closer to people.

    Args:
        first: Of as many respondents as the second.
        second: Of the same items in the same order.
    """
    is_grouped = np.array([bool(name) for name in first.dimensions], dtype=np.bool_)
    return paired_comparison(
        first.draws.select(is_grouped),
        second.draws.select(is_grouped),
        keyed_rng(first.seed, "paired items", METRIC),
        same_respondents=are_same_respondents(first, second),
        groups=[name for name in first.dimensions if name],
        scale=SCALES[METRIC].of_differences(),
    )


def _row(
    group: int, pair: tuple[RunScores, RunScores], one: PairedComparison, p_adjusted: float, num_pairs: int
) -> dict[str, object]:
    verdict, share = _entropy(pair, one) if p_adjusted < LEVEL else ("", float("nan"))
    interval = one.difference
    return {
        "group": group,
        "first": pair[0].folder,
        "second": pair[1].folder,
        "metric": METRIC,
        "difference": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "p_value": one.p_value,
        "p_adjusted": p_adjusted,
        "num_pairs": num_pairs,
        "num_items": interval.num_items - interval.num_undefined,
        "entropy_verdict": verdict,
        "share_explained": share,
        "reason": interval.why_absent,
    }


def _entropy(pair: tuple[RunScores, RunScores], one: PairedComparison) -> tuple[str, float]:
    """Whether the closer one is closer by its variety alone."""
    closer, other = pair if one.difference.estimate < 0 else pair[::-1]
    facts = explained_by_entropy(
        closer.samples,
        other.samples,
        closer.people,
        closer.forms,
        METRIC,
        (closer.draws, other.draws),
        keyed_rng(closer.seed, "entropy control", METRIC),
        same_respondents=are_same_respondents(*pair),
    )
    return str(facts.verdict), facts.share_explained


VERDICT_WORDS: Final = {
    EntropyVerdict.NOT_MORE_VARIED: "",
    EntropyVerdict.NO_ADVANTAGE: "",
    EntropyVerdict.ABSENT: "",
    EntropyVerdict.EXPLAINED: "by its more varied answers alone",
    EntropyVerdict.PARTLY: "also where both are equally varied",
    EntropyVerdict.UNDECIDED: "perhaps by its more varied answers alone",
}

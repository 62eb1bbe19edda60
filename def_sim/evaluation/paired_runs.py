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
from numpy.typing import NDArray

from def_sim.evaluation.as_many_answers import at_as_many, floors_at
from def_sim.evaluation.score_intervals import Resampled
from def_sim.metrics.aggregation import macro_mean
from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.entropy_control import EntropyFacts, EntropyVerdict, explained_by_entropy
from def_sim.metrics.equal_answers import AnsweredItems
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.paired import PairedComparison, adjusted_for_many, paired_comparison
from def_sim.metrics.sample import Array, Sample
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
    "first_value": "float64",
    "second_value": "float64",
    "floor": "float64",
    "first_read": "float64",
    "second_read": "float64",
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
    answered_by: NDArray[np.bool_] | None = None  # see `AnsweredItems`

    @property
    def answered(self) -> AnsweredItems:
        """Its readable answers, counted."""
        return AnsweredItems(self.samples, self.people, self.forms, self.items, self.answered_by)

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
            resampled.answered.answered_by,
        )


def pairs_table(group: int, runs: Sequence[RunScores]) -> pd.DataFrame:
    """Every pair of a group's runs.

    Args:
        group: Number of the group.
        runs: Finished, comparable runs: the same items, people and number of respondents.

    Returns:
        Columns:
            group; first, second: folders; metric;
            difference: first minus second, mean of topic groups, at as many answers an item; below 0 the
                first is closer to people;
            low, high: its 95 % interval; p_value; p_adjusted (Holm over the num_pairs of the group);
            num_items: with a score in both; first_value, second_value: on these items, at as many answers;
                floor: expected of as many people, the same for both;
            first_read, second_read: share of its answers that could be read;
            entropy_verdict, share_explained: see `metrics.entropy_control`, for pairs that differ beyond
                chance, of the closer one's advantage as a mean over items; "" and NaN for others;
            reason: why there is no interval.
    """
    pairs = list(combinations(runs, 2))
    compared = [compare_pair(*pair) for pair in pairs]
    p_values = {str(index): one.found.p_value for index, one in enumerate(compared)}
    adjusted = list(adjusted_for_many(p_values).values())
    rows = [
        _row(group, pair, one, p_adjusted, len(pairs))
        for pair, one, p_adjusted in zip(pairs, compared, adjusted, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def are_same_respondents(first: RunScores, second: RunScores) -> bool:
    """Places, decoding and memory are drawn by the seed and not by the model."""
    return first.seed == second.seed and len(first.draws.contributions) == len(second.draws.contributions)


@dataclass(frozen=True)
class ComparedPair:
    """First minus second, mean of topic groups, and what the difference is made of.

    Both are scored at as many answers an item, so they stand above one floor, and on the items that both
    have. `values`: the two means; `floor`: expected of as many people as answered, on these items.
    """

    found: PairedComparison
    values: tuple[float, float]
    floor: float
    draws: tuple[ScoreDraws, ScoreDraws]  # at as many answers, of all items
    fewest: Array | None  # answers at which each item is compared; None: each panel's own number


def compare_pair(first: RunScores, second: RunScores) -> ComparedPair:
    """First minus second, mean of topic groups, under `METRIC`; below 0 the first is closer to people.

    Args:
        first: Of as many respondents as the second.
        second: Of the same items in the same order.
    """
    panels = (first.answered, second.answered)
    equal = at_as_many(panels, [{METRIC: first.draws}, {METRIC: second.draws}], first.seed)
    draws = equal.draws[0][METRIC], equal.draws[1][METRIC]
    is_grouped = np.array([bool(name) for name in first.dimensions], dtype=np.bool_)
    groups = [name for name in first.dimensions if name]
    found = paired_comparison(
        draws[0].select(is_grouped),
        draws[1].select(is_grouped),
        keyed_rng(first.seed, "paired items", METRIC),
        same_respondents=are_same_respondents(first, second),
        groups=groups,
        scale=SCALES[METRIC].of_differences(),
    )
    has_both = ~np.isnan(draws[0].values) & ~np.isnan(draws[1].values)
    floors = floors_at(panels[0], METRIC, equal.fewest, first.seed)
    values, other, floor = (
        macro_mean(np.where(has_both, one, np.nan)[is_grouped], groups)
        for one in (draws[0].values, draws[1].values, floors)
    )
    return ComparedPair(found, (values, other), floor, draws, equal.fewest)


def _row(
    group: int, pair: tuple[RunScores, RunScores], one: ComparedPair, p_adjusted: float, num_pairs: int
) -> dict[str, object]:
    verdict, share = _entropy(pair, one) if p_adjusted < LEVEL else ("", float("nan"))
    interval = one.found.difference
    return {
        "group": group,
        "first": pair[0].folder,
        "second": pair[1].folder,
        "metric": METRIC,
        "difference": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "p_value": one.found.p_value,
        "p_adjusted": p_adjusted,
        "num_pairs": num_pairs,
        "num_items": interval.num_items - interval.num_undefined,
        "first_value": one.values[0],
        "second_value": one.values[1],
        "floor": one.floor,
        "first_read": pair[0].answered.share_read,
        "second_read": pair[1].answered.share_read,
        "entropy_verdict": verdict,
        "share_explained": share,
        "reason": interval.why_absent,
    }


def _entropy(pair: tuple[RunScores, RunScores], one: ComparedPair) -> tuple[str, float]:
    """Whether the closer one is closer by its variety alone."""
    facts = explained_in_pair(*pair, one, is_first_closer=one.found.difference.estimate < 0)
    return str(facts.verdict), facts.share_explained


def explained_in_pair(
    first: RunScores, second: RunScores, one: ComparedPair, *, is_first_closer: bool
) -> EntropyFacts:
    """Whether variety explains that one of two runs is closer to people.

    Args:
        first: As it was compared.
        second: The other.
        one: From `compare_pair` of the two.
        is_first_closer: Else the second is.
    """
    order = 1 if is_first_closer else -1
    closer, other = (first, second)[::order]
    draws = one.draws[::order]
    return explained_by_entropy(
        closer.samples,
        other.samples,
        closer.people,
        closer.forms,
        METRIC,
        (draws[0], draws[1]),
        keyed_rng(closer.seed, "entropy control", METRIC),
        same_respondents=are_same_respondents(first, second),
        fewest=one.fewest,
    )


VERDICT_WORDS: Final = {
    EntropyVerdict.NOT_MORE_VARIED: "",
    EntropyVerdict.NO_ADVANTAGE: "",
    EntropyVerdict.ABSENT: "",
    EntropyVerdict.EXPLAINED: "by its more varied answers alone",
    EntropyVerdict.PARTLY: "also where both are equally varied",
    EntropyVerdict.UNDECIDED: "perhaps by its more varied answers alone",
}

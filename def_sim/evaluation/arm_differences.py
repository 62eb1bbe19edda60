"""Arms beside their baseline under every metric, by topic group and in diversity: paired differences.

The tested score is in `arm_scores.py`; what stands here is beside it and is not tested. Reads no files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from def_sim.evaluation.arm_panels import CHOICES, KL_PAPER, METRICS, TEXTS, VARIETY, ArmPanel
from def_sim.evaluation.as_many_answers import at_as_many
from def_sim.evaluation.paired_runs import METRIC
from def_sim.metrics.aggregation import macro_mean, micro_mean
from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.intervals import Estimand, Interval
from def_sim.metrics.paired import paired_comparison
from def_sim.metrics.sample import Array
from def_sim.metrics.score_scale import SCALES, SHARE, ScoreScale
from def_sim.randomness import keyed_rng

KL_ONE_REPLACEMENT: Final = "kl_paper_one_replacement"
NO_INTERVAL: Final = Interval(Estimand.EXPECTED_AT_N, float("nan"))
FEWEST_LEFT_OUT: Final = 3  # respondents: without one, two are left whose answers can differ
TOO_FEW_RESPONDENTS: Final = "Fewer than three respondents: without one of them no two are left to differ."
_NAN: Final = float("nan")
_SCALES: Final[dict[str, ScoreScale]] = {
    **SCALES,
    KL_ONE_REPLACEMENT: SCALES[KL_PAPER],
    TEXTS: SHARE,
    CHOICES: SHARE,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Arm minus baseline under one metric: below 0 the arm is closer, or less varied."""

    metric: str
    scope: str  # macro, micro or dimension
    dimension: str
    value: float = _NAN  # of the arm, on the items that both have
    baseline_value: float = _NAN
    interval: Interval = NO_INTERVAL
    people: float = _NAN  # of variety alone: expected of as many people


def penalty_of(panels: Sequence[ArmPanel]) -> float:
    """One replacement of infinite items for all arms: the largest finite value of any of them plus 1."""
    return max((panel.raw.largest for panel in panels), default=-np.inf) + 1


def differences(arm: ArmPanel, baseline: ArmPanel, penalty: float) -> list[Difference]:
    """Every metric, over topic groups, items and each group, and diversity; without the tested score.

    At as many answers an item, but for the published divergence, which counts whoever was asked, and for
    diversity, which is a share of what as many answers could differ in.

    Args:
        arm: Of the same items and as many respondents as the baseline.
        baseline: With the same seed.
        penalty: From `penalty_of`, of all arms.
    """
    found = []
    equal = at_as_many((arm.answered, baseline.answered), (arm.draws, baseline.draws), arm.seed)
    first, second = equal.draws
    for metric in (*METRICS, KL_ONE_REPLACEMENT, VARIETY):
        pair = (_draws(arm, first, metric, penalty), _draws(baseline, second, metric, penalty))
        for scope, dimension in _scopes(arm):
            if (metric, scope) != (METRIC, "macro"):
                found.append(_of_scores(arm, pair, metric, scope, dimension))
    return [*found, *(_of_diversity(arm, baseline, kind) for kind in (TEXTS, CHOICES))]


def _draws(panel: ArmPanel, at_equal: Mapping[str, ScoreDraws], metric: str, penalty: float) -> ScoreDraws:
    if metric != KL_ONE_REPLACEMENT:
        return at_equal[metric]
    # Without any finite value the score is absent, as in the published one.
    return panel.raw.replaced(penalty if np.isfinite(penalty) else float("nan"))


def _scopes(panel: ArmPanel) -> list[tuple[str, str]]:
    groups = sorted({name for name in panel.dimensions if name})
    return [("macro", ""), ("micro", ""), *(("dimension", name) for name in groups)]


def _of_scores(
    arm: ArmPanel, pair: tuple[ScoreDraws, ScoreDraws], metric: str, scope: str, dimension: str
) -> Difference:
    labels = np.array(arm.dimensions)
    chosen = labels == dimension if scope == "dimension" else (labels != "") | (scope == "micro")
    groups = [str(name) for name in labels[chosen]] if scope == "macro" else None
    first, second = (draws.select(chosen) for draws in pair)
    # The ratio that as many people would have is an expectation over items, not over topic groups.
    people = arm.levels[-1].entropy_ratio_people if (metric, scope) == (VARIETY, "micro") else _NAN
    what = Difference(metric, scope, dimension, people=people)
    return _compared(what, arm.seed, (first, second), groups)


def _of_diversity(arm: ArmPanel, baseline: ArmPanel, kind: str) -> Difference:
    people = arm.levels[-1].people if kind == CHOICES else _NAN
    pair = (arm.diversity[kind], baseline.diversity[kind])
    found = _compared(Difference(kind, "micro", "", people=people), arm.seed, pair, None)
    if found.interval.why_absent and len(pair[0].contributions) < FEWEST_LEFT_OUT:
        return replace(found, interval=replace(found.interval, why_absent=TOO_FEW_RESPONDENTS))
    return found


def _compared(
    what: Difference, seed: int, pair: tuple[ScoreDraws, ScoreDraws], groups: list[str] | None
) -> Difference:
    """With its numbers: both means on the items that both have, and the interval of their difference."""
    found = paired_comparison(
        *pair,
        keyed_rng(seed, "paired items", what.metric, what.scope, what.dimension),
        same_respondents=True,
        groups=groups,
        scale=_SCALES[what.metric].of_differences(),
    )
    is_undefined = np.isnan(pair[0].values) | np.isnan(pair[1].values)
    arm, baseline = (_mean(np.where(is_undefined, np.nan, draws.values), groups) for draws in pair)
    return replace(what, value=arm, baseline_value=baseline, interval=found.difference)


def _mean(values: Array, groups: list[str] | None) -> float:
    return micro_mean(values) if groups is None else macro_mean(values, groups)

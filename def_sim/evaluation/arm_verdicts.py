"""What a comparison of two arms comes to: closer, closer by its variety alone, farther, undecided, nothing.

Joins `metrics/paired.py` and `metrics/entropy_control.py`. Reads no files; words are in `arm_sentences.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from def_sim.evaluation.paired_runs import LEVEL, METRIC, RunScores, are_same_respondents
from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.divergence import entropy
from def_sim.metrics.entropy_control import EntropyFacts, EntropyVerdict, explained_by_entropy
from def_sim.metrics.paired import PairedComparison
from def_sim.metrics.sample import Sample
from def_sim.randomness import keyed_rng

_NAN = float("nan")


class ArmVerdict(StrEnum):
    """An arm beside its baseline, under the tested metric."""

    BASELINE = "baseline"
    CLOSER = "closer"  # and no more varied
    CLOSER_THAN_VARIETY = "closer_than_variety"  # also where both are equally varied
    CLOSER_BY_VARIETY = "closer_by_variety"  # by its more varied answers alone
    CLOSER_UNDECIDED = "closer_undecided"  # which of the two
    FARTHER = "farther"
    NO_DIFFERENCE = "no_difference"  # beyond chance
    ABSENT = "absent"


_OF_ENTROPY = {
    EntropyVerdict.NOT_MORE_VARIED: ArmVerdict.CLOSER,
    EntropyVerdict.PARTLY: ArmVerdict.CLOSER_THAN_VARIETY,
    EntropyVerdict.EXPLAINED: ArmVerdict.CLOSER_BY_VARIETY,
    # Closer in the mean of topic groups and not in that of items, over which variety is looked at.
    EntropyVerdict.NO_ADVANTAGE: ArmVerdict.CLOSER_UNDECIDED,
    EntropyVerdict.UNDECIDED: ArmVerdict.CLOSER_UNDECIDED,
    EntropyVerdict.ABSENT: ArmVerdict.CLOSER_UNDECIDED,
}


@dataclass(frozen=True, slots=True)
class Variety:
    """Entropies, in nats, and what variety has to do with the difference; NaN where that was not asked.

    `at_equal` is arm minus baseline once the less varied of the two is made as varied as the other.
    """

    arm: float = _NAN
    baseline: float = _NAN
    people: float = _NAN
    verdict: str = ""
    share_explained: float = _NAN
    at_equal: float = _NAN
    at_equal_low: float = _NAN
    at_equal_high: float = _NAN


def variety_of(arm: RunScores, baseline: RunScores, found: PairedComparison, p_adjusted: float) -> Variety:
    """Entropies of both; where one is closer beyond chance, whether its variety explains that.

    Args:
        arm: Of the same items as the baseline.
        baseline: Of as many respondents.
        found: Arm minus baseline.
        p_adjusted: Of that difference.
    """
    chosen = [index for index, human in enumerate(arm.people) if human is not None]
    of_arm, of_baseline, of_people = (
        _mean_entropy([samples[index] for index in chosen])
        for samples in (arm.samples, baseline.samples, arm.people)
    )
    if not p_adjusted < LEVEL:
        return Variety(of_arm, of_baseline, of_people)
    sign = 1.0 if found.difference.estimate > 0 else -1.0
    facts = _explained(*((arm, baseline) if sign < 0 else (baseline, arm)))
    rest = facts.remaining
    low, high = sorted((sign * rest.low, sign * rest.high))
    return Variety(
        of_arm,
        of_baseline,
        of_people,
        str(facts.verdict),
        facts.share_explained,
        sign * rest.estimate,
        low,
        high,
    )


def _explained(closer: RunScores, other: RunScores) -> EntropyFacts:
    return explained_by_entropy(
        closer.samples,
        other.samples,
        closer.people,
        closer.forms,
        METRIC,
        (closer.draws, other.draws),
        keyed_rng(closer.seed, "entropy control", METRIC),
        same_respondents=are_same_respondents(closer, other),
    )


def _mean_entropy(samples: Sequence[Sample | None]) -> float:
    levels = [float(entropy(sample.shares)) for sample in samples if sample is not None]
    return defined_mean(np.array(levels, dtype=np.float64))


def verdict_of(difference: float, p_adjusted: float, entropy_verdict: str) -> ArmVerdict:
    """The verdict on an arm that has an interval.

    Args:
        difference: Arm minus baseline; below 0 the arm is closer to people.
        p_adjusted: Of that difference.
        entropy_verdict: An `EntropyVerdict` of whichever is closer.
    """
    if not p_adjusted < LEVEL:
        return ArmVerdict.NO_DIFFERENCE
    return ArmVerdict.FARTHER if difference > 0 else _OF_ENTROPY[EntropyVerdict(entropy_verdict)]

"""What a comparison of two arms comes to: closer, closer by its variety alone, farther, undecided, nothing.

Joins `metrics/paired.py` and `metrics/entropy_control.py`. Reads no files; words are in `arm_sentences.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from def_sim.evaluation.paired_runs import LEVEL, ComparedPair, RunScores, explained_in_pair
from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.divergence import entropy
from def_sim.metrics.entropy_control import EntropyVerdict
from def_sim.metrics.equal_answers import NUM_DRAWS, thinned
from def_sim.metrics.sample import Array, Sample
from def_sim.randomness import keyed_rng

_NAN = float("nan")


class ArmVerdict(StrEnum):
    """An arm beside its baseline, under the tested metric."""

    BASELINE = "baseline"
    CLOSER = "closer"  # and no more varied
    CLOSER_THAN_VARIETY = "closer_than_variety"  # also where both are equally varied
    CLOSER_BY_VARIETY = "closer_by_variety"  # by its more varied answers alone
    CLOSER_UNDECIDED = "closer_undecided"  # which of the two
    FARTHER = "farther"  # and no less varied
    FARTHER_THAN_VARIETY = "farther_than_variety"  # also where both are equally varied
    FARTHER_BY_VARIETY = "farther_by_variety"  # by its less varied answers alone
    FARTHER_UNDECIDED = "farther_undecided"  # which of the two
    NO_DIFFERENCE = "no_difference"  # beyond chance
    ABSENT = "absent"


# Of the arm where it is closer, and where the baseline is.
_OF_ENTROPY = {
    EntropyVerdict.NOT_MORE_VARIED: (ArmVerdict.CLOSER, ArmVerdict.FARTHER),
    EntropyVerdict.PARTLY: (ArmVerdict.CLOSER_THAN_VARIETY, ArmVerdict.FARTHER_THAN_VARIETY),
    EntropyVerdict.EXPLAINED: (ArmVerdict.CLOSER_BY_VARIETY, ArmVerdict.FARTHER_BY_VARIETY),
}
# Also where one is closer in the mean of topic groups and not in that of items, over which variety is seen.
_UNDECIDED = (ArmVerdict.CLOSER_UNDECIDED, ArmVerdict.FARTHER_UNDECIDED)


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


def variety_of(arm: RunScores, baseline: RunScores, one: ComparedPair, p_adjusted: float) -> Variety:
    """Entropies of both; where one is closer beyond chance, whether its variety explains that.

    Args:
        arm: Of the same items as the baseline.
        baseline: Of as many respondents.
        one: Arm minus baseline.
        p_adjusted: Of that difference.

    Returns:
        Entropies at as many answers an item.
    """
    chosen = [index for index, human in enumerate(arm.people) if human is not None]
    of_arm, of_baseline = (_mean_entropy(run, one.fewest, chosen) for run in (arm, baseline))
    of_people = _mean([arm.people[index] for index in chosen])
    if not p_adjusted < LEVEL:
        return Variety(of_arm, of_baseline, of_people)
    sign = 1.0 if one.found.difference.estimate > 0 else -1.0
    facts = explained_in_pair(arm, baseline, one, is_first_closer=sign < 0)
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


def _mean_entropy(run: RunScores, fewest: Array | None, chosen: Sequence[int]) -> float:
    rng = keyed_rng(run.seed, "entropy at as many answers")
    return _mean(
        [
            run.samples[index]
            if fewest is None
            else thinned(run.samples[index], fewest[index], run.forms[index], rng, (NUM_DRAWS,))
            for index in chosen
        ]
    )


def _mean(samples: Sequence[Sample | None]) -> float:
    levels = [float(entropy(sample.shares).mean()) for sample in samples if sample is not None]
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
    closer, farther = _OF_ENTROPY.get(EntropyVerdict(entropy_verdict), _UNDECIDED)
    return farther if difference > 0 else closer

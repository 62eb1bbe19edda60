"""Verdicts on arms in words, from the numbers alone, by fixed templates."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from def_sim.evaluation.arm_verdicts import ArmVerdict
from def_sim.evaluation.measures import written
from def_sim.evaluation.paired_runs import LEVEL

# What several arms come to; in the order in which they are told.
_OF_MANY: Final[Mapping[ArmVerdict, str]] = {
    ArmVerdict.CLOSER: "closer to people and no more varied",
    ArmVerdict.CLOSER_THAN_VARIETY: "closer to people, also where both are equally varied",
    ArmVerdict.CLOSER_BY_VARIETY: "closer to people by more varied answers alone",
    ArmVerdict.CLOSER_UNDECIDED: "closer to people, undecided whether by more than variety",
    ArmVerdict.FARTHER: "farther from people and no less varied",
    ArmVerdict.FARTHER_THAN_VARIETY: "farther from people, also where both are equally varied",
    ArmVerdict.FARTHER_BY_VARIETY: "farther from people by less varied answers alone",
    ArmVerdict.FARTHER_UNDECIDED: "farther from people, undecided whether by more than variety",
    ArmVerdict.NO_DIFFERENCE: "without a difference beyond chance",
    ArmVerdict.ABSENT: "without a verdict",
}


def verdict_sentence(
    verdict: ArmVerdict,
    difference: tuple[float, float, float],
    at_equal: tuple[float, float, float],
    reason: str = "",
) -> str:
    """One sentence on an arm; "" for the baseline.

    Args:
        verdict: From `arm_verdicts.verdict_of`.
        difference: Arm minus baseline, and the ends of its interval; below 0 the arm is closer.
        at_equal: The same where both are equally varied; NaN where that was not asked.
        reason: Why there is no verdict.
    """
    amount, rest = _amount(difference), _signed(at_equal, difference[0])
    is_closer = difference[0] < 0
    match verdict:
        case ArmVerdict.BASELINE:
            return ""
        case ArmVerdict.ABSENT:
            return f"No verdict: {reason.rstrip('.')}."
        case ArmVerdict.NO_DIFFERENCE:
            _, low, high = difference
            if low == high == 0:
                return "No difference: the same score on every item."
            if low > 0 or high < 0:
                return f"No difference shown once all arms count; its own interval is {_ends(low, high)}."
            closer, farther = written(-low), written(high)
            excluded = f"closer by more than {closer} or farther by more than {farther} is excluded"
            return f"No difference shown: {excluded}."
        case ArmVerdict.CLOSER | ArmVerdict.FARTHER:
            how = f"with answers that are no {'more' if is_closer else 'less'} varied"
        case ArmVerdict.CLOSER_THAN_VARIETY | ArmVerdict.FARTHER_THAN_VARIETY:
            how = f"also where both are equally varied: {rest} is left"
        case ArmVerdict.CLOSER_BY_VARIETY | ArmVerdict.FARTHER_BY_VARIETY:
            how = f"by its {_varied(is_closer)} answers alone: where both are equally varied, {rest} is left"
        case ArmVerdict.CLOSER_UNDECIDED | ArmVerdict.FARTHER_UNDECIDED:
            left = "" if math.isnan(at_equal[0]) else f": where both are equally varied, {rest} is left"
            how = f"undecided whether by more than its {_varied(is_closer)} answers{left}"
    way = "Closer to" if is_closer else "Farther from"
    return f"{way} people than the baseline by {amount}, {how}."


def _varied(is_closer: bool) -> str:
    return "more varied" if is_closer else "less varied"


def _ends(low: float, high: float) -> str:
    return f"{written(low)} to {written(high)}"


def _amount(found: tuple[float, float, float]) -> str:
    """By how much: "0.012 (0.006 to 0.018)", positive where the sentence says the direction."""
    estimate, low, high = found
    if not estimate > 0:
        estimate, low, high = -estimate, -high, -low
    return f"{written(estimate)} ({_ends(low, high)})"


def effect_sentence(
    effect: tuple[float, float, float],
    p_adjusted: float,
    at_equal: tuple[float, float, float],
    reason: str = "",
) -> str:
    """One sentence on an effect of a factorial: of a setting on its own, or of several beyond each alone.

    Args:
        effect: On minus off, and the ends of its interval; below 0: closer to people.
        p_adjusted: Of it.
        at_equal: The same where both arms of each pair are equally varied; NaN where that is not known.
        reason: Why there is no interval.
    """
    value, low, high = effect
    if reason:
        return f"No verdict: {reason.rstrip('.')}."
    if not p_adjusted < LEVEL:
        if low > 0 or high < 0:
            return f"No effect shown once all effects count; its own interval is {_ends(low, high)}."
        lowers, raises = written(-low), written(high)
        excluded = f"lowering the distance by more than {lowers} or raising it by more than {raises}"
        return f"No effect shown: {excluded} is excluded."
    way = "Raises" if value > 0 else "Lowers"
    return f"{way} the distance to people by {_amount(effect)}{_left_of_effect(at_equal, value)}."


def _left_of_effect(at_equal: tuple[float, float, float], value: float) -> str:
    """What is left of an effect where both arms of each pair are equally varied."""
    rest, low, high = at_equal
    if math.isnan(rest):
        return ""
    where = "; where both are equally varied"
    if not (low > 0 or high < 0):
        return f"{where}, no effect is shown: {_signed(at_equal, value)}"
    if (rest > 0) == (value > 0):
        return f"{where}, {_amount(at_equal)} is left"
    return f"{where}, it {'raises' if rest > 0 else 'lowers'} it by {_amount(at_equal)}"


def _signed(found: tuple[float, float, float], like: float) -> str:
    """An amount in the direction of another: negative where it goes the other way."""
    estimate, low, high = found
    if like < 0:
        estimate, low, high = -estimate, -high, -low
    return f"{written(estimate)} ({_ends(low, high)})"


def seeds_sentence(num_seeds: int, spread: tuple[float, float, float], error: float, ratio: float) -> str:
    """One sentence on what the seed alone does to a score.

    Args:
        num_seeds: At least two.
        spread: Lowest, mean and highest score.
        error: That respondents make expect; NaN where that is not known.
        ratio: Standard deviation over it.
    """
    lowest, mean, highest = (written(one) for one in spread)
    moved = f"Over {num_seeds} seeds the score is {mean} on average, from {lowest} to {highest}"
    if math.isnan(ratio):
        return f"{moved}; how far respondents alone would move it is not known."
    return f"{moved}; it moves {ratio:.1f} times as far as its respondents make expect ({written(error)})."


def level_sentence(
    difference: tuple[float, float, float], levels: tuple[float, float], people: float, reason: str = ""
) -> str:
    """One sentence on how varied an arm is beside its baseline.

    Args:
        difference: Arm minus baseline, and the ends of its interval.
        levels: Of the arm and of the baseline.
        people: Expected of as many people; NaN where that is not known.
        reason: Why there is no interval.
    """
    _, low, high = difference
    if reason:
        return f"No verdict: {reason.rstrip('.')}."
    if not (low > 0 or high < 0):
        return f"No difference in variety shown: {_ends(low, high)}."
    more = "More" if low > 0 else "Less"
    amount = f"{more} varied than the baseline by {_amount(difference)}"
    if math.isnan(people):
        return f"{amount}; people's level is not known."
    arm, baseline = levels
    way = "nearer to" if abs(arm - people) < abs(baseline - people) else "farther from"
    beyond = ", and beyond it" if arm > people else ""
    return f"{amount}, {way} people's level{beyond}: {written(arm)}, people {written(people)}."


def summary_sentence(verdicts: Sequence[ArmVerdict], baseline: str, reason: str = "") -> str:
    """What all arms of a comparison come to: the answer to an experiment's question.

    Args:
        verdicts: Of all arms but the baseline.
        baseline: Its title.
        reason: Why the first arm has none, as a sentence; said where none has one.
    """
    counts = Counter(verdicts)
    if not verdicts or counts[ArmVerdict.ABSENT] == len(verdicts):
        return f"No arm has a verdict beside the baseline ({baseline}) yet. {reason}".rstrip()
    told = [f"{counts[verdict]} {words}" for verdict, words in _OF_MANY.items() if counts[verdict]]
    arms = "1 arm" if len(verdicts) == 1 else f"{len(verdicts)} arms"
    return f"Of {arms} beside the baseline ({baseline}): {'; '.join(told)}."

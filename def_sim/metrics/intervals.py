"""Intervals of scores: which number they are about, how wide they are, and when there is none.

An interval reaches as far as the studentised deviations of the mean do (`deviations`), on the scale on which
the score varies evenly, so that it stays within the score's range (`score_scale`). Few items do not show how
skewed they are: below a number that the scale names there is no interval, and the reason is given. The
p-value of a difference is where its interval would end at 0, so the two cannot disagree.

Letters: Q items, N respondents, B draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.deviations import CONFIDENCE, Deviations, item_weights, two_way_deviations
from def_sim.metrics.sample import Array
from def_sim.metrics.score_scale import ScoreScale
from def_sim.metrics.wordings import scores_of_items

MOST_OF_STUDENT: Final = 2.0  # an interval is at most so many times Student's
MOST_COUNTED: Final = 0.99  # beyond it too few draws lie to be counted
ANY_NUMBER: Final = ScoreScale()
FEWEST_IN_A_GROUP: Final = 2  # one item does not show how items of its group differ
ALL_ALIKE: Final = "All items score the same: how other items would differ is unknown."
_ROUNDING: Final = 1e-9  # what it leaves between equal scores
_NAN: Final = float("nan")


class Estimand(StrEnum):
    """The number that an interval is about. Both are means over the items that could have been asked."""

    EXPECTED_AT_N = "expected_at_n"  # the expected score of a panel of this size; stands beside the floor
    LIMIT = "limit"  # what the score tends to as the panel grows; a perfect simulator has 0


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval, or NaN with the reason why there is none."""

    estimand: Estimand
    estimate: float
    low: float = _NAN
    high: float = _NAN
    standard_error: float = _NAN
    degrees_of_freedom: float = _NAN
    num_items: int = 0  # in scope
    num_undefined: int = 0  # of them without a score, left out
    why_absent: str = ""  # empty if there is an interval


def mean_interval(
    scores: ScoreDraws,
    rng: np.random.Generator,
    *,
    groups: Sequence[str] | None = None,
    scale: ScoreScale = ANY_NUMBER,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Interval of the expected score of a panel of this size: a mean over items, or over group means.

    Args:
        scores: From `bootstrap.score_draws`; Q items, those of one group or of the survey. Scores of one
            item's wordings are drawn together, and count as one item.
        rng: Of the draws over items; B is that of the scores.
        groups: For the mean of group means: items are then drawn within their group, the groups being
            the same in every survey.
        scale: Range of the scores, within which the interval ends, and how many items it needs.
        confidence: In (0, 1).

    Returns:
        Absent, with the reason: too few items with a score (with groups: those that a group has beyond its
        first count, and each needs two), all of them alike, or fewer than two respondents.
    """
    interval, _ = _mean(scores, rng, groups, scale, confidence)
    are_alike = not interval.why_absent and np.nanmax(scores.values) - np.nanmin(scores.values) <= _ROUNDING
    return without_interval(interval, ALL_ALIKE) if are_alike else interval


def interval_with_p_value(
    differences: ScoreDraws,
    rng: np.random.Generator,
    *,
    groups: Sequence[str] | None = None,
    scale: ScoreScale = ANY_NUMBER,
) -> tuple[Interval, float]:
    """Interval of a mean of differences, and the p-value of there being none, from the same draws.

    Args:
        differences: Q items, as for `mean_interval`.
        rng: Of the draws over items.
        groups: As for `mean_interval`.
        scale: Of differences (`ScoreScale.of_differences`): a range around 0, at whose ends the interval
            is cut.

    Returns:
        The interval excludes 0 exactly if the p-value is below 1 - CONFIDENCE; NaN without an interval.
        Two models that score the same on every item differ by 0, from 0 to 0.
    """
    interval, deviations = _mean(differences, rng, groups, scale, CONFIDENCE)
    return interval, _NAN if deviations is None else p_value(deviations, interval.estimate)


def _mean(
    scores: ScoreDraws,
    rng: np.random.Generator,
    groups: Sequence[str] | None,
    scale: ScoreScale,
    confidence: float,
) -> tuple[Interval, Deviations | None]:
    is_defined = ~np.isnan(scores.values)
    num_items, num_undefined = is_defined.size, int((~is_defined).sum())
    defined = scores.select(is_defined)
    kept = None if groups is None else np.asarray(groups, dtype=np.str_)[is_defined]
    estimate = _weighted_mean(defined.values, kept)
    of_items, kept = scores_of_items(defined, kept)  # wordings of one are no further items
    why_absent = _why_absent(of_items, kept, scale.fewest_items)
    if why_absent:
        nothing = Interval(
            Estimand.EXPECTED_AT_N,
            estimate,
            num_items=num_items,
            num_undefined=num_undefined,
            why_absent=why_absent,
        )
        return nothing, None
    deviations = two_way_deviations(of_items, rng, kept, least_of_drawn=scale.least_of_drawn)
    low, high = scale.ends(estimate, interval_reach(deviations, confidence=confidence))
    interval = Interval(
        Estimand.EXPECTED_AT_N,
        estimate,
        low,
        high,
        deviations.standard_error,
        deviations.degrees_of_freedom,
        num_items,
        num_undefined,
    )
    return interval, deviations


def without_interval(interval: Interval, why_absent: str) -> Interval:
    """The estimate alone, with the reason why it has no interval."""
    return replace(
        interval,
        low=_NAN,
        high=_NAN,
        standard_error=_NAN,
        degrees_of_freedom=_NAN,
        why_absent=why_absent,
    )


def interval_reach(deviations: Deviations, *, confidence: float = CONFIDENCE) -> float:
    """How far the interval reaches to either side of the estimate.

    That share of the studentised deviations lies within it (the symmetric bootstrap-t; Hall 1988). At least
    Student's reach; at most twice that, since one item far from a few others makes a draw without it deviate
    by any number of its own errors. Beyond MOST_COUNTED it goes on as Student's does, as many times as far
    as there.
    """
    counted = min(confidence, MOST_COUNTED)
    found = _counted_quantile(np.abs(deviations.studentised), counted)
    of_student = _student_reach(deviations, counted)
    reach = min(max(found, of_student), MOST_OF_STUDENT * of_student)
    if confidence > counted and of_student > 0:
        reach *= _student_reach(deviations, confidence) / of_student
    return reach


def p_value(deviations: Deviations, estimate: float) -> float:
    """Two-sided, of a true mean of 0: the level above which the interval excludes 0.

    The inverse of `interval_reach`: the share of studentised deviations that are as large, at least
    Student's p-value; in the tail, Student's of the estimate scaled down as the interval is widened. So it is
    no multiple of 1/B where it is small, and can be below 1/B.
    """
    error, distance = deviations.standard_error, abs(estimate)
    if error == 0:
        return 1.0 if estimate == 0 else 0.0
    end_of_count = interval_reach(deviations, confidence=MOST_COUNTED)
    if distance > end_of_count:
        distance *= _student_reach(deviations, MOST_COUNTED) / end_of_count
        return _student_p_value(distance / error, deviations)
    num_as_large = int((np.abs(deviations.studentised) >= distance).sum())
    counted = (num_as_large + 1) / (deviations.studentised.size + 1)
    least, most = (_student_p_value(distance / error / times, deviations) for times in (1, MOST_OF_STUDENT))
    return min(max(counted, least), most)


def _counted_quantile(sizes: Array, confidence: float) -> float:
    """Where a larger estimate has fewer than a share 1 - confidence as large, itself among the B + 1.

    Infinite where B draws are too few to say. Source: Davison & Hinkley 1997, section 4.2.5.
    """
    rank = int(confidence * (sizes.size + 1)) + 1
    return float(np.sort(sizes)[rank - 1]) if rank <= sizes.size else float("inf")


def _student_reach(deviations: Deviations, confidence: float) -> float:
    quantile = student.ppf((1 + confidence) / 2, deviations.degrees_of_freedom)
    return deviations.standard_error * float(quantile)


def _student_p_value(ratio: float, deviations: Deviations) -> float:
    return float(2 * student.sf(ratio, deviations.degrees_of_freedom))


def _weighted_mean(values: Array, groups: NDArray[np.str_] | None) -> float:
    if values.size == 0:
        return _NAN
    return float(values @ item_weights(values.size, None if groups is None else list(groups)))


def _why_absent(defined: ScoreDraws, groups: NDArray[np.str_] | None, fewest_items: int) -> str:
    num_items = defined.values.size
    if num_items == 0:
        return "No item has a score."
    if defined.contributions.shape[0] < 2:
        return "One respondent: how respondents differ is unknown."
    names, sizes = np.unique(
        np.zeros(num_items, dtype=np.str_) if groups is None else groups, return_counts=True
    )
    if groups is not None and (sizes < FEWEST_IN_A_GROUP).any():
        single = names[sizes < FEWEST_IN_A_GROUP][0]
        return f"Too few items: 1 with a score in {single}, {FEWEST_IN_A_GROUP} are needed."
    needed = fewest_items + names.size - 1  # each group spends an item on its own mean
    if num_items < needed:
        return f"Too few items: {num_items} with a score, {needed} are needed."
    return ""

"""Intervals of scores: which number they are about, how wide they are, and when there is none.

Two things could have been otherwise: which items were asked, and who answered. The deviations of a mean
are therefore the sum of two bootstraps, one over items and one over respondents. The noise of single
answers is in both; of the second only what items have *in common* is kept, so it counts once (two-way
clustering, Cameron, Gelbach & Miller 2011). The deviations are taken around their own mean: resampled panels
score worse than the panel they come from, and a plain percentile interval would carry that bias. Those of
items are studentised, each measured by the spread of its own draw: scores of items are skewed, and a few of
them that happen to be small know their spread badly (docs/statistics.md). People's figures are taken as
fixed. The p-value of a difference is where its interval would end at 0, so the two cannot disagree.

Letters: Q items, N respondents, B draws, S groups of items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.sample import Array

CONFIDENCE: Final = 0.95
MOST_OF_STUDENT: Final = 2.0  # an interval is at most so many times Student's
MOST_COUNTED: Final = 0.99  # beyond it too few draws lie to be counted
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


@dataclass(frozen=True, slots=True)
class Deviations:
    """How the mean would have come out otherwise, around 0; shapes (B,)."""

    draws: Array
    studentised: Array  # the items' part by the spread of each draw; infinite where a draw has none
    degrees_of_freedom: float

    @property
    def standard_error(self) -> float:
        """The draws are widened to Student's quantiles; a standard error is not."""
        return float(self.draws.std()) / _widening(self.degrees_of_freedom)


def item_weights(num_items: int, groups: Sequence[str] | None = None) -> Array:
    """The weight of each item in a mean, shape (Q,), sums to 1.

    Args:
        num_items: Q.
        groups: Group of each item. With them every group weighs the same (the mean of group means);
            without, every item.
    """
    if groups is None:
        return np.full(num_items, 1 / num_items)
    _, members, sizes = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True, return_counts=True)
    weights: Array = 1 / (sizes.size * sizes[members])
    return weights


def mean_interval(
    scores: ScoreDraws,
    rng: np.random.Generator,
    *,
    groups: Sequence[str] | None = None,
    confidence: float = CONFIDENCE,
    least: float = 0.0,
) -> Interval:
    """Interval of the expected score of a panel of this size: a mean over items, or over group means.

    Args:
        scores: From `bootstrap.score_draws`; Q items, those of one group or of the survey.
        rng: Of the draws over items; B is that of the scores.
        groups: For the mean of group means: items are then drawn within their group, the groups being
            the same in every survey.
        confidence: In (0, 1).
        least: The smallest possible score, at which the interval ends; -inf for differences.

    Returns:
        Absent, with the reason: fewer than two items with a score in the scope or in a group, or fewer
        than two respondents.
    """
    return _mean(scores, rng, groups, confidence, least)[0]


def interval_with_p_value(
    differences: ScoreDraws, rng: np.random.Generator, *, groups: Sequence[str] | None = None
) -> tuple[Interval, float]:
    """Interval of a mean of differences, and the p-value of there being none, from the same draws.

    Args:
        differences: Q items, as for `mean_interval`.
        rng: Of the draws over items.
        groups: As for `mean_interval`.

    Returns:
        The interval excludes 0 exactly if the p-value is below 1 - CONFIDENCE; NaN without an interval.
    """
    interval, deviations = _mean(differences, rng, groups, CONFIDENCE, -np.inf)
    return interval, _NAN if deviations is None else p_value(deviations, interval.estimate)


def _mean(
    scores: ScoreDraws,
    rng: np.random.Generator,
    groups: Sequence[str] | None,
    confidence: float,
    least: float,
) -> tuple[Interval, Deviations | None]:
    is_defined = ~np.isnan(scores.values)
    num_items, num_undefined = is_defined.size, int((~is_defined).sum())
    defined = scores.select(is_defined)
    kept = None if groups is None else np.asarray(groups, dtype=np.str_)[is_defined]
    estimate = _weighted_mean(defined.values, kept)
    why_absent = _why_absent(defined, kept)
    if why_absent:
        nothing = Interval(
            Estimand.EXPECTED_AT_N,
            estimate,
            num_items=num_items,
            num_undefined=num_undefined,
            why_absent=why_absent,
        )
        return nothing, None
    deviations = two_way_deviations(defined, rng, kept)
    reach = interval_reach(deviations, confidence=confidence)
    interval = Interval(
        Estimand.EXPECTED_AT_N,
        estimate,
        max(estimate - reach, least),
        estimate + reach,
        deviations.standard_error,
        deviations.degrees_of_freedom,
        num_items,
        num_undefined,
    )
    return interval, deviations


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


def two_way_deviations(
    scores: ScoreDraws, rng: np.random.Generator, groups: NDArray[np.str_] | None = None
) -> Deviations:
    """How a mean of defined scores varies with items and respondents; see the module."""
    by_items, own_variances, variances, freedoms = _item_deviations(scores, rng, groups)
    weights = item_weights(scores.values.size, None if groups is None else list(groups))
    respondent_variance = shared_variance(scores.contributions, weights)
    num_respondents = scores.contributions.shape[0]
    freedom = _satterthwaite(
        np.append(variances, respondent_variance), np.append(freedoms, max(1, num_respondents - 1))
    )
    by_respondents = (scores.draws - scores.draws.mean(axis=0)) @ weights
    spread = by_respondents.std()
    scale = np.sqrt(respondent_variance) / spread if spread > 0 else 0.0
    of_respondents, widening = scale * by_respondents, _widening(freedom)
    studentised = _studentised(by_items, own_variances, float(variances.sum()))
    return Deviations(
        (by_items + of_respondents) * widening, studentised + of_respondents * widening, freedom
    )


def shared_variance(contributions: Array, weights: Array) -> float:
    """Variance of a weighted mean that comes from respondents who err on several items alike.

    The items' own noise, which differences between items already contain, is taken off, but for the
    share within which N respondents leave a variance unknown, sqrt(2 / (N - 1)): with few of them the
    interval is rather too wide than too narrow. Not below 0.
    """
    whole = float(((contributions @ weights) ** 2).sum())
    own = float(((contributions**2).sum(axis=0) * weights**2).sum())
    unknown = float(np.sqrt(2 / max(1, contributions.shape[0] - 1)))
    return max(0.0, whole - own * max(0.0, 1 - unknown))


def _item_deviations(
    scores: ScoreDraws, rng: np.random.Generator, groups: NDArray[np.str_] | None
) -> tuple[Array, Array, Array, Array]:
    """Deviations from drawing items again, and the variance that each draw by itself gives them, shapes (B,).

    With each group's variance and degrees of freedom, shapes (S,).
    """
    labels = np.zeros(scores.values.size, dtype=np.str_) if groups is None else groups
    names = np.unique(labels)
    total, own = np.zeros(scores.draws.shape[0]), np.zeros(scores.draws.shape[0])
    variances, freedoms = [], []
    for name in names:
        members = scores.values[labels == name]
        picked = rng.integers(members.size, size=(total.size, members.size))
        # A bootstrap of n items has a variance too small by (n - 1)/n.
        inflation = np.sqrt(members.size / (members.size - 1)) / names.size
        drawn = members[picked]
        total += (drawn.mean(axis=1) - members.mean()) * inflation
        # The squared error of the drawn mean, inflated alike: the ratio of the two is Student's t.
        own += drawn.var(axis=1) / (members.size - 1) * inflation**2
        variances.append(members.var(ddof=1) / members.size / names.size**2)
        freedoms.append(members.size - 1)
    return total, own, np.array(variances), np.array(freedoms)


def _studentised(deviations: Array, own_variances: Array, variance: float) -> Array:
    """Each deviation in units of its own draw's error, brought back to the scale of the scores, (B,)."""
    if variance == 0:
        return np.zeros_like(deviations)
    error = np.sqrt(own_variances / variance)
    without_error = np.where(deviations == 0, 0.0, np.copysign(np.inf, deviations))
    return np.divide(deviations, error, out=without_error, where=error > 0)


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


def _satterthwaite(variances: Array, freedoms: Array) -> float:
    """Degrees of freedom of a sum of independent variances (Satterthwaite 1946)."""
    total = float(variances.sum())
    return total**2 / float((variances**2 / freedoms).sum()) if total > 0 else float("inf")


def _widening(degrees_of_freedom: float) -> float:
    """Student's 97.5 % quantile over the normal one: few items or respondents know their spread badly."""
    tail = 1 - (1 - CONFIDENCE) / 2
    return float(student.ppf(tail, degrees_of_freedom) / norm.ppf(tail))


def _weighted_mean(values: Array, groups: NDArray[np.str_] | None) -> float:
    if values.size == 0:
        return _NAN
    return float(values @ item_weights(values.size, None if groups is None else list(groups)))


def _why_absent(defined: ScoreDraws, groups: NDArray[np.str_] | None) -> str:
    if defined.values.size == 0:
        return "No item has a score."
    if defined.contributions.shape[0] < 2:
        return "One respondent: how respondents differ is unknown."
    names, sizes = np.unique(
        np.zeros(defined.values.size, dtype=np.str_) if groups is None else groups, return_counts=True
    )
    if (sizes < 2).any():
        single = str(names[sizes < 2][0])
        where = f" in {single}" if single else ""
        return f"One item with a score{where}: how items differ is unknown."
    return ""

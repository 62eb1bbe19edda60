"""What failed answers do to a score: left out, counted as an answer of their own, or at worst and at best.

    dropped    only valid answers are compared; fails silently if those who fail would have answered otherwise
    category   failing is one more option, which people did not have (or had, if their share is given)
    bounds     the failed answers are placed so that the panel looks worst, or best

Bounds are exact for answers with one choice. A divergence is convex in the panel's shares, so the largest
value has all failures on one option, and the smallest is reached when moving no single answer helps (its
counts form an M-convex function; Murota 2003, theorem 6.26). With several choices, each failed
respondent is given 1 to max_choices options; the largest value again has all of them alike, the
smallest is searched for every total number of mentions, above 100 failures in 100 equal parts. For the
entropy ratio, which is concave, the same searches give the other end.

Letters: K options, N respondents, F failed answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import combinations, permutations
from math import ceil, comb
from typing import Final

import numpy as np

from def_sim.metrics.item_metrics import ITEM_METRICS, NOT_A_DIVERGENCE, ItemForm
from def_sim.metrics.sample import Array, Sample

MOST_SETS: Final = 5000  # sets of options tried for the worst case of several choices
MOST_PARTS: Final = 100  # in which the failures of an item with several choices are placed
_NO_GAIN: Final = 1e-13

Score = Callable[[Array], Array]  # from counts (M, K) of the panel to scores (M,)


class Nonresponse(StrEnum):
    """How failed answers enter a score."""

    DROPPED = "dropped"
    CATEGORY = "category"
    WORST = "worst"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class NonresponseScores:
    """One item's score under each treatment; NaN where undefined.

    `least` and `most` bound the score over all ways in which the failed could have answered.
    """

    dropped: float  # NaN if everyone failed
    category: float  # NaN for distances along a scale, on which a failure has no place
    least: float
    most: float
    share_failed: float  # of those asked; NaN if nobody was

    def of(self, treatment: Nonresponse) -> float:
        """The score by the name of the treatment, for metrics of which less is better."""
        names = {Nonresponse.WORST: "most", Nonresponse.BEST: "least"}
        return float(getattr(self, names.get(treatment, treatment.value)))


def nonresponse_scores(
    simulated: Sample, human: Sample, form: ItemForm, metric: str, *, human_share_failed: float = 0.0
) -> NonresponseScores:
    """One item's score with failures dropped, as a category, and at its bounds.

    Args:
        simulated: The panel: counts of shape (K,), its answers and failures.
        human: The people, shape (K,).
        form: Of the item.
        metric: Name in ITEM_METRICS.
        human_share_failed: Share of people who gave no valid answer, in [0, 1); for `category` only.

    Returns:
        Bounds of a mean over items are the means of the bounds: failures are placed item by item. To be
        read beside the floor of everyone who was asked, not only of those who answered.
    """
    num_answered, num_failed = float(simulated.num_respondents), float(simulated.num_failed)
    num_asked = num_answered + num_failed
    if num_asked == 0:
        return NonresponseScores(*[float("nan")] * 5)
    least, most = score_bounds(simulated, human, form, metric)
    return NonresponseScores(
        dropped=float(ITEM_METRICS[metric](simulated, human, form)),
        category=score_with_category(simulated, human, form, metric, human_share_failed=human_share_failed),
        least=least,
        most=most,
        share_failed=num_failed / num_asked,
    )


def score_with_category(
    simulated: Sample, human: Sample, form: ItemForm, metric: str, *, human_share_failed: float = 0.0
) -> float:
    """The score on K + 1 options, the last of which is a failed answer.

    A failure counts as one mention. Failing has no place on a scale, so the options lose their order.
    """
    num_people = float(human.num_respondents)
    num_silent = num_people * human_share_failed / (1 - human_share_failed)
    return float(
        ITEM_METRICS[metric](
            _with_failures(simulated, float(simulated.num_failed)),
            _with_failures(human, num_silent),
            replace(form, is_ordered=False),
        )
    )


def _with_failures(sample: Sample, num_failed: float) -> Sample:
    counts = np.append(sample.counts, num_failed)
    return Sample(counts, float(sample.num_respondents) + num_failed)


def score_bounds(simulated: Sample, human: Sample, form: ItemForm, metric: str) -> tuple[float, float]:
    """The smallest and the largest score over all ways in which the failed could have answered.

    Where numbers are means over wordings and not whole, failures are placed in equal parts of at most one
    answer.

    Returns:
        Least and most; both the score itself without failures. NaN where the metric is undefined, and
        for an item on which one respondent can answer in more than MOST_SETS ways.
    """
    counts, num_failed = np.asarray(simulated.counts, dtype=np.float64), float(simulated.num_failed)
    num_asked = float(simulated.num_respondents) + num_failed

    def score(placed: Array) -> Array:
        return ITEM_METRICS[metric](Sample(counts + placed, num_asked), human, form)

    if num_failed == 0 or np.isnan(score(np.full((1, counts.size), num_failed))).any():
        alone = float(score(np.zeros((1, counts.size)))[0])
        return alone, alone
    if _num_answer_sets(counts.size, form) > MOST_SETS:
        return float("nan"), float("nan")
    is_concave = metric in NOT_A_DIVERGENCE
    sign = -1.0 if is_concave else 1.0
    extreme = sign * float((sign * score(num_failed * _answer_sets(counts.size, form))).max())
    inner = sign * _least(lambda placed: sign * score(placed), num_failed, _start(simulated, human), form)
    return (extreme, inner) if is_concave else (inner, extreme)


def _most_choices(num_options: int, form: ItemForm) -> int:
    return min(form.max_choices, num_options) if form.is_multiple else 1


def _num_answer_sets(num_options: int, form: ItemForm) -> int:
    return sum(comb(num_options, size) for size in range(1, _most_choices(num_options, form) + 1))


def _answer_sets(num_options: int, form: ItemForm) -> Array:
    """All answers that one respondent may give, as rows of 0 and 1."""
    sizes = range(1, _most_choices(num_options, form) + 1)
    chosen = [options for size in sizes for options in combinations(range(num_options), size)]
    sets = np.zeros((len(chosen), num_options))
    for row, options in zip(sets, chosen, strict=True):
        row[list(options)] = 1
    return sets


def _start(simulated: Sample, human: Sample) -> Array:
    """What each option lacks to be as frequent as among people: near the best placement of failures."""
    num_mentions = simulated.counts.sum() + float(simulated.num_failed)
    lacking: Array = np.maximum(human.shares * num_mentions - simulated.counts, 0.0)
    return lacking


def _least(score: Score, num_failed: float, wanted: Array, form: ItemForm) -> float:
    """The smallest score over placements of F answers, in equal parts of at most one answer."""
    most = _most_choices(wanted.size, form)
    num_parts = ceil(num_failed) if most == 1 else min(ceil(num_failed), MOST_PARTS)
    part = num_failed / num_parts
    start = _rounded(wanted, num_parts)
    return min(value for _, value in _totals(score, start, num_parts, most, part))


_Placed = tuple[Array, float]  # parts on each option, shape (K,), and the score there


def _totals(score: Score, start: Array, num_parts: int, most: int, part: float) -> Iterator[_Placed]:
    """The best placement for every total number of mentions, each from the one before."""
    cap = float(num_parts) if most > 1 else np.inf  # nobody mentions an option twice
    placed = start, float(score(part * start[None])[0])
    for total in range(num_parts, num_parts * most + 1):
        if total > num_parts:
            placed = _best_step(score, placed, np.eye(start.size), cap, part)
        placed = _descended(score, placed, cap, part)
        yield placed


def _descended(score: Score, placed: _Placed, cap: float, part: float) -> _Placed:
    """Moves one answer at a time from option to option until no move lowers the score."""
    moves = _moves(placed[0].size)
    while True:
        step = _best_step(score, placed, moves, cap, part)
        if not step[1] < placed[1] - _NO_GAIN:
            return placed
        placed = step


@cache
def _moves(num_options: int) -> Array:
    """One answer from any option to any other, shape (K (K - 1), K)."""
    unit = np.eye(num_options)
    return np.array([unit[b] - unit[a] for a, b in permutations(range(num_options), 2)]).reshape(
        -1, num_options
    )


def _best_step(score: Score, placed: _Placed, moves: Array, cap: float, part: float) -> _Placed:
    """The allowed neighbour with the smallest score; the placement itself if none is allowed."""
    neighbours = placed[0] + moves
    allowed = neighbours[((neighbours >= 0) & (neighbours <= cap)).all(axis=1)]
    if allowed.shape[0] == 0:
        return placed
    scores = score(part * allowed)
    best = int(np.argmin(scores))
    return allowed[best], float(scores[best])


def _rounded(wanted: Array, total: int) -> Array:
    """Whole numbers near `wanted` in proportion, which sum to the total."""
    proportions = wanted / wanted.sum() if wanted.sum() > 0 else np.full(wanted.size, 1 / wanted.size)
    whole = np.floor(proportions * total)
    largest_rests = np.argsort(-(proportions * total - whole), kind="stable")
    whole[largest_rests[: int(total - whole.sum())]] += 1
    return np.asarray(whole)

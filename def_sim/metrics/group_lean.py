"""Whether a panel's answers lean towards groups of people, with an interval that holds for dependent answers.

Every answer counts, not only the most frequent one: how much larger a share of the group than of everyone
gives it. Each respondent then has one number, whose expectation is known for people drawn from everyone,
however one person's answers hang together. So no correlation between items need be known.

Letters: K options, Q items, N respondents, G groups.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from def_sim.metrics.panel_answers import ItemAnswers
from def_sim.metrics.sample import Array

FEWEST_ITEMS: Final = 10  # fewer do not show how far items differ
FEWEST_RESPONDENTS: Final = 3
LEVEL: Final = 0.95
_NO_SPREAD: Final = 1e-12  # what rounding leaves where all are alike


@dataclass(frozen=True, slots=True)
class Lean:
    """How much more often groups give the panel's answers than everyone does; arrays of shape (G,)."""

    value: Array  # difference of shares, minus that of people drawn from everyone; in [-2, 2]
    low: Array  # 95 % interval within [-2, 2]; NaN with a reason
    high: Array
    p_value: Array  # two-sided, of no lean; not adjusted for G; NaN where there is no interval
    num_items: NDArray[np.int64]  # answered, with figures for the group
    reasons: tuple[str, ...]  # why there is no interval; "" if there is one


def answer_leans(answers: ItemAnswers, people: Array) -> Array:
    """Each respondent's lean on one item: share of the group that gives the answer minus share of everyone.

    Less what people drawn from everyone have on average, so its expectation is 0 for them. Several choices
    are added up and divided by the number of choices that people make on average; wordings are averaged.

    Args:
        answers: To the item, in V wordings.
        people: Shares (mention rates, if several may be chosen) of everyone, then of G groups, shape
            (1 + G, K); NaN for a group without figures.

    Returns:
        Shape (N, G); NaN without a valid answer, and for a group without figures.
    """
    shares = np.asarray(people, dtype=np.float64)
    everyone, differences = shares[0], shares[1:] - shares[0]  # (K,), (G, K)
    weights = differences / everyone.sum()
    leans = answers.chosen @ weights.T - weights @ everyone  # (V, N, G)
    has_answer = answers.chosen.any(axis=-1, keepdims=True)
    num_answers = has_answer.sum(axis=0)
    total: Array = np.where(has_answer, leans, 0.0).sum(axis=0)
    return total / np.where(num_answers > 0, num_answers, np.nan)


def group_lean(leans: Array) -> Lean:
    """Mean lean over items, with an interval over both items and respondents.

    The variance is that of two-way clustering: items differ, and what one respondent's answers to several
    items have in common does not average out over items. Student's quantile, with the degrees of freedom
    of whichever are fewer. Source: Cameron, Gelbach & Miller 2011.

    Args:
        leans: From `answer_leans`, shape (N, Q, G).

    Returns:
        NaN for a group without any item. No interval with fewer than FEWEST_ITEMS or FEWEST_RESPONDENTS.
    """
    each = [_lean(leans[..., group]) for group in range(leans.shape[2])]
    value, low, high, p_value, num_items = np.array([one[:5] for one in each]).reshape(len(each), 5).T
    return Lean(value, low, high, p_value, num_items.astype(np.int64), tuple(one[5] for one in each))


def _lean(leans: Array) -> tuple[float, float, float, float, int, str]:
    """Value, interval, p-value, number of items and reason for one group, from shape (N, Q)."""
    is_known = np.isfinite(leans)
    known = leans[:, is_known.any(axis=0)]
    known = known[np.isfinite(known).any(axis=1)]
    num_respondents, num_items = known.shape
    nan = float("nan")
    if num_items == 0:
        return nan, nan, nan, nan, 0, "No answered item has figures for the group."
    means = np.nanmean(known, axis=0)
    value = float(means.mean())
    error = np.sqrt(_variance(known, means)) if num_items > 1 and num_respondents > 1 else nan
    if reason := _why_no_interval(num_respondents, num_items, error):
        return value, nan, nan, nan, num_items, reason
    freedom = min(num_respondents, num_items) - 1
    half = float(student.ppf((1 + LEVEL) / 2, freedom) * error)
    p_value = float(2 * student.sf(abs(value) / error, freedom))
    return value, max(value - half, -2.0), min(value + half, 2.0), p_value, num_items, ""


def _why_no_interval(num_respondents: int, num_items: int, error: float) -> str:
    if num_items < FEWEST_ITEMS:
        return f"Fewer than {FEWEST_ITEMS} items have figures for the group: no interval."
    if num_respondents < FEWEST_RESPONDENTS:
        return f"Fewer than {FEWEST_RESPONDENTS} respondents answered: no interval."
    return "" if error > _NO_SPREAD else "No answer leans either way: no interval."


def _variance(leans: Array, means: Array) -> float:
    """Of the mean over items, shapes (N, Q) and (Q,): that of items plus what respondents have in common."""
    num_respondents, num_items = leans.shape
    parts = np.nan_to_num(leans - means) / np.isfinite(leans).sum(axis=0)  # (N, Q), influences on each mean
    scale = num_respondents / (num_respondents - 1) / num_items**2
    of_respondents = scale * float((parts.sum(axis=1) ** 2).sum())
    # Noise of single answers is in the items' part already. Within this share N respondents leave a variance
    # unknown, so that much of it stays in.
    unknown = np.sqrt(2 / (num_respondents - 1))
    in_common = of_respondents - (1 - unknown) * scale * float((parts**2).sum())
    of_items = float(means.var(ddof=1)) / num_items
    return float(max(of_items + max(in_common, 0.0), of_respondents))

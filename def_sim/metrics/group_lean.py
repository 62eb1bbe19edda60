"""Whether a panel's answers lean towards groups of people, with an interval that holds for dependent answers.

Every answer counts, not only the most frequent one: how much larger a share of the group than of everyone
gives it. Each respondent then has one number, whose expectation is 0 for people drawn from everyone, however
one person's answers hang together. So no correlation between items need be known.

Letters: K options, Q items, N respondents, G groups, V wordings.
"""

from collections.abc import Sequence
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
_NO_ITEMS: Final = "No answered item has figures for the group."
_TOO_FEW: Final = f"Fewer than {FEWEST_ITEMS} answered items have figures for the group."
_ROUNDING: Final = 1e-9  # of a variance
_NO_SPREAD: Final = 1e-12  # what rounding leaves where all are alike


@dataclass(frozen=True, slots=True)
class Lean:
    """How much more often groups give the panel's answers than everyone does; arrays of shape (G,)."""

    value: Array  # a difference of shares, see `option_leans`; NaN with fewer than FEWEST_ITEMS items
    low: Array  # 95 % interval; NaN with a reason
    high: Array
    p_value: Array  # two-sided, of no lean; not adjusted for G; NaN where there is no interval
    num_items: NDArray[np.int64]  # answered, with figures for the group
    reasons: tuple[str, ...]  # why there is no interval; "" if there is one


def option_leans(people: Sequence[Array]) -> list[Array]:
    """What each answer says about leaning towards each group.

    Share of the group that gives it minus share of everyone, less what people drawn from everyone have on
    average: 0 is expected of them. Groups that agree more give any common answer more often, so that part is
    taken out which goes with how common an answer is. It is chosen so that random answers lean nowhere over
    all items, nor do people's most frequent ones; so nor does a panel that is only more, or less, varied
    than people.

    Args:
        people: For each item, shares (mention rates, if several may be chosen) of everyone, then of G groups,
            shape (1 + G, K); NaN for a group without figures.

    Returns:
        For each item, shape (G, K).
    """
    items = [_Item.of(np.asarray(one, dtype=np.float64)) for one in people]
    if not items:
        return []
    # Over the items with figures for a group: how far both controls lean, and how common their answers are.
    leans = np.array([one.leans @ one.controls.T for one in items])  # (Q, G, 2)
    common = np.array([one.common @ one.controls.T for one in items])  # (Q, 2, 2)
    is_known = np.isfinite(leans).all(axis=2)
    slopes = np.array(
        [
            np.linalg.lstsq(common[has].sum(axis=0).T, leans[has, group].sum(axis=0))[0]
            for group, has in enumerate(is_known.T)
        ]
    )  # (G, 2)
    return [one.leans - slopes @ one.common for one in items]


@dataclass(frozen=True, slots=True)
class _Item:
    """Of one item; everything but the controls has mean 0 over people's answers."""

    leans: Array  # of options towards groups, shape (G, K)
    common: Array  # how common options are: their share, and whether it is the largest; shape (2, K)
    controls: Array  # shares of answers of a random panel, and of people's most frequent answer; shape (2, K)

    @classmethod
    def of(cls, people: Array) -> "_Item":
        shares = people[0] / people[0].sum()  # of mentions
        is_most = (shares == shares.max()).astype(np.float64)
        leans = (people[1:] - people[0]) / people[0].sum()
        common = np.array([shares, is_most])
        controls = np.array([np.full(shares.size, 1 / shares.size), is_most / is_most.sum()])
        return cls(leans - (leans @ shares)[:, None], common - (common @ shares)[:, None], controls)


def answer_leans(answers: ItemAnswers, options: Array) -> Array:
    """Each respondent's lean on one item: that of the chosen option.

    Several choices are added up, each above what people have on average; wordings are averaged.

    Args:
        answers: To the item, in V wordings.
        options: From `option_leans`, shape (G, K).

    Returns:
        Shape (N, G); NaN without a valid answer, and for a group without figures.
    """
    has_answer = answers.chosen.any(axis=-1, keepdims=True)
    num_answers = has_answer.sum(axis=0)
    total: Array = (answers.chosen @ options.T).sum(axis=0)  # (N, G)
    return total / np.where(num_answers > 0, num_answers, np.nan)


def group_lean(leans: Array, design_effects: Array | None = None) -> Lean:
    """Mean lean over items, with an interval over both items and respondents.

    The variance is that of two-way clustering: what respondents' sums over items vary by, and what items
    differ by beyond the noise of their answers. A panel's own opinions hang together as well, so the items'
    part has people's design effect. Student's quantile, with the degrees of freedom of whichever are fewer.
    Source: Cameron, Gelbach & Miller 2011, and `design_effect`.

    Args:
        leans: From `answer_leans`, shape (N, Q, G).
        design_effects: Of people's leans to each group, from `people_design_effects`, shape (G,); None, or
            NaN: unknown. The panel's own is taken where it is larger.

    Returns:
        NaN for a group with fewer than FEWEST_ITEMS; no interval with fewer than FEWEST_RESPONDENTS.
    """
    num_groups = leans.shape[2]
    effects = np.ones(num_groups) if design_effects is None else np.nan_to_num(design_effects, nan=1.0)
    each = [_lean(leans[..., group], float(effects[group])) for group in range(num_groups)]
    value, low, high, p_value, num_items = np.array([one[:5] for one in each]).reshape(num_groups, 5).T
    return Lean(value, low, high, p_value, num_items.astype(np.int64), tuple(one[5] for one in each))


def _lean(leans: Array, design_effect: float) -> tuple[float, float, float, float, int, str]:
    """Value, interval, p-value, number of items and reason for one group, from shape (N, Q)."""
    is_known = np.isfinite(leans)
    known = leans[:, is_known.any(axis=0)]
    known = known[np.isfinite(known).any(axis=1)]
    num_respondents, num_items = known.shape
    nan = float("nan")
    if num_items < FEWEST_ITEMS:
        return nan, nan, nan, nan, num_items, _TOO_FEW if num_items else _NO_ITEMS
    means = np.nanmean(known, axis=0)
    value = float(means.mean())
    error = np.sqrt(_variance(known, means, design_effect)) if num_respondents > 1 else nan
    if reason := _why_no_interval(num_respondents, error):
        return value, nan, nan, nan, num_items, reason
    freedom = min(num_respondents, num_items) - 1
    half = float(student.ppf((1 + LEVEL) / 2, freedom) * error)
    p_value = float(2 * student.sf(abs(value) / error, freedom))
    return value, value - half, value + half, p_value, num_items, ""


def _why_no_interval(num_respondents: int, error: float) -> str:
    if num_respondents < FEWEST_RESPONDENTS:
        return f"Fewer than {FEWEST_RESPONDENTS} respondents answered: no interval."
    return "" if error > _NO_SPREAD else "No answer leans either way: no interval."


def _variance(leans: Array, means: Array, design_effect: float) -> float:
    """Of the mean over items, from shapes (N, Q) and (Q,)."""
    num_respondents, num_items = leans.shape
    parts = np.nan_to_num(leans - means) / np.isfinite(leans).sum(axis=0)  # (N, Q), influences on each mean
    scale = num_respondents / (num_respondents - 1) / num_items**2
    of_respondents = scale * float((parts.sum(axis=1) ** 2).sum())
    noise = scale * float((parts**2).sum())  # what is in it if items are independent
    of_means = float(means.var(ddof=1)) / num_items
    of_items = max(of_means - noise, 0.0)
    # Where respondents are all alike, noise is what rounding leaves, and they have no design effect.
    own = of_respondents / noise if noise > _ROUNDING * of_means else 1.0
    return float(of_respondents + max(design_effect, own, 1.0) * of_items)

"""Scores of an item's wordings as one: a paraphrase is not a new observation of what people think.

Where every wording is scored as a question of its own, those of one item are nearly the same score. To draw
them as if they were different items would make intervals too narrow, by up to the root of their number.
Knows which item a score is of, and no text.

Letters: P scores, Q items, N respondents, B draws.
"""

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.sample import Array


def has_several(scores: ScoreDraws) -> bool:
    """Whether some item has several scores."""
    return scores.items is not None and np.unique(scores.items).size < scores.items.size


def scores_of_items(
    scores: ScoreDraws, groups: NDArray[np.str_] | None
) -> tuple[ScoreDraws, NDArray[np.str_] | None]:
    """One score for each item, whose mean is that of all scores.

    With as many wordings of each item, the mean over its wordings. Else the mean over scores is a ratio, in
    which an item with more wordings weighs more: to first order (Taylor linearisation; Woodruff 1971) it
    counts as m + n_i / mean(n) (s_i - m), n_i its wordings, s_i their mean and m the mean of all scores.

    Args:
        scores: P of them, all defined.
        groups: Group of each; scores of one item are in one group. None: all are in one.

    Returns:
        Q scores, and their groups. The same where no item has several.
    """
    if scores.items is None or not has_several(scores):
        return scores, groups
    _, firsts, members = np.unique(scores.items, return_index=True, return_inverse=True)
    of_item = None if groups is None else groups[firsts]
    sizes = np.bincount(members).astype(np.float64)
    share = _share_of_wordings(sizes, of_item)  # n_i / mean(n), within the group
    means = (members == np.arange(sizes.size)[:, None]) / sizes[:, None]  # (Q, P)
    overall = _means(scores.values, groups, of_item, firsts)
    joined = ScoreDraws(
        share * (means @ scores.values) + (1 - share) * overall,
        scores.draws @ means.T * share,
        scores.contributions @ means.T * share,
        scores.items[firsts],
    )
    return joined, of_item


def values_of_items(
    values: Array, items: NDArray[np.str_] | None, groups: NDArray[np.str_] | None = None
) -> tuple[Array, NDArray[np.str_] | None]:
    """The same of plain numbers, shape (P,), of which `items` says the item of each."""
    nothing = np.zeros((0, values.size))
    joined, of_item = scores_of_items(ScoreDraws(values, nothing, nothing, items), groups)
    return joined.values, of_item


def _share_of_wordings(sizes: Array, groups: NDArray[np.str_] | None) -> Array:
    return sizes / _means(sizes, groups, groups, np.arange(sizes.size))


def _means(
    values: Array, groups: NDArray[np.str_] | None, of_item: NDArray[np.str_] | None, firsts: NDArray[np.intp]
) -> Array:
    """Mean of the values of the group that each item is in, shape (Q,)."""
    if groups is None or of_item is None:
        return np.full(firsts.size, values.mean())
    return np.array([values[groups == name].mean() for name in of_item])

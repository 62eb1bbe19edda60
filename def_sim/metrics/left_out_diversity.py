"""Diversity of a panel, and of the panel without each of its respondents in turn.

Respondents cannot be drawn again with replacement here: one who is drawn twice gives the same text twice,
which looks like less diversity. Leaving one out repeats nobody.

Letters: K options, Q items, N respondents.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from def_sim.metrics.choice_array import checked_choices
from def_sim.metrics.sample import Array

_NOTHING = -1
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A score of the whole panel, and without each respondent, shape (N,)."""

    value: float
    without_one: Array


def text_diversity_left_out(texts: Sequence[Sequence[str | None]]) -> LeftOut:
    """`diversity.text_diversity`, with and without each respondent.

    Args:
        texts: One row a respondent, one text an item, N rows of length Q; None where there is no text.
    """
    columns = [_places(column) for column in zip(*texts, strict=True)]
    return _left_out(columns, [None] * len(columns), len(texts))


def choice_diversity_left_out(choices: ArrayLike, num_options: Sequence[int]) -> LeftOut:
    """`diversity.choice_diversity`, with and without each respondent.

    Args:
        choices: Shape (N, Q), see `choice_array`.
        num_options: K of each item, length Q.
    """
    array = checked_choices(choices, num_options)
    columns = [np.where(column >= 0, column, _NOTHING) for column in array.T]
    return _left_out(columns, list(num_options), array.shape[0])


def _places(column: Sequence[str | None]) -> Places:
    """Texts as numbers: the same for the same text, -1 where there is none."""
    numbers: dict[str, int] = {}
    found = [_NOTHING if text is None else numbers.setdefault(text, len(numbers)) for text in column]
    return np.array(found, dtype=np.int64)


def _left_out(columns: Sequence[Places], limits: Sequence[int | None], num_respondents: int) -> LeftOut:
    """Sums of distinct answers beyond the first, over those that there could be.

    The first row of each sum is of the whole panel, the N others lack a respondent.
    """
    above, room = np.zeros(num_respondents + 1), np.zeros(num_respondents + 1)
    for column, limit in zip(columns, limits, strict=True):
        distinct, given = _distinct_and_given(column)
        most = given if limit is None else np.minimum(given, limit)
        can_differ = most > 1
        above += np.where(can_differ, distinct - 1, 0)
        room += np.where(can_differ, most - 1, 0)
    scores = np.divide(above, room, out=np.full_like(above, np.nan), where=room > 0)
    return LeftOut(float(scores[0]), scores[1:])


def _distinct_and_given(column: Places) -> tuple[Array, Array]:
    """Of one item: how many different answers and how many in all, of everyone and without each, (N + 1,)."""
    has_answer = column != _NOTHING
    counts = np.bincount(column[has_answer], minlength=1)
    is_alone = has_answer & (counts[np.where(has_answer, column, 0)] == 1)
    distinct, given = int((counts > 0).sum()), int(has_answer.sum())
    return np.append(distinct, distinct - is_alone) * 1.0, np.append(given, given - has_answer) * 1.0

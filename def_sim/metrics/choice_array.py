"""The answers of a panel as one array: who chose which option of which item.

Knows how an answer is told from its absence and how to take the structure out of a panel. Several
choices to one item have no place here: such items are left out by whoever fills the array.

Letters: K options, Q items, N respondents.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from def_sim.metrics.sample import Array

Choices = NDArray[np.int64]  # shape (N, Q): position of the chosen option from 0, or one of these:
NO_ANSWER: Final = -1  # asked, but no valid answer
NOT_ASKED: Final = -2


def checked_choices(choices: ArrayLike, num_options: Sequence[int]) -> Choices:
    """The array as whole numbers, checked.

    Args:
        choices: Positions of the chosen options in [0, K), -1 without a valid answer, -2 if not asked;
            shape (N, Q).
        num_options: K of each item, length Q.

    Raises:
        ValueError: Another shape, numbers that are not whole, or a position that the item does not have.
    """
    given = np.asarray(choices)
    if given.ndim != 2 or given.shape[1] != len(num_options):
        raise ValueError(
            f"Expected one row a respondent and {len(num_options)} columns, found shape {given.shape}."
        )
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise ValueError("Choices are positions of options; without an answer they are -1 or -2, never NaN.")
    array = given.astype(np.int64)
    if (array != given).any():
        raise ValueError("Choices are positions of options: whole numbers, -1 or -2.")
    wrong = (array < NOT_ASKED) | (array >= np.asarray(num_options, dtype=np.int64))
    if wrong.any():
        row, column = (int(index[0]) for index in np.nonzero(wrong))
        raise ValueError(
            f"Respondent {row}, item {column}: {array[row, column]} is no position in "
            f"[0, {num_options[column]})."
        )
    return array


def option_counts(column: Choices, num_options: int) -> Array:
    """How often each option of one item was chosen, shape (K,). `column` has shape (N,)."""
    return np.bincount(column[column >= 0], minlength=num_options).astype(np.float64)


def shuffle_people(choices: Choices, rng: np.random.Generator) -> Choices:
    """Hands each item's answers out anew among those who gave one.

    What is left is the panel's shares on every item. Whether one person's answers fit together, and
    whether two people are alike, is gone.

    Args:
        choices: Shape (N, Q).
        rng: Generator of this draw.

    Returns:
        Shape (N, Q); cells without an answer stay what they were.
    """
    # Answers first, in random order; the others behind them in theirs.
    is_missing = choices < 0
    behind = 2.0 + np.arange(len(choices))[:, None]  # no two alike, so the quicker unstable sort will do
    sources = np.argsort(np.where(is_missing, behind, rng.random(choices.shape)), axis=0)
    targets = np.argsort(is_missing, axis=0, kind="stable")
    shuffled = np.empty_like(choices)
    np.put_along_axis(shuffled, targets, np.take_along_axis(choices, sources, axis=0), axis=0)
    return shuffled


def checked_shares(
    shares: Sequence[ArrayLike | None], num_options: Sequence[int]
) -> tuple[Array | None, ...]:
    """People's shares of each item, shape (K,), or None where nobody knows them.

    Raises:
        ValueError: Not one entry for each item, another number of options than the item, or shares that
            do not sum to 1.
    """
    if len(shares) != len(num_options):
        raise ValueError(f"Expected people's shares of {len(num_options)} items, found {len(shares)}.")
    known = [None if one is None else np.asarray(one, dtype=np.float64) for one in shares]
    for item, (one, options) in enumerate(zip(known, num_options, strict=True)):
        if one is not None and (one.shape != (options,) or not (one >= 0).all() or abs(one.sum() - 1) > 1e-4):
            raise ValueError(f"Item {item}: expected {options} shares that sum to 1, found {one}.")
    # Stored with six decimals: what is missing to 1 must not grow into a respondent.
    return tuple(None if one is None else one / one.sum() for one in known)

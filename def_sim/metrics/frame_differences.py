"""Do frames differ: is one way of framing questions more similar to people than another, beyond chance?

A permutation test. If the frame of a question changed nothing, the valid answers to an item could have come
under any frame; handing them out anew within the item, as many to each frame as it had, says how far the
frames' means would then lie apart. Where what a respondent answers to one item hangs together with the next
(memory, a place in the prompt), whole respondents are handed out instead.

Letters: K options, Q items, N respondents, F frames, B permutations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.divergence import wasserstein_of_shares
from def_sim.metrics.sample import Array, normalise

NUM_PERMUTATIONS: Final = 999
_ROUNDING: Final = 1e-12

Ints = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class FramedItem:
    """The answers to one item by the respondents' frames.

    `positions`, shape (N,): of the chosen options, negative without a valid answer. `people`, shape (K,):
    their shares. The options have an order, or there are two.
    """

    positions: Ints
    people: Array


def frames_p_value(
    items: Sequence[FramedItem],
    frames: Ints,
    rng: np.random.Generator,
    *,
    within_items: bool = True,
    num_permutations: int = NUM_PERMUTATIONS,
) -> float:
    """The chance of frames lying as far apart as they do if the frame changed nothing.

    Args:
        items: Q of the same N respondents.
        frames: Which frame each respondent had, 0 to F-1, shape (N,).
        rng: Of the permutations.
        within_items: Whether answers are handed out item by item; False: whole respondents.
        num_permutations: B.

    Returns:
        (1 + permutations at least as far apart) / (1 + B), in (0, 1]; NaN where no item has valid answers
        under two frames.
    """
    num_frames = int(frames.max()) + 1 if frames.size else 0
    shared = None if within_items else _handed_out(frames, rng, num_permutations)
    sums = np.zeros((1 + num_permutations, num_frames))
    counts = np.zeros_like(sums)
    for item in items:
        is_valid = item.positions >= 0
        if np.unique(frames[is_valid]).size < 2:
            continue  # nothing to tell apart
        if shared is None:
            labels = _handed_out(frames[is_valid], rng, num_permutations)
        else:
            labels = shared[:, is_valid]
        found = _similarities(labels, item.positions[is_valid], item.people, num_frames)
        is_there = ~np.isnan(found)
        sums += np.where(is_there, found - _mean_of_frames(found), 0.0)
        counts += is_there
    if not counts.any():
        return float("nan")
    spread = _spread(sums, counts)
    num_as_large = int((spread[1:] >= spread[0] - _ROUNDING).sum())
    return (1 + num_as_large) / (1 + num_permutations)


def _handed_out(frames: Ints, rng: np.random.Generator, num_permutations: int) -> Ints:
    """The frames as they are, then permuted B times; shape (1 + B, N)."""
    permuted = rng.permuted(np.tile(frames, (num_permutations, 1)), axis=1)
    return np.concatenate([frames[None], permuted])


def _similarities(labels: Ints, positions: Ints, people: Array, num_frames: int) -> Array:
    """Similarity of each frame's answers to people, shape (1 + B, F); NaN for a frame without any."""
    num_rows, num_options = labels.shape[0], people.size
    cells = (np.arange(num_rows)[:, None] * num_frames + labels) * num_options + positions
    size = num_rows * num_frames * num_options
    counts = np.bincount(cells.ravel(), minlength=size).reshape(num_rows, num_frames, num_options)
    distance: Array = wasserstein_of_shares(normalise(counts.astype(np.float64)), people)
    return 1 - distance


def _mean_of_frames(found: Array) -> Array:
    """Over the frames that have answers, shape (1 + B, 1): what makes an item hard for all cancels."""
    is_there = ~np.isnan(found)
    sums = np.where(is_there, found, 0.0).sum(axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(is_there.sum(axis=1, keepdims=True), 1), dtype=np.float64)


def _spread(sums: Array, counts: Array) -> Array:
    """Sum over frames of their squared mean deviations, shape (1 + B,)."""
    means = sums / np.maximum(counts, 1)
    return np.asarray((means**2).sum(axis=1), dtype=np.float64)

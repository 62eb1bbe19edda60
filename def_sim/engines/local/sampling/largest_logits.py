"""The largest logits of rows, found without sorting a vocabulary.

On a CPU sorting takes longer than reading the logits does, so they are looked at in blocks. Letters:
R rows, V vocabulary, M of a row that are found.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LOWEST: Final = np.finfo(np.float32).min  # whose equals and betters are all but -inf
_BLOCK: Final = 16  # tokens looked at together


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest logits of rows, in no order.

    Attributes:
        values: Shape (R, M), float32; -inf where a row has fewer.
        tokens: Their tokens, shape (R, M).
        least: Nothing that is as large as this is missing, shape (R,); the lowest number there is: nothing
            but -inf is missing.
    """

    values: NDArray[np.float32]
    tokens: NDArray[np.int64]
    least: NDArray[np.float32]


def largest(logits: Tensor, count: int) -> Largest:
    """At least the `count` largest logits of each row; what cannot be missing says `Largest.least`.

    Args:
        logits: Shape (R, V).
        count: How many; all of them if there are no more.
    """
    num_rows, vocabulary = logits.shape
    if count >= vocabulary:
        tokens = np.broadcast_to(np.arange(vocabulary), (num_rows, vocabulary))
        return Largest(logits.cpu().numpy(), tokens, np.full(num_rows, LOWEST))
    if logits.device.type != "cpu":  # one sort there is sooner done than many small operations
        found = torch.topk(logits, count)
        values: NDArray[np.float32] = found.values.cpu().numpy()
        # Only above the last of them nothing is missing.
        above = np.nextafter(values[:, -1], np.float32(np.inf), dtype=np.float32)
        return Largest(values, found.indices.cpu().numpy(), np.maximum(above, LOWEST))
    return _largest_by_blocks(logits.numpy(), count)


def _largest_by_blocks(logits: NDArray[np.float32], count: int) -> Largest:
    """`largest` without sorting whole rows: the maxima of `count` blocks are as many logits.

    So the least of them is no larger than the last logit that is asked for, and only blocks whose own
    maximum is as large hold any.
    """
    vocabulary = logits.shape[1]
    num_blocks = vocabulary // _BLOCK
    if num_blocks < 1.5 * count:  # a small vocabulary
        least = _nth_largest(logits, count)
        return _side_by_side(logits, np.flatnonzero(logits >= least[:, None]), least)
    maxima = coarse = _maxima(logits, num_blocks)
    while coarse.shape[1] // _BLOCK >= 1.5 * count:
        coarse = _maxima(coarse, coarse.shape[1] // _BLOCK)
    least = _nth_largest(coarse, count)
    # Places count through all rows: numpy finds and takes such ones several times as fast as pairs.
    found = np.flatnonzero(maxima >= least[:, None])
    rows = found // num_blocks
    firsts = found + rows * (vocabulary - num_blocks)  # a block's tokens lie num_blocks apart
    places = firsts[:, None] + np.arange(0, num_blocks * _BLOCK, num_blocks)
    places = places.ravel()[np.flatnonzero(logits.take(places) >= least[rows, None])]
    others, rest = np.nonzero(logits[:, num_blocks * _BLOCK :] >= least[:, None])  # of no whole block
    if len(others):
        places = np.sort(np.append(places, others * vocabulary + num_blocks * _BLOCK + rest))
    return _side_by_side(logits, places, least)


def _side_by_side(
    logits: NDArray[np.float32], places: NDArray[np.intp], least: NDArray[np.float32]
) -> Largest:
    """Rows as long as the longest needs, from places that rise from row to row."""
    rows, tokens = np.divmod(places, logits.shape[1])
    counts = np.bincount(rows, minlength=len(logits))
    width = max(1, int(counts.max()))  # nothing is found in rows of no numbers
    targets = np.arange(len(places)) + (np.arange(len(logits)) * width - np.cumsum(counts) + counts)[rows]
    values, found = np.full(len(logits) * width, -np.inf, np.float32), np.zeros(len(logits) * width, np.int64)
    values[targets], found[targets] = logits.take(places), tokens
    shape = len(logits), width
    return Largest(values.reshape(shape), found.reshape(shape), least)


def _nth_largest(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Of each row; the lowest number there is where it would be -inf."""
    place = values.shape[1] - count
    nth: NDArray[np.float32] = np.maximum(np.partition(values, place, axis=1)[:, place], LOWEST)
    return nth


def _maxima(values: NDArray[np.float32], num_blocks: int) -> NDArray[np.float32]:
    """Of each block; a block is every num_blocks-th number, since such maxima are taken many at once."""
    maxima: NDArray[np.float32] = (
        values[:, : num_blocks * _BLOCK].reshape(len(values), _BLOCK, num_blocks).max(axis=1)
    )
    return maxima

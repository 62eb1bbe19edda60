"""What top_k keeps, and which of equal scores comes first: the rule of every loop and every device.

In 16 bit many logits are equal, and what is left open among them would differ from device to device and
from batch to batch. So nothing is left open:

1. top_k keeps every token whose score is at least the kth largest of its row: equals of the kth all stay,
   as in transformers. 0 keeps all.
2. A choice takes the largest score, noise included; of equals the lower beam, then the lower token.
3. Beams that sample then go on by their score without noise, as in transformers 4 (the study's time); of
   equals the one that was ahead by rule 2.
4. top_p drops the least probable tokens by torch's sort, as transformers does. That one thing stays open:
   which of equals at its edge go is the same for a row whoever is beside it, but perhaps not on another
   processor.

Whoever ranks tokens calls these functions. Two cannot, and do the same in their own words: the Triton
kernels in `paged/choice_kernels.py`, which import no Python, and `largest_logits.py`, which only finds what
is then ranked here. `test_top_k.py` holds all of them to the rule over enumerated ties. Elsewhere two
things are ordered that are no tokens: of finished texts the older comes first (`beam_search.py`), of option
codes the first in the questionnaire's order (`option_codes.py`).

Letters: R rows, V vocabulary, M candidates of a row.
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_LOW_WORD: Final = (1 << 32) - 1


def kth_largest(scores: Tensor, top_k: Tensor, most: int) -> Tensor:
    """The least score that top_k keeps in each row (rule 1), shape (R,); -inf where it keeps all.

    Args:
        scores: Shape (R, V).
        top_k: Shape (R,), integers; 0 is off.
        most: The largest of `top_k`, or more.
    """
    nothing = scores.new_full((len(scores),), -torch.inf)
    if not most:
        return nothing
    largest = torch.topk(scores, min(most, scores.shape[1])).values  # falling
    places = (top_k.clamp(max=largest.shape[1]) - 1).clamp(min=0)
    return torch.where(top_k > 0, largest.gather(1, places[:, None])[:, 0], nothing)


def kth_of_candidates(scores: NDArray[np.float32], top_k: NDArray[np.int64]) -> NDArray[np.float32]:
    """`kth_largest` of what was found of each row, shape (R, M); the least where fewer than top_k were.

    Args:
        scores: Shape (R, M).
        top_k: Shape (R,), above 0.
    """
    width = scores.shape[1]
    kth: NDArray[np.float32] = np.sort(scores, axis=1)[
        np.arange(len(scores)), width - np.minimum(top_k, width)
    ]
    return kth


def best_of_rows(noisy: Tensor, count: int, has_noise: Tensor) -> tuple[Tensor, Tensor]:
    """The largest scores of each row in the order of rule 2: values and tokens, shape (R, count).

    Looks at no value, so that it can be part of a CUDA graph.

    Args:
        noisy: Scores, float64, shape (R, V); those of rows without noise are float32 numbers.
        count: At most V.
        has_noise: Shape (R,). With noise no two scores are equal.
    """
    # Integers in the numbers' order. Without noise the lower word is free to hold the token.
    exact = _ordered((noisy + 0.0).view(torch.int64), 0x7FFFFFFFFFFFFFFF)  # + 0: of two zeros one
    plain = _ordered((noisy.float() + 0.0).view(torch.int32), 0x7FFFFFFF).long() << 32
    tokens = torch.arange(noisy.shape[1], device=noisy.device)
    keys = torch.where(has_noise[:, None], exact, plain + (_LOW_WORD - tokens))
    best = torch.topk(keys, count).indices
    return noisy.gather(1, best), best


def first_of_best(noisy: NDArray[np.float64], tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    """The token that each row chooses among its candidates in any order (rule 2), shape (R,).

    Args:
        noisy: Scores, shape (R, M). A row with NaN has no choice; what it gets means nothing.
        tokens: Shape (R, M).
    """
    is_best = noisy == noisy.max(axis=1, keepdims=True)
    chosen: NDArray[np.int64] = np.where(is_best, tokens, np.iinfo(np.int64).max).min(axis=1)
    return chosen


def ranked(
    noisy: NDArray[np.float64], beams: NDArray[np.int64], tokens: NDArray[np.int64], count: int
) -> NDArray[np.intp]:
    """Places of the best continuations of one answer in the order of rule 2, shape (count,) or all.

    Args:
        noisy: Scores, shape (n,).
        beams: Shape (n,).
        tokens: Shape (n,).
        count: How many.
    """
    count = min(count, noisy.size)
    last = np.partition(noisy, noisy.size - count)[noisy.size - count]
    places = np.flatnonzero(noisy >= last)  # more than `count` where several equal the last
    order = np.lexsort((tokens[places], beams[places], -noisy[places]))[:count]
    return places[order]


def by_score(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Scores and places, falling, shape as given; of equals the earlier place (rules 2 and 3)."""
    return torch.sort(scores, dim=1, descending=True, stable=True)


def _ordered(bits: Tensor, magnitude: int) -> Tensor:
    """From the bits of numbers to integers in the numbers' order."""
    return torch.where(bits < 0, bits ^ magnitude, bits)

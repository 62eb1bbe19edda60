"""How far two computations of the same numbers may lie apart by rounding alone, from error analysis.

The order of a sum is the library's business: it differs with the instructions of the processor, with the
number of threads and with the shape of a step, and so does the last digit. A comparison allows what that
can do at most, and no more; a fault of one in a thousand in a slope, an angle or a scale must exceed it
(test_rounding.py).
"""

import math
from typing import Any, Final

import torch
from numpy.typing import NDArray
from torch import Tensor

Numbers = Tensor | NDArray[Any]

# One behind the other in a layer: norm, projection to queries, keys and values, scores, weighted values,
# projection of the output, norm, first and second projection of the block behind.
SUMS_OF_A_LAYER: Final = 8
SUMS_AT_THE_END: Final = 2  # the last norm and the head


def sum_tolerance(
    num_terms: int,
    magnitude: float,
    *,
    num_sums: int = 1,
    num_rounded: int = 2,
    dtype: torch.dtype = torch.float32,
) -> float:
    """Most that sums of products may differ by rounding.

    In floating point with unit roundoff u (half the machine epsilon) a sum of n products lies within
    n u (|x_1 w_1| + ... + |x_n w_n|) of the exact one, whatever the order of the additions and whether or
    not a product and a sum are rounded together (Higham, Accuracy and Stability of Numerical Algorithms,
    2nd ed., section 3.1, to first order in u). For values without a preferred sign the sum of absolute
    values is, within a small factor, as large as the largest of many results, which stands for it here.
    What one sum passes on to the next is a relative error, so that of k sums, each made of the results
    of the one before, adds up to k n u.

    Args:
        num_terms: n, of the longest sum.
        magnitude: Largest absolute value among the results.
        num_sums: k, sums behind each other.
        num_rounded: How many of the two sides are rounded: 1 beside a reference of twice the digits.
        dtype: In which is computed.
    """
    unit_roundoff = torch.finfo(dtype).eps / 2
    return num_rounded * num_sums * num_terms * unit_roundoff * magnitude


def logit_tolerance(network: Any, logits: Numbers, *, num_rounded: int = 2) -> float:
    """Most that logits of the same weights and tokens may differ by rounding.

    `sum_tolerance` of eight sums a layer, the last norm and the head, each as long as the model is wide.
    It does not count that errors cancel, which makes them smaller: by a factor of 50 for two layers.

    Args:
        network: A causal model; width, depth and dtype are its own.
        logits: The expected ones, any shape.
        num_rounded: 1 if the expected logits were computed with twice the digits.
    """
    config = network.config.get_text_config()
    width = max(config.hidden_size, config.intermediate_size)
    num_sums = SUMS_OF_A_LAYER * config.num_hidden_layers + SUMS_AT_THE_END
    magnitude = float(_in_64_bit(logits).abs().max())
    return sum_tolerance(width, magnitude, num_sums=num_sums, num_rounded=num_rounded, dtype=network.dtype)


def share_tolerance(network: Any, logits: Numbers, *, num_tokens: int) -> float:
    """Most that probabilities of texts of so many tokens may differ by rounding, as a share of themselves.

    A logit and the logarithm of the sum over all tokens are each off by at most `logit_tolerance`, so the
    log-probability of a token by twice that.
    """
    return math.expm1(2 * num_tokens * logit_tolerance(network, logits))


def furthest(found: Numbers, expected: Numbers) -> float:
    """Largest absolute difference: 0 of equal infinities; NaN, below no bound, of what is not a number."""
    one, other = _in_64_bit(found), _in_64_bit(expected)
    return float(torch.where(one == other, 0.0, one - other).abs().max())


def _in_64_bit(numbers: Numbers) -> Tensor:
    return torch.as_tensor(numbers).detach().double().cpu()

"""The noise of tokens on any device: the same numbers for the same address as `randomness.py`."""

from typing import Final

import numpy as np
import torch
from torch import Tensor

from def_sim.randomness import noise_of

_GOLDEN: Final = 0x9E3779B97F4A7C15 - 2**64  # as in randomness.py, as a signed word
_MIX: Final = (0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64)


def token_noise(states: Tensor, tokens: Tensor) -> Tensor:
    """`randomness.noise_of` where the tokens are.

    Args:
        states: `randomness.noise_states` of each row, as signed words, shape (R,).
        tokens: Token ids, shape (R, M).

    Returns:
        Standard Gumbel numbers, float64, shape (R, M).
    """
    if tokens.device.type == "cpu":  # there numpy takes a third of the time that torch takes
        return torch.from_numpy(noise_of(states.numpy().view(np.uint64)[:, None], tokens.numpy()))
    return noise_by_torch(states, tokens)


def noise_by_torch(states: Tensor, tokens: Tensor) -> Tensor:
    """`token_noise` in operations that every device has; may differ from it in the last digit."""
    bits = _mix(states[:, None] + (tokens + 1) * _GOLDEN)
    uniform = (_shifted(bits, 11).double() + 0.5) * 2.0**-53
    return -torch.log(-torch.log(uniform))


def _mix(words: Tensor) -> Tensor:
    """SplitMix64's finaliser on signed words, whose products wrap like unsigned ones."""
    words = (words ^ _shifted(words, 30)) * _MIX[0]
    words = (words ^ _shifted(words, 27)) * _MIX[1]
    return words ^ _shifted(words, 31)


def _shifted(words: Tensor, bits: int) -> Tensor:
    """A shift to the right that fills with zeros, which signed words do not have."""
    return (words >> bits) & ((1 << (64 - bits)) - 1)

"""Randomness that is addressed, not consumed.

A draw depends on what it is for, never on what was drawn before it. Resuming, sharding,
batch size and order therefore change no draw (keys of randomness: docs/reference/randomness.md).

Two kinds: `keyed_rng` for the draws of a respondent or at a question, and `gumbel_noise`
for the tokens of a completion, one number for each (step, beam, token).
"""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.records import RequestKey

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, the SplitMix64 increment
_FACTORS: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # of its finaliser


def _digest(fields: tuple[int | str, ...]) -> bytes:
    """128 bits of the fields. Each is typed and length-prefixed, so ("a", "b") is not ("ab",)."""
    state = hashlib.blake2b(digest_size=16)
    for value in fields:
        encoded = f"{type(value).__name__}:{value}".encode()
        state.update(len(encoded).to_bytes(4, "big"))
        state.update(encoded)
    return state.digest()


def keyed_rng(seed: int, *purpose: int | str) -> np.random.Generator:
    """Generator for one draw, the same whenever and wherever it is asked for.

    Args:
        seed: The run's seed.
        purpose: What the draw is for, e.g. ("r00003", "wvs7.Q1", 0, "option order").

    Returns:
        A counter-based (Philox) generator keyed by seed and purpose alone.
    """
    return np.random.Generator(np.random.Philox(key=int.from_bytes(_digest((seed, *purpose)), "big")))


@dataclass(frozen=True, slots=True)
class Address:
    """Where a draw belongs: one respondent at one question of one run.

    All randomness of a question comes from here, so a strategy needs no generator of its own.
    """

    seed: int
    respondent_id: str
    item_id: str
    wording: int

    def rng(self, *purpose: int | str) -> np.random.Generator:
        """Generator for one purpose at this question, e.g. `rng("forget")`."""
        return keyed_rng(self.seed, self.respondent_id, self.item_id, self.wording, *purpose)

    def request_key(self, call: int = 0) -> RequestKey:
        """Key of the token noise of a strategy's call at this question."""
        return RequestKey(self.seed, self.respondent_id, self.item_id, self.wording, call)


def _mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: a bijection of 64-bit words that spreads every input bit; changes `words`."""
    for distance, factor in zip((30, 27), _FACTORS, strict=True):
        words ^= words >> np.uint64(distance)
        words *= factor
    return words ^ (words >> np.uint64(31))


def noise_key(key: RequestKey) -> int:
    """64-bit key of a request's token noise."""
    fields = (key.seed, key.respondent_id, key.item_id, key.wording, key.call)
    return int.from_bytes(_digest(fields)[:8], "big")


def noise_states(
    keys: NDArray[np.uint64], steps: NDArray[np.int64], beams: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Key, step and beam of many rows, mixed: what `gumbel_noise` mixes the tokens into.

    Each field is mixed on its own: adding them first would let (step 1, beam 0) collide with
    (step 0, beam 1).

    Args:
        keys: `noise_key` of each row's request.
        steps: Index of each row's token, from 0.
        beams: Each row's beam.

    Returns:
        One word a row, of the common shape.
    """
    with np.errstate(over="ignore"):
        for field in (steps, beams):
            keys = _mix(keys + _GOLDEN * (field.astype(np.uint64) + np.uint64(1)))
    return keys


def gumbel_noise(key: int, *, step: int, beam: int, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """Standard Gumbel noise for candidate tokens at one step of one beam.

    Adding it to log-probabilities and taking the largest is a draw from softmax; taking
    the n largest is a draw of n without replacement.

    Args:
        key: `noise_key` of the request.
        step: Index of the generated token, from 0.
        beam: Row of the beam group; 0 without beams.
        tokens: Token ids, any shape.

    Returns:
        Noise of the shape of `tokens`; depends on nothing but the arguments.
    """
    # No axis: the result has the shape of `tokens`.
    state = noise_states(np.array(key, dtype=np.uint64), np.array(step), np.array(beam))
    return noise_of(state, tokens)


def noise_of(states: NDArray[np.uint64], tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """`gumbel_noise` of many rows at once.

    Args:
        states: `noise_states` of the rows, of a shape that goes with that of `tokens`.
        tokens: Token ids, any shape.

    Returns:
        Noise of the shape of `tokens`.
    """
    # In place: a whole vocabulary for many rows is large.
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is the point
        bits = tokens.astype(np.uint64, order="C")
        bits += np.uint64(1)
        bits *= _GOLDEN
        bits += states
        bits = np.asarray(_mix(bits) >> np.uint64(11))  # numpy makes a single word a scalar
    # 53 random bits, centred in their cells: never 0, never 1.
    noise: NDArray[np.float64] = bits.astype(np.float64)
    noise += 0.5
    noise *= 2.0**-53
    for _ in range(2):
        np.log(noise, out=noise)
        np.negative(noise, out=noise)
    return noise

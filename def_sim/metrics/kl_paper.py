"""The divergence score as published by Liu et al. 2025, in all its parts.

For comparison with the publication; its weaknesses are kept on purpose. Each item's answers get
one more column for failed answers, in which people have nothing, so a single failure makes the item
infinite; infinite items are then set to the largest finite value of that model and survey plus 1.
Means over items, dimensions and the nine dimensions are in `aggregation`. See docs/concepts/divergences.md.

Letters: K options, Q items, B draws.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.divergence import kl_divergence
from def_sim.metrics.sample import Array, Sample, normalise

CLOSE: Final = 0.5  # nats below which an item counts as close
NUM_COLUMNS: Final = 13  # columns of the published tables of probabilities, zero-padded


def padded_shares(sample: Sample) -> Array:
    """Shares of the options and, last, of failed answers.

    For multiple choice the row is normalised over mentions, a failure counting as one mention.

    Returns:
        Shares that sum to 1, shape (..., K + 1); NaN if nobody was asked.
    """
    num_failed = np.asarray(sample.num_failed, dtype=np.float64)[..., None]
    failed = np.broadcast_to(num_failed, (*sample.counts.shape[:-1], 1))
    return normalise(np.concatenate([sample.counts, failed], axis=-1))


def kl_with_failures(simulated: Sample, human: Sample) -> Array:
    """KL(model || human) on the options plus the failure column, before any replacement.

    Returns:
        Divergence in nats, shape (...), in [0, inf]. Infinite after one failure, and where the panel
        chose an option that nobody in the reference did; NaN if nobody was asked.
    """
    return kl_divergence(padded_shares(simulated), padded_shares(human))


def replace_undefined(values: Array) -> Array:
    """Sets inf and NaN to the largest finite value of the same model and survey plus 1.

    Args:
        values: `kl_with_failures` of all items, shape (..., Q); each row is a survey of its own.

    Returns:
        Finite values, same shape; a row without any finite value is NaN throughout (score absent).
    """
    values = np.asarray(values, dtype=np.float64)
    is_finite = np.isfinite(values)
    largest = np.where(is_finite, values, -np.inf).max(axis=-1, keepdims=True, initial=-np.inf)
    replacement = np.where(np.isfinite(largest), largest + 1, np.nan)
    return np.where(is_finite, values, replacement)


def is_replaced(values: Array) -> NDArray[np.bool_]:
    """Whether `replace_undefined` gives an item a value that is not its own; same arguments, same shape.

    False throughout a row that has no finite value: there the score is absent.
    """
    values = np.asarray(values, dtype=np.float64)
    is_finite = np.isfinite(values)
    replaced: NDArray[np.bool_] = ~is_finite & is_finite.any(axis=-1, keepdims=True)
    return replaced


def is_close(values: Array) -> Array:
    """1.0 for each item with less than .5 nats before replacement, else 0.0; their sum is close_count."""
    return np.asarray(np.asarray(values) < CLOSE, dtype=np.float64)  # inf and NaN are not close


def row_deviation(simulated: Sample) -> Array:
    """Population standard deviation of an item's probabilities over 13 zero-padded columns.

    Their mean over items is `std_paper`. It falls from .27 (everyone the same) towards 0 (answers
    spread over many options), and mixes the spread of answers with the number of options.

    Returns:
        Deviation, shape (...); NaN if nobody was asked or options and failures need more than 13 columns.
    """
    shares = padded_shares(simulated)
    num_missing = NUM_COLUMNS - shares.shape[-1]
    if num_missing < 0:
        return np.full(shares.shape[:-1], np.nan)
    zeros = np.zeros((*shares.shape[:-1], num_missing))
    deviation: Array = np.concatenate([shares, zeros], axis=-1).std(axis=-1)
    return deviation

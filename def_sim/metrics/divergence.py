"""Divergences between two distributions over the same options, and how spread out one of them is.

Each function takes shares, the option axis last, and broadcasts over leading axes; for two vectors
of shape (K,) the result is a float. Which of the two are people matters only where a function is
not symmetric. A NaN distribution (nobody answered) has a NaN divergence.

Multiple choice: mention rates sum to more than 1; normalise both sides over mentions first
(`sample.normalise`), except for `mention_rate_difference`, which wants the rates.

Each that takes shares has a twin `..._of_shares` without the check, for shares that a `Sample` has made:
there the check would take longer than the divergence.

A flat panel beats a panel of one correct majority answer on KL, so a low divergence alone may be flattening;
the entropy ratio tells the two apart.
"""

import numpy as np
from scipy.special import entr, rel_entr

from def_sim.metrics.sample import Array, add_up

_SUM_TOLERANCE = 1e-6


def _as_shares(*distributions: Array) -> list[Array]:
    """Checked, as arrays."""
    arrays = [np.asarray(shares, dtype=np.float64) for shares in distributions]
    num_options = {shares.shape[-1] for shares in arrays}
    if len(num_options) != 1:
        raise ValueError(f"Both distributions need the same options; found {sorted(num_options)} options.")
    for shares in arrays:
        # NaN compares as False and passes: undefined in, undefined out.
        if (shares < 0).any() or (np.abs(add_up(shares) - 1) > _SUM_TOLERANCE).any():
            raise ValueError("Shares must not be negative and must sum to 1 over the last axis.")
    return arrays


def kl_divergence(p: Array, q: Array) -> Array:
    """Kullback-Leibler divergence KL(p || q): the surprise of q at answers that come from p.

    Args:
        p: Shares, shape (..., K); where the answers come from.
        q: Shares, shape (..., K); what they are measured against.

    Returns:
        Divergence in nats (natural logarithm), shape (...), in [0, inf]. Infinite where p has an
        option that q lacks; 0 means identical. Not symmetric.

    Raises:
        ValueError: Different numbers of options, or shares that do not sum to 1.
    """
    return kl_of_shares(*_as_shares(p, q))


def kl_of_shares(p: Array, q: Array) -> Array:
    """As `kl_divergence`, unchecked."""
    divergence: Array = np.maximum(add_up(rel_entr(p, q)), 0.0)  # rounding can give -1e-17
    return divergence


def js_divergence(p: Array, q: Array) -> Array:
    """Jensen-Shannon divergence: mean KL of both to their average, finite where KL is not.

    Args:
        p: Shares, shape (..., K).
        q: Shares, shape (..., K).

    Returns:
        Divergence in bits (base 2), shape (...), in [0, 1]; 1 means no option in common. Symmetric.

    Raises:
        ValueError: Different numbers of options, or shares that do not sum to 1.
    """
    return js_of_shares(*_as_shares(p, q))


def js_of_shares(p: Array, q: Array) -> Array:
    """As `js_divergence`, unchecked."""
    middle = (p + q) / 2
    nats = add_up(rel_entr(p, middle) + rel_entr(q, middle)) / 2
    bits: Array = np.clip(nats / np.log(2), 0.0, 1.0)
    return bits


def js_distance(p: Array, q: Array) -> Array:
    """Square root of the Jensen-Shannon divergence: a metric, in [0, 1], symmetric."""
    distance: Array = np.sqrt(js_divergence(p, q))
    return distance


def total_variation(p: Array, q: Array) -> Array:
    """Smallest share of answers that would have to change to turn p into q.

    Args:
        p: Shares, shape (..., K).
        q: Shares, shape (..., K).

    Returns:
        Half the sum of absolute differences, shape (...), in [0, 1]. Symmetric.

    Raises:
        ValueError: Different numbers of options, or shares that do not sum to 1.
    """
    return variation_of_shares(*_as_shares(p, q))


def variation_of_shares(p: Array, q: Array) -> Array:
    """As `total_variation`, unchecked."""
    variation: Array = add_up(np.abs(p - q)) / 2
    return variation


def wasserstein_distance(p: Array, q: Array, *, is_ordered: bool = True) -> Array:
    """Average number of steps by which answers must move along the scale, as a share of its length.

    W1/(K-1), on the *positions* of the options (1, 2, ..., K in their order), not on their codes:
    codes may skip numbers.

    Args:
        p: Shares in the order of the scale, shape (..., K).
        q: Shares in the same order, shape (..., K).
        is_ordered: False for nominal options, between which there is no distance.

    Returns:
        Distance, shape (...), in [0, 1]; 1 means everyone at one end against everyone at the
        other. NaN (never 0) if the options have no order or there is only one. Symmetric.

    Raises:
        ValueError: Different numbers of options, or shares that do not sum to 1.
    """
    return wasserstein_of_shares(*_as_shares(p, q), is_ordered=is_ordered)


def wasserstein_of_shares(p: Array, q: Array, *, is_ordered: bool = True) -> Array:
    """As `wasserstein_distance`, unchecked."""
    moved = add_up(np.abs(np.cumsum(p - q, axis=-1)[..., :-1]))
    num_steps = p.shape[-1] - 1
    return moved / (num_steps if is_ordered and num_steps > 0 else np.nan)


def mention_rate_difference(p: Array, q: Array) -> Array:
    """Mean absolute difference of the shares of respondents who mention each option.

    For multiple choice. Unlike a divergence over mentions it notices that a panel ticks twice as many
    boxes as people do.

    Args:
        p: Mention rates, each in [0, 1], shape (..., K); need not sum to 1.
        q: Mention rates, shape (..., K).

    Returns:
        Mean over the options, shape (...), in [0, 1]. Symmetric.

    Raises:
        ValueError: Different numbers of options, none at all, or rates that are none.
    """
    p, q = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if p.shape[-1] != q.shape[-1] or p.shape[-1] == 0:
        raise ValueError(f"Both sides need the same options; found {p.shape[-1]} and {q.shape[-1]}.")
    difference: Array = np.abs(p - q).mean(axis=-1)
    if (difference > 1).any():
        raise ValueError("A rate of mentions lies between 0 and 1.")
    return difference


def entropy(shares: Array) -> Array:
    """Shannon entropy of answers.

    Args:
        shares: Shares that sum to 1, shape (..., K).

    Returns:
        Entropy in nats, shape (...), in [0, ln K]; 0 if everyone chose the same.

    Raises:
        ValueError: A negative share.
    """
    found = add_up(entr(np.asarray(shares, dtype=np.float64)))
    if np.isneginf(found).any():  # what entr makes of a number below 0
        raise ValueError("Shares must not be negative.")
    return found


def entropy_ratio(p: Array, q: Array) -> Array:
    """H(p)/H(q): spread of the panel's answers relative to people's.

    Args:
        p: Shares of the panel, shape (..., K).
        q: Shares of people, shape (..., K).

    Returns:
        Ratio, shape (...), in [0, inf). Below 1: the panel agrees more than people do; above 1: it
        is flatter. NaN where people all chose the same, so that no ratio exists. Small samples
        are below 1 in expectation even when drawn from people: compare with the floor.
    """
    human = entropy(q)
    ratio: Array = entropy(p) / np.where(human > 0, human, np.nan)
    return ratio

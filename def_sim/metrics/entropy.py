"""How spread out answers are, and whether a panel is as spread out as people.

A flat panel beats a panel of one correct majority answer on KL, so a low divergence alone may be
flattening; the entropy ratio tells the two apart.
"""

import numpy as np
from scipy.special import entr

from def_sim.metrics.sample import Array, add_up


def entropy(shares: Array) -> Array:
    """Shannon entropy of answers.

    Args:
        shares: Shares that sum to 1, shape (..., K).

    Returns:
        Entropy in nats, shape (...), in [0, ln K]; 0 if everyone chose the same.
    """
    return add_up(entr(np.asarray(shares, dtype=np.float64)))


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

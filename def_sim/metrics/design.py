"""Standard errors of shares from a sample that was drawn in clusters, in strata, with weights.

By Taylor linearisation: a weighted share is a ratio, and its variance is that of the sum of people's
deviations from it, taken over clusters (the "ultimate cluster" estimator, with replacement, without a finite
population correction). Sources: Woodruff 1971; Lumley 2010, section 2; the design effect of several shares at
once: Rao and Scott 1981.

Letters: N people, C clusters, K options.
"""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class SampleDesign:
    """Which people were drawn together. All who were drawn, in whatever group they are.

    A group of people is a domain: others keep their clusters and have a weight of 0, since by chance more or
    fewer of the group could have been drawn.
    """

    cluster_of: Index  # of each person, shape (N,)
    stratum_of: Index  # of each cluster, shape (C,)

    @classmethod
    def of(cls, strata: NDArray[Any] | None, clusters: NDArray[Any] | None, *, num_people: int) -> Self:
        """The design behind two columns of a file.

        Args:
            strata: A mark a person, shape (N,); None: one stratum.
            clusters: A mark a person, shape (N,); the same mark in two strata is two clusters. None: everyone
                was drawn alone.
            num_people: N.
        """
        in_stratum = _numbered(np.zeros(num_people) if strata is None else strata)
        in_cluster = _numbered(np.arange(num_people) if clusters is None else clusters)
        pairs = np.stack([in_stratum, in_cluster], axis=1)
        found, cluster_of = np.unique(pairs, axis=0, return_inverse=True)
        return cls(cluster_of.reshape(-1).astype(np.intp), found[:, 0].astype(np.intp))

    def num_clusters(self, weights: Array) -> int:
        """Clusters that hold people with a weight above 0; weights have shape (N,)."""
        return int((np.bincount(self.cluster_of, weights) > 0).sum())

    @property
    def num_lone_clusters(self) -> int:
        """Clusters without another one in their stratum: what they vary by within it is not known."""
        return int((np.bincount(self.stratum_of) == 1).sum())

    def variances(self, deviations: Array) -> Array:
        """Variance of the sum of a column over all people, by what its sums differ between clusters.

        Args:
            deviations: What each person adds, shape (N, K); 0 of people outside the group.

        Returns:
            Shape (K,). A lone cluster is taken from the mean of all clusters instead of its stratum's, which
            is itself.
        """
        size = len(self.stratum_of)
        sums = np.array([np.bincount(self.cluster_of, column, size) for column in deviations.T])  # (K, C)
        num_in = np.bincount(self.stratum_of)
        means = np.array([np.bincount(self.stratum_of, row) for row in sums]) / num_in  # (K, strata)
        is_lone = num_in == 1
        means[:, is_lone] = sums.mean(axis=1, keepdims=True)
        factor = np.where(is_lone, 1.0, num_in / np.maximum(num_in - 1, 1))
        squares = (sums - means[:, self.stratum_of]) ** 2
        return np.asarray(squares @ factor[self.stratum_of], dtype=np.float64)


def _numbered(marks: NDArray[Any]) -> Index:
    return np.unique(marks, return_inverse=True)[1].reshape(-1)


def share_variances(chosen: NDArray[np.bool_], weights: Array, design: SampleDesign) -> Array:
    """Sampling variances of weighted shares.

    Args:
        chosen: Whether a person chose an option, shape (N, K).
        weights: Shape (N,), at least 0; 0 of people outside the group and without a valid answer.
        design: Of the same N people.

    Returns:
        Shape (K,), in [0, inf); NaN where nobody has a weight.
    """
    total = float(weights.sum())
    if total <= 0:
        return np.full(chosen.shape[1], np.nan)
    chosen_as_numbers = chosen.astype(np.float64)
    shares = weights @ chosen_as_numbers / total
    return design.variances(weights[:, None] * (chosen_as_numbers - shares) / total)


def design_effects(shares: Array, variances: Array, num_people: int) -> Array:
    """Variance of each share over that of a simple random sample of as many people.

    Args:
        shares: Shape (K,).
        variances: Of the shares, shape (K,).
        num_people: With an answer, not weighted.

    Returns:
        Shape (K,), at least 0; NaN where the share is 0 or 1.
    """
    simple = shares * (1 - shares) / num_people
    effects = np.full(len(shares), np.nan)
    np.divide(variances, simple, out=effects, where=simple > 0)
    return effects


def design_effect_of_shares(shares: Array, variances: Array, num_people: int) -> float:
    """The design effect of the shares of one question, options that exclude each other.

    It is the mean of the generalised design effects, to which Rao and Scott (1981) correct the test of a
    whole distribution: the sum over options of (1 - p) d / (K - 1). Options nobody chose are not counted.

    Args:
        shares: Shape (K,), sum to 1.
        variances: Of the shares, shape (K,).
        num_people: With an answer, not weighted.

    Returns:
        At least 0; NaN where all chose the same.
    """
    each = design_effects(shares, variances, num_people)
    is_known = np.isfinite(each)
    if is_known.sum() < 2:  # one option holds all, or all but rounding
        return math.nan
    return float(((1 - shares) * np.where(is_known, each, 0.0)).sum() / (is_known.sum() - 1))


def effective_people(weights: Array) -> float:
    """How many equal people tell as much as these with their weights: (sum w)^2 / sum w^2 (Kish 1965).

    Args:
        weights: At least 0, any shape.

    Returns:
        In [0, number of people]; 0 without a weight. Weights of another scale give the same.

    Raises:
        ValueError: A weight below 0 or NaN.
    """
    if not (weights >= 0).all():
        raise ValueError("Weights are numbers of at least 0.")
    largest = float(weights.max(initial=0.0))
    if largest == 0:
        return 0.0
    # In parts of the largest: squares of weights of 1e200 are no numbers any more.
    parts = weights / largest
    return float(parts.sum()) ** 2 / float((parts**2).sum())

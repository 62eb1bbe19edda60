"""Where the scores of a balanced design vary: settings, items, what both do together, and noise.

Every item is scored in every combination of the settings' levels. Items are a sample of those that could
have been asked, settings are what they are. With P_T the projection on the effects of a set T of settings
and e_T = P_T y the effects on one item, the sum of squares of T is Q times the square of their mean over
items; that of items x T is what is left of the squares around this mean. With no setting in T these are the
grand mean and the items. What respondents add to every sum is known from leaving each of them out, whatever
arms and items have in common, and is taken off; that of T also has its part of items x T.

Components are unbiased and so can come out below 0 where there is nothing. Intervals are of other items.

Letters: F settings, C combinations of their levels, Q items, N respondents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.sample import Array

Term = tuple[int, ...]  # positions of settings; () is none of them
FEWEST_ITEMS: Final = 5
_NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class Component:
    """One source of variance.

    `variance`: mean square of its effects over arms and items, unbiased. `share`: of the sum of all
    components. `sum_of_squares` and `degrees_of_freedom` are those of the analysis of variance, with noise in
    them; NaN for noise itself, which is known from respondents.
    """

    term: Term
    is_of_items: bool  # items, or items x term
    is_noise: bool
    variance: float
    share: float
    low: float  # 95 % interval of the share
    high: float
    sum_of_squares: float
    degrees_of_freedom: float


def all_terms(num_factors: int) -> list[Term]:
    """The empty one, single settings, and all their products."""
    return [term for size in range(num_factors + 1) for term in combinations(range(num_factors), size)]


def projection(term: Term, levels: Sequence[int]) -> Array:
    """On the effects of a term, shape (C, C); C combinations in the order of `itertools.product`."""
    parts = [_deviations(num) if place in term else _means(num) for place, num in enumerate(levels)]
    whole = np.ones((1, 1))
    for part in parts:
        whole = np.asarray(np.kron(whole, part), dtype=np.float64)
    return whole


def _means(num_levels: int) -> Array:
    return np.full((num_levels, num_levels), 1 / num_levels)


def _deviations(num_levels: int) -> Array:
    return np.asarray(np.eye(num_levels) - _means(num_levels))


@dataclass(frozen=True, slots=True)
class _Sums:
    """Of one term: sums of squares, with and without noise; () for all items, (Q,) without each."""

    of_term: Array
    of_items: Array  # items x term
    noise_of_term: Array
    noise_of_items: Array


def variance_components(scores: Array, contributions: Array, levels: Sequence[int]) -> list[Component]:
    """All sources of variance of a design.

    Args:
        scores: Shape (C, Q), arms in the order of `itertools.product` over the settings' levels; no NaN.
        contributions: What each respondent adds to a score's error (`bootstrap.ScoreDraws`), shape (C, N, Q);
            respondent n is the same participant in all arms.
        levels: Number of levels of each setting, length F; C is their product.

    Returns:
        Settings, their interactions, items, items x settings, and noise. Intervals of shares are NaN with
        fewer than five items.

    Raises:
        ValueError: Shapes do not belong together, or a score is undefined.
    """
    num_arms, num_items = scores.shape
    if num_arms != int(np.prod(levels)) or contributions.shape[::2] != scores.shape:
        raise ValueError(
            f"{levels} levels need {int(np.prod(levels))} arms; found scores of {scores.shape} and "
            f"contributions of {contributions.shape}."
        )
    if np.isnan(scores).any():
        raise ValueError("An item without a score in one of the arms has no place in a balanced design.")
    terms = all_terms(len(levels))
    every = {term: _sums(scores, contributions, projection(term, levels)) for term in terms}
    noise = (contributions**2).sum(axis=1)  # (C, Q)
    whole = _variances(every, noise.mean(), num_arms, num_items)
    without = {term: _sums_without(scores, contributions, projection(term, levels)) for term in terms}
    rest = (noise.mean(axis=0).sum() - noise.mean(axis=0)) / max(num_items - 1, 1)
    left_out = _variances(without, rest, num_arms, num_items - 1)
    return _components(whole, left_out, every, levels, num_items)


Variances = Mapping[tuple[Term, bool, bool], Array]  # (term, is_of_items, is_noise) -> variance


def _variances(sums: Mapping[Term, _Sums], noise: Array, num_arms: int, num_items: int) -> Variances:
    """Unbiased mean squares of effects; see the module."""
    found: dict[tuple[Term, bool, bool], Array] = {}
    for term, one in sums.items():
        of_items = (one.of_items - one.noise_of_items) / max(num_items - 1, 1)  # Q - 1 free, each of C arms
        if term:
            of_term = one.of_term - one.noise_of_term - of_items
            found[term, False, False] = of_term / (num_arms * num_items)
        found[term, True, False] = of_items / num_arms
    found[(), False, True] = np.asarray(noise)
    return found


def _sums(scores: Array, contributions: Array, onto: Array) -> _Sums:
    effects = onto @ scores  # (C, Q)
    errors = np.einsum("cd,dnq->cnq", onto, contributions)
    num_items = scores.shape[1]
    of_term, noise_of_term = (
        np.asarray((total**2).sum() / num_items) for total in (effects.sum(axis=-1), errors.sum(axis=-1))
    )
    return _Sums(of_term, (effects**2).sum() - of_term, noise_of_term, (errors**2).sum() - noise_of_term)


def _sums_without(scores: Array, contributions: Array, onto: Array) -> _Sums:
    """The same without each item in turn, shapes (Q,)."""
    effects, errors = onto @ scores, np.einsum("cd,dnq->cnq", onto, contributions)
    num_items = max(scores.shape[1] - 1, 1)
    parts = []
    for one in (effects, errors):
        flat = one.reshape(-1, one.shape[-1])
        total = flat.sum(axis=1, keepdims=True)
        of_mean = ((total - flat) ** 2).sum(axis=0) / num_items
        squares = (flat**2).sum(axis=0)
        parts.append((of_mean, squares.sum() - squares - of_mean))
    (of_term, of_items), (noise_of_term, noise_of_items) = parts
    return _Sums(of_term, of_items, noise_of_term, noise_of_items)


def _components(
    whole: Variances,
    left_out: Variances,
    sums: Mapping[Term, _Sums],
    levels: Sequence[int],
    num_items: int,
) -> list[Component]:
    total = float(sum(map(float, whole.values())))
    totals = np.sum([np.asarray(one) for one in left_out.values()], axis=0)
    found = []
    for key, variance in whole.items():
        term, is_of_items, is_noise = key
        share = float(variance) / total if total > 0 else _NAN
        ends = _NAN, _NAN
        if num_items >= FEWEST_ITEMS and total > 0:
            ends = jackknife_interval(share, np.asarray(left_out[key]) / totals)
        freedom = float(np.prod([levels[place] - 1 for place in term]))
        squares = float(sums[term].of_items if is_of_items else sums[term].of_term)
        found.append(
            Component(
                term,
                is_of_items,
                is_noise,
                float(variance),
                share,
                *ends,
                _NAN if is_noise else squares,
                _NAN if is_noise else freedom * (num_items - 1 if is_of_items else 1),
            )
        )
    return found

"""Whether one respondent's answers fit together as people's do: correlations between items.

Shares alone cannot tell: a panel whose columns were shuffled has all its shares and no person left in it.
Correlations of N respondents scatter by about 1 / sqrt(N - 1), so every distance stands between the same
distance of panels of as many people (the floor) and of this panel with its columns shuffled (no structure).
`slope` is linear in the panel's correlations and needs no such correction.

Letters: Q items, N respondents, B draws, P pairs of items.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.choice_array import Choices, checked_choices, checked_shares, shuffle_people
from def_sim.metrics.jackknife import widened_interval
from def_sim.metrics.noise_floor import normalised_score
from def_sim.metrics.pair_sums import Correlations, PairSums
from def_sim.metrics.people_panels import draw_panels_of_people
from def_sim.metrics.sample import Array

NUM_DRAWS: Final = 99
_MIN_PAIRS: Final = 3  # of items: two correlations always lie on a line

_Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]  # items a < b, shapes (P,)
_Compared = tuple[Array, Array]  # correlations of a panel and of people, shapes (P,)


@dataclass(frozen=True, slots=True)
class Beside:
    """A number of the panel beside the same of as many people, and of the panel without structure."""

    value: float
    floor: float  # mean over panels of as many people
    floor_low: float  # 95 % of panels of people lie between these two
    floor_high: float
    shuffled: float  # mean over the panel's own answers, handed out anew


@dataclass(frozen=True, slots=True)
class Structure:
    """The panel's correlations beside people's. NaN with a reason where they cannot be compared."""

    mean_abs_difference: Beside  # of two correlations, in [0, 2]
    normalised: float  # of it: 1 as panels of people, 0 as a panel without structure; noisy where N is small
    correlation_of_correlations: Beside  # in [-1, 1]; depends on which way items are coded
    slope: float  # panel's correlation per unit of people's: 0 none, 1 as people, above 1 exaggerated
    slope_low: float  # 95 % interval, jackknife over respondents on a log scale
    slope_high: float
    p_no_structure: float  # how often a panel without structure has such a slope
    num_pairs: int  # compared
    num_undefined: int  # known of people, but not of the panel: the same answer from all, or too few
    reason: str = ""

    @property
    def has_structure(self) -> bool:
        """Whether a panel without structure has such a slope in less than 5 % of cases."""
        return self.p_no_structure < 0.05

    @property
    def is_as_people(self) -> bool:
        """Whether the correlations are no farther from people's than those of 97.5 % of panels of people."""
        return self.mean_abs_difference.value <= self.mean_abs_difference.floor_high


def correlations(choices: ArrayLike, num_options: Sequence[int]) -> Correlations:
    """Pearson correlations between items, over the respondents who answered both.

    Args:
        choices: Positions on ordered items, or on items with two options; shape (N, Q), see `choice_array`.
        num_options: K of each item, length Q.

    Returns:
        r and the number of respondents, shapes (Q, Q). r is NaN for fewer than three respondents, and where
        all of them gave one of the two items the same answer.
    """
    return PairSums.of_choices(checked_choices(choices, num_options)).correlations()


def structure_beside_people(
    choices: ArrayLike,
    num_options: Sequence[int],
    human_shares: Sequence[ArrayLike | None],
    human_r: ArrayLike,
    *,
    human_n: ArrayLike,
    rng: np.random.Generator,
    num_draws: int = NUM_DRAWS,
) -> Structure:
    """How far the panel's correlations between items are from people's.

    Args:
        choices: As for `correlations`.
        num_options: K of each item, length Q.
        human_shares: People's shares per item, shape (K,), for the panels of people; None where unknown.
        human_r: People's correlations of the same items, shape (Q, Q); NaN where unknown.
        human_n: Effective number of people behind each, shape (Q, Q), or one number for all.
        rng: Generator of the comparison panels.
        num_draws: B of each kind.

    Returns:
        Over the pairs known on both sides. Panels of people (`people_panels`) are compared with
        correlations as uncertain as people's.

    Raises:
        ValueError: The correlations are not those of Q items.
    """
    array = checked_choices(choices, num_options)
    shares = checked_shares(human_shares, num_options)
    people = _checked_correlations(human_r, len(num_options))
    panel = PairSums.of_choices(array).correlations().r
    pairs, num_undefined = _known_pairs(panel, people)
    if pairs[0].size < _MIN_PAIRS:
        return _no_structure(pairs[0].size, num_undefined, len(array))
    noise = _standard_errors(people, np.asarray(human_n, dtype=np.float64))[pairs]
    r, target = panel[pairs], people[pairs]
    # The other items take part in the draws, so that these do not depend on what people were asked.
    compared, within = _items_of(pairs)
    has = (array[:, compared] >= 0).astype(np.float64)
    draws = [
        (PairSums.of_values(one[:, compared], has).correlations().r[within], _again(target, noise, rng))
        for one in draw_panels_of_people(people, shares, array >= 0, rng, num_draws)
    ]
    shuffles = [
        (PairSums.of_choices(one[:, compared]).correlations().r[within], target)
        for one in (shuffle_people(array, rng) for _ in range(num_draws))
    ]
    difference = _beside(_mean_abs_difference, (r, target), draws, shuffles)
    # What people's correlations owe to chance cannot be found again in any panel.
    strength = float((target**2 - noise**2).sum())
    slope = _slope(r, target, strength)
    low, high = _slope_interval(array[:, compared], within, target, strength)
    return Structure(
        mean_abs_difference=difference,
        normalised=normalised_score(difference.value, difference.floor, difference.shuffled),
        correlation_of_correlations=_beside(_likeness, (r, target), draws, shuffles),
        slope=slope,
        slope_low=low,
        slope_high=high,
        p_no_structure=_chance([_slope(*one, strength) for one in shuffles], slope),
        num_pairs=pairs[0].size,
        num_undefined=num_undefined,
    )


def _checked_correlations(human_r: ArrayLike, num_items: int) -> Array:
    people = np.asarray(human_r, dtype=np.float64)
    if people.shape != (num_items, num_items):
        raise ValueError(f"Expected correlations of {num_items} items, found shape {people.shape}.")
    is_symmetric = np.allclose(people, people.T, rtol=0, atol=1e-9, equal_nan=True)
    if not is_symmetric or (np.abs(people) > 1 + 1e-9).any():
        raise ValueError("Correlations must be symmetric and lie in [-1, 1].")
    return np.clip(people, -1, 1)


def _known_pairs(panel: Array, people: Array) -> tuple[_Pairs, int]:
    """Pairs of items known on both sides, and how many are known of people only."""
    rows, columns = np.triu_indices(len(people), k=1)
    in_people = ~np.isnan(people[rows, columns])
    in_both = in_people & ~np.isnan(panel[rows, columns])
    return (rows[in_both], columns[in_both]), int((in_people & ~in_both).sum())


def _items_of(pairs: _Pairs) -> tuple[NDArray[np.intp], _Pairs]:
    """The items that are in some pair, and the pairs as places among them."""
    items, places = np.unique(np.concatenate(pairs), return_inverse=True)
    return items, (places[: pairs[0].size], places[pairs[0].size :])


def _no_structure(num_pairs: int, num_undefined: int, num_respondents: int) -> Structure:
    nan = float("nan")
    none = Beside(nan, nan, nan, nan, nan)
    if num_respondents < 3:
        reason = "Correlations need at least three respondents."
    elif num_undefined:
        reason = "The panel gave the same answer throughout, or too few answers, to nearly every item."
    else:
        reason = "People's correlations are not known for these items."
    return Structure(none, nan, none, nan, nan, nan, nan, num_pairs, num_undefined, reason)


def _standard_errors(r: Array, num_people: Array) -> Array:
    """Of correlations of that many people, shape of `r`."""
    errors: Array = (1 - r**2) / np.sqrt(np.maximum(num_people - 1, 1))
    return errors


def _again(target: Array, noise: Array, rng: np.random.Generator) -> Array:
    """People's correlations as another sample of as many people might have them."""
    return np.asarray(target + noise * rng.standard_normal(target.size), dtype=np.float64)


def _beside(
    distance: Callable[[Array, Array], float],
    panel: _Compared,
    draws: Sequence[_Compared],
    shuffles: Sequence[_Compared],
) -> Beside:
    of_people = np.array([distance(*one) for one in draws])
    of_people = of_people[~np.isnan(of_people)]
    low, high = np.quantile(of_people, [0.025, 0.975]) if of_people.size else (np.nan, np.nan)
    shuffled = defined_mean(np.array([distance(*one) for one in shuffles]))
    return Beside(distance(*panel), defined_mean(of_people), float(low), float(high), shuffled)


def _mean_abs_difference(r: Array, target: Array) -> float:
    return defined_mean(np.abs(r - target))


def _likeness(r: Array, target: Array) -> float:
    """Pearson's correlation of two lists of correlations; NaN if one of them does not vary."""
    is_known = ~np.isnan(r)
    if is_known.sum() < _MIN_PAIRS or np.ptp(r[is_known]) == 0 or np.ptp(target[is_known]) == 0:
        return float("nan")
    return float(np.corrcoef(r[is_known], target[is_known])[0, 1])


def _slope(r: Array, target: Array, strength: float) -> float:
    """Of a line through the origin, so that recoding an item the other way round changes nothing.

    A pair that a comparison panel lacks counts as its expectation without structure, 0.
    """
    return float(np.nan_to_num(r) @ target / strength) if strength > 0 else float("nan")


def _chance(null: Sequence[float], value: float) -> float:
    """Share of comparison panels with at least this value, the panel itself counted as one of them."""
    if np.isnan(value):
        return float("nan")
    return float((1 + (np.array(null) >= value).sum()) / (len(null) + 1))


def _slope_interval(choices: Choices, pairs: _Pairs, target: Array, strength: float) -> tuple[float, float]:
    """Jackknife interval of 95 %, leaving out one respondent at a time.

    The slope and a constant are the sum over respondents of a square, what each contributes along people's
    correlations, each item with itself included. Such a sum is skewed as a variance is, and its log is not.
    """
    sums = PairSums.of_choices(choices)
    slope = _slope(sums.correlations().r[pairs], target, strength)
    left_out = np.array(
        [_slope(sums.without(row).correlations().r[pairs], target, strength) for row in choices]
    )
    if not strength > 0:
        return float("nan"), float("nan")
    own = choices.shape[1] / (2 * strength)  # what the items have with themselves, in units of the slope
    if not min(slope, *left_out) > -own:  # people's correlations, known pair by pair, fit no people
        return widened_interval(slope, left_out)
    low, high = widened_interval(np.log(slope + own), np.log(left_out + own))
    return float(np.exp(low)) - own, float(np.exp(high)) - own

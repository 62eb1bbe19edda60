"""Do two panels of different countries lie as far apart as the countries' people?

Of every ordered item the mean position on the scale is compared: first country minus second, of the panels
and of people. The slope of the panels' differences on people's is 1 where panels lie as far apart, 0 where a
model has one opinion for both countries, below 0 where it turns countries round. It passes through the
origin: which end of an item's scale counts as high is arbitrary, and so is the sign of its difference, while
the slope and the correlation (about 0, not about the mean) are the same however items are turned.

Letters: K options, Q items, N respondents, B draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.bootstrap import ResampledPanel, ScoreDraws, draws_of_numbers
from def_sim.metrics.intervals import Interval, mean_interval
from def_sim.metrics.paired import difference
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.score_scale import ScoreScale

FEWEST_ITEMS: Final = 10
SLOPE: Final = ScoreScale(fewest_items=FEWEST_ITEMS, is_difference=True)
CORRELATION: Final = ScoreScale(-1.0, 1.0, FEWEST_ITEMS)
NO_DIFFERENCE: Final = "People of the two countries do not differ on any of the items."
_NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class CountryContrast:
    """How two panels' differences follow people's."""

    slope: Interval  # 1: as far apart as people
    correlation: Interval  # about 0, in [-1, 1]
    people_correlation: float  # that panels of as many people of the two countries would have
    num_items: int  # with a difference of panels and of people


def mean_positions(sample: Sample) -> Array:
    """Mean place of the answers on the scale, 0 its first option and 1 its last, shape (...).

    Args:
        sample: Counts of an ordered item with one choice, shape (..., K), K at least 2.

    Returns:
        NaN where nobody answered.
    """
    num_options = sample.counts.shape[-1]
    return np.asarray(sample.shares @ (np.arange(num_options) / (num_options - 1)), dtype=np.float64)


def position_draws(panel: ResampledPanel, items: Sequence[int]) -> ScoreDraws:
    """Mean positions of a panel's answers to some of its items.

    Args:
        panel: Resampled.
        items: Which of its items, all ordered with one choice.
    """
    values, draws, left_out = (
        np.stack([mean_positions(samples[item]) for item in items], axis=-1)
        for samples in (panel.observed, panel.drawn, panel.without_one)
    )
    return draws_of_numbers(values, draws, left_out)


def country_contrast(
    first: ScoreDraws,
    second: ScoreDraws,
    people: tuple[Sequence[Sample], Sequence[Sample]],
    rng: np.random.Generator,
) -> CountryContrast:
    """Slope and correlation of the panels' differences with people's.

    Args:
        first: Mean positions of the panel of the first country, from `position_draws`, Q items.
        second: Of the second country's, on the same items; its respondents are others.
        people: Their references, Q each.
        rng: Of the draws over items.

    Returns:
        Intervals over items and respondents, people's figures taken as fixed. Both numbers are ratios of
        means, whose interval is taken to first order: each item counts as the ratio plus what it adds to it.
        Without an interval, the reason.
    """
    panels = difference(first, second, same_respondents=False)
    shown = _of_people(people)
    chosen = ~np.isnan(panels.values) & ~np.isnan(shown)
    num_items = int(chosen.sum())
    known, kept = shown[chosen], panels.select(chosen)
    if num_items == 0 or not (known**2).sum() > 0:
        nothing = mean_interval(_constant(kept, _NAN), rng)
        absent = Interval(nothing.estimand, _NAN, num_items=num_items, why_absent=NO_DIFFERENCE)
        return CountryContrast(absent, absent, _NAN, num_items)
    return CountryContrast(
        mean_interval(_slopes(kept, known), rng, scale=SLOPE),
        mean_interval(_correlations(kept, known), rng, scale=CORRELATION),
        _people_correlation(people, chosen, (_size(first), _size(second))),
        num_items,
    )


def _of_people(people: tuple[Sequence[Sample], Sequence[Sample]]) -> Array:
    pairs = zip(*people, strict=True)
    return np.array([float(mean_positions(one)) - float(mean_positions(other)) for one, other in pairs])


def _slopes(panels: ScoreDraws, people: Array) -> ScoreDraws:
    """Each item as the slope plus what it adds to it; their mean is the slope."""
    square = float((people**2).mean())
    slope = float((people * panels.values).mean()) / square
    values = slope + people * (panels.values - slope * people) / square
    return _varying_with(panels, values, people / square)


def _correlations(panels: ScoreDraws, people: Array) -> ScoreDraws:
    """The same of the correlation about 0, a / sqrt(b c) with a, b and c means over items."""
    products, squares, of_people = people * panels.values, panels.values**2, people**2
    a, b, c = (float(one.mean()) for one in (products, squares, of_people))
    if not b > 0:
        return _constant(panels, 0.0)
    correlation = a / np.sqrt(b * c)
    added = products / np.sqrt(b * c) - correlation * (squares / b + of_people / c) / 2
    values = correlation + added
    return _varying_with(panels, values, people / np.sqrt(b * c) - correlation * panels.values / b)


def _varying_with(panels: ScoreDraws, values: Array, slopes: Array) -> ScoreDraws:
    """Numbers that change by `slopes`, shape (Q,), where the panels' differences change by 1."""
    return ScoreDraws(values, panels.draws * slopes, panels.contributions * slopes, panels.items)


def _constant(panels: ScoreDraws, value: float) -> ScoreDraws:
    return ScoreDraws(
        np.full_like(panels.values, value),
        np.zeros_like(panels.draws),
        np.zeros_like(panels.contributions),
        panels.items,
    )


def _size(scores: ScoreDraws) -> int:
    return len(scores.contributions)


def _people_correlation(
    people: tuple[Sequence[Sample], Sequence[Sample]], chosen: NDArray[np.bool_], sizes: tuple[int, int]
) -> float:
    """What chance leaves of a correlation of 1 in panels of so many people: it adds to their squares."""
    noise = sum(
        np.array([_variance(one) for one in of_country]) / size
        for of_country, size in zip(people, sizes, strict=True)
    )
    square = float((_of_people(people)[chosen] ** 2).mean())
    return float(np.sqrt(square / (square + np.asarray(noise)[chosen].mean())))


def _variance(sample: Sample) -> float:
    """Of one person's place on the scale."""
    places = np.arange(sample.counts.shape[-1]) / (sample.counts.shape[-1] - 1)
    return float(sample.shares @ places**2 - (sample.shares @ places) ** 2)

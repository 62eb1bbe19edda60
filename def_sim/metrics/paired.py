"""Is one model better than another? Differences on the same items, and many of them at once.

Two models are compared item by item, so what makes an item hard for both cancels. Where both panels are
made of the same respondents (same places, decoding, memory) those are resampled together as well.

Letters: Q items, N respondents, B draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.intervals import ANY_NUMBER, Interval, interval_with_p_value
from def_sim.metrics.sample import Array
from def_sim.metrics.score_scale import ScoreScale


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Mean of first minus second, with its interval; for a divergence below 0 means the first is closer."""

    difference: Interval
    p_value: float  # two-sided; below .05 exactly if the interval excludes 0; NaN if there is none


def paired_comparison(
    first: ScoreDraws,
    second: ScoreDraws,
    rng: np.random.Generator,
    *,
    same_respondents: bool,
    groups: Sequence[str] | None = None,
    floors: tuple[Array, Array] | None = None,
    scale: ScoreScale = ANY_NUMBER,
) -> PairedComparison:
    """Compares two models on the items that both have a score on.

    Args:
        first: Of one model, from `bootstrap.score_draws`; Q items.
        second: Of the other, same items in the same order.
        rng: Of the draws over items.
        same_respondents: True if respondent n is the same participant in both panels; both must then have
            been resampled with the same weights.
        groups: Group of each item, for a difference of means of group means.
        floors: The floor of each item for either model, shape (Q,) each: compares the distances above the
            floor. Needed where panels differ in size, since a smaller panel scores worse for being small.
        scale: Of the differences (`ScoreScale.of_differences`): where their interval is cut, and how many
            items it needs.

    Returns:
        Interval and p-value are from the same studentised deviations (`intervals.p_value`): Student's alone
        finds too many differences where a model is far off on a few items. Counting draws alone could not
        go below 1/B, too coarse for Holm's adjustment over many models; the tail is Student's, stretched.

    Raises:
        ValueError: Panels of different sizes without floors, or called the same respondents.
    """
    _check_sizes(first, second, same_respondents=same_respondents, has_floors=floors is not None)
    changes = difference(first, second, same_respondents=same_respondents)
    if floors is not None:
        values = changes.values - (np.asarray(floors[0]) - np.asarray(floors[1]))
        changes = replace(changes, values=values)
    return PairedComparison(*interval_with_p_value(changes, rng, groups=groups, scale=scale))


def difference(first: ScoreDraws, second: ScoreDraws, *, same_respondents: bool) -> ScoreDraws:
    """First minus second, item by item. Respondents who are not the same contribute one by one."""
    if same_respondents:
        contributions = first.contributions - second.contributions
    else:
        gaps = np.isnan(first.values) | np.isnan(second.values)
        contributions = np.concatenate([first.contributions, -second.contributions])
        contributions = np.where(gaps, np.nan, contributions)
    return ScoreDraws(first.values - second.values, first.draws - second.draws, contributions, first.items)


def adjusted_for_many(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's adjustment: the chance of any false alarm among all comparisons stays at the level.

    Args:
        p_values: By the name of the comparison; NaN where there is none.

    Returns:
        Adjusted p-values under the same names, in the same order; NaN stays NaN and does not count
        among the comparisons.
    """
    defined = {name: p_value for name, p_value in p_values.items() if not np.isnan(p_value)}
    rising = sorted(defined, key=lambda name: defined[name])
    # The smallest counts as often as there are comparisons, the next once less; none falls below the last.
    times = np.arange(len(rising), 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(times * np.array([defined[name] for name in rising])), 1.0)
    by_name = dict(zip(rising, map(float, adjusted), strict=True))
    return {name: by_name.get(name, float("nan")) for name in p_values}


def _check_sizes(first: ScoreDraws, second: ScoreDraws, *, same_respondents: bool, has_floors: bool) -> None:
    sizes = first.contributions.shape[0], second.contributions.shape[0]
    if sizes[0] != sizes[1] and same_respondents:
        raise ValueError(f"Panels of {sizes[0]} and {sizes[1]} cannot be the same respondents.")
    if sizes[0] != sizes[1] and not has_floors:
        raise ValueError(
            f"Panels of {sizes[0]} and {sizes[1]} respondents: a smaller panel scores worse for being small. "
            f"Compare the first {min(sizes)} respondents of both, or pass the floors."
        )

"""What each of several settings does alone and together: the contrasts of a full factorial design.

Every setting is on or off, and every combination of them was held as an arm. The effect of one setting is
its score on minus off, as a mean over the others' settings; an interaction is what that effect gains when
another setting is on, too. With settings coded as -1/2 and 1/2 these are the coefficients of a linear model
with all products. Arms are of the same respondents, whose errors are added up before they are squared, so
what arms have in common cancels.

Letters: F factors, Q items, N respondents, B draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Final

import numpy as np

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.intervals import interval_with_p_value
from def_sim.metrics.paired import PairedComparison
from def_sim.metrics.sample import Array
from def_sim.metrics.score_scale import ScoreScale

Cell = tuple[bool, ...]  # which of the F settings are on in an arm
Effect = tuple[int, ...]  # positions of the settings whose effect or interaction it is
FEWEST_FACTORS: Final = 2


def all_cells(num_factors: int) -> list[Cell]:
    """Every combination of settings, 2**F of them; all off comes first."""
    return list(product((False, True), repeat=num_factors))


def all_effects(num_factors: int) -> list[Effect]:
    """Every effect, 2**F - 1 of them: of single settings first, of all together last."""
    places = range(num_factors)
    return [effect for size in range(1, num_factors + 1) for effect in combinations(places, size)]


def contrast_weights(effect: Effect, num_factors: int) -> dict[Cell, float]:
    """With which weight each arm's score enters an effect.

    The sign is that of the product of the effect's settings coded -1 and 1; the size is one over the number
    of combinations of the settings that it is averaged over, 2**(F - length of the effect).
    """
    size = 1 / 2 ** (num_factors - len(effect))
    return {cell: size * (-1) ** sum(not cell[place] for place in effect) for cell in all_cells(num_factors)}


def contrast(cells: Mapping[Cell, ScoreDraws], effect: Effect) -> ScoreDraws:
    """An effect on each item's score.

    Args:
        cells: Scores of all 2**F arms on the same Q items, of the same respondents, resampled with the same
            weights.
        effect: From `all_effects`.

    Returns:
        NaN for items that lack a score in any of the arms.

    Raises:
        ValueError: An arm is missing, or panels differ in size.
    """
    num_factors = len(next(iter(cells)))
    weights = contrast_weights(effect, num_factors)
    if missing := [cell for cell in weights if cell not in cells]:
        raise ValueError(f"A factorial needs all {len(weights)} arms; {missing} are missing.")
    if len({cells[cell].contributions.shape for cell in weights}) > 1:
        raise ValueError("Arms of a factorial need the same items and as many respondents.")
    return ScoreDraws(
        _sum([weight * cells[cell].values for cell, weight in weights.items()]),
        _sum([weight * cells[cell].draws for cell, weight in weights.items()]),
        _sum([weight * cells[cell].contributions for cell, weight in weights.items()]),
        next(iter(cells.values())).items,
    )


def contrast_of_numbers(cells: Mapping[Cell, Array], effect: Effect) -> Array:
    """The same of plain numbers, or arrays of one shape, an arm."""
    weights = contrast_weights(effect, len(next(iter(cells))))
    return _sum([weight * np.asarray(cells[cell], dtype=np.float64) for cell, weight in weights.items()])


def _sum(parts: Sequence[Array]) -> Array:
    # Added from the second on: a sum that starts from an integer 0 would not change a digit, but its type.
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def mean_effect(
    scores: ScoreDraws,
    rng: np.random.Generator,
    *,
    scale: ScoreScale,
    groups: Sequence[str] | None = None,
) -> PairedComparison:
    """The mean of an effect over items, or over groups of items, with its interval and p-value.

    Args:
        scores: From `contrast`.
        rng: Of the draws over items.
        scale: Of the scores of one arm; how many items are needed is taken from it. An effect can be larger
            than the range of a score, so its interval ends nowhere but at its reach.
        groups: Of each item, for a mean of group means.
    """
    endless = replace(scale.of_differences(), least=-np.inf, most=np.inf)
    return PairedComparison(*interval_with_p_value(scores, rng, groups=groups, scale=endless))


def effect_at_equal_entropy(
    differences: Mapping[tuple[Cell, Cell], Array], effect: Effect, num_factors: int
) -> Array:
    """What is left of an effect on each item's score once both arms of each of its pairs are as varied.

    An interaction can be read along each of its settings: what memory does once decoding varies, or what
    varied decoding does once there is memory. As scores are these are one number; at equal entropy they
    need not be, and their mean is taken.

    Args:
        differences: (arm with a setting on, the same with it off) -> their difference at equal entropy,
            shape (Q,), of every pair that differs in one setting.
        effect: From `all_effects`.
        num_factors: F.
    """
    along = [_along(differences, effect, place, num_factors) for place in effect]
    return _sum(along) / len(along)


def _along(
    differences: Mapping[tuple[Cell, Cell], Array], effect: Effect, place: int, num_factors: int
) -> Array:
    """The effect as a sum of pairs that differ in one of its settings."""
    weights = contrast_weights(effect, num_factors)
    pairs = [(cell, _switched_off(cell, place)) for cell in weights if cell[place]]
    return _sum([weights[pair[0]] * differences[pair] for pair in pairs])


def one_setting_apart(num_factors: int) -> list[tuple[Cell, Cell]]:
    """All pairs of arms of which the first has one setting on that is off in the second."""
    return [
        (cell, _switched_off(cell, place))
        for cell in all_cells(num_factors)
        for place in range(num_factors)
        if cell[place]
    ]


def _switched_off(cell: Cell, place: int) -> Cell:
    return (*cell[:place], False, *cell[place + 1 :])

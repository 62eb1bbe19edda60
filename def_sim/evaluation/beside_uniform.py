"""Does a style of asking beat equal shares on every item? A coin knows nothing of a country."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.evaluation.style_cells import StyleCell
from def_sim.metrics.bootstrap import certain_scores
from def_sim.metrics.paired import adjusted_for_many, paired_comparison
from def_sim.metrics.similarity import SCALE
from def_sim.randomness import keyed_rng

_NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class AboveUniform:
    """Similarity of a style minus that of equal shares, over the same items; NaN where there is no interval.

    Attributes:
        difference: Above 0 the style is more similar to people.
        low: Of its 95 % interval, over items and respondents.
        high: Its other end.
        p_adjusted: Of no difference; Holm over the country's styles.
    """

    difference: float = _NAN
    low: float = _NAN
    high: float = _NAN
    p_adjusted: float = _NAN


def above_uniform(cells: Sequence[StyleCell]) -> dict[str, AboveUniform]:
    """Folder -> each style of one country beside equal shares.

    Args:
        cells: The styles of one country.
    """
    compared = {
        cell.run.folder: paired_comparison(
            draws,
            certain_scores(cell.scores.uniform, draws),
            keyed_rng(cell.run.seed, "study B", "beside equal shares", cell.run.population, cell.style),
            same_respondents=True,  # equal shares have none of their own
            scale=SCALE.of_differences(),
        )
        for cell in cells
        if (draws := cell.scores.draws) is not None
    }
    adjusted = adjusted_for_many({folder: one.p_value for folder, one in compared.items()})
    found = {
        folder: AboveUniform(
            one.difference.estimate, one.difference.low, one.difference.high, adjusted[folder]
        )
        for folder, one in compared.items()
    }
    return {cell.run.folder: found.get(cell.run.folder, AboveUniform()) for cell in cells}

"""Styles of asking of one country in pairs: which is more similar to people, beyond chance?"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.study_b import NO_RESPONDENTS
from def_sim.evaluation.style_cells import ReadRun, StyleCell, cells_of, published_rng
from def_sim.evaluation.style_studies import StyleStudy
from def_sim.metrics.paired import adjusted_for_many
from def_sim.metrics.similarity import SimilarityDifference, similarity_difference
from def_sim.randomness import keyed_rng

LEVEL: Final = 0.05
NO_COMMON_ITEM: Final = "No item was asked under both."
PAIR_TYPES: Final = {
    "study": "int64",
    "population": "str",
    "first": "str",
    "second": "str",
    "difference": "float64",
    "low": "float64",
    "high": "float64",
    "own_low": "float64",
    "own_high": "float64",
    "p_value": "float64",
    "p_adjusted": "float64",
    "num_items": "int64",
    "reason": "str",
}


def style_pairs_table(study: StyleStudy, read: Mapping[str, ReadRun]) -> pd.DataFrame:
    """Styles of one country in pairs, on the items that were classified under both.

    Returns:
        Columns: study; population; first, second: styles; difference: first minus second, above 0 the first
        is more similar to people; low, high: 95 %, percentiles of the same draws of items; own_low, own_high,
        p_value: over items and respondents; p_adjusted: Holm over the country's pairs; num_items; reason: why
        there is no own interval.
    """
    cells = cells_of(study, read)
    rows = []
    for population in dict.fromkeys(cell.run.population for cell in cells):
        rows += _pair_rows(study, [cell for cell in cells if cell.run.population == population])
    return pd.DataFrame(rows, columns=list(PAIR_TYPES)).astype(PAIR_TYPES)


def _pair_rows(study: StyleStudy, cells: Sequence[StyleCell]) -> list[dict[str, object]]:
    """All pairs of one country."""
    pairs = list(combinations(cells, 2))
    compared = [_compared(*pair) for pair in pairs]
    p_values = {
        str(place): one.comparison.p_value
        for place, one in enumerate(compared)
        if isinstance(one, SimilarityDifference)
    }
    adjusted = adjusted_for_many(p_values)
    return [
        {"study": study.number, "population": first.run.population}
        | {"first": first.style, "second": second.style}
        | _pair_numbers(one, adjusted.get(str(place), float("nan")))
        for place, ((first, second), one) in enumerate(zip(pairs, compared, strict=True))
    ]


def _compared(first: StyleCell, second: StyleCell) -> SimilarityDifference | str:
    """The difference, or why there is none."""
    one, other = first.scores, second.scores
    if one.draws is None or other.draws is None:
        return NO_RESPONDENTS
    common = set(one.items) & set(other.items)
    if not common:
        return NO_COMMON_ITEM
    # Questionnaires of one name ask in one order, so common items stand in the same order in both.
    drawn = [
        scores.draws.select(np.array([item in common for item in scores.items], dtype=np.bool_))
        for scores in (one, other)
        if scores.draws is not None
    ]
    run, styles = first.run, (first.style, second.style)
    own = keyed_rng(run.seed, "study B", "pairs", run.population, *styles)
    # Finished runs of one study are of the same respondents: places, decoding and memory go by the seed.
    return similarity_difference(drawn[0], drawn[1], (published_rng(run), own), same_respondents=True)


def _pair_numbers(found: SimilarityDifference | str, p_adjusted: float) -> dict[str, object]:
    if isinstance(found, str):
        names = ("difference", "low", "high", "own_low", "own_high", "p_value", "p_adjusted")
        return dict.fromkeys(names, float("nan")) | {"num_items": 0, "reason": found}
    published, own = found.published, found.comparison.difference
    return {
        "difference": published.estimate,
        "low": published.low,
        "high": published.high,
        "own_low": own.low,
        "own_high": own.high,
        "p_value": found.comparison.p_value,
        "p_adjusted": p_adjusted,
        "num_items": published.num_items,
        "reason": own.why_absent,
    }

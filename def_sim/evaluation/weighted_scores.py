"""Scores of a weighted panel beside those of the same panel without weights."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_intervals import resample, with_intervals
from def_sim.evaluation.score_tables import score_table
from def_sim.metrics.raking import kish_size

_PLACE: Final = ["scope", "item_id", "wording", "dimension", "metric"]
_BOTH: Final = [
    "value",
    "floor",
    "human_to_human",
    "uniform",
    "normalised",
    "interval_low",
    "interval_high",
    "limit",
    "limit_low",
    "limit_high",
    "normalised_low",
    "normalised_high",
    "why_no_interval",
    "why_no_limit",
]
WEIGHTED: Final = "weighted_"


def weighted_scores(
    arrays: PanelArrays, weights: Mapping[str, float], *, seed: int, num_draws: int
) -> pd.DataFrame:
    """Every score with and without weights.

    Args:
        arrays: The panel's answers.
        weights: Respondent -> weight, of all who answered.
        seed: Of the Monte Carlo draws.
        num_draws: Draws for each item and comparison.

    Returns:
        Columns: scope, item_id, wording, dimension, metric as in `score_tables.score_table`; value, floor,
        human_to_human, uniform, normalised, their intervals and limits without weights; the same with the
        prefix `weighted_`, where floor and uniform are those of as many respondents as the weighted ones are
        worth (Kish). Weights are taken as fixed: that raking fits them to the panel is in no interval.
    """
    plain = _scores(arrays, seed=seed, num_draws=num_draws)
    weighted = _scores(replace(arrays, weights=weights), seed=seed, num_draws=num_draws)
    return plain[_PLACE + _BOTH].join(weighted[_BOTH].add_prefix(WEIGHTED))


def panel_worth(arrays: PanelArrays, weights: Mapping[str, float]) -> float:
    """Kish's effective number of the respondents who answered anything."""
    return kish_size(np.array([weights[name] for name in arrays.by_respondent]))


def _scores(arrays: PanelArrays, *, seed: int, num_draws: int) -> pd.DataFrame:
    scores = score_table(
        arrays.distributions, seed=seed, num_draws=num_draws, pool_wordings=arrays.pool_wordings
    )
    panel = arrays.panel_answers
    if panel is None:
        return with_intervals(scores, None)
    resampled = resample(arrays.prompts, panel, seed=seed)
    if panel.weights is not None:
        # Limits ask how many respondents there are: of weighted ones, how many they are worth.
        resampled = replace(resampled, num_respondents=int(kish_size(panel.weights)))
    return with_intervals(scores, resampled)

"""The tables of a run: distributions, scores with intervals, and how the answers ended."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from def_sim.evaluation.distributions import distributions_frame
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_intervals import resample, with_intervals
from def_sim.evaluation.score_tables import score_table, status_table
from def_sim.records import ItemReference


@dataclass(frozen=True)
class Results:
    """Everything that is computed from the answers of a panel, but for the sections of its report."""

    distributions: pd.DataFrame
    scores: pd.DataFrame
    statuses: pd.DataFrame


def results_of(
    arrays: PanelArrays,
    *,
    seed: int,
    num_draws: int,
    other_references: Mapping[str, ItemReference] | None = None,
) -> Results:
    """Distributions, scores and statuses. Depends on the arguments alone.

    Args:
        arrays: The panel's answers, people's shares beside them.
        seed: Of the Monte Carlo draws.
        num_draws: Draws for each item and comparison.
        other_references: Item id -> shares of another country's people, to stand beside.
    """
    counted, panel = arrays.distributions, arrays.drawn_again
    scores = score_table(
        counted,
        seed=seed,
        num_draws=num_draws,
        pool_wordings=arrays.pool_wordings,
        other_references=other_references,
    )
    resampled = resample(arrays.prompts, panel, seed=seed) if panel else None
    return Results(distributions_frame(counted), with_intervals(scores, resampled), status_table(counted))

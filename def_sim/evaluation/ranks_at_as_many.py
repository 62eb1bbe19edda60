"""By how much the scores of comparable runs change at as many answers an item: what ranks rest on.

A run of which fewer answers could be read is farther from people for that alone. Reads no files.

Letters: Q items.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.as_many_answers import rng_of
from def_sim.evaluation.compared_runs import RunGroup
from def_sim.evaluation.paired_runs import RunScores
from def_sim.metrics.aggregation import macro_mean, micro_mean
from def_sim.metrics.equal_answers import fewest_answers, score_shifts
from def_sim.metrics.item_metrics import ITEM_METRICS, NOT_A_DIVERGENCE
from def_sim.metrics.panel_scores import score_panel_by_metric
from def_sim.metrics.sample import Array

_METRICS: Final = tuple(name for name in ITEM_METRICS if name not in NOT_A_DIVERGENCE)
_TYPES: Final = {"folder": "str", "scope": "str", "dimension": "str", "metric": "str", "shift": "float64"}


def shifts_of_groups(groups: Sequence[RunGroup], scores: Mapping[str, RunScores]) -> pd.DataFrame:
    """Of every finished run of a group whose runs differ in how many answers could be read.

    Args:
        groups: From `group_runs`.
        scores: Folder -> scores of a finished run.

    Returns:
        Columns folder, scope (dimension, macro, micro), dimension, metric and shift: what has to be added to
        the score of the run's report for that of as many answers to each item as the run of its group has
        that has fewest. Runs and scores without a row stay as they are: the published divergences count
        whoever was asked, read or not.
    """
    rows = [row for group in groups for row in _of_group(group, scores)]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def _of_group(group: RunGroup, scores: Mapping[str, RunScores]) -> list[dict[str, object]]:
    runs = [scores[run.folder] for run in group.runs if run.folder in scores]
    if len(runs) < 2 or any(run.items != runs[0].items for run in runs):
        return []
    fewest = fewest_answers([run.answered for run in runs])
    return [] if fewest is None else [row for run in runs for row in _of_run(run, fewest, runs[0].seed)]


def _of_run(run: RunScores, fewest: Array, seed: int) -> list[dict[str, object]]:
    found = score_shifts(run.answered, _METRICS, fewest, rng_of(run.answered, seed))
    values = score_panel_by_metric(run.samples, run.people, run.forms, _METRICS)
    labels = np.array(run.dimensions)
    rows: list[dict[str, object]] = []
    for metric in _METRICS:
        shifts = np.where(np.isnan(values[metric]), np.nan, found[metric])
        grouped = labels != ""
        means = {("macro", ""): macro_mean(shifts[grouped], list(labels[grouped]))}
        means["micro", ""] = micro_mean(shifts)
        for name in sorted(set(labels[grouped])):
            means["dimension", str(name)] = micro_mean(shifts[labels == name])
        rows += [
            {"folder": run.folder, "scope": scope, "dimension": dimension, "metric": metric, "shift": shift}
            for (scope, dimension), shift in means.items()
        ]
    return rows

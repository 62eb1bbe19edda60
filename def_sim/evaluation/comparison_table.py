"""The scores of compared runs as one tidy table, with their ranks. Reads no files; computes no score."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from def_sim.evaluation.compared_runs import ComparedRun, RunGroup
from def_sim.evaluation.ranked_entries import with_ranks
from def_sim.evaluation.score_tables import HEADLINE_METRICS

SCOPES: Final = ("dimension", "macro", "micro")
_RUN_TYPES: Final = {
    "group": "int64",
    "run": "str",
    "folder": "str",
    "model": "str",
    "model_label": "str",
    "family": "str",
    "num_parameters": "int64",
    "is_tuned": "bool",
    "is_demonstration": "bool",
    "survey": "str",
    "population": "str",
    "language": "str",
    "strategy": "str",
    "protocol": "str",
    "seed": "int64",
    "num_respondents": "int64",
    "num_present": "int64",
    "share_done": "float64",
    "readings": "str",
}
_SCORE_TYPES: Final = {
    "scope": "str",
    "dimension": "str",
    "metric": "str",
    "value": "float64",
    "interval_low": "float64",
    "interval_high": "float64",
    "floor": "float64",
    "human_to_human": "float64",
    "uniform": "float64",
    "mode": "float64",
    "other_humans": "float64",
    "normalised": "float64",
    "num_items": "int64",
    "num_undefined": "int64",
    "why_no_interval": "str",
}
_SCORE_TEXTS: Final = tuple(name for name, kind in _SCORE_TYPES.items() if kind == "str")


def comparison_table(groups: Sequence[RunGroup], shifts: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row for each run, scope, topic group and metric.

    Args:
        groups: From `group_runs`.
        shifts: From `ranks_at_as_many.shifts_of_groups`: what scores change by at as many answers.

    Returns:
        Columns:
            group: number of the runs that may be compared, from 1; run: hash of the run's
                definition; folder: as it was found;
            model, model_label, family, num_parameters, is_tuned (False: a base model),
                is_demonstration: the model, from its configuration;
            survey, population, language, strategy, protocol, seed, num_respondents: what was planned;
            num_present: respondents with an answer on file;
            share_done: answers on file over answers planned, in [0, 1];
            readings: who read the answers: "rules", or the judge, its set of verdicts and the share of the
                texts that it has a verdict on;
            scope (dimension, macro or micro), dimension ("" but for scope dimension), metric;
            value, floor, human_to_human, uniform, mode, other_humans, normalised, num_items,
                num_undefined: as in `score_tables.score_table`;
            interval_low, interval_high: of the value; NaN where none was computed; why_no_interval: the
                reason, "" also where nothing is known of one;
            at_as_many: value at as many answers to each item as the finished run of the group has that has
                fewest; value itself where all have as many, and of the published scores;
            rank: 1 is closest to people by it, among the entries of the group, see `ranked_entries`: a model
                with several seeds is one, by the mean over them, and its runs have that rank; what agrees in
                three decimals share the better rank; <NA> for unfinished runs, undefined values, what is
                no divergence, and where a group is one model with several seeds;
            is_tied: whether another entry has the same rank; num_ranked: how many entries have a rank.
    """
    rows = [
        _run_columns(group, run) | _score_columns(score)
        for group in groups
        for run in group.runs
        for score in run.scores[run.scores["scope"].isin(SCOPES)].to_dict("records")
    ]
    types = _RUN_TYPES | _SCORE_TYPES
    frame = pd.DataFrame(rows, columns=list(types)).astype(types)
    return with_ranks(frame, groups, shifts)


def _run_columns(group: RunGroup, run: ComparedRun) -> dict[str, Any]:
    same_name = {name: getattr(run, name) for name in _RUN_TYPES if name not in ("group", "run")}
    return {"group": group.number, "run": run.run_hash, **same_name}


def _score_columns(score: Mapping[Any, Any]) -> dict[str, Any]:
    text = {name: "" if pd.isna(score.get(name)) else score[name] for name in _SCORE_TEXTS}
    numbers = {name: score.get(name, math.nan) for name in _SCORE_TYPES if name not in text}
    return {**text, **numbers}


def metrics_compared(table: pd.DataFrame) -> list[str]:
    """The headline metrics that at least one run has a value for, in their order."""
    present = set(table.loc[table["value"].notna(), "metric"])
    return [metric for metric in HEADLINE_METRICS if metric in present]

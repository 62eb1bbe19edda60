"""What another seed does to the scores of one model: their mean and range. Nothing is ranked."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from def_sim.evaluation.compared_runs import ComparedRun, RunGroup, model_of
from def_sim.evaluation.score_tables import HEADLINE_METRICS

_TYPES: Final = {
    "group": "int64",
    "model": "str",
    "model_label": "str",
    "seeds": "str",
    "metric": "str",
    "num_seeds": "int64",
    "mean": "float64",
    "lowest": "float64",
    "highest": "float64",
}


def seeds_table(groups: Sequence[RunGroup]) -> pd.DataFrame:
    """The spread over the finished runs of a group that differ in their seed only.

    Args:
        groups: From `group_runs`.

    Returns:
        One row for each group, model with at least two seeds, and headline metric. Columns: group, model,
        model_label, seeds (rising, with blanks between), metric, num_seeds, and of the means of topic
        groups: mean, lowest, highest; NaN where no seed has a value.
    """
    rows = [
        _row(group, runs, metric)
        for group in groups
        for runs in _of_one_model(group).values()
        if len({run.seed for run in runs}) > 1
        for metric in HEADLINE_METRICS
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def _of_one_model(group: RunGroup) -> Mapping[object, list[ComparedRun]]:
    found: dict[object, dict[int, ComparedRun]] = {}
    for run in group.runs:
        if run.is_complete:
            found.setdefault(model_of(run), {}).setdefault(run.seed, run)
    return {model: list(by_seed.values()) for model, by_seed in found.items()}


def _row(group: RunGroup, runs: Sequence[ComparedRun], metric: str) -> dict[str, object]:
    tables = [run.scores for run in runs]
    values = pd.concat(
        [table.loc[(table["metric"] == metric) & (table["scope"] == "macro"), "value"] for table in tables]
    )
    return {
        "group": group.number,
        "model": runs[0].model,
        "model_label": runs[0].model_label,
        "seeds": " ".join(str(seed) for seed in sorted(run.seed for run in runs)),
        "metric": metric,
        "num_seeds": len(runs),
        "mean": values.mean(),
        "lowest": values.min(),
        "highest": values.max(),
    }

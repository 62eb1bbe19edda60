"""Insensitivity of several runs as one table. Computes no rate: they are those of the runs' own reports."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from def_sim.evaluation.compared_runs import RunGroup
from def_sim.evaluation.insensitivity import COLUMN_TYPES

_RUN_TYPES: Final = {
    "group": "int64",
    "run": "str",
    "folder": "str",
    "model": "str",
    "model_label": "str",
    "family": "str",
    "num_parameters": "int64",
    "is_tuned": "bool",
}


def compared_defects(groups: Sequence[RunGroup], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rates of all runs, those of one judge under one name of a set.

    Args:
        groups: From `group_runs`.
        tables: Folder of a run -> its `insensitivity_table`; runs without one are left out.

    Returns:
        Columns: group, run (its hash), folder, model, model_label, family, num_parameters, is_tuned, and
        those of `insensitivity_table`. A judge who judged several runs alike has the same set in all.
    """
    parts = [
        tables[run.folder].assign(
            group=group.number,
            run=run.run_hash,
            **{name: getattr(run, name) for name in _RUN_TYPES if name not in ("group", "run")},
        )
        for group in groups
        for run in group.runs
        if run.folder in tables
    ]
    types = _RUN_TYPES | COLUMN_TYPES
    together = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(types))
    return together[list(types)].astype(types)

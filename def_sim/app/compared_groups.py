"""Runs whose respondents have sex and age beside the arm without: what saying them changed, by group."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from def_sim.app.read_panel import arrays_of
from def_sim.app.received import read_received
from def_sim.app.reporting import scored_answers
from def_sim.app.run import prepare_run
from def_sim.evaluation.arms import ArmGroup
from def_sim.evaluation.compared_runs import ComparedRun
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.steerability import steerability, steerability_table


def steered_table(groups: Sequence[ArmGroup]) -> pd.DataFrame:
    """Every finished arm that says sex and age beside a baseline that does not.

    Args:
        groups: From `group_arms`; no answer is read where there is no such arm.

    Returns:
        Columns of `steerability_table`, with the arm's title and folder and the baseline's before them. Empty
        without such an arm.
    """
    tables = []
    for group in groups:
        base = group.baseline.run
        steered = [arm for arm in group.arms if _says_persons(arm.run) and arm.run.is_complete]
        if not steered or _says_persons(base) or not base.is_complete:
            continue
        without = _arrays(base)
        for arm in steered:
            found = steerability(_arrays(arm.run), without, seed=base.seed)
            table = steerability_table([] if isinstance(found, str) else found)
            names = {"arm": arm.title, "folder": arm.run.folder, "baseline": base.folder}
            tables.append(table.assign(**names)[[*names, *table.columns]])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _says_persons(run: ComparedRun) -> bool:
    return run.settings.get("protocol.modifications.persona", "place") != "place"


def _arrays(one: ComparedRun) -> PanelArrays:
    folder = Path(one.folder)
    config = read_received(folder).config.model_copy(update={"verdicts": one.verdict_set})
    run = prepare_run(config)
    return arrays_of(run, scored_answers(run, folder))

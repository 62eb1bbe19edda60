"""How much closer to people an arm is than the baseline: paired differences, intervals. Reads no files."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.arms import Arm, ArmGroup
from def_sim.evaluation.paired_runs import METRIC, RunScores, compare_pair
from def_sim.metrics.paired import PairedComparison, adjusted_for_many

NOT_READ: Final = "not finished, or without respondents to draw again"
OTHER_ITEMS: Final = "asks other questions or wordings than the baseline"
_NUMBERS: Final = ("difference", "low", "high", "p_value", "p_adjusted")
_TYPES: Final = {
    "group": "int64",
    "arm": "str",
    "folder": "str",
    "is_baseline": "bool",
    "num_differing": "int64",
    "metric": "str",
    "value": "float64",
    "difference": "float64",
    "low": "float64",
    "high": "float64",
    "p_value": "float64",
    "p_adjusted": "float64",
    "num_items": "int64",
    "reason": "str",
}


def arms_table(groups: Sequence[ArmGroup], scores: Mapping[str, RunScores]) -> pd.DataFrame:
    """Every arm beside the baseline of its group.

    Args:
        groups: From `group_arms`.
        scores: Folder -> scores of a finished run.

    Returns:
        Columns:
            group: number of the comparison; arm: its title; folder; is_baseline;
            num_differing: settings in which it differs from the baseline; metric;
            value: of the arm, mean of topic groups, NaN for an unfinished run;
            difference: arm minus baseline, mean of topic groups; below 0 the arm is closer to people;
            low, high: its 95 % interval; p_value; p_adjusted (Holm over the arms of the group);
            num_items: with a score in both;
            reason: why there is no interval; empty for the baseline.
    """
    rows = [row for group in groups for row in _rows(group, scores)]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def _rows(group: ArmGroup, scores: Mapping[str, RunScores]) -> list[dict[str, object]]:
    compared = {arm.title: _compared(arm, group.baseline, scores) for arm in group.arms}
    p_values = {title: one.p_value for title, one in compared.items() if isinstance(one, PairedComparison)}
    adjusted = adjusted_for_many(p_values)
    return [_row(group, arm, compared[arm.title], adjusted) for arm in group.arms]


def _compared(arm: Arm, baseline: Arm, scores: Mapping[str, RunScores]) -> PairedComparison | str:
    """The comparison, or why there is none."""
    if arm is baseline:
        return ""
    first, second = scores.get(arm.run.folder), scores.get(baseline.run.folder)
    if first is None or second is None:
        return NOT_READ if first is None else f"the baseline is {NOT_READ}"
    if first.items != second.items:
        return OTHER_ITEMS
    return compare_pair(first, second)


def _row(
    group: ArmGroup, arm: Arm, found: PairedComparison | str, adjusted: Mapping[str, float]
) -> dict[str, object]:
    row: dict[str, object] = {
        "group": group.number,
        "arm": arm.title,
        "folder": arm.run.folder,
        "is_baseline": arm is group.baseline,
        "num_differing": arm.num_differing(group.baseline),
        "metric": METRIC,
        "value": _value(arm),
        "num_items": 0,
    }
    if isinstance(found, str):
        return row | dict.fromkeys(_NUMBERS, np.nan) | {"reason": found}
    interval = found.difference
    return row | {
        "difference": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "p_value": found.p_value,
        "p_adjusted": adjusted[arm.title],
        "num_items": interval.num_items - interval.num_undefined,
        "reason": interval.why_absent,
    }


def _value(arm: Arm) -> float:
    """The score that the run's own report gives."""
    table = arm.run.scores
    found = table.loc[(table["metric"] == METRIC) & (table["scope"] == "macro"), "value"]
    return float(found.iloc[0]) if arm.run.is_complete and not found.empty else float("nan")

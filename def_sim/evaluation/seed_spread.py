"""What another seed does to the scores of one model: their mean and range, beside what intervals expect.

Another seed draws other respondents and other tokens and asks the same items, so scores should differ by the
part of their standard error that is due to respondents. Seeds are not ranked: beside other models they
are one entry (`ranked_entries`). Reads no files.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.arm_panels import ArmPanel
from def_sim.evaluation.compared_runs import ComparedRun, RunGroup, model_of
from def_sim.evaluation.score_tables import HEADLINE_METRICS
from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.deviations import item_weights

_TYPES: Final = {
    "group": "int64",
    "model": "str",
    "model_label": "str",
    "seeds": "str",
    "metric": "str",
    "num_seeds": "int64",
    "mean": "float64",
    "min": "float64",
    "max": "float64",
    "sd": "float64",
    "expected_error": "float64",
    "ratio": "float64",
    "reason": "str",
}
NO_ERROR: Final = "no respondents who could be drawn again"
NO_SPREAD: Final = "the scores or their errors do not vary"


def seeds_table(groups: Sequence[RunGroup], panels: Mapping[str, ArmPanel] | None = None) -> pd.DataFrame:
    """The spread over the finished runs of a group that differ in their seed only.

    Args:
        groups: From `group_runs`.
        panels: Folder -> the run's scores with its respondents' influences; others have no expected error.

    Returns:
        One row for each group, model with at least two seeds, and headline metric. Columns: group, model,
        model_label, seeds (rising, with blanks between), metric, num_seeds, and of the means of topic
        groups: mean, min, max; NaN where no seed has a value; sd: their standard deviation;
        expected_error: the standard error that respondents alone give a score, root mean square over seeds;
        ratio: sd over it, 1 where intervals are honest; reason: why there is no ratio.
    """
    rows = [
        _row(group, runs, metric, panels or {})
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


def has_several_seeds(group: RunGroup) -> list[ComparedRun]:
    """The finished runs of a group that differ from another one in their seed only."""
    return [run for runs in _of_one_model(group).values() if len(runs) > 1 for run in runs]


def _row(
    group: RunGroup, runs: Sequence[ComparedRun], metric: str, panels: Mapping[str, ArmPanel]
) -> dict[str, object]:
    tables = [run.scores for run in runs]
    values = pd.concat(
        [table.loc[(table["metric"] == metric) & (table["scope"] == "macro"), "value"] for table in tables]
    )
    spread = float(values.std(ddof=1))
    expected = _expected_error([panels[run.folder] for run in runs if run.folder in panels], metric)
    has_ratio = expected > 0 and not math.isnan(spread)
    return {
        "group": group.number,
        "model": runs[0].model,
        "model_label": runs[0].model_label,
        "seeds": " ".join(str(seed) for seed in sorted(run.seed for run in runs)),
        "metric": metric,
        "num_seeds": len(runs),
        "mean": values.mean(),
        "min": values.min(),
        "max": values.max(),
        "sd": spread,
        "expected_error": expected,
        "ratio": spread / expected if has_ratio else float("nan"),
        "reason": "" if has_ratio else NO_ERROR if math.isnan(expected) else NO_SPREAD,
    }


def _expected_error(panels: Sequence[ArmPanel], metric: str) -> float:
    """Root mean square over seeds; NaN where none of them can tell."""
    variances = [
        respondent_variance(panel.draws[metric], panel.dimensions)
        for panel in panels
        if metric in panel.draws
    ]
    return float(np.sqrt(np.mean(variances))) if variances else float("nan")


def respondent_variance(scores: ScoreDraws, dimensions: Sequence[str]) -> float:
    """Variance of the mean of topic groups that is due to who the respondents are, items as they are."""
    is_scored = ~np.isnan(scores.values) & (np.array(dimensions, dtype=np.str_) != "")
    kept = scores.select(is_scored)
    if kept.values.size == 0 or len(kept.contributions) < 2:
        return float("nan")
    groups = [name for name, is_kept in zip(dimensions, is_scored, strict=True) if is_kept]
    return float(((kept.contributions @ item_weights(kept.values.size, groups)) ** 2).sum())

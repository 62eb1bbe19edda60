"""What has one place in a ranking: a run, or a model with several seeds, by the mean over them.

Another seed is chance, so the seeds of one model are not ranked among each other, and beside other models
they count once. Reads no files; computes no score and no interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from def_sim.evaluation.compared_runs import ComparedRun, RunGroup, model_of
from def_sim.metrics.item_metrics import NOT_A_DIVERGENCE

_DIGITS: Final = 3  # values that are printed alike share a rank
_PLACE: Final = ["scope", "dimension", "metric"]
_RANK_TYPES: Final = {"rank": "Int64", "is_tied": "bool", "num_ranked": "int64"}
AT_AS_MANY: Final = "at_as_many"
# Of an entry with several seeds these are means; its intervals would be those of one run.
_AVERAGED: Final = (
    *("value", "floor", "human_to_human", "uniform", "mode", "other_humans", "normalised"),
    AT_AS_MANY,
)
_OF_ONE_RUN: Final = {"interval_low": float("nan"), "interval_high": float("nan"), "why_no_interval": ""}


@dataclass(frozen=True)
class RankedEntry:
    """One run, or the finished runs of one model with several seeds, each seed once."""

    runs: tuple[ComparedRun, ...]

    @property
    def has_seeds(self) -> bool:
        """Whether it stands for several runs."""
        return len(self.runs) > 1


def ranked_entries(group: RunGroup) -> list[RankedEntry]:
    """The entries of a group, in the order of its runs.

    Where all runs are of one model nothing is ranked and each is an entry. So is a run that is not finished,
    and another one of a seed that is there.
    """
    has_several_models = len({model_of(run) for run in group.runs}) > 1
    members: dict[tuple[object, ...], list[ComparedRun]] = {}
    seen = set()
    for run in group.runs:
        seed = (*model_of(run), run.seed)
        is_shared = has_several_models and run.is_complete and seed not in seen
        if is_shared:
            seen.add(seed)
        members.setdefault(("model", *model_of(run)) if is_shared else ("run", run.folder), []).append(run)
    return [RankedEntry(tuple(runs)) for runs in members.values()]


def with_ranks(
    table: pd.DataFrame, groups: Sequence[RunGroup], shifts: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The table with the columns at_as_many, rank, is_tied and num_ranked, see `comparison_table`.

    Args:
        table: Columns group, folder, share_done, value and those that name a score.
        groups: That it was made of.
        shifts: From `ranks_at_as_many.shifts_of_groups`; None: scores are ranked as they are.
    """
    if shifts is not None and not shifts.empty:
        named = table.reset_index(drop=True).merge(shifts, on=["folder", *_PLACE], how="left")
        table = table.assign(**{AT_AS_MANY: table["value"] + named["shift"].fillna(0.0).to_numpy()})
    else:
        table = table.assign(**{AT_AS_MANY: table["value"]})
    is_ranked_at_all = table["group"].isin(_ranked(groups)) & ~table["metric"].isin(NOT_A_DIVERGENCE)
    values = table[AT_AS_MANY].where((table["share_done"] >= 1) & is_ranked_at_all)
    by = ["group", *_PLACE]
    named = table[by].assign(entry=table["folder"].map(_entry_of(groups)))
    named["mean"] = values.groupby([named[name] for name in named]).transform("mean").round(_DIGITS)
    once = named.drop_duplicates([*by, "entry"])
    ranks = once.assign(
        rank=once.groupby(by)["mean"].rank(method="min"),
        is_tied=once.groupby([*by, "mean"])["entry"].transform("size") > 1,
        num_ranked=once.groupby(by)["mean"].transform("count"),
    )
    of_rows = named.merge(ranks.drop(columns="mean"), on=[*by, "entry"], how="left")[list(_RANK_TYPES)]
    return table.assign(**{name: of_rows[name].to_numpy() for name in _RANK_TYPES}).astype(_RANK_TYPES)


def entries_table(groups: Sequence[RunGroup], table: pd.DataFrame) -> pd.DataFrame:
    """The table with one row for each entry and score: of several seeds their mean and range.

    Args:
        groups: From `group_runs`.
        table: From `comparison_table` of these groups.

    Returns:
        Columns of `comparison_table`, `folder` being that of the entry's first run; and num_seeds, 1 for a
        single run; lowest and highest value over the seeds, NaN for a single run. An entry with seeds has no
        interval: that of one run would be about its seed alone.
    """
    entry = table["folder"].map(_entry_of(groups))
    by_entry = table.groupby([table["group"], entry, *(table[name] for name in _PLACE)], sort=False)
    num_seeds, values = by_entry["folder"].transform("size"), by_entry["value"]
    has_seeds = num_seeds > 1
    averaged = {name: by_entry[name].transform("mean") for name in _AVERAGED}
    absent = {name: table[name].mask(has_seeds, nothing) for name, nothing in _OF_ONE_RUN.items()}
    ends = {"lowest": values.transform("min"), "highest": values.transform("max")}
    spread = {name: end.where(has_seeds) for name, end in ends.items()}
    undefined = by_entry["num_undefined"].transform("max")
    whole = table.assign(**averaged, **absent, **spread, num_undefined=undefined, num_seeds=num_seeds)
    return whole.assign(folder=entry).drop_duplicates(["group", "folder", *_PLACE])


def _entry_of(groups: Sequence[RunGroup]) -> dict[str, str]:
    """Folder of a run -> folder of the first run of its entry."""
    entries = [entry.runs for group in groups for entry in ranked_entries(group)]
    return {run.folder: runs[0].folder for runs in entries for run in runs}


def _ranked(groups: Sequence[RunGroup]) -> set[int]:
    """Numbers of the groups that are not one model with several runs: that is chance."""
    return {
        group.number
        for group in groups
        if len(group.runs) == 1 or len({model_of(run) for run in group.runs}) > 1
    }


def is_ranked(metric: str) -> bool:
    """Whether less of it is closer to people, so that runs can be ranked by it."""
    return metric not in NOT_A_DIVERGENCE

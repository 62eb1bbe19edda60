"""What a terminal shows of a comparison, in short; the rest stands on its page."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from def_sim.app.compared_claims import CLAIMS, claims_in_words
from def_sim.app.printed_tables import PrintedTable, print_table
from def_sim.app.study_b_files import print_studies
from def_sim.app.terminal import say
from def_sim.app.used_verdicts import RULES
from def_sim.app.written_comparison import WrittenComparison
from def_sim.evaluation.arm_scores import answer_of
from def_sim.evaluation.arms import ArmGroup
from def_sim.evaluation.compared_runs import RunGroup
from def_sim.evaluation.comparison_table import metrics_compared
from def_sim.evaluation.measures import MEASURES
from def_sim.evaluation.ranked_entries import AT_AS_MANY, entries_table, ranked_entries


def print_comparison(written: WrittenComparison) -> None:
    """What arms come to; a short table a group, or a line an arm; what was left out; where the page lies."""
    is_experiment = written.arms.experiment is not None
    if written.arms.experiment is not None and written.arms.groups:
        say(f"question    {written.arms.experiment.question}")
    for arms in written.arms.groups:
        say(f"arms        {len(arms.arms)} of {arms.title}; baseline: {arms.baseline.title}")
        if is_experiment:
            for line in _sentences(arms, written.arms.table):
                say(f"            {line}")
        say(f"answer      {answer_of(arms, written.arms.table)}")
    if not (is_experiment and written.arms.groups):
        _print_groups(written)
    if written.effects:
        say(f"effects     {', '.join(written.effects)}")
    if in_words := claims_in_words(written.claims.table):
        say(f"claims      {in_words}: {CLAIMS}")
    for problem in written.arms.problems:
        say(problem)
    for one in written.left_out:
        say(f"left out      {one.folder}: {one.in_words}")
    print_studies(written.studies, written.path.parent)
    say(f"comparison  {written.path}")


def _sentences(arms: ArmGroup, table: pd.DataFrame) -> list[str]:
    rows = table[(table["group"] == arms.number) & (table["sentence"] != "") & (table["verdict"] != "")]
    return [f"{row['arm']}: {row['sentence']}" for row in rows.to_dict("records")]


def _print_groups(written: WrittenComparison) -> None:
    entries = entries_table(written.groups, written.table)
    for title, cells in group_cells(written.groups, written.table):
        print_table(PrintedTable(title, cells[0], cells[1:]))
    say("mean of the topic groups, with the rank among the finished runs of the group (= is a tie)")
    ranked = entries[entries["rank"].notna() & (entries["num_ranked"] > 1)]
    if (ranked[AT_AS_MANY] != ranked["value"]).any():
        say("ranks are by scores at as many readable answers an item; those printed are of each run's own")
    if (entries["num_seeds"] > 1).any():
        say("a model with several seeds has one place, by the mean over them; their range: seeds.csv")
    if len(written.groups) > 1:
        say("runs of different groups differ in more than the model: the page says in what")
    if len({run.short_of is None for group in written.groups for run in group.runs}) > 1:
        say("a short questionnaire asks a part of the items: its scores do not compare with a full one's")
    for group in written.groups:
        for readings in sorted({run.readings for run in group.runs} - {RULES}):
            say(f"read by     group {group.number}: {readings}")


def group_cells(groups: Sequence[RunGroup], table: pd.DataFrame) -> list[tuple[str, list[tuple[str, ...]]]]:
    """The short table of each group as words: its title; a header, and a row a model.

    Args:
        groups: Of comparable runs.
        table: Of their scores.
    """
    metrics, entries = metrics_compared(table), entries_table(groups, table)
    return [(f"{one.number}: {one.title}", _cells_of_group(one, entries, metrics)) for one in groups]


def _cells_of_group(group: RunGroup, entries: pd.DataFrame, metrics: Sequence[str]) -> list[tuple[str, ...]]:
    macro = entries[(entries["group"] == group.number) & (entries["scope"] == "macro")]
    cells = {(row["folder"], row["metric"]): row for row in macro.to_dict("records")}
    shown: list[tuple[str, ...]] = [("model", "seed", "done", *(MEASURES[one].short for one in metrics))]
    for entry in ranked_entries(group):
        run = entry.runs[0]
        done = f"{100 * run.share_done:.0f} %" if not run.is_complete else "all"
        scores = (_terminal_cell(cells.get((run.folder, metric), {})) for metric in metrics)
        shown.append((run.model, " ".join(str(one.seed) for one in entry.runs), done, *scores))
    return shown


def _terminal_cell(row: Mapping[Any, Any]) -> str:
    value = row.get("value")
    if value is None or pd.isna(value):
        return "–"
    is_alone = pd.isna(row["rank"]) or row["num_ranked"] < 2
    rank = "" if is_alone else f" ({row['rank']}{'=' if row['is_tied'] else ''})"
    return f"{value:.3f}{rank}"

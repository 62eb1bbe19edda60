"""Comparing runs: reads the runs that were named and computes what their comparison holds. Writes nothing."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd

from def_sim.app.compared_answers import ComparedAnswers, compare_answers
from def_sim.app.compared_claims import CLAIMS, JudgedClaims, judge_claims
from def_sim.app.compared_effects import compare_effects
from def_sim.app.compared_groups import steered_table
from def_sim.app.compared_insensitivity import stored_defects
from def_sim.app.compared_styles import studies_of
from def_sim.app.found_runs import find_runs
from def_sim.app.insensitivity import INSENSITIVITY
from def_sim.app.received import read_stored_manifest
from def_sim.app.stored_runs import NotJudged, read_run
from def_sim.app.study_b_files import Studies, study_tables
from def_sim.app.unreadable_runs import UNREADABLE, UnreadableRunsError, unreadable
from def_sim.errors import ConfigError, StoreError
from def_sim.evaluation.arm_diversity import diversity_table
from def_sim.evaluation.arm_scores import arms_table
from def_sim.evaluation.arms import ArmGroup, ComparedExperiment, group_arms
from def_sim.evaluation.compared_insensitivity import compared_defects
from def_sim.evaluation.compared_maps import maps_frame
from def_sim.evaluation.compared_runs import (
    ComparedRun,
    LeftOut,
    RunGroup,
    group_runs,
    without_copies,
)
from def_sim.evaluation.comparison_table import comparison_table
from def_sim.evaluation.ranks_at_as_many import shifts_of_groups
from def_sim.evaluation.seed_spread import has_several_seeds, seeds_table
from def_sim.processes import WorkerProcesses, num_usable_cores

COMPARISON: Final = "comparison.csv"
PAIRS: Final = "pairs.csv"
STEERED: Final = "groups.csv"  # only where an arm says sex and age
_MOST_NAMED: Final = 3  # runs in a message
FEWEST_ANSWERS: Final = 300_000  # of all runs, from which several processes are worth their start


@dataclass(frozen=True)
class ComparedArms:
    """Runs of one model that differ in settings, beside a baseline."""

    groups: list[ArmGroup]
    table: pd.DataFrame  # see `arm_scores.arms_table`
    diversity: pd.DataFrame  # see `arm_diversity.diversity_table`
    problems: list[str]  # why other runs are no arms, in words
    steered: pd.DataFrame  # see `compared_groups.steered_table`
    effects: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # see `compare_effects`
    experiment: ComparedExperiment | None = None


@dataclass(frozen=True)
class Comparison:
    """All that a comparison of runs holds, computed."""

    groups: list[RunGroup]
    table: pd.DataFrame  # see `comparison_table.comparison_table`
    answers: ComparedAnswers
    left_out: list[LeftOut]
    arms: ComparedArms
    seeds: pd.DataFrame  # see `seed_spread.seeds_table`
    defects: pd.DataFrame  # see `compared_insensitivity.compared_defects`
    studies: Studies
    claims: JudgedClaims

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """File name -> table, of those that these runs give; study B's lie beside a page of their own."""
        return {
            INSENSITIVITY: self.defects,
            COMPARISON: self.table,
            PAIRS: self.answers.pairs,
            "arms.csv": self.arms.table,
            "diversity.csv": self.arms.diversity,
            **({} if self.arms.steered.empty else {STEERED: self.arms.steered}),
            "seeds.csv": self.seeds,
            CLAIMS: self.claims.table,
            "maps.csv": maps_frame(self.answers.maps),
            **self.arms.effects,
        }


def compute_comparison(
    patterns: Sequence[str],
    *,
    baseline: str | None = None,
    verdicts: str | None = None,
    experiment: ComparedExperiment | None = None,
) -> Comparison:
    """Compares the runs that the patterns name.

    Args:
        patterns: Folders or glob patterns, `**` for any depth.
        baseline: Title of the arm that others are compared with, or its run folder's name; see `group_arms`.
        verdicts: The set that scores of texts are to rest on, which a judge read; see `read_run`.
        experiment: Whose arms the runs are, if they are those of one.

    Raises:
        ConfigError: A pattern names no run, no run has an answer or can be read, texts of one wait for a
            judge (but for an experiment, whose page says so), or no arm is the baseline.
    """
    folders = find_runs(patterns)
    with WorkerProcesses(_num_processes(folders)) as workers:
        found = workers.map(partial(_read, verdicts=verdicts), folders)
        waiting = [one for one in found if isinstance(one, NotJudged)]
        if experiment is None:
            _refuse_not_judged(waiting, len(folders))
        readable = [one for one in found if isinstance(one, ComparedRun)]
        left_out = [*(one for one in found if isinstance(one, LeftOut)), *map(_waiting, waiting)]
        while True:
            runs, copies = without_copies(readable)
            try:
                return _compared(runs, [*left_out, *copies], workers, baseline, experiment)
            except UnreadableRunsError as error:
                left_out += error.left_out
                gone = {one.folder for one in error.left_out}
                readable = [run for run in readable if run.folder not in gone]


def _read(folder: Path, verdicts: str | None) -> ComparedRun | LeftOut | NotJudged:
    """One run with its scores, or why it has none, damage included."""
    try:
        return read_run(folder, verdicts)
    except UNREADABLE as error:
        return unreadable(str(folder), error)


def _compared(
    runs: Sequence[ComparedRun],
    left_out: list[LeftOut],
    workers: WorkerProcesses,
    baseline: str | None,
    experiment: ComparedExperiment | None,
) -> Comparison:
    """The comparison of these runs.

    Raises:
        ConfigError: There are none, or no arm is the baseline.
        UnreadableRunsError: Answers or tables of some cannot be read.
    """
    if not runs:
        first = left_out[0]
        raise ConfigError(
            f"None of the {len(left_out)} runs found can be compared; {first.folder}: {first.why}",
            fix=first.fix or "Hold their interviews first: the same commands without stage=.",
        )
    groups = group_runs(runs)
    arm_groups, no_arms = group_arms(
        runs, baseline=baseline, baselines=experiment.baselines if experiment is not None else ()
    )
    defects = compared_defects(groups, stored_defects(runs))
    answers = compare_answers(groups, workers, _more_than_one_score(groups, arm_groups))
    table = comparison_table(groups, shifts_of_groups(groups, answers.scores))
    effects = compare_effects(groups, arm_groups, answers.scores)
    arms = ComparedArms(
        arm_groups,
        arms_table(arm_groups, answers.scores, answers.arms),
        diversity_table(arm_groups, answers.arms),
        no_arms,
        steered_table(arm_groups),
        effects,
        experiment,
    )
    studies = studies_of(runs)
    tables = {COMPARISON: table, PAIRS: answers.pairs, "arms.csv": arms.table, **effects}
    claims = judge_claims({**tables, INSENSITIVITY: defects, **study_tables(studies)}, runs)
    seeds = seeds_table(groups, answers.arms)
    return Comparison(groups, table, answers, left_out, arms, seeds, defects, studies, claims)


def _waiting(one: NotJudged) -> LeftOut:
    """Of an experiment: its other arms are compared, and the page says what this one waits for."""
    command = f"stage=judge rubric={one.rubric} run_folder={one.folder} model=..."
    return LeftOut(one.folder, f"Its texts wait for a judge: {command}")


def _refuse_not_judged(waiting: Sequence[NotJudged], num_runs: int) -> None:
    """No page is written that leaves runs out whose texts a judge could read."""
    if not waiting:
        return
    named = ", ".join(one.folder for one in waiting[:_MOST_NAMED])
    more = len(waiting) - _MOST_NAMED
    rest = f" and {more:,} more" if more > 0 else ""
    first = waiting[0].rubric
    of_rubric = ",".join(one.folder for one in waiting if one.rubric == first)
    raise ConfigError(
        f"{len(waiting):,} of the {num_runs:,} runs wait for a judge: {named}{rest}.",
        fix=f"Have them judged: def-sim stage=judge rubric={first} 'runs=[{of_rubric}]' model=...",
    )


def _more_than_one_score(groups: Sequence[RunGroup], arms: Sequence[ArmGroup]) -> set[str]:
    """Folders of runs that are arms, or one of several seeds: they are compared under every metric."""
    of_seeds = {run.folder for group in groups for run in has_several_seeds(group)}
    return of_seeds | {arm.run.folder for group in arms for arm in group.arms}


def _num_processes(folders: Sequence[Path]) -> int:
    """As many as there are cores, where starting them takes less than they save."""
    num_answers = 0
    for folder in folders:
        with suppress(StoreError):  # it is left out, see `_read`
            num_answers += read_stored_manifest(folder)["plan"]["answers"]
    return num_usable_cores() if num_answers >= FEWEST_ANSWERS else 1

"""What a comparison needs of the answers of runs: their places on the maps, and scores to pair.

Knows which runs belong together; `read_runs.py` reads each of them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from def_sim.answers.storage.manifest import check_same_run
from def_sim.app.definition import what_defines
from def_sim.app.human_figures import asked, country_names, people_besides, people_of
from def_sim.app.read_runs import RunToRead, read_answers_of
from def_sim.app.received import read_received
from def_sim.app.run import Run, prepare_run
from def_sim.app.unreadable_runs import UNREADABLE, UnreadableRunsError, unreadable
from def_sim.errors import DefSimError, RunMismatchError
from def_sim.evaluation.arm_panels import ArmPanel
from def_sim.evaluation.compared_maps import MapsOfRuns, maps_of_runs, sharing_a_map
from def_sim.evaluation.compared_panels import ComparedPanel
from def_sim.evaluation.compared_runs import ComparedRun, LeftOut, RunGroup
from def_sim.evaluation.paired_runs import RunScores, pairs_table
from def_sim.processes import WorkerProcesses
from def_sim.surveys.survey import load_survey


@dataclass(frozen=True)
class ComparedAnswers:
    """The parts of a comparison that rest on single answers."""

    maps: list[MapsOfRuns]
    pairs: pd.DataFrame  # see `paired_runs.pairs_table`
    scores: dict[str, RunScores]  # by folder, of finished runs
    arms: dict[str, ArmPanel]  # by folder, of finished arms and of runs with several seeds


def compare_answers(
    groups: Sequence[RunGroup], workers: WorkerProcesses, arms: Collection[str] = ()
) -> ComparedAnswers:
    """Maps of all runs and pairs of comparable ones.

    Args:
        groups: From `group_runs`.
        workers: Read the answers.
        arms: Folders of runs that are compared in more than one score.

    Raises:
        UnreadableRunsError: Answers of some runs are damaged.
    """
    maps: list[MapsOfRuns] = []
    read: dict[str, RunScores | None] = {}
    panels: dict[str, ArmPanel | None] = {}
    for shared in sharing_a_map(groups):
        prepared, why_not = _prepared(shared.runs)
        people = people_of(set().union(*(asked(run) for run in prepared.values())))
        labels = _labels(shared.runs, prepared)
        to_read = [
            RunToRead(
                one.folder,
                prepared[one.folder],
                people,
                *labels[one.folder],
                one.is_complete,
                one.folder in arms,
            )
            for one in shared.runs
            if one.folder in prepared
        ]
        found = _readable(workers.map(_read, to_read))
        maps.append(
            maps_of_runs(
                shared,
                found,
                people,
                country_names=country_names(),
                more_people=people_besides([one.run for one in to_read]),
                seed=to_read[0].run.config.seed if to_read else 0,
                why_not=why_not,
                names=labels,
            )
        )
        read |= {asked.folder: one.scores for asked, one in zip(to_read, found, strict=True)}
        panels |= {asked.folder: one.arm for asked, one in zip(to_read, found, strict=True)}
    tables = [
        pairs_table(group.number, [scores for one in group.runs if (scores := read.get(one.folder))])
        for group in groups
    ]
    finished = {folder: one for folder, one in read.items() if one is not None}
    of_arms = {folder: one for folder, one in panels.items() if one is not None}
    return ComparedAnswers(maps, pd.concat(tables, ignore_index=True), finished, of_arms)


def _read(one: RunToRead) -> ComparedPanel | LeftOut:
    try:
        return read_answers_of(one)
    except UNREADABLE as error:
        return unreadable(one.folder, error)


def _readable(found: Sequence[ComparedPanel | LeftOut]) -> list[ComparedPanel]:
    """All of them, or none: the groups have others in them then."""
    if left_out := [one for one in found if isinstance(one, LeftOut)]:
        raise UnreadableRunsError(left_out)
    return [one for one in found if isinstance(one, ComparedPanel)]


def _prepared(runs: Sequence[ComparedRun]) -> tuple[dict[str, Run], list[str]]:
    """Folder -> run, and why others cannot be read as what they were."""
    found, why_not = {}, []
    load = cache(load_survey)  # most runs ask what others ask
    for one in runs:
        try:
            received = read_received(Path(one.folder))
            config = received.config.model_copy(update={"verdicts": one.verdict_set})
            run, stored = prepare_run(config, load=load), received.manifest["defines"]
            check_same_run(stored, what_defines(run, stored["model"]["identity"]))
        except RunMismatchError:
            why_not.append(f"{one.model_label}, {one.survey}: it would be another run today")
        except DefSimError as error:
            why_not.append(f"{one.model_label}, {one.survey}: {error.message}")
        else:
            found[one.folder] = run
    return found, why_not


def _labels(runs: Sequence[ComparedRun], prepared: Mapping[str, Run]) -> dict[str, tuple[str, str]]:
    """Folder -> model and survey as the maps name them; what differs is told apart."""
    surveys = {folder: _survey_words(folder, prepared) for folder in prepared}
    labels = {}
    for one in runs:
        if one.folder in prepared:
            same = [
                other
                for other in runs
                if other.model_label == one.model_label and surveys.get(other.folder) == surveys[one.folder]
            ]
            seed = f", seed {one.seed}" if len({other.seed for other in same}) > 1 else ""
            labels[one.folder] = (f"{one.model_label}{seed}", surveys[one.folder])
    return labels


def _survey_words(folder: str, prepared: Mapping[str, Run]) -> str:
    survey, items = prepared[folder].survey, asked(prepared[folder])
    namesakes = [run for run in prepared.values() if run.survey.title == survey.title]
    words = survey.title
    if len({run.survey.population for run in namesakes}) > 1:
        words += f" of {country_names().get(survey.population, survey.population)}"
    if len({frozenset(asked(run)) for run in namesakes}) > 1:
        words += f", {len(items)} items"
    return words

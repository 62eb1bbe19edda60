"""What a comparison needs of the answers of runs: their places on the maps, and scores to pair.

Answers are read one run at a time and given back before the next: a comparison of many large runs would
not fit otherwise. Of a finished run they come from its table, if the completion mark vouches for table
and journals; it is quicker to read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from def_sim.answers.compaction import parquet_path, read_choices
from def_sim.answers.completion import is_complete, vouches_for
from def_sim.answers.manifest import check_same_run, read_manifest
from def_sim.answers.shards import answers_folder
from def_sim.app.culture import (
    asked,
    counted_run,
    country_names,
    on_the_map,
    people_besides,
    people_of,
)
from def_sim.app.measured import Measured
from def_sim.app.reporting import of_the_panel, panel_answers
from def_sim.app.run import Run, prepare_run, what_defines
from def_sim.app.schema import validate_config
from def_sim.errors import DefSimError, RunMismatchError
from def_sim.records import Answer
from def_sim.reports.compared_runs import ComparedRun, RunGroup
from def_sim.reports.comparison_maps import MapsOfRuns
from def_sim.reports.map_tables import CountedRun, PanelAnswers, published_map, sound_map
from def_sim.reports.measures import as_percent
from def_sim.reports.paired_runs import RunScores, pairs_table
from def_sim.reports.score_intervals import resample
from def_sim.surveys.human_cells import HumanCells

# What runs on one map may differ in besides the model: the questionnaire and what comes with it.
_OF_THE_SURVEY = ("survey.", "places", "prompts", "scored_with.reference")


@dataclass(frozen=True)
class _Shared:
    """Runs that share a map."""

    number: int
    title: str
    runs: tuple[ComparedRun, ...]


@dataclass(frozen=True)
class ReadRun:
    """What is kept of one run's answers."""

    run: Run
    on_map: PanelAnswers
    counted: CountedRun
    scores: RunScores | None  # None: not finished, or answers are probabilities


@dataclass(frozen=True)
class ComparedAnswers:
    """The parts of a comparison that rest on single answers."""

    maps: list[MapsOfRuns]
    pairs: pd.DataFrame  # see `paired_runs.pairs_table`


def compare_answers(groups: Sequence[RunGroup]) -> ComparedAnswers:
    """Maps of all runs and pairs of comparable ones.

    Raises:
        StoreError: An answer is damaged.
    """
    maps: list[MapsOfRuns] = []
    read: dict[str, RunScores | None] = {}
    for shared in _sharing_a_map(groups):
        prepared, why_not = _prepared(shared.runs)
        people = people_of(set().union(*(asked(run) for run in prepared.values())))
        labels = _labels(shared.runs, prepared)
        found = {
            one.folder: _read(one, prepared[one.folder], people, labels[one.folder])
            for one in shared.runs
            if one.folder in prepared
        }
        maps.append(_maps(shared, list(found.values()), people, why_not))
        read |= {folder: one.scores for folder, one in found.items()}
    tables = [
        pairs_table(group.number, [scores for one in group.runs if (scores := read.get(one.folder))])
        for group in groups
    ]
    return ComparedAnswers(maps, pd.concat(tables, ignore_index=True))


def _sharing_a_map(groups: Sequence[RunGroup]) -> list[_Shared]:
    found: dict[tuple[tuple[str, str], ...], list[ComparedRun]] = {}
    for group in groups:
        for run in group.runs:
            settings = {n: v for n, v in run.settings.items() if not n.startswith(_OF_THE_SURVEY)}
            found.setdefault(tuple(sorted(settings.items())), []).append(run)
    return [
        _Shared(number, _title(runs[0]), tuple(runs)) for number, runs in enumerate(found.values(), start=1)
    ]


def _title(run: ComparedRun) -> str:
    panel = f"{run.num_respondents:,} respondent{'' if run.num_respondents == 1 else 's'}"
    return f"{run.strategy}, {run.protocol}, {panel}"


def _prepared(runs: Sequence[ComparedRun]) -> tuple[dict[str, Run], list[str]]:
    """Folder -> run, and why others cannot be read as what they were."""
    found, why_not = {}, []
    for one in runs:
        manifest = read_manifest(Path(one.folder))
        try:
            run = prepare_run(validate_config(manifest["config"]))
            check_same_run(manifest["defines"], what_defines(run, manifest["defines"]["model"]["identity"]))
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
        words += f" of {survey.population}"
    if len({frozenset(asked(run)) for run in namesakes}) > 1:
        words += f", {len(items)} items"
    return words


def _read(one: ComparedRun, run: Run, people: HumanCells, label: tuple[str, str]) -> ReadRun:
    measured = Measured(run, _answers(run, Path(one.folder)))
    model, survey = label
    panel = measured.panel if one.is_complete else None
    scores = None
    if panel is not None:
        resampled = resample(measured.prompts, panel, seed=run.config.seed)
        scores = RunScores.of(one.folder, resampled)
    return ReadRun(
        run,
        on_the_map(measured, people, model=model, survey=survey),
        counted_run(measured, model=model, survey=survey),
        scores,
    )


def _answers(run: Run, folder: Path) -> list[Answer]:
    """As `panel_answers`; of a finished run from its table, without texts and memories."""
    journals = sorted(answers_folder(folder).glob("shard-*.jsonl"))
    if not (is_complete(folder) and vouches_for(folder, [parquet_path(folder), *journals])):
        return panel_answers(run, folder)
    return of_the_panel(run, read_choices(parquet_path(folder)))


def _maps(shared: _Shared, runs: Sequence[ReadRun], people: HumanCells, why_not: Sequence[str]) -> MapsOfRuns:
    seed = runs[0].run.config.seed if runs else 0
    return MapsOfRuns(
        shared.number,
        shared.title,
        sound_map(people, [one.on_map for one in runs], country_names=country_names(), seed=seed),
        published_map([one.counted for one in runs], more_people=people_besides([one.run for one in runs])),
        tuple(why_not),
        tuple(
            f"{one.model_label}, {one.survey}: {as_percent(one.share_done)} of its answers"
            for one in shared.runs
            if not one.is_complete
        ),
    )

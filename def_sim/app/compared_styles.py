"""Runs in several styles of asking: their answers read and scored as one study, beside what was printed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pandas as pd

from def_sim.answers.storage.manifest import check_same_run
from def_sim.answers.storage.shards import no_search_for_cycles
from def_sim.app.definition import what_defines
from def_sim.app.human_figures import other_country_of
from def_sim.app.read_panel import arrays_of
from def_sim.app.received import read_received
from def_sim.app.reporting import scored_answers
from def_sim.app.run import Run, prepare_run
from def_sim.app.strategy_frames import read_frames
from def_sim.app.study_b_files import Studies
from def_sim.app.unreadable_runs import reading
from def_sim.errors import DefSimError, RunMismatchError
from def_sim.evaluation.compared_runs import ComparedRun, LeftOut
from def_sim.evaluation.frame_scores import Frame, frame_table
from def_sim.evaluation.measures import counted
from def_sim.evaluation.study_b import study_b_table
from def_sim.evaluation.style_cells import ReadRun
from def_sim.evaluation.style_pairs import style_pairs_table
from def_sim.evaluation.style_scores import share_not_bare, style_scores
from def_sim.evaluation.style_studies import COUNTRIES, StudyResults, StyleStudy, style_studies
from def_sim.records import ItemReference
from def_sim.resources import data_folder
from def_sim.strategies.frames import frames_by_respondent
from def_sim.surveys.human_reference import ReferenceSource
from def_sim.surveys.published_scores import read_study_b
from def_sim.surveys.survey import LoadedSurvey, load_survey

NUMBER_ALONE: Final = "classification"  # the style whose reply is to be a bare number
LoadSurvey = Callable[..., LoadedSurvey]


@dataclass(frozen=True)
class OtherPeople:
    """Another country's people on the items of a run; none where nobody else was asked them."""

    population: str = ""  # ISO alpha-3 code
    references: Mapping[str, ItemReference] | None = None


def studies_of(runs: Sequence[ComparedRun]) -> Studies:
    """The studies among runs with their tables, and why some runs of their styles are in none.

    Raises:
        UnreadableRunsError: An answer is damaged.
    """
    load = cache(load_survey)  # most runs ask what others ask
    prepared, unread = _prepared(style_studies(runs)[0], load)
    readable = [run for run in runs if run.folder not in {one.folder for one in unread}]
    studies, left_out = style_studies(readable)
    return Studies([_results(study, prepared, load) for study in studies], [*left_out, *unread])


def _prepared(studies: Sequence[StyleStudy], load: LoadSurvey) -> tuple[dict[str, Run], list[LeftOut]]:
    """Folder -> run, and which cannot be read as what they were."""
    found: dict[str, Run] = {}
    left_out = []
    for one in (run for study in studies for run in study.runs):
        try:
            received = read_received(Path(one.folder))
            config = received.config.model_copy(update={"verdicts": one.verdict_set})
            run, stored = prepare_run(config, load=load), received.manifest["defines"]
            check_same_run(stored, what_defines(run, stored["model"]["identity"]))
        except RunMismatchError:
            left_out.append(LeftOut(one.folder, "It would be another run today."))
        except DefSimError as error:
            left_out.append(LeftOut(one.folder, error.message))
        else:
            found[one.folder] = run
    return found, left_out


def _results(study: StyleStudy, prepared: Mapping[str, Run], load: LoadSurvey) -> StudyResults:
    read: dict[str, ReadRun] = {}
    frames, people, others = [], {}, {}
    for one in study.runs:
        run = prepared[one.folder]
        other = _other_people(run, load)
        with no_search_for_cycles(), reading(one.folder):
            arrays = arrays_of(run, scored_answers(run, Path(one.folder)))
        seed, num_draws = run.config.seed, run.config.scoring.draws
        scores = style_scores(arrays, seed=seed, num_draws=num_draws, other_references=other.references)
        # The study's own rule is about replies that were to be a number and nothing else.
        not_bare = share_not_bare(arrays) if one.strategy == NUMBER_ALONE else float("nan")
        read[one.folder] = ReadRun(scores, one.readings, not_bare)
        people[one.population] = _figures_in_words(run)
        if other.population:
            others[one.population] = other.population
        if framed := _frames_of(run):
            table = frame_table(
                arrays, framed, seed=seed, num_draws=num_draws, are_independent=study.are_independent
            )
            frames.append(_named(table, study, one))
    return StudyResults(
        study,
        study_b_table(study, read, read_study_b(data_folder())),
        style_pairs_table(study, read),
        pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(),
        people,
        others,
    )


def _named(table: pd.DataFrame, study: StyleStudy, run: ComparedRun) -> pd.DataFrame:
    """The frames of a run with what tells it from other runs."""
    return table.assign(
        study=study.number, style=study.styles[run.folder], model=run.model, seed=run.seed, folder=run.folder
    )


def _other_people(run: Run, load: LoadSurvey) -> OtherPeople:
    """Of the first other country that the questionnaire has figures of, whichever runs are compared.

    Of the article's two countries first, then of the study's four.
    """
    own = run.survey.population
    for population in dict.fromkeys([other_country_of(own), *COUNTRIES]):
        if population == own:
            continue
        config = run.config.model_copy(update={"population": population, "persona_country": None})
        try:
            found = prepare_run(config, load=load).loaded.reference.for_everyone()
        except DefSimError:  # nobody there was asked these items
            continue
        asked = {question.item_id for question in run.survey.questions}
        if known := {name: shares for name, shares in found.items() if name in asked}:
            return OtherPeople(population, known)
    return OtherPeople()


def _figures_in_words(run: Run) -> str:
    """Where the people's figures come from."""
    asked = {question.item_id for question in run.survey.questions}
    return "; ".join(_source_in_words(one, asked) for one in run.loaded.reference.sources)


def _source_in_words(source: ReferenceSource, asked: Collection[str]) -> str:
    """Title, year and release, and who was asked how many of the items where that differs."""
    numbers = {who: len(set(items) & set(asked)) for who, items in source.samples.items()}
    samples = ", ".join(f"{who}: {counted(num, 'item', 'items')}" for who, num in numbers.items() if num)
    words = f"{source.title}, {source.year}, {source.release}"
    return f"{words} ({samples})" if samples else words


def _frames_of(run: Run) -> dict[str, Frame]:
    """Respondent -> the frame it was asked in; empty for a strategy without frames."""
    frames = read_frames(run.config, run.survey)
    if frames is None:
        return {}
    given = frames_by_respondent(frames, [respondent.id for respondent in run.panel])
    return {name: Frame(frame.id, frame.use_case) for name, frame in given.items()}

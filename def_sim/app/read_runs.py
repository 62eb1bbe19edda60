"""The answers of one run as a comparison needs them: its place on the maps, and scores to pair.

Answers are read one run at a time and given back before the next: a comparison of many large runs would
not fit otherwise. Of a finished run they come from its table, if the completion mark vouches for table
and journals; it is quicker to read.
"""

from dataclasses import dataclass
from pathlib import Path

from def_sim.answers.storage.compaction import parquet_path, read_choices
from def_sim.answers.storage.completion import is_complete, vouches_for
from def_sim.answers.storage.shards import answers_folder, no_search_for_cycles
from def_sim.app.culture import counted_run, on_the_map
from def_sim.app.measured import Measured
from def_sim.app.reporting import of_the_panel, panel_answers
from def_sim.app.run import Run
from def_sim.evaluation.map_tables import CountedRun, PanelAnswers
from def_sim.evaluation.paired_runs import RunScores
from def_sim.evaluation.score_intervals import resample
from def_sim.records import Answer
from def_sim.surveys.human_cells import HumanCells


@dataclass(frozen=True)
class RunToRead:
    """A run whose answers are wanted, and what they are put beside."""

    folder: str
    run: Run
    people: HumanCells
    model: str  # as the maps name it
    survey: str
    is_complete: bool


@dataclass(frozen=True)
class ReadRun:
    """What is kept of one run's answers."""

    on_map: PanelAnswers
    counted: CountedRun
    scores: RunScores | None  # None: not finished, or answers are probabilities


def read_answers_of(one: RunToRead) -> ReadRun:
    """Reads and counts the answers of one run.

    Raises:
        StoreError: An answer is damaged.
    """
    with no_search_for_cycles():
        measured = Measured(one.run, _answers(one.run, Path(one.folder)))
        panel = measured.panel if one.is_complete else None
        scores = None
        if panel is not None:
            resampled = resample(measured.prompts, panel, seed=one.run.config.seed)
            scores = RunScores.of(one.folder, resampled)
        return ReadRun(
            on_the_map(measured, one.people, model=one.model, survey=one.survey),
            counted_run(measured, model=one.model, survey=one.survey),
            scores,
        )


def _answers(run: Run, folder: Path) -> list[Answer]:
    """As `panel_answers`; of a finished run from its table, without texts and memories."""
    journals = sorted(answers_folder(folder).glob("shard-*.jsonl"))
    if not (is_complete(folder) and vouches_for(folder, [parquet_path(folder), *journals])):
        return panel_answers(run, folder)
    return of_the_panel(run, read_choices(parquet_path(folder)))

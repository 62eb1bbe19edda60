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
from def_sim.app.human_figures import country_names
from def_sim.app.panel_readings import panel_readings
from def_sim.app.read_panel import arrays_of, counted_arrays, of_the_panel, panel_answers
from def_sim.app.run import Run
from def_sim.app.streamed_runs import is_streamed
from def_sim.app.streaming import read_vouched
from def_sim.app.verdict_sets import set_folder
from def_sim.evaluation.compared_panels import ComparedPanel, compare_panel
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.judging.verdict_journal import journal_of, judge_path
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
    is_arm: bool = False  # compared in more than one score, and in its texts


def read_answers_of(one: RunToRead) -> ComparedPanel:
    """Reads and counts the answers of one run.

    Raises:
        StoreError: An answer is damaged.
    """
    run = one.run
    with no_search_for_cycles():
        return compare_panel(
            _arrays(run, Path(one.folder), has_texts=one.is_arm),
            one.people,
            folder=one.folder,
            model=one.model,
            survey=one.survey,
            country=country_names().get(run.survey.population, run.survey.population),
            seed=run.config.seed,
            is_complete=one.is_complete,
            is_arm=one.is_arm,
        )


def _arrays(run: Run, folder: Path, *, has_texts: bool) -> PanelArrays:
    """Of a large finished run counts and some respondents, as in its report; of others all answers."""
    panel = read_vouched(run, folder) if is_streamed(run) else None
    if panel is not None:
        return counted_arrays(run, panel)
    return arrays_of(run, _answers(run, folder, has_texts=has_texts))


def _answers(run: Run, folder: Path, *, has_texts: bool) -> list[Answer]:
    """As they are scored; of a finished run from its table where texts and memories are not needed."""
    files = [parquet_path(folder), *sorted(answers_folder(folder).glob("shard-*.jsonl"))]
    if run.config.verdicts is not None:
        of_set = set_folder(folder, run.config.verdicts)
        files += [judge_path(of_set), journal_of(of_set)]
    if has_texts or not (is_complete(folder) and vouches_for(folder, files)):
        # A run without a mark was looked through when it was scored for this comparison.
        stored = panel_answers(run, folder, is_checked=not is_complete(folder))
        return panel_readings(run, folder, stored).answers
    chosen = of_the_panel(run, read_choices(parquet_path(folder)))
    return panel_readings(run, folder, chosen, has_texts=False).answers

"""A stored run, read for other programs: its answers as variables, counts of them, and how far it is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from def_sim.answers.storage.completion import is_complete
from def_sim.answers.storage.stored_answers import read_stored
from def_sim.app.belonging import are_vouched
from def_sim.app.checked_answers import check_stored
from def_sim.app.definition import run_identity
from def_sim.app.panel_table import Ends, ends_of, ends_of_counts
from def_sim.app.reporting import scored_answers
from def_sim.app.run import Run
from def_sim.app.streamed_runs import is_streamed
from def_sim.app.streaming import count_block, divisions_of, is_usable, shard_blocks
from def_sim.errors import StoreError
from def_sim.evaluation.answer_counts import AnswerCounter
from def_sim.evaluation.distributions import QuestionDistribution, align_with_reference, count_answers
from def_sim.exports.labelled_table import Variable
from def_sim.exports.panel_variables import panel_variables
from def_sim.records import Answer, AnswerStatus, RunIdentity


@dataclass(frozen=True)
class ExportedRun:
    """What files are made of.

    Attributes:
        run: As this installation prepares it.
        folder: Where it lies.
        num_done: Answers that are there.
        answers: As scores count them; of a run that is reported part by part none are in memory.
        variables: Of the answers, a row a respondent of the panel.
        distributions: All questions counted, everyone's shares beside them.
        ends: How the answers of each respondent ended, see `ends_of`.
        identity: What its tables begin with.
    """

    run: Run
    folder: Path
    num_done: int
    answers: Sequence[Answer]
    variables: Sequence[Variable]
    distributions: Sequence[QuestionDistribution]
    ends: Ends
    identity: RunIdentity

    @property
    def is_whole(self) -> bool:
        """Whether no answer is missing."""
        return self.num_done == self.run.num_planned

    @property
    def is_reported(self) -> bool:
        """Whether a finished report vouches for its tables."""
        return self.is_whole and is_complete(self.folder)

    @property
    def how_far(self) -> str:
        """What every file says of an unfinished run; "" of a whole one."""
        done, planned = self.num_done, self.run.num_planned
        return "" if self.is_whole else f"Unfinished: {done:,} of {planned:,} answers"

    @property
    def title(self) -> str:
        """The run in one line, what matters most at its beginning: some files cut it at the end."""
        config, survey = self.run.config, self.run.survey
        named = f"{config.model.label}, {survey.title} ({survey.population}), {config.strategy.name}"
        whole = f"{named}, {len(self.run.panel):,} respondents, seed {config.seed}"
        return f"{self.how_far}; {whole}" if self.how_far else whole


def read_exported(run: Run, folder: Path) -> ExportedRun:
    """Reads all stored answers of a panel.

    Raises:
        ConfigError: Its texts wait for a judge.
        StoreError: There is no answer yet, or one is damaged or not of the run.
    """
    found = _read_streamed(run, folder) if is_streamed(run) else _read(run, folder)
    if found.num_done == 0:
        raise StoreError(f"{folder} holds no answer yet.", fix="Hold the interviews first: stage=interview.")
    return found


def _read(run: Run, folder: Path) -> ExportedRun:
    answers = scored_answers(run, folder)
    questions = run.survey.questions
    counted = count_answers(answers, questions)
    variables = panel_variables(questions, _rows(run), answers)
    return ExportedRun(
        run,
        folder,
        len(answers),
        answers,
        variables,
        _beside_people(run, counted),
        ends_of(answers, len(run.panel)),
        run_identity(run, folder),
    )


def _read_streamed(run: Run, folder: Path) -> ExportedRun:
    """The same of a run whose answers are not in memory at one time."""
    counter = AnswerCounter(run.survey.questions, seed=run.config.seed)
    ended: Counter[tuple[str, AnswerStatus]] = Counter()

    def counted() -> Iterator[Answer]:
        is_vouched = are_vouched(folder)
        for division in divisions_of(run, folder):
            stored = read_stored(folder, division)
            if not is_vouched and not is_usable(run, folder, division):
                check_stored(run, folder, division, stored)
            for block in shard_blocks(run, division, stored):
                count_block(counter, block)
                ended.update((answer.respondent_id, answer.status) for answer in block)
                yield from block

    variables = panel_variables(run.survey.questions, _rows(run), counted())
    counts = counter.counts()
    distributions = _beside_people(run, counts.distributions(run.survey.questions))
    ends = ends_of_counts(((*key, num) for key, num in ended.items()), len(run.panel))
    return ExportedRun(
        run, folder, counts.num_answers, (), variables, distributions, ends, run_identity(run, folder)
    )


def _rows(run: Run) -> dict[str, int]:
    return {f"r{index:05d}": index for index in range(len(run.panel))}


def _beside_people(run: Run, counted: Sequence[QuestionDistribution]) -> list[QuestionDistribution]:
    return align_with_reference(counted, run.loaded.reference.for_everyone())

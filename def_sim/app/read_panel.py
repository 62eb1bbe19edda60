"""What a report is made from: all answers, or counts of all and the answers of some respondents."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from def_sim.answers.storage.shards import read_answers
from def_sim.app.checked_answers import checked_answers
from def_sim.app.definition import run_identity
from def_sim.app.panel_readings import PanelReadings, panel_readings
from def_sim.app.run import Run
from def_sim.app.streamed_runs import check_no_verdicts, is_streamed
from def_sim.app.streaming import StreamedPanel, read_streamed
from def_sim.evaluation.facts import opinions_of
from def_sim.evaluation.panel_arrays import CountedPanel, PanelArrays
from def_sim.records import Answer, AnswerStatus, Respondent, RunIdentity


def panel_answers(run: Run, folder: Path, *, is_checked: bool = False) -> list[Answer]:
    """The stored answers of this panel; a larger panel's other respondents are left out.

    Args:
        run: Whose answers they are to be.
        folder: Of the run.
        is_checked: Whether its caller has seen, or sees to it, that all answers are of the run.

    Raises:
        StoreError: There are no journals, or a line is damaged or not of the run.
    """
    return of_the_panel(run, _stored_answers(run, folder, is_checked=is_checked))


def _stored_answers(run: Run, folder: Path, *, is_checked: bool) -> list[Answer]:
    return read_answers(folder) if is_checked else checked_answers(run, folder)


def of_the_panel(run: Run, answers: Iterable[Answer]) -> list[Answer]:
    """Those answers that the run plans: its respondents', to its questions."""
    planned = {respondent.id for respondent in run.panel}
    put = {(question.item_id, question.wording) for question in run.survey.questions}
    return [a for a in answers if a.respondent_id in planned and (a.item_id, a.wording) in put]


def arrays_of(run: Run, answers: Sequence[Answer]) -> PanelArrays:
    """The answers of a panel to questions of opinion, ready to be evaluated; facts are `facts_of`."""
    survey = opinions_of(run.survey)
    if len(survey.questions) < len(run.survey.questions):
        asked = {question.id for question in survey.questions}
        answers = [answer for answer in answers if answer.question_id in asked]
    return PanelArrays(survey, run.panel, run.loaded.reference, answers, run.config.pool_wordings)


@dataclass(frozen=True)
class ReadPanel:
    """The answers that a report is made from: of the whole panel, or of a large one's drawn respondents.

    `as_given`: as stored; `readings`: the same as they are scored; `arrays`: of the latter, with counts of
    all answers where the panel is a large one; `identity`: what its tables begin with; `stored`: all answers
    of the folder, if they are in memory.
    """

    as_given: list[Answer]
    readings: PanelReadings
    arrays: PanelArrays
    respondents: Sequence[Respondent]
    num_answers: int
    num_answering: int
    identity: RunIdentity
    stored: list[Answer] | None = None
    streamed: StreamedPanel | None = None


def read_panel(run: Run, folder: Path, *, is_checked: bool = False) -> ReadPanel:
    """Reads what a report needs.

    Args:
        run: Prepared.
        folder: Of the run.
        is_checked: As of `panel_answers`; the shards of a large run know it themselves.

    Raises:
        ConfigError: Texts wait for a judge, `verdicts=` means no set, or the run is too large for one.
        StoreError: An answer is damaged, or not of the run.
        VerificationError: A large run's part is.
    """
    if is_streamed(run):
        return _read_streamed(run, folder)
    stored = _stored_answers(run, folder, is_checked=is_checked)
    as_given = of_the_panel(run, stored)
    readings = panel_readings(run, folder, as_given)
    return ReadPanel(
        as_given,
        readings,
        arrays_of(run, readings.answers),
        run.panel,
        len(readings.answers),
        len({a.respondent_id for a in readings.answers if a.status is AnswerStatus.ANSWERED}),
        run_identity(run, folder),
        stored=stored,
    )


def _read_streamed(run: Run, folder: Path) -> ReadPanel:
    check_no_verdicts(run)
    panel = read_streamed(run, folder)
    return ReadPanel(
        panel.answers,
        PanelReadings(panel.answers),
        counted_arrays(run, panel),
        panel.sampled,
        panel.counts.num_answers,
        panel.counts.num_answering,
        run_identity(run, folder),
        streamed=panel,
    )


def counted_arrays(run: Run, panel: StreamedPanel) -> PanelArrays:
    """A large panel ready to be evaluated: counts of all, and the answers of its drawn respondents."""
    arrays = arrays_of(run, panel.answers)
    questions = arrays.survey.questions
    whole = CountedPanel(
        panel.counts.distributions(questions),
        panel.counts.grouped(questions, is_pooled=run.config.pool_wordings),
    )
    return replace(arrays, panel=panel.sampled, whole=whole)

"""The answers of a panel as all its scores count them: read by rules, or by the judge that they need.

What is stored stays as it is: a judge's verdicts are laid over the texts that wait for them. Readings of what
rules could not read are no part of this: they enter no score (`judged_readings`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from def_sim.answers.storage.shards import AnswerKey, answer_key
from def_sim.app.judged_readings import NO_VERDICTS, judge_label
from def_sim.app.run import Run
from def_sim.app.used_verdicts import Caveat, UsedSet, read_readings
from def_sim.app.verdict_sets import rubric_of_set
from def_sim.errors import ConfigError, StoreError
from def_sim.judging.readings import read_by_verdicts
from def_sim.judging.verdict_journal import read_verdict_sets
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import hash_answer
from def_sim.records import Answer, AnswerStatus


class NotJudgedError(ConfigError):
    """Texts of a run wait for a judge, so it has no scores."""


@dataclass(frozen=True)
class PanelReadings:
    """A panel's answers as its scores count them. `used`: by which set; None: rules read them."""

    answers: list[Answer]
    used: UsedSet | None = None


def judge_command(run: Run, folder: Path) -> str:
    """The command that has a run's texts judged; the model is the user's choice."""
    return f"def-sim stage=judge rubric={run.strategy.needs_judge} run_folder={folder} model=..."


def num_waiting(answers: Iterable[Answer]) -> int:
    """How many texts wait for a judge."""
    return sum(answer.status is AnswerStatus.UNJUDGED for answer in answers)


def waiting_in_words(num: int) -> str:
    """For instance "144 answers wait for a judge"."""
    return "1 answer waits for a judge" if num == 1 else f"{num:,} answers wait for a judge"


def panel_readings(
    run: Run, folder: Path, answers: Sequence[Answer], *, goes_on: bool = False, has_texts: bool = True
) -> PanelReadings:
    """The answers as their scores count them.

    Args:
        run: Of the answers.
        folder: Of the run.
        answers: Of its panel, as stored.
        goes_on: Where `verdicts=` names no set: whether that of the last report is meant, if there is one.
        has_texts: Whether the answers hold their texts, so that verdicts can be held against them.

    Raises:
        NotJudgedError: Texts wait for a judge, and no finished set has read them.
        ConfigError: There is no such set, or there are several to choose from.
        StoreError: A set is damaged, or an answer has changed since it was judged.
    """
    waiting = {answer_key(answer): answer for answer in answers if answer.status is AnswerStatus.UNJUDGED}
    if not waiting:
        return PanelReadings(list(answers))
    wanted = run.config.verdicts
    if wanted is None and goes_on and (last := read_readings(folder)) is not None:
        wanted = last.set
    if len(answers) < run.num_planned:
        raise NotJudgedError(
            f"{folder}: {waiting_in_words(len(waiting))}, and {run.num_planned - len(answers):,} of "
            f"{run.num_planned:,} are not there yet. Before that there is nothing to score.",
            fix=f"Finish the interviews, then have all of them judged: {judge_command(run, folder)}",
        )
    one = _chosen(run, folder, wanted, waiting)
    if has_texts:
        _check_texts(folder, one, waiting)
    read = dict(zip(waiting, _read(folder, one, waiting.values()), strict=True))
    used = UsedSet(
        set=one.name,
        judge=judge_label(one),
        caveat=_caveat(run, one),
        num_texts=len(waiting),
        num_read=len(waiting) - num_waiting(read.values()),
    )
    return PanelReadings([read.get(answer_key(answer), answer) for answer in answers], used)


def _read(folder: Path, one: VerdictSet, texts: Iterable[Answer]) -> list[Answer]:
    try:
        return read_by_verdicts(texts, one.verdicts)
    except ValueError as error:
        raise StoreError(
            f"{folder}, set {one.name}: {error}.", fix="Delete the set and judge again."
        ) from None


def _caveat(run: Run, one: VerdictSet) -> Caveat:
    """The worst of what speaks against a judge."""
    if one.judge.get("is_demonstration") is True:
        return "demonstration"
    if one.judge.get("is_self") is True:
        return "self"
    return "family" if one.judge.get("family") == run.config.model.family else ""


def why_not_judged(run: Run, folder: Path, answers: Sequence[Answer]) -> str | None:
    """What is to be done before a run has scores, as a line with the command; None: nothing."""
    try:
        panel_readings(run, folder, answers)
    except NotJudgedError as error:
        return f"{error.message} {error.fix}"
    except ConfigError:  # there are several sets: judged it is
        return None
    return None


def _chosen(run: Run, folder: Path, wanted: str | None, waiting: Iterable[AnswerKey]) -> VerdictSet:
    """The set of that name; else the finished one of the rubric that the strategy needs."""
    keys = set(waiting)
    if wanted == NO_VERDICTS:
        raise ConfigError(
            f"verdicts={NO_VERDICTS}: {folder} has no score without a judge: {waiting_in_words(len(keys))}.",
            fix="Leave it out, or name a set: verdicts=...",
        )
    readers = [one for one in read_verdict_sets(folder) if _reads_texts(folder, one)]
    if wanted is None:
        readers = [one for one in readers if one.rubric == run.strategy.needs_judge]
    else:
        readers = [_named(folder, readers, wanted)]
    finished = [one for one in readers if one.is_finished and keys <= _keys_of(one)]
    if len(finished) == 1:
        return finished[0]
    if finished:
        names = ", ".join(f"{one.name} ({judge_label(one)})" for one in finished)
        raise ConfigError(
            f"{folder} has several finished sets of verdicts: {names}.",
            fix="Name the one that all scores are to rest on: verdicts=...",
        )
    raise _not_judged(run, folder, keys, readers)


def _reads_texts(folder: Path, one: VerdictSet) -> bool:
    """Whether a set says of free texts which option they take."""
    rubric = rubric_of_set(folder, one)
    return rubric.verdict == "option" and rubric.judged == "all"


def _named(folder: Path, readers: Sequence[VerdictSet], wanted: str) -> VerdictSet:
    for one in readers:
        if one.name == wanted:
            return one
    names = ", ".join(one.name for one in readers) or "none"
    raise ConfigError(
        f"verdicts={wanted}: {folder} has no such set of verdicts on free texts; it has {names}.",
        fix="Name one of these, or leave it out.",
    )


def _keys_of(one: VerdictSet) -> set[AnswerKey]:
    """The answers that a set has a verdict on, a missing one included."""
    return {(v.respondent_id, v.item_id, v.wording) for v in one.verdicts}


def _not_judged(run: Run, folder: Path, keys: set[AnswerKey], begun: Sequence[VerdictSet]) -> NotJudgedError:
    left = len(keys)
    if begun:
        left = min(len(keys - _keys_of(one)) for one in begun)
        names = ", ".join(f"{one.name} ({judge_label(one)})" for one in begun)
    of_set = f" of {len(keys):,}; not finished is {names}" if begun else ""
    return NotJudgedError(
        f"{folder}: {waiting_in_words(left)}{of_set}. Before that there is nothing to score.",
        fix=f"Have them judged: {judge_command(run, folder)}",
    )


def _check_texts(folder: Path, one: VerdictSet, waiting: dict[AnswerKey, Answer]) -> None:
    """Makes sure that the verdicts are on the texts that are stored."""
    for verdict in one.verdicts:
        answer = waiting.get((verdict.respondent_id, verdict.item_id, verdict.wording))
        if answer is not None and verdict.answer_hash != hash_answer(answer):
            raise StoreError(
                f"{folder}, set {one.name}: the answer of {verdict.respondent_id} to {verdict.question_id} "
                "has changed since it was judged.",
                fix="Restore answers/ from a copy, or delete the set and judge again.",
            )

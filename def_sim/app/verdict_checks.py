"""The sets of verdicts on a run, found once more: sample, rules, requests, and what stored replies say.

Needs no judge. Nothing that a set names is imported: its rubric is in it, as data.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from def_sim.app.judged_answers import Task, tasks_of
from def_sim.app.judging import rule_verdict
from def_sim.app.run import Run
from def_sim.errors import VerificationError
from def_sim.judging.conversation import JudgeSettings, judge_answer
from def_sim.judging.rubric import Rubric
from def_sim.judging.verdict_journal import (
    JudgeFile,
    Placed,
    how_to_mend,
    read_judge,
    read_placed,
    rubric_of,
    set_folders,
)
from def_sim.judging.verdict_lines import StoredVerdict, VerdictKey
from def_sim.judging.verdicts import Verdict, hash_answer
from def_sim.prompts import hash_messages
from def_sim.records import Answer, DecodingConfig


def check_verdicts(run: Run, folder: Path, answers: Sequence[Answer]) -> Iterator[str]:
    """Checks every set of a run.

    Yields:
        One line for each set that held; nothing for a run without verdicts.

    Raises:
        VerificationError: A verdict would be another one, or would not be there; with file and line.
        StoreError: A file of a set is damaged.
    """
    for of_set in set_folders(folder):
        judge, placed = read_judge(of_set), read_placed(of_set)
        tasks = tasks_of(run, answers, rubric_of(judge), sample=judge.sample, num_repeats=judge.num_repeats)
        if judge.num_planned != len(tasks) or judge.seed != run.config.seed:
            raise VerificationError(
                f"{of_set}: {judge.num_planned:,} verdicts are planned by seed {judge.seed}; of the answers "
                f"that are there {len(tasks):,} follow by seed {run.config.seed}.",
                fix="Give the command of the judge again, or delete the set.",
            )
        num = _check_set(judge, {task.key: task for task in tasks}, placed)
        yield f"verdicts      {num:,} of {len(tasks):,} of {of_set.name} found once more"


def _check_set(
    judge: JudgeFile, tasks: Mapping[VerdictKey, Task], placed: Mapping[VerdictKey, Placed]
) -> int:
    rubric = rubric_of(judge)
    # How the judge decoded is no part of what it was asked and what it replied.
    settings = JudgeSettings(judge.seed, DecodingConfig(), judge.format)
    for key, one in placed.items():
        if (task := tasks.get(key)) is None:
            raise _differs(one, "is not among what the sample and the rubric give")
        if one.stored.verdict.answer_hash != hash_answer(task.judged.answer):
            raise _differs(one, "is of another text than the answer has")
        if (why := _difference(task, one.stored, rubric, settings)) is not None:
            raise _differs(one, why)
    return sum(not one.stored.is_open for one in placed.values())


def _difference(task: Task, stored: StoredVerdict, rubric: Rubric, settings: JudgeSettings) -> str | None:
    """What of a stored verdict does not follow from the answer and the judge's replies; None if all does."""
    if task.rule:
        return None if stored.verdict == rule_verdict(task) else "is not what the rule says"
    if stored.is_open:
        return _difference_of_open(task, stored, rubric, settings)
    found = _read_again(task, stored, rubric, settings)
    if found is None:
        return "does not follow from its replies: there are too few or too many"
    if found.prompt_hash != stored.verdict.prompt_hash:
        return "was asked by another prompt"
    return None if found == stored.verdict else "is not what its replies say"


def _read_again(task: Task, stored: StoredVerdict, rubric: Rubric, settings: JudgeSettings) -> Verdict | None:
    """The verdict that the stored replies give; None if they are not as many as it takes."""
    talk = judge_answer(task.judged, rubric, task.question, settings, repeat=task.repeat)
    left = list(stored.completions)
    try:
        next(talk)
        while left:
            talk.send([left.pop(0)])
    except StopIteration as end:
        verdict: Verdict = end.value
        return None if left else verdict
    talk.close()
    return None


def _difference_of_open(
    task: Task, stored: StoredVerdict, rubric: Rubric, settings: JudgeSettings
) -> str | None:
    talk = judge_answer(task.judged, rubric, task.question, settings, repeat=task.repeat)
    [request] = next(talk)
    talk.close()
    is_same = hash_messages(request.messages) == stored.verdict.prompt_hash
    return None if is_same else "was asked by another prompt"


def _differs(one: Placed, what: str) -> VerificationError:
    verdict = one.stored.verdict
    who = f"{verdict.respondent_id}, {verdict.question_id}, {verdict.question}"
    return VerificationError(f"{one.place} ({who}): the verdict {what}.", fix=how_to_mend(one.path.parent))

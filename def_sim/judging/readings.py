"""Verdicts laid over stored answers: what a judge read where rules could not. Answers stay as they are."""

from collections.abc import Iterable
from dataclasses import replace

from def_sim.judging.verdicts import Verdict
from def_sim.records import Answer, AnswerStatus, ReadingMethod


def read_by_verdicts(answers: Iterable[Answer], verdicts: Iterable[Verdict]) -> list[Answer]:
    """The answers as a judge read them.

    Args:
        answers: Of a run, as stored.
        verdicts: Of a rubric whose verdict is an option. Repeats and missing ones change nothing.

    Returns:
        The same answers in their order. One with a verdict is answered by its options, or, if it cannot be
        classified, no answer; the method says that a judge read it.

    Raises:
        ValueError: A verdict is about a defect.
    """
    found: dict[tuple[str, str, int], tuple[int, ...]] = {}
    for verdict in verdicts:
        if isinstance(verdict.value, bool):
            raise ValueError(f"{verdict.question}: a defect is no reading")
        if verdict.value is not None and verdict.repeat == 0:
            found[verdict.respondent_id, verdict.item_id, verdict.wording] = verdict.value
    return [
        _read(answer, found.get((answer.respondent_id, answer.item_id, answer.wording))) for answer in answers
    ]


def _read(answer: Answer, codes: tuple[int, ...] | None) -> Answer:
    if codes is None:
        return answer
    status = AnswerStatus.ANSWERED if codes else AnswerStatus.NO_ANSWER
    return replace(answer, status=status, choices=codes, method=ReadingMethod.JUDGE)

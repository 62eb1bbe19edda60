"""Readings: a verdict makes an unread answer one that was given, and touches no other."""

from dataclasses import replace

import pytest
from judged_examples import an_answer

from def_sim.judging.readings import read_by_verdicts
from def_sim.judging.verdicts import Missing, Source, Verdict
from def_sim.records import AnswerStatus, ReadingMethod

UNREAD = an_answer(
    "Well, work matters.", status=AnswerStatus.AMBIGUOUS, choices=(), method=ReadingMethod.NONE
)
OTHER = replace(UNREAD, respondent_id="r00004")


def a_verdict(value: object, **changes: object) -> Verdict:
    fields = {"repeat": 0, "missing": None} | changes
    return Verdict(
        UNREAD.respondent_id,
        UNREAD.item_id,
        UNREAD.wording,
        "stance",
        value,
        Source.JUDGE,
        **fields,  # type: ignore[arg-type]
    )


def test_a_verdict_is_laid_over_the_answer_and_the_answer_stays_as_it_is() -> None:
    read, other = read_by_verdicts([UNREAD, OTHER], [a_verdict((2,))])
    assert (read.status, read.choices, read.method) == (AnswerStatus.ANSWERED, (2,), ReadingMethod.JUDGE)
    assert read.text == UNREAD.text
    assert other is OTHER
    assert UNREAD.status is AnswerStatus.AMBIGUOUS


def test_what_cannot_be_classified_is_no_answer() -> None:
    [read] = read_by_verdicts([UNREAD], [a_verdict(())])
    assert (read.status, read.choices, read.method) == (AnswerStatus.NO_ANSWER, (), ReadingMethod.JUDGE)


@pytest.mark.parametrize(
    "verdict",
    [a_verdict(None, missing=Missing.PROSE), a_verdict((2,), repeat=1)],
    ids=["missing", "a repeat"],
)
def test_neither_a_missing_verdict_nor_a_repeat_is_a_reading(verdict: Verdict) -> None:
    assert read_by_verdicts([UNREAD], [verdict]) == [UNREAD]


def test_a_defect_is_no_reading() -> None:
    with pytest.raises(ValueError, match="a defect is no reading"):
        read_by_verdicts([UNREAD], [a_verdict(True)])

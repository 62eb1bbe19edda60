"""Answers to judge, and judges that say what a test wants."""

from collections.abc import Callable, Sequence
from typing import Any

from survey_examples import a_question

from def_sim.judging.conversation import JudgeConversation, JudgeSettings
from def_sim.judging.exhibits import JudgedAnswer
from def_sim.judging.rubric import Rubric, read_rubric
from def_sim.judging.verdicts import Verdict
from def_sim.records import (
    Answer,
    AnswerStatus,
    Completion,
    DecodingConfig,
    FinishReason,
    Question,
    ReadingMethod,
    Request,
)
from def_sim.resources import data_folder

FRAME = "Answer as a citizen of Columbus would. Write the number after Answer:"
CLEAN = "Answer: 2\nExplanation: I have worked since I was sixteen."
SETTINGS = JudgeSettings(seed=7, decoding=DecodingConfig(do_sample=False, top_k=0, max_new_tokens=256))


def a_rubric(name: str = "insensitivity") -> Rubric:
    """A shipped rubric."""
    return read_rubric(data_folder() / "rubrics" / f"{name}.yaml")


def an_answer(text: str = CLEAN, question: Question | None = None, **changes: Any) -> Answer:
    """An answer of respondent r00003 to a question."""
    question = question or a_question()
    fields: dict[str, Any] = {
        "respondent_id": "r00003",
        "item_id": question.item_id,
        "wording": question.wording,
        "call": 0,
        "status": AnswerStatus.ANSWERED,
        "choices": (2,),
        "method": ReadingMethod.NUMBER,
        "text": text,
        "shown_codes": question.codes,
        "finish_reason": FinishReason.STOP,
    }
    return Answer(**fields | changes)


def a_judged(text: str = CLEAN, question: Question | None = None, **changes: Any) -> JudgedAnswer:
    """The same with its question and frame."""
    question = question or a_question()
    return JudgedAnswer(question, an_answer(text, question, **changes), FRAME)


def hold(talk: JudgeConversation, judge: Callable[[Request], Completion]) -> tuple[list[Request], Verdict]:
    """Holds a conversation to its end with a judge; all requests and the verdict."""
    made: list[Request] = []
    completions: Sequence[Completion] | None = None
    while True:
        try:
            requests = next(talk) if completions is None else talk.send(completions)
        except StopIteration as end:
            return made, end.value
        made += requests
        completions = [judge(request) for request in requests]

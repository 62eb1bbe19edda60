"""Panels of one country whose answers a test has planted, and runs of one study; nobody was asked."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from some_runs import run
from survey_examples import a_question, a_respondent, a_survey

from def_sim.evaluation.compared_runs import ComparedRun
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.records import Answer, AnswerStatus, ItemReference, ReadingMethod
from def_sim.surveys.human_reference import HumanReference

SETTINGS = {
    "survey.name": "goqa_binary",
    "survey.wordings": "base",
    "survey.language": "en",
    "respondents": "20",
    "answer_mode": "free",
    "scored_with.pool_wordings": "false",
    "protocol.modifications.prompt": "false",
    "protocol.modifications.configuration": "false",
    "protocol.modifications.memory": "false",
}


def style_run(
    style: str, population: str = "USA", *, settings: Mapping[str, str] | None = None, **more: Any
) -> ComparedRun:
    """A finished run of one model; its folder and hash tell style and country unless given."""
    name = f"{style}-{population}"
    known = {"folder": f"outputs/{name}", "run_hash": name} | more
    named = SETTINGS | {"strategy.target": style} | dict(settings or {})
    return run("gpt4o", strategy=style, population=population, survey="goqa_binary", settings=named, **known)


def planted(
    choices: npt.ArrayLike, people: Sequence[Sequence[float]], *, population: str = "USA", **of_answers: Any
) -> PanelArrays:
    """A panel that answered as planted.

    Args:
        choices: Position of each respondent's option, -1 where the answer could not be classified, (N, Q).
        people: Shares of people, Q rows of K.
        population: Whose people they are.
        of_answers: Fields of every answer; `text` and `method` are otherwise those of a bare number.
    """
    rows = np.asarray(choices)
    respondents = [a_respondent(index) for index in range(rows.shape[0])]
    questions = [_question(place, len(shares)) for place, shares in enumerate(people)]
    references = {
        (q.item_id, "all"): ItemReference(q.item_id, "all", q.codes, tuple(shares), 1000, 1000.0)
        for q, shares in zip(questions, people, strict=True)
    }
    answers = [
        _answer(respondent.id, question.item_id, int(position), of_answers)
        for respondent, row in zip(respondents, rows, strict=True)
        for question, position in zip(questions, row, strict=True)
    ]
    survey = a_survey(*questions, population=population)
    return PanelArrays(survey, respondents, HumanReference(population, (), references), answers)


def _question(place: int, num_options: int) -> Any:
    return a_question(f"goqa.q{place:02d}", labels=tuple("abcdefgh"[:num_options]))


def _answer(respondent_id: str, item_id: str, position: int, changes: Mapping[str, Any]) -> Answer:
    is_read = position >= 0
    fields: dict[str, Any] = {
        "respondent_id": respondent_id,
        "item_id": item_id,
        "wording": 0,
        "call": 0,
        "status": AnswerStatus.ANSWERED if is_read else AnswerStatus.NO_ANSWER,
        "choices": (position + 1,) if is_read else (),
        "method": ReadingMethod.NUMBER if is_read else ReadingMethod.NONE,
        "text": str(position + 1) if is_read else "I cannot say.",
    }
    return Answer(**fields | changes)


def exactly(shares: Sequence[float], num_respondents: int, num_failing: int = 0) -> npt.NDArray[np.int64]:
    """Two-option answers, (N, Q), of which exactly these shares of the classified are the first option."""
    columns = []
    for share in shares:
        num_read = num_respondents - num_failing
        num_first = round(share * num_read)
        columns.append([0] * num_first + [1] * (num_read - num_first) + [-1] * num_failing)
    return np.array(columns, dtype=np.int64).T


def two(*first: float) -> list[list[float]]:
    """People's shares of items with two options."""
    return [[share, 1 - share] for share in first]

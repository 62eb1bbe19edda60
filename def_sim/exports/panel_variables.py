"""Answers as a panel file has them: a row a respondent, a variable a question (an item in one wording).

A question with several choices has a variable an option, 1 where it was chosen and 0 where not.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.exports.labelled_table import Level, Variable
from def_sim.exports.missing_codes import MISSING_CODES
from def_sim.exports.variable_names import fitting_names
from def_sim.records import (
    FIRST_CHOICE_SLOT,
    Answer,
    AnswerStatus,
    MeasurementLevel,
    Question,
    QuestionType,
)

_LEVELS: Final[Mapping[MeasurementLevel, Level]] = {
    MeasurementLevel.NOMINAL: "nominal",
    MeasurementLevel.ORDINAL: "ordinal",
    MeasurementLevel.INTERVAL: "scale",
}
_CHOSEN: Final = {0: "not chosen", 1: "chosen"}


def panel_variables(
    questions: Sequence[Question],
    rows: Mapping[str, int],
    answers: Iterable[Answer],
) -> list[Variable]:
    """The answers of a panel as variables, in the order of the questions.

    Args:
        questions: All that were planned.
        rows: Respondent -> row.
        answers: In any order, to these questions by these respondents; gone through once.

    Returns:
        Variables of one value a row: the code of the choice, or the code of the status where there is none;
        NaN where nothing was answered yet.
    """
    columns = {question.id: _empty(question, len(rows)) for question in questions}
    for answer in answers:
        question, values = columns[answer.question_id]
        values[rows[answer.respondent_id]] = _values_of(answer, question)
    names = iter(fitting_names([name for one in questions for name in _wished_names(one)]))
    return [
        variable
        for question, values in columns.values()
        for variable in (
            _mentions(question, values, names)
            if _has_several(question)
            else [_choice(question, values[:, 0], next(names))]
        )
    ]


def _has_several(question: Question) -> bool:
    return question.type is QuestionType.MULTIPLE


def _empty(question: Question, num_rows: int) -> tuple[Question, NDArray[np.float64]]:
    """Shape (N, K) of a question with several choices, else (N, 1)."""
    num_columns = len(question.codes) if _has_several(question) else 1
    return question, np.full((num_rows, num_columns), np.nan)


def _values_of(answer: Answer, question: Question) -> float | list[float]:
    if answer.status is not AnswerStatus.ANSWERED:
        return float(MISSING_CODES[answer.status])
    if _has_several(question):
        return [float(code in answer.choices) for code in question.codes]
    return float(answer.choices[0])


def _wished_names(question: Question) -> list[tuple[str, str]]:
    """`wvs7_Q1`, in another wording `wvs7_Q1_w2`, with several choices `wvs7_Q8_o3` for the option 3."""
    wording = f"_w{question.wording}" if question.wording else ""
    if not _has_several(question):
        return [(question.item_id, wording)]
    return [(question.item_id, f"{wording}_o{code}") for code in question.codes]


def _choice(question: Question, values: NDArray[np.float64], name: str) -> Variable:
    labels = {option.code: option.label for option in question.options}
    return Variable(name, _label(question), values, labels, is_answer=True, level=_LEVELS[question.level])


def _mentions(question: Question, values: NDArray[np.float64], names: Iterable[str]) -> list[Variable]:
    return [
        Variable(name, f"{option.label} ({_label(question)})", values[:, place], _CHOSEN, is_answer=True)
        for place, (option, name) in enumerate(zip(question.options, names, strict=False))
    ]


def _label(question: Question) -> str:
    """Topic first: labels are cut at their end."""
    return f"{question.topic}: {question.text.replace(FIRST_CHOICE_SLOT, '...')}"

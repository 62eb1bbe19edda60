"""Questions, answers and tables that files of statistics programs are made of in tests."""

import numpy as np

from def_sim.exports.labelled_table import LabelledTable, Variable
from def_sim.records import (
    Answer,
    AnswerStatus,
    Dimension,
    MeasurementLevel,
    Option,
    Question,
    QuestionType,
    ReadingMethod,
)


def question(
    item_id: str = "town.Q1",
    *labels: str,
    wording: int = 0,
    type: QuestionType = QuestionType.SINGLE,
    level: MeasurementLevel = MeasurementLevel.ORDINAL,
    topic: str = "trust",
    text: str = "Do you trust people?",
    max_choices: int = 1,
) -> Question:
    """A question whose options have the codes 1, 2, ..."""
    options = tuple(Option(code, label) for code, label in enumerate(labels or ("yes", "no"), start=1))
    return Question(
        item_id, wording, "en", topic, text, type, level, Dimension.EVI, 0, options, max_choices=max_choices
    )


def several(item_id: str = "town.Q8", *labels: str) -> Question:
    """A question with several choices."""
    return question(
        item_id,
        *labels,
        type=QuestionType.MULTIPLE,
        level=MeasurementLevel.NOMINAL,
        max_choices=len(labels),
    )


def answer(
    respondent: int,
    of: Question,
    *choices: int,
    status: AnswerStatus = AnswerStatus.ANSWERED,
) -> Answer:
    """What a respondent chose, or the status."""
    return Answer(
        f"r{respondent:05d}", of.item_id, of.wording, 0, status, choices, ReadingMethod.NUMBER, "text"
    )


def table(*variables: Variable, title: str = "A run", notes: tuple[str, ...] = ()) -> LabelledTable:
    """A table of these variables."""
    return LabelledTable(title, notes, variables)


def choices(name: str = "q", label: str = "a question", **labels: str) -> Variable:
    """Three respondents: the first chose 1, the second refused, the third was not asked anything yet."""
    values = np.array([1.0, -2.0, np.nan])
    return Variable(name, label, values, {1: "yes", 2: "no"} | labels, is_answer=True, level="ordinal")  # type: ignore[arg-type]

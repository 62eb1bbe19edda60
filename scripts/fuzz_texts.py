"""Random answers for the reader of answers, and what must hold for whatever it reads."""

from typing import Final

from hypothesis import strategies as st

from def_sim.answers.reading.parse import ReadingRules, read_answer
from def_sim.records import (
    AnswerStatus,
    Dimension,
    FinishReason,
    MeasurementLevel,
    Option,
    Question,
    QuestionType,
)

_OPTIONS: Final = (
    Option(1, "Agree strongly"),
    Option(2, "Agree"),
    Option(3, "Disagree"),
    Option(10, "Hard to say"),
)
_CHINESE: Final = (Option(1, "非常同意"), Option(2, "同意"), Option(3, "不同意"))
_QUESTIONS: Final = [
    Question(
        *("t.q", 0, language, "work", "Work comes first?", type_, level, Dimension.LTO, 1, options),
        max_choices=2 if type_ is QuestionType.MULTIPLE else 1,
    )
    for language, options in (("en", _OPTIONS), ("zh", _CHINESE))
    for type_, level in (
        (QuestionType.SINGLE, MeasurementLevel.ORDINAL),
        (QuestionType.MULTIPLE, MeasurementLevel.NOMINAL),
        (QuestionType.SCALE, MeasurementLevel.INTERVAL),
    )
]
_FRAGMENTS: Final = [
    *(
        "Answer:",
        "Explanation:",
        "Request:",
        "答案：",
        "解释：",
        "\n",
        " ",
        "```json",
        '{"answer": ',
        "<think>",
        "</think>",
    ),
    *(
        "1",
        "2",
        "10",
        "3/10",
        "1-3",
        "①",
        "十",
        "B)",
        "(c)",
        "Agree",
        "Agree strongly",
        "不同意",
        "the third option",
    ),
    *(
        "not ",
        "don't know",
        "As an AI",
        "some people",
        "because",
        "因为",
        " or ",
        " and ",
        "，",
        ".",
        "**",
        "I choose ",
    ),
    *(
        "if I had to choose",
        "would say",
        "out of",
        "%",
        "9" * 400,
        "a" * 300,
        "\u202e",
        "\ud800",
        "\0",
        "\u0663",
    ),
]
_texts = st.text(st.characters(codec=None), max_size=60) | st.lists(
    st.sampled_from(_FRAGMENTS) | st.text(max_size=3), max_size=25
).map("".join)
readings = st.tuples(
    _texts,
    st.sampled_from(_QUESTIONS),
    st.builds(ReadingRules, number_wins=st.booleans(), keep_first_of_too_many=st.booleans()),
    st.sampled_from(FinishReason),
    st.booleans(),
)


def read_text(given_: tuple[str, Question, ReadingRules, FinishReason, bool]) -> None:
    """Reads one text; a choice is there if and only if it is an answer, and is one of the question."""
    text, question, rules, reason, is_shown = given_
    shown = question.codes[::-1] if is_shown else ()
    reading = read_answer(text, question, rules=rules, finish_reason=reason, shown=shown)
    is_answered = reading.status is AnswerStatus.ANSWERED
    assert is_answered == bool(reading.choices)
    assert len(set(reading.choices)) == len(reading.choices) <= question.max_choices
    assert set(reading.choices) <= set(question.codes)

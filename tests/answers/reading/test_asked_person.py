"""Answers in the third person are choices where the third person is what was asked for."""

import pytest
from survey_examples import a_question

from def_sim.answers.reading.asked_person import as_oneself
from def_sim.answers.reading.parse import ReadingRules, read_answer
from def_sim.records import AnswerStatus, Reading

CHOSEN = [
    ("Most people would say 2", 2),
    ("一般中国人会选2", 2),
    ("The average American would probably choose 2", 2),
    ("An average person from the United States is most likely to choose option 2.", 2),
    ("Most Americans choose 2.", 2),
    ("大多数中国公民可能会选择2。", 2),
    ("The typical citizen of China would answer: 2", 2),
    ("Most people would say 2, but some would say 3", 2),
    ('The average American adult would likely say "Rather important".', 2),
    ("Typical Americans tend to go with option 3", 3),
    ("普通的美国人通常会选3", 3),
    ("Answer: the average person would choose 3", 3),
    ("Most of the people in Japan would say that work is very important.", 1),
    ("2", 2),
    ("Answer: 4", 4),
]
NOT_CHOSEN = [
    "Most people in the US would not choose 2",
    "大多数中国人不会选2",
    "Some would say 2, others 3",
    "My brother would say 2",
    "Many people would choose 2",
    "我哥哥会选2",
    "An average Chinese person might say 2 or 3",
    "The average person is 40 years old",
    "As an AI, I cannot say what most people would choose, but 2",
    "Most people would rather not answer",
]


def read(text: str, *, is_about_others: bool = True) -> Reading:
    rules = ReadingRules(number_wins=True)
    return read_answer(text, a_question(), rules=rules, shown=(1, 2, 3, 4), is_about_others=is_about_others)


@pytest.mark.parametrize(("text", "code"), CHOSEN)
def test_what_an_average_person_would_choose_is_the_choice(text: str, code: int) -> None:
    assert read(text).choices == (code,)


@pytest.mark.parametrize("text", NOT_CHOSEN)
def test_nobody_elses_choice_and_no_denied_one_is_read(text: str) -> None:
    assert read(text).choices == ()


@pytest.mark.parametrize("text", [text for text, _ in CHOSEN[:13]])
def test_the_same_texts_are_no_choice_where_ones_own_was_asked_for(text: str) -> None:
    assert read(text, is_about_others=False).status is not AnswerStatus.ANSWERED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The average person from Ohio is likely to choose 2", "I would choose 2"),
        ("a typical adult probably chooses 2", "I probably choose 2"),
        ("Most people are tall", "Most people are tall"),
        ("普通美国人可能会选2", "我会选2"),
    ],
)
def test_only_the_person_asked_for_is_called_i(text: str, expected: str) -> None:
    assert as_oneself(text) == expected


def test_a_long_text_of_subjects_takes_linear_time() -> None:
    """Counted in what a line more costs, not in seconds: the same rewriting, line by line or at once."""
    line = "most average typical people from in of the the the would\n"
    assert as_oneself(line * 2000) == as_oneself(line) * 2000

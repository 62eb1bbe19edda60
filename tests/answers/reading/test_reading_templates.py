"""No code is accepted that its sentence excludes, and a choice that is announced in so many words is read."""

from collections.abc import Sequence

import pytest
from reading_templates import (
    ANNOUNCED_EN,
    ANNOUNCED_ZH,
    BEHIND_EN,
    BEHIND_ZH,
    COUNTS_EN,
    COUNTS_ZH,
    DENIED_EN,
    DENIED_ZH,
    OTHERS_EN,
    OTHERS_ZH,
    filled,
)
from test_parse import GOLD, PAPER, QUESTIONS, SOUND, read_answer

from def_sim.answers.reading.parse import ReadingRules
from def_sim.records import AnswerStatus, FinishReason, Question, Reading

ENGLISH, CHINESE = QUESTIONS["importance.en"], QUESTIONS["weight.zh"]
CODES = ("1", "2")
ENGLISH_LABEL, CHINESE_LABEL = ("Rather important",), ("比较重要",)
ANCHORED = {"en": "Answer: ", "zh": "答案："}


def wrongly_read(texts: Sequence[str], question: Question, allowed: set[AnswerStatus]) -> list[str]:
    """The texts that are read as something else, under either rules, with and without an anchor."""
    anchor = ANCHORED[question.language]
    return [
        text
        for text in texts
        for rules in (PAPER, SOUND)
        if read_answer(anchor + text, question, rules=rules).status not in allowed
        or read_answer(text, question, rules=rules).status is AnswerStatus.ANSWERED
    ]


@pytest.mark.parametrize("template", DENIED_EN)
def test_an_english_denial_or_comparison_is_ambiguous(template: str) -> None:
    texts = filled((template,), CODES + ENGLISH_LABEL, BEHIND_EN)
    assert wrongly_read(texts, ENGLISH, {AnswerStatus.AMBIGUOUS}) == []


@pytest.mark.parametrize("template", DENIED_ZH)
def test_a_chinese_denial_or_comparison_is_ambiguous(template: str) -> None:
    texts = filled((template,), CODES + CHINESE_LABEL, BEHIND_ZH)
    assert wrongly_read(texts, CHINESE, {AnswerStatus.AMBIGUOUS}) == []


@pytest.mark.parametrize(
    ("templates", "values", "question", "behind"),
    [
        (OTHERS_EN, CODES + ENGLISH_LABEL, ENGLISH, BEHIND_EN),
        (OTHERS_ZH, CODES + CHINESE_LABEL, CHINESE, BEHIND_ZH),
    ],
    ids=["en", "zh"],
)
def test_what_others_would_say_is_third_person(
    templates: tuple[str, ...], values: tuple[str, ...], question: Question, behind: tuple[str, ...]
) -> None:
    assert wrongly_read(filled(templates, values, behind), question, {AnswerStatus.THIRD_PERSON}) == []


@pytest.mark.parametrize(
    ("templates", "question"), [(COUNTS_EN, ENGLISH), (COUNTS_ZH, CHINESE)], ids=["en", "zh"]
)
def test_a_number_that_counts_is_no_answer(templates: tuple[str, ...], question: Question) -> None:
    texts = [template.format(x=code) for template in templates for code in ("2", "3")]
    assert wrongly_read(texts, question, {AnswerStatus.NO_ANSWER}) == []


@pytest.mark.parametrize(
    ("templates", "label", "question", "behind"),
    [
        (ANNOUNCED_EN, ENGLISH_LABEL, ENGLISH, BEHIND_EN),
        (ANNOUNCED_ZH, CHINESE_LABEL, CHINESE, BEHIND_ZH),
    ],
    ids=["en", "zh"],
)
def test_an_announced_choice_is_read(
    templates: tuple[str, ...], label: tuple[str, ...], question: Question, behind: tuple[str, ...]
) -> None:
    texts = filled(templates, ("2", *label), behind)
    anchored = [ANCHORED[question.language] + text for text in filled(templates, ("2", *label), behind)]
    readings = {text: read_answer(text, question, rules=SOUND).choices for text in [*texts, *anchored]}
    assert [text for text, choices in readings.items() if choices != (2,)] == []


def _gold_readings() -> list[tuple[dict[str, object], Reading]]:
    return [
        (
            case,
            read_answer(
                case["text"],
                QUESTIONS[case["question"]],
                rules=ReadingRules(**case.get("rules", {})),
                finish_reason=FinishReason(case.get("finish", "stop")),
                shown=tuple(case.get("shown", ())),
            ),
        )
        for case in GOLD
    ]


def test_on_the_gold_corpus_no_code_is_wrong_and_97_in_100_readable_texts_are_read() -> None:
    readings = _gold_readings()
    wrong = [
        case["id"]
        for case, reading in readings
        if reading.choices and list(reading.choices) != case["choices"]
    ]
    readable = [(case, reading) for case, reading in readings if case["status"] == "answered"]
    num_read = sum(list(reading.choices) == case["choices"] for case, reading in readable)
    assert wrong == []
    assert num_read >= 0.97 * len(readable)

"""The reading rules, held against completions judged by hand and against properties of any text."""

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from def_sim.answers.parse import ReadingRules, read_answer
from def_sim.records import (
    AnswerStatus,
    Dimension,
    FinishReason,
    MeasurementLevel,
    Option,
    Question,
    QuestionType,
    Reading,
)

PAPER = ReadingRules()
SOUND = ReadingRules(number_wins=False, keep_first_of_too_many=False)


def make_question(
    name: str, text: str, kind: QuestionType, options: dict[int, str], max_choices: int = 1
) -> Question:
    return Question(
        item_id=f"test.{name}",
        wording=0,
        language=name[-2:],
        topic=name,
        text=text,
        type=kind,
        level=MeasurementLevel.ORDINAL,
        dimension=Dimension.TDI,
        direction=1,
        options=tuple(Option(code, label) for code, label in options.items()),
        max_choices=max_choices,
    )


def numbered(*labels: str, start: int = 1) -> dict[int, str]:
    return dict(enumerate(labels, start))


def scale_of_ten(low: str, high: str) -> dict[int, str]:
    return {1: low, **{code: str(code) for code in range(2, 10)}, 10: high}


SINGLE, MULTIPLE, SCALE = QuestionType.SINGLE, QuestionType.MULTIPLE, QuestionType.SCALE
_AGREE = ("Agree strongly", "Agree", "Disagree", "Disagree strongly")
_IMPORTANT = ("Very important", "Rather important", "Not very important", "Not at all important")
_QUALITIES = "Politeness Independence Diligence Responsibility Imagination Tolerance Thrift Perseverance Unselfishness Obedience"
_HOUSEHOLD = (
    "No children",
    "One or two children",
    "Three or more children",
    "Three or more children, all grown up",
)
_HOUSEHOLD_ZH = ("没有孩子", "一到两个孩子", "三个或更多孩子", "三个或更多孩子，均已成年")
QUESTIONS = {
    name: make_question(name, *rest)
    for name, *rest in (
        ("agree.en", "Should the old rules be kept?", SINGLE, numbered(*_AGREE)),
        ("agree.zh", "旧的规矩应该保留吗？", SINGLE, numbered("非常同意", "同意", "不同意", "非常不同意")),
        ("importance.en", "How much does music matter to you?", SINGLE, numbered(*_IMPORTANT)),
        (
            "importance.zh",
            "音乐对您有多重要？",
            SINGLE,
            numbered("非常重要", "重要", "不太重要", "完全不重要"),
        ),
        ("scale.en", "How much do you enjoy cooking?", SCALE, scale_of_ten("Not at all", "A great deal")),
        ("scale.zh", "您有多喜欢做饭？", SCALE, scale_of_ten("完全没有", "非常多")),
        (
            "zerotwo.en",
            "Do markets make towns livelier?",
            SINGLE,
            numbered("Disagree", "Hard to say", "Agree", start=0),
        ),
        ("zerotwo.zh", "集市让城镇更热闹吗？", SINGLE, numbered("不同意", "很难说", "同意", start=0)),
        ("yesno.en", "Did you ever plant a tree?", SINGLE, numbered("Yes", "No")),
        ("yesno.zh", "您种过树吗？", SINGLE, numbered("是", "否")),
        ("qualities.en", "What should a neighbour be like?", MULTIPLE, numbered(*_QUALITIES.split()), 5),
        (
            "qualities.zh",
            "好邻居应该怎样？",
            MULTIPLE,
            numbered("礼貌", "独立", "勤奋", "责任感", "想象力", "宽容", "节俭", "毅力", "无私", "服从"),
            5,
        ),
        ("household.en", "Who lives with you?", SINGLE, numbered(*_HOUSEHOLD)),
        ("household.zh", "您和谁一起住？", SINGLE, numbered(*_HOUSEHOLD_ZH)),
    )
}
GOLD = [
    json.loads(line)
    for line in Path(__file__).with_name("gold_completions.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", GOLD, ids=lambda case: case["id"])
def test_a_completion_is_read_as_a_person_judged_it(case):
    reading = read_answer(
        case["text"],
        QUESTIONS[case["question"]],
        rules=ReadingRules(**case.get("rules", {})),
        finish_reason=FinishReason(case.get("finish", "stop")),
        shown=tuple(case.get("shown", ())),
    )
    expected = (case["status"], case["choices"], case["method"])
    assert (reading.status, list(reading.choices), reading.method) == expected, case.get("why", "")

"""The reading rules, held against completions judged by hand and against properties of any text."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from def_sim.answers.reading.parse import ReadingRules, read_answer
from def_sim.answers.reading.reasoning import part_reasoning
from def_sim.records import (
    AnswerStatus,
    Dimension,
    FinishReason,
    MeasurementLevel,
    Option,
    Question,
    QuestionType,
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
_QUALITIES = (
    *("Politeness", "Independence", "Diligence", "Responsibility", "Imagination"),
    *("Tolerance", "Thrift", "Perseverance", "Unselfishness", "Obedience"),
)
_HAPPY = ("Very happy", "Quite happy", "Not very happy", "Not at all happy")
_WEIGHT_ZH = ("非常重要", "比较重要", "不太重要", "一点也不重要")
_MANNERS = (
    *("Good manners", "Independence", "Hard work", "A sense of responsibility", "Imagination", "Tolerance"),
    *("Thrift", "Perseverance", "Religious faith", "Unselfishness", "Obedience"),
)
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
        ("qualities.en", "What should a neighbour be like?", MULTIPLE, numbered(*_QUALITIES), 5),
        (
            "qualities.zh",
            "好邻居应该怎样？",
            MULTIPLE,
            numbered("礼貌", "独立", "勤奋", "责任感", "想象力", "宽容", "节俭", "毅力", "无私", "服从"),
            5,
        ),
        ("happy.en", "How happy are you?", SINGLE, numbered(*_HAPPY)),
        ("weight.zh", "音乐在您的生活中有多重要？", SINGLE, numbered(*_WEIGHT_ZH)),
        (
            "god.en",
            "In your own life, how important is God?",
            SCALE,
            scale_of_ten("Not at all important", "Very important"),
        ),
        (
            "justifiable.en",
            "Can keeping a found coin be justified?",
            SCALE,
            scale_of_ten("Never justifiable", "Always justifiable"),
        ),
        ("satisfied.zh", "您对生活满意吗？", SCALE, scale_of_ten("完全不满意", "完全满意")),
        ("manners.en", "What should children learn at home?", MULTIPLE, numbered(*_MANNERS), 5),
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


def test_the_gold_corpus_covers_every_status_in_both_languages():
    statuses = {
        language: {c["status"] for c in GOLD if c["language"] == language} for language in ("en", "zh")
    }
    of_rules = set(AnswerStatus) - {AnswerStatus.UNJUDGED}  # a strategy's, of texts that rules do not read
    assert statuses["en"] == of_rules
    assert statuses["zh"] == of_rules - {AnswerStatus.NOT_ASKED}  # no text, so no language


# --- properties of any text -----------------------------------------------------------------------

_FRAGMENTS = st.sampled_from(
    [
        *(
            "0",
            "1",
            "2",
            "3",
            "5",
            "10",
            "11",
            "99",
            "-1",
            "7.5",
            "2-3",
            "2/3",
            "3/10",
            "１",
            "③",
            "B",
            "(B)",
        ),
        *("(", ")", "[", "]", ".", ",", "、", "：", ":", "-", "\n", "二", "十", "一样", "第三个", "选项二"),
        *(
            "Answer:",
            "答案：",
            "Explanation:",
            "解释：",
            "Request:",
            "**",
            "$",
            "<think>",
            "</think>",
            "Option ",
        ),
        *(
            "Agree",
            "Disagree strongly",
            "不同意",
            "同意",
            "Thrift",
            "节俭",
            "A great deal",
            "not ",
            "two",
            "one",
        ),
        *("As an AI", "作为AI", "some people", "others", "because", "因为", " and ", "和", " or ", "不知道"),
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(_FRAGMENTS | st.just(" "), max_size=14).map("".join))
ANY_QUESTION = st.sampled_from([*QUESTIONS.values()])
ANY_RULES = st.builds(ReadingRules, number_wins=st.booleans(), keep_first_of_too_many=st.booleans())


@settings(max_examples=600, deadline=None)
@given(TEXTS, ANY_QUESTION, ANY_RULES, st.sampled_from(FinishReason), st.booleans())
def test_a_reading_holds_displayed_codes_if_and_only_if_it_is_an_answer(
    text, question, rules, finish, is_shown
):
    shown = question.codes[::-1] if is_shown else ()
    reading = read_answer(text, question, rules=rules, finish_reason=finish, shown=shown)
    assert (reading.status is AnswerStatus.ANSWERED) == bool(reading.choices)
    assert set(reading.choices) <= set(question.codes)
    assert len(set(reading.choices)) == len(reading.choices) <= question.max_choices
    assert (reading.method == "none") == (not reading.choices)


@settings(max_examples=300, deadline=None)
@given(TEXTS, ANY_QUESTION, st.sampled_from(["", " ", "\n", "\t \n", "\u3000"]))
def test_whitespace_around_a_text_changes_nothing(text, question, space):
    padded = read_answer(space + text + space, question, rules=PAPER)
    assert padded == read_answer(text, question, rules=PAPER)


@settings(max_examples=300, deadline=None)
@given(TEXTS.filter(lambda text: "\r" not in text), ANY_QUESTION)
def test_windows_line_ends_change_nothing(text, question):
    windows = read_answer(text.replace("\n", "\r\n"), question, rules=PAPER)
    assert windows == read_answer(text, question, rules=PAPER)


def has_no_anchor_of_an_answer(text: str) -> bool:
    """Also no mark that closes a thought, which would say that all before it was thought."""
    names = (
        r"ans|答|choice|selection|response|option|pick|rating|score|code|number|value"
        r"|选择|选项|评分|打分|分数|编号|代码"
    )
    return not re.search(names, text, re.IGNORECASE) and part_reasoning(text).answer == text


@settings(max_examples=400, deadline=None)
@given(st.data(), ANY_QUESTION, TEXTS.filter(has_no_anchor_of_an_answer), ANY_RULES)
def test_a_code_between_the_anchors_is_the_answer_whatever_the_explanation_says(data, question, text, rules):
    code = data.draw(st.sampled_from(question.codes))
    english = read_answer(f"Answer: {code}\nExplanation: {text}", question, rules=rules)
    chinese = read_answer(f"答案：{code}\n解释：{text}", question, rules=rules)
    assert english.choices == chinese.choices == (code,)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from([question for question in QUESTIONS.values() if question.type is not MULTIPLE]))
def test_sound_rules_read_nothing_that_the_published_rules_read_differently(text, question):
    sound = read_answer(text, question, rules=SOUND)
    assert sound.status is AnswerStatus.AMBIGUOUS or sound == read_answer(text, question, rules=PAPER)


@settings(max_examples=200, deadline=None)
@given(ANY_QUESTION, st.data())
def test_every_label_is_read_as_its_own_option(question, data):
    option = data.draw(st.sampled_from(question.options))
    label = option.label
    reading = read_answer(f"Answer: {label}\nExplanation: so it is.", question, rules=SOUND)
    assert reading.choices == (option.code,)

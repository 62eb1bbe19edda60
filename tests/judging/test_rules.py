"""Rules find their own defects and nothing else: on planted answers and on clean ones, in two languages."""

import pytest
from judged_examples import an_answer
from planted_answers import CLEAN, CUT, PLANTED, QUESTIONS, Planted
from survey_examples import a_question, language_pack

from def_sim.answers.reading.parse import ReadingRules, read_answer
from def_sim.judging.rules import RuleContext, find_defects, has_right_choice
from def_sim.judging.verdicts import found_by_rule, hash_answer
from def_sim.records import Answer, AnswerStatus, FinishReason, InsensitivityDimension, Question

IU, QC, RP, CV, FF, IR = InsensitivityDimension
LANGUAGES = ("en", "zh")
PROTOCOLS = {"paper": ReadingRules(), "sound": ReadingRules(number_wins=False, keep_first_of_too_many=False)}


def read(planted: Planted, language: str, protocol: str = "paper") -> tuple[Question, Answer]:
    """The answer as an interview would have stored it."""
    question = QUESTIONS[language][planted.kind]
    end = FinishReason.LENGTH if planted.text.endswith(CUT) else FinishReason.STOP
    text = planted.text.removesuffix(CUT)
    rules = PROTOCOLS[protocol]
    reading = read_answer(text, question, rules=rules, finish_reason=end, shown=question.codes)
    answer = an_answer(
        text,
        question,
        status=reading.status,
        choices=reading.choices,
        method=reading.method,
        finish_reason=end,
    )
    return question, answer


def found_in(planted: Planted, language: str, protocol: str = "paper", *, is_base: bool = False) -> set[str]:
    question, answer = read(planted, language, protocol)
    context = RuleContext(language_pack(language), is_base_model=is_base)
    return set(find_defects(question, answer, context, first=first_of(question)))


def first_of(question: Question) -> Answer | None:
    """The first choice before a second one: always the option of code 2."""
    if question.follow_up_of is None:
        return None
    return an_answer(question=a_question(question.follow_up_of), choices=(2,))


EVERY_DEFECT = [
    (language, dimension, planted)
    for (language, dimension), answers in PLANTED.items()
    for planted in answers
]
EVERY_CLEAN = [(language, planted) for language, answers in CLEAN.items() for planted in answers]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("language", "dimension", "planted"), EVERY_DEFECT)
def test_a_planted_defect_is_found_and_no_other(language, dimension, planted, protocol):
    assert found_in(planted, language, protocol) == {dimension}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("language", "planted"), EVERY_CLEAN)
def test_a_clean_answer_is_left_to_the_judge(language, planted, protocol):
    assert found_in(planted, language, protocol) == set()


def test_there_are_ten_defects_of_each_dimension_and_forty_clean_answers_a_language():
    assert set(PLANTED) == {(language, one) for language in LANGUAGES for one in InsensitivityDimension}
    assert min(map(len, PLANTED.values())) >= 10
    for language in LANGUAGES:
        assert len(CLEAN[language]) >= 40
        assert {planted.kind for planted in CLEAN[language]} == set(QUESTIONS[language])
    texts = [planted for *_, planted in EVERY_DEFECT] + [planted for _, planted in EVERY_CLEAN]
    assert len(set(texts)) >= len(texts) - 2  # a clean answer may mix the languages


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_base_model_need_not_write_the_anchor_that_its_prompt_ended_in(language):
    explained = {"en": " 2\nExplanation: I like my work.", "zh": "2\n解释：我喜欢工作。"}[language]
    assert found_in(Planted("single", explained), language, is_base=True) == set()
    assert found_in(Planted("single", " 2\n"), language, is_base=True) == {IU}


def test_an_answer_without_a_text_has_no_defect():
    question = a_question()
    for status in (AnswerStatus.NOT_ASKED, AnswerStatus.ENGINE_ERROR):
        answer = an_answer("", question, status=status, choices=())
        assert find_defects(question, answer, RuleContext(language_pack())) == {}


def test_dimensions_that_mean_nothing_for_a_strategy_are_not_tried():
    question, answer = read(Planted("single", "2"), "en")
    context = RuleContext(language_pack(), meaningless=frozenset({IU}))
    assert find_defects(question, answer, context) == {}
    everything = RuleContext(language_pack(), meaningless=frozenset(InsensitivityDimension))
    assert find_defects(question, answer, everything) == {}


def test_another_second_choice_is_no_conflict_nor_is_one_without_a_first():
    question, answer = read(PLANTED["en", CV][0], "en")
    context = RuleContext(language_pack())
    other = an_answer(question=a_question("toy.first"), choices=(1,))
    failed = an_answer(question=a_question("toy.first"), choices=(), status=AnswerStatus.AMBIGUOUS)
    unrelated = an_answer(question=a_question("toy.else"), choices=(2,))
    for first in (other, failed, unrelated, None):
        assert find_defects(question, answer, context, first=first) == {}


def test_a_text_may_begin_by_repeating_the_question():
    echo = "Request: How important is work in your life?\n1. Very important\n2. Rather important\n"
    assert found_in(Planted("single", echo + "Answer: 2\nExplanation: I like it."), "en") == set()


def test_one_answer_may_have_several_defects():
    text = "Answer: 1 and 2\nRequest: How important is leisure?"
    assert found_in(Planted("single", text), "en") == {IU, QC, IR}


def test_a_finding_says_in_words_what_was_found():
    question, answer = read(Planted("single", "Answer: 2"), "en")
    found = find_defects(question, answer, RuleContext(language_pack()))
    assert found == {IU: "the explanation is missing, or nothing marks where it stands"}


def test_a_factual_question_is_right_or_wrong_only_where_an_option_was_chosen():
    question, right = read(CLEAN["en"][-1], "en")
    assert has_right_choice(question, right) is True
    assert has_right_choice(*read(PLANTED["en", FF][0], "en")) is False
    assert has_right_choice(*read(Planted("fact", "I have no idea."), "en")) is None
    assert has_right_choice(a_question(), an_answer()) is None


@pytest.mark.parametrize("dimension", list(InsensitivityDimension))
def test_without_its_rule_no_other_finds_a_defect(dimension):
    context = RuleContext(language_pack(), meaningless=frozenset({dimension}))
    for language in LANGUAGES:
        for planted in PLANTED[language, dimension]:
            question, answer = read(planted, language)
            assert find_defects(question, answer, context, first=first_of(question)) == {}


@pytest.mark.parametrize(
    ("explanation", "tells_of_others"),
    [
        ("Some say yes. Others say no.", True),
        ("I work. Some do, others do not. I rest.", True),
        ("Some do, others do not.", True),
        ("Some say yes. Others, like me, say no.", False),
        ("I think some do and others do not.", False),
        ("Some do. I do. Others do not.", False),
        ("I like some of it better than others.", False),
        ("有些人同意。其他人不同意。", True),
        ("我觉得有些人同意，有些人不同意。", False),
    ],
)
def test_some_against_others_is_a_report_unless_the_writer_is_among_them(explanation, tells_of_others):
    found = found_in(Planted("single", f"Answer: 2\nExplanation: {explanation} I like it."), "en")
    assert found == ({RP} if tells_of_others else set())


def test_what_a_rule_found_is_a_verdict_without_a_reply():
    question, answer = read(Planted("single", "Answer: 2"), "en")
    [(dimension, words)] = find_defects(question, answer, RuleContext(language_pack())).items()
    verdict = found_by_rule(answer, dimension, words)
    assert (verdict.value, verdict.source, verdict.question, verdict.replies) == (True, "rule", "IU", ())
    assert (verdict.question_id, verdict.answer_hash) == (question.id, hash_answer(answer))

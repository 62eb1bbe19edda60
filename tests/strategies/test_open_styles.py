"""The two styles whose texts a judge reads: reasoning before a number, and scenes without the options."""

from dataclasses import replace
from typing import Final

import pytest
from survey_examples import a_presentation, a_question, a_respondent, a_scale

from def_sim.errors import ConfigError
from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerMode,
    AnswerStatus,
    Completion,
    DecodingConfig,
    Exchange,
    FinishReason,
    Option,
    Persona,
    Question,
    QuestionType,
    Request,
    Respondent,
)
from def_sim.resources import data_folder
from def_sim.respondents.memory import Memory
from def_sim.strategies.chain_of_thought import ChainOfThought
from def_sim.strategies.contract import OpenConversation, Strategy
from def_sim.strategies.frames import FramesFile
from def_sim.strategies.scenarios import Scenarios
from def_sim.strategies.texts import StrategyTexts, read_strategy_texts
from def_sim.yaml_files import read_validated

NAMES: Final = ("chain_of_thought", "scenarios")
NOBODY: Final = Respondent(0, Persona("", is_drawn=False), DecodingConfig(), 0)
REMEMBERED: Final = Memory(5, exchanges=(Exchange("toy.past#0", "Request: past?", "Answer: 3"),))
TYPES: Final = (a_question(), a_scale(), a_question(type=QuestionType.MULTIPLE, max_choices=2))


def texts(name: str, language: str = "en") -> StrategyTexts:
    return read_strategy_texts(data_folder() / "prompts" / "strategies" / name / f"{language}.yaml")


def frames(name: str = "open_ended") -> FramesFile:
    return read_validated(data_folder() / "frames" / f"{name}.yaml", FramesFile)


def strategy(name: str, language: str = "en", *, own: StrategyTexts | None = None) -> Strategy:
    presentation, words = a_presentation(language), own or texts(name, language)
    if name == "scenarios":
        return Scenarios(presentation, words, frames())
    return ChainOfThought(presentation, words)


def opened(
    asking: Strategy, question: Question | None = None, respondent: Respondent | None = None
) -> OpenConversation:
    question, respondent = question or a_question(), respondent or a_respondent(3, num_beams=2)
    address = Address(1, respondent.id, question.item_id, question.wording)
    return OpenConversation(asking, question, respondent, REMEMBERED, address)


def request_of(
    asking: Strategy, question: Question | None = None, respondent: Respondent | None = None
) -> Request:
    [request] = opened(asking, question, respondent).requests
    return request


def words_of(asking: Strategy, question: Question | None = None, respondent: Respondent | None = None) -> str:
    [message] = request_of(asking, question, respondent).messages
    return message.content


def answered(asking: Strategy, text: str, finish_reason: FinishReason = FinishReason.STOP) -> Answer:
    talk = opened(asking)
    talk.receive([Completion(text, finish_reason, num_prompt_tokens=9, num_generated_tokens=4)])
    return talk.answer


def somebody(index: int = 0, place: str = "Japan") -> Respondent:
    return Respondent(index, Persona(place, is_drawn=False), DecodingConfig(), 0)


# --- both ---


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("question", TYPES)
def test_a_question_is_one_turn_that_names_the_place_and_remembers_nothing(
    name: str, language: str, question: Question
) -> None:
    words = words_of(strategy(name, language), question)
    assert "Columbus, Ohio" in words
    assert question.text in words
    assert "past" not in words
    assert "{" not in words


@pytest.mark.parametrize("name", NAMES)
def test_countries_differ_in_the_country_alone(name: str) -> None:
    in_japan, in_india = (words_of(strategy(name), respondent=somebody(4, p)) for p in ("Japan", "India"))
    assert in_japan != in_india
    assert in_japan.replace("Japan", "India") == in_india


@pytest.mark.parametrize("name", NAMES)
def test_a_persona_of_no_country_is_a_person_all_the_same(name: str) -> None:
    words = words_of(strategy(name), respondent=NOBODY)
    assert "views of their own" in words
    assert " from " not in words
    assert "自己" in words_of(strategy(name, "zh"), respondent=NOBODY)


@pytest.mark.parametrize("name", NAMES)
def test_everybody_writes_at_most_1024_tokens_at_temperature_point_7(name: str) -> None:
    expected = DecodingConfig(temperature=0.7, top_k=0, top_p=1.0, max_new_tokens=1024)
    assert request_of(strategy(name)).decoding == expected
    assert list(strategy(name).decodings(a_respondent())) == [expected]


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_free_texts_after_an_anchor_that_announces_no_answer(name: str) -> None:
    assert strategy(name).answer_modes == (AnswerMode.FREE,)
    assert request_of(strategy(name)).answer_anchor in ("Reasoning:", "Text:")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("finish_reason", [FinishReason.STOP, FinishReason.LENGTH])
def test_a_text_waits_for_the_judge_whatever_rules_would_read_in_it(
    name: str, finish_reason: FinishReason
) -> None:
    assert strategy(name).needs_judge == "stance"
    answer = answered(strategy(name), "I thought about it.\nAnswer: 2", finish_reason)
    assert (answer.status, answer.choices) == (AnswerStatus.UNJUDGED, ())
    assert (answer.text, answer.num_generated_tokens) == ("I thought about it.\nAnswer: 2", 4)


@pytest.mark.parametrize("name", NAMES)
def test_no_text_and_a_failed_call_wait_for_nobody(name: str) -> None:
    assert answered(strategy(name), "", FinishReason.ERROR).status is AnswerStatus.ENGINE_ERROR
    assert answered(strategy(name), " ").status is AnswerStatus.NO_ANSWER
    assert answered(strategy(name), "", FinishReason.LENGTH).status is AnswerStatus.TRUNCATED
    assert answered(strategy(name), "I would", FinishReason.REFUSAL).status is AnswerStatus.REFUSED


@pytest.mark.parametrize("name", NAMES)
def test_texts_that_lack_the_anchor_are_refused(name: str) -> None:
    without = {key: text for key, text in texts(name).texts.items() if key != "anchor"}
    with pytest.raises(ConfigError, match="lack 'anchor'"):
        strategy(name, own=StrategyTexts(language="en", texts=without))


# --- chain of thought ---


@pytest.mark.parametrize("question", TYPES)
def test_reasoning_is_asked_for_before_the_number_of_an_option(question: Question) -> None:
    words = words_of(strategy("chain_of_thought"), question)
    assert words.index("reason") < words.index('"Answer:"') < words.index(question.text)
    assert question.options[0].label in words


RULES: Final = {
    "Work feeds my family, so it matters a lot to me.\nAnswer: 1": 1,
    "Option 2 is tempting, but so is option 3.\n\nIn the end I lean towards the third.\n\nAnswer: 3": 3,
    "First, I like my job. Second, it is not all that there is in life.\n**Answer:** 2": 2,
}


@pytest.mark.parametrize("text", RULES)
def test_rules_read_the_number_that_the_reasoning_ends_in(text: str) -> None:
    by_rules = ChainOfThought(a_presentation(), texts("chain_of_thought"), read_by="rules")
    assert by_rules.needs_judge is None
    answer = answered(by_rules, text)
    assert (answer.status, answer.choices) == (AnswerStatus.ANSWERED, (RULES[text],))


def test_reasoning_that_is_cut_off_before_its_number_is_truncated_for_the_rules() -> None:
    by_rules = ChainOfThought(a_presentation(), texts("chain_of_thought"), read_by="rules")
    answer = answered(by_rules, "I have thought about work for a long", FinishReason.LENGTH)
    assert answer.status is AnswerStatus.TRUNCATED


# --- scenarios ---


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_scene_is_the_frame_of_the_respondents_number(language: str) -> None:
    asking = strategy("scenarios", language)
    for index in (0, 3, 13, 29):
        scene = frames().frames[index % 10].scene(a_question().text, language)
        assert words_of(asking, respondent=somebody(index)).endswith(f"\n\n{scene}")


@pytest.mark.parametrize("question", TYPES)
def test_a_request_is_the_same_whatever_the_options_are(question: Question) -> None:
    others = tuple(Option(option.code + 1, f"Another {option.label}") for option in question.options)
    changed = replace(question, options=others)
    assert request_of(strategy("scenarios"), question) == request_of(strategy("scenarios"), changed)
    assert request_of(strategy("scenarios"), question).option_codes == ()


def test_a_question_that_holds_braces_is_put_as_it_is() -> None:
    question = a_question(text="What of {question} and {place}?")
    assert "What of {question} and {place}?" in words_of(strategy("scenarios"), question)


def test_a_frames_file_of_ones_own_is_all_that_a_use_case_needs() -> None:
    mine = FramesFile.model_validate(
        {"frames": [{"id": "diary", "use_case": "fiction", "text": {"en": "Dear diary, {question}"}}]}
    )
    asking = Scenarios(a_presentation(), texts("scenarios"), mine)
    assert words_of(asking).endswith("\n\nDear diary, How important is work in your life?")

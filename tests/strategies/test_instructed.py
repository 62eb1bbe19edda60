"""The two baselines that ask for a number alone: an average person, and someone from the country."""

from typing import Any

import pytest
from survey_examples import a_presentation, a_question, a_respondent, a_scale

from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerMode,
    AnswerStatus,
    Completion,
    DecodingConfig,
    Exchange,
    FinishReason,
    Persona,
    Question,
    QuestionType,
    Request,
    Respondent,
)
from def_sim.resources import data_folder
from def_sim.respondents.memory import Memory
from def_sim.strategies.cao2023 import Cao2023
from def_sim.strategies.classification import Classification
from def_sim.strategies.contract import OpenConversation
from def_sim.strategies.texts import read_strategy_texts

CLASSES: dict[str, Any] = {"cao2023": Cao2023, "classification": Classification}
NOBODY = Respondent(0, Persona("", is_drawn=False), DecodingConfig(), 0)
REMEMBERED = Memory(5, exchanges=(Exchange("toy.past#0", "Request: past?", "Answer: 3"),))


def opened(
    name: str,
    question: Question | None = None,
    respondent: Respondent | None = None,
    *,
    language: str = "en",
    mode: AnswerMode = AnswerMode.FREE,
    **settings: Any,
) -> OpenConversation:
    texts = read_strategy_texts(data_folder() / "prompts" / "strategies" / name / f"{language}.yaml")
    strategy = CLASSES[name](a_presentation(language, mode=mode), texts, **settings)
    question, respondent = question or a_question(), respondent or a_respondent(3, num_beams=2)
    address = Address(1, respondent.id, question.item_id, question.wording)
    return OpenConversation(strategy, question, respondent, REMEMBERED, address)


def only_request(talk: OpenConversation) -> Request:
    [request] = talk.requests
    return request


def answer(name: str, text: str, finish_reason: FinishReason = FinishReason.STOP) -> Answer:
    talk = opened(name)
    talk.receive([Completion(text, finish_reason)])
    return talk.answer


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "question", [a_question(), a_scale(), a_question(type=QuestionType.MULTIPLE, max_choices=2)]
)
def test_a_question_is_one_turn_that_names_place_and_options_and_remembers_nothing(
    name: str, language: str, question: Question
) -> None:
    [message] = only_request(opened(name, question, language=language)).messages
    assert "Columbus, Ohio" in message.content
    assert question.text in message.content
    assert question.options[0].label in message.content
    assert "past" not in message.content


@pytest.mark.parametrize("name", CLASSES)
def test_a_persona_of_no_country_is_a_person_all_the_same(name: str) -> None:
    [message] = only_request(opened(name, respondent=NOBODY)).messages
    assert "person" in message.content
    assert " from " not in message.content


@pytest.mark.parametrize("name", CLASSES)
def test_countries_differ_in_the_country_alone(name: str) -> None:
    def text(place: str) -> str:
        respondent = Respondent(0, Persona(place, is_drawn=False), DecodingConfig(), 0)
        return only_request(opened(name, respondent=respondent)).messages[0].content

    assert text("Japan").replace("Japan", "India") == text("India")


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("mode", AnswerMode)
def test_all_answer_modes_are_taken(name: str, mode: AnswerMode) -> None:
    assert mode in CLASSES[name].answer_modes
    assert only_request(opened(name, mode=mode)).mode is mode


def test_the_average_person_is_decoded_as_drawn_and_classification_at_its_own_temperature() -> None:
    assert only_request(opened("cao2023")).decoding == DecodingConfig(num_beams=2)
    expected = DecodingConfig(temperature=0.7, top_k=0, max_new_tokens=8)
    assert only_request(opened("classification")).decoding == expected
    assert only_request(opened("classification", temperature=0.2)).decoding.temperature == 0.2


def test_the_third_person_is_a_choice_where_an_average_person_was_asked_for() -> None:
    assert answer("cao2023", "Most people would say 2").choices == (2,)
    assert answer("classification", "Most people would say 2").status is AnswerStatus.THIRD_PERSON


@pytest.mark.parametrize("name", CLASSES)
def test_a_bare_number_is_the_answer_and_a_cut_text_is_not(name: str) -> None:
    assert answer(name, "3").choices == (3,)
    assert answer(name, "I think that", FinishReason.LENGTH).status is AnswerStatus.TRUNCATED

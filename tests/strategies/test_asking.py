"""Putting one question: a conversation, tested without any engine."""

from collections.abc import Sequence
from typing import Any

import pytest
from survey_examples import a_presentation, a_question, a_respondent, a_scale

from def_sim.prompts import ask_messages, hash_messages
from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerStatus,
    Completion,
    Exchange,
    FinishReason,
    Question,
    ReadingMethod,
    Request,
    RequestKey,
    Respondent,
    StopAfter,
)
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import Presentation, put_question, shown_order
from def_sim.strategies.contract import Conversation
from def_sim.strategies.diversity_enhanced import DiversityEnhanced
from def_sim.strategies.single import Single

REMEMBERED = Memory(5, exchanges=(Exchange("toy.past#0", "Request: past?", "Answer: 3"),))


def address_of(question: Question, respondent: Respondent, seed: int = 1) -> Address:
    return Address(seed, respondent.id, question.item_id, question.wording)


def conversation(
    question: Question | None = None,
    respondent: Respondent | None = None,
    memory: Memory = REMEMBERED,
    presentation: Presentation | None = None,
) -> Conversation[Answer]:
    question, respondent = question or a_question(), respondent or a_respondent(3, capacity=5)
    address = address_of(question, respondent)
    return put_question(question, respondent, memory, address, presentation or a_presentation())


def first_request(talk: Conversation[Answer]) -> Request:
    [request] = next(talk)
    return request


def answer_to(completion: Completion, talk: Conversation[Answer] | None = None) -> Answer:
    """What the strategy makes of the completion of its only request."""
    talk = talk or conversation()
    next(talk)
    with pytest.raises(StopIteration) as end:
        talk.send([completion])
    answer: Answer = end.value.value
    return answer


def test_a_question_is_one_request_with_the_respondents_decoding_and_key() -> None:
    respondent = a_respondent(3, capacity=5, num_beams=4, temperature=0.7)
    request = first_request(conversation(respondent=respondent))
    assert request.decoding == respondent.decoding
    assert request.key == RequestKey(1, "r00003", "toy.work", 0, 0)
    assert request.option_codes == (1, 2, 3, 4)
    assert request.answer_anchor == "Answer:"


LONG = "Answer: 2\nExplanation: I work hard. It pays. And so on"


@pytest.mark.parametrize(
    ("stop_after", "text", "finish_reason"),
    [
        (StopAfter.END, LONG, FinishReason.LENGTH),
        (StopAfter.FIRST_SENTENCE, "Answer: 2\nExplanation: I work hard.", FinishReason.STOP),
    ],
)
def test_what_follows_the_first_sentence_is_cut_off_where_that_is_asked_for(
    stop_after: StopAfter, text: str, finish_reason: FinishReason
) -> None:
    talk = conversation(respondent=a_respondent(3, capacity=5, stop_after=stop_after))
    answer = answer_to(Completion(LONG, finish_reason=FinishReason.LENGTH), talk)
    assert (answer.text, answer.finish_reason, answer.choices) == (text, finish_reason, (2,))


def test_a_text_without_a_whole_sentence_stays_as_it_is() -> None:
    talk = conversation(respondent=a_respondent(3, capacity=5, stop_after=StopAfter.FIRST_SENTENCE))
    answer = answer_to(Completion("Answer: 2", finish_reason=FinishReason.LENGTH), talk)
    assert (answer.text, answer.finish_reason) == ("Answer: 2", FinishReason.LENGTH)


def test_a_chinese_frame_asks_for_the_chinese_anchor() -> None:
    assert first_request(conversation(presentation=a_presentation("zh"))).answer_anchor == "答案："


def test_what_is_remembered_stands_before_the_question() -> None:
    request = first_request(conversation())
    assert [message.content for message in request.messages[:2]] == ["Request: past?", "Answer: 3"]
    assert len(request.messages) == 3


def test_a_readable_completion_becomes_an_answer_with_all_that_led_to_it() -> None:
    question, respondent, presentation = a_question(), a_respondent(3, capacity=5), a_presentation()
    completion = Completion(
        "Answer: 2\nExplanation: Work pays.", FinishReason.STOP, num_prompt_tokens=90, num_generated_tokens=9
    )
    messages = ask_messages(
        question, (1, 2, 3, 4), respondent.persona, REMEMBERED.exchanges, presentation.pack
    )
    assert answer_to(completion) == Answer(
        respondent_id="r00003",
        item_id="toy.work",
        wording=0,
        call=0,
        status=AnswerStatus.ANSWERED,
        choices=(2,),
        method=ReadingMethod.NUMBER,
        text="Answer: 2\nExplanation: Work pays.",
        shown_codes=(1, 2, 3, 4),
        memory=("toy.past#0",),
        prompt_hash=hash_messages(messages),
        finish_reason=FinishReason.STOP,
        num_prompt_tokens=90,
        num_generated_tokens=9,
    )


@pytest.mark.parametrize(
    ("completion", "status"),
    [
        (Completion("As an AI, I have no family."), AnswerStatus.ROLE_BREAK),
        (Completion("Answer: 9"), AnswerStatus.OUT_OF_RANGE),
        (Completion(""), AnswerStatus.NO_ANSWER),
        (Completion("Let me think about", FinishReason.LENGTH), AnswerStatus.TRUNCATED),
        (Completion("", FinishReason.ERROR, error="overloaded"), AnswerStatus.ENGINE_ERROR),
    ],
)
def test_what_is_no_answer_keeps_its_text_and_says_why(completion: Completion, status: AnswerStatus) -> None:
    answer = answer_to(completion)
    assert (answer.status, answer.choices, answer.method) == (status, (), ReadingMethod.NONE)
    assert (answer.text, answer.error) == (completion.text, completion.error)
    assert answer.shown_codes == (1, 2, 3, 4)
    assert answer.prompt_hash


def test_the_text_of_a_failed_call_is_never_read() -> None:
    failed = Completion("Answer: 2", FinishReason.ERROR, error="connection lost")
    assert answer_to(failed).status is AnswerStatus.ENGINE_ERROR


def orders(order: Any, respondents: Sequence[int], question: Question | None = None) -> list[tuple[int, ...]]:
    question = question or a_question()
    people = [a_respondent(index) for index in respondents]
    return [shown_order(question, who, address_of(question, who), order) for who in people]


def test_codes_travel_with_their_labels_when_options_are_shuffled() -> None:
    presentation = a_presentation(option_order="shuffled")
    [shown] = orders("shuffled", [4])
    respondent = a_respondent(4)
    talk = conversation(respondent=respondent, presentation=presentation)
    request = first_request(talk)
    assert shown != (1, 2, 3, 4)
    labels = {option.code: option.label for option in a_question().options}
    lines = request.messages[-1].content.splitlines()[-4:]
    assert lines == [f"{code}. {labels[code]}" for code in shown]
    # "2" is code 2, wherever it stands; so is its label.
    for text in ("Answer: 2", "Answer: Rather important"):
        answer = answer_to(Completion(text), conversation(None, respondent, Memory(0), presentation))
        assert (answer.choices, answer.shown_codes) == ((2,), shown)


def test_shuffled_orders_differ_between_respondents_and_between_questions() -> None:
    assert len(set(orders("shuffled", range(40)))) > 12  # of 24
    assert orders("shuffled", [3]) != orders("shuffled", [3], a_question("toy.other", wording=1))


def test_balanced_orders_rotate_over_respondents_and_are_alike_in_all_wordings() -> None:
    rotated = orders("balanced", range(4))
    assert [order[1:] + order[:1] for order in rotated[:3]] == rotated[1:]
    assert orders("balanced", range(4), a_question(wording=1)) == rotated


def test_a_scale_is_never_reordered() -> None:
    for order in ("shuffled", "balanced"):
        assert orders(order, [3], a_scale()) == [tuple(range(1, 11))]


def test_the_diversity_enhanced_strategy_asks_after_what_is_remembered() -> None:
    strategy, question, respondent = DiversityEnhanced(a_presentation()), a_question(), a_respondent(3)
    talk = strategy.ask(question, respondent, REMEMBERED, address_of(question, respondent))
    assert strategy.uses_memory
    assert answer_to(Completion("Answer: 1"), talk).memory == ("toy.past#0",)


def test_the_single_strategy_asks_without_any_memory() -> None:
    strategy, question, respondent = Single(a_presentation()), a_question(), a_respondent(3)
    assert not strategy.uses_memory
    talk = strategy.ask(question, respondent, REMEMBERED, address_of(question, respondent))
    [message] = first_request(talk).messages
    assert "past" not in message.content
    talk = strategy.ask(question, respondent, REMEMBERED, address_of(question, respondent))
    assert answer_to(Completion("Answer: 1"), talk).memory == ()

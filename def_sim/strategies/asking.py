"""Putting one question and reading the answer: what every strategy that asks once shares.

A strategy is a generator that yields requests and receives completions. It never sees an
engine, so it is tested without one, and any engine can serve it.
"""

from dataclasses import dataclass, replace

from def_sim.answers.reading.parse import ReadingRules, read_answer
from def_sim.answers.reading.sections import through_first_sentence
from def_sim.prompts import LanguagePack, OptionOrder, ask_messages, hash_messages, order_options
from def_sim.randomness import Address, keyed_rng
from def_sim.records import (
    Answer,
    AnswerMode,
    AnswerStatus,
    Completion,
    DecodingConfig,
    FinishReason,
    Question,
    QuestionType,
    Reading,
    ReadingMethod,
    Request,
    Respondent,
    StopAfter,
)
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import Conversation, DecodedAsDrawn


@dataclass(frozen=True, slots=True)
class Presentation:
    """How a question is shown and its answer read."""

    pack: LanguagePack  # of the frame
    option_order: OptionOrder
    reading: ReadingRules
    mode: AnswerMode = AnswerMode.FREE  # of questions with one choice; several are always free text
    is_about_others: bool = False  # it is asked what an average person would choose
    offer: str = ""  # the line behind the options that offers to withhold an answer


def shown_order(
    question: Question, respondent: Respondent, address: Address, order: OptionOrder
) -> tuple[int, ...]:
    """Option codes as this respondent sees them, drawn at the address of the question."""
    if order == "balanced":  # one drawn order for all respondents, rotated by respondent
        rng = keyed_rng(address.seed, question.item_id, "balanced option order")
    else:
        rng = address.rng("option order")
    return order_options(question, order, rng, respondent.index)


def mode_of(question: Question, presentation: Presentation) -> AnswerMode:
    """How a question may be answered: several choices are no single option code."""
    return AnswerMode.FREE if question.type is QuestionType.MULTIPLE else presentation.mode


def read_completion(
    text: str,
    finish_reason: FinishReason,
    question: Question,
    shown: tuple[int, ...],
    presentation: Presentation,
) -> Reading:
    """What a completion says; where nothing but an option code could be given, the method says so."""
    reading = read_answer(
        text,
        question,
        rules=presentation.reading,
        finish_reason=finish_reason,
        shown=shown,
        is_about_others=presentation.is_about_others,
    )
    is_free = mode_of(question, presentation) is AnswerMode.FREE
    if is_free or reading.status is not AnswerStatus.ANSWERED:
        return reading
    return replace(reading, method=ReadingMethod.CONSTRAINED)


def kept_of(completion: Completion, decoding: DecodingConfig) -> tuple[str, FinishReason]:
    """What is kept of a completion, whether its engine stopped there or wrote on, and why it ends."""
    text = completion.text
    kept = through_first_sentence(text) if decoding.stop_after is StopAfter.FIRST_SENTENCE else None
    return (text, completion.finish_reason) if kept is None else (kept, FinishReason.STOP)


class OneCall(DecodedAsDrawn):
    """What strategies say of themselves that put each question in one request (`put_question`)."""

    def num_calls(self, question: Question) -> int:
        """One."""
        return 1

    def mean_tokens(self, question: Question) -> float | None:
        """As many as the model's answers have."""
        return None


def ask_request(
    question: Question,
    respondent: Respondent,
    memory: Memory,
    address: Address,
    presentation: Presentation,
    *,
    call: int = 0,
) -> Request:
    """The request that puts the question, behind what is remembered, with the options in the drawn order."""
    shown = shown_order(question, respondent, address, presentation.option_order)
    pack, mode = presentation.pack, mode_of(question, presentation)
    messages = ask_messages(question, shown, respondent.persona, memory.exchanges, pack, presentation.offer)
    key = address.request_key(call)
    return Request(messages, respondent.decoding, key, pack.answer_anchor, mode, shown)


def read_as_answer(
    completion: Completion, request: Request, question: Question, memory: Memory, presentation: Presentation
) -> Answer:
    """The answer that a completion gives to the question its request puts.

    Args:
        completion: Of the request.
        request: Which puts the question; its `option_codes` are in the order shown.
        question: The question.
        memory: What was remembered when it was put.
        presentation: How it is read.
    """
    shown, key = request.option_codes, request.key
    text, finish_reason = kept_of(completion, request.decoding)
    reading = read_completion(text, finish_reason, question, shown, presentation)
    probabilities = completion.option_probabilities or {}
    return Answer(
        respondent_id=key.respondent_id,
        item_id=question.item_id,
        wording=question.wording,
        call=key.call,
        status=reading.status,
        choices=reading.choices,
        method=reading.method,
        text=text,
        shown_codes=shown,
        memory=memory.question_ids,
        option_probabilities=tuple(probabilities[code] for code in shown) if probabilities else (),
        prompt_hash=hash_messages(request.messages),
        finish_reason=finish_reason,
        num_prompt_tokens=completion.num_prompt_tokens,
        num_generated_tokens=completion.num_generated_tokens,
        error=completion.error,
        reasoning=completion.reasoning,
        seconds=completion.seconds,
    )


def left_to_judge(answer: Answer) -> Answer:
    """The answer of a strategy that needs a judge: whatever rules make of its text, nobody has read it.

    Failed calls, texts that a filter refused and answers without any text stay as they are.
    """
    has_text = answer.finish_reason in (FinishReason.STOP, FinishReason.LENGTH) and answer.text.strip()
    if not has_text:
        return answer
    return replace(answer, status=AnswerStatus.UNJUDGED, choices=(), method=ReadingMethod.NONE)


def put_question(
    question: Question,
    respondent: Respondent,
    memory: Memory,
    address: Address,
    presentation: Presentation,
    *,
    call: int = 0,
) -> Conversation[Answer]:
    """One request, one completion, one answer; `call` counts the strategy's requests before it."""
    request = ask_request(question, respondent, memory, address, presentation, call=call)
    [completion] = yield [request]
    return read_as_answer(completion, request, question, memory, presentation)

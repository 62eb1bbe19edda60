"""One respondent's way through a questionnaire: order, follow-ups, memory.

No engine and no store here: the interview goes this way while it asks, and `replay` goes it
again over stored answers, so that a report shows and a check repeats exactly what was asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from def_sim.answers.reading.sections import explanation_of
from def_sim.prompts import render_answer, render_request
from def_sim.randomness import Address, keyed_rng
from def_sim.records import (
    FIRST_CHOICE_SLOT,
    Answer,
    AnswerStatus,
    Exchange,
    Question,
    ReadingMethod,
    Respondent,
    Survey,
)
from def_sim.respondents.memory import Memory, MemoryRules, first_sentence
from def_sim.strategies.asking import Presentation

QuestionOrder = Literal["questionnaire", "rotated", "shuffled"]


@dataclass(frozen=True, slots=True)
class InterviewRules:
    """What an interview must know beside the strategy.

    Args:
        seed: The run's seed.
        uses_memory: Whether the strategy reads what is remembered; if not, nothing is.
        memory: How respondents forget.
        follow_up: "fill" puts the label of the first choice into a follow-up, and does not
            ask it if there is none; "placeholder" leaves the slot in the text, as the
            authors' code does.
        question_order: "questionnaire", or per respondent "rotated" or "shuffled".
        max_in_flight: Most questions under way at once, over all respondents.
        max_engine_errors: Failed calls that are recorded as such before the run stops.
    """

    seed: int
    uses_memory: bool = True
    memory: MemoryRules = MemoryRules()
    follow_up: Literal["fill", "placeholder"] = "fill"
    question_order: QuestionOrder = "questionnaire"
    max_in_flight: int = 256
    max_engine_errors: int = 10


def question_blocks(survey: Survey) -> list[tuple[Question, ...]]:
    """The questionnaire in blocks that must stay together: a question with its follow-ups."""
    blocks: list[tuple[Question, ...]] = []
    for question in survey.questions:
        if question.follow_up_of is not None and blocks:
            blocks[-1] = (*blocks[-1], question)
        else:
            blocks.append((question,))
    return blocks


def ordered_blocks(
    survey: Survey, order: QuestionOrder, seed: int, respondent: Respondent
) -> list[tuple[Question, ...]]:
    """The blocks in the order this respondent is asked them."""
    blocks = question_blocks(survey)
    rng = keyed_rng(seed, respondent.id, "question order")
    if order == "rotated":
        first = int(rng.integers(len(blocks)))
        return blocks[first:] + blocks[:first]
    if order == "shuffled":
        return [blocks[i] for i in rng.permutation(len(blocks))]
    return blocks


def question_as_asked(
    question: Question, earlier: Mapping[str, Answer], rules: InterviewRules
) -> Question | None:
    """A follow-up with the first choice's label in its text; None if it cannot be asked.

    Args:
        question: Any question; those that follow nothing come back as they are.
        earlier: Question id (`item#wording`) -> this respondent's answer to it.
        rules: Says whether the slot is filled at all.
    """
    if question.follow_up_of is None or rules.follow_up == "placeholder":
        return question
    first = earlier.get(f"{question.follow_up_of}#{question.wording}")
    if first is None or first.status is not AnswerStatus.ANSWERED:
        return None
    label = question.label_of(first.choices[0])
    return replace(question, text=question.text.replace(FIRST_CHOICE_SLOT, label))


def remember(
    memory: Memory, question: Question, answer: Answer, address: Address, presentation: Presentation
) -> Memory:
    """The memory after an answer; only answers that could be read are remembered."""
    if memory.capacity == 0 or answer.status is not AnswerStatus.ANSWERED:
        return memory
    pack = presentation.pack
    text = render_answer(answer.choices, pack)
    if memory.rules.erodes:
        text = answer.text.strip()  # the authors' code keeps what the model said and cuts it later
    elif memory.rules.explanation == "first_sentence":
        sentence = first_sentence(explanation_of(answer.text))
        text = f"{text}\n{pack.explanation_anchor} {sentence}" if sentence else text
    exchange = Exchange(question.id, render_request(question, answer.shown_codes, pack), text)
    return memory.remember(exchange, address.rng("forget"))


def not_asked(respondent: Respondent, question: Question) -> Answer:
    """The record of a follow-up whose first question was not answered."""
    return Answer(
        respondent_id=respondent.id,
        item_id=question.item_id,
        wording=question.wording,
        call=0,
        status=AnswerStatus.NOT_ASKED,
        choices=(),
        method=ReadingMethod.NONE,
        text="",
    )


def chains_of(survey: Survey, respondent: Respondent, rules: InterviewRules) -> list[tuple[Question, ...]]:
    """The respondent's questions as chains: in order within a chain, side by side between them."""
    blocks = ordered_blocks(survey, rules.question_order, rules.seed, respondent)
    if capacity_of(respondent, rules) > 0:
        return [tuple(question for block in blocks for question in block)]
    return blocks


def capacity_of(respondent: Respondent, rules: InterviewRules) -> int:
    """Exchanges the respondent may hold; none under a strategy without memory."""
    return respondent.memory_capacity if rules.uses_memory else 0


@dataclass(frozen=True, slots=True)
class Moment:
    """A question as one respondent met it: its text as asked, and what was remembered then."""

    question: Question
    memory: Memory
    answer: Answer


@dataclass(frozen=True, slots=True)
class OpenMoment:
    """The question at which a respondent was left: as it would be asked next."""

    question: Question
    memory: Memory


def replay(
    respondent: Respondent,
    survey: Survey,
    presentation: Presentation,
    rules: InterviewRules,
    answers: Mapping[str, Answer],
) -> Iterator[Moment]:
    """The interview as it was held, rebuilt from the stored answers without a model.

    Args:
        answers: Question id -> the respondent's stored answer; a chain ends where one is missing.
        respondent: Whose interview.
        survey: What was asked.
        presentation: How it was shown.
        rules: The run's rules.
    """
    for moment in replay_to_the_end(respondent, survey, presentation, rules, answers):
        if isinstance(moment, Moment):
            yield moment


def replay_to_the_end(
    respondent: Respondent,
    survey: Survey,
    presentation: Presentation,
    rules: InterviewRules,
    answers: Mapping[str, Answer],
) -> Iterator[Moment | OpenMoment]:
    """The same, each chain that is not finished ending in the question that comes next."""
    for chain in chains_of(survey, respondent, rules):
        memory = Memory(capacity_of(respondent, rules), rules.memory)
        for question in chain:
            answer = answers.get(question.id)
            asked = question_as_asked(question, answers, rules)
            if answer is None:
                if asked is not None:
                    yield OpenMoment(asked, memory)
                break
            if asked is None:
                continue
            yield Moment(asked, memory, answer)
            address = Address(rules.seed, respondent.id, question.item_id, question.wording)
            memory = remember(memory, asked, answer, address, presentation)

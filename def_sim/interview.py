"""The interview: one loop that joins respondents, a strategy and an engine.

Each respondent moves at its own pace; nobody waits for anybody. Where memory makes the order
matter, a respondent's questions run one after another, otherwise side by side. What
is already in the store is not asked again, but enters memory as if it had just been said.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from def_sim.answers.sections import explanation_of
from def_sim.answers.store import AnswerStore
from def_sim.errors import DefSimError, EngineError
from def_sim.prompts import render_answer, render_request
from def_sim.randomness import Address, keyed_rng
from def_sim.records import (
    Answer,
    AnswerStatus,
    Capabilities,
    Completion,
    Exchange,
    FinishReason,
    Question,
    ReadingMethod,
    Request,
    Respondent,
    Survey,
)
from def_sim.respondents.memory import Memory, MemoryRules, first_sentence
from def_sim.strategies.asking import Conversation, Presentation

QuestionOrder = Literal["questionnaire", "rotated", "shuffled"]
_RETRY_PAUSES_S = (1.0, 4.0, 16.0)  # before the second, third and fourth try of a failed call


class Strategy(Protocol):
    """A way of putting a question: a conversation that ends in an answer."""

    uses_memory: bool

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """Yields requests, receives their completions in the same order, returns the answer."""
        ...


class Engine(Protocol):
    """Text in, text out. Never sees a survey; a failed call raises, it never returns text."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def check(self) -> None:
        """Makes sure, without loading anything, that it can be used.

        Raises:
            ModelError: Weights, tokenizer, template or key are missing; says what to do.
        """
        ...

    def describe(self) -> dict[str, object]:
        """What answers, for the manifest; `identity` (hashes or a model name) defines the run."""
        ...

    async def start(self) -> None:
        """Loads the model or opens connections; later calls return at once."""
        ...

    async def submit(self, request: Request) -> Completion:
        """The completion of a request.

        Raises:
            EngineError: The call failed; `retryable` says whether again may help.
        """
        ...

    async def close(self) -> None:
        """Gives back memory, threads and connections."""
        ...


@dataclass(frozen=True, slots=True)
class InterviewRules:
    """What the loop must know beside the strategy.

    Args:
        seed: The run's seed.
        memory: How respondents forget.
        follow_up: "fill" puts the label of the first choice into a follow-up, and does not
            ask it if there is none; "placeholder" leaves the slot in the text, as the
            authors' code does.
        question_order: "questionnaire", or per respondent "rotated" or "shuffled".
        max_in_flight: Most questions under way at once, over all respondents.
        max_engine_errors: Failed calls that are recorded as such before the run stops.
    """

    seed: int
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
    return replace(question, text=question.text.replace("{first_choice}", label))


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


def chains_of(
    survey: Survey, strategy: Strategy, respondent: Respondent, rules: InterviewRules
) -> list[tuple[Question, ...]]:
    """The respondent's questions as chains: in order within a chain, side by side between them."""
    blocks = ordered_blocks(survey, rules.question_order, rules.seed, respondent)
    if strategy.uses_memory and respondent.memory_capacity > 0:
        return [tuple(question for block in blocks for question in block)]
    return blocks


@dataclass(frozen=True, slots=True)
class Moment:
    """A question as one respondent met it: its text as asked, and what was remembered then."""

    question: Question
    memory: Memory
    answer: Answer


def replay(
    respondent: Respondent,
    survey: Survey,
    strategy: Strategy,
    presentation: Presentation,
    rules: InterviewRules,
    answers: Mapping[str, Answer],
) -> Iterator[Moment]:
    """The interview as it was held, rebuilt from the stored answers without a model.

    Args:
        answers: Question id -> the respondent's stored answer; a chain ends where one is missing.
        respondent: Whose interview.
        survey: What was asked.
        strategy: How it was asked.
        presentation: How it was shown.
        rules: The run's rules.
    """
    for chain in chains_of(survey, strategy, respondent, rules):
        memory = Memory(respondent.memory_capacity if strategy.uses_memory else 0, rules.memory)
        for question in chain:
            answer = answers.get(question.id)
            if answer is None:
                break
            asked = question_as_asked(question, answers, rules)
            if asked is None:
                continue
            yield Moment(asked, memory, answer)
            address = Address(rules.seed, respondent.id, question.item_id, question.wording)
            memory = remember(memory, asked, answer, address, presentation)


class Interviews:
    """All interviews of one shard, joined with one engine and one store.

    Args:
        survey: What is asked.
        strategy: How a question is put.
        engine: Who completes texts.
        store: Where answers go, and what is already there.
        presentation: How requests and answers are written into memory.
        rules: Seed, memory, follow-ups, limits.
        on_answer: Called after each new answer is safe in the store.
    """

    def __init__(
        self,
        survey: Survey,
        strategy: Strategy,
        engine: Engine,
        store: AnswerStore,
        presentation: Presentation,
        rules: InterviewRules,
        on_answer: Callable[[Answer], None] = lambda answer: None,
    ) -> None:
        self._survey = survey
        self._strategy = strategy
        self._engine = engine
        self._store = store
        self._presentation = presentation
        self._rules = rules
        self._on_answer = on_answer
        self._in_flight = asyncio.Semaphore(rules.max_in_flight)
        self._num_engine_errors = 0

    async def conduct(self, panel: Sequence[Respondent]) -> None:
        """Asks everyone everything that the store does not hold yet.

        Raises:
            DefSimError: The engine or the store gave up; what was answered is safe.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for respondent in panel:
                    for chain in chains_of(self._survey, self._strategy, respondent, self._rules):
                        tasks.create_task(self._interview(respondent, chain))
        except BaseExceptionGroup as group:
            raise _first_cause(group) from group

    async def _interview(self, respondent: Respondent, chain: Sequence[Question]) -> None:
        capacity = respondent.memory_capacity if self._strategy.uses_memory else 0
        memory = Memory(capacity, self._rules.memory)
        earlier: dict[str, Answer] = {}
        for question in chain:
            address = Address(self._rules.seed, respondent.id, question.item_id, question.wording)
            asked = question_as_asked(question, earlier, self._rules)
            answer = self._store.answered().get((respondent.id, question.item_id, question.wording))
            if answer is None:
                answer = await self._answer(respondent, question, asked, memory, address)
                self._store.append(answer)
                self._on_answer(answer)
            earlier[question.id] = answer
            if asked is not None:
                # Answers from the store enter memory too, or a resumed respondent would know less.
                memory = remember(memory, asked, answer, address, self._presentation)

    async def _answer(
        self,
        respondent: Respondent,
        question: Question,
        asked: Question | None,
        memory: Memory,
        address: Address,
    ) -> Answer:
        if asked is None:
            return not_asked(respondent, question)
        async with self._in_flight:
            return await self._hold(self._strategy.ask(asked, respondent, memory, address))

    async def _hold(self, conversation: Conversation[Answer]) -> Answer:
        """Carries requests to the engine and completions back until the strategy has its answer."""
        completions: Sequence[Completion] | None = None
        while True:
            try:
                requests = next(conversation) if completions is None else conversation.send(completions)
            except StopIteration as end:
                answer: Answer = end.value
                return answer
            completions = await asyncio.gather(*(self._complete(request) for request in requests))

    async def _complete(self, request: Request) -> Completion:
        """A completion; a call that fails for good is recorded as failed, never as text."""
        for pause_s in (*_RETRY_PAUSES_S, None):
            try:
                return await self._engine.submit(request)
            except EngineError as error:
                if not error.retryable:
                    return self._failed(error)
                if pause_s is None:
                    raise
            await asyncio.sleep(pause_s)
        raise AssertionError("unreachable: the last try returns or raises")

    def _failed(self, error: EngineError) -> Completion:
        self._num_engine_errors += 1
        if self._num_engine_errors > self._rules.max_engine_errors:
            raise error
        return Completion(text="", finish_reason=FinishReason.ERROR, error=error.message)


def _first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong, rather than what was cancelled because of it."""
    causes = [
        cause
        for error in group.exceptions
        for cause in ([_first_cause(error)] if isinstance(error, BaseExceptionGroup) else [error])
    ]
    return next((cause for cause in causes if isinstance(cause, DefSimError)), causes[0])

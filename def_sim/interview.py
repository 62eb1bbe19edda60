"""The interview: one loop that joins respondents, a strategy and an engine.

Each respondent moves at its own pace; nobody waits for anybody. Where memory makes the order
matter, a respondent's questions run one after another, otherwise side by side. What
is already in the store is not asked again, but enters memory as if it had just been said.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from def_sim.answers.storage.store import AnswerStore
from def_sim.errors import DefSimError, EngineError
from def_sim.questionnaire import (
    InterviewRules,
    capacity_of,
    chains_of,
    not_asked,
    question_as_asked,
    remember,
)
from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerStatus,
    Capabilities,
    Completion,
    FinishReason,
    Question,
    Request,
    Respondent,
    Survey,
)
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import Conversation, Presentation, prompts_are_known, rebuilt_prompt

_RETRY_PAUSES_S = (1.0, 4.0, 16.0)  # before the second, third and fourth try of a failed call
_TRIES_OF_A_REQUEST = 3  # whose reply was of no use, while others may be: each is paid for
_SAYS_NOTHING = (AnswerStatus.ENGINE_ERROR, AnswerStatus.NOT_ASKED)  # of whether the engine works at all


class Strategy(Protocol):
    """A way of putting a question: a conversation that ends in an answer."""

    uses_memory: bool

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """Yields requests, receives their completions in the same order, returns the answer."""
        ...


@runtime_checkable
class HasWork(Protocol):
    """An engine that counts the tokens it reads and writes."""

    @property
    def work(self) -> Mapping[str, int]:
        """`num_prompt_tokens`, `num_reused_tokens` and others; since it was started."""


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
        self._rules = replace(rules, uses_memory=strategy.uses_memory)
        self._on_answer = on_answer
        self._in_flight = asyncio.Semaphore(rules.max_in_flight)
        statuses = [answer.status for answer in store.answered().values()]
        # Counted over all commands of the run: a model that stays broken must not fill it bit by bit.
        self._num_engine_errors = statuses.count(AnswerStatus.ENGINE_ERROR)
        self._has_answered = any(status not in _SAYS_NOTHING for status in statuses)
        self._held_back: list[Answer] = []
        self._failures: list[EngineError] = []

    async def conduct(self, panel: Sequence[Respondent]) -> None:
        """Asks everyone everything that the store does not hold yet.

        Raises:
            DefSimError: The engine or the store gave up, or not a single call succeeded; what was answered
                is safe.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for respondent in panel:
                    for chain in chains_of(self._survey, respondent, self._rules):
                        tasks.create_task(self._interview(respondent, chain))
        except BaseExceptionGroup as group:
            raise _first_cause(group) from group
        if self._failures and not self._has_answered:
            raise self._all_failed()

    @property
    def failures(self) -> Sequence[EngineError]:
        """Of calls that failed for good in this command, in their order."""
        return tuple(self._failures)

    def _all_failed(self) -> EngineError:
        first = self._failures[0]
        return EngineError(
            f"All {len(self._failures)} calls failed, and nothing was answered. The first: {first.message}",
            fix=first.fix,
        )

    async def _interview(self, respondent: Respondent, chain: Sequence[Question]) -> None:
        memory = Memory(capacity_of(respondent, self._rules), self._rules.memory)
        earlier: dict[str, Answer] = {}
        has_asked = False
        for question in chain:
            address = Address(self._rules.seed, respondent.id, question.item_id, question.wording)
            asked = question_as_asked(question, earlier, self._rules)
            answer = self._store.answered().get((respondent.id, question.item_id, question.wording))
            if answer is None:
                answer = await self._answer(respondent, question, asked, memory, address)
                self._keep(answer)
                has_asked = True
            elif has_asked:
                self._check_fits(answer, respondent, asked, memory, address)
            earlier[question.id] = answer
            if asked is not None:
                # Answers from the store enter memory too, or a resumed respondent would know less.
                memory = remember(memory, asked, answer, address, self._presentation)

    def _check_fits(
        self, answer: Answer, respondent: Respondent, asked: Question | None, memory: Memory, address: Address
    ) -> None:
        """Makes sure that what followed a lost answer still follows from the one that replaces it.

        Until the gap was filled nobody could tell.
        """
        if not prompts_are_known(self._strategy):
            return
        expected: tuple[str, tuple[int, ...]] = ("", ())
        if asked is not None:
            expected = rebuilt_prompt(asked, respondent, memory, address, self._presentation)
        if expected != (answer.prompt_hash, answer.shown_codes):
            raise self._store.misfit(answer, "it was given with another memory than the respondent has now")

    def _keep(self, answer: Answer) -> None:
        """Stores an answer; failed ones once it is known that the engine works.

        What is stored is never asked again. While every call fails it is the engine or its settings that
        are to be mended, and then the same command is to ask these questions.
        """
        self._held_back.append(answer)
        self._has_answered = self._has_answered or answer.status not in _SAYS_NOTHING
        while self._has_answered and self._held_back:
            held = self._held_back.pop(0)
            self._store.append(held)
            self._on_answer(held)

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
        for number, pause_s in enumerate((*_RETRY_PAUSES_S, None), 1):
            try:
                return await self._engine.submit(request)
            except EngineError as error:
                is_final = error.is_of_request and number >= _TRIES_OF_A_REQUEST
                if not error.retryable or is_final:
                    return self._failed(error)
                if pause_s is None:
                    raise
            await asyncio.sleep(pause_s)
        raise AssertionError("unreachable: the last try returns or raises")

    def _failed(self, error: EngineError) -> Completion:
        self._num_engine_errors += 1
        if self._num_engine_errors > self._rules.max_engine_errors:
            raise error
        self._failures.append(error)
        return Completion(text="", finish_reason=FinishReason.ERROR, error=error.message)


def _first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong, rather than what was cancelled because of it."""
    causes = [
        cause
        for error in group.exceptions
        for cause in ([_first_cause(error)] if isinstance(error, BaseExceptionGroup) else [error])
    ]
    return next((cause for cause in causes if isinstance(cause, DefSimError)), causes[0])

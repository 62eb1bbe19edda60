"""The interview: one loop that joins respondents, a strategy and an engine.

Each respondent moves at its own pace; nobody waits for anybody. Where memory makes the order
matter, a respondent's questions run one after another, otherwise side by side. What
is already in the store is not asked again: answers enter memory as if they had just been said, and the calls
of a conversation that was broken off are given to the strategy as if they had just come back.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from def_sim.answers.storage.store import AnswerStore
from def_sim.errors import DefSimError, EngineError
from def_sim.prompts import hash_messages
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
    Call,
    Capabilities,
    Completion,
    FinishReason,
    Question,
    Request,
    Respondent,
    Survey,
)
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import Presentation
from def_sim.strategies.contract import OpenConversation, Strategy
from def_sim.strategies.replaying import NO_PROMPT, opening_prompt, stored_prompt

_RETRY_PAUSES_S = (1.0, 4.0, 16.0)  # before the second, third and fourth try of a failed call
_TRIES_OF_A_REQUEST = 3  # whose reply was of no use, while others may be: each is paid for
_SAYS_NOTHING = (AnswerStatus.ENGINE_ERROR, AnswerStatus.NOT_ASKED)  # of whether the engine works at all


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


class EngineCalls:
    """Carries requests to an engine: so many at a time; failed ones again, and counted if they stay failed.

    Args:
        engine: Who completes texts.
        max_in_flight: Most requests under way at once.
        max_engine_errors: Requests that may fail for good, before the first too many is an error.
        num_engine_errors: Those that earlier commands have met.
    """

    def __init__(
        self, engine: Engine, *, max_in_flight: int, max_engine_errors: int, num_engine_errors: int = 0
    ) -> None:
        self._engine = engine
        self._in_flight = asyncio.Semaphore(max_in_flight)
        self._max_engine_errors = max_engine_errors
        self._num_engine_errors = num_engine_errors
        self._failures: list[EngineError] = []

    @property
    def failures(self) -> Sequence[EngineError]:
        """Of requests that failed for good in this command, in their order."""
        return tuple(self._failures)

    def all_failed(self) -> EngineError:
        """The error to raise where requests failed and none succeeded."""
        first = self._failures[0]
        return EngineError(
            f"All {len(self._failures)} calls failed, and nothing was answered. The first: {first.message}",
            fix=first.fix,
        )

    async def complete(self, request: Request) -> Completion:
        """A completion; a call that fails for good is recorded as failed, never as text.

        Raises:
            EngineError: The engine gave up, or too many calls failed.
        """
        async with self._in_flight:
            return await self._try_to_complete(request)

    async def _try_to_complete(self, request: Request) -> Completion:
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
        if self._num_engine_errors > self._max_engine_errors:
            raise error
        self._failures.append(error)
        return Completion(text="", finish_reason=FinishReason.ERROR, error=error.message)


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
        self._store = store
        self._presentation = presentation
        self._rules = replace(rules, uses_memory=strategy.uses_memory)
        self._on_answer = on_answer
        # Chains of questions under way: few are left half done, and what is stored is read in its turn.
        self._turns = asyncio.Semaphore(rules.max_in_flight)
        statuses = store.stored.statuses()
        # Counted over all commands of the run: a model that stays broken must not fill it bit by bit.
        self._calls = EngineCalls(
            engine,
            max_in_flight=rules.max_in_flight,
            max_engine_errors=rules.max_engine_errors,
            num_engine_errors=statuses[AnswerStatus.ENGINE_ERROR],
        )
        self._has_answered = any(status not in _SAYS_NOTHING for status in statuses)
        self._held_back: list[Answer] = []
        self._held_calls: list[Call] = []

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
                        await self._turns.acquire()
                        asked = tasks.create_task(self._interview(respondent, chain))
                        asked.add_done_callback(lambda _: self._turns.release())
        except BaseExceptionGroup as group:
            raise first_cause(group) from group
        if self._calls.failures and not self._has_answered:
            raise self._calls.all_failed()

    @property
    def failures(self) -> Sequence[EngineError]:
        """Of calls that failed for good in this command, in their order."""
        return self._calls.failures

    async def _interview(self, respondent: Respondent, chain: Sequence[Question]) -> None:
        keys = {question.id: (respondent.id, question.item_id, question.wording) for question in chain}
        known = [key for key in keys.values() if key in self._store.stored]
        if len(known) == len(chain):
            return  # nothing is left to ask, so nothing has to be remembered
        stored = self._store.stored.entries_at(known)
        memory = Memory(capacity_of(respondent, self._rules), self._rules.memory)
        earlier: dict[str, Answer] = {}
        has_asked = False
        for question in chain:
            address = Address(self._rules.seed, respondent.id, question.item_id, question.wording)
            asked = question_as_asked(question, earlier, self._rules)
            entry = stored.get(keys[question.id])
            if entry is None:
                answer = await self._answer(respondent, question, asked, memory, address)
                self._keep(answer)
                has_asked = True
            else:
                answer = entry.answer
                if has_asked:
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
        expected = stored = NO_PROMPT
        calls = self._store.calls_for((respondent.id, answer.item_id, answer.wording))
        if asked is None:
            stored = answer.prompt_hash, answer.shown_codes
        else:
            conversation = OpenConversation(self._strategy, asked, respondent, memory, address)
            expected, stored = opening_prompt(conversation), stored_prompt(conversation, answer, calls)
        if expected != stored:
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
        return await self._hold(OpenConversation(self._strategy, asked, respondent, memory, address))

    async def _hold(self, conversation: OpenConversation) -> Answer:
        """Carries requests to the engine and completions back until the strategy has its answer."""
        while requests := conversation.requests:
            if conversation.has_one_call:
                conversation.receive([await self._calls.complete(requests[0])])
                continue
            async with asyncio.TaskGroup() as calls:
                tasks = [calls.create_task(self._call(request)) for request in requests]
            conversation.receive([task.result() for task in tasks])
        return conversation.answer

    async def _call(self, request: Request) -> Completion:
        """The stored completion of a request of several, or a new one, which is stored before it is used."""
        key, prompt_hash = request.key, hash_messages(request.messages)
        stored = self._store.calls_for((key.respondent_id, key.item_id, key.wording)).get(key.call)
        if stored is None:
            completion = await self._calls.complete(request)
            call = Call(key.respondent_id, key.item_id, key.wording, key.call, prompt_hash, completion)
            self._keep_call(call)
            return completion
        if stored.call.prompt_hash != prompt_hash:
            raise self._store.misfit_call(stored.call, "its prompt is not the one that the run sends")
        return stored.call.completion

    def _keep_call(self, call: Call) -> None:
        """Stores a call; failed ones once it is known that the engine works, as failed answers."""
        self._held_calls.append(call)
        if call.completion.finish_reason is not FinishReason.ERROR:
            self._has_answered = True
        while self._has_answered and self._held_calls:
            self._store.append_call(self._held_calls.pop(0))


def first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong, rather than what was cancelled because of it."""
    causes = [
        cause
        for error in group.exceptions
        for cause in ([first_cause(error)] if isinstance(error, BaseExceptionGroup) else [error])
    ]
    return next((cause for cause in causes if isinstance(cause, DefSimError)), causes[0])

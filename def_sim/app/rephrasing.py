"""The loop that joins items, an engine and a store of calls, as `interviews.py` does."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from def_sim.app.rephrasing_calls import CallStore
from def_sim.interviews import Engine, EngineCalls, first_cause
from def_sim.prompts import hash_messages
from def_sim.records import Call, Completion, FinishReason, Request

Result = TypeVar("Result")
Talk = Generator[Sequence[Request], Sequence[Completion], Result]


class Rephrasing:
    """Holds conversations about items, each call once.

    Args:
        engine: Who is asked.
        store: Where calls go, and what is already there.
        max_in_flight: Most requests under way at once.
        max_engine_errors: Requests that may fail for good, before the first too many is an error.
        on_call: Called after each new call is safe.
    """

    def __init__(
        self,
        engine: Engine,
        store: CallStore,
        *,
        max_in_flight: int,
        max_engine_errors: int,
        on_call: Callable[[], object] = lambda: None,
    ) -> None:
        self._store, self._on_call = store, on_call
        self.calls = EngineCalls(engine, max_in_flight=max_in_flight, max_engine_errors=max_engine_errors)
        self._under_way = asyncio.Semaphore(max_in_flight)  # conversations: few are left half done
        self._has_replied = False

    async def conduct(self, talks: Sequence[Talk[Result]]) -> list[Result]:
        """What comes of each conversation, in their order.

        Raises:
            DefSimError: The engine or the store gave up, or not a single call succeeded; what came back is
                safe.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._hold(talk)) for talk in talks]
        except BaseExceptionGroup as errors:
            raise first_cause(errors) from errors
        if self.calls.failures and not self._has_replied:
            raise self.calls.all_failed()
        return [task.result() for task in tasks]

    async def _hold(self, talk: Talk[Result]) -> Result:
        async with self._under_way:
            try:
                requests = next(talk)
                while True:
                    async with asyncio.TaskGroup() as group:
                        tasks = [group.create_task(self._completion(request)) for request in requests]
                    requests = talk.send([task.result() for task in tasks])
            except StopIteration as end:
                result: Result = end.value
                return result

    async def _completion(self, request: Request) -> Completion:
        """The stored completion of a request, or a new one, which is stored before it is used.

        One that failed is not stored: the same command asks for it again.
        """
        key, prompt_hash = request.key, hash_messages(request.messages)
        if (stored := self._store.stored.get((key.item_id, prompt_hash))) is not None:
            return stored.completion
        completion = await self.calls.complete(request)
        if completion.finish_reason is FinishReason.ERROR:
            return completion
        self._has_replied = True
        self._store.append(
            Call(key.respondent_id, key.item_id, key.wording, key.call, prompt_hash, completion)
        )
        self._on_call()
        return completion

"""Anthropic's Message Batches: half the price, for who can wait up to a day.

Requests that arrive together go out together; each waits until its batch has ended. A request
that an earlier command has already sent in a batch waits for that one instead. Knows nothing
of costs and of how a message is read.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from def_sim.engines.batch_journal import BatchJournal
from def_sim.engines.failures import Provider, as_failure, failure_of_status, unreadable
from def_sim.errors import DefSimError, EngineError
from def_sim.records import RequestKey

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types import Message
    from anthropic.types.messages import MessageBatchIndividualResponse

MOST_IN_A_BATCH: Final = 10_000
_STATUS_OF: Final = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_AGAIN: Final = "Run the same command again: it goes on where it stopped."


class MessageBatches:
    """Turns single requests into batches and back.

    Args:
        client: The SDK's client.
        provider: For messages.
        errors: What the client raises.
        journal: Which batches were sent.
        gather_s: How long the first request of a batch waits for others.
        poll_s: How often a batch is asked whether it has ended.
    """

    def __init__(
        self,
        client: "AsyncAnthropic",
        provider: Provider,
        errors: tuple[type[Exception], ...],
        journal: BatchJournal,
        *,
        gather_s: float,
        poll_s: float,
    ) -> None:
        self._client, self._provider, self._journal = client, provider, journal
        self._errors: tuple[type[Exception], ...] = (*errors, json.JSONDecodeError, UnicodeDecodeError)
        self._gather_s, self._poll_s = gather_s, poll_s
        self._asked: dict[str, dict[str, Any]] = {}  # request id -> parameters, while somebody waits
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._unsent: set[str] = set()
        self._arrived: dict[str, Message | DefSimError] = {}  # before anybody asked again
        self._watched: set[str] = set()
        self._ended: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def message(self, key: RequestKey, parameters: dict[str, Any]) -> "Message":
        """The reply to a request, when its batch has ended.

        Raises:
            DefSimError: It failed, or its batch expired.
        """
        custom_id = request_id(key, parameters)
        if custom_id in self._arrived:
            return _message_or_raise(self._arrived.pop(custom_id))
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[custom_id] = waiting
        self._asked[custom_id] = parameters
        self._ask([custom_id])
        try:
            return await waiting
        finally:
            self._unsent.discard(custom_id)
            if self._waiting.get(custom_id) is waiting:
                del self._waiting[custom_id], self._asked[custom_id]

    async def close(self) -> None:
        """Stops waiting; what was sent is on file and can be asked for later."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        gone = EngineError("The engine is closed.", fix=_AGAIN, retryable=True)
        self._deliver(dict.fromkeys(self._waiting, gone))

    def _ask(self, custom_ids: Iterable[str]) -> None:
        """Each waits for the batch it was sent in, or for the next one that goes out."""
        for custom_id in custom_ids:
            batch_id = self._journal.batch_of.get(custom_id)
            if batch_id in self._ended:  # its reply was of no use, or it would not be asked again
                self._journal.forget([custom_id])
            elif batch_id is not None:
                self._watch(batch_id)
                continue
            if not self._unsent:
                self._run_in_background(self._send_soon)
            self._unsent.add(custom_id)

    def _watch(self, batch_id: str) -> None:
        if batch_id not in self._watched:
            self._watched.add(batch_id)
            self._run_in_background(lambda: self._follow(batch_id))

    def _run_in_background(self, work: Callable[[], Any]) -> None:
        task = asyncio.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        """What broke in the background (a full disk) must not leave anybody waiting."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        for waiting in self._waiting.values() if error is not None else ():
            if error is not None and not waiting.done():
                waiting.set_exception(error)

    async def _send_soon(self) -> None:
        await asyncio.sleep(self._gather_s)
        unsent = sorted(self._unsent)
        self._unsent.clear()
        for begin in range(0, len(unsent), MOST_IN_A_BATCH):
            await self._send(unsent[begin : begin + MOST_IN_A_BATCH])

    async def _send(self, custom_ids: list[str]) -> None:
        custom_ids = [name for name in custom_ids if name in self._asked]  # others have given up
        requests: Any = [{"custom_id": name, "params": self._asked[name]} for name in custom_ids]
        try:
            batch = await self._client.messages.batches.create(requests=requests)
        except self._errors as error:
            failure = as_failure(error, self._provider, None)
            self._deliver(dict.fromkeys(custom_ids, failure))
            return
        self._journal.add(batch.id, custom_ids)
        self._watch(batch.id)

    async def _follow(self, batch_id: str) -> None:
        """Waits for the end of a batch and delivers what is in it."""
        sent = [name for name, batch in self._journal.batch_of.items() if batch == batch_id]
        outcomes: dict[str, Message | DefSimError] = {}
        try:
            while (await self._client.messages.batches.retrieve(batch_id)).processing_status != "ended":
                await asyncio.sleep(self._poll_s)
            async for line in await self._client.messages.batches.results(batch_id):
                outcomes[line.custom_id] = self._outcome(line)
        except self._errors as error:
            self._watched.discard(batch_id)
            if getattr(error, "status_code", None) == 404:  # of another account, or too old
                self._send_again(sent)
                return
            failure = as_failure(error, self._provider, None)
            self._deliver({name: failure for name in sent if name in self._waiting})
            return
        self._ended.add(batch_id)
        lost = EngineError(f"Batch {batch_id} ended without an answer.", fix=_AGAIN, retryable=True)
        outcomes = {name: outcomes.get(name, lost) for name in sent}
        self._journal.forget(name for name, outcome in outcomes.items() if _may_be_retried(outcome))
        self._deliver(outcomes)

    def _outcome(self, line: "MessageBatchIndividualResponse") -> "Message | DefSimError":
        result = line.result
        if result.type == "succeeded":
            return result.message
        if result.type == "errored":
            error = result.error.error
            status = _STATUS_OF.get(error.type, 500)
            return failure_of_status(status, error.message, self._provider, None)
        return unreadable(
            self._provider, None, f"the request was {result.type} in its batch", is_of_request=False
        )

    def _send_again(self, custom_ids: list[str]) -> None:
        self._journal.forget(custom_ids)
        self._ask(name for name in custom_ids if name in self._waiting)

    def _deliver(self, outcomes: "Mapping[str, Message | DefSimError]") -> None:
        for custom_id, outcome in outcomes.items():
            waiting = self._waiting.get(custom_id)
            if waiting is None or waiting.done():
                if not _may_be_retried(outcome):
                    self._arrived[custom_id] = outcome
            elif isinstance(outcome, DefSimError):
                waiting.set_exception(outcome)
            else:
                waiting.set_result(outcome)


def request_id(key: RequestKey, parameters: Mapping[str, Any]) -> str:
    """The same for the same request, in whatever command it is asked; allowed as a `custom_id`."""
    content = json.dumps([str(key), parameters], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:48]


def _may_be_retried(outcome: "Message | DefSimError") -> bool:
    return isinstance(outcome, EngineError) and outcome.retryable


def _message_or_raise(outcome: "Message | DefSimError") -> "Message":
    if isinstance(outcome, DefSimError):
        raise outcome
    return outcome

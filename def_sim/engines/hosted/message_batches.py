"""Anthropic's Message Batches: half the price, for who can wait up to a day.

Requests that arrive together go out together; each waits until its batch has ended. A request
that an earlier command has already sent in a batch waits for that one instead; where no reply
says whether the provider took it, that is found out first. Knows nothing of costs and of how a
message is read.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from def_sim.engines.hosted.batch_journal import BatchJournal, Sending
from def_sim.engines.hosted.batch_replies import BatchCalls, MayBeTakenError, UnknownBatchError
from def_sim.engines.hosted.batch_results import Outcome
from def_sim.engines.hosted.batch_search import find_batch
from def_sim.engines.shared.notices import Notices
from def_sim.errors import DefSimError, EngineError

MOST_IN_A_BATCH: Final = 10_000
_LONGEST_BATCH_S: Final = 26 * 3600.0  # the provider ends every batch within a day
_AGAIN: Final = "Run the same command again: it goes on where it stopped."


class MessageBatches:
    """Turns single requests into batches and back.

    Args:
        calls: Sends and reads.
        journal: Which batches were sent.
        gather_s: How long the first request of a batch waits for others.
        poll_s: How often a batch is asked whether it has ended.
        notices: Where the user is told of what happens.
    """

    def __init__(
        self,
        calls: BatchCalls,
        journal: BatchJournal,
        *,
        gather_s: float,
        poll_s: float,
        notices: Notices,
    ) -> None:
        self._calls, self._journal, self._notices = calls, journal, notices
        self._gather_s, self._poll_s = gather_s, poll_s
        self._asked: dict[str, dict[str, Any]] = {}  # request id -> parameters, while somebody waits
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._unsent: set[str] = set()
        self._arrived: dict[str, Outcome] = {}  # before anybody asked again
        self._created: set[str] = set()  # by this command
        self._searched: set[Sending] = set()  # which it is being found out about
        self._left = {
            *journal.batch_of,
            *journal.sending,
        }  # requests that were sent, and nobody waits for them now
        self._watched: set[str] = set()
        self._ended: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def message(self, custom_id: str, parameters: dict[str, Any]) -> Any:
        """The JSON of the reply to a request, when its batch has ended; nobody has read it yet.

        Args:
            custom_id: See `anthropic_messages.request_id`.
            parameters: What is asked.

        Raises:
            DefSimError: It failed, or its batch expired.
        """
        if custom_id in self._arrived:
            return _message_or_raise(self._arrived.pop(custom_id))
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[custom_id] = waiting
        self._asked[custom_id] = parameters
        self._ask([custom_id])
        try:
            return await waiting
        finally:
            self._unsent.discard(custom_id)
            if self._waiting.get(custom_id) is waiting:
                del self._waiting[custom_id], self._asked[custom_id]

    def takes_up(self, custom_id: str) -> bool:
        """Whether a request was sent and left behind; from now on somebody waits for it again."""
        was_left = custom_id in self._left
        self._left.discard(custom_id)
        return was_left

    def leaves(self, custom_id: str, error: BaseException) -> bool:
        """Whether a request for which `error` was raised may be answered all the same, and be paid for."""
        batch_id = self._journal.batch_of.get(custom_id)
        is_settled = isinstance(error, DefSimError) and batch_id in self._ended
        is_left = custom_id in self._journal.sending or (batch_id is not None and not is_settled)
        if is_left:
            self._left.add(custom_id)
        return is_left

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
            if sending := self._journal.sending.get(custom_id):
                self._search(sending)
                continue
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
        if not custom_ids:
            return
        parameters = {name: self._asked[name] for name in custom_ids}
        sending = self._journal.send(custom_ids, time.time())
        try:
            batch_id = await self._calls.create(parameters)
        except MayBeTakenError:
            self._search(sending)
            return
        except DefSimError as failure:
            self._journal.forget(custom_ids)
            self._deliver(dict.fromkeys(custom_ids, failure))
            return
        self._created.add(batch_id)
        self._journal.add(batch_id, custom_ids)
        self._watch(batch_id)

    def _search(self, sending: Sending) -> None:
        if sending not in self._searched:
            self._searched.add(sending)
            self._run_in_background(lambda: self._find(sending))

    async def _find(self, sending: Sending) -> None:
        """Goes on with a batch if the provider has taken it; else its requests may be tried again."""
        sent = sending.custom_ids
        self._notices.add(
            f"No reply says whether a batch of {len(sent):,} requests was taken. It is looked for among the "
            "provider's batches, so that nothing is paid for twice; that can take ten minutes."
        )
        try:
            batch_id = await find_batch(
                self._calls,
                sent,
                sent_at=sending.sent_at,
                known=self._journal.batch_ids(),
                poll_s=self._poll_s,
            )
        except DefSimError as failure:
            self._deliver({name: failure for name in sent if name in self._waiting})
            return
        finally:
            self._searched.discard(sending)
        if batch_id is not None:
            self._journal.add(batch_id, sent)
            self._watch(batch_id)
            return
        self._journal.forget(sent)
        lost = EngineError(
            f"A batch of {len(sent):,} requests was sent, no reply came, and the provider does not have it.",
            fix=_AGAIN,
            retryable=True,
        )
        self._deliver({name: lost for name in sent if name in self._waiting})

    async def _follow(self, batch_id: str) -> None:
        """Waits for the end of a batch and delivers what is in it."""
        sent = [name for name, batch in self._journal.batch_of.items() if batch == batch_id]
        begun = time.monotonic()
        try:
            while not await self._calls.has_ended(batch_id):
                if time.monotonic() - begun > _LONGEST_BATCH_S:
                    raise EngineError(f"Batch {batch_id} has not ended in its day.", fix=_AGAIN)
                await asyncio.sleep(self._poll_s)
            outcomes = await self._calls.results(batch_id, sent)
        except UnknownBatchError:
            self._watched.discard(batch_id)
            if batch_id in self._created:  # to send it again would be paid for without an end
                gone = EngineError(f"Batch {batch_id} was taken and is not there any more.", fix=_AGAIN)
                self._deliver({name: gone for name in sent if name in self._waiting})
            else:  # of another account, or too old
                self._send_again(sent)
            return
        except DefSimError as failure:
            self._watched.discard(batch_id)
            self._deliver({name: failure for name in sent if name in self._waiting})
            return
        self._ended.add(batch_id)
        lost = EngineError(f"Batch {batch_id} ended without an answer.", fix=_AGAIN, retryable=True)
        outcomes = {name: outcomes.get(name, lost) for name in sent}
        self._journal.forget(name for name, outcome in outcomes.items() if _may_be_retried(outcome))
        self._deliver(outcomes)

    def _send_again(self, custom_ids: list[str]) -> None:
        self._journal.forget(custom_ids)
        self._ask(name for name in custom_ids if name in self._waiting)

    def _deliver(self, outcomes: Mapping[str, Outcome]) -> None:
        for custom_id, outcome in outcomes.items():
            waiting = self._waiting.get(custom_id)
            if waiting is None or waiting.done():
                if not _may_be_retried(outcome):
                    self._arrived[custom_id] = outcome
            elif isinstance(outcome, DefSimError):
                waiting.set_exception(outcome)
            else:
                waiting.set_result(outcome)


def _may_be_retried(outcome: Outcome) -> bool:
    return isinstance(outcome, EngineError) and outcome.retryable


def _message_or_raise(outcome: Outcome) -> Any:
    if isinstance(outcome, DefSimError):
        raise outcome
    return outcome

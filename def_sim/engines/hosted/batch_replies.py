"""The calls of Anthropic's Message Batches, their replies read strictly. Knows nothing of who waits.

The SDK would believe what comes, and fetch results from whatever address a reply names, with the key.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from def_sim.engines.hosted.batch_results import Outcome, names_in, outcomes_of
from def_sim.engines.hosted.calls import HostedCalls, Limits
from def_sim.engines.hosted.chat_replies import read_body
from def_sim.engines.hosted.failures import Provider, unreadable
from def_sim.engines.hosted.http_client import Hook
from def_sim.engines.hosted.message_parts import kind_of
from def_sim.engines.hosted.reply_bodies import bound_body
from def_sim.engines.shared.secrets import holds_key
from def_sim.errors import DefSimError

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_NOT_TAKEN: Final = (503, 529)  # errors of a server that has too much to do
_NO_CONNECTION: Final = ("ConnectError", "ConnectTimeout", "PoolTimeout")  # nothing was sent
_PAGE: Final = 100
_MOST_PAGES: Final = 20
_UNDER_WAY: Final = ("in_progress", "canceling")
_BYTES_OF_RESULT: Final = 100_000  # on average, beside one reply of the longest kind
_RESULTS_IN_TIME: Final = 100  # that may take as long as one reply


class UnknownBatchError(Exception):
    """The provider has no batch of that id."""


class MayBeTakenError(Exception):
    """A batch was sent, and no reply says whether the provider took it."""


class ListedBatch(NamedTuple):
    """What the provider's list says of a batch."""

    batch_id: str
    num_requests: int
    has_ended: bool
    created_at: float  # seconds since 1970, by the provider's clock


class BatchCalls:
    """Sends batches, asks after them and fetches their results; nothing of it costs until it is answered.

    Args:
        provider: Who is asked.
        calls: The discipline of calls.
        limits: Of one reply.
        open_client: Opens the SDK's client with a hook for its responses.
    """

    def __init__(
        self,
        provider: Provider,
        calls: HostedCalls,
        limits: Limits,
        open_client: Callable[[Hook], "AsyncAnthropic"],
    ) -> None:
        self._provider, self._calls, self._limits = provider, calls, limits
        self._num_results = 0
        self._client = open_client(self._watch)

    async def create(self, parameters: Mapping[str, Any]) -> str:
        """Sends requests, by their ids, as one batch.

        It is repeated only where the provider refused it: of what it took it would be paid twice.

        Returns:
            The id of the batch.

        Raises:
            MayBeTakenError: It took too long, the connection was lost, or the reply cannot be read.
            DefSimError: It was refused.
        """
        requests: Any = [{"custom_id": name, "params": params} for name, params in parameters.items()]

        was_refused = False

        async def send() -> str:
            nonlocal was_refused
            try:
                reply = await self._client.messages.batches.with_raw_response.create(requests=requests)
            except Exception as error:
                was_refused = _is_refusal(error)
                raise
            return self._id_in(self._read(reply.http_response))

        async def once() -> str:
            nonlocal was_refused
            was_refused = False
            try:
                return str(await self._calls.once(send))
            except DefSimError as failure:
                if was_refused:
                    raise
                raise MayBeTakenError(failure.message) from None

        batch_id: str = await self._calls.repeated(once)
        return batch_id

    def _id_in(self, batch: Mapping[str, Any]) -> str:
        """The id of a batch; it is stored, and becomes part of an address."""
        batch_id = batch.get("id")
        if not isinstance(batch_id, str) or not re.fullmatch(r"[\w-]{1,200}", batch_id, re.ASCII):
            raise unreadable(self._provider, None, f"the id of a batch is {kind_of(batch_id)} that is none")
        if holds_key(batch_id):
            raise unreadable(self._provider, None, "the id of a batch repeats the key")
        return batch_id

    async def listed_since(self, moment: float) -> list[ListedBatch]:
        """The account's batches that were created since then, the newest first.

        Args:
            moment: Seconds since 1970.

        Raises:
            DefSimError: The call failed.
        """
        found: list[ListedBatch] = []
        for _ in range(_MOST_PAGES):
            page = await self._page(found[-1].batch_id if found else None)
            found += page
            if len(page) < _PAGE or page[-1].created_at < moment:
                break
        return [one for one in found if one.created_at >= moment]

    async def _page(self, after: str | None) -> list[ListedBatch]:
        import httpx2

        path = f"/v1/messages/batches?limit={_PAGE}" + (f"&after_id={after}" if after else "")

        async def send() -> list[ListedBatch]:
            reply = await self._client.get(path, cast_to=httpx2.Response)
            batches = self._read(reply).get("data")
            if not isinstance(batches, list):
                raise unreadable(self._provider, None, f"the list of batches is {kind_of(batches)}")
            return [self._listed(one) for one in batches]

        page: list[ListedBatch] = await self._calls.at_no_cost(send)
        return page

    def _listed(self, batch: object) -> ListedBatch:
        if isinstance(batch, Mapping):
            counts = batch.get("request_counts")
            with suppress(TypeError, ValueError, OverflowError):
                num = sum(counts.values()) if isinstance(counts, Mapping) else -1
                created_at = datetime.fromisoformat(batch["created_at"]).timestamp()
                if type(num) is int and "processing_status" in batch:
                    has_ended = batch["processing_status"] == "ended"
                    return ListedBatch(self._id_in(batch), num, has_ended, created_at)
        raise unreadable(self._provider, None, "an entry of the list of batches is none")

    async def has_ended(self, batch_id: str) -> bool:
        """Whether the results of a batch are there.

        Raises:
            UnknownBatchError: There is no such batch.
            DefSimError: The call failed.
        """

        async def send() -> bool:
            reply = await self._or_unknown(self._client.messages.batches.with_raw_response.retrieve(batch_id))
            status = self._read(reply.http_response).get("processing_status")
            if status != "ended" and status not in _UNDER_WAY:
                raise unreadable(self._provider, None, f"processing_status is {status!r}")
            return bool(status == "ended")

        has_ended: bool = await self._calls.at_no_cost(send)
        return has_ended

    async def results(self, batch_id: str, sent: Sequence[str]) -> dict[str, Outcome]:
        """What became of the requests of a batch, by their ids; those of which nothing is said are missing.

        Raises:
            UnknownBatchError: There is no such batch.
            DefSimError: The call failed.
        """
        return outcomes_of(await self._results(batch_id, len(sent)), sent, self._provider)

    async def holds(self, batch_id: str, custom_ids: Sequence[str]) -> bool:
        """Whether results of these requests are among those of a batch that has ended.

        Raises:
            UnknownBatchError: There is no such batch.
            DefSimError: The call failed.
        """
        return not names_in(await self._results(batch_id, len(custom_ids))).isdisjoint(custom_ids)

    async def _results(self, batch_id: str, num_sent: int) -> bytes:
        import httpx2

        self._num_results = max(self._num_results, num_sent)
        path = f"/v1/messages/batches/{batch_id}/results"

        async def send() -> bytes:
            reply = await self._or_unknown(self._client.get(path, cast_to=httpx2.Response))
            return bytes(reply.content)

        timeout_s = self._limits.timeout_s * (1 + num_sent / _RESULTS_IN_TIME)
        content: bytes = await self._calls.at_no_cost(send, timeout_s=timeout_s)
        return content

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()

    async def _watch(self, response: Any) -> None:
        """Hook of the client: results are many replies in one body."""
        await self._calls.listen(response)
        bound_body(response, self._limits.longest_reply_bytes + self._num_results * _BYTES_OF_RESULT)

    async def _or_unknown(self, call: Any) -> Any:
        try:
            return await call
        except Exception as error:
            if getattr(error, "status_code", None) == 404:
                raise UnknownBatchError from None
            raise

    def _read(self, response: Any) -> Mapping[str, Any]:
        kind = response.headers.get("content-type", "")
        return read_body(response.content, kind, self._provider, None)


def _is_refusal(error: Exception) -> bool:
    """Whether the provider said, or never heard enough to do otherwise, that it did not take a request.

    After another error of its own, such as 500 or 504, it may have taken it all the same.
    """
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return 300 <= status < 500 or status in _NOT_TAKEN
    return type(error.__cause__ or error).__name__ in _NO_CONNECTION

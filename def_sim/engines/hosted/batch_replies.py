"""The calls of Anthropic's Message Batches, their replies read strictly. Knows nothing of who waits.

The SDK would believe what comes, and fetch results from whatever address a reply names, with the key.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from def_sim.engines.hosted.calls import HostedCalls, Limits
from def_sim.engines.hosted.chat_replies import read_body
from def_sim.engines.hosted.failures import Provider, failure_of_status, unreadable, words_in
from def_sim.engines.hosted.http_client import Hook
from def_sim.engines.hosted.message_parts import kind_of
from def_sim.engines.hosted.reply_bodies import BodyError, bound_body, read_json
from def_sim.engines.shared.secrets import holds_key
from def_sim.errors import DefSimError

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

Outcome = Any  # the JSON of a message, which nobody has read yet, or a DefSimError

_UNDER_WAY: Final = ("in_progress", "canceling")
_BYTES_OF_RESULT: Final = 100_000  # on average, beside one reply of the longest kind
_RESULTS_IN_TIME: Final = 100  # that may take as long as one reply
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


class UnknownBatchError(Exception):
    """The provider has no batch of that id."""


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

        Returns:
            The id of the batch.

        Raises:
            DefSimError: It failed.
        """
        requests: Any = [{"custom_id": name, "params": params} for name, params in parameters.items()]

        async def send() -> str:
            reply = await self._client.messages.batches.with_raw_response.create(requests=requests)
            batch_id = self._read(reply.http_response).get("id")
            # It is stored, and becomes part of an address.
            if not isinstance(batch_id, str) or not re.fullmatch(r"[\w-]{1,200}", batch_id, re.ASCII):
                raise unreadable(
                    self._provider, None, f"the id of a batch is {kind_of(batch_id)} that is none"
                )
            if holds_key(batch_id):
                raise unreadable(self._provider, None, "the id of a batch repeats the key")
            return batch_id

        batch_id: str = await self._calls.at_no_cost(send)
        return batch_id

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
        import httpx2

        self._num_results = max(self._num_results, len(sent))
        path = f"/v1/messages/batches/{batch_id}/results"

        async def send() -> bytes:
            reply = await self._or_unknown(self._client.get(path, cast_to=httpx2.Response))
            return bytes(reply.content)

        timeout_s = self._limits.timeout_s * (1 + len(sent) / _RESULTS_IN_TIME)
        content: bytes = await self._calls.at_no_cost(send, timeout_s=timeout_s)
        return self._outcomes(content, sent)

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

    def _outcomes(self, content: bytes, sent: Sequence[str]) -> dict[str, Outcome]:
        lines = [line for line in content.split(b"\n") if line.strip()]
        outcomes: dict[str, Outcome] = {}
        unread = 0
        for line in lines:
            try:
                result = read_json(line)
            except BodyError:
                result = None
            name = result.get("custom_id") if isinstance(result, Mapping) else None
            if isinstance(name, str) and name in sent:
                outcomes[name] = self._outcome(result.get("result"))
            else:
                unread += 1
        if unread:
            # Somebody's results, which were paid for.
            failure = unreadable(self._provider, None, f"{unread} lines of the results are not of the batch")
            outcomes = {**dict.fromkeys(sent, failure), **outcomes}
        return outcomes

    def _outcome(self, result: object) -> Outcome:
        kind = result.get("type") if isinstance(result, Mapping) else None
        if not isinstance(result, Mapping) or not isinstance(kind, str):
            return unreadable(
                self._provider, None, f"the result of a request is {kind_of(result)} without a type"
            )
        if kind == "succeeded":
            return result.get("message")
        if kind == "errored":
            return self._failure(result.get("error"))
        is_of_request = kind not in ("canceled", "expired")  # these cost nothing
        said = f"the request was {kind} in its batch"
        return unreadable(self._provider, None, said, is_of_request=is_of_request)

    def _failure(self, error: object) -> DefSimError:
        inner = error.get("error") if isinstance(error, Mapping) else None
        kind = inner.get("type") if isinstance(inner, Mapping) else None
        status = _STATUS_OF.get(kind, 500) if isinstance(kind, str) else 500
        return failure_of_status(status, words_in(error) or "an error without words", self._provider, None)

"""The Anthropic API behind the contract of all engines.

Its constructor is its configuration and imports nothing heavy; the SDK is imported when it
starts. The key comes from the environment (`ANTHROPIC_API_KEY`) and is kept by the SDK alone.
Which parameters a model takes is read from `data/hosted_models.yaml`, so that what the API
would refuse is known at plan time.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from def_sim.engines.hosted.addresses import check_base_url
from def_sim.engines.hosted.anthropic_messages import message_parameters, read_message, request_id
from def_sim.engines.hosted.batch_journal import BatchJournal
from def_sim.engines.hosted.batch_replies import BatchCalls
from def_sim.engines.hosted.calls import HostedCalls, Limits, check_mode, most_tokens_in, provider_facts
from def_sim.engines.hosted.chat_replies import read_body
from def_sim.engines.hosted.cost import Ledger
from def_sim.engines.hosted.failures import Provider, read_key
from def_sim.engines.hosted.hosted_models import check_not_retired, hosted_model
from def_sim.engines.hosted.http_client import HEADERS, Hook, client_settings, transport_errors
from def_sim.engines.hosted.message_batches import MessageBatches
from def_sim.engines.hosted.prices import find_price
from def_sim.engines.shared.deviations import known_deviations
from def_sim.engines.shared.notices import Notices
from def_sim.errors import DefSimError, EngineError
from def_sim.records import Capabilities, Completion, Request

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_ADDRESS: Final = "https://api.anthropic.com"
_KEY_VARIABLE: Final = "ANTHROPIC_API_KEY"


class AnthropicEngine:
    """Answers with a Claude model.

    Args:
        model_name: The API's name, e.g. "claude-sonnet-5-5".
        base_url: Another address than the provider's own; it is given the key.
        deviations: Names of what the model may lack, such as beams and seed; one that it lacks and that is
            not named stops the run.
        max_cost_usd: Most that the run may spend, earlier commands of it included; several shards divide it
            equally; None: no cap; from 0.
        input_usd_per_million: Price of tokens read, where data/prices.yaml has none or another; from 0.
        output_usd_per_million: The same for tokens written; from 0.
        max_concurrent: Most requests under way; adapts downwards; from 1.
        max_retries: How often a call at the start, or one about batches, is repeated that met an overload
            or a lost connection; a batch is sent again after an overload alone, and questions are tried
            again by the interview; from 0.
        timeout_s: How long a request may take, to the last byte of its reply; from 0.001.
        longest_wait_s: How long the run waits at most where a server asks to wait; from 0.
        longest_reply_bytes: Longest reply; a longer one is given up; from 1000.
        batches: Whether to send Message Batches: half the price, answered within a day.
        batch_gather_s: How long the first request of a batch waits for others; from 0.
        batch_poll_s: How long a batch is left alone before it is asked whether it has ended; from 0.

    Raises:
        ConfigError: A value out of its range.
    """

    def __init__(
        self,
        model_name: str,
        *,
        base_url: str | None = None,
        deviations: list[str] | None = None,
        max_cost_usd: float | None = None,
        input_usd_per_million: float | None = None,
        output_usd_per_million: float | None = None,
        max_concurrent: int = 64,
        max_retries: int = 3,
        timeout_s: float = 120.0,
        longest_wait_s: float = 120.0,
        longest_reply_bytes: int = 8_000_000,
        batches: bool = False,
        batch_gather_s: float = 2.0,
        batch_poll_s: float = 20.0,
    ) -> None:
        address = check_base_url(base_url or _ADDRESS)
        self._provider = Provider("Anthropic", address, model_name, _KEY_VARIABLE)
        self._model = hosted_model(model_name)
        self._deviations = known_deviations(deviations)
        self._limits = Limits(max_concurrent, max_retries, timeout_s, longest_wait_s, longest_reply_bytes)
        price = find_price(model_name, input_usd_per_million, output_usd_per_million)
        self.ledger = Ledger(price.in_batches() if price and batches else price, max_cost_usd)
        self.notices = Notices()
        self._sends_batches = batches
        self._batch_times_s = (batch_gather_s, batch_poll_s)
        self._journal = BatchJournal()
        self._batches: MessageBatches | None = None
        self._client: AsyncAnthropic | None = None
        self._batch_calls: BatchCalls | None = None
        self._calls: HostedCalls | None = None
        self._starting = asyncio.Lock()
        self._is_started = False
        self._is_closed = False

    @property
    def capabilities(self) -> Capabilities:
        """No beams, no seed; which sampling parameters depends on the model."""
        takes_any = self._model.sampling != "default_only"
        return Capabilities(
            beams="none",
            seed="none",
            top_k=takes_any,
            top_p=takes_any,
            lowest_temperature=0.0 if takes_any else 1.0,
            highest_temperature=1.0,
            temperature_with_top_p=self._model.sampling == "all",
            thinks_unasked=self._model.thinking == "always",
            answers_late=self._sends_batches,
            deviations=self._deviations,
        )

    def check(self) -> None:
        """Makes sure that the model is still served and that there is a key.

        Raises:
            ModelError: It was retired (with its successors), or the key is missing.
        """
        check_not_retired(self._provider.model_name)
        read_key(self._provider)

    def describe(self) -> dict[str, object]:
        """What is asked, for the manifest; never the key."""
        return {
            **provider_facts(self._provider, "anthropic", self.ledger, self._deviations),
            "thinking": self._model.thinking,
            "sampling": self._model.sampling,
            "batches": self._sends_batches,
        }

    def keep_in(self, folder: Path, name: str, shards: Sequence[str] = ()) -> None:
        """Keeps accounts and batches in the folder of a run, and goes on with those that lie there."""
        self.ledger.keep_in(folder, name, shards)
        if self._sends_batches:
            self._journal = BatchJournal(folder, name)

    async def start(self) -> None:
        """Opens the connection and makes sure, at no cost, that key and model are accepted.

        Raises:
            ModelError: A wrong key, an unknown model, no access.
            EngineError: The server cannot be reached, or the engine is closed.
        """
        if self._is_closed:
            raise EngineError("The engine is closed.", retryable=True)
        async with self._starting:
            if not self._is_started:
                await self._connect()
                self._is_started = True

    async def _connect(self) -> None:
        import anthropic

        check_not_retired(self._provider.model_name)
        errors: tuple[type[Exception], ...] = (anthropic.AnthropicError, *transport_errors())
        calls = HostedCalls(self._provider, self._limits, self.ledger, errors, self.notices)
        client = self._open(calls.watch)
        self._client, self._calls = client, calls
        if self._sends_batches:
            gather_s, poll_s = self._batch_times_s
            self._batch_calls = BatchCalls(self._provider, calls, self._limits, self._open)
            self._batches = MessageBatches(
                self._batch_calls, self._journal, gather_s=gather_s, poll_s=poll_s, notices=self.notices
            )
        models = client.models.with_raw_response
        await calls.at_no_cost(lambda: models.retrieve(self._provider.model_name))

    def _open(self, hook: Hook) -> "AsyncAnthropic":
        import anthropic

        return anthropic.AsyncAnthropic(
            api_key=read_key(self._provider),
            base_url=self._provider.base_url,
            timeout=self._limits.timeout_s,
            max_retries=0,  # each try is paced, capped and has its own time
            default_headers=HEADERS,
            http_client=anthropic.DefaultAsyncHttpxClient(**client_settings(hook)),
        )

    async def submit(self, request: Request) -> Completion:
        """The model's answer.

        Raises:
            CostCapError: The cap is reached.
            ModelError: Every request would fail.
            EngineError: This request failed.
        """
        check_mode(request, self._provider)
        await self.start()
        assert self._calls is not None
        parameters = message_parameters(request, self._model, self.capabilities)

        if self._batches is not None:
            return await self._submit_to_batch(request, parameters)

        async def send() -> Completion:
            assert self._client is not None
            reply = await self._client.messages.with_raw_response.create(
                model=self._provider.model_name, timeout=self._limits.timeout_s, **parameters
            )
            whole = reply.http_response
            kind = whole.headers.get("content-type", "")
            body = read_body(whole.content, kind, self._provider, request)
            return read_message(body, self._provider, request)

        return await self._calls.complete(request, parameters["max_tokens"], send)

    async def _submit_to_batch(self, request: Request, parameters: dict[str, Any]) -> Completion:
        assert self._batches is not None
        assert self._calls is not None
        sampling = parameters.pop("extra_body")
        whole = {"model": self._provider.model_name, **parameters, **sampling}
        begun = time.monotonic()
        most_out = parameters["max_tokens"]
        custom_id = request_id(request.key, whole)
        was_left = self._batches.takes_up(custom_id)
        async with self.ledger.reserved(most_tokens_in(request), most_out, was_left=was_left) as bill:
            try:
                message = await self._batches.message(custom_id, whole)
            except (DefSimError, asyncio.CancelledError) as error:
                # Failed ones cost nothing; those that are left behind are charged on return. A result that
                # cannot be read was paid for.
                if self._batches.leaves(custom_id, error):
                    bill.is_left_behind()
                elif not getattr(error, "is_of_request", False):
                    bill.is_free()
                raise
            completion = read_message(message, self._provider, request)
            completion = self._calls.received(completion, request, bill, most_out)
        return replace(completion, seconds=time.monotonic() - begun)

    async def close(self) -> None:
        """Closes the connection. Twice is harmless."""
        self._is_closed = True
        self.ledger.save()
        if self._batches is not None:
            await self._batches.close()
        for connection in (self._client, self._batch_calls):
            if connection is not None:
                await connection.close()

"""The discipline of every hosted engine: paced, capped, bounded, tried again, failures in our words.

Joins `pacing`, `cost`, `waiting`, `reply_bodies` and `failures` around one call. Which call that is, and
how a reply is read, is the business of the engine.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Final

from def_sim.engines.cost import Bill, Ledger
from def_sim.engines.deviations import MEANINGS
from def_sim.engines.failures import Provider, as_failure, too_slow
from def_sim.engines.notices import Notices
from def_sim.engines.pacing import Pace
from def_sim.engines.reply_bodies import BodyError, bound_body
from def_sim.engines.waiting import asked_to_wait_s, bearable_s, pause_after_s, sentence_about
from def_sim.errors import ConfigError, EngineError
from def_sim.records import AnswerMode, Completion, Request

_OVERLOADED: Final = (429, 503, 529)
_TOKENS_OF_FRAME: Final = 64  # what a provider adds around all turns
_TOKENS_OF_TURN: Final = 16  # and around each
# What a provider may add unseen: a system text of its own, thoughts beyond the limit.
_TOKENS_UNSEEN: Final = 100_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How a provider is asked.

    Args:
        max_concurrent: Most requests under way.
        max_retries: How often a request is repeated at once that met an overload or a lost connection.
        timeout_s: How long a request may take, from sending to the last byte of its reply.
    """

    max_concurrent: int
    max_retries: int
    timeout_s: float

    def __post_init__(self) -> None:
        if self.max_concurrent < 1 or self.max_retries < 0 or self.timeout_s <= 0:
            raise ConfigError(
                "model.engine: max_concurrent must be at least 1, max_retries at least 0, timeout_s above 0.",
                fix="Correct the one that is not.",
            )


class HostedCalls:
    """Makes calls at one provider.

    Args:
        provider: Who is asked.
        limits: How.
        ledger: What it may cost.
        errors: What its SDK raises.
        notices: Where the user is told of what happens.
    """

    def __init__(
        self,
        provider: Provider,
        limits: Limits,
        ledger: Ledger,
        errors: tuple[type[Exception], ...],
        notices: Notices,
    ) -> None:
        self._provider = provider
        self._limits = limits
        self._pace = Pace(limits.max_concurrent)
        self._ledger = ledger
        self._errors: tuple[type[Exception], ...] = (
            *errors,
            BodyError,
            json.JSONDecodeError,
            UnicodeDecodeError,
        )
        self._notices = notices

    async def complete(
        self, request: Request, max_tokens: int, send: Callable[[], Awaitable[Completion]]
    ) -> Completion:
        """One completion, waiting for its turn, tried again where the provider was at fault.

        Args:
            request: What is asked.
            max_tokens: Most that the model may write.
            send: Makes the call and reads its reply.

        Raises:
            CostCapError: It would cost more than is left.
            DefSimError: The call failed, see `failures.as_failure`.
        """
        submitted_at = time.monotonic()
        completion: Completion = await self._repeated(lambda: self._once(request, max_tokens, send))
        return replace(completion, seconds=time.monotonic() - submitted_at)

    async def first_contact(self, send: Callable[[], Awaitable[Any]]) -> Any:
        """A call that costs nothing, with the same errors."""

        async def once() -> Any:
            async with self._pace.turn():
                return await self._sent(send, None)

        return await self._repeated(once)

    async def _repeated(self, once: Callable[[], Awaitable[Any]]) -> Any:
        for attempt in range(1, self._limits.max_retries + 2):
            try:
                return await once()
            except EngineError as error:
                # A reply of no use was paid for, and the interview asks again, in a while.
                if not error.retryable or error.is_of_request or attempt > self._limits.max_retries:
                    raise
            await asyncio.sleep(pause_after_s(attempt))  # and the pace keeps to what the provider asks for
        raise AssertionError("unreachable: the last try returns or raises")

    async def _once(
        self, request: Request, max_tokens: int, send: Callable[[], Awaitable[Completion]]
    ) -> Completion:
        most_in = most_tokens_in(request)
        async with self._pace.turn(), self._ledger.reserved(most_in, max_tokens) as bill:
            completion: Completion = await self._sent(send, request, bill)
            return self.charged(completion, bill, most_in, max_tokens)

    async def _sent(
        self, send: Callable[[], Awaitable[Any]], request: Request | None, bill: Bill | None = None
    ) -> Any:
        """The reply, if it is whole within the time that a request has."""
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                return await send()
        except TimeoutError:
            raise too_slow(self._provider, request, self._limits.timeout_s) from None
        except self._errors as error:
            if bill is not None and getattr(error, "status_code", 0) >= 400:
                bill.is_free()
            raise as_failure(error, self._provider, request) from None

    def charged(self, completion: Completion, bill: Bill, most_in: int, max_tokens: int) -> Completion:
        """The completion, with what it cost on the bill; counts that cannot be true count as not reported.

        Args:
            completion: As it was read, with the provider's counts, or 0 where it reports none.
            bill: Of the request.
            most_in: Most tokens that its prompt can have.
            max_tokens: Most that were to be written.
        """
        tokens_in, tokens_out = completion.num_prompt_tokens, completion.num_generated_tokens
        has_text = bool(completion.text or completion.reasoning)
        if (
            0 < tokens_in <= most_in + _TOKENS_UNSEEN
            and has_text <= tokens_out <= max_tokens + _TOKENS_UNSEEN
        ):
            self._ledger.charge(bill, tokens_in, tokens_out)
            return completion
        bill.is_uncounted = True
        capped = " Each such request is booked at the most that it can cost." if self._ledger.price else ""
        self._notices.add(
            f"{self._provider.name} reports no usable token counts (`usage` is missing or cannot be true): "
            f"tokens are not known.{capped}"
        )
        return replace(completion, num_prompt_tokens=0, num_generated_tokens=0)

    async def listen(self, response: Any) -> None:
        """Hook of the HTTP client: the pace hears of every refusal."""
        if response.status_code in _OVERLOADED:
            asked_s = asked_to_wait_s(response.headers)
            self._pace.was_refused(bearable_s(asked_s))
            if sentence := sentence_about(asked_s, self._provider.name):
                self._notices.add(sentence)
        elif response.status_code < 400:
            self._pace.went_well()

    async def watch(self, response: Any) -> None:
        """The same, and the body is bounded."""
        await self.listen(response)
        bound_body(response)


def most_tokens_in(request: Request) -> int:
    """More tokens than a request can have: a token is at least one byte."""
    content = sum(len(message.content.encode()) + _TOKENS_OF_TURN for message in request.messages)
    return content + _TOKENS_OF_FRAME


def provider_facts(
    provider: Provider, name: str, ledger: Ledger, deviations: Sequence[str]
) -> dict[str, object]:
    """What every hosted engine says of itself in the manifest; never the key.

    Args:
        provider: Whom it asks.
        name: Of the provider and of its SDK's package.
        ledger: Where its prices are.
        deviations: What it goes without, by name.
    """
    price = ledger.price
    return {
        "engine": name,
        "model_name": provider.model_name,
        "base_url": provider.base_url,
        "sdk": f"{name} {version(name)}",
        "deviations": {deviation: MEANINGS[deviation] for deviation in deviations},
        "usd_per_million_tokens": [price.input_usd, price.output_usd] if price else None,
        "prices_as_of": price.as_of if price else None,
        "identity": {"provider": name, "model": provider.model_name},
    }


def check_mode(request: Request, provider: Provider) -> None:
    """Hosted engines write free text.

    Raises:
        EngineError: Another mode is asked for.
    """
    if request.mode is not AnswerMode.FREE:
        raise EngineError(f"{request.key}: {provider.name} has no mode {request.mode}.")

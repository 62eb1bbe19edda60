"""The discipline of every hosted engine: paced, capped, bounded, failures in our words.

Joins `pacing`, `cost`, `waiting`, `reply_bodies` and `failures` around one call. Which call that is, and
how a reply is read, is the business of the engine.
"""

import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import Any, Final

from def_sim.engines.hosted.accounts import Bill
from def_sim.engines.hosted.cost import Ledger
from def_sim.engines.hosted.failures import BrokenReplyError, Provider, as_failure, too_slow
from def_sim.engines.hosted.pacing import Pace
from def_sim.engines.hosted.reply_bodies import BodyError, bound_body
from def_sim.engines.hosted.waiting import asked_to_wait_s, pause_after_s, sentence_about
from def_sim.engines.shared.deviations import MEANINGS
from def_sim.engines.shared.notices import Notices
from def_sim.engines.shared.secrets import redacted
from def_sim.errors import ConfigError, EngineError
from def_sim.records import AnswerMode, Completion, Request

_OVERLOADED: Final = (429, 503, 529)
_LEAST: Final = {
    "max_concurrent": 1,
    "max_retries": 0,
    "timeout_s": 1e-3,
    "longest_wait_s": 0,
    "longest_reply_bytes": 1000,  # of an error in words
}
_TOKENS_OF_FRAME: Final = 64  # what a provider adds around all turns
_TOKENS_OF_TURN: Final = 16  # and around each
# What a provider may add unseen: a system text of its own, thoughts beyond the limit.
_TOKENS_UNSEEN: Final = 100_000
_LONGEST_TOKEN: Final = 256  # bytes; who reports fewer tokens than that allows has not counted them all


@dataclass(frozen=True, slots=True)
class Limits:
    """How a provider is asked.

    Args:
        max_concurrent: Most requests under way.
        max_retries: How often a call is repeated at once that is not of an interview: the requests at the
            start, and what is asked about batches. A question is tried again by the interview alone.
        timeout_s: How long a request may take, from sending to the last byte of its reply.
        longest_wait_s: How long the run waits at most where a server asks to wait.
        longest_reply_bytes: Most bytes of a reply; a longer one is given up.
    """

    max_concurrent: int
    max_retries: int
    timeout_s: float
    longest_wait_s: float = 120.0
    longest_reply_bytes: int = 8_000_000

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not math.isfinite(value) or value < least:
                raise ConfigError(
                    f"model.engine.{name}={value} is out of its range.",
                    fix=f"Give a number of at least {least:g}.",
                )


# Whether the call under way in this task has been answered at all; hooks run in the task of their call.
_HAS_BEGUN: Final[ContextVar[bool]] = ContextVar("has_begun", default=False)


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
        self,
        request: Request,
        max_tokens: int,
        send: Callable[[], Awaitable[Completion]],
        *,
        is_question: bool = True,
    ) -> Completion:
        """One completion, waiting for its turn.

        A question is tried once: whether and when it is tried again, and how often at most, is the
        interview's rule. Were it tried again here, too, the two would multiply.

        Args:
            request: What is asked.
            max_tokens: Most that the model may write.
            send: Makes the call and reads its reply.
            is_question: False: nobody else tries it again, so it is done here.

        Raises:
            CostCapError: It would cost more than is left.
            DefSimError: The call failed, see `failures.as_failure`.
        """
        submitted_at = time.monotonic()
        once = partial(self._once, request, max_tokens, send)
        completion: Completion = await (once() if is_question else self.repeated(once))
        return replace(completion, seconds=time.monotonic() - submitted_at)

    async def at_no_cost(self, send: Callable[[], Awaitable[Any]], *, timeout_s: float | None = None) -> Any:
        """A call that costs nothing, with the same errors.

        Args:
            send: Makes the call and reads its reply.
            timeout_s: How long it may take, where that is not the time of one reply.
        """
        return await self.repeated(partial(self.once, send, timeout_s=timeout_s))

    async def once(self, send: Callable[[], Awaitable[Any]], *, timeout_s: float | None = None) -> Any:
        """The same, not repeated: for what must not be sent twice. Arguments as for `at_no_cost`."""
        async with self._pace.turn():
            return await self._sent(send, None, timeout_s=timeout_s)

    async def repeated(self, once: Callable[[], Awaitable[Any]]) -> Any:
        """Makes a call again after an overload or a lost connection, `max_retries` times at most."""
        for attempt in range(1, self._limits.max_retries + 2):
            try:
                return await once()
            except EngineError as error:
                # A reply of no use was paid for.
                is_paid = error.is_of_request and not isinstance(error, BrokenReplyError)
                if not error.retryable or is_paid or attempt > self._limits.max_retries:
                    raise
            await asyncio.sleep(pause_after_s(attempt))  # and the pace keeps to what the provider asks for
        raise AssertionError("unreachable: the last try returns or raises")

    async def _once(
        self, request: Request, max_tokens: int, send: Callable[[], Awaitable[Completion]]
    ) -> Completion:
        async with (
            self._pace.turn(),
            self._ledger.reserved(most_tokens_in(request), max_tokens) as bill,
        ):
            completion: Completion = await self._sent(send, request, bill)
            return self.received(completion, request, bill, max_tokens)

    async def _sent(
        self,
        send: Callable[[], Awaitable[Any]],
        request: Request | None,
        bill: Bill | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Any:
        """The reply, if it is whole within the time that a request has."""
        timeout_s = timeout_s or self._limits.timeout_s
        _HAS_BEGUN.set(False)
        try:
            async with asyncio.timeout(timeout_s):
                return await send()
        except TimeoutError:
            raise too_slow(self._provider, request, timeout_s, has_begun=_HAS_BEGUN.get()) from None
        except self._errors as error:
            if bill is not None and getattr(error, "status_code", 0) >= 400:
                bill.is_free()
            raise as_failure(error, self._provider, request) from None

    def received(self, completion: Completion, request: Request, bill: Bill, max_tokens: int) -> Completion:
        """The completion as it may be kept: without keys, and with what it cost on the bill.

        Args:
            completion: As it was read, with the provider's counts, or 0 where it reports none.
            request: What was asked.
            bill: Of the request.
            max_tokens: Most that were to be written.
        """
        completion = self._charged(completion, most_tokens_in(request), bill, max_tokens)
        text, reasoning = redacted(completion.text), redacted(completion.reasoning)
        if (text, reasoning) == (completion.text, completion.reasoning):
            return completion
        bill.has_key = True
        self._notices.add(
            f"{self._provider.name} repeats the key that it was sent in its replies. Stored is [key] "
            "instead; replace the key if it may be in a text that others read."
        )
        return replace(completion, text=text, reasoning=reasoning)

    def _charged(self, completion: Completion, most_in: int, bill: Bill, max_tokens: int) -> Completion:
        """Counts that cannot be true count as not reported, and are booked at the most they can be."""
        tokens_in, tokens_out = completion.num_prompt_tokens, completion.num_generated_tokens
        written = len(_bytes_of(completion.text)) + len(_bytes_of(completion.reasoning))
        least_in = (most_in - _TOKENS_OF_FRAME) / _LONGEST_TOKEN
        if (
            least_in <= tokens_in <= most_in + _TOKENS_UNSEEN
            and written / _LONGEST_TOKEN <= tokens_out <= max_tokens + _TOKENS_UNSEEN
        ):
            self._ledger.charge(bill, tokens_in, tokens_out)
            return completion
        # A server that counts nothing may heed no limit either: then a token is at least one byte.
        self._ledger.charge_most(bill, most_in, max(max_tokens, written + _TOKENS_OF_FRAME))
        capped = " Each such request is booked at the most that it can cost." if self._ledger.price else ""
        self._notices.add(
            f"{self._provider.name} reports no usable token counts (`usage` is missing or cannot be true): "
            f"tokens are not known.{capped}"
        )
        return replace(completion, num_prompt_tokens=0, num_generated_tokens=0)

    async def listen(self, response: Any) -> None:
        """Hook of the HTTP client: the pace hears of every refusal."""
        _HAS_BEGUN.set(True)
        if response.status_code in _OVERLOADED:
            asked_s = asked_to_wait_s(response.headers)
            longest_s = self._limits.longest_wait_s
            self._pace.was_refused(min(asked_s, longest_s))
            if sentence := sentence_about(asked_s, longest_s, self._provider.name):
                self._notices.add(sentence)
        elif response.status_code < 400:
            self._pace.went_well()

    async def watch(self, response: Any) -> None:
        """The same, and the body is bounded."""
        await self.listen(response)
        bound_body(response, self._limits.longest_reply_bytes)


def most_tokens_in(request: Request) -> int:
    """More tokens than a request can have: a token is at least one byte."""
    content = sum(len(_bytes_of(message.content)) + _TOKENS_OF_TURN for message in request.messages)
    return content + _TOKENS_OF_FRAME


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")


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

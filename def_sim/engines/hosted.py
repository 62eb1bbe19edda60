"""The discipline of every hosted engine: paced, capped, retried by its SDK, failures in our words.

Joins `pacing`, `cost` and `failures` around one call. Which call that is, and how a reply is
read, is the business of the engine.
"""

import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Final

from def_sim.engines.cost import Ledger
from def_sim.engines.deviations import MEANINGS
from def_sim.engines.failures import Provider, as_failure
from def_sim.engines.pacing import Pace
from def_sim.errors import ConfigError, EngineError
from def_sim.records import AnswerMode, Completion, Request

_OVERLOADED: Final = (429, 503, 529)
_TOKENS_OF_FRAME: Final = 64  # what a provider adds around all turns
_TOKENS_OF_TURN: Final = 16  # and around each


@dataclass(frozen=True, slots=True)
class Limits:
    """How a provider is asked.

    Args:
        max_concurrent: Most requests under way.
        max_retries: How often the SDK repeats a failed request by itself.
        timeout_s: How long the SDK waits for a reply.
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
    """

    def __init__(
        self, provider: Provider, limits: Limits, ledger: Ledger, errors: tuple[type[Exception], ...]
    ) -> None:
        self._provider = provider
        self._pace = Pace(limits.max_concurrent)
        self._ledger = ledger
        self._errors: tuple[type[Exception], ...] = (*errors, json.JSONDecodeError, UnicodeDecodeError)

    async def complete(
        self, request: Request, max_tokens: int, send: Callable[[], Awaitable[Completion]]
    ) -> Completion:
        """One completion, waiting for its turn.

        Args:
            request: What is asked.
            max_tokens: Most that the model may write.
            send: Makes the call and reads its reply.

        Raises:
            CostCapError: It would cost more than is left.
            DefSimError: The call failed, see `failures.as_failure`.
        """
        submitted_at = time.monotonic()
        async with self._pace.turn(), self._ledger.reserved(most_tokens_in(request), max_tokens) as bill:
            try:
                completion = await send()
            except self._errors as error:
                if getattr(error, "status_code", 0) >= 400:
                    bill.is_free()
                raise as_failure(error, self._provider, request) from None
            self._ledger.charge(bill, completion.num_prompt_tokens, completion.num_generated_tokens)
        return replace(completion, seconds=time.monotonic() - submitted_at)

    async def first_contact(self, send: Callable[[], Awaitable[Any]]) -> Any:
        """A call that costs nothing, with the same errors."""
        try:
            return await send()
        except self._errors as error:
            raise as_failure(error, self._provider, None) from None

    async def watch(self, response: Any) -> None:
        """Hook of the HTTP client: the SDK repeats by itself, but the pace must hear of every refusal."""
        if response.status_code in _OVERLOADED:
            self._pace.was_refused(_pause_s(response.headers))
        elif response.status_code < 400:
            self._pace.went_well()


def _pause_s(headers: Any) -> float:
    """Seconds that the provider asks to wait; 0 where it does not say, or names a date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        if re.fullmatch(r"\d+(\.\d+)?", headers.get(name, "")):
            return float(headers[name]) / unit
    return 0.0


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


def check_base_url(base_url: str) -> str:
    """An address without credentials, and without a slash at its end.

    Raises:
        ConfigError: It is no address, or holds a user, password or key. The address is not repeated.
    """
    if not re.match(r"https?://[^/]", base_url):
        raise ConfigError(
            "model.engine.base_url is no address of a server.", fix="It looks like http://localhost:8000/v1."
        )
    if "@" in base_url or "?" in base_url:
        raise ConfigError(
            "model.engine.base_url holds more than an address.",
            fix="Leave user, password and query out; a key belongs in an environment variable.",
        )
    return base_url.rstrip("/")

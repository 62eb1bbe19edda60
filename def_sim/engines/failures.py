"""What a provider's refusal means: stop and say what to mend, give up this request, or try again.

The two SDKs name their errors alike, so this needs neither. No message ever holds the key,
even where a server repeats it.
"""

import os
import re
from dataclasses import dataclass
from typing import Final

from def_sim.errors import DefSimError, EngineError, ModelError
from def_sim.records import Request, Role

_TOO_LONG: Final = re.compile(
    r"prompt is too long|context.{0,3}(length|window|size)|maximum.{0,20}(tokens|length)"
    r"|too many (input )?tokens|input.{0,20}too long",
    re.IGNORECASE,
)
_NO_CREDIT: Final = re.compile(
    r"credit balance|insufficient_quota|exceeded your current quota|billing", re.IGNORECASE
)
_KEY: Final = re.compile(r"\bsk-[\w*.-]{6,}")
_LONGEST_QUOTE: Final = 300
_AGAIN: Final = "Run the same command again later: it goes on where it stopped."


@dataclass(frozen=True, slots=True)
class Provider:
    """Who is asked. `key_variable` names the environment variable of the key; None: no key."""

    name: str
    base_url: str
    model_name: str
    key_variable: str | None


def missing_key(provider: Provider) -> ModelError:
    """There is no key in the environment."""
    return ModelError(
        f"{provider.name}: the environment variable {provider.key_variable} holds no key.",
        fix=f"Set it in the shell that runs this: `export {provider.key_variable}=...`. "
        "Keys never belong in a configuration.",
    )


def read_key(provider: Provider) -> str | None:
    """The key from the environment; None where none is needed.

    Raises:
        ModelError: One is needed and missing, or holds characters that no key has.
    """
    if provider.key_variable is None:
        return None
    key = os.environ.get(provider.key_variable, "").strip()
    if not key:
        raise missing_key(provider)
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ModelError(
            f"{provider.name}: {provider.key_variable} holds characters that no key has.",
            fix="Copy the key again, without quotes, spaces or line breaks.",
        )
    return key


def as_failure(error: Exception, provider: Provider, request: Request | None) -> DefSimError:
    """An SDK's error in our words.

    Args:
        error: An APIError of either SDK, or what broke while a reply was read.
        provider: Who was asked.
        request: What was asked; None for the first contact.

    Returns:
        ModelError: Every request would fail (key, model, credit).
        EngineError: This request failed; retryable where the provider was at fault.
    """
    status = getattr(error, "status_code", None)
    said = quoted(_words_of(error), provider)
    if status is None or status < 400:
        return _unreadable_or_lost(error, provider, request, said)
    return failure_of_status(status, said, provider, request)


def failure_of_status(status: int, said: str, provider: Provider, request: Request | None) -> DefSimError:
    """A refusal by its HTTP status and the server's words; kinds as in `as_failure`."""
    said = quoted(said, provider)
    if status == 401:
        return _wrong_key(provider)
    if status == 402 or (status in (400, 403, 429) and _NO_CREDIT.search(said)):
        return ModelError(
            f"{provider.name} says that the account has no credit left: {said}",
            fix="Add credit at the provider, then run the same command again: it goes on where it stopped.",
        )
    if status == 403:
        return ModelError(
            f"{provider.name} does not let this key use {provider.model_name}: {said}",
            fix="Ask the owner of the account for access, or choose another model.",
        )
    if status == 404:
        return _unknown_model(provider, said)
    if status in (408, 409, 429) or status >= 500:
        return EngineError(f"{_where(provider, request)}: error {status}, {said}", fix=_AGAIN, retryable=True)
    if _TOO_LONG.search(said) or status == 413:
        return _too_long(provider, request, said)
    return EngineError(
        f"{_where(provider, request)}: the request was refused (error {status}, {said})",
        fix="If it names a parameter, this model does not take it: see docs/add_a_model.md.",
    )


def unreadable(provider: Provider, request: Request | None, what: str) -> EngineError:
    """A reply that is not what the protocol promises; again may help."""
    return EngineError(
        f"{_where(provider, request)}: the reply is unreadable ({what}).", fix=_AGAIN, retryable=True
    )


def quoted(text: str, provider: Provider) -> str:
    """A server's words, shortened, without the key."""
    key = os.environ.get(provider.key_variable, "") if provider.key_variable else ""
    if key:
        text = text.replace(key, "[key]")
    text = " ".join(_KEY.sub("[key]", text).split())
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 3] + "..."


def _words_of(error: Exception) -> str:
    """The SDK's message; with the reply itself where a server has an error format of its own."""
    said = str(getattr(error, "message", error))
    if re.fullmatch(r"Error code: \d+", said):
        return f"{said} {getattr(getattr(error, 'response', None), 'text', '')}"
    return said


def _unreadable_or_lost(
    error: Exception, provider: Provider, request: Request | None, said: str
) -> EngineError:
    if "Connection" in type(error).__name__ or "Timeout" in type(error).__name__:
        return EngineError(
            f"{_where(provider, request)} at {provider.base_url} cannot be reached or broke off ({said})",
            fix=f"Is the server up and the address right? {_AGAIN}",
            retryable=True,
        )
    return unreadable(provider, request, said)


def _wrong_key(provider: Provider) -> ModelError:
    if provider.key_variable is None:
        return ModelError(
            f"{provider.name} at {provider.base_url} wants a key.",
            fix="Put it into an environment variable and name that: `model.engine.key_variable=MY_KEY`.",
        )
    return ModelError(
        f"{provider.name} refused the key in {provider.key_variable}.",
        fix=f"Create a valid key at the provider and set it: `export {provider.key_variable}=...`.",
    )


def _unknown_model(provider: Provider, said: str) -> ModelError:
    return ModelError(
        f"{provider.name} at {provider.base_url} has no model {provider.model_name!r}: {said}",
        fix="Correct `model.engine.model_name=`; data/hosted_models.yaml has successors of retired models.",
    )


def _too_long(provider: Provider, request: Request | None, said: str) -> EngineError:
    remembered = sum(message.role is Role.ASSISTANT for message in request.messages) if request else 0
    return EngineError(
        f"{_where(provider, request)}: the prompt with {remembered} remembered exchanges is longer than "
        f"{provider.model_name} can read ({said})",
        fix="Lower `memory.max_capacity`, or choose a model or server with a longer context.",
    )


def _where(provider: Provider, request: Request | None) -> str:
    return f"{request.key}: {provider.name}" if request else provider.name

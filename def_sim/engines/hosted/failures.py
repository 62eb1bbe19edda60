"""What a provider's refusal means: stop and say what to mend, give up this request, or try again.

The two SDKs name their errors alike, so this needs neither. No message ever holds the key,
even where a server repeats it, nor anything invisible that a server writes.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from def_sim.engines.hosted.addresses import advice_on_address
from def_sim.engines.hosted.reply_bodies import BodyError
from def_sim.engines.hosted.token_limits import LimitRefusal, limit_refusal
from def_sim.engines.hosted.waiting import asked_to_wait_s
from def_sim.engines.shared.secrets import guard
from def_sim.engines.shared.server_words import duration_in_words, is_web_page, quoted
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
PROBE: Final = "probe"  # the item of a request that only finds out what a server does
_WORTH_NAMING_S: Final = 120.0  # of a wait that is asked for
_AGAIN: Final = "Run the same command again later: it goes on where it stopped."


@dataclass(frozen=True, slots=True)
class Provider:
    """Who is asked. `key_variable` names the environment variable of the key; None: no key."""

    name: str
    base_url: str
    model_name: str
    key_variable: str | None


class BrokenReplyError(EngineError):
    """A reply that broke off or breaks the rules of HTTP: the same request may do at once."""


def missing_key(provider: Provider) -> ModelError:
    """There is no key in the environment."""
    return ModelError(
        f"{provider.name}: the environment variable {provider.key_variable} holds no key.",
        fix=f"Set it in the shell that runs this: `export {provider.key_variable}=...`. "
        "Keys never belong in a configuration.",
    )


def read_key(provider: Provider) -> str | None:
    """The key from the environment, guarded from now on; None where none is needed.

    Raises:
        ModelError: One is needed and missing, or holds characters that no key has.
    """
    if provider.key_variable is None:
        return None
    given = os.environ.get(provider.key_variable, "")
    guard(given)
    key = given.strip()
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
        ModelError: Every request would fail (key, model, credit, address).
        EngineError: This request failed; retryable where the provider was at fault.
    """
    status = getattr(error, "status_code", None)
    if status is not None and 300 <= status < 400:
        return _sent_elsewhere(error, provider, request)
    if status is None or status < 400:
        return _unreadable_or_lost(error, provider, request)
    headers = getattr(getattr(error, "response", None), "headers", {})
    said = quoted(_words_of(error))
    return failure_of_status(status, said, provider, request, asked_s=asked_to_wait_s(headers))


def failure_of_status(
    status: int, said: str, provider: Provider, request: Request | None, *, asked_s: float = 0.0
) -> DefSimError:
    """A refusal by its HTTP status and the server's words; kinds as in `as_failure`.

    Args:
        status: From 400 upwards.
        said: The server's words, quoted or as they came.
        provider: Who was asked.
        request: What was asked; None for the first contact.
        asked_s: How long the server asks to wait.
    """
    said = quoted(said)
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
    if status in (404, 405):
        return _not_found(provider, said)
    if status in (408, 409, 425, 429) or status >= 500:
        return EngineError(
            f"{_where(provider, request)}: error {status}, {said}{_wait_in_words(asked_s)}",
            fix=_AGAIN,
            retryable=True,
        )
    return _refused(status, said, provider, request)


def _refused(status: int, said: str, provider: Provider, request: Request | None) -> DefSimError:
    """The request is one that this server does not take."""
    refusal = limit_refusal(said, request.decoding.max_new_tokens) if request else None
    if refusal is not None and request is not None:
        return _limit_refused(refusal, said, provider, request)
    if _TOO_LONG.search(said) or status == 413:
        return _too_long(provider, request, said)
    is_probe = request is not None and request.key.item_id == PROBE
    return EngineError(
        f"{_where(provider, request)}: the request was refused (error {status}, {said})",
        fix="`model.engine.probes=false` leaves these requests out; see docs/how_to/add_a_model.md."
        if is_probe
        else "If it names a parameter, this model does not take it: `model.engine.probes=true` finds out "
        "which ones it takes. See docs/how_to/add_a_model.md.",
    )


def unreadable(
    provider: Provider, request: Request | None, what: str, *, is_of_request: bool = True
) -> EngineError:
    """A reply that is not what the protocol promises; again may help."""
    return EngineError(
        f"{_where(provider, request)}: the reply is unreadable ({quoted(what)}).",
        fix=f"Does the server at {provider.base_url} speak the protocol, and is it well? {_AGAIN}",
        retryable=True,
        is_of_request=is_of_request,
    )


def gave_up(provider: Provider, request: Request | None, reason: str, more: str = "") -> EngineError:
    """A reply that did not come to its end, for a reason that the server names."""
    words = f": {more}" if more else ""
    return EngineError(
        f"{_where(provider, request)}: the server gave up, finish_reason {quoted(repr(reason) + words)}.",
        fix=f"Look into the server's log. {_AGAIN}",
        retryable=True,
        is_of_request=True,
    )


def web_page(provider: Provider, content_type: str) -> ModelError:
    """A page for people came back, so the address leads somewhere else than to the API."""
    kind = quoted(content_type) or "text/html"
    return ModelError(
        f"{provider.name} at {provider.base_url}: a web page came back where the API should be ({kind}).",
        fix=advice_on_address(provider.base_url),
    )


def too_slow(
    provider: Provider, request: Request | None, timeout_s: float, *, has_begun: bool = False
) -> EngineError:
    """No whole reply within the time that a request has.

    Args:
        provider: Who was asked.
        request: What was asked; None for the first contact.
        timeout_s: The time.
        has_begun: A reply came and did not end: the server is there, and others may be answered.
    """
    return EngineError(
        f"{_where(provider, request)} at {provider.base_url} timed out: no whole reply in {timeout_s:g} s.",
        fix=f"Is the server up and quick enough? Give it more time with `model.engine.timeout_s=`. {_AGAIN}",
        retryable=True,
        is_of_request=has_begun,
    )


def words_in(body: Any, depth: int = 0) -> str:
    """The sentence for people in the body of an error; empty where there is none.

    Servers put it into `message`, `detail` or `error`, within each other or not.
    """
    if isinstance(body, str):
        return body
    if isinstance(body, list) and body and depth < 5:
        return words_in(body[0], depth + 1)
    if isinstance(body, Mapping) and depth < 5:
        found = (words_in(body[name], depth + 1) for name in _WORDS if name in body)
        return next((words for words in found if words), "")
    return ""


_WORDS: Final = ("message", "detail", "error", "msg", "error_message", "reason", "title")


def _words_of(error: Exception) -> str:
    """The server's sentence; the reply itself where its format is its own; else the SDK's message."""
    reply = getattr(getattr(error, "response", None), "text", "")
    if is_web_page(reply):
        return str(reply)
    return words_in(getattr(error, "body", None)) or str(reply) or str(getattr(error, "message", error))


def _wait_in_words(asked_s: float) -> str:
    return f" It asks to wait {duration_in_words(asked_s)}." if asked_s > _WORTH_NAMING_S else ""


def _unreadable_or_lost(error: Exception, provider: Provider, request: Request | None) -> EngineError:
    cause = error.__cause__ or error  # an SDK says "Connection error." of whatever broke
    said = quoted(str(getattr(error, "message", error)))
    if isinstance(cause, BodyError):
        return unreadable(provider, request, str(cause))
    if _breaks_http(cause):
        broken = unreadable(provider, request, str(cause))
        return BrokenReplyError(broken.message, fix=broken.fix, retryable=True, is_of_request=True)
    if any(word in type(error).__name__ for word in ("Connection", "Timeout", "ReadError", "WriteError")):
        return EngineError(
            f"{_where(provider, request)} at {provider.base_url} cannot be reached or broke off ({said})",
            fix=f"Is the server up and the address right? {_AGAIN}",
            retryable=True,
        )
    return unreadable(provider, request, said)


def _breaks_http(error: BaseException) -> bool:
    """Whether a reply began and broke the rules of HTTP; of a server that goes down nothing begins."""
    is_protocol = type(error).__name__ in ("RemoteProtocolError", "DecodingError")
    return is_protocol and "without sending a response" not in str(error)


def _sent_elsewhere(error: Exception, provider: Provider, request: Request | None) -> EngineError:
    """A redirect: whoever it leads to would be given the key."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    place = quoted(str(headers.get("location", ""))) or "nowhere"
    return EngineError(
        f"{_where(provider, request)} at {provider.base_url} redirects to {place}, which is not "
        "followed: the key and the prompt would go there.",
        fix="If you trust that address, make it `model.engine.base_url=`.",
        retryable=True,
        is_of_request=True,
    )


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


def _not_found(provider: Provider, said: str) -> ModelError:
    """No such model, where the words are about one; else nothing at this path."""
    name = rf"(?<!\w)(models?|{re.escape(provider.model_name)})(?!\w)"
    if re.search(name, said, re.IGNORECASE):
        return ModelError(
            f"{provider.name} at {provider.base_url} has no model {provider.model_name!r}: {said}",
            fix="Correct `model.engine.model_name=`; data/hosted_models.yaml has successors of retired ones.",
        )
    return ModelError(
        f"{provider.name} at {provider.base_url} has nothing at this path: {said}",
        fix=advice_on_address(provider.base_url),
    )


class LimitError(EngineError):
    """The server wants another limit of tokens, or another name of it."""

    def __init__(self, message: str, refusal: LimitRefusal, *, fix: str) -> None:
        super().__init__(message, fix=fix)
        self.refusal = refusal


def _limit_refused(refusal: LimitRefusal, said: str, provider: Provider, request: Request) -> DefSimError:
    """Questions all share their limit, so the run stops; a probe may go on with another."""
    asked = request.decoding.max_new_tokens
    is_probe = request.key.item_id == PROBE
    if refusal.kind == "other_name":
        message = f"{provider.name} wants the limit of tokens under another name: {said}"
        fix = f"Set `model.engine.token_limit={refusal.name}`."
    elif refusal.kind == "too_small":
        message = f"{provider.name} refuses a limit of {asked} tokens: {said}"
        fix = "Raise `decoding.max_new_tokens=`: a model that thinks needs room for its thoughts."
        if is_probe:
            fix = "Leave the requests at the start out: `model.engine.probes=false`."
    else:
        message = f"{provider.name} refuses a limit of {asked} tokens as too large: {said}"
        fix = f"Set `decoding.max_new_tokens={refusal.most or ''}`."
    return LimitError(message, refusal, fix=fix) if is_probe else ModelError(message, fix=fix)


def _too_long(provider: Provider, request: Request | None, said: str) -> EngineError:
    remembered = sum(message.role is Role.ASSISTANT for message in request.messages) if request else 0
    return EngineError(
        f"{_where(provider, request)}: the prompt with {remembered} remembered exchanges is longer than "
        f"{provider.model_name} can read ({said})",
        fix="Lower `memory.max_capacity` or `decoding.max_new_tokens`, or choose a model or server with a "
        "longer context.",
    )


def _where(provider: Provider, request: Request | None) -> str:
    return f"{request.key}: {provider.name}" if request else provider.name

"""The results of a batch, read line by line: what became of each request. Fetches nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from def_sim.engines.hosted.failures import Provider, failure_of_status, unreadable, words_in
from def_sim.engines.hosted.message_parts import kind_of
from def_sim.engines.hosted.reply_bodies import BodyError, read_json
from def_sim.errors import DefSimError

Outcome = Any  # the JSON of a message, which nobody has read yet, or a DefSimError

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


def outcomes_of(content: bytes, sent: Sequence[str], provider: Provider) -> dict[str, Outcome]:
    """What became of the requests of a batch, by their ids; those of which nothing is said are missing.

    Args:
        content: Its results, a line each.
        sent: Ids of its requests.
        provider: Who answered.
    """
    asked, outcomes, unread = set(sent), dict[str, Outcome](), 0
    for name, result in _named(content):
        if name in asked:
            outcomes[name] = _outcome(result, provider)
        else:
            unread += 1
    if unread:
        # Somebody's results, which were paid for.
        failure = unreadable(provider, None, f"{unread} lines of the results are not of the batch")
        outcomes = {**dict.fromkeys(sent, failure), **outcomes}
    return outcomes


def names_in(content: bytes) -> set[str]:
    """Ids of the requests that results are of."""
    return {name for name, _ in _named(content) if name}


def _named(content: bytes) -> Iterator[tuple[str, object]]:
    """The id of each line, empty where it has none, and its result."""
    for line in filter(bytes.strip, content.split(b"\n")):
        try:
            entry = read_json(line)
        except BodyError:
            entry = None
        name = entry.get("custom_id") if isinstance(entry, Mapping) else None
        yield (name, entry.get("result")) if isinstance(name, str) else ("", None)


def _outcome(result: object, provider: Provider) -> Outcome:
    kind = result.get("type") if isinstance(result, Mapping) else None
    if not isinstance(result, Mapping) or not isinstance(kind, str):
        return unreadable(provider, None, f"the result of a request is {kind_of(result)} without a type")
    if kind == "succeeded":
        return result.get("message")
    if kind == "errored":
        return _failure(result.get("error"), provider)
    is_of_request = kind not in ("canceled", "expired")  # these cost nothing
    said = f"the request was {kind} in its batch"
    return unreadable(provider, None, said, is_of_request=is_of_request)


def _failure(error: object, provider: Provider) -> DefSimError:
    inner = error.get("error") if isinstance(error, Mapping) else None
    kind = inner.get("type") if isinstance(inner, Mapping) else None
    status = _STATUS_OF.get(kind, 500) if isinstance(kind, str) else 500
    return failure_of_status(status, words_in(error) or "an error without words", provider, None)

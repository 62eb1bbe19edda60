"""Replies of the OpenAI chat protocol, read strictly: what a server may send there, it will.

Takes the JSON of a body and gives a Completion, or an error that names the field. Sends nothing and
knows no SDK. Servers differ in where they put thoughts, how they name ends, and what they say in place
of an answer; a failed call is never an answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from def_sim.answers.reading.reasoning import part_reasoning
from def_sim.engines.hosted.failures import (
    Provider,
    failure_of_status,
    gave_up,
    unreadable,
    web_page,
    words_in,
)
from def_sim.engines.hosted.finish_reasons import finish_reason_of
from def_sim.engines.hosted.message_parts import PartsError, check_whole, kind_of, read_content, thoughts_of
from def_sim.engines.hosted.reply_bodies import BodyError, read_json
from def_sim.engines.hosted.usage import tokens_of
from def_sim.engines.shared.server_words import is_web_page
from def_sim.errors import DefSimError
from def_sim.records import Completion, FinishReason, Request

_OF_TOOLS: Final = ("tool_calls", "function_call", "tool_use", "tool_call")
_BAD_GATEWAY: Final = 502  # an error in a reply of status 200, of no status that is known
_STATUS_OF: Final = (  # by words in its code or type
    ("rate_limit", 429),
    ("quota", 402),
    ("auth", 401),
    ("permission", 403),
    ("model_not_found", 404),
    ("not_found", 404),
    ("invalid", 400),
    ("overloaded", 503),
    ("timeout", 504),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a reply, before it is known whether the prompt left a thought open."""

    text: str
    reasoning: str
    finish_reason: FinishReason


def read_body(
    content: bytes, content_type: str, provider: Provider, request: Request | None
) -> Mapping[str, Any]:
    """The body of a reply of status 200, if it is a completion.

    Raises:
        ModelError: A web page, or an error that every request would meet.
        EngineError: It cannot be read, or is an error.
    """
    beginning = content[:2000].decode("utf-8", errors="replace")
    if "html" in content_type.lower() or is_web_page(beginning):
        raise web_page(provider, content_type)
    try:
        body = read_json(content)
    except BodyError as error:
        raise unreadable(provider, request, f"{error} ({content_type or 'no content type'})") from None
    if not isinstance(body, Mapping):
        raise unreadable(provider, request, f"the body is {kind_of(body)}, not an object")
    if failure := _error_in(body, provider, request):
        raise failure
    return body


def read_choices(body: Mapping[str, Any], provider: Provider, request: Request) -> list[Choice]:
    """All choices of a completion; at least one.

    Raises:
        EngineError: There is none, or one is no text, or ended for a reason that has nothing to do with it.
    """
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        said = words_in(body)
        raise unreadable(provider, request, "no choices" + (f": {said}" if said else ""))
    return [_read_choice(choice, provider, request) for choice in choices]


def completion_of(choice: Choice, body: Mapping[str, Any], *, begins_inside: bool = False) -> Completion:
    """A choice as a completion, its thoughts apart from its answer; token counts are 0 where not reported.

    Args:
        choice: The choice.
        body: The reply that it is from.
        begins_inside: The server's template leaves a thought open, so a text that was cut before it
            closed one is all thought.
    """
    is_cut = choice.finish_reason is FinishReason.LENGTH
    # Where the server has parted the thoughts itself, what it calls content is the answer.
    parted = part_reasoning(choice.text, begins_inside=begins_inside and is_cut and not choice.reasoning)
    tokens_in, tokens_out = tokens_of(body.get("usage"))
    return Completion(
        text=parted.answer,
        finish_reason=choice.finish_reason,
        num_prompt_tokens=tokens_in,
        num_generated_tokens=tokens_out,
        reasoning="\n".join(part for part in (choice.reasoning, parted.reasoning) if part),
    )


def _read_choice(choice: object, provider: Provider, request: Request) -> Choice:
    if not isinstance(choice, Mapping):
        raise unreadable(provider, request, f"a choice is {kind_of(choice)}, not an object")
    message = choice.get("message")
    reason = _finish_reason(choice, provider, request)
    if not isinstance(message, Mapping):
        raise unreadable(provider, request, f"message is {kind_of(message)}, not an object")
    try:
        content = read_content(message.get("content"))
        refusal = message.get("refusal")
        said = refusal if isinstance(refusal, str) else content.refusal
        text, reasoning = content.text or said, thoughts_of(message) or content.reasoning
        check_whole(text, reasoning)
    except PartsError as error:
        raise unreadable(provider, request, str(error)) from None
    is_refused = bool(said.strip() or refusal is True)
    return Choice(text, reasoning, FinishReason.REFUSAL if is_refused else reason)


def _finish_reason(choice: Mapping[str, Any], provider: Provider, request: Request) -> FinishReason:
    written = choice.get("finish_reason")
    reason = finish_reason_of(written)
    if reason is not None:
        return reason
    if not isinstance(written, str):
        raise unreadable(provider, request, f"finish_reason is {kind_of(written)}, not a text")
    if written in _OF_TOOLS:
        raise unreadable(provider, request, f"finish_reason {written!r}, and no tool was offered")
    raise gave_up(provider, request, written, words_in(choice.get("error")))


def _error_in(body: Mapping[str, Any], provider: Provider, request: Request | None) -> DefSimError | None:
    """The error that a gateway sends with status 200, treated as that status."""
    error = body.get("error")
    is_error = bool(error) and not body.get("choices")
    if not is_error and body.get("object") != "error" and body.get("type") != "error":
        return None
    source = error if isinstance(error, Mapping) else body
    said = words_in(error) or words_in(body) or "an error without words"
    return failure_of_status(_status_in(source, said), said, provider, request)


def _status_in(error: Mapping[str, Any], said: str) -> int:
    named = [error.get(name) for name in ("code", "status", "status_code", "type")]
    for value in named:
        if isinstance(value, int | str) and re.fullmatch(r"[45]\d\d", str(value)[:4], re.ASCII):
            return int(value)
    words = " ".join(str(value).lower() for value in named if isinstance(value, str))
    if "unexpected endpoint" in said.lower():  # LM Studio, where base_url lacks its /v1
        return 404
    return next((status for word, status in _STATUS_OF if word in words), _BAD_GATEWAY)


class OpenThoughts:
    """Whether a server's template leaves a thought open at the end of a prompt (`<think>` and no end).

    Then a text begins within a thought without saying so, and one that was cut before the thought ended
    looks like an answer. A text that closes what it did not open gives the template away. Until one was
    seen, nothing is known; after a probe that met the limit and told nothing, cut texts count as thoughts
    until a text ends by itself.
    """

    def __init__(self) -> None:
        self._is_open = False
        self._is_suspected = False

    def suspect(self) -> None:
        """A request that had room for a short answer ran into its limit without a mark."""
        self._is_suspected = not self._is_open

    def look_at(self, choice: Choice) -> None:
        """Learns from one more text."""
        if part_reasoning(choice.text).begins_inside:
            self._is_open = True
        elif choice.finish_reason is FinishReason.STOP and choice.text.strip():
            self._is_suspected = False

    @property
    def is_open(self) -> bool:
        """Whether a cut text without marks is a thought."""
        return self._is_open or self._is_suspected

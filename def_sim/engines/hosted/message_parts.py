"""The content of a chat message: a text, or a list of parts, some of which are thoughts. Knows no server."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_TEXT: Final = ("text", "output_text", "input_text")
_THOUGHT: Final = (
    "thinking",
    "redacted_thinking",
    "reasoning",
    "reasoning_text",
    "reasoning.text",
    "thought",
    "summary_text",
)
_THOUGHT_FIELDS: Final = ("thinking", "reasoning", "text", "summary", "content", "thought")
_MESSAGE_FIELDS: Final = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
_HALF: Final = re.compile("[\ud800-\udfff]")


class PartsError(Exception):
    """Content that holds no text; its words name the field and what was found there."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a message holds: its text, what was thought, and the words of a refusal."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""


def read_content(content: object) -> Content:
    """The content of a message; none is an empty text.

    Text parts are pieces of one text and are joined with nothing between them. Other parts beside a text
    (references, images) say nothing that could be read and are passed over.

    Raises:
        PartsError: It is neither a text nor a list with a text in it.
    """
    if content is None:
        return Content()
    if isinstance(content, str):
        return Content(text=content)
    if not isinstance(content, list):
        raise PartsError(f"content is {kind_of(content)}, neither a text nor a list of parts")
    texts, thoughts, refusals, others = [], [], [], []
    for part in content:
        kind = "text" if isinstance(part, str) else part.get("type") if isinstance(part, Mapping) else None
        if kind in _TEXT:
            texts.append(_text_of(part))
        elif kind in _THOUGHT:
            thoughts.append(thought_in(part))
        elif kind == "refusal":
            refusals.append(thought_in(part.get("refusal")))
        else:
            others.append(str(kind) if isinstance(kind, str) else kind_of(part))
    if others and not (texts or thoughts or refusals):
        raise PartsError(f"content is a list without a text; its parts are of type {', '.join(others[:5])}")
    return Content("".join(texts), "".join(thoughts), "".join(refusals))


def thoughts_of(message: Mapping[str, Any]) -> str:
    """What a server's own parser took for thoughts, under any of the names in use; empty if nothing."""
    found = (thought_in(message.get(name)) for name in _MESSAGE_FIELDS)
    return next((thought for thought in found if thought), "")


def thought_in(value: object, depth: int = 0) -> str:
    """The text of a thought, however it is wrapped; what cannot be read of it is left out."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and depth < 5:
        return "".join(thought_in(part, depth + 1) for part in value)
    if isinstance(value, Mapping) and depth < 5:
        found = (thought_in(value.get(name), depth + 1) for name in _THOUGHT_FIELDS)
        return next((thought for thought in found if thought), "")
    return ""


def check_whole(*texts: str) -> None:
    r"""Makes sure that texts are made of whole characters: half of one (a lone `\ud83d`) cannot be stored.

    Raises:
        PartsError: One is not.
    """
    for text in texts:
        if half := _HALF.search(text):
            raise PartsError(f"content holds half a character (\\u{ord(half[0]):04x})")


def kind_of(value: object) -> str:
    """What JSON calls a value, for messages."""
    names = ((bool, "a truth value"), (str, "a text"), (int | float, "a number"), (list, "a list"))
    if value is None:
        return "null"
    return next((name for kind, name in names if isinstance(value, kind)), "an object")


def _text_of(part: object) -> str:
    text = part.get("text") if isinstance(part, Mapping) else part
    if not isinstance(text, str):
        raise PartsError(f"content holds a part of type text whose text is {kind_of(text)}")
    return text

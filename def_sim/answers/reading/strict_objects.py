"""Reads a text that is one JSON object, alone or alone in one code fence; anything else has no value.

For replies that were asked for in JSON and must not be guessed at (objects.py is the tolerant one). Two
objects, a key that stands twice, NaN and prose around the object are told apart, so that whoever asked can
say what was wrong.
"""

import json
import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final

_MOST_CHARACTERS: Final = 20_000  # a longer text may be nested without end
_MOST_LEVELS: Final = 100  # Pythons differ in how deep they can read
_FENCE: Final = re.compile(r"\A```(?:json)?[ \t]*\n(?P<inside>.*)```\Z", re.DOTALL | re.IGNORECASE)
_FENCE_LINE: Final = re.compile(r"^[ \t]*```(?:json)?[ \t]*$", re.MULTILINE | re.IGNORECASE)
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_BETWEEN: Final = re.compile(r"[\s,;]*")


class Fault(Enum):
    """Why a text is not one object."""

    PROSE = auto()
    TWO_OBJECTS = auto()
    DOUBLED_KEY = auto()
    NO_OBJECT = auto()  # JSON, but a list, a number or the like


class NotOneObjectError(Exception):
    """The text is not one JSON object.

    Attributes:
        fault: What it is instead.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def only_object(text: str) -> Mapping[str, Any]:
    """The one object that a text is.

    Raises:
        NotOneObjectError: It is anything else.
    """
    text = text.strip()
    if len(text) > _MOST_CHARACTERS or _is_too_deep(text):
        raise NotOneObjectError(Fault.PROSE)
    fence = _FENCE.match(text)
    text = fence["inside"].strip() if fence else text
    try:
        found = _DECODER.decode(text)
    except (ValueError, RecursionError):
        is_several = _num_objects(_FENCE_LINE.sub("", text)) > 1
        raise NotOneObjectError(Fault.TWO_OBJECTS if is_several else Fault.PROSE) from None
    if not isinstance(found, dict):
        raise NotOneObjectError(Fault.NO_OBJECT)
    return found


def _is_too_deep(text: str) -> bool:
    """Whether brackets outside of strings stand deeper within each other than any answer needs."""
    if text.count("{") + text.count("[") <= _MOST_LEVELS:
        return False
    level = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        level += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
        if level > _MOST_LEVELS:
            return True
    return False


def _num_objects(text: str) -> int:
    """How many objects a text consists of; 0 if it consists of anything else."""
    position, count = _past_gap(text, 0), 0
    while position < len(text):
        try:
            found, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            return 0
        if not isinstance(found, dict):
            return 0
        count, position = count + 1, _past_gap(text, position)
    return count


def _past_gap(text: str, position: int) -> int:
    gap = _BETWEEN.match(text, position)
    return gap.end() if gap else position


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once: of two the last would win, whatever the first said."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotOneObjectError(Fault.DOUBLED_KEY)
    return found


def _refuse_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)

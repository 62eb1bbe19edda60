"""Reads what a model replied that was asked for wordings, or whether two of them ask the same.

Wordings are read out of the one JSON list that a reply holds, whatever stands around it: rules and people
look at each of them. A check is read strictly, and what cannot be read says no.
"""

import json
import re
from dataclasses import dataclass
from typing import Final

from def_sim.answers.reading.strict_objects import NotOneObjectError, only_object
from def_sim.records import Completion, FinishReason
from def_sim.visible import visible

_MOST_CHARACTERS: Final = 20_000  # of a reply; a longer one may be nested without end
_MOST_LISTS: Final = 100  # places at which a list is looked for
_LONGEST_WHY: Final = 300
_LIST_BEGINS: Final = re.compile(r"\[")


@dataclass(frozen=True, slots=True)
class DraftsReply:
    """Wordings in the order they came; none of them where there is a `problem`, in a few words."""

    drafts: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CheckReply:
    """Whether both wordings ask the same; False where the reply could not be read, which `why` then says."""

    is_same: bool
    why: str


def read_drafts(completion: Completion) -> DraftsReply:
    """Reads `["...", "..."]`."""
    if problem := _failed(completion):
        return DraftsReply((), problem)
    found = _lists_in(completion.text[:_MOST_CHARACTERS])
    if len(found) == 1:
        return DraftsReply(tuple(text.strip() for text in found[0]))
    if completion.finish_reason is FinishReason.LENGTH:
        return DraftsReply((), "the reply was cut off before its JSON list ended")
    return DraftsReply((), "the reply holds several JSON lists" if found else "the reply holds no JSON list")


def read_check(completion: Completion) -> CheckReply:
    """Reads `{"same": true, "why": "..."}`."""
    if problem := _failed(completion):
        return CheckReply(False, problem)
    try:
        found = only_object(completion.text)
    except NotOneObjectError:
        return CheckReply(False, "unreadable: the reply is not one JSON object")
    same, why = found.get("same"), found.get("why")
    if not isinstance(same, bool):
        return CheckReply(False, 'unreadable: "same" is neither true nor false')
    return CheckReply(same, visible(why[:_LONGEST_WHY]) if isinstance(why, str) else "")


def _failed(completion: Completion) -> str:
    if completion.finish_reason is FinishReason.REFUSAL:
        return "the model refused"
    if completion.finish_reason in (FinishReason.ERROR, FinishReason.NOT_SENT):
        return "the call failed"
    return "" if completion.text.strip() else "the reply was empty"


def _lists_in(text: str) -> list[list[str]]:
    """The JSON lists of strings in a text, none inside another."""
    found: list[list[str]] = []
    end = 0
    for begin in [match.start() for match in _LIST_BEGINS.finditer(text)][:_MOST_LISTS]:
        if begin < end:
            continue
        try:
            value, stop = _DECODER.raw_decode(text, begin)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            found.append(value)
            end = stop
    return found


_DECODER: Final = json.JSONDecoder()

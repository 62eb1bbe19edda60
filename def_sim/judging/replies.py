"""Reads what a judge replied, strictly: one JSON object, or one code. Anything else is missing.

Never guesses: a word like "no" somewhere in a reply says nothing. Options are the numbers 1 to K that the
judge was given; 0 cannot be classified. Knows no question and no rubric.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from def_sim.answers.reading.strict_objects import Fault, NotOneObjectError, only_object
from def_sim.judging.verdicts import Missing, Value
from def_sim.records import Completion, FinishReason
from def_sim.visible import visible

_LONGEST_WHY: Final = 2_000
_PROBLEMS: Final[Mapping[Missing, str]] = {
    Missing.PROSE: "it was not one JSON object alone.",
    Missing.TWO_OBJECTS: "it held more than one JSON object.",
    Missing.DOUBLED_KEY: "a key stood twice in the object.",
    Missing.EMPTY: "it was empty.",
    Missing.TRUNCATED: "it was too long and was cut off.",
}
_FAULTS: Final[Mapping[Fault, tuple[Missing, str]]] = {
    Fault.PROSE: (Missing.PROSE, ""),
    Fault.TWO_OBJECTS: (Missing.TWO_OBJECTS, ""),
    Fault.DOUBLED_KEY: (Missing.DOUBLED_KEY, ""),
    Fault.NO_OBJECT: (Missing.WRONG_TYPE, "it was JSON, but no object."),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A judge's reply as read. Exactly one of `value` and `missing` is None.

    `value`: whether there is a defect, or the numbers of the options taken, (0,) for none.
    `problem`: what was wrong with it, in words for the judge; nothing of the reply is in it.
    """

    value: Value | None
    missing: Missing | None = None
    why: str = ""
    problem: str = ""
    probability: float | None = None


class _UnusableError(Exception):
    def __init__(self, missing: Missing, problem: str = "") -> None:
        super().__init__(missing)
        self.reply = Reply(None, missing, problem=problem or _PROBLEMS.get(missing, ""))


def read_defect(completion: Completion) -> Reply:
    """Reads `{"defect": true, "why": "..."}`."""
    return _read(completion, lambda found: _defect(found.get("defect")), key="defect", why="why")


def read_classification(completion: Completion, num_options: int, *, most: int | None = None) -> Reply:
    """Reads `{"reasoning": "...", "classification": 1}`.

    Args:
        completion: The judge's.
        num_options: K; numbers run from 1 to K, 0 cannot be classified.
        most: How many options may be taken where that is several: then a list is expected. None: one number.
    """

    def value_of(found: Mapping[str, Any]) -> tuple[int, ...]:
        value = found.get("classification")
        return _number(value, num_options) if most is None else _numbers(value, num_options, most)

    return _read(completion, value_of, key="classification", why="reasoning")


def read_code(completion: Completion, anchor: str, num_options: int | None = None) -> Reply:
    """Reads a reply of which nothing but a code could be given.

    Args:
        completion: Its text is the code, with or without the anchor before it.
        anchor: Of the request.
        num_options: K, the codes are 0 to K; None: 1 is a defect, 0 none.
    """
    failed = _failed(completion, may_be_cut=True)
    if failed is not None:
        return failed
    code = completion.text.strip().removeprefix(anchor).strip()
    largest = 1 if num_options is None else num_options
    if not re.fullmatch(r"[0-9]{1,4}", code) or int(code) > largest:
        return Reply(None, Missing.WRONG_VALUE, problem=f"expected a whole number from 0 to {largest} alone.")
    probability = (completion.option_probabilities or {}).get(int(code))
    value = int(code) == 1 if num_options is None else (int(code),)
    return Reply(value, probability=probability)


def _read(
    completion: Completion,
    value_of: Callable[[Mapping[str, Any]], Value],
    *,
    key: str,
    why: str,
) -> Reply:
    failed = _failed(completion)
    if failed is not None:
        return failed
    try:
        found = _only_object(completion.text)
        if key not in found:
            raise _UnusableError(Missing.WRONG_VALUE, f'the object lacked the key "{key}".')
        return Reply(value_of(found), why=_reason(found.get(why)))
    except _UnusableError as unusable:
        return unusable.reply


def _failed(completion: Completion, *, may_be_cut: bool = False) -> Reply | None:
    """A completion that is no reply at all."""
    reasons = {
        FinishReason.ERROR: Missing.ENGINE_ERROR,
        FinishReason.NOT_SENT: Missing.ENGINE_ERROR,
        FinishReason.REFUSAL: Missing.REFUSED,
    }
    missing = reasons.get(completion.finish_reason)
    if missing is None and not completion.text.strip():
        missing = Missing.EMPTY
    if missing is None and completion.finish_reason is FinishReason.LENGTH and not may_be_cut:
        missing = Missing.TRUNCATED  # even an object that is whole: what followed may have unsaid it
    return None if missing is None else Reply(None, missing, problem=_PROBLEMS.get(missing, ""))


def _only_object(text: str) -> Mapping[str, Any]:
    """The one object that a reply is, alone or alone in one code fence."""
    try:
        return only_object(text)
    except NotOneObjectError as error:
        missing, problem = _FAULTS[error.fault]
        raise _UnusableError(missing, problem) from None


def _defect(value: object) -> bool:
    if not isinstance(value, bool):
        raise _UnusableError(Missing.WRONG_TYPE, '"defect" must be true or false, without quotes.')
    return value


def _number(value: object, num_options: int) -> tuple[int, ...]:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _UnusableError(Missing.WRONG_TYPE, '"classification" must be one whole number, without quotes.')
    if not 0 <= value <= num_options:
        raise _UnusableError(Missing.WRONG_VALUE, f'"classification" must be from 0 to {num_options}.')
    return (value,)


def _numbers(value: object, num_options: int, most: int) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise _UnusableError(Missing.WRONG_TYPE, '"classification" must be a list of whole numbers.')
    numbers = tuple(number for one in value for number in _number(one, num_options))
    if not 1 <= len(numbers) <= most or len(set(numbers)) < len(numbers):
        raise _UnusableError(
            Missing.WRONG_VALUE, f'"classification" must list 1 to {most} different numbers.'
        )
    if 0 in numbers and len(numbers) > 1:
        raise _UnusableError(Missing.WRONG_VALUE, '"classification" must be [0] or list numbers of options.')
    return numbers


def _reason(value: object) -> str:
    """The reason as text that can be stored and shown; nothing depends on it."""
    return visible(value[:_LONGEST_WHY], keeps="\n") if isinstance(value, str) else ""

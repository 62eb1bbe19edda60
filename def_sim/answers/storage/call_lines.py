"""One line of a journal of calls: a request's address and what came back, sealed as answers are.

Knows bytes and calls, no files.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from def_sim.answers.storage.answer_lines import check_hash, check_names, check_seconds, record_of, sealed
from def_sim.records import Call, Completion, FinishReason

_ADDRESS: Final[Mapping[str, tuple[type, ...]]] = {
    "respondent_id": (str,),
    "item_id": (str,),
    "wording": (int,),
    "call": (int,),
    "prompt_hash": (str,),
}
_COMPLETION: Final[Mapping[str, tuple[type, ...]]] = {
    "text": (str,),
    "finish_reason": (str,),
    "num_prompt_tokens": (int,),
    "num_generated_tokens": (int,),
    "seconds": (int, float),
    "option_probabilities": (dict, type(None)),
    "error": (str, type(None)),
    "reasoning": (str,),
}
_KINDS: Final = {**_ADDRESS, **_COMPLETION, "checksum": (str,)}
_COUNTS: Final = ("wording", "call", "num_prompt_tokens", "num_generated_tokens")
_MOST: Final = 2**31  # of any number
_MOST_SHARE: Final = 1.001  # sums of floats end a little beside 1

assert set(_COMPLETION) == {field.name for field in fields(Completion)}


def encode_call(call: Call) -> bytes:
    """The line of a call, newline included."""
    address = {name: getattr(call, name) for name in _ADDRESS}
    return sealed(address | completion_record(call.completion))


def completion_record(completion: Completion) -> dict[str, Any]:
    """A completion as an object of JSON."""
    record = {name: getattr(completion, name) for name in _COMPLETION}
    if completion.option_probabilities is not None:  # keys of JSON are words
        shares = completion.option_probabilities.items()
        record["option_probabilities"] = {str(code): share for code, share in shares}
    return record


def decode_call(line: bytes) -> Call:
    """The call of an intact line.

    Raises:
        KeyError, TypeError, ValueError: The fields are not those of this version.
    """
    record = record_of(line)
    _check(record, _KINDS)
    check_names(record["respondent_id"], record["item_id"])
    check_hash(record["prompt_hash"])
    return Call(**{name: record[name] for name in _ADDRESS}, completion=_completion(record))


def completion_of_record(record: Mapping[str, Any]) -> Completion:
    """The completion that `completion_record` wrote.

    Raises:
        KeyError, TypeError, ValueError: The fields are not those of this version.
    """
    _check(record, _COMPLETION)
    return _completion(record)


def _completion(record: Mapping[str, Any]) -> Completion:
    values = {name: record[name] for name in _COMPLETION}
    values["finish_reason"] = FinishReason(record["finish_reason"])
    values["option_probabilities"] = _shares(record["option_probabilities"])
    return Completion(**values)


def _check(record: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> None:
    """Makes sure that every field holds what belongs there: a journal may come from anywhere."""
    for name, value in record.items():
        if name not in kinds:
            raise TypeError(f"unknown field {name!r}")
        if type(value) not in kinds[name]:
            raise TypeError(f"{name} is of type {type(value).__name__}")
    if not all(0 <= record[name] < _MOST for name in _COUNTS if name in kinds):
        raise ValueError("a number is negative or too large")
    check_seconds(record["seconds"])


def _shares(found: Mapping[str, Any] | None) -> dict[int, float] | None:
    if found is None:
        return None
    shares = found.values()
    if not all(type(share) in (int, float) and 0 <= share <= _MOST_SHARE for share in shares):
        raise TypeError("option_probabilities holds something else than shares")
    return {_code(text): share for text, share in found.items()}


def _code(text: str) -> int:
    code = int(text) if len(text) < 11 else _MOST
    if str(code) != text or abs(code) >= _MOST:
        raise ValueError("a code is no whole number of this world")
    return code

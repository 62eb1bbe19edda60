"""One line of a journal: an answer as JSON that ends in a checksum of the rest of the line.

So a line is either whole and as it was written, or it is found; nothing is read that was not
stored. Knows bytes and answers, no files.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from def_sim.answers.storage.disk import checksum
from def_sim.records import Answer, AnswerStatus, FinishReason, ReadingMethod

_FIELDS: Final = tuple(field.name for field in fields(Answer))
_KEYS: Final = frozenset({*_FIELDS, "checksum"})
# Looked up: calling the enumerations takes a noticeable part of reading a large journal.
_STATUSES: Final = {status.value: status for status in AnswerStatus}
_METHODS: Final = {method.value: method for method in ReadingMethod}
_REASONS: Final = {reason.value: reason for reason in FinishReason}
_WORDS: Final = (
    "respondent_id",
    "item_id",
    "text",
    "prompt_hash",
    "reasoning",
    "status",
    "method",
    "finish_reason",
)
_COUNTS: Final = ("wording", "call", "num_prompt_tokens", "num_generated_tokens")
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys((*_WORDS, "checksum"), (str,)),
    **dict.fromkeys(_COUNTS, (int,)),
    **dict.fromkeys(("choices", "shown_codes", "memory", "option_probabilities"), (list,)),
    "error": (str, type(None)),
    "seconds": (int, float),
}
_MOST: Final = 2**31  # of any number; what a table of answers can hold
_HASH: Final = re.compile(r"(?:[0-9a-f]{16})?")  # of a prompt; none of a question that was not asked
_MOST_SHARE: Final = 1.001  # sums of floats end a little beside 1
_SHARES: Final = "option_probabilities"
_MOST_SHAPES: Final = 64
# Names and types that were found right before: looking at each field again takes too long.
_known_shapes: set[tuple[tuple[str, ...], tuple[type, ...]]] = set()
_SEAL_START: Final = b',"checksum":"'
_SEAL_END: Final = b'"}'
_SEAL_LENGTH: Final = len(_SEAL_START) + 16 + len(_SEAL_END)


def _seal(body: bytes) -> bytes:
    """The end of a line: the checksum of what stands before it."""
    return _SEAL_START + checksum(body).encode() + _SEAL_END


def encode_line(answer: Answer) -> bytes:
    """The line of an answer, newline included.

    Lone surrogates, which UTF-8 cannot hold, are written as JSON escapes and read back
    as they were (two that form a pair come back as the one character they spell).
    """
    record = {name: getattr(answer, name) for name in _FIELDS}
    if not answer.reasoning:
        del record["reasoning"]  # most models do not think; lines are as they were before it was kept
    return sealed(record)


def sealed(record: Mapping[str, Any]) -> bytes:
    """A record as a line that ends in the checksum of the rest, newline included."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    body = text[:-1].encode("utf-8", errors="backslashreplace")
    return body + _seal(body) + b"\n"


def is_intact(line: bytes) -> bool:
    """Whether a line, without its newline, is one that `encode_line` made."""
    body = line[:-_SEAL_LENGTH]
    return bool(body) and line[-_SEAL_LENGTH:] == _seal(body)


def _decode(record: dict[str, Any]) -> Answer:
    """The answer of an intact line, whose JSON is given.

    Raises:
        KeyError, TypeError, ValueError: The fields are not those of this version.
    """
    probabilities = record.get("option_probabilities", ())  # absent in older journals
    _check_kinds(record)
    # Each field by its name and no loop over them: this is most of the time that a large run takes to read.
    return Answer(
        respondent_id=record["respondent_id"],
        item_id=record["item_id"],
        wording=record["wording"],
        call=record["call"],
        status=_STATUSES[record["status"]],
        choices=tuple(record["choices"]),
        method=_METHODS[record["method"]],
        text=record["text"],
        shown_codes=tuple(record["shown_codes"]),
        memory=tuple(record["memory"]),
        option_probabilities=tuple(probabilities),
        prompt_hash=record["prompt_hash"],
        finish_reason=_REASONS[record["finish_reason"]],
        num_prompt_tokens=record["num_prompt_tokens"],
        num_generated_tokens=record["num_generated_tokens"],
        error=record["error"],
        reasoning=record.get("reasoning", ""),
        seconds=record["seconds"],
    )


def _check_kinds(record: dict[str, Any]) -> None:
    """Makes sure that every field holds what an answer has there: a journal may come from anywhere.

    Raises:
        KeyError, TypeError, ValueError: One does not, or is unknown.
    """
    shape = tuple(record), tuple(map(type, record.values()))
    if shape not in _known_shapes:
        for name, kind in zip(*shape, strict=True):
            if name not in _KEYS:
                raise TypeError(f"unknown field {name!r}")
            if kind not in _KINDS[name]:
                raise TypeError(f"{name} is of type {kind.__name__}")
        if len(_known_shapes) < _MOST_SHAPES:
            _known_shapes.add(shape)
    counts = record["wording"] | record["call"] | record["num_prompt_tokens"] | record["num_generated_tokens"]
    if not 0 <= counts < _MOST:  # also where one of them is negative
        raise ValueError("a number is negative or too large")
    codes, memory, shares = record["choices"] + record["shown_codes"], record["memory"], record.get(_SHARES)
    if codes and (set(map(type, codes)) != {int} or not -_MOST < min(codes) <= max(codes) < _MOST):
        raise TypeError("a code is no whole number of this world")
    if memory and set(map(type, memory)) != {str}:
        raise TypeError("memory holds something else than names of questions")
    check_names(record["respondent_id"], record["item_id"], *memory)
    check_hash(record["prompt_hash"])
    check_seconds(record["seconds"])
    if shares and not all(type(share) in (int, float) and 0 <= share <= _MOST_SHARE for share in shares):
        raise TypeError("option_probabilities holds something else than shares")


def check_names(*names: str) -> None:
    """Makes sure that names can stand in tables; a text of a model may hold lone surrogates, a name may not.

    Raises:
        ValueError: One cannot.
    """
    together = "".join(names)
    if together.isascii():
        return
    try:
        together.encode()
    except UnicodeEncodeError:
        raise ValueError("a name holds a lone surrogate, which is no character") from None


def check_hash(prompt_hash: str) -> None:
    """Makes sure that a hash of a prompt is one, or "" for none.

    Raises:
        ValueError: It is neither.
    """
    if not _HASH.fullmatch(prompt_hash):
        raise ValueError("prompt_hash is not 16 hexadecimal digits")


def check_seconds(seconds: float) -> None:
    """Makes sure that a duration can have been measured; NaN and infinity cannot.

    Raises:
        ValueError: It cannot.
    """
    if not 0 <= seconds < _MOST:
        raise ValueError("seconds is negative or too large")


def decode_together(raws: Sequence[bytes]) -> list[Answer] | None:
    """The answers of lines if nothing is wrong with any of them; None tells to look at each."""
    if not all(raw.endswith(b"\n") and is_intact(raw[:-1]) for raw in raws):
        return None
    try:
        records = json.loads(f"[{b','.join(raws).decode()}]")
        if len(records) != len(raws) or not all(type(record) is dict for record in records):
            return None
        return [_decode(record) for record in records]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def decode_line(line: bytes) -> Answer:
    """The answer of an intact line.

    Raises:
        KeyError, TypeError, ValueError: The fields are not those of this version.
    """
    return _decode(record_of(line))


def record_of(line: bytes) -> dict[str, Any]:
    """The fields of an intact line, whatever they hold.

    Raises:
        TypeError, ValueError: It is no JSON object.
    """
    try:
        record = json.loads(line.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(record, dict):
        raise TypeError("not an object")
    return record


def is_torn(raw: bytes) -> bool:
    """Whether a line is what an interrupted write leaves: a beginning without an end.

    A whole line that is followed by another byte than a newline is no beginning: it was damaged later.
    One that is followed by nothing lacks its newline only, and is read.
    """
    return not raw.endswith(b"\n") and not is_intact(raw) and not is_intact(raw[:-1])

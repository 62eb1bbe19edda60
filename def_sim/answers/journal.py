"""The journal of one shard: an append-only file with one line an answer.

A line is JSON that ends in a checksum of the rest of the line. So a line is either
whole and as it was written, or it is found; nothing is read that was not stored.
The journal knows answers one by one. It does not know other shards, who else might be
writing, or which answers are still to come.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from def_sim.answers.disk import checksum, sync_folder
from def_sim.errors import StoreError
from def_sim.records import Answer, AnswerStatus, FinishReason, ReadingMethod

_FIELDS: Final = tuple(field.name for field in fields(Answer))
_KEYS: Final = frozenset({*_FIELDS, "checksum"})
# Looked up: calling the enumerations takes a noticeable part of reading a large journal.
_STATUSES: Final = {status.value: status for status in AnswerStatus}
_METHODS: Final = {method.value: method for method in ReadingMethod}
_REASONS: Final = {reason.value: reason for reason in FinishReason}
_LINES_AT_ONCE: Final = 256  # a call of the JSON decoder costs as much as decoding half a line
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
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    body = text[:-1].encode("utf-8", errors="backslashreplace")
    return body + _seal(body) + b"\n"


def _is_intact(line: bytes) -> bool:
    """Whether a line, without its newline, is one that `encode_line` made."""
    body = line[:-_SEAL_LENGTH]
    return bool(body) and line[-_SEAL_LENGTH:] == _seal(body)


def _decode(record: dict[str, Any]) -> Answer:
    """The answer of an intact line, whose JSON is given.

    Raises:
        KeyError, TypeError, ValueError: The fields are not those of this version.
    """
    probabilities = record.get("option_probabilities", ())  # absent in older journals
    if not _KEYS.issuperset(record):
        raise TypeError(f"unknown field {min(record.keys() - _KEYS)!r}")
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


def _decode_together(raws: Sequence[bytes]) -> list[Answer] | None:
    """The answers of lines if nothing is wrong with any of them; None tells to look at each."""
    if not all(raw.endswith(b"\n") and _is_intact(raw[:-1]) for raw in raws):
        return None
    try:
        records = json.loads(f"[{b','.join(raws).decode()}]")
        return [_decode(record) for record in records] if len(records) == len(raws) else None
    except (KeyError, TypeError, ValueError):
        return None


class Entry(NamedTuple):
    """An answer and where it stands."""

    answer: Answer
    path: Path
    number: int  # of the line, from 1

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.path}, line {self.number}"


def _damaged(path: Path, number: int) -> StoreError:
    return StoreError(
        f"{path}, line {number}: the line is damaged (its checksum does not fit).",
        fix="Restore the file from a copy, or delete this line and run the same command again: "
        "its question is then asked again.",
    )


def _is_torn(raw: bytes) -> bool:
    """Whether a line is what an interrupted write leaves: a beginning without an end.

    A whole line followed by another byte than a newline is no beginning: it was damaged later.
    """
    return not raw.endswith(b"\n") and not _is_intact(raw[:-1])


def read_journal(path: Path) -> Iterator[Entry]:
    """The answers of a journal in the order they came.

    A torn last line is passed over, as its writer may be in the middle of it.

    Raises:
        StoreError: A line is damaged, or was written by another version of def_sim.
    """
    number = 1
    with path.open("rb") as lines:
        while raws := list(islice(lines, _LINES_AT_ONCE)):
            answers = _decode_together(raws)
            if answers is None:
                yield from _read_one_by_one(raws, path, number)
            else:
                yield from (Entry(answer, path, place) for place, answer in enumerate(answers, number))
            number += len(raws)


def _read_one_by_one(raws: Sequence[bytes], path: Path, first: int) -> Iterator[Entry]:
    """The answers of some lines; says which of them is wrong."""
    for number, raw in enumerate(raws, first):
        if _is_torn(raw):
            return  # only the last line has no newline
        if not raw.endswith(b"\n") or not _is_intact(raw[:-1]):
            raise _damaged(path, number)
        try:
            answer = _decode(json.loads(raw.decode()))
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"{path}, line {number}: intact, but not an answer as this version writes it ({error}).",
                fix="Go on with the version of def_sim that the run's manifest names.",
            ) from error
        yield Entry(answer, path, number)


@dataclass(frozen=True, slots=True)
class Repair:
    """What was cut from the end of a journal: a line that was never wholly written."""

    path: Path
    number: int  # of the line, from 1
    dropped: bytes

    def __str__(self) -> str:
        return (
            f"{self.path}, line {self.number}: dropped {len(self.dropped)} bytes of an answer that was not "
            "wholly written; its question is asked again."
        )


def repair_last_line(path: Path) -> Repair | None:
    """Cuts off a last line that is torn or does not fit its checksum. Only for the one writer.

    A crash of the machine can leave the length of a line without its bytes, so a last line is
    cut even if it ends in a newline. Lines before it are left as they are.

    Returns:
        What was dropped; None if nothing was.
    """
    start, number, last = 0, 0, b""
    with path.open("rb") as lines:
        for raw in lines:
            start, number, last = start + len(last), number + 1, raw
    is_cut_or_garbled = _is_torn(last) or (last.endswith(b"\n") and not _is_intact(last[:-1]))
    if not last or not is_cut_or_garbled:
        return None
    os.truncate(path, start)
    return Repair(path, number, last)


class Journal:
    """Open journal of one shard. Errors of the operating system come through as they are.

    `append` returns when the operating system has the whole line, so the answer outlives
    this process; `sync` makes it outlive the machine.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self._length = os.fstat(self._descriptor).st_size
        self._has_part_of_a_line = False
        self._has_unsynced = True  # what a process before us wrote, perhaps
        sync_folder(path.parent)

    def append(self, answer: Answer) -> None:
        """Writes one line; it is there as a whole, or an error is raised and it is not there.

        Raises:
            OSError: The line could not be written; the lines before it are safe.
        """
        line = encode_line(answer)
        self._cut_part_of_a_line()
        self._has_part_of_a_line = True  # until proven otherwise, also if we are interrupted here
        try:
            self._write(line)
        except OSError:
            with suppress(OSError):  # the error to tell is the first; the next open repairs as well
                self._cut_part_of_a_line()
            raise
        self._has_part_of_a_line = False
        self._length += len(line)
        self._has_unsynced = True

    def _write(self, line: bytes) -> None:
        """Hands over a line in one call, or in several if the system takes only a part."""
        while line:
            line = line[os.write(self._descriptor, line) :]

    def _cut_part_of_a_line(self) -> None:
        if self._has_part_of_a_line:
            os.ftruncate(self._descriptor, self._length)
            self._has_part_of_a_line = False

    def sync(self) -> None:
        """Asks the disk to keep what was appended. May be called from another thread."""
        if self._has_unsynced:
            self._has_unsynced = False  # before the call: a line that comes meanwhile needs the next
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Syncs and closes."""
        try:
            self.sync()
        finally:
            os.close(self._descriptor)

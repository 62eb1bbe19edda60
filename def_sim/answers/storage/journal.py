"""The journal of one shard, read: a file with one line an answer, in the order they came.

Knows answers one by one. It does not know other shards, who might be writing, or which
answers are still to come.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, compress, islice
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from def_sim.answers.storage.answer_lines import decode_line, decode_together, is_intact, is_torn
from def_sim.errors import StoreError
from def_sim.records import Answer

LONGEST_LINE: Final = 256 * 2**20  # bytes; of a reply of 8 MB, all of it escaped, a fifth
_BLOCK: Final = 1 << 20  # bytes
_LINES_AT_ONCE: Final = 256  # a call of the JSON decoder costs as much as decoding half a line


class Line(NamedTuple):
    """A line of a journal."""

    number: int  # from 1; 0: not known, and counted where a message needs it
    offset: int  # of its first byte in the file


class Entry(NamedTuple):
    """An answer and where it stands."""

    answer: Answer
    path: Path
    number: int  # of the line, from 1

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.path}, line {self.number}"


def how_to_repair(path: Path) -> str:
    """The way out of a journal that holds lines which do not belong there."""
    command = f"`def-sim stage=repair run_folder={path.parents[1]}`"
    return (
        f"{command} shows such lines and, with apply=true, sets them aside; or restore the file from a copy."
    )


def other_version(path: Path, number: int, error: Exception) -> StoreError:
    """The error for a line that is whole and yet not of this version of def_sim."""
    return StoreError(
        f"{path}, line {number}: intact, but not an answer as this version writes it ({error}).",
        fix="Go on with the version of def_sim that the run's manifest names.",
    )


def read_journal(path: Path) -> Iterator[Entry]:
    """The answers of a journal in the order they came.

    A torn last line is passed over, as its writer may be in the middle of it.

    Raises:
        StoreError: A line is damaged, or was written by another version of def_sim.
    """
    for line, answer in read_lines(path):
        yield Entry(answer, path, line.number)


def read_lines(path: Path, is_wanted: Callable[[bytes], bool] | None = None) -> Iterator[tuple[Line, Answer]]:
    """The same, with where each begins.

    Args:
        path: The journal.
        is_wanted: Tells by the bytes of a line whether its answer is; the others are checked against their
            checksums all the same, and not decoded. None: all are wanted.

    Raises:
        StoreError: As `read_journal`.
    """
    first = Line(1, 0)
    with path.open("rb") as file:
        lines = iter(partial(file.readline, LONGEST_LINE), b"")
        while raws := list(islice(lines, _LINES_AT_ONCE)):
            yield from _read_some(raws, path, first, is_wanted)
            first = Line(first.number + len(raws), first.offset + sum(map(len, raws)))


def _read_some(
    raws: Sequence[bytes], path: Path, first: Line, is_wanted: Callable[[bytes], bool] | None
) -> Iterator[tuple[Line, Answer]]:
    """The wanted answers of some lines; all together if nothing is wrong with any line, else one by one."""
    offsets = list(accumulate(map(len, raws), initial=first.offset))
    is_chosen = [is_wanted is None or is_wanted(raw) for raw in raws]
    answers = None
    if all(is_wanted_ or _is_whole(raw) for is_wanted_, raw in zip(is_chosen, raws, strict=True)):
        answers = decode_together(list(compress(raws, is_chosen)))
    if answers is not None:
        places = compress(enumerate(offsets), is_chosen)
        for (place, offset), answer in zip(places, answers, strict=True):
            yield Line(first.number + place, offset), answer
        return
    for entry in _read_one_by_one(raws, path, first.number):
        place = entry.number - first.number
        if is_chosen[place]:
            yield Line(entry.number, offsets[place]), entry.answer


def _is_whole(raw: bytes) -> bool:
    return raw.endswith(b"\n") and is_intact(raw[:-1])


def read_placed(path: Path, lines: Iterable[Line]) -> Iterator[Answer]:
    """The answers of lines whose places are known.

    Raises:
        StoreError: One is damaged, or is not there any more.
    """
    left = iter(lines)
    with path.open("rb") as file:
        while some := list(islice(left, _LINES_AT_ONCE)):
            raws = [_line_at(file, line.offset) for line in some]
            answers = decode_together(raws)
            if answers is None:
                answers = [_answer_at(raw, path, line) for raw, line in zip(raws, some, strict=True)]
            yield from answers


def _line_at(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.readline(LONGEST_LINE)


def _answer_at(raw: bytes, path: Path, line: Line) -> Answer:
    number = line.number or number_of_line(path, line.offset)
    found = list(_read_one_by_one([raw], path, number))
    if not found:
        raise StoreError(f"{path}, line {number}: the line is not there any more.", fix=how_to_repair(path))
    return found[0].answer


def number_of_line(path: Path, offset: int) -> int:
    """The number of the line that begins there, from 1."""
    with path.open("rb") as file:
        return 1 + sum(
            file.read(min(_BLOCK, offset - start)).count(b"\n") for start in range(0, offset, _BLOCK)
        )


def _read_one_by_one(raws: Sequence[bytes], path: Path, first: int) -> Iterator[Entry]:
    """The answers of some lines; says which of them is wrong."""
    for number, line in intact_lines(raws, path, first):
        try:
            answer = decode_line(line)
        except (KeyError, TypeError, ValueError) as error:
            raise other_version(path, number, error) from error
        yield Entry(answer, path, number)


def intact_lines(raws: Iterable[bytes], path: Path, first: int = 1) -> Iterator[tuple[int, bytes]]:
    """Numbers and contents of lines that are as they were written; a torn last line is passed over.

    Args:
        raws: Lines as they lie in the file, with their newlines.
        path: Of the file, for messages.
        first: Number of the first of them.

    Raises:
        StoreError: A line is damaged.
    """
    for number, raw in enumerate(raws, first):
        if len(raw) == LONGEST_LINE:
            raise StoreError(
                f"{path}, line {number}: the line is damaged (it has no end within {LONGEST_LINE:,} bytes).",
                fix=how_to_repair(path),
            )
        if is_torn(raw):
            return  # only the last line has no newline
        line = raw.removesuffix(b"\n")
        if not is_intact(line):
            raise StoreError(
                f"{path}, line {number}: the line is damaged ({_damage(line)}).", fix=how_to_repair(path)
            )
        yield number, line


def _damage(line: bytes) -> str:
    if is_intact(line.removesuffix(b"\r")):
        return "it ends as lines do on Windows"
    return "its checksum does not fit"


def count_intact(path: Path) -> int:
    """How many whole answers are on file, whatever else is; 0 if there is no such file."""
    try:
        with path.open("rb") as lines:
            return sum(is_intact(raw.rstrip(b"\r\n")) for raw in lines)
    except OSError:
        return 0


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
    """Cuts off a last line that was never wholly written. Only for the one writer.

    A crash of the machine can leave the length of a line without its bytes, as zeros, so such a last
    line is cut even if it ends in a newline. A last line that only lacks its newline, as editors leave
    it, gets one. Any other line that does not fit its checksum stays, for the reader to refuse: it was
    whole once.

    Returns:
        What was dropped; None if nothing was.
    """
    start, number, last = 0, 0, b""
    with path.open("rb") as lines:
        for raw in lines:
            start, number, last = start + len(last), number + 1, raw
    if is_intact(last):
        with path.open("ab") as journal:
            journal.write(b"\n")
        return None
    if not last or not (is_torn(last) or b"\0" in last):
        return None
    os.truncate(path, start)
    return Repair(path, number, last)

"""The calls of a run whose strategy makes several for a question: all journals of them together.

They lie beside the answers, `calls-<shard>.jsonl`, under the same leases. An answer stands in its journal
once its conversation has ended; calls stand here from the moment they come back, so that a conversation
goes on where it was left. Reads only.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from def_sim.answers.storage.call_lines import decode_call
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.division import EVERYONE, Division
from def_sim.answers.storage.journal import LONGEST_LINE, how_to_repair, intact_lines, other_version
from def_sim.answers.storage.shards import AnswerKey, answers_folder
from def_sim.errors import StoreError
from def_sim.records import Call


class CallEntry(NamedTuple):
    """A call and where it stands."""

    call: Call
    path: Path
    number: int  # of the line, from 1

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.path}, line {self.number}"


Calls = Mapping[AnswerKey, Mapping[int, CallEntry]]  # of a question, by their numbers


def question_of(call: Call) -> AnswerKey:
    """The question for which a call was made."""
    return call.respondent_id, call.item_id, call.wording


def call_journals_of(folder: Path) -> list[Path]:
    """The journals of calls of a run, by name; most runs have none."""
    return sorted(answers_folder(folder).glob("calls-shard-*.jsonl"))


def read_calls(folder: Path, division: Division = EVERYONE) -> Calls:
    """All calls of a run, of however many shards.

    Args:
        folder: Of the run.
        division: Whose calls are wanted.

    Raises:
        StoreError: A line is damaged, or two lines contradict each other.
    """
    journals = filter(division.may_be_in, call_journals_of(folder))
    with disk_errors(answers_folder(folder)):
        return merge_calls(entry for path in journals for entry in read_call_journal(path, division))


def read_call_journal(path: Path, division: Division = EVERYONE) -> Iterator[CallEntry]:
    """The calls of a journal in the order they came back; a torn last line is passed over.

    Raises:
        StoreError: A line is damaged, or was written by another version of def_sim.
    """
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(LONGEST_LINE), b"")
        for number, line in intact_lines(lines, path):
            if division.has_line(line):
                yield CallEntry(decoded(line, path, number), path, number)


def decoded(line: bytes, path: Path, number: int) -> Call:
    """The call of an intact line.

    Raises:
        StoreError: It was written by another version of def_sim.
    """
    try:
        return decode_call(line)
    except (KeyError, TypeError, ValueError) as error:
        raise other_version(path, number, error) from error


def merge_calls(entries: Iterable[CallEntry]) -> Calls:
    """One entry a call. The same call twice (two shards overlapped once) is kept once.

    Raises:
        StoreError: Two different completions of one request.
    """
    merged: dict[AnswerKey, dict[int, CallEntry]] = defaultdict(dict)
    for entry in entries:
        call = entry.call
        earlier = merged[question_of(call)].setdefault(call.call, entry)
        if earlier.call != call:
            raise StoreError(
                f"{earlier.place} and {entry.place} are different completions of call {call.call} of "
                f"{call.respondent_id} for {call.item_id}#{call.wording}.",
                fix=how_to_repair(entry.path),
            )
    return dict(merged)

"""The store of answers: what a run has, and the one way to add to it.

Joins the journal of one shard, the lease on it, and the reading of all shards. An answer
that `append` has taken survives the end of this process, however it ends.
The store does not know what is still to be asked, nor of what the run consists.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from def_sim.answers.storage.calls import CallEntry, Calls, question_of, read_calls
from def_sim.answers.storage.completion import unmark_complete
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.held_journals import AGAIN, HeldJournals
from def_sim.answers.storage.journal import Entry, Line, Repair, count_intact, how_to_repair, repair_last_line
from def_sim.answers.storage.journal_writer import CallJournal, Journal, LineJournal
from def_sim.answers.storage.lease import Lease, end, find_stale
from def_sim.answers.storage.shards import (
    AnswerKey,
    answer_key,
    answers_folder,
    journals_of,
    no_search_for_cycles,
    read_answers,
    same_answers,
    shard_name,
)
from def_sim.answers.storage.stored_answers import StoredAnswers, read_stored
from def_sim.errors import StoreError
from def_sim.records import Answer, Call
from def_sim.temporary import remove_leftovers

__all__ = ["AnswerStore", "read_answers", "same_answers"]

_log = logging.getLogger(__name__)


class Foreign(NamedTuple):
    """An intact line that does not belong to the run."""

    entry: Entry | CallEntry
    why: str
    later: tuple[Entry, ...] = ()  # of the same respondent, with memories that cannot be judged without it


FindForeign = Callable[[Mapping[AnswerKey, Entry], Calls], Iterable[Foreign]]


def _nothing_is_foreign(entries: Mapping[AnswerKey, Entry], calls: Calls) -> Iterable[Foreign]:
    return ()


class AnswerStore:
    """The answers of a run, open for writing one shard. A context manager; open once constructed.

    Args:
        folder: The folder of the run; its journals lie in `answers/` below it.
        shard: Which part of the panel this process asks, in [0, num_shards).
        num_shards: How many parts there are. May differ from an earlier run of the same
            folder: of other divisions' journals the answers of this shard's respondents count as done.
        keeps_calls: Whether the strategy makes several calls for a question, which are stored, too.
        find_foreign: Gives the stored lines that cannot be of this run; without it all are taken.
        take_over: Whether the shard is taken from a process that may be alive; it then stops.

    Raises:
        RunInUseError: Another process writes this shard, or a shard of another division.
        StoreError: The folder cannot be written, or a stored line is damaged or of another run.
    """

    repaired: Repair | None  # what was dropped from the end of our journal on opening

    def __init__(
        self,
        folder: Path,
        *,
        shard: int = 0,
        num_shards: int = 1,
        keeps_calls: bool = False,
        find_foreign: FindForeign = _nothing_is_foreign,
        take_over: bool = False,
    ) -> None:
        if not 0 <= shard < num_shards:
            raise ValueError(f"shard {shard} is not in [0, {num_shards})")
        self.folder = folder
        self._division = Division(shard, num_shards)
        self._path = answers_folder(folder) / f"{shard_name(shard, num_shards)}.jsonl"
        self._calls_path = self._path.with_name(f"calls-{self._path.name}")
        self._keeps_calls = keeps_calls
        self._lease = Lease(self._path.with_suffix(".lease"))
        self._is_marked_complete = True  # for all we know
        self._is_closed = False
        with disk_errors(self._path), ExitStack() as opened:
            self._take_lease(opened, num_shards, take_over=take_over)
            self._open(opened, find_foreign)
            self._opened = opened.pop_all()

    def _take_lease(self, opened: ExitStack, num_shards: int, *, take_over: bool) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lease.acquire(take_over=take_over)
        opened.callback(self._lease.release)
        self._refuse_other_divisions(num_shards, take_over=take_over)

    def _open(self, opened: ExitStack, find_foreign: FindForeign) -> None:
        """Repairs and loads. What is opened is left on the stack, to be undone in reverse."""
        now = self._lease.renew()
        for folder in (self.folder, self._path.parent):
            remove_leftovers(folder, now=now)
        repaired = [repair_last_line(path) for path in (self._calls_path, self._path) if path.exists()]
        for repair in filter(None, repaired):
            _log.warning("%s", repair)
        self.repaired = repaired[-1] if self._path.exists() else None
        with no_search_for_cycles():
            self._stored = read_stored(self.folder, self._division)
            self._calls = read_calls(self.folder, self._division)
        refuse_foreign(find_foreign(self._stored, self._calls))
        self._journal = Journal(self._path)
        opened.callback(self._journal.close)
        journals: list[LineJournal] = [self._journal]
        if self._keeps_calls:
            self._call_journal = CallJournal(self._calls_path)
            opened.callback(self._call_journal.close)
            journals.append(self._call_journal)
        self._held = HeldJournals(self._lease, journals, opened, lost=self._lost)

    def _refuse_other_divisions(self, num_shards: int, *, take_over: bool) -> None:
        """Shards of 2 and shards of 4 hold the same respondents: they must not run together.

        Looking after having taken our own lease means that of two that start at once at
        least one sees the other.
        """
        now = self._lease.renew()
        for lease in sorted(self._path.parent.glob("shard-*.lease")):
            if not lease.stem.endswith(f"-of-{num_shards:02d}"):
                if take_over:
                    end(lease)
                find_stale(lease, now=now)

    def _lost(self, journal: LineJournal, loss: str) -> StoreError:
        journals = filter(self._division.may_be_in, journals_of(self.folder))
        num_safe = sum(count_intact(path) for path in journals)
        safe = f"{num_safe:,} of {len(self._stored):,} answers are still in {self._path.parent}"
        if moved := journal.moved_to():
            safe += f", and {count_intact(moved):,} in the moved file"
            fix = f"Move it back, then {AGAIN}"
        else:
            fix = f"Restore the file from a copy if there is one, then {AGAIN}"
        return StoreError(f"{loss} Nothing more is asked: {safe}.", fix=fix)

    def misfit(self, answer: Answer, why: str) -> StoreError:
        """The error to raise for a stored answer that the run would not have got."""
        return self._misfit(self._stored[answer_key(answer)].place, answer, why)

    def misfit_call(self, call: Call, why: str) -> StoreError:
        """The error to raise for a stored call that the run would not have made."""
        return self._misfit(self._calls[question_of(call)][call.call].place, call, why)

    def _misfit(self, place: str, of: Answer | Call, why: str) -> StoreError:
        return StoreError(
            f"{place} ({of.respondent_id}, {of.item_id}#{of.wording}) does not belong to this run: {why}.",
            fix=how_to_repair(self._path),
        )

    def check(self) -> None:
        """Makes sure that what was written is where it was written. Costs nothing: the beat has looked.

        Raises:
            StoreError: The journal was removed, replaced or cut, or the disk failed.
        """
        with disk_errors(self._path):
            self._held.check()

    def __enter__(self) -> "AnswerStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def stored(self) -> StoredAnswers:
        """What the shard's respondents have answered, by (respondent, item, wording), and where it stands.

        Grows with `append`. An answer is read from its journal when it is asked for.
        """
        return self._stored

    def append(self, answer: Answer) -> None:
        """Stores one answer. When this returns, the answer survives the end of the process.

        Raises:
            RunInUseError: The lease was taken over by another process.
            StoreError: The question was answered before; the disk is full or failed, and all answers
                before this one are safe; or the journal is gone, and the message says what is safe.
        """
        if self._is_closed:
            raise ValueError(f"{self._path}: append to a closed store")
        if answer_key(answer) in self._stored:
            raise StoreError(
                f"{answer.respondent_id} has answered {answer.question_id} already.",
                fix="Ask only what `stored` does not hold.",
            )
        with disk_errors(self._path, num_safe=len(self._stored)):
            self._make_sure_it_is_kept()
            offset = self._journal.append(answer)
        self._stored.add(answer, self._path, Line(0, offset))

    def calls_for(self, question: AnswerKey) -> Mapping[int, CallEntry]:
        """The calls that were made for a question before this store was opened, by their numbers."""
        return self._calls.get(question, {})

    def append_call(self, call: Call) -> None:
        """Stores one call of a question that takes several. When this returns, it survives the process.

        Raises:
            RunInUseError: The lease was taken over by another process.
            StoreError: The disk is full or failed, or a journal is gone; what was stored before is safe.
        """
        if self._is_closed or not self._keeps_calls:
            raise ValueError(f"{self._calls_path}: the store is closed or keeps no calls")
        with disk_errors(self._calls_path, num_safe=len(self._stored)):
            self._make_sure_it_is_kept()
            self._call_journal.append(call)

    def _make_sure_it_is_kept(self) -> None:
        self._held.make_ready()
        self._unmark_complete()

    def _unmark_complete(self) -> None:
        """A run that grows is no longer the one whose files were hashed."""
        if self._is_marked_complete:
            unmark_complete(self.folder)
            self._is_marked_complete = False

    def close(self) -> None:
        """Brings everything to the disk and gives the lease back. May be called twice.

        Raises:
            StoreError: The disk failed to keep the last answers, or the journal is not what was written.
        """
        self._is_closed = True
        with disk_errors(self._path):
            self._opened.close()
            self._held.check()


def refuse_foreign(foreign: Iterable[Foreign]) -> None:
    """Makes sure that no line was found that does not belong to the run.

    Raises:
        StoreError: Naming the first, and how many more there are.
    """
    found = iter(foreign)
    if (first := next(found, None)) is not None:
        num_more = sum(1 for _ in found)
        more = f" Nor do {num_more:,} more." if num_more else ""
        raise StoreError(
            f"{first.entry.place} does not belong to this run: {first.why}.{more}",
            fix=f"{how_to_repair(first.entry.path)} If another version of def_sim held these interviews (the "
            "manifest names it), go on with that one.",
        )

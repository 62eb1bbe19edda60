"""The verdicts of one set, written: a lease, a journal that is watched, and what is there already.

A verdict that `append` has taken survives the end of this process, however it ends. Writes nothing outside
the folder of the set. Knows no judge and no answers.
"""

import logging
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import MappingProxyType, TracebackType

from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.held_journals import HeldJournals
from def_sim.answers.storage.journal import repair_last_line
from def_sim.answers.storage.journal_writer import LineJournal
from def_sim.answers.storage.lease import Lease
from def_sim.errors import StoreError
from def_sim.judging.verdict_journal import (
    SHARD,
    Placed,
    how_to_mend,
    journal_of,
    judge_path,
    read_judge,
    read_placed,
)
from def_sim.judging.verdict_lines import StoredVerdict, VerdictKey, encode_verdict
from def_sim.temporary import remove_leftovers

_log = logging.getLogger(__name__)


class VerdictStore:
    """The verdicts of a set, open for writing. A context manager; open once constructed.

    Args:
        of_set: The folder of the set, made if missing; removed again if nothing comes into it.
        take_over: Whether it is taken from a process that may be alive; that one then stops.

    Raises:
        RunInUseError: Another process judges this set.
        StoreError: The folder cannot be written, or what is in it is damaged.
    """

    def __init__(self, of_set: Path, *, take_over: bool = False) -> None:
        self.folder = of_set
        self._path = journal_of(of_set)
        self._lease = Lease(of_set / f"{SHARD}.lease")
        with disk_errors(self._path), ExitStack() as opened:
            of_set.mkdir(parents=True, exist_ok=True)
            opened.callback(self._remove_if_empty)
            self._lease.acquire(take_over=take_over)
            opened.callback(self._lease.release)
            self._open(opened)
            self._opened = opened.pop_all()

    def _open(self, opened: ExitStack) -> None:
        remove_leftovers(self.folder, now=self._lease.renew())
        repaired = repair_last_line(self._path) if self._path.exists() else None
        if repaired is not None:
            _log.warning("%s", repaired)
        self._placed = read_placed(self.folder)
        if judge_path(self.folder).is_file():
            read_judge(self.folder)  # damaged: found before anything is asked
        elif self._placed:
            raise StoreError(f"{judge_path(self.folder)} is missing.", fix=how_to_mend(self.folder))
        self._journal = LineJournal(self._path)
        opened.callback(self._journal.close)
        self._held = HeldJournals(self._lease, [self._journal], opened)

    def _remove_if_empty(self) -> None:
        with suppress(OSError):  # anything in it: it stays
            is_empty = self._path.exists() and not self._path.stat().st_size
            if is_empty and not judge_path(self.folder).exists():
                self._path.unlink()
            self.folder.rmdir()
            self.folder.parent.rmdir()

    def check(self) -> None:
        """Makes sure that what was written is where it was written. Costs nothing: the beat has looked.

        Raises:
            StoreError: The journal was removed, replaced or cut, or the disk failed.
        """
        with disk_errors(self._path):
            self._held.check()

    def stored(self) -> Mapping[VerdictKey, Placed]:
        """What was there on opening, open verdicts among them."""
        return MappingProxyType(self._placed)

    def append(self, stored: StoredVerdict) -> None:
        """Stores one verdict. When this returns, it survives the end of the process.

        Raises:
            RunInUseError: The lease was taken over by another process.
            StoreError: The disk is full or failed, or the journal is gone; what was stored before is safe.
        """
        with disk_errors(self._path):
            self._held.make_ready()
            self._journal.append_line(encode_verdict(stored))

    def __enter__(self) -> "VerdictStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with disk_errors(self._path):
            self._opened.close()
            if error is None:
                self._held.check()

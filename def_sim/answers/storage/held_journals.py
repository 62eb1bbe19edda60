"""Journals that one process writes under a lease, looked after while it works.

A beat beside the work brings what was written to the disk and gives others a sign of life; what somebody
else did to a journal is noticed then, and told before the next line. Knows neither answers nor verdicts.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Final

from def_sim.answers.storage.journal_writer import LineJournal
from def_sim.answers.storage.lease import Lease
from def_sim.answers.storage.pulse import Pulse
from def_sim.errors import RunInUseError, StoreError

_BEAT_S: Final = 0.5  # lines must be on the disk after a second; half of it is for a slow disk
AGAIN: Final = "run the same command again: it checks what is there and asks the rest."


def say_lost(journal: LineJournal, loss: str) -> StoreError:
    """What to tell of a journal that is not what was written.

    Args:
        journal: The journal.
        loss: What somebody did to it, as a sentence.
    """
    found = "Move it back" if journal.moved_to() else "Restore the file from a copy if there is one"
    return StoreError(f"{loss} Nothing more is asked.", fix=f"{found}, then {AGAIN}")


class HeldJournals:
    """Open journals, from now on looked after until `opened` is closed.

    Args:
        lease: Held by this process.
        journals: At least one; the first is the one without which nothing is left.
        opened: Closes the journals and gives the lease back; the looking ends before that.
        lost: What to tell of a journal that is gone, by default `say_lost`.
    """

    def __init__(
        self,
        lease: Lease,
        journals: Sequence[LineJournal],
        opened: ExitStack,
        *,
        lost: Callable[[LineJournal, str], StoreError] = say_lost,
    ) -> None:
        self._lease, self._journals, self._lost = lease, tuple(journals), lost
        self._failure: OSError | StoreError | None = None  # noticed between two lines
        opened.callback(self._look)  # once more when all is written
        opened.callback(Pulse(self._beat, every_s=_BEAT_S).stop)

    def check(self) -> None:
        """Makes sure that what was written is where it was written. Costs nothing: the beat has looked.

        Raises:
            RunInUseError: Another process writes in our place.
            StoreError: A journal was removed, replaced or cut.
            OSError: The disk failed.
        """
        if self._failure:
            raise self._failure

    def make_ready(self) -> None:
        """Looks, and renews the lease, before a line is written. Raises as `check` does."""
        self._look()
        self.check()
        self._lease.renew()

    def _beat(self) -> None:
        self._look()
        try:
            for journal in self._journals:
                journal.sync()
        except OSError as error:
            self._failure = self._failure or error
        # A lost lease is told before the next line, when it is renewed as well.
        with suppress(RunInUseError, OSError):
            self._lease.renew()

    def _look(self) -> None:
        """Notices that somebody removed, replaced or cut a journal that we write."""
        try:
            for journal in self._journals:
                if self._failure is None and (loss := journal.loss()) is not None:
                    self._failure = self._taken_over() or self._lost(journal, loss)
        except OSError as error:
            self._failure = error

    def _taken_over(self) -> RunInUseError | None:
        """Who wrote in our place while we were stopped, or on a machine of its own: that is no loss."""
        if self._journals[0].path.exists():
            try:
                self._lease.renew()
            except RunInUseError as error:
                return error
        return None

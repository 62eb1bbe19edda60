"""One writer a shard: a lease that a dead process cannot keep.

The lease is a folder with one empty file in it, named by its holder; the file's time of
change is the heartbeat. This form makes every step one atomic rename, on any file system:
- to take a free lease, a folder prepared aside is renamed to the lease's name, which fails
  if a lease is there;
- to take over a stale one, its file is renamed to our name, which fails if it was taken
  over (or given back) since we looked: of several processes exactly one succeeds;
- to renew, the file of our name is touched, which fails once it was taken over.
No file is ever half written, as nothing is written.

The lease does not know what it protects, and no thread: its owner calls `renew`.
"""

import errno
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from def_sim.errors import RunInUseError, StoreError
from def_sim.holder import Holder
from def_sim.temporary import temporary_path

STALE_AFTER_S: Final = 120.0  # silence after which a holder on another machine is taken for dead
TAKE_OVER_RISK: Final = (
    "(Should it live after all, it stops at its next answer; that question may be asked, and paid, twice.)"
)
_LISTEN_S: Final = 1.5  # three beats of a living holder
_CLOCK_TOLERANCE_S: Final = 2.0  # coarse clocks, and what passes between two looks
_ATTEMPTS: Final = 200
_PAUSE_S: Final = 0.01


class _Sighting(NamedTuple):
    mark: Path
    holder: Holder | None  # None: the name of the mark cannot be read
    heartbeat: float  # by the clock of the file system, seconds since 1970

    def __str__(self) -> str:
        return "an unknown process" if self.holder is None else str(self.holder)


def _look(path: Path) -> _Sighting | None:
    """Who holds the lease at this moment; None if nobody does."""
    unknown: _Sighting | None = None
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in sorted(os.listdir(path)):  # noqa: PTH208 - names, not paths, and missing is an answer
            mark, holder = path / name, Holder.from_file_name(name)
            with suppress(FileNotFoundError):
                sighting = _Sighting(mark, holder, mark.stat().st_mtime)
                if holder is not None:
                    return sighting
                # Hidden files are those that a network file system keeps for somebody who has them open.
                if mark.is_file() and not name.startswith("."):
                    unknown = sighting
    return unknown


def last_sign(path: Path) -> tuple[Holder | None, float] | None:
    """Who holds a lease and when it last gave a sign of life; None if nobody holds it. Changes nothing.

    Args:
        path: The lease's folder, which may be missing.

    Returns:
        The holder, None where its name cannot be read; seconds since 1970 by the clock of the file system.
    """
    sighting = _look(path)
    return None if sighting is None else (sighting.holder, sighting.heartbeat)


def find_starting(folder: Path) -> Holder | None:
    """Who is at work in a folder of leases and, for all that can be known from here, alive; None: nobody."""
    for path in sorted(folder.glob("*.lease")):
        sighting = _look(path)
        if sighting is None or (holder := sighting.holder) is None:
            continue
        if holder.is_running() if holder.is_here() else time.time() - sighting.heartbeat < STALE_AFTER_S:
            return holder
    return None


def find_stale(path: Path, *, now: float) -> Path | None:
    """The mark of the dead holder of a lease; None if nobody holds it.

    A holder on another machine, or one whose mark cannot be read, is judged by its last sign of life.
    One of the future tells nothing but that a clock was changed: the silence is then counted from now,
    for which the mark is given the present time. A living holder overwrites it within a second.

    Args:
        path: The lease's folder, which may be missing.
        now: Time by the clock of the file system, seconds since 1970.

    Raises:
        RunInUseError: The holder lives, or may live for all we can know from here.
    """
    if (sighting := _look(path)) is None:
        return None
    holder, silence_s = sighting.holder, now - sighting.heartbeat
    journal = path.with_suffix(".jsonl")
    if holder is not None and holder.is_here():
        if holder.is_running():
            raise RunInUseError(
                f"{journal} is being written by {holder}.",
                fix=f"Let it finish, or stop it (kill {holder.pid}), then run the same command again.",
                holder=f"process {holder.pid} on this machine",
            )
        return sighting.mark
    if silence_s < -_CLOCK_TOLERANCE_S:
        with suppress(OSError):
            os.utime(sighting.mark)
        told, silence_s = "whose last sign of life is of the future (a clock was changed)", 0.0
    else:
        told = f"which gave a sign of life {max(silence_s, 0):.0f} s ago"
    if silence_s < STALE_AFTER_S:
        who = f"process {holder.pid} on {holder.host}" if holder else "that process"
        raise RunInUseError(
            f"{journal} is being written by {sighting}, {told}.",
            fix=f"Let it finish, or stop {who}; if it is dead already, run the same command again in "
            f"{STALE_AFTER_S - silence_s:.0f} s, or at once with lease.take_over=true. {TAKE_OVER_RISK}",
            holder=who,
            silent_s=max(silence_s, 0.0),
        )
    return sighting.mark


def _listen(mark: Path) -> None:
    """Makes sure that a silent holder elsewhere is silent now, too: where clocks differ times say little.

    Raises:
        RunInUseError: It gave a sign of life.
    """
    holder = Holder.from_file_name(mark.name)
    if holder is not None and holder.is_here():
        return  # its process is known to be dead
    with suppress(FileNotFoundError):
        before = mark.stat().st_mtime
        time.sleep(_LISTEN_S)
        if mark.stat().st_mtime != before:
            who = f"process {holder.pid} on {holder.host}" if holder else "an unknown process"
            raise RunInUseError(
                f"{mark.parent.with_suffix('.jsonl')} is being written by {who}, which gave a sign of life "
                "while this one looked, though by its times it was silent for minutes.",
                fix=f"Let it finish, or stop {who}. The clocks of the two machines differ: have them set.",
                holder=who,
                silent_s=0.0,
            )


class Lease:
    """The right to write one shard.

    Args:
        path: The lease's folder, beside the journal, with the suffix `.lease`.
        me: Who wants it; the running process unless told.
    """

    def __init__(self, path: Path, *, me: Holder | None = None) -> None:
        self.path = path
        self._me = me or Holder.this_process()
        self._mark = path / self._me.file_name

    def acquire(self, *, take_over: bool = False) -> None:
        """Takes the lease, from a dead holder if need be.

        Args:
            take_over: From a living one, too, which then stops at its next answer.

        Raises:
            RunInUseError: Another process holds it.
            StoreError: Something that is no lease stands in its place.
        """
        prepared = temporary_path(self.path)  # its name says who prepares it, before its mark is there
        prepared.mkdir()
        try:
            (prepared / self._mark.name).touch()
            # Clocks of machines differ, that of the file system is shared.
            now = (prepared / self._mark.name).stat().st_mtime
            for _ in range(_ATTEMPTS):
                if self._take_free(prepared) or self._take_over(now, is_forced=take_over):
                    return
                time.sleep(_PAUSE_S)
        finally:
            _remove(prepared, self._mark.name)
        raise StoreError(f"{self.path} is not a lease.", fix=f"Delete {self.path} and run again.")

    def _take_free(self, prepared: Path) -> bool:
        try:
            prepared.rename(self.path)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return False
            raise
        return True

    def _take_over(self, now: float, *, is_forced: bool) -> bool:
        if is_forced:
            sighting = _look(self.path)
            stale = sighting.mark if sighting else None
        else:
            stale = find_stale(self.path, now=now)
            if stale is not None:
                _listen(stale)
        if stale is None:  # given back since we tried
            return False
        try:
            stale.rename(self._mark)
        except FileNotFoundError:  # another process was faster; look again who it is
            return False
        self.renew()
        return True

    def renew(self) -> float:
        """Gives a sign of life, and learns whether the lease is still ours.

        Returns:
            The time of it by the clock of the file system, seconds since 1970.

        Raises:
            RunInUseError: Another process took it over: we were silent for too long.
        """
        try:
            os.utime(self._mark)
            return self._mark.stat().st_mtime
        except (FileNotFoundError, NotADirectoryError):
            sighting = _look(self.path)
            now_held = f"taken over by {sighting}" if sighting else "removed"
            raise RunInUseError(
                f"{self.path.with_suffix('.jsonl')}: the lease of this process was {now_held}; "
                "was this process suspended for minutes?",
                fix="Nothing stored is lost. Let the other process finish, or stop it, and run the same "
                "command again.",
            ) from None

    def release(self) -> None:
        """Gives the lease back; does nothing if another process has it by now."""
        _remove(self.path, self._mark.name)


def end(path: Path) -> None:
    """Ends a lease whoever holds it: the holder learns of it when it renews."""
    while sighting := _look(path):
        _remove(path, sighting.mark.name)


def _remove(folder: Path, name: str) -> None:
    """Removes the file, then the folder if that leaves it empty."""
    with suppress(FileNotFoundError, NotADirectoryError):
        (folder / name).unlink()
        # Between the two a newcomer may have moved in: the folder is its lease then.
        with suppress(OSError):
            folder.rmdir()

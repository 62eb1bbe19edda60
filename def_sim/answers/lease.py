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

from def_sim.answers.holder import Holder
from def_sim.errors import RunInUseError, StoreError

STALE_AFTER_S: Final = 120.0  # silence after which a holder on another machine is taken for dead
_ATTEMPTS: Final = 200
_PAUSE_S: Final = 0.01


class _Sighting(NamedTuple):
    holder: Holder
    heartbeat: float  # by the clock of the file system, seconds since 1970


def _look(path: Path) -> _Sighting | None:
    """Who holds the lease at this moment; None if nobody does."""
    with suppress(FileNotFoundError):
        for name in os.listdir(path):  # noqa: PTH208 - names, not paths, and missing is an answer
            if holder := Holder.from_file_name(name):
                return _Sighting(holder, (path / name).stat().st_mtime)
    return None


def find_stale(path: Path, *, now: float) -> Holder | None:
    """The dead holder of a lease; None if nobody holds it.

    Args:
        path: The lease's folder, which may be missing.
        now: Time by the clock of the file system, seconds since 1970.

    Raises:
        RunInUseError: The holder lives, or may live for all we can know from here.
    """
    if (sighting := _look(path)) is None:
        return None
    holder, silence_s = sighting.holder, now - sighting.heartbeat
    if holder.is_here():
        if holder.is_running():
            raise RunInUseError(
                f"{path.with_suffix('.jsonl')} is being written by {holder}.",
                fix=f"Let it finish, or stop it (kill {holder.pid}), then run the same command again.",
            )
    elif silence_s < STALE_AFTER_S:
        raise RunInUseError(
            f"{path.with_suffix('.jsonl')} is being written by {holder}, "
            f"which gave a sign of life {max(silence_s, 0):.0f} s ago.",
            fix=f"Let it finish, or stop process {holder.pid} on {holder.host}; if it is dead already, "
            f"run the same command again in {STALE_AFTER_S - silence_s:.0f} s.",
        )
    return holder


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

    def acquire(self) -> None:
        """Takes the lease, from a dead holder if need be.

        Raises:
            RunInUseError: Another process holds it.
            StoreError: Something that is no lease stands in its place.
        """
        prepared = self.path.with_name(f".{self.path.name}-{self._me.token}")
        prepared.mkdir()
        try:
            (prepared / self._mark.name).touch()
            now = (
                (prepared / self._mark.name).stat().st_mtime
            )  # clocks of machines differ, this one is shared
            for _ in range(_ATTEMPTS):
                if self._take_free(prepared) or self._take_over(now):
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

    def _take_over(self, now: float) -> bool:
        stale = find_stale(self.path, now=now)
        if stale is None:  # given back since we tried
            return False
        try:
            (self.path / stale.file_name).rename(self._mark)
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
        except FileNotFoundError:
            sighting = _look(self.path)
            now_held = f"taken over by {sighting.holder}" if sighting else "removed"
            raise RunInUseError(
                f"{self.path.with_suffix('.jsonl')}: the lease of this process was {now_held}; "
                "was this process suspended for minutes?",
                fix="Nothing stored is lost. Let the other process finish, or stop it, and run the same "
                "command again.",
            ) from None

    def release(self) -> None:
        """Gives the lease back; does nothing if another process has it by now."""
        _remove(self.path, self._mark.name)


def _remove(folder: Path, name: str) -> None:
    """Removes the file, then the folder if that leaves it empty."""
    with suppress(FileNotFoundError):
        (folder / name).unlink()
        # Between the two a newcomer may have moved in: the folder is its lease then.
        with suppress(OSError):
            folder.rmdir()

"""The journal of one shard, written: answers are appended, and the file is watched meanwhile.

A process that appends to a file which somebody has removed, replaced or cut would lose every
answer in silence: the operating system lets it. So the writer compares what lies at its path
with what it wrote.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.answers.storage.call_lines import encode_call
from def_sim.records import Answer, Call
from def_sim.temporary import sync_folder


class LineJournal:
    """Open journal of one shard. Errors of the operating system come through as they are.

    `append_line` returns when the operating system has the whole line, so the answer outlives
    this process; `sync` makes it outlive the machine.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()  # as the system tells where a moved file is
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        found = self.path.stat()
        # By path then and later: some file systems number an open file otherwise than its path.
        self._identity = found.st_dev, found.st_ino
        self._length = found.st_size
        self._has_part_of_a_line = False
        self._has_unsynced = True  # what a process before us wrote, perhaps
        self._lock = threading.Lock()  # `loss` must not look in the middle of an append
        sync_folder(self.path.parent)

    def append_line(self, line: bytes) -> int:
        """Writes one line; it is there as a whole, or an error is raised and it is not there.

        Returns:
            Where it begins in the file.

        Raises:
            OSError: The line could not be written; the lines before it are safe.
        """
        with self._lock:
            self._cut_part_of_a_line()
            self._has_part_of_a_line = True  # until proven otherwise, also if we are interrupted here
            try:
                self._write(line)
            except OSError:
                with suppress(OSError):  # the error to tell is the first; the next open repairs as well
                    self._cut_part_of_a_line()
                raise
            offset, self._length = self._length, self._length + len(line)
            self._has_part_of_a_line = False
            self._has_unsynced = True
            return offset

    def _write(self, line: bytes) -> None:
        """Hands over a line in one call, or in several if the system takes only a part."""
        while line:
            line = line[os.write(self._descriptor, line) :]

    def _cut_part_of_a_line(self) -> None:
        if self._has_part_of_a_line:
            os.ftruncate(self._descriptor, self._length)
            self._has_part_of_a_line = False

    def loss(self) -> str | None:
        """What somebody else did to the file, as a sentence; None if it is as it was written.

        May be called from another thread.
        """
        with self._lock:
            try:
                found = self.path.stat()
            except (FileNotFoundError, NotADirectoryError):
                moved = self.moved_to()
                return f"{self.path} was {f'moved to {moved}' if moved else 'removed'}."
            if (found.st_dev, found.st_ino) != self._identity:
                return f"Another file has taken the place of {self.path}."
            if found.st_size != self._length and not self._has_part_of_a_line:
                return f"{self.path} has {found.st_size:,} bytes; {self._length:,} were written."
            return None

    def moved_to(self) -> Path | None:
        """Where the file lies by now if it was renamed, as far as the system tells."""
        with suppress(OSError):
            place = Path(f"/proc/self/fd/{self._descriptor}").readlink()
            if place != self.path and os.path.samestat(place.stat(), os.fstat(self._descriptor)):
                return place
        return None

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


class Journal(LineJournal):
    """Open journal of the answers of one shard."""

    def append(self, answer: Answer) -> int:
        """Writes the line of an answer.

        Returns:
            Where it begins in the file.

        Raises:
            OSError: It could not be written; the lines before it are safe.
        """
        return self.append_line(encode_line(answer))


class CallJournal(LineJournal):
    """Open journal of the calls of one shard, of a strategy that makes several for a question."""

    def append(self, call: Call) -> None:
        """Writes the line of a call.

        Raises:
            OSError: It could not be written; the lines before it are safe.
        """
        self.append_line(encode_call(call))

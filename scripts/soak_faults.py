"""What happens to a command in the soak: a signal at some moment, or a disk that runs full.

A moment is a share of the undisturbed command, in [0, 1.2): of its duration; of the lines that it adds to
journals; or of the kinds of operations on files, the moment before and after each. Seconds mean less on a
busy machine, and a moment may come too late. What the faults do to the answers is not known here.
"""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Final

from soak_stages import Course, Ended, Stage, Undisturbed, num_pages, whole_lines

LATEST: Final = 1.2  # of the undisturbed command
_POLL_S: Final = 0.003
_ROOMY_BYTES: Final = 256 * 2**20


class Fault(StrEnum):
    """What happens."""

    KILL = "SIGKILL"
    TERMINATE = "SIGTERM"
    FULL_DISK = "full disk"


SIGNALS: Final = {Fault.KILL: signal.SIGKILL, Fault.TERMINATE: signal.SIGTERM}
# SIGTERM ends a Python that has not come to its first line, or is past its last, as any other program.
CODES: Final = {
    Fault.KILL: (0, -signal.SIGKILL),
    Fault.TERMINATE: (0, 2, -signal.SIGTERM),
    Fault.FULL_DISK: (0, 2),
}


class Measure(StrEnum):
    """What a moment is a share of."""

    SECONDS = "seconds"
    LINES = "lines"
    FILES = "operations on files"


@dataclass(frozen=True)
class Interruption:
    """A fault and its moment; of a full disk, `share` is how much of what is to be written has room."""

    fault: Fault
    measure: Measure
    share: float

    def __str__(self) -> str:
        return f"{self.fault} at {self.share:.0%} of the {self.measure}"


class Disk:
    """A folder whose free space can be set: a tmpfs, or where that is not allowed, an ordinary folder.

    An ordinary folder cannot run full; a limit on the size of files stands in for it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        is_allowed = shutil.which("mount") is not None and os.geteuid() == 0
        self.is_mounted = is_allowed and self._mount(f"size={_ROOMY_BYTES}") == 0

    def _mount(self, options: str) -> int:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    def _set_size(self, num_bytes: int) -> None:
        if self.is_mounted and self._mount(f"remount,size={num_bytes}") != 0:
            raise RuntimeError(f"{self.folder} does not become {num_bytes} bytes large")

    def set_free(self, num_free_pages: int) -> None:
        """Leaves room for so many pages."""
        pages = max(num_pages(self.folder) + num_free_pages, 1)  # 0 would mean: no limit
        self._set_size(pages * os.sysconf("SC_PAGE_SIZE"))

    def set_roomy(self) -> None:
        """Leaves room for everything."""
        self._set_size(_ROOMY_BYTES)

    def remove(self) -> None:
        """Gives it back, with what is on it."""
        if self.is_mounted:
            subprocess.run(["umount", str(self.folder)], check=True)
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def new_disk(folder: Path) -> Iterator[Disk]:
    """A disk for the time of a block."""
    disk = Disk(folder)
    try:
        yield disk
    finally:
        disk.remove()


def interrupt(what: Interruption, stage: Stage, disk: Disk, undisturbed: Undisturbed) -> Ended:
    """Runs a command into a fault.

    Raises:
        TimeoutExpired: The command does not end.
    """
    if what.fault is Fault.FULL_DISK:
        return _run_into_full_disk(what, stage, disk, undisturbed)
    course = undisturbed.courses[stage.name]
    if what.measure is Measure.FILES:
        return undisturbed.start(stage, disk.folder, trap=trap_of(what, course)).wait()
    num_before = len(whole_lines(undisturbed.folder / stage.before))
    command = undisturbed.start(stage, disk.folder)
    try:
        while command.is_running():
            if what.measure is Measure.LINES:
                is_reached = len(whole_lines(disk.folder)) - num_before >= what.share * course.num_lines
            else:
                is_reached = command.seconds >= what.share * course.seconds
            if is_reached:
                command.send(SIGNALS[what.fault])
                break
            time.sleep(_POLL_S)
    except BaseException:
        command.stop()
        raise
    return command.wait()


def trap_of(what: Interruption, course: Course) -> dict[str, Any]:
    """The operation on a file at which to strike: any kind of it equally likely, then any of its times."""
    kinds = sorted(set(course.operations))
    place, within = divmod(what.share / LATEST * len(kinds), 1)
    kind = kinds[int(place)]
    nth, is_after = divmod(int(within * 2 * course.operations.count(kind)), 2)
    return {"strike": kind, "nth": nth, "is_after": bool(is_after), "signal": int(SIGNALS[what.fault])}


def _run_into_full_disk(what: Interruption, stage: Stage, disk: Disk, undisturbed: Undisturbed) -> Ended:
    if not disk.is_mounted:
        largest = max(path.stat().st_size for path in (undisturbed.folder / stage.after).rglob("*"))
        most = int(what.share * largest)
        return undisturbed.start(
            stage, disk.folder, limit=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most, most))
        ).wait()
    needed = num_pages(undisturbed.folder / stage.after) - num_pages(undisturbed.folder / stage.before)
    disk.set_free(int(what.share * needed))
    try:
        return undisturbed.start(stage, disk.folder).wait()
    finally:
        disk.set_roomy()

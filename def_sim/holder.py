"""Who holds a lease, and whether that process still lives.

Knows processes and machines. It does not know what the lease protects.
"""

import hashlib
import os
import secrets
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote


def _read_first_line(path: str) -> str:
    """First line of a small system file; empty where the system has no such file."""
    try:
        return Path(path).read_text().partition("\n")[0]
    except OSError:
        return ""


def this_machine() -> str:
    """Name of a space of process numbers: one host, one boot, one container.

    Host names alone are not enough: containers may share one and a reboot reuses all numbers.
    """
    try:
        container = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        container = ""
    boot = _read_first_line("/proc/sys/kernel/random/boot_id")
    return hashlib.blake2b(f"{socket.gethostname()}|{boot}|{container}".encode(), digest_size=4).hexdigest()


def process_start(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; 0 where unknown, None if it is dead.

    A zombie (killed, its parent has not noticed yet) is dead: it writes nothing any more. So is a
    number that no process can have.
    """
    if pid <= 0:  # the system takes 0 for a whole group
        return None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except PermissionError:  # it lives and is another user's
        pass
    # After the name in brackets, which may hold anything: state is the 1st field, start the 20th.
    status = _read_first_line(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if not status:
        return 0
    return None if status[0] in "ZX" else int(status[19])


def is_running(pid: int, start: int) -> bool:
    """Whether the process of this machine lives that had this number and started then.

    Args:
        pid: Its number.
        start: See `process_start`; 0 where unknown.
    """
    now = process_start(pid)
    return now is not None and (0 in (now, start) or now == start)


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lease. All of it fits into a file name, see `file_name`."""

    host: str
    machine: str  # see this_machine: where it is ours, the pid can be looked up
    pid: int
    process_start: int  # tells a process from a later one with the same pid; 0: unknown
    since: int  # when the lease was wanted, seconds since 1970
    token: str  # differs between two leases of one process

    @classmethod
    def this_process(cls) -> "Holder":
        """The running process, as the holder of a new lease."""
        pid = os.getpid()
        start = process_start(pid) or 0
        return cls(socket.gethostname(), this_machine(), pid, start, int(time.time()), secrets.token_hex(4))

    @property
    def file_name(self) -> str:
        """The fields, separated by commas."""
        numbers = f"{self.pid},{self.process_start},{self.since}"
        return f"{quote(self.host, safe='')},{self.machine},{numbers},{self.token}"

    @classmethod
    def from_file_name(cls, name: str) -> "Holder | None":
        """Reads `file_name` back; None if the name is of something else."""
        match name.split(","):
            case [host, machine, *numbers, token] if len(numbers) == 3 and all(map(str.isdecimal, numbers)):
                pid, start, since = numbers
                return cls(unquote(host), machine, int(pid), int(start), int(since), token)
            case _:
                return None

    def is_here(self) -> bool:
        """Whether its process number means something on this machine."""
        return self.machine == this_machine()

    def is_running(self) -> bool:
        """Whether the process lives; only meaningful if `is_here`."""
        return is_running(self.pid, self.process_start)

    def __str__(self) -> str:
        try:
            moment = datetime.fromtimestamp(self.since, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        except (OverflowError, ValueError, OSError):  # no clock ever showed this
            moment = "an unknown time"
        return f"process {self.pid} on {self.host} (since {moment})"

"""A real Slurm of one node: munged, slurmctld and slurmd as root, without systemd, in a folder of its own.

It has no network but 127.0.0.1, nor have its jobs. A job that is queued again waits 20 s, not 120.
Where a machine lacks Slurm, or the tests are not root, there is none and the tier says so.
"""

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from waiting import comes_true

PROGRAMS: Final = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "srun")

_NEW_NETWORK: Final = 0x40000000  # CLONE_NEWNET
_SET_FLAGS: Final = 0x8914  # SIOCSIFFLAGS
_SET_ADDRESS: Final = 0x8916  # SIOCSIFADDR
_UP: Final = 1  # IFF_UP

_CONFIGURATION: Final = """\
ClusterName=loop
SlurmctldHost=localhost(127.0.0.1)
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=20
SlurmUser=root
SlurmdUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=1,sched_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobRequeue=1
MaxArraySize=9
KillWait=10
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=4000 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:8
"""


def why_not() -> str:
    """Why no cluster can be had here; empty if one can."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"Slurm is not installed ({', '.join(missing)})"
    return "" if os.geteuid() == 0 else "only root can start Slurm's daemons"


@contextmanager
def running_cluster(folder: Path) -> Iterator[Path]:
    """Starts a cluster without a network and ends it. Inside, whatever this thread starts has none either.

    Args:
        folder: Of its own, on a short path: sockets have names of at most 107 bytes.

    Yields:
        Its slurm.conf, for the variable SLURM_CONF.
    """
    with _loopback_only():
        yield from _cluster(folder)


@contextmanager
def _loopback_only() -> Iterator[None]:
    """A network of this thread, and of all that it starts, with nothing but 127.0.0.1."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as before:
        if libc.unshare(_NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), "this machine gives no network namespace")
        try:
            with socket.socket() as any_socket:
                fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))
                # A second address, of those for documentation: with 127.0.0.1 alone the daemons have none.
                address = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton("192.0.2.1"))
                fcntl.ioctl(any_socket, _SET_ADDRESS, struct.pack("16s16s", b"lo:1", address))
            yield
        finally:
            libc.setns(before.fileno(), _NEW_NETWORK)


def _cluster(folder: Path) -> Iterator[Path]:
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    configuration = folder / "slurm.conf"
    controller_port, node_port = _free_ports()
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder, controller_port=controller_port, node_port=node_port, cpus=os.cpu_count() or 1
        )
    )
    environment = {**os.environ, "SLURM_CONF": str(configuration)}
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        for command in _commands(folder, configuration):
            daemons.append(_started(command, folder, environment))
        assert comes_true(lambda: _is_up(environment), every_s=0.2)
        yield configuration
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in reversed(daemons):
            daemon.wait(timeout=60)


def _free_ports() -> tuple[int, int]:
    """Two that nobody listens at: tests in several processes have a cluster each."""
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _commands(folder: Path, configuration: Path) -> list[list[str]]:
    munge = [
        *("munged", "--foreground", "--force", f"--key-file={folder}/munge.key"),
        *(f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid"),
        *(f"--log-file={folder}/munged.log", f"--seed-file={folder}/munged.seed"),
    ]
    return [
        munge,
        ["slurmctld", "-D", "-f", str(configuration)],
        ["slurmd", "-D", "-N", "localhost", "-f", str(configuration)],
    ]


def _started(command: list[str], folder: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    with (folder / f"{command[0]}.out").open("wb") as output:
        daemon = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    if command[0] == "munged":
        assert comes_true((folder / "munge.socket").exists)
    return daemon


def _is_up(environment: dict[str, str]) -> bool:
    shown = subprocess.run(
        ["sinfo", "--noheader", "--format=%T"], env=environment, capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() in ("idle", "mixed", "allocated")

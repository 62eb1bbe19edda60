"""What Slurm knows of jobs: whether they wait in its queue or are at work. Asks its own commands."""

import re
import subprocess
from collections.abc import Iterable
from typing import Final

_NODE: Final = re.compile(r"^\s*NodeList=([\w.\-\[\],]+)$", re.MULTILINE)


def array_of(job_id: str) -> str:
    """The array of a job, itself where it is of none: `7` of `7_3`."""
    return job_id.partition("_")[0]


def in_queue(job_ids: Iterable[str]) -> frozenset[str] | None:
    """Those of some jobs that wait or are at work; None: the scheduler does not answer.

    Args:
        job_ids: As sbatch names them, `7_3` for a job of an array.
    """
    wanted = frozenset(job_ids)
    listed = ",".join(sorted(set(map(array_of, wanted))))
    asked = _asked("squeue", "--noheader", "--array", "--format=%i", f"--jobs={listed}")
    if asked is None or (asked.returncode != 0 and "Invalid job id" not in asked.stderr):
        return None
    return wanted & set(asked.stdout.split())


def node_of(job_id: str) -> str:
    """Where a job ran or runs; empty where Slurm does not know, or no longer: some minutes after its end."""
    asked = _asked("scontrol", "show", "job", job_id)
    found = _NODE.search(asked.stdout) if asked is not None else None
    return found.group(1) if found else ""


def _asked(*command: str) -> "subprocess.CompletedProcess[str] | None":
    """What a command of Slurm says; None where it is not installed."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None

"""How far a shard is, as its process writes it for others: one small file beside its journal.

It is there only while the shard is unfinished. It is news, not data: nothing rests on it but what
`stage=status` shows, and one that is damaged or lost costs no answer.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from def_sim.answers.storage.disk import write_whole
from def_sim.answers.storage.shards import answers_folder, shard_name
from def_sim.errors import StoreError

REPORT_LEASE: Final = "report.lease"  # beside those of the shards, while the last one writes the report
PROGRESS_FILES: Final = "shard-*.progress.json"
MOST_ERROR: Final = 1000  # characters of an error that are kept
_MOST_BYTES: Final = 16_384
_MOST: Final = 2**53

Phase = Literal["loading", "asking", "stopped"]
_Count = Annotated[int, Field(ge=0, le=_MOST)]
_Amount = Annotated[float, Field(ge=0, le=_MOST, allow_inf_nan=False)]
_Word = Annotated[str, Field(max_length=200)]


class ShardProgress(BaseModel):
    """One look at a shard.

    Attributes:
        phase: loading: the model; asking; stopped: ended unfinished, by a signal or an error.
        done: Answers of the shard that are stored, earlier processes' included.
        planned: Answers that the shard is to see to.
        statuses: How many of the stored answers ended in each status.
        answers_per_hour: Of the last ten minutes of this process; None before there was an answer.
        tokens_in: Tokens that the stored answers' prompts had.
        tokens_out: Tokens that were generated for them.
        usd: What the shard's requests cost, in dollars; None where no price is known.
        host: Machine of the process.
        slurm_job: Of the process; empty outside of Slurm.
        restarts: How often Slurm has queued the job again.
        was_interrupted: Whether a signal stopped it; the same command goes on.
        error: Why it stopped; empty while it goes on.
        at: When this was written, in seconds since 1970 by the clock of the process.
    """

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    phase: Phase
    done: _Count
    planned: _Count
    statuses: dict[_Word, _Count]
    answers_per_hour: _Amount | None
    tokens_in: _Count
    tokens_out: _Count
    usd: _Amount | None
    host: _Word
    slurm_job: _Word
    restarts: _Count
    was_interrupted: bool
    error: Annotated[str, Field(max_length=MOST_ERROR)]
    at: _Amount


def this_host() -> str:
    """Name of this machine, as it stands in the file."""
    return socket.gethostname()[:200]


def this_job() -> tuple[str, int]:
    """The Slurm job of this process and how often it was queued again; empty and 0 outside of Slurm."""
    restarts = os.environ.get("SLURM_RESTART_COUNT", "0")
    return os.environ.get("SLURM_JOB_ID", "")[:200], int(restarts) if restarts.isdecimal() else 0


def progress_path(folder: Path, shard: int, num_shards: int) -> Path:
    """Where a shard of a run says how far it is."""
    return answers_folder(folder) / f"{shard_name(shard, num_shards)}.progress.json"


def write_progress(path: Path, progress: ShardProgress) -> None:
    """Writes it, whole. That it cannot be written stops no interview: the journals tell of a full disk."""
    with suppress(StoreError):
        write_whole(path, f"{progress.model_dump_json(indent=1)}\n".encode("utf-8", errors="replace"))


def read_progress(path: Path) -> ShardProgress | None:
    """What a shard wrote; None where nothing of the kind can be read."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        return ShardProgress.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def remove_progress(path: Path) -> None:
    """Removes the file of a shard that is done."""
    with suppress(OSError):
        path.unlink()

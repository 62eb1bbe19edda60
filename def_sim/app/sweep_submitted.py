"""Which jobs a sweep has submitted, on file beside their results, and which of them are not over yet.

So a sweep that is given again while its jobs wait is noticed before anything is submitted. That two
processes do not write one shard is the lease's to see to, whoever started them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import gcd
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from def_sim.answers.storage.disk import write_whole
from def_sim.app.sweep_job import SweepJob
from def_sim.app.sweep_queue import array_of, in_queue
from def_sim.app.sweep_results import JOBS, REQUEUED, read_result
from def_sim.errors import ConfigError
from def_sim.holder import is_running, process_start, this_machine

SWEEPS: Final = "sweeps"  # below the output folder
_FILE: Final = "submitted.json"
_MOST_NAMED: Final = 5
_Number = Annotated[int, Field(ge=0, lt=2**53)]


class SubmittedJob(BaseModel):
    """A job that was submitted.

    Attributes:
        number: Its place in its sweep.
        job_id: Slurm's; of a launcher of this machine the number of a process.
        machine: Where that process is, see `this_machine`; empty for a job of Slurm.
        process_start: When it started, see `process_start`; 0 for a job of Slurm.
        run_folder: Of its run.
        shard: Which part of the panel it asks; 0 where each task asks one.
        num_shards: Parts of the panel.
        num_tasks: Processes of the job.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    number: _Number
    job_id: Annotated[str, Field(pattern=r"^[0-9]{1,18}(_[0-9]{1,9})?$")]
    machine: Annotated[str, Field(max_length=64)]
    process_start: _Number
    run_folder: str
    shard: _Number
    num_shards: Annotated[int, Field(ge=1, le=10**6)]
    num_tasks: Annotated[int, Field(ge=1, le=10**6)]

    def asks_those_of(self, job: SweepJob) -> bool:
        """Whether it asks any respondent whom the other job asks as well."""
        if self.run_folder != job.run_folder:
            return False
        if self.num_tasks > 1 or job.num_tasks > 1:  # the whole panel
            return True
        return (self.shard - job.shard) % gcd(self.num_shards, job.num_shards) == 0


def record_submitted(
    sweep: Path, jobs: Sequence[SweepJob], ids: Mapping[int, str], *, is_slurm: bool
) -> None:
    """Puts on file what was submitted.

    Args:
        sweep: Folder of the sweep.
        jobs: That were submitted.
        ids: Of them, by their numbers.
        is_slurm: Whether Slurm knows them; else they are processes of this machine.
    """
    records = [
        SubmittedJob(
            number=job.number,
            job_id=ids[job.number],
            machine="" if is_slurm else this_machine(),
            process_start=0 if is_slurm else process_start(int(ids[job.number])) or 0,
            run_folder=job.run_folder,
            shard=job.shard,
            num_shards=job.num_shards,
            num_tasks=job.num_tasks,
        ).model_dump()
        for job in jobs
        if job.number in ids
    ]
    write_whole(sweep / JOBS / _FILE, json.dumps(records, indent=1).encode())


def check_not_submitted(output: Path, jobs: Sequence[SweepJob]) -> None:
    """Makes sure that no job of an earlier sweep that is not over asks the same.

    Args:
        output: Folder in which the runs and sweeps lie.
        jobs: That are to be submitted.

    Raises:
        ConfigError: Some do, or the scheduler does not say.
    """
    earlier = [one for one in _without_result(output) if any(one.asks_those_of(job) for job in jobs)]
    if not earlier:
        return
    of_slurm = [one.job_id for one in earlier if not one.machine]
    known = in_queue(of_slurm) if of_slurm else frozenset()
    if known is None:
        raise ConfigError(
            f"squeue does not answer, so nobody knows whether {_named(of_slurm)}, submitted before, "
            "would ask the same.",
            fix="Run the same command again when `squeue` answers.",
        )
    going_on = [one for one in earlier if one.job_id in known or _is_alive(one)]
    if going_on:
        ids = [one.job_id for one in going_on]
        here = [one.job_id for one in going_on if one.machine]
        arrays = sorted({array_of(one.job_id) for one in going_on if not one.machine}, key=int)
        end = f"kill {' '.join(here)}" if here else f"scancel {' '.join(arrays)}"
        raise ConfigError(
            f"Jobs of an earlier sweep that ask the same are not over yet: {_named(ids)}. "
            "Nothing was submitted.",
            fix=f"Let them finish (def-sim stage=status runs='{output}/**' watch=30 shows how far they are), "
            f"or end them: {end}. Then the same command again runs what is missing.",
        )


def _without_result(output: Path) -> Iterator[SubmittedJob]:
    """Jobs of all sweeps of this folder that have not said how they ended, or are to be queued again."""
    for path in sorted((output / SWEEPS).glob(f"*/{JOBS}/{_FILE}")):
        for job in _read(path):
            result = read_result(path.parent.parent, job.number)
            if result is None or result.code == REQUEUED:
                yield job


def _read(path: Path) -> list[SubmittedJob]:
    try:
        content: list[Any] = json.loads(path.read_bytes())
        return [SubmittedJob.model_validate(one) for one in content]
    except (OSError, ValueError, TypeError, ValidationError) as error:
        raise ConfigError(
            f"{path} is no list of submitted jobs: {str(error).splitlines()[0]}.",
            fix="If the jobs of that sweep are over, delete its folder and run again.",
        ) from None


def _is_alive(job: SubmittedJob) -> bool:
    """Whether it is a process of this machine that lives."""
    return job.machine == this_machine() and is_running(int(job.job_id), job.process_start)


def _named(ids: Sequence[str]) -> str:
    """Some of the jobs, and how many more there are."""
    more = f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else ""
    return f"{', '.join(ids[:_MOST_NAMED])}{more}"

"""How the jobs of a sweep ended, in a file for each of their tasks: all that the parent of a sweep learns.

A job may run on another machine, and the parent may be gone by then.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from def_sim.answers.storage.disk import write_whole

JOBS: Final = "jobs"  # below the sweep's folder
REQUEUED: Final = 85  # what a command ends with that was told of the end of its job's time
_BY_WEIGHT: Final = (1, 2, REQUEUED, 0)  # codes of tasks, the one that decides first


@dataclass(frozen=True)
class JobResult:
    """How a job of a sweep ended.

    Attributes:
        words: Of its command.
        code: 0 done, 2 an error that a user can mend, 85 to be queued again, 1 a bug.
        num_done: Answers of its shard that are stored.
        num_planned: Answers that its shard plans.
        error: What the user was told, empty without an error.
        fix: What to do about it.
        num_tasks: Processes of the job, each of which says so of its own shard.
    """

    number: int
    words: tuple[str, ...]
    run_folder: str
    shard: int
    num_shards: int
    host: str
    slurm_job: str
    restarts: int
    code: int
    num_done: int
    num_planned: int
    error: str = ""
    fix: str = ""
    num_tasks: int = 1


def result_path(sweep: Path, number: int, rank: int = 0) -> Path:
    """Where a job, or one task of it, says how it ended."""
    return sweep / JOBS / (f"{number}.{rank}.json" if rank else f"{number}.json")


def read_result(sweep: Path, number: int) -> JobResult | None:
    """What a job said, all its tasks together; None while one of them has said nothing."""
    first = read_result_of(sweep, number, 0)
    if first is None or first.num_tasks == 1:
        return first
    others = [read_result_of(sweep, number, rank) for rank in range(1, first.num_tasks)]
    results = [one for one in (first, *others) if one is not None]
    return _joined(results) if len(results) == first.num_tasks else None


def _joined(results: Sequence[JobResult]) -> JobResult:
    """The result of a job by those of its tasks: the worst code, with the words of the task that ended so."""
    worst = min(results, key=lambda one: _BY_WEIGHT.index(one.code))
    return replace(
        worst,
        shard=0,
        restarts=max(one.restarts for one in results),
        num_done=sum(one.num_done for one in results),
        num_planned=sum(one.num_planned for one in results),
        error=f"task {worst.shard}: {worst.error}" if worst.error else "",
    )


def read_result_of(sweep: Path, number: int, rank: int) -> JobResult | None:
    """What one task of a job said; None while it has said nothing."""
    path = result_path(sweep, number, rank)
    if not path.is_file():
        return None
    content: Mapping[str, Any] = json.loads(path.read_bytes())
    return JobResult(**{**content, "words": tuple(content["words"])})


def write_result(sweep: Path, rank: int, result: JobResult) -> None:
    """Writes what a task of a job has to say, in the place of what was said for it before."""
    text = json.dumps(asdict(result), ensure_ascii=False, indent=1)
    write_whole(result_path(sweep, result.number, rank), text.encode("utf-8"))

"""`shard=slurm`: each task of a Slurm job asks the shard of its number, on a GPU of its own.

`srun` starts a command several times, on one node or several, and tells each process its number by
SLURM_PROCID, how many there are by SLURM_NTASKS, and its number on this node by SLURM_LOCALID.
"""

import os
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from def_sim.errors import ConfigError

SLURM: Final = "slurm"
_VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
_ANY_GPU: Final = ("auto", "cuda")  # other devices were chosen by name


@dataclass(frozen=True)
class Task:
    """A process of a job.

    Attributes:
        rank: Its number in the job.
        num_tasks: Of the job.
        local_rank: Its number on this node.
    """

    rank: int
    num_tasks: int
    local_rank: int


def task_of(environment: Mapping[str, str]) -> Task | None:
    """The task that this process is; None outside of `srun`."""
    names = ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID")
    values = [environment.get(name, "") for name in names]
    return Task(*map(int, values)) if all(value.isdecimal() for value in values) else None


def as_task(
    content: Mapping[str, Any],
    *,
    given: Collection[str],
    environment: MutableMapping[str, str] = os.environ,
) -> Mapping[str, Any]:
    """The composed configuration with the shard of this task in the place of `shard=slurm`.

    Args:
        content: As Hydra composed it; what names a shard by its number is returned as it is.
        given: Names of the parameters that the command gives.
        environment: Of this process. Where it shows several GPUs, the task's own is made the only one.

    Raises:
        ConfigError: This process is no task, or not one of as many as there are to be shards.
    """
    if content.get("shard") != SLURM:
        return content
    if (task := task_of(environment)) is None:
        raise ConfigError(
            f"shard={SLURM} takes the shard's number from Slurm, and SLURM_PROCID, SLURM_NTASKS and "
            "SLURM_LOCALID are not set: this process is no task of a job.",
            fix="Start it by srun or hydra/launcher=slurm, or give a number, as in shard=0.",
        )
    _check_division(content["num_shards"] if "num_shards" in given else None, task.num_tasks)
    engine = content.get("model", {}).get("engine") or {}
    if engine.get("device") in _ANY_GPU:
        _take_own_gpu(task, environment)
    return {**content, "shard": task.rank, "num_shards": task.num_tasks}


def is_by_task(words: Sequence[str]) -> bool:
    """Whether a command leaves its shard to the tasks of its job."""
    return f"shard={SLURM}" in words


def of_all_tasks(words: Sequence[str], num_tasks: int) -> tuple[str, ...]:
    """The command that asks by itself what the tasks of a job ask together.

    Raises:
        ConfigError: It divides the panel into another number of shards than there are tasks.
    """
    given = [word.partition("=")[2] for word in words if word.startswith("num_shards=")]
    _check_division(given[-1] if given else None, num_tasks)
    return tuple(word for word in words if not word.startswith(("shard=", "num_shards=")))


def _check_division(num_shards: object, num_tasks: int) -> None:
    if num_shards is not None and str(num_shards) != str(num_tasks):
        raise ConfigError(
            f"shard={SLURM} makes one shard of each of the job's {num_tasks} tasks, found "
            f"num_shards={num_shards}.",
            fix="Leave num_shards= out, or start as many tasks.",
        )


def _take_own_gpu(task: Task, environment: MutableMapping[str, str]) -> None:
    visible = [name for name in environment.get(_VISIBLE, "").split(",") if name]
    if len(visible) < 2:
        return
    if task.local_rank >= len(visible):
        raise ConfigError(
            f"Task {task.rank} is number {task.local_rank} of its node, which has {len(visible)} GPUs "
            f"({_VISIBLE}={environment[_VISIBLE]}).",
            fix="Start one task for each GPU: hydra.launcher.tasks_per_node= as gpus_per_node=.",
        )
    environment[_VISIBLE] = visible[task.local_rank]

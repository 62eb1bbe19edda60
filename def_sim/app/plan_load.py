"""What loading a model costs a job, and the GPU-hours of a run that is divided into jobs.

Every job loads the model anew, so more shards end sooner and load more. How long that takes is what the
manifest says of an earlier job of the run; before there was one, the bytes of the weights at the speed of
`cluster.read_gb_per_s`.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.answers.storage.manifest import manifest_path, read_manifest
from def_sim.app.plan_counts import CARDS, Card, Plan
from def_sim.app.plan_memory import RESERVE, planned_quantization, weight_bytes
from def_sim.app.plan_times import floor_seconds
from def_sim.app.run import Run

_MOST_LOADING: Final = 0.05  # of a job; more shards load for longer than that
_WORTH_SAYING_S: Final = 1.0


@dataclass(frozen=True)
class Load:
    """How long a job loads its model.

    Attributes:
        seconds: 0 where nothing is known to be loaded.
        is_measured: Whether an earlier job of the run took that long; else it is computed.
    """

    seconds: float
    is_measured: bool


def load_of(run: Run, folder: Path | None) -> Load:
    """What a job of the run loads for.

    Args:
        run: Prepared.
        folder: Of the run, which need not be there; None where it is not known.
    """
    if folder is not None and manifest_path(folder).is_file():
        engine = read_manifest(folder).get("engine")
        measured = engine.get("load_s") if isinstance(engine, dict) else None
        if isinstance(measured, int | float) and math.isfinite(measured) and measured >= 0:
            return Load(float(measured), is_measured=True)
    return Load(_file_bytes(run) / (run.config.cluster.read_gb_per_s * 1e9), is_measured=False)


def _file_bytes(run: Run) -> float:
    """Bytes that are read: weights that are packed while they are loaded lie in 16 bit in their files."""
    packed_by_us = planned_quantization(run) in ("int8", "nf4")
    return 2.0 * run.config.model.num_parameters if packed_by_us else weight_bytes(run)


def largest_num_shards(asking_s: float, load_s: float) -> int:
    """The most shards of which each loads for less than 5 % of its time; 0 if even one loads for longer.

    Args:
        asking_s: Seconds of asking, of all shards together.
        load_s: Seconds of loading, of each.
    """
    return math.ceil(asking_s * _MOST_LOADING / (1 - _MOST_LOADING) / load_s) - 1


def gpu_hours(asking_s: float, load_s: float, num_shards: int) -> float:
    """Hours of all jobs together, on one GPU each."""
    return (asking_s + num_shards * load_s) / 3600


def load_lines(run: Run, plan: Plan, folder: Path | None) -> list[str]:
    """Loading and GPU-hours in words; nothing for a model that loads in no time, or elsewhere."""
    load = load_of(run, folder)
    if load.seconds < _WORTH_SAYING_S:
        return []
    num_jobs = run.config.num_shards
    how = "as in this run" if load.is_measured else f"at {run.config.cluster.read_gb_per_s:g} GB/s"
    jobs = f", {load.seconds * num_jobs:,.0f} s in {num_jobs} jobs" if num_jobs > 1 else ""
    return [
        f"loading       about {load.seconds:,.0f} s a job{jobs} ({how})",
        *(_card_line(run, plan, load, card) for card in CARDS if fits(run, card)),
    ]


def _card_line(run: Run, plan: Plan, load: Load, card: Card) -> str:
    asking_s = floor_seconds(plan, run, card)
    hours = gpu_hours(asking_s, load.seconds, run.config.num_shards)
    most = largest_num_shards(asking_s, load.seconds)
    up_to = f"up to num_shards={most}" if most else "not even of one shard"
    return (
        f"gpu-hours     {card.name}: at least {hours:.2f} (roofline floor and loading); loading is below 5 % "
        f"{up_to}"
    )


def fits(run: Run, card: Card) -> bool:
    """Whether the weights fit into a card."""
    return weight_bytes(run) + RESERVE * card.memory_bytes < card.memory_bytes

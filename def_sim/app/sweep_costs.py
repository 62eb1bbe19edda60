"""What a sweep costs in GPU-hours: asking at the roofline floor of a card, and loading in every job."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from def_sim.app.plan import make_plan
from def_sim.app.plan_counts import CARDS, Card, Plan
from def_sim.app.plan_load import fits, gpu_hours
from def_sim.app.plan_times import floor_seconds
from def_sim.app.run import Run, prepare_run
from def_sim.app.sweep_commands import Command


def cost_lines(commands: Sequence[Command]) -> list[str]:
    """Loading and GPU-hours of the jobs that are to be submitted; nothing where no job loads a model.

    Args:
        commands: With something left to do.
    """
    loading = [one for one in commands if one.load_s >= 1]
    if not loading:
        return []
    num_loads = sum(one.num_tasks for one in loading)
    total_s = sum(one.load_s * one.num_tasks for one in loading)
    most_s = max(one.load_s for one in loading)
    planned = {one.folder: _planned(one) for one in loading}
    hours = [f"{card.name}: {_hours(loading, planned, card)}" for card in CARDS]
    return [
        f"loading       about {most_s:,.0f} s a job at most, {total_s:,.0f} s in all {num_loads}",
        f"gpu-hours     {'; '.join(hours)} (roofline floor and loading)",
    ]


def _planned(command: Command) -> tuple[Run, Plan]:
    run = prepare_run(command.config)
    return run, make_plan(run)


def _hours(commands: Sequence[Command], planned: Mapping[Path, tuple[Run, Plan]], card: Card) -> str:
    if not all(fits(planned[one.folder][0], card) for one in commands):
        return "weights do not fit"
    total = 0.0
    for one in commands:
        run, plan = planned[one.folder]
        share_left = (one.num_planned - one.num_done) / plan.num_answers
        total += gpu_hours(floor_seconds(plan, run, card) * share_left, one.load_s, one.num_tasks)
    return f"at least {total:.2f}"

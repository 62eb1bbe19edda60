"""What an experiment will ask, cost and need: a line an arm, and their sum."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.app.durations import in_time
from def_sim.app.experiments import Experiment, PlannedArm
from def_sim.app.plan import make_plan
from def_sim.app.plan_calls import most_calls_of
from def_sim.app.plan_costs import hosted_usd
from def_sim.app.plan_counts import CARDS, Plan
from def_sim.app.plan_memory import RESERVE, weight_bytes
from def_sim.app.plan_times import floor_seconds, seconds_on_a_processor
from def_sim.app.run import Run

_PROCESSOR: Final = "two idle CPU cores"


@dataclass(frozen=True, slots=True)
class ArmPlan:
    """Counts are exact; tokens, seconds and dollars are estimates, None where they are not known."""

    num_answers: int
    num_calls: int  # at most
    tokens_in: int
    tokens_out: int
    seconds: float | None
    device: str  # that the seconds are for
    usd: float | None


def plan_arm(arm: PlannedArm) -> ArmPlan:
    """Counts what one arm asks, and estimates what it takes."""
    run, plan = arm.run, make_plan(arm.run)
    usd = _usd(run, plan)
    seconds, device = (None, "") if usd is not None else _seconds(run, plan)
    calls = max(plan.num_answers, most_calls_of(run))
    return ArmPlan(plan.num_answers, calls, plan.tokens_in, plan.tokens_out, seconds, device, usd)


def _usd(run: Run, plan: Plan) -> float | None:
    engine = run.config.model.engine
    if engine is None or "model_name" not in engine.arguments:
        return None
    return hosted_usd(engine.arguments, plan.tokens_in, plan.tokens_out)


def _seconds(run: Run, plan: Plan) -> tuple[float | None, str]:
    """On two cores for tiny models, else the shortest possible on the first card that holds the weights."""
    tiny = seconds_on_a_processor(run, plan)
    if tiny is not None:
        return tiny, _PROCESSOR
    if not run.config.model.num_parameters:
        return None, ""
    for card in CARDS:
        if weight_bytes(run) + RESERVE * card.memory_bytes < card.memory_bytes:
            return floor_seconds(plan, run, card), card.name
    return None, ""


def plan_lines(experiment: Experiment) -> list[str]:
    """The plan in words: the question, the arms, their sum."""
    choice = experiment.choice
    plans = [plan_arm(arm) for arm in experiment.arms]
    lines = [f"experiment    {choice.name}: {choice.question}"]
    for number, (arm, plan) in enumerate(zip(experiment.arms, plans, strict=True), start=1):
        mark = " (baseline)" if experiment.is_baseline(arm) else ""
        lines.append(f"arm {number:<9} {arm.title}{mark}: {_in_words([plan])}")
    lines.append(f"all {len(plans):<9} {_in_words(plans)}")
    return lines


def _in_words(plans: Sequence[ArmPlan]) -> str:
    answers, calls = sum(plan.num_answers for plan in plans), sum(plan.num_calls for plan in plans)
    read, written = sum(plan.tokens_in for plan in plans), sum(plan.tokens_out for plan in plans)
    counts = f"{answers:,} answers, {calls:,} calls, about {read:,} tokens in, {written:,} out"
    return ", ".join([counts, *_resources(plans)])


def _resources(plans: Sequence[ArmPlan]) -> list[str]:
    """Time by device and dollars, and how many arms are in neither."""
    devices = dict.fromkeys(plan.device for plan in plans if plan.seconds is not None)
    times = [
        (device, sum(plan.seconds for plan in plans if plan.seconds is not None and plan.device == device))
        for device in devices
    ]
    words = [
        f"{'about' if device == _PROCESSOR else 'at least'} {in_time(seconds)} on {device}"
        for device, seconds in times
    ]
    if dollars := [plan.usd for plan in plans if plan.usd is not None]:
        words.append(f"about ${sum(dollars):,.2f}")
    num_unknown = sum(plan.seconds is None and plan.usd is None for plan in plans)
    if num_unknown:
        words.append("time not known" if num_unknown == len(plans) else f"{num_unknown} arms of unknown time")
    return words

"""A plan in words, one line each, for the terminal."""

from collections import Counter

from def_sim.app.durations import in_time, in_time_range
from def_sim.app.plan import _parameters
from def_sim.app.plan_calls import calls_line, context_lines, judge_line
from def_sim.app.plan_costs import hosted_lines
from def_sim.app.plan_counts import CARDS, Plan
from def_sim.app.plan_cpu import (
    current_load,
    likely_range,
    processor_rate,
    processor_seconds,
    slowdown,
)
from def_sim.app.plan_disk import disk_line
from def_sim.app.plan_memory import RESERVE, memory_line, weight_bytes
from def_sim.app.plan_times import floor_seconds, seconds_on_a_processor
from def_sim.app.plan_warnings import item_warnings, language_warnings, persona_warnings
from def_sim.app.run import Run
from def_sim.app.run_notes import run_notes
from def_sim.app.thinking import thought_lines
from def_sim.processes import num_usable_cores
from def_sim.records import Survey
from def_sim.visible import visible

_WORTH_A_LINE = 1.5  # times as long beside other work, of a run of
_LONG_ENOUGH = 60.0  # seconds beside it
_LARGEST_FOR_A_CPU = 2_000_000_000  # parameters; nobody waits for a larger one without a GPU


def plan_lines(run: Run, plan: Plan) -> list[str]:
    """The plan in words, one line each."""
    config, model, survey = run.config, run.config.model, run.survey
    on = [name for name in ("prompt", "configuration", "memory") if getattr(config.modifications, name)]
    changes = ", ".join(on) or "none"
    people = visible(survey.population_label) or survey.population
    lines = [
        f"model         {model.label}",
        (
            f"survey        {survey.title}: {_counted(plan.num_questions, 'question')} in {survey.language}, "
            f"frame in {survey.frame_language}, compared with {people}"
        ),
        *_short_form_line(survey),
        *_persona_line(survey),
        f"panel         {_counted(plan.num_respondents, 'respondent')}; modifications: {changes}",
        *_groups_line(run),
        f"protocol      {config.protocol.name}, strategy {config.strategy.name}, seed {config.seed}",
        f"answers       {plan.num_answers:,}",
        *calls_line(run),
        *judge_line(run),
        (
            f"tokens        about {plan.tokens_in:,} in, {plan.tokens_out:,} out "
            f"({plan.tokenizer}{_looked_at(run)}); "
            f"longest prompt about {plan.largest_call.prompt:,}"
        ),
        *thought_lines(config),
    ]
    lines += context_lines(run, plan)
    warnings = [*language_warnings(run), *persona_warnings(run), *item_warnings(run)]
    lines += [f"warning       {warning}" for warning in warnings]
    lines += [f"note          {note}" for note in run_notes(run)]
    return [*lines, disk_line(run, plan), *_resource_lines(run, plan)]


def _looked_at(run: Run) -> str:
    num = len(run.looked_at)
    return "" if num == len(run.panel) else f", by {num:,} respondents drawn"


def _counted(num: int, noun: str) -> str:
    return f"{num:,} {noun}" if num == 1 else f"{num:,} {noun}s"


def _short_form_line(survey: Survey) -> list[str]:
    if survey.short_of is None:
        return []
    return [f"short form    of survey {survey.short_of}; its scores do not compare with those of full runs"]


def _persona_line(survey: Survey) -> list[str]:
    if survey.persona_country is None:
        return []
    return [f"persona       of {survey.persona_country_name or 'no country'}, not of {survey.population}"]


def _groups_line(run: Run) -> list[str]:
    """How many respondents are of each group, where personas have sex and age."""
    groups = Counter(one.persona.group for one in run.looked_at if one.persona.has_person)
    if not groups:
        return []
    counted = ", ".join(f"{group} {num}" for group, num in sorted(groups.items()))
    of = "" if len(run.looked_at) == len(run.panel) else f" of {len(run.looked_at):,} that were drawn"
    return [f"groups        {counted}{of}"]


def _resource_lines(run: Run, plan: Plan) -> list[str]:
    model = run.config.model
    if model.engine is not None and "model_name" in model.engine.arguments:
        return hosted_lines(
            model.engine.arguments, plan.tokens_in, plan.tokens_out, num_shards=run.config.num_shards
        )
    if model.engine is None or not model.num_parameters:
        found = _parameters(run)
        known = _processor_lines(plan, found, found) if 0 < found <= _LARGEST_FOR_A_CPU else []
        return known or ["time, memory  not known for this model"]
    cache = model.planning.cache_bytes_per_token * plan.largest_call.prompt * plan.num_respondents * plan.rows
    lines = [
        (
            f"memory        about {_bytes(weight_bytes(run))} of weights, up to {_bytes(cache)} of cache "
            "if all respondents are under way"
        )
    ]
    if (seconds := seconds_on_a_processor(run, plan)) is not None:
        return [
            *lines,
            f"time          about {in_time(seconds)} on two idle CPU cores",
            *busy_lines((seconds, seconds), current_load(), num_usable_cores()),
        ]
    if model.num_parameters <= _LARGEST_FOR_A_CPU:
        active = model.planning.active_parameters or model.num_parameters
        lines += _processor_lines(plan, model.num_parameters, active)
    lines.append(memory_line(run, plan, CARDS[0]))
    for card in CARDS:
        fits = weight_bytes(run) + RESERVE * card.memory_bytes < card.memory_bytes
        time = f"at least {in_time(floor_seconds(plan, run, card))} (roofline floor)"
        lines.append(f"time          {card.name}: {time if fits else 'the weights do not fit'}")
    return lines


def _processor_lines(plan: Plan, num_weights: int, num_active: int) -> list[str]:
    rate, cores = processor_rate()
    operations_per_s = rate * cores
    written = plan.tokens_out * plan.rows
    seconds = processor_seconds(num_active, plan.tokens_in, written, operations_per_s=operations_per_s)
    times = likely_range(seconds)
    line = (
        f"time          {in_time_range(*times)} on this machine's processor alone, if nothing else runs "
        f"({cores} cores, {operations_per_s / 1e9:.0f} GFLOP/s just measured; "
        f"{_bytes(4 * num_weights)} of weights in float32)"
    )
    return [line, *busy_lines(times, current_load(), cores)]


def busy_lines(times: tuple[float, float], load: float, cores: int) -> list[str]:
    """What the times become beside other work on this machine; nothing where it hardly matters.

    Args:
        times: Shortest and longest, in seconds, where nothing else runs.
        load: Processes that want to run.
        cores: That they share.
    """
    times_as_long = slowdown(load, cores)
    shortest, longest = (times_as_long * one for one in times)
    if times_as_long < _WORTH_A_LINE or longest < _LONG_ENOUGH:
        return []
    beside = in_time_range(shortest, longest)
    return [f"busy          rather {beside} beside what else runs here now (load {load:.1f})"]


def _bytes(count: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"

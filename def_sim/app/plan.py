"""What a run will ask, cost and need, worked out before anything is loaded.

Tokens are counted with the checkpoint's tokenizer where it is at hand, else estimated from
characters. Times are computed, not measured: roofline floors, and a rate for small models on
a CPU. Every estimate is printed as one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from def_sim.app.choices import ModelChoice
from def_sim.app.plan_calls import (
    asks_as_the_pack,
    calls_line,
    context_lines,
    judge_line,
    largest_call,
    most_calls_of,
    questions_put,
    tokens_read,
)
from def_sim.app.plan_costs import hosted_lines
from def_sim.app.plan_counts import CARDS, Card, LargestCall, Plan
from def_sim.app.plan_cpu import processor_rate, processor_seconds
from def_sim.app.plan_disk import disk_line
from def_sim.app.plan_memory import RESERVE, memory_line, weight_bytes
from def_sim.app.run import Run, resolve_path
from def_sim.app.run_notes import run_notes
from def_sim.app.thinking import TYPICAL_THOUGHT, model_thinks, thought_lines
from def_sim.engines.local.checkpoints.checkpoint import check_checkpoint, find_checkpoint, loadable_folder
from def_sim.engines.local.checkpoints.weight_files import num_parameters
from def_sim.errors import ModelError
from def_sim.prompts import render_frame, render_request
from def_sim.records import AnswerMode, Question, Respondent, Survey
from def_sim.strategies.asking import mode_of

_CHARACTERS_PER_TOKEN = {"en": 4.2, "zh": 1.4}  # typical of the study's tokenizers; an estimate
_ANSWER_TOKENS = 80  # typical of chat models (answer and a short explanation)
_DEMO_ANSWER_TOKENS = 8
_SMALL_MODEL = 50_000_000  # below it a CPU is limited by the steps, not by arithmetic
_LARGEST_FOR_A_CPU = 2_000_000_000  # parameters; nobody waits for a larger one without a GPU
_SECONDS_PER_SMALL_STEP = 0.0021  # of the demo respondent, measured: its prompts are in it

_MOST_NAMED = 4  # items in a warning


def make_plan(run: Run) -> Plan:
    """Counts what the panel will read and write."""
    count, how = token_counter(run.config.model)
    thinks, limit = model_thinks(run.config.model), run.config.decoding.max_new_tokens
    thought = min(TYPICAL_THOUGHT, limit) if thinks else 0

    def num_written(question: Question) -> int:
        return _tokens_of_call(run, question, thought)

    if asks_as_the_pack(run):
        tokens_in, largest = _read_as_the_pack_says(run, count)
    else:
        exchanges_read = _of_panel(run, sum(_exchanges_read(run, one) for one in run.looked_at))
        tokens_in, largest = tokens_read(run, count, exchanges_read, num_written), largest_call(run, count)
    questions = questions_put(run)
    return Plan(
        num_respondents=len(run.panel),
        num_questions=len(run.survey.questions),
        num_answers=run.num_planned,
        num_calls=most_calls_of(run),
        tokens_in=tokens_in,
        tokens_out=len(run.panel) * sum(run.strategy.num_calls(one) * num_written(one) for one in questions),
        rows=sum(_rows_of_request(run, one) for one in run.looked_at) / len(run.looked_at),
        largest_call=largest,
        tokenizer=how,
    )


def _read_as_the_pack_says(run: Run, count: Callable[[str], int]) -> tuple[int, LargestCall]:
    """Tokens of all prompts and the largest call, where a question is one call in the pack's own frame."""
    pack = run.presentation.pack
    requests = [count(render_request(q, q.codes, pack)) for q in run.survey.questions]
    exchange = sum(requests) / len(requests) + count(pack.answer_anchor) + 6
    tokens_in, longest_frame = 0.0, 0
    for respondent in run.looked_at:
        frames = {
            type_: count(render_frame(q, respondent.persona, pack))
            for type_, q in {q.type: q for q in run.survey.questions}.items()
        }
        longest_frame = max(longest_frame, *frames.values())
        newest = sum(requests) + sum(frames[q.type] for q in run.survey.questions)
        tokens_in += newest + exchange * _exchanges_read(run, respondent)
    most = max((r.memory_capacity for r in run.looked_at), default=0) if run.strategy.uses_memory else 0
    prompt = round(max(requests) + longest_frame + most * exchange)
    return _of_panel(run, tokens_in), LargestCall(
        prompt=prompt,
        context=prompt + run.config.decoding.max_new_tokens,
        cache=prompt + max(one.num_beams * one.max_new_tokens for one in run.decodings),
    )


def _of_panel(run: Run, sum_looked_at: float) -> int:
    """A sum over the respondents looked at, as of the whole panel."""
    return round(sum_looked_at * len(run.panel) / len(run.looked_at))


def _rows_of_request(run: Run, respondent: Respondent) -> float:
    """Beams of a request to the respondent; of a strategy with several decodings their mean."""
    decodings = run.strategy.decodings(respondent)
    return sum(decoding.num_beams for decoding in decodings) / len(decodings)


def _tokens_of_call(run: Run, question: Question, thought: int) -> int:
    mean = run.strategy.mean_tokens(question)
    return _answer_tokens(run, question, thought) if mean is None else round(thought + mean)


def _answer_tokens(run: Run, question: Question, thought: int) -> int:
    """Typical length of an answer and the thought before it; where option codes are scored one code."""
    if mode_of(question, run.presentation) is not AnswerMode.FREE:
        return 1
    typical = _DEMO_ANSWER_TOKENS if run.config.model.is_demonstration else _ANSWER_TOKENS
    return min(thought + typical, run.config.decoding.max_new_tokens)


def _exchanges_read(run: Run, respondent: Respondent) -> int:
    """Remembered exchanges that stand before a respondent's questions, summed over them."""
    if not run.strategy.uses_memory:
        return 0
    return sum(min(i, respondent.memory_capacity) for i in range(len(run.survey.questions)))


def token_counter(model: ModelChoice) -> tuple[Callable[[str], int], str]:
    """Counts the tokens of a text as a model would, and how that is done, in words."""
    engine = model.engine
    folder = _checkpoint(engine.arguments) if engine else None
    if folder is not None and (folder / "tokenizer.json").is_file():
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids), "the model's tokenizer"
    return _estimate_tokens, "estimated from characters"


def _checkpoint(arguments: Mapping[str, object]) -> Path | None:
    """The folder of a local model, if it is here and whole."""
    try:
        return loadable_folder(_whole_checkpoint(arguments))
    except (KeyError, ModelError):
        return None


def _whole_checkpoint(arguments: Mapping[str, object]) -> Path:
    """The folder or GGUF file of a local model; raises what is wrong with it."""
    revision = arguments.get("revision")
    path = find_checkpoint(str(resolve_path(str(arguments["path"]))), str(revision) if revision else None)
    check_checkpoint(path, needs_chat_template=False)
    return path


def _parameters(run: Run) -> int:
    """Parameters by the model's YAML, else by its files; 0 where neither says."""
    model = run.config.model
    if model.num_parameters or model.engine is None:
        return model.num_parameters
    try:
        return num_parameters(_whole_checkpoint(model.engine.arguments)) or 0
    except (KeyError, ModelError):
        return 0


def _estimate_tokens(text: str) -> int:
    wide = sum(1 for character in text if ord(character) > 0x2E80)  # Chinese and its punctuation
    return round(wide / _CHARACTERS_PER_TOKEN["zh"] + (len(text) - wide) / _CHARACTERS_PER_TOKEN["en"])


def floor_seconds(plan: Plan, run: Run, card: Card) -> float:
    """Shortest possible time on a card: reading prompts at its arithmetic, writing at its bandwidth.

    Everything perfectly packed, beams sharing their prompt; no software reaches it. Respondents
    answer in order, so at most `num_respondents * rows` rows share a step.
    """
    model = run.config.model
    weights, cache = weight_bytes(run), model.planning.cache_bytes_per_token
    active = model.planning.active_parameters or model.num_parameters
    prefill = 2 * active * plan.tokens_in / card.flop_per_s
    rows = plan.num_respondents * plan.rows
    steps = plan.tokens_out / plan.num_respondents
    context = plan.tokens_in / plan.num_calls
    read = weights + rows * context * cache
    decode = steps * max(read / card.bytes_per_s, 2 * active * rows / card.flop_per_s)
    return prefill + decode


def plan_lines(run: Run, plan: Plan) -> list[str]:
    """The plan in words, one line each."""
    config, model, survey = run.config, run.config.model, run.survey
    on = [name for name in ("prompt", "configuration", "memory") if getattr(config.modifications, name)]
    lines = [
        f"model         {model.label}",
        (
            f"survey        {survey.title}: {plan.num_questions} questions in {survey.language}, "
            f"frame in {survey.frame_language}, compared with {survey.population}"
        ),
        *_short_form_line(survey),
        *_persona_line(survey),
        f"panel         {plan.num_respondents:,} respondents; modifications: {', '.join(on) or 'none'}",
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


def language_warnings(run: Run) -> list[str]:
    """What of the questionnaire is in a language that the model's publisher does not name."""
    known, survey = run.config.model.languages, run.survey
    if known is None:
        return []
    spoken = {"questions": survey.language, "frame": survey.frame_language}
    foreign = [f"{part} in {language}" for part, language in spoken.items() if language not in known]
    if not foreign:
        return []
    asked = " and ".join(foreign)
    return [f"{run.config.model.label} was made for {', '.join(known)} only and is asked {asked}"]


def persona_warnings(run: Run) -> list[str]:
    """What studies found of prompts that say sex and age."""
    if not run.config.modifications.has_persons:
        return []
    sources = "Santurkar et al. 2023, Beck et al. 2024, Cheng et al. 2023, Wang et al. 2025"
    words = "sex and age in the prompt often do not help or make answers worse, and caricature groups"
    return [f"{words} ({sources}); run the same without them, too: docs/concepts/pitfalls.md"]


def item_warnings(run: Run) -> list[str]:
    """What the report cannot show of some items, since their file has one wording or no topic group."""
    items = {question.item_id: run.loaded.items[question.item_id] for question in run.survey.questions}
    language, more = run.survey.language, {one.item_id for one in run.survey.questions if one.wording}
    alone = [name for name, item in items.items() if len(item.wordings[language]) == 1 and name not in more]
    facts = [name for name, item in items.items() if item.is_factual]
    apart = [name for name, item in items.items() if item.dimension is None and not item.is_factual]
    return [
        f"{_some(names)} {what}"
        for names, what in (
            (alone, "in one wording only: what another wording would change cannot be seen"),
            (apart, "in no topic group: scored by item and in means over items, in no mean of groups"),
            (facts, "with a right answer: wrong choices are counted, in no other score"),
        )
        if names
    ]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}:"


def _resource_lines(run: Run, plan: Plan) -> list[str]:
    model = run.config.model
    if model.engine is not None and "model_name" in model.engine.arguments:
        return hosted_lines(model.engine.arguments, plan.tokens_in, plan.tokens_out)
    if model.engine is None or not model.num_parameters:
        found = _parameters(run)
        known = [_processor_line(plan, found, found)] if 0 < found <= _LARGEST_FOR_A_CPU else []
        return known or ["time, memory  not known for this model"]
    cache = model.planning.cache_bytes_per_token * plan.largest_call.prompt * plan.num_respondents * plan.rows
    lines = [
        (
            f"memory        about {_bytes(weight_bytes(run))} of weights, up to {_bytes(cache)} of cache "
            "if all respondents are under way"
        )
    ]
    if (seconds := seconds_on_a_processor(run, plan)) is not None:
        return [*lines, f"time          about {in_time(seconds)} on two CPU cores"]
    if model.num_parameters <= _LARGEST_FOR_A_CPU:
        active = model.planning.active_parameters or model.num_parameters
        lines.append(_processor_line(plan, model.num_parameters, active))
    lines.append(memory_line(run, plan, CARDS[0]))
    for card in CARDS:
        fits = weight_bytes(run) + RESERVE * card.memory_bytes < card.memory_bytes
        time = f"at least {in_time(floor_seconds(plan, run, card))} (roofline floor)"
        lines.append(f"time          {card.name}: {time if fits else 'the weights do not fit'}")
    return lines


def seconds_on_a_processor(run: Run, plan: Plan) -> float | None:
    """Time on two CPU cores for a model so small that its steps, not its arithmetic, take it; else None."""
    if not 0 < run.config.model.num_parameters < _SMALL_MODEL:
        return None
    return plan.tokens_out * _SECONDS_PER_SMALL_STEP


def _processor_line(plan: Plan, num_weights: int, num_active: int) -> str:
    rate, num_cores = processor_rate()
    operations_per_s = rate * num_cores
    written = plan.tokens_out * plan.rows
    seconds = processor_seconds(num_active, plan.tokens_in, written, operations_per_s=operations_per_s)
    return (
        f"time          about {in_time(seconds)} on this machine's processor alone "
        f"({num_cores} cores, {operations_per_s / 1e9:.0f} GFLOP/s just measured; "
        f"{_bytes(4 * num_weights)} of weights in float32)"
    )


def _bytes(count: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"


def in_time(seconds: float) -> str:
    """Seconds as a reader says them: "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

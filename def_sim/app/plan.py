"""What a run will ask, cost and need, worked out before anything is loaded.

Tokens are counted with the checkpoint's tokenizer where it is at hand, else estimated from
characters. Every estimate is printed as one (`plan_lines.py`).
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from def_sim.app.choices import ModelChoice
from def_sim.app.plan_calls import asks_as_the_pack, largest_call, most_calls_of, questions_put, tokens_read
from def_sim.app.plan_counts import LargestCall, Plan
from def_sim.app.run import Run, resolve_path
from def_sim.app.thinking import TYPICAL_THOUGHT, model_thinks
from def_sim.engines.local.checkpoints.checkpoint import check_checkpoint, find_checkpoint, loadable_folder
from def_sim.engines.local.checkpoints.token_counts import file_counter
from def_sim.engines.local.checkpoints.weight_files import num_parameters
from def_sim.errors import ModelError
from def_sim.prompts import render_frame, render_request
from def_sim.records import AnswerMode, Question, Respondent
from def_sim.strategies.asking import mode_of

_CHARACTERS_PER_TOKEN = {"en": 4.2, "zh": 1.4}  # typical of the study's tokenizers; an estimate
_ANSWER_TOKENS = 80  # typical of chat models (answer and a short explanation)
_DEMO_ANSWER_TOKENS = 8


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
        if count := file_counter(folder / "tokenizer.json"):
            return count, "the model's tokenizer"
        return _estimate_tokens, "estimated from characters, since its tokenizer.json cannot be read"
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

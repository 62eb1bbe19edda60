"""`stage=plan show=prompts`: what the model will see, for one respondent with memory.

The respondent with the largest memory is put a question when that memory is full. What it would
have answered before is not known, so each remembered answer is the first option shown; everything
else is as in the interview: the strategy's own requests, in the model's own prompt format. Where questions
are put in open frames, one respondent of each frame is put it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from def_sim.app.choices import ModelChoice
from def_sim.app.run import Run, resolve_path
from def_sim.app.strategy_frames import read_frames
from def_sim.errors import ModelError
from def_sim.prompts import render_answer
from def_sim.questionnaire import capacity_of, chains_of, question_as_asked, remember
from def_sim.randomness import Address
from def_sim.records import Answer, Completion, Question, Request, Respondent
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation, hold_with
from def_sim.visible import visible

_RULE = "-" * 72


@dataclass(frozen=True, slots=True)
class PutQuestion:
    """A question as one respondent is put it: every request the strategy makes for it."""

    respondent: Respondent
    question: Question
    num_remembered: int
    requests: tuple[Request, ...]


def show_prompts(run: Run) -> list[str]:
    """The prompts in words and as text, one line each."""
    put = question_with_full_memory(run)
    lines = [
        (
            f"prompts       respondent {put.respondent.id}, {put.question.id}, "
            f"{put.num_remembered} remembered {'exchange' if put.num_remembered == 1 else 'exchanges'}; "
            "what is not known before the interview, an answer, is shown as the first option"
        )
    ]
    frames = read_frames(run.config, run.survey)
    if frames is None:
        return [*lines, *_request_lines(run, put)]
    for respondent in run.panel[: len(frames.frames)]:
        frame = frames.frame_of(respondent.index)
        lines.append(visible(f"frame {frame.id} ({frame.use_case}), respondent {respondent.id}"))
        lines += _request_lines(run, _put(run, put.question, respondent))
    return lines


def _request_lines(run: Run, put: PutQuestion) -> list[str]:
    lines = []
    for number, request in enumerate(put.requests, start=1):
        how, text = _as_the_model_reads_it(run.config.model, request)
        lines += [visible(f"call {number} of {len(put.requests)}   {how}"), _RULE, text, _RULE]
    return lines


def _put(run: Run, question: Question, respondent: Respondent) -> PutQuestion:
    """A question as a respondent without memory is put it."""
    address = Address(run.rules.seed, respondent.id, question.item_id, question.wording)
    nothing = Memory(0, run.rules.memory)
    conversation = OpenConversation(run.strategy, question, respondent, nothing, address)
    requests, _ = hold_with(conversation, partial(stand_in, run, question))
    return PutQuestion(respondent, question, 0, requests)


def question_with_full_memory(run: Run) -> PutQuestion:
    """The first question that meets the full memory of the respondent who remembers most."""
    respondent = max(run.looked_at, key=lambda r: capacity_of(r, run.rules))
    capacity = capacity_of(respondent, run.rules)
    memory, earlier = Memory(capacity, run.rules.memory), dict[str, Answer]()
    put: PutQuestion | None = None
    for question in chains_of(run.survey, respondent, run.rules)[0]:
        asked = question_as_asked(question, earlier, run.rules)
        if asked is None:
            continue
        address = Address(run.rules.seed, respondent.id, question.item_id, question.wording)
        conversation = OpenConversation(run.strategy, asked, respondent, memory, address)
        requests, answer = hold_with(conversation, partial(stand_in, run, asked))
        put = PutQuestion(respondent, asked, len(memory.exchanges), requests)
        if len(memory.exchanges) == capacity:
            break
        earlier[question.id] = answer
        memory = remember(memory, asked, answer, address, run.presentation)
    assert put is not None  # a survey has questions
    return put


def stand_in(run: Run, question: Question, request: Request) -> Completion:
    """What takes the place of a completion where there is no model: the first option."""
    first = (request.option_codes or question.codes)[0]
    return Completion(render_answer((first,), run.presentation.pack))


def _as_the_model_reads_it(model: ModelChoice, request: Request) -> tuple[str, str]:
    """How the prompt was made, and its text."""
    arguments = model.engine.arguments if model.engine else {}
    if "path" not in arguments:
        return "the turns as they are sent; the provider formats them", _turns(request)
    from def_sim.engines.local.preview import preview_prompt, written_without_tokenizer

    style = str(arguments.get("prompt_style", "chat"))
    path, revision = str(resolve_path(str(arguments["path"]))), arguments.get("revision")
    try:
        preview = preview_prompt(
            path,
            str(revision) if revision else None,
            style,
            request,
            template_arguments=arguments.get("template_arguments"),
        )
    except ModelError as error:
        text = written_without_tokenizer(style, request)
        below = "the turns without the model's template" if text is None else "the text, not tokenized"
        return f"not ready: {error.message} Below: {below}.", _turns(request) if text is None else text
    return f"{len(preview.token_ids):,} tokens; {'; '.join(_words(preview.facts))}", preview.text


def _words(facts: dict[str, object]) -> Iterator[str]:
    yield str(facts["source"])
    if "system_turn" in facts:
        yield f"a system turn is {facts['system_turn']}"
    if "opens_thought" in facts:
        yield "it leaves a thought open"


def _turns(request: Request) -> str:
    return "\n".join(f"[{message.role}]\n{message.content}" for message in request.messages)

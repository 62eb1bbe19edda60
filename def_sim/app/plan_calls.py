"""What strategies that put questions in their own way will read and write: conversations with a stand-in.

Each question is put to one respondent after another of the panel, once without memory and once with one
remembered exchange; tokens grow evenly with what is remembered, so the rest follows. How large a call can
get follows from the longest question, put to whom it is longest for, with everything written as long as it
may be.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

from def_sim.app.plan_counts import LargestCall, Plan
from def_sim.app.run import Run
from def_sim.app.thinking import LIMIT_OF_STRATEGY
from def_sim.prompts import ask_messages, render_answer, render_request
from def_sim.randomness import Address
from def_sim.records import Completion, Exchange, Question, Request, Respondent
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation, hold_with

Count = Callable[[str], int]
_RESPONDENTS: Final = 20  # looked at, however large the panel is: open frames come around twice


def most_calls_of(run: Run) -> int:
    """Most requests that the whole panel's interviews can take."""
    return len(run.panel) * sum(run.strategy.num_calls(question) for question in questions_put(run))


def questions_put(run: Run) -> Sequence[Question]:
    """What interviews may put: where a judge reads the answers later, no question that follows one."""
    questions = run.survey.questions
    if run.strategy.needs_judge is None:
        return questions
    return [question for question in questions if question.follow_up_of is None]


def asks_as_the_pack(run: Run) -> bool:
    """Whether a question is one call in the language pack's frame, so that tokens follow from its words."""
    if run.most_calls > 1:
        return False
    question, respondent = run.survey.questions[0], run.panel[0]
    [request] = _opened(run, question, respondent, Memory(0, run.rules.memory)).requests
    expected = ask_messages(
        question, request.option_codes, respondent.persona, (), run.presentation.pack, run.presentation.offer
    )
    return request.messages == expected


def tokens_read(run: Run, count: Count, exchanges_read: int, num_written: Callable[[Question], int]) -> int:
    """Tokens of all prompts of all calls: an estimate.

    Args:
        run: The prepared run.
        count: Tokens of a text.
        exchanges_read: Remembered exchanges that stand before the panel's questions, summed.
        num_written: Tokens that a call for a question writes.
    """
    pairs = _pairs(run)
    bare = _mean_tokens(run, count, pairs, Memory(0, run.rules.memory), num_written)
    if not exchanges_read:
        return round(len(run.panel) * len(questions_put(run)) * bare)
    remembered = Memory(1, run.rules.memory, (_exchange(run),))
    of_an_exchange = _mean_tokens(run, count, pairs, remembered, num_written) - bare
    return round(len(run.panel) * len(questions_put(run)) * bare + of_an_exchange * exchanges_read)


def largest_call(run: Run, count: Count) -> LargestCall:
    """The largest call of any that the panel's interviews may take; an estimate.

    Args:
        run: The prepared run.
        count: Tokens of a text.
    """
    pack, questions = run.presentation.pack, questions_put(run)
    question = max(questions, key=lambda one: count(render_request(one, one.codes, pack)))
    most = max(one.memory_capacity for one in run.looked_at) if run.strategy.uses_memory else 0
    memory = Memory(most, run.rules.memory, (_exchange(run),) * most)

    def tokens_of(request: Request) -> int:
        return sum(count(message.content) for message in request.messages)

    def opening(respondent: Respondent) -> int:
        return sum(map(tokens_of, _opened(run, question, respondent, memory).requests))

    def written_out(request: Request) -> Completion:
        return Completion(_text_of(request.decoding.max_new_tokens, question, count))

    respondent = max(run.panel[:_RESPONDENTS], key=opening)
    requests, _ = hold_with(_opened(run, question, respondent, memory), written_out)
    prompts = [(tokens_of(request), request.decoding) for request in requests]
    return LargestCall(
        prompt=max(prompt for prompt, _ in prompts),
        context=max(prompt + decoding.max_new_tokens for prompt, decoding in prompts),
        cache=max(prompt + decoding.num_beams * decoding.max_new_tokens for prompt, decoding in prompts),
    )


def _pairs(run: Run) -> list[tuple[Question, Respondent]]:
    """Questions and who is put them: each question equally often, respondents in turn."""
    questions = questions_put(run)
    times = math.ceil(min(len(run.panel), _RESPONDENTS) / len(questions))
    return [
        (questions[number % len(questions)], run.panel[number % len(run.panel)])
        for number in range(times * len(questions))
    ]


def _mean_tokens(
    run: Run,
    count: Count,
    pairs: Sequence[tuple[Question, Respondent]],
    memory: Memory,
    num_written: Callable[[Question], int],
) -> float:
    """Tokens of the prompts of a conversation, calls together, on average."""

    def tokens_of(question: Question, respondent: Respondent) -> int:
        completion = Completion(_text_of(num_written(question), question, count))
        requests, _ = hold_with(_opened(run, question, respondent, memory), lambda request: completion)
        return sum(count(message.content) for request in requests for message in request.messages)

    return sum(tokens_of(question, respondent) for question, respondent in pairs) / len(pairs)


def _opened(run: Run, question: Question, respondent: Respondent, memory: Memory) -> OpenConversation:
    address = Address(run.rules.seed, respondent.id, question.item_id, question.wording)
    return OpenConversation(run.strategy, question, respondent, memory, address)


def _exchange(run: Run) -> Exchange:
    """A remembered question with its answer, as long as the first one."""
    first, pack = run.survey.questions[0], run.presentation.pack
    return Exchange(first.id, render_request(first, first.codes, pack), render_answer(first.codes[:1], pack))


def _text_of(num_tokens: int, question: Question, count: Count) -> str:
    """A text of about that length, for prompts that repeat what was written before."""
    return question.text * max(1, round(num_tokens / max(1, count(question.text))))


def judge_line(run: Run) -> Sequence[str]:
    """How many texts will wait for a judge, and what comes then; nothing where rules read the answers."""
    if run.strategy.needs_judge is None:
        return ()
    num_texts = len(run.panel) * len(questions_put(run))
    left = run.num_planned - num_texts
    follow_ups = f"; {left:,} follow-ups are not asked" if left else ""
    rubric = run.strategy.needs_judge
    return (f"judge         {num_texts:,} texts wait for one then: stage=judge rubric={rubric}{follow_ups}",)


def calls_line(run: Run) -> Sequence[str]:
    """How many calls the interviews take; nothing for strategies of one call a question."""
    if run.most_calls == 1:
        return ()
    return (f"calls         at most {most_calls_of(run):,}, up to {run.most_calls} a question",)


def context_lines(run: Run, plan: Plan) -> Sequence[str]:
    """A warning where the largest call does not fit into what the model can read and write at once."""
    room, largest = run.config.model.planning.context_length, plan.largest_call
    if largest.context <= room:
        return ()
    own = [name for name in run.config.strategy.arguments if name.endswith(LIMIT_OF_STRATEGY)]
    if own:
        written = f"about {largest.context - largest.prompt:,} new tokens"
        fix = " or ".join(f"strategy.{name}" for name in own)
    else:
        written = f"decoding.max_new_tokens={run.config.decoding.max_new_tokens}"
        fix = "memory.max_capacity" if run.strategy.uses_memory else "decoding.max_new_tokens"
    too_large = f"the longest prompt and {written} exceed the model's context of {room:,} tokens"
    return (f"warning       {too_large}: lower {fix}",)

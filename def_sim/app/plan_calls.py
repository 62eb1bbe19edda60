"""What a strategy of several calls will read and write: its own conversations, held with a stand-in.

Each question is put once without memory and once with one remembered exchange; tokens grow evenly with
what is remembered, so the rest follows.
"""

from collections.abc import Callable, Sequence
from functools import partial

from def_sim.app.run import Run
from def_sim.prompts import render_answer, render_request
from def_sim.randomness import Address
from def_sim.records import Completion, Exchange, Question, Request, Respondent
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation, hold_with

Count = Callable[[str], int]


def most_calls_of(run: Run) -> int:
    """Most requests that the whole panel's interviews can take."""
    return len(run.panel) * sum(run.strategy.num_calls(question) for question in run.survey.questions)


def tokens_read(run: Run, count: Count, exchanges_read: int, num_written: Callable[[Question], int]) -> int:
    """Tokens of all prompts of all calls: an estimate.

    Args:
        run: The prepared run.
        count: Tokens of a text.
        exchanges_read: Remembered exchanges that stand before the panel's questions, summed.
        num_written: Tokens that a call for a question writes.
    """
    respondent, questions = run.panel[0], run.survey.questions
    bare = [
        _tokens(run, count, q, respondent, Memory(0, run.rules.memory), num_written(q)) for q in questions
    ]
    if not exchanges_read:
        return len(run.panel) * sum(bare)
    first = questions[0]
    text = render_request(first, first.codes, run.presentation.pack)
    exchange = Exchange(first.id, text, render_answer(first.codes[:1], run.presentation.pack))
    memory = Memory(1, run.rules.memory, (exchange,))
    with_one = [_tokens(run, count, q, respondent, memory, num_written(q)) for q in questions]
    of_an_exchange = (sum(with_one) - sum(bare)) / len(questions)
    return round(len(run.panel) * sum(bare) + of_an_exchange * exchanges_read)


def _tokens(
    run: Run, count: Count, question: Question, respondent: Respondent, memory: Memory, num_written: int
) -> int:
    address = Address(run.rules.seed, respondent.id, question.item_id, question.wording)
    conversation = OpenConversation(run.strategy, question, respondent, memory, address)
    text = _text_of(num_written, question, count)
    requests, _ = hold_with(conversation, partial(_completed, text))
    return sum(count(message.content) for request in requests for message in request.messages)


def _completed(text: str, request: Request) -> Completion:
    return Completion(text)


def _text_of(num_tokens: int, question: Question, count: Count) -> str:
    """A text of about that length, for prompts that repeat what was written before."""
    return question.text * max(1, round(num_tokens / max(1, count(question.text))))


def calls_line(run: Run) -> Sequence[str]:
    """How many calls the interviews take; nothing for strategies of one call a question."""
    if run.most_calls == 1:
        return ()
    return (f"calls         at most {most_calls_of(run):,}, up to {run.most_calls} a question",)

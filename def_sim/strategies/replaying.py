"""Conversations held again with what is stored of them: does an answer follow from the run?

Needs no engine. A strategy of one call keeps its completion in the answer, one of several in the journal of
calls; either way the same generator makes the prompts as in the interview.
"""

from collections.abc import Mapping
from typing import Final, Protocol

from def_sim.prompts import hash_messages
from def_sim.records import Answer, Call, Completion, Request
from def_sim.strategies.contract import OpenConversation, completion_of, hold_with

Prompt = tuple[str, tuple[int, ...]]  # hash of the messages, and the option codes in the order shown
NO_PROMPT: Final[Prompt] = ("", ())  # of a question that is not asked


class Stored(Protocol):
    """A stored call and where it stands."""

    @property
    def call(self) -> Call:
        """The call."""
        ...


class MisfitError(Exception):
    """An answer or a call that the run would not have got; the text says why.

    Attributes:
        call: The number of the stored call that is wrong, if it is one.
        is_of_a_missing_call: Whether nothing is wrong but that a call is lost: asked again it may well give
            what it gave before.
    """

    def __init__(self, why: str, call: int | None = None, *, is_of_a_missing_call: bool = False) -> None:
        super().__init__(why)
        self.call = call
        self.is_of_a_missing_call = is_of_a_missing_call


def opening_prompt(conversation: OpenConversation) -> Prompt:
    """What a conversation begins with; nothing is to be asked of it any more."""
    first = conversation.requests[0]
    has_one_call = conversation.has_one_call
    conversation.close()
    return hash_messages(first.messages), first.option_codes if has_one_call else ()


def stored_prompt(conversation: OpenConversation, answer: Answer, calls: Mapping[int, Stored]) -> Prompt:
    """What the stored answer's conversation began with, as far as it is stored."""
    if conversation.has_one_call:
        return answer.prompt_hash, answer.shown_codes
    return (calls[0].call.prompt_hash if 0 in calls else "", ())


def check_opening(conversation: OpenConversation, answer: Answer, calls: Mapping[int, Stored]) -> None:
    """As `check_follows`, but of a strategy of one call the prompt only: nothing is read again.

    Raises:
        MisfitError: The run would not have got the answer.
    """
    if not conversation.has_one_call:
        _check_several(conversation, answer, calls)
    elif opening_prompt(conversation) != (answer.prompt_hash, answer.shown_codes):
        raise MisfitError("its prompt is not the one that the run sends")


def check_calls(conversation: OpenConversation, calls: Mapping[int, Stored]) -> None:
    """Makes sure that the stored calls of a conversation without an answer are those of its beginning.

    Raises:
        MisfitError: One has another prompt, or there are more than the strategy makes.
    """
    num_used = 0
    while requests := conversation.requests:
        numbers = [request.key.call for request in requests]
        for request in requests:
            if request.key.call in calls:
                _check_prompt(request, calls[request.key.call].call)
                num_used += 1
        if not all(number in calls for number in numbers):
            break
        conversation.receive([calls[number].call.completion for number in numbers])
    if num_used < len(calls):
        raise MisfitError("its strategy has not made that call", max(calls))


def check_follows(conversation: OpenConversation, answer: Answer, calls: Mapping[int, Stored]) -> None:
    """Makes sure that a stored answer is what its conversation gives, held again with what is stored.

    Args:
        conversation: Just opened, for the question as asked and with the memory of then.
        answer: What is stored.
        calls: The stored calls for the question; empty for a strategy of one call.

    Raises:
        MisfitError: A prompt differs, a call is missing or too many, or another answer comes out.
    """
    if conversation.has_one_call:
        _check_single(conversation, answer, calls)
    else:
        _check_several(conversation, answer, calls)


def _check_single(conversation: OpenConversation, answer: Answer, calls: Mapping[int, Stored]) -> None:
    [request] = conversation.requests
    if (hash_messages(request.messages), request.option_codes) != (answer.prompt_hash, answer.shown_codes):
        raise MisfitError("its prompt is not the one that was sent")
    if calls:
        raise MisfitError("calls are stored for it, of which its strategy makes none")
    if len(answer.option_probabilities) not in (0, len(answer.shown_codes)):
        raise MisfitError("it has not one probability an option")
    conversation.receive([completion_of(answer)])
    _check_same(conversation.answer, answer)


def _check_several(conversation: OpenConversation, answer: Answer, calls: Mapping[int, Stored]) -> None:
    def stored(request: Request) -> Completion:
        number = request.key.call
        if number not in calls:
            raise MisfitError(f"its call {number} is not stored", is_of_a_missing_call=True)
        _check_prompt(request, calls[number].call)
        return calls[number].call.completion

    made, found = hold_with(conversation, stored)
    if len(made) != len(calls):
        why = f"{len(calls)} calls are stored for it, its strategy makes {len(made)}"
        raise MisfitError(why, max(calls))
    _check_same(found, answer)


def _check_prompt(request: Request, call: Call) -> None:
    if call.prompt_hash != hash_messages(request.messages):
        raise MisfitError(f"the prompt of its call {call.call} is not the one that the run sends", call.call)


def _check_same(found: Answer, answer: Answer) -> None:
    if found != answer:
        raise MisfitError(f"its text is read as {found.status.value} {found.choices}")

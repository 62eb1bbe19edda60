"""What a strategy is: a conversation that yields requests, receives their completions and gives an answer.

One driver (`OpenConversation`) holds every conversation, whoever answers: an engine in an interview, the
stored calls in a check, a stand-in in a plan. It makes sure that a strategy keeps to the contract, so
that what is stored of its calls can be given to it again.
"""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from typing import Protocol, TypeVar

from def_sim.errors import StrategyError
from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerMode,
    AnswerStatus,
    Completion,
    DecodingConfig,
    InsensitivityDimension,
    Question,
    Request,
    Respondent,
)
from def_sim.respondents.memory import Memory

ResultT = TypeVar("ResultT")
Conversation = Generator[Sequence[Request], Sequence[Completion], ResultT]


class Strategy(Protocol):
    """A way of putting a question: a conversation that ends in an answer.

    The same question, respondent, memory, address and completions must give the same requests and the same
    answer, always: draws come from `address.rng(...)`, nothing is kept from one question to the next.

    Attributes:
        uses_memory: Whether it reads what is remembered. Where it does not, a respondent's questions run
            side by side.
        answer_modes: In which ways the answers that it reads may be given.
        needs_judge: Name of the rubric by which a judge reads its texts; None: rules read them. With a
            rubric no answer is `answered`: one with a text is `unjudged` (`asking.left_to_judge`).
    """

    uses_memory: bool
    answer_modes: Collection[AnswerMode]
    needs_judge: str | None

    def num_calls(self, question: Question) -> int:
        """Most requests that it makes for a question, at least 1.

        Where it is 1 the answer's text is all that is kept of the completion, so a strategy must read it as
        `put_question` does. Where it is more every completion is stored before the strategy receives it.
        """
        ...

    def mean_tokens(self, question: Question) -> float | None:
        """Tokens that a call for a question writes, on average; None: what an answer of the model has."""
        ...

    def decodings(self, respondent: Respondent) -> Sequence[DecodingConfig]:
        """All decoding settings that its requests to a respondent may have, each once.

        What an engine cannot do is found by them before anything is asked.
        """
        ...

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """Yields requests, receives their completions in the same order, returns the answer.

        Requests yielded together are under way together. Their keys are `address.request_key(call)` with
        `call` counting 0, 1, 2, ... over the conversation. The answer's `call` is the one that was read.
        """
        ...


class DecodedAsDrawn:
    """What strategies say of themselves whose every request is decoded as drawn for its respondent.

    `meaningless_dimensions`: defects that mean nothing of their answers, which are not judged for them.
    """

    answer_modes: Collection[AnswerMode] = tuple(AnswerMode)
    needs_judge: str | None = None
    meaningless_dimensions: Collection[InsensitivityDimension] = frozenset()

    def decodings(self, respondent: Respondent) -> Sequence[DecodingConfig]:
        """The respondent's."""
        return (respondent.decoding,)


class OpenConversation:
    """A conversation of a strategy with whoever completes its requests.

    Attributes:
        requests: What is to be completed next; empty once there is an answer.
        num_made: Requests made so far.

    Raises:
        StrategyError: The strategy breaks the contract.
    """

    def __init__(
        self, strategy: Strategy, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> None:
        self._name = type(strategy).__name__
        self._rubric = strategy.needs_judge
        self._address = address
        self._most = strategy.num_calls(question)
        self._decodings = tuple(strategy.decodings(respondent))
        self._talk = strategy.ask(question, respondent, memory, address)
        self._answer: Answer | None = None
        self.num_made = 0
        self.requests: tuple[Request, ...] = ()
        self._go_on(None)

    @property
    def has_one_call(self) -> bool:
        """Whether the strategy makes a single request, so that its answer says all of it."""
        return self._most == 1

    @property
    def answer(self) -> Answer:
        """What the conversation ended in; there is one when `requests` is empty."""
        assert self._answer is not None
        return self._answer

    def receive(self, completions: Sequence[Completion]) -> None:
        """Gives the completions of `requests`, in their order; then come the next requests, or the answer.

        Raises:
            StrategyError: The strategy breaks the contract.
        """
        self._go_on(completions)

    def close(self) -> None:
        """Ends a conversation of which no more is wanted."""
        self._talk.close()

    def _go_on(self, completions: Sequence[Completion] | None) -> None:
        try:
            yielded = next(self._talk) if completions is None else self._talk.send(completions)
        except StopIteration as end:
            self.requests = ()
            self._answer = self._checked(end.value)
            return
        self.requests = tuple(yielded)
        self._check_requests()

    def _check_requests(self) -> None:
        if not self.requests:
            raise self._broken("asked for nothing", "Yield at least one request at a time.")
        for request in self.requests:
            expected = self._address.request_key(self.num_made)
            if request.key != expected:
                raise self._broken(
                    f"gave its request number {self.num_made + 1} the key {request.key}, not {expected}",
                    "Take the keys from `address.request_key(call)`, with call counting 0, 1, 2, ...",
                )
            if request.decoding not in self._decodings:
                raise self._broken(
                    f"decodes its request number {self.num_made + 1} by settings that it does not name",
                    "Let `decodings` give all that its requests may have.",
                )
            self.num_made += 1
        if self.num_made > self._most:
            raise self._broken(
                f"made request number {self.num_made}, though num_calls says {self._most}",
                "Let `num_calls` give the most requests that a question may take.",
            )

    def _checked(self, answer: object) -> Answer:
        """The answer, if it is one of this question and from a call that was made."""
        where = (self._address.respondent_id, self._address.item_id, self._address.wording)
        if self.num_made == 0:
            raise self._broken("asked nothing at all", "Yield at least one request before the answer.")
        if not isinstance(answer, Answer) or (answer.respondent_id, answer.item_id, answer.wording) != where:
            raise self._broken(
                "returned no answer of the question", "Return an Answer of this very question."
            )
        if not 0 <= answer.call < self.num_made:
            raise self._broken(
                f"read its call {answer.call} of {self.num_made}", "Give the number of a call that was made."
            )
        self._check_reader(answer.status)
        return answer

    def _check_reader(self, status: AnswerStatus) -> None:
        """Makes sure that answers are read by rules, or by a judge, as the strategy says."""
        if self._rubric is None and status is AnswerStatus.UNJUDGED:
            raise self._broken(
                "left its answer to a judge, though needs_judge is None",
                "Let `needs_judge` name the rubric, or read the answer.",
            )
        if self._rubric is not None and status is AnswerStatus.ANSWERED:
            raise self._broken(
                f"read its answer, though needs_judge says {self._rubric}",
                "Leave the text to the judge: `left_to_judge(answer)`.",
            )

    def _broken(self, what: str, fix: str) -> StrategyError:
        question = f"{self._address.item_id}#{self._address.wording}"
        return StrategyError(f"The strategy {self._name} {what} ({question}).", fix=fix)


def hold_with(
    conversation: OpenConversation, complete: Callable[[Request], Completion]
) -> tuple[tuple[Request, ...], Answer]:
    """Holds a conversation to its end with a function that completes, one request after another.

    Returns:
        All requests, and the answer.
    """
    made: list[Request] = []
    while requests := conversation.requests:
        made += requests
        conversation.receive([complete(request) for request in requests])
    return tuple(made), conversation.answer


def completion_of(answer: Answer) -> Completion:
    """The completion of a strategy's single call, from the answer that was read in it."""
    shares: Mapping[int, float] | None = None
    if answer.option_probabilities:
        shares = dict(zip(answer.shown_codes, answer.option_probabilities, strict=True))
    return Completion(
        text=answer.text,
        finish_reason=answer.finish_reason,
        num_prompt_tokens=answer.num_prompt_tokens,
        num_generated_tokens=answer.num_generated_tokens,
        seconds=answer.seconds,
        option_probabilities=shares,
        error=answer.error,
        reasoning=answer.reasoning,
    )

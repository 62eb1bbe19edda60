"""Who waits and who runs: queue, admission, chunks of prompts, and what happens when a step fails.

The same for the loop over slots and for the loop over pages. What a sequence needs of memory, and how a
step is computed, is the business of a `Loop`. Nothing is lost here: a sequence that must go back to wait
begins again later, and since draws are addressed it comes out the same.
"""

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.errors import EngineError
from def_sim.records import Request

FEWEST_READ: Final = 64  # prompt tokens of a step when memory is short


class Scheduled(Protocol):
    """An answer on its way, as far as it is scheduled."""

    ticket: int
    prompt: Prompt
    num_read: int
    num_reused: int

    @property
    def num_unread(self) -> int:
        """Prompt tokens still to read."""

    @property
    def num_rows(self) -> int:
        """Rows that it takes in a step; a beam is a row."""

    def restart(self) -> None:
        """As if nothing had been done; its draws will be the same."""


S = TypeVar("S", bound=Scheduled)
S_in = TypeVar("S_in", bound=Scheduled, contravariant=True)


@dataclass(slots=True)
class Work:
    """What has been done so far, in tokens."""

    num_steps: int = 0
    num_prompt_tokens: int = 0  # of finished answers
    num_reused_tokens: int = 0  # of these, not read again
    num_written_tokens: int = 0  # rows, beams counted
    num_restarts: int = 0  # answers sent back to wait for want of memory


class Loop(Protocol[S_in]):
    """What a schedule asks of the loop that it belongs to."""

    max_rows: int
    max_read: int
    work: Work

    def take_in(self, sequence: S_in) -> EngineError | bool:
        """Gives a sequence memory, so that it can run; False: not yet. An error: it never can."""

    def give_back(self, sequence: S_in, *, keeps_prefix: bool) -> None:
        """Takes its memory back; what was read of its prompt may stay for its respondent's next one."""

    def abandon(self) -> None:
        """Forgets steps that are under way."""

    def free_memory(self) -> None:
        """After a step that ran out of memory: gives back what nobody who runs needs."""


@dataclass(slots=True)
class Schedule(Generic[S]):
    """The queue of a loop.

    Attributes:
        loop: Whose queue it is.
        waiting: In the order of arrival.
        running: The same, of those who are in steps.
    """

    loop: Loop[S]
    waiting: deque[S] = field(default_factory=deque)
    running: list[S] = field(default_factory=list)
    _num_suspects: int = 0  # sequences that run alone because one of them made a step fail

    def add(self, sequence: S) -> None:
        """Puts a sequence in the queue."""
        self.waiting.append(sequence)

    def cancel(self, ticket: int) -> None:
        """Forgets a sequence; unknown tickets are no error."""
        self.waiting = deque(one for one in self.waiting if one.ticket != ticket)
        for sequence in [one for one in self.running if one.ticket == ticket]:
            self.leave(sequence)

    @property
    def has_work(self) -> bool:
        """True while anything waits or runs."""
        return bool(self.waiting or self.running)

    @property
    def num_rows(self) -> int:
        """Rows of those who run."""
        return sum(sequence.num_rows for sequence in self.running)

    def admit(self) -> list[tuple[S, EngineError]]:
        """Lets those in who wait, oldest first, while there are rows and memory; returns the impossible."""
        refused: list[tuple[S, EngineError]] = []
        num_rows = self.num_rows
        while self.waiting:
            sequence = self.waiting[0]
            if self.running and (self._num_suspects or num_rows + sequence.num_rows > self.loop.max_rows):
                break
            verdict = self.loop.take_in(sequence)
            if verdict is False:
                break
            self.waiting.popleft()
            if isinstance(verdict, EngineError):
                refused.append((sequence, verdict))
                continue
            self.running.append(sequence)
            num_rows += sequence.num_rows
        return refused

    def prefill_chunks(self) -> list[tuple[S, int]]:
        """What is read of prompts in a step, in tokens: in the order of arrival, the last perhaps in part."""
        chunks, left = [], self.loop.max_read
        for sequence in self.running:
            if sequence.num_unread and left:
                length = min(sequence.num_unread, left)
                chunks.append((sequence, length))
                left -= length
        return chunks

    def push_back(self) -> S | None:
        """Short of memory: the youngest goes back to wait.

        Returns:
            The only sequence, for which there is not enough even alone; it has left.
        """
        if len(self.running) > 1:
            self.restart(self.running[-1:])
            return None
        [sequence] = self.running
        self.leave(sequence)
        return sequence

    def shrink(self) -> S | None:
        """After a step that ran out of memory: everybody begins again, with shorter chunks or fewer rows.

        Returns:
            The only sequence, if not even that one fits; it has left.
        """
        self.loop.abandon()
        failed, num_rows = None, self.num_rows
        if len(self.running) == 1 and self.loop.max_read == FEWEST_READ:
            [failed] = self.running
            self.leave(failed)
        elif self.loop.max_read > FEWEST_READ:
            self.loop.max_read = max(FEWEST_READ, self.loop.max_read // 2)
        else:
            self.loop.max_rows = max(1, num_rows // 2)
        self.restart(self.running)
        self.loop.free_memory()
        return failed

    def isolate(self) -> S | None:
        """After a step that failed: its sequences begin again one by one, so that only the guilty one fails.

        Returns:
            The sequence that failed, if it was alone; it has left.
        """
        self.loop.abandon()
        if len(self.running) == 1:
            [sequence] = self.running
            self.leave(sequence)
            return sequence
        self._num_suspects = len(self.running)
        self.restart(self.running)
        return None

    def leave(self, sequence: S) -> None:
        """A sequence has ended."""
        self.loop.give_back(sequence, keeps_prefix=True)
        self.running.remove(sequence)
        self._num_suspects = max(0, self._num_suspects - 1)
        self.loop.work.num_prompt_tokens += sequence.num_read
        self.loop.work.num_reused_tokens += sequence.num_reused

    def restart(self, sequences: Iterable[S]) -> None:
        """Sends sequences back to the front of the queue, in their order."""
        for sequence in reversed(list(sequences)):
            self.loop.give_back(sequence, keeps_prefix=False)
            self.running.remove(sequence)
            sequence.restart()
            self.waiting.appendleft(sequence)
            self.loop.work.num_restarts += 1


def owner_of(prompt: Prompt) -> Hashable:
    """Who asks: prompts of one respondent of one run begin alike."""
    key = prompt.request.key
    return (key.seed, key.respondent_id)


def num_equal(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    """Length of the common beginning."""
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))


def does_not_fit(prompt: Prompt) -> EngineError:
    """What to say of a prompt for which there is no memory, even alone."""
    request = prompt.request
    return EngineError(
        f"{request.key}: not enough memory for a prompt of {len(prompt.token_ids)} tokens "
        f"with {request.decoding.num_beams} beams.",
        fix="Lower decoding.max_num_beams, decoding.max_new_tokens or memory.max_capacity, or use "
        "`model.engine.dtype=bfloat16`.",
    )


def not_finite(request: Request) -> EngineError:
    """What to say of a prompt whose logits cannot be chosen from."""
    return EngineError(
        f"{request.key}: the model's logits are not finite numbers for this prompt.",
        fix="Use `model.engine.dtype=bfloat16` or float32; if that does not help, check the weights.",
    )

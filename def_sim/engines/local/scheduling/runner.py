"""What the worker asks of whatever runs prompts on a model: a way to add, to step and to forget.

Two things fulfil it: `slot_runner.py`, every respondent at its own pace, and `batch_runner.py`,
batches through transformers' `generate()` for models that the first cannot run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from def_sim.errors import EngineError
from def_sim.records import Completion, Request


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request and the token ids the model will read.

    With `codes` the prompt ends where the tokens of the option codes begin. `is_over` tells of the tokens of
    an answer, without beams, whether nothing more of it is needed. `opening` is the thought that the prompt
    leaves open (see `thoughts.py`), within which the answer's text begins; "" if it leaves none.
    """

    request: Request
    token_ids: tuple[int, ...]
    codes: Mapping[int, tuple[int, ...]] | None = None  # of options, where only these may be answered
    is_over: Callable[[Sequence[int]], bool] | None = field(default=None, compare=False)
    opening: str = ""


Ended = tuple[int, Completion | EngineError]  # a ticket and what became of it


class Runner(Protocol):
    """A model with its queue. Used by one thread only."""

    def prompt(self, request: Request) -> Prompt:
        """Token ids for a request.

        Raises:
            EngineError: This request cannot be put to this model.
        """

    def add(self, ticket: int, prompt: Prompt) -> None:
        """Puts a prompt in the queue under a number of the caller's."""

    def cancel(self, ticket: int) -> None:
        """Forgets a prompt, if it has not ended."""

    @property
    def has_work(self) -> bool:
        """True while a prompt waits or runs."""

    def step(self) -> list[Ended]:
        """Works for a while; returns what has ended in it, perhaps nothing.

        Raises:
            EngineError: It cannot go on, and nothing that it was asked is at fault.
        """

    def facts(self) -> dict[str, object]:
        """What of the machine may change an answer."""

    def work(self) -> dict[str, int]:
        """What has been done so far, in tokens and steps."""

    def close(self) -> None:
        """Frees the memory."""

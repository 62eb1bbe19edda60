"""Prompts through batches of `generate()`: the slow way, for models that have no slots.

Also the reference that the slot loop is held against.
"""

from collections.abc import Sequence
from typing import Protocol

from def_sim.engines.local.batches.batching import BatchTooLargeError, Waiting, choose_batch
from def_sim.engines.local.scheduling.runner import Ended, Prompt
from def_sim.errors import EngineError
from def_sim.records import AnswerMode, Completion, Request


class BatchModel(Protocol):
    """What is asked of a model; see `model.LocalModel`."""

    def prompt(self, request: Request) -> Prompt:
        """Token ids for a request."""

    def complete(self, batch: Sequence[Prompt]) -> list[Completion | EngineError]:
        """One result a prompt, in order."""

    def facts(self) -> dict[str, object]:
        """What of the machine may change an answer."""

    def close(self) -> None:
        """Frees the memory."""


class BatchRunner:
    """A runner whose step is one batch.

    Args:
        model: Runs a batch.
        max_rows: Most rows in a batch at first; halved whenever memory does not suffice.
        why: Why this model is run so, for the manifest.
        bears_padding: False: only prompts of one length share a batch.
    """

    def __init__(
        self, model: BatchModel, *, max_rows: int, why: str = "asked for", bears_padding: bool = True
    ) -> None:
        self._model = model
        self._max_rows = max_rows
        self._why = why if bears_padding else f"{why}; only prompts of one length together"
        self._bears_padding = bears_padding
        self._waiting: list[Waiting] = []
        self._num_prompt_tokens = 0

    def prompt(self, request: Request) -> Prompt:
        """See `Runner`. Only slots can score option codes."""
        if request.mode is not AnswerMode.FREE:
            raise EngineError(
                f"{request.key}: this model runs through generate() ({self._why}), in free text only.",
                fix="Use `answer_mode=free`, or a model that runs in slots.",
            )
        return self._model.prompt(request)

    def add(self, ticket: int, prompt: Prompt) -> None:
        """See `Runner`."""
        self._waiting.append(Waiting(ticket, prompt))

    def cancel(self, ticket: int) -> None:
        """See `Runner`."""
        self._waiting = [item for item in self._waiting if item.ticket != ticket]

    @property
    def has_work(self) -> bool:
        """See `Runner`."""
        return bool(self._waiting)

    def step(self) -> list[Ended]:
        """Runs the next batch."""
        batch = choose_batch(self._waiting, self._max_rows, bears_padding=self._bears_padding)
        chosen = {item.ticket for item in batch}
        self._waiting = [item for item in self._waiting if item.ticket not in chosen]
        self._num_prompt_tokens += sum(len(item.prompt.token_ids) for item in batch)
        return self._complete(batch)

    def facts(self) -> dict[str, object]:
        """See `Runner`."""
        return {**self._model.facts(), "loop": f"generate ({self._why})"}

    def work(self) -> dict[str, int]:
        """See `Runner`."""
        return {"num_prompt_tokens": self._num_prompt_tokens, "num_reused_tokens": 0}

    def close(self) -> None:
        """See `Runner`."""
        self._model.close()

    def _complete(self, batch: Sequence[Waiting]) -> list[Ended]:
        """Runs a batch; if it fails as a whole, in halves (memory) or one by one (anything else)."""
        try:
            results = self._model.complete([item.prompt for item in batch])
        except EngineError as error:
            failure = error
        else:
            return [(item.ticket, result) for item, result in zip(batch, results, strict=True)]
        if len(batch) == 1:
            return [(batch[0].ticket, failure)]
        size = 1
        if isinstance(failure, BatchTooLargeError):
            size = (len(batch) + 1) // 2
            self._max_rows = max(1, size * batch[0].num_rows)
        parts = [batch[begin : begin + size] for begin in range(0, len(batch), size)]
        return [ended for part in parts for ended in self._complete(part)]

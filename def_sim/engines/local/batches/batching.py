"""Which waiting requests run together through `generate()`.

Requests share a batch when `generate()` can treat them alike: without beams whatever their
sampling parameters (those go by row), with beam search those of equal width, with beam sampling
those of equal decoding. Pure functions: no thread, no model.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.errors import EngineError
from def_sim.records import Request


class BatchTooLargeError(EngineError):
    """The device has not enough memory for that many rows at once; fewer may work."""


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A prompt in the queue, with the number its caller knows it by."""

    ticket: int
    prompt: Prompt

    @property
    def num_rows(self) -> int:
        """Rows it takes in a batch: one a beam."""
        return self.prompt.request.decoding.num_beams


def batch_key(request: Request) -> Hashable:
    """Requests with equal keys may share a batch."""
    decoding = request.decoding
    if decoding.num_beams > 1 and decoding.do_sample:
        return decoding
    return (decoding.num_beams, decoding.max_new_tokens)


def choose_batch(waiting: Sequence[Waiting], max_rows: int, *, bears_padding: bool = True) -> list[Waiting]:
    """The batch to run next: the oldest request and those of its kind nearest to it in length.

    The oldest always runs, so nobody waits for ever; lengths that lie close keep padding small.

    Args:
        waiting: Oldest first, not empty.
        max_rows: Most rows in a batch; a single request may exceed it.
        bears_padding: False: only prompts of one length share a batch.
    """
    oldest = waiting[0]
    key, length = batch_key(oldest.prompt.request), len(oldest.prompt.token_ids)
    alike = [item for item in waiting if batch_key(item.prompt.request) == key]
    if not bears_padding:
        alike = [item for item in alike if len(item.prompt.token_ids) == length]
    # The sort is stable: among equal lengths the older goes first, and the oldest is first of all.
    alike.sort(key=lambda item: abs(len(item.prompt.token_ids) - length))
    return alike[: max(1, max_rows // oldest.num_rows)]

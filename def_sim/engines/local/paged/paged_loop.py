"""The slot loop on a GPU: the next step is launched before the last one's tokens have been looked at.

Who runs is decided as for slots (`scheduling/schedule.py`); memory is pages instead of slots, and tokens are
chosen on the device, so that it never waits for the host. A step late the host learns which tokens they were:
an answer that has ended has by then been given one step too many, which is ignored, and its place is taken in
the step after.

Short of pages, what respondents left behind goes first, then the youngest answers go back to wait.
Draws are addressed, so what is begun again comes out the same.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch

from def_sim.engines.local.paged.board import Board
from def_sim.engines.local.paged.cache_manager import CacheManager
from def_sim.engines.local.paged.launching import InFlightStep, Launcher
from def_sim.engines.local.paged.paged_sequence import PagedSequence
from def_sim.engines.local.paged.pages import MOST_BEAMS, PAGE, PagePool
from def_sim.engines.local.paged.prepare_inputs import SequenceTable, StepPlan
from def_sim.engines.local.paged.step import StepRunner
from def_sim.engines.local.paged.step_inputs import MOST_CHUNKS
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.scheduling.schedule import Schedule, Work, does_not_fit, not_finite
from def_sim.engines.local.slots.key_values import LayerShape, bytes_per_token
from def_sim.errors import EngineError

_SWEEP: Final = 256  # cache positions that beams write between two looks for dead ones
_EXPECTED: Final = 128  # tokens of an answer for which there should be room when it begins
_FIRST_TABLE: Final = 32  # pages of an answer, to begin with

Ended = tuple[PagedSequence, EngineError | None]


@dataclass(slots=True)
class PagedLoop:
    """Sequences in, answers out, a step at a time; as `SlotLoop`, but for a GPU.

    Args:
        model: A transformers causal language model whose attention is `paged_attention.attend`.
        stop_tokens: Tokens that end a text.
        max_rows: Most rows written in a step; a beam is a row.
        max_read: Most prompt tokens read in a step.
        max_bytes: Memory for keys and values; taken at once.
        layers: What each layer keeps of a token.
        reuses_prefixes: A respondent's next prompt begins where it differs from the last.
        fixed_rows: Rows of every step that writes, filled up with idle ones; prompts are then read one by
            one, apart from it. None: as many rows as there are.
        uses_kernels: Triton kernels.
        captures: CUDA graphs.
        why_no_graphs: Why there are none, for the manifest.
    """

    model: Any
    stop_tokens: frozenset[int]
    max_rows: int
    max_read: int
    max_bytes: int
    layers: Sequence[LayerShape]
    reuses_prefixes: bool = True
    fixed_rows: int | None = None
    uses_kernels: bool = True
    captures: bool = True
    why_no_graphs: str | None = None
    work: Work = field(default_factory=Work)
    schedule: Schedule[PagedSequence] = field(init=False)
    _table: SequenceTable = field(init=False)
    _cache: CacheManager = field(init=False)
    _runner: StepRunner = field(init=False)
    _launcher: Launcher = field(init=False)
    _free_entries: list[int] = field(init=False)
    _in_flight: deque[InFlightStep] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.schedule = Schedule(self)
        dtype = self.model.dtype
        num_pages = max(2, self.max_bytes // (bytes_per_token(self.layers, dtype) * PAGE))
        pool = PagePool(self.layers, num_pages, dtype, self.device)
        self._table = SequenceTable(self.max_rows, _FIRST_TABLE)
        self._cache = CacheManager(pool, self._table)
        self._runner = StepRunner(
            self.model,
            pool,
            Board.blank(self.max_rows, 1, self.device),
            self.stop_tokens,
            uses_kernels=self.uses_kernels,
            captures=self.captures,
        )
        self._launcher = Launcher(
            self._runner,
            self._table,
            self.layers,
            fixed_rows=self.fixed_rows,
            uses_kernels=self.uses_kernels,
        )
        self._free_entries = list(range(self.max_rows - 1, -1, -1))

    def add(self, ticket: int, prompt: Prompt) -> None:
        """Puts a prompt in the queue."""
        self.schedule.add(PagedSequence(ticket, prompt, self.stop_tokens))

    @property
    def has_work(self) -> bool:
        """True while anything waits, runs or is under way."""
        return self.schedule.has_work or bool(self._in_flight)

    def step(self) -> list[Ended]:
        """Launches a step, if there is something to do before the last has landed, and looks at that one.

        Returns:
            The answers that ended: with their text, or with the error that concerns them alone.

        Raises:
            torch.OutOfMemoryError: Memory ran out; `schedule.shrink`, then go on.
            RuntimeError: The model failed on a step; `schedule.isolate`, then go on.
        """
        ended: list[Ended] = [*self.schedule.admit()]
        plan = self._reserve(ended)
        if plan.writing or plan.reading:
            self._in_flight.append(self._launcher.launch(plan))
            self.work.num_steps += 1
            self.work.num_written_tokens += plan.num_written
        # With one step under way the device has something to do while the host reads the one before.
        if self._in_flight and (len(self._in_flight) > 1 or not (plan.writing or plan.reading)):
            ended += self._take(self._in_flight.popleft())
        return ended

    def close(self) -> None:
        """Lets go of model and cache; the loop is of no use afterwards."""
        self.abandon()
        del self._runner, self._launcher, self._cache
        self._release()
        self.model = None

    @property
    def facts(self) -> dict[str, object]:
        """How steps are run, for the manifest."""
        why = self.why_no_graphs or self._runner.why_not_captured
        return {
            "attention": "kernels over pages" if self.uses_kernels else "torch over pages",
            "graphs": self.captures if why is None else f"none: {why}",
            "fused": [] if self._runner.fused is None else self._runner.fused.names,
        }

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        device: torch.device = self.model.device
        return device

    # --- who is in

    def take_in(self, sequence: PagedSequence) -> EngineError | bool:
        """See `Loop`: an entry, and what its respondent left behind in pages."""
        if not self._free_entries:
            return False
        if (error := self._impossible(sequence)) is not None:
            return error
        is_alone = not self.schedule.running
        expected = 1 if is_alone else min(_EXPECTED, sequence.prompt.request.decoding.max_new_tokens)
        if not self._cache.can_take_in(sequence.length + expected * sequence.num_rows):
            return False
        self._cache.enter(sequence, self._free_entries.pop())
        self._table.set_entry(sequence, len(self.stop_tokens))
        self._launcher.make_wide(sequence.text.num_rows)
        return True

    def give_back(self, sequence: PagedSequence, *, keeps_prefix: bool) -> None:
        """See `Loop`: frees the entry, and pages."""
        self._cache.leave(sequence, keeps_prefix=keeps_prefix and self.reuses_prefixes)
        assert sequence.entry is not None
        self._free_entries.append(sequence.entry)
        sequence.entry, sequence.pages = None, []
        sequence.life += 1

    def abandon(self) -> None:
        """See `Loop`: steps under way are waited for and ignored; they may hold what failed."""
        for launched in self._in_flight:
            if launched.landed is not None:
                launched.landed.synchronize()
        self._in_flight.clear()

    def free_memory(self) -> None:
        """See `Loop`: graphs, and what torch keeps; the pages are needed."""
        self._runner.forget_graphs()
        self._release()

    def _impossible(self, sequence: PagedSequence) -> EngineError | None:
        """What no memory and no luck can help."""
        vocabulary = self.model.get_input_embeddings().num_embeddings
        unknown = [token for token in sequence.prompt.token_ids if not 0 <= token < vocabulary]
        if unknown:  # on a GPU it would take the whole process with it
            return EngineError(
                f"{sequence.prompt.request.key}: token {unknown[0]} is unknown to the model, which has "
                f"{vocabulary}.",
                fix="Tokenizer and weights do not belong together: fetch the checkpoint again.",
            )
        has_rows = sequence.num_rows <= min(self.max_rows, MOST_BEAMS)
        if not has_rows or not self._cache.could_hold(sequence.length + sequence.num_rows):
            return does_not_fit(sequence.prompt)
        return None

    # --- a step

    def _reserve(self, ended: list[Ended]) -> StepPlan:
        """The next step, once everybody in it has pages; who cannot get any goes back or has ended."""
        while True:
            plan = self._plan()
            needs = [
                (sequence, sequence.num_cached + sequence.num_rows * sequence.depth)
                for sequence in plan.writing
            ]
            needs += [(sequence, sequence.num_cached + count) for sequence, count in plan.reading]
            if all(
                self._cache.give(sequence, num_cache_positions) for sequence, num_cache_positions in needs
            ):
                for sequence in plan.writing:
                    if sequence.text.has_beams and sequence.num_cached - sequence.last_sweep >= _SWEEP:
                        self._cache.sweep(sequence, self._launcher.parents_of(sequence))
                return plan
            if (alone := self.schedule.push_back()) is not None:
                ended.append((alone, does_not_fit(alone.prompt)))

    def _plan(self) -> StepPlan:
        """Everybody whose next token can be written, and prompts in the order of arrival."""
        chunks = self.schedule.prefill_chunks()[:MOST_CHUNKS]
        if self.fixed_rows is not None and chunks:
            return StepPlan([], chunks[:1])
        return StepPlan([sequence for sequence in self.schedule.running if sequence.can_write], chunks)

    def _take(self, launched: InFlightStep) -> list[Ended]:
        """Takes what a step chose; those who end in it."""
        ended: list[Ended] = []
        for sequence, choice in self._launcher.land(launched):
            sequence.num_unseen -= 1
            if choice is None:
                self.schedule.leave(sequence)
                ended.append((sequence, not_finite(sequence.prompt.request)))
            elif sequence.text.advance(choice) is None:
                self.schedule.leave(sequence)
                ended.append((sequence, None))
        return ended

    def _release(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

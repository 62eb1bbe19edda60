"""The loop that keeps the device busy: every respondent at its own pace, none waits for another.

One step is one forward pass over the newest tokens of all answers being written and a stretch of
the prompts being read. A finished answer's place is taken in the next step. A respondent keeps its
slot between questions, so what its next prompt has in common with the last is not read again.

A step changes nothing until it has succeeded. Short of memory, the loop forgets what respondents
left behind who are not being asked, and sends the youngest answers back to wait. If memory runs
out all the same, everybody goes back and the loop goes on with shorter stretches or fewer rows.
Since draws are addressed, what is begun again comes out the same.

What a draft's tokens are is `draft.py`'s business, who asks and who waits for it `worker.py`'s.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from def_sim.engines.local.runner import Prompt
from def_sim.engines.local.sampling.token_choice import choose, kind_of
from def_sim.engines.local.scheduling import Schedule, Work, does_not_fit, not_finite, num_equal, owner_of
from def_sim.engines.local.slots.draft import Draft
from def_sim.engines.local.slots.key_values import KeyValues, rounded
from def_sim.engines.local.slots.slot_attention import Reading, Step, Writing
from def_sim.errors import EngineError


@dataclass(slots=True)
class _Slot:
    """Whose cells these are, and which tokens they hold while nobody writes there."""

    owner: Hashable = None
    tokens: tuple[int, ...] = ()
    draft: Draft | None = None
    last_used: int = 0


@dataclass(slots=True)
class SlotLoop:
    """Drafts in, answers out, a step at a time.

    Args:
        model: A transformers causal language model whose attention is `slot_attention.attend`.
        stop_tokens: Tokens that end a text.
        max_rows: Most rows written in a step; a beam is a row.
        max_read: Most prompt tokens read in a step.
        max_bytes: Memory for keys and values.
        bytes_per_cell: Memory of one token's keys and values in all layers.
        keeps_positions: The model has a sliding window or a bias by distance.
        reuses_prefixes: A respondent's next prompt begins where it differs from the last.
        fixed_rows: Rows of every step that writes, filled up with idle ones; prompts are then read one
            by one. In 16 bit a row's rounding depends on how many rows there are: with a fixed number the
            tokens are the same in any company. None: as many rows as there are.
    """

    model: Any
    stop_tokens: frozenset[int]
    max_rows: int
    max_read: int
    max_bytes: int
    bytes_per_cell: int
    keeps_positions: bool = False
    reuses_prefixes: bool = True
    fixed_rows: int | None = None
    work: Work = field(default_factory=Work)
    _cells: KeyValues = field(default_factory=KeyValues)
    _slots: list[_Slot] = field(default_factory=list)
    _schedule: Schedule[Draft] = field(default_factory=Schedule)

    def add(self, ticket: int, prompt: Prompt) -> None:
        """Puts a prompt in the queue."""
        self._schedule.add(Draft(ticket, prompt, self.stop_tokens, self.keeps_positions))

    def cancel(self, ticket: int) -> None:
        """Forgets a prompt; unknown tickets are no error."""
        self._schedule.cancel(self, ticket)

    @property
    def has_work(self) -> bool:
        """True while anything waits or runs."""
        return bool(self._schedule.waiting or self._schedule.running)

    def step(self) -> list[tuple[Draft, EngineError | None]]:
        """Runs one step.

        Returns:
            The drafts that ended: with their `answer`, or with the error that concerns them alone.

        Raises:
            torch.OutOfMemoryError: Memory ran out; `shrink`, then go on.
            RuntimeError: The model failed on this step; `isolate`, then go on.
        """
        self._schedule.admit(self)
        if (too_large := self._make_room()) is not None:
            return [(too_large, does_not_fit(too_large.prompt))]
        reading = self._stretches()
        writing = self._groups()
        if self.fixed_rows is not None and reading:
            reading, writing = reading[:1], []
        logits = self._forward(writing, reading)
        return self._commit(logits, writing, reading)

    def shrink(self) -> Draft | None:
        """Gives all cells back after a step that ran out of memory; everybody begins again, with less.

        Returns:
            The only draft, if not even that one fits; it has left.
        """
        return self._schedule.shrink(self)

    def isolate(self) -> Draft | None:
        """After a step that failed: its drafts begin again one by one, so that only the guilty one fails.

        Returns:
            The draft that failed, if it was alone; it has left.
        """
        return self._schedule.isolate(self)

    def close(self) -> None:
        """Lets go of model and cells; the loop is of no use afterwards."""
        self.free_memory()
        self.model = None

    @property
    def facts(self) -> dict[str, object]:
        """How steps are run, for the manifest."""
        return {"attention": "a call a sequence"}

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        device: torch.device = self.model.device
        return device

    def take_in(self, sequence: Draft) -> bool:
        """See `Loop`: a slot, with what its respondent left behind there."""
        number = self._slot_for(sequence)
        if number is None:
            return False
        slot, owner = self._slots[number], owner_of(sequence.prompt)
        num_known = num_equal(slot.tokens, sequence.prompt.token_ids) if slot.owner == owner else 0
        # The last token is always read: its logits are where the answer begins.
        sequence.enter(number, min(num_known, len(sequence.prompt.token_ids) - 1))
        slot.owner, slot.draft, slot.tokens = owner, sequence, ()
        return True

    def give_back(self, sequence: Draft, *, keeps_prefix: bool) -> None:
        """See `Loop`: frees the slot.

        One slot a respondent keeps what it has read: one without memory is asked many questions side by
        side, and would otherwise leave as many slots behind.
        """
        assert sequence.slot is not None
        slot = self._slots[sequence.slot]
        slot.draft = None
        if not keeps_prefix:
            return
        has_another = any(
            other.owner == slot.owner and other.draft is None for other in self._slots if other is not slot
        )
        slot.tokens = sequence.prompt.token_ids[: sequence.num_read]
        if has_another or not self.reuses_prefixes:
            slot.owner, slot.tokens = None, ()
        slot.last_used = self.work.num_steps

    def abandon(self) -> None:
        """See `Loop`: no step is ever under way here."""

    def free_memory(self) -> None:
        """See `Loop`: all cells, for everybody begins again."""
        self._slots.clear()
        self._cells.clear()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _slot_for(self, draft: Draft) -> int | None:
        """The respondent's own slot, else nobody's, else a new one, else the one that lay idle longest."""
        idle = [number for number, slot in enumerate(self._slots) if slot.draft is None]
        for owner in (owner_of(draft.prompt), None):
            for number in idle:
                if self._slots[number].owner == owner:
                    return number
        num_cells = max(self._cells.num_cells, draft.num_cells_needed)
        if not self._slots or self._fits(len(self._slots) + 1, num_cells):
            self._slots.append(_Slot())
            return len(self._slots) - 1
        return min(idle, key=lambda number: self._slots[number].last_used, default=None)

    def _fits(self, num_slots: int, num_cells: int) -> bool:
        return num_slots * rounded(num_cells) * self.bytes_per_cell <= self.max_bytes

    def _make_room(self) -> Draft | None:
        """Sees to it that every running draft has its cells; the draft that cannot is returned."""
        while True:
            num_cells = max(draft.num_cells_needed for draft in self._schedule.running)
            num_slots = len(self._slots) + (self.fixed_rows is not None)
            if self._fits(num_slots, max(num_cells, self._cells.num_cells)):
                self._cells.reserve(num_slots, num_cells)
                return None
            if len(self._schedule.running) < len(self._slots):
                self._forget_idle(num_cells)
            elif (draft := self._schedule.push_back(self)) is not None:
                self.free_memory()
                return draft

    def _groups(self) -> list[tuple[Draft, Writing]]:
        """What is written in this step: the newest tokens of all drafts that have some, kind by kind."""
        drafts = [draft for draft in self._schedule.running if draft.text.next_tokens]
        drafts.sort(key=lambda draft: kind_of(draft.text.ask()))
        return [(draft, draft.writing(self.device)) for draft in drafts]

    def _idle(self, num_rows: int) -> list[Writing]:
        """Rows without meaning that fill a step up to its fixed number; they have the last slot."""
        if self.fixed_rows is None or not 0 < num_rows < self.fixed_rows:
            return []
        return [Writing(len(self._slots), self.fixed_rows - num_rows, 0, None)]

    def _stretches(self) -> list[tuple[Draft, Reading]]:
        """What is read in this step: prompts in the order of arrival, the last perhaps in part."""
        chunks = self._schedule.prefill_chunks(self.max_read)
        return [(draft, draft.reading(length)) for draft, length in chunks]

    def _forward(
        self, writing: Sequence[tuple[Draft, Writing]], reading: Sequence[tuple[Draft, Reading]]
    ) -> Tensor:
        """Logits of all rows: those being written, then the ends of prompts. Shape (R, V), float32."""
        tokens: list[int] = []
        positions: list[int] = []
        for draft, group in writing:
            tokens.extend(draft.text.next_tokens)
            positions.extend([draft.position] * group.num_beams)
        needed = list(range(len(tokens)))
        idle = self._idle(len(tokens))
        tokens.extend(0 for group in idle for _ in range(group.num_beams))
        positions.extend(0 for group in idle for _ in range(group.num_beams))
        for draft, stretch in reading:
            tokens.extend(draft.prompt.token_ids[stretch.begin : stretch.end])
            positions.extend(range(stretch.begin, stretch.end))
            if stretch.length == draft.num_unread:
                needed.append(len(tokens) - 1)
        groups = [*(group for _, group in writing), *idle]
        step = Step(self._cells, groups, [stretch for _, stretch in reading])
        with torch.inference_mode():
            output = self.model(
                input_ids=torch.tensor([tokens], device=self.device),
                position_ids=torch.tensor([positions], device=self.device),
                use_cache=False,
                logits_to_keep=needed,  # as numbers: the last layer may lie on another device
                step=step,
            )
        logits: Tensor = output.logits[0].float()
        return logits

    def _commit(
        self,
        logits: Tensor,
        writing: Sequence[tuple[Draft, Writing]],
        reading: Sequence[tuple[Draft, Reading]],
    ) -> list[tuple[Draft, EngineError | None]]:
        """Chooses tokens, then, and only then, moves the drafts on."""
        has_ended = [(draft, None) for draft, stretch in reading if stretch.length == draft.num_unread]
        deciding: list[tuple[Draft, Writing | None]] = [*writing, *has_ended]
        with torch.inference_mode():
            choices = choose(
                logits, [draft.text.ask() for draft, _ in deciding], num_stop_tokens=len(self.stop_tokens)
            )
            for draft, stretch in reading:
                draft.has_read(stretch.length)
            ended: list[tuple[Draft, EngineError | None]] = []
            for (draft, group), choice in zip(deciding, choices, strict=True):
                if choice is None:
                    ended.append((draft, not_finite(draft.prompt)))
                    continue
                draft.take(choice, group, self._cells.keys[0].dtype, self.device)
                draft.drop_dead_cells(self._cells)
                if draft.text.answer is not None:
                    ended.append((draft, None))
        self.work.num_steps += 1
        self.work.num_written_tokens += sum(group.num_beams for _, group in writing)
        for draft, _ in ended:
            self._schedule.leave(self, draft)
        return ended

    def _forget_idle(self, num_cells: int) -> None:
        """Keeps only the slots in use, and no more cells than needed."""
        kept = [number for number, slot in enumerate(self._slots) if slot.draft is not None]
        self._cells.keep_slots(kept, num_cells)
        self._slots = [self._slots[number] for number in kept]
        for number, slot in enumerate(self._slots):
            assert slot.draft is not None
            slot.draft.slot = number

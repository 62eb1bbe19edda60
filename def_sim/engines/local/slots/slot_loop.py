"""The loop that keeps the device busy: every respondent at its own pace, none waits for another.

One step is one forward pass over the newest tokens of all answers being written and a chunk of
the prompts being read. A finished answer's place is taken in the next step. A respondent keeps its
slot between questions, so what its next prompt has in common with the last is not read again.

A step changes nothing until it has succeeded. Short of memory, the loop forgets what respondents
left behind who are not being asked, and sends the youngest answers back to wait. If memory runs
out all the same, everybody goes back and the loop goes on with shorter chunks or fewer rows.
Since draws are addressed, what is begun again comes out the same.

What a sequence's tokens are is `slot_sequence.py`'s business, who asks and who waits for it `worker.py`'s.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from def_sim.engines.local.sampling.token_choice import choose, kind_of
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.scheduling.schedule import (
    Schedule,
    Work,
    does_not_fit,
    not_finite,
    num_equal,
    owner_of,
)
from def_sim.engines.local.slots.key_values import KeyValues, rounded
from def_sim.engines.local.slots.slot_attention import DecodeRows, PrefillChunk, Step
from def_sim.engines.local.slots.slot_sequence import SlotSequence
from def_sim.errors import EngineError


@dataclass(slots=True)
class _Slot:
    """Whose slot this is, and which tokens it holds while nobody writes there."""

    owner: Hashable = None
    tokens: tuple[int, ...] = ()
    sequence: SlotSequence | None = None
    last_used: int = 0


@dataclass(slots=True)
class SlotLoop:
    """Sequences in, answers out, a step at a time.

    Args:
        model: A transformers causal language model whose attention is `slot_attention.attend`.
        stop_tokens: Tokens that end a text.
        max_rows: Most rows written in a step; a beam is a row.
        max_read: Most prompt tokens read in a step.
        max_bytes: Memory for keys and values.
        bytes_per_token: Memory of one token's keys and values in all layers.
        keeps_positions: The model has a sliding window or a bias by distance.
        reuses_prefixes: A respondent's next prompt begins where it differs from the last.
        fixed_rows: Rows of every step that writes, filled up with idle ones; prompts are then read one
            by one. In 16 bit a row's rounding depends on how many rows there are: with a fixed number the
            steps are batch-invariant. None: as many rows as there are.
    """

    model: Any
    stop_tokens: frozenset[int]
    max_rows: int
    max_read: int
    max_bytes: int
    bytes_per_token: int
    keeps_positions: bool = False
    reuses_prefixes: bool = True
    fixed_rows: int | None = None
    work: Work = field(default_factory=Work)
    _cache: KeyValues = field(default_factory=KeyValues)
    _slots: list[_Slot] = field(default_factory=list)
    schedule: Schedule[SlotSequence] = field(init=False)

    def __post_init__(self) -> None:
        self.schedule = Schedule(self)

    def add(self, ticket: int, prompt: Prompt) -> None:
        """Puts a prompt in the queue."""
        self.schedule.add(SlotSequence(ticket, prompt, self.stop_tokens, self.keeps_positions))

    @property
    def has_work(self) -> bool:
        """True while anything waits or runs."""
        return self.schedule.has_work

    def step(self) -> list[tuple[SlotSequence, EngineError | None]]:
        """Runs one step.

        Returns:
            The sequences that ended: with their `answer`, or with the error that concerns them alone.

        Raises:
            torch.OutOfMemoryError: Memory ran out; `schedule.shrink`, then go on.
            RuntimeError: The model failed on this step; `schedule.isolate`, then go on.
        """
        self.schedule.admit()
        if (too_large := self._reserve()) is not None:
            return [(too_large, does_not_fit(too_large.prompt))]
        reading = self._chunks()
        writing = self._groups()
        if self.fixed_rows is not None and reading:
            reading, writing = reading[:1], []
        logits = self._forward(writing, reading)
        return self._commit(logits, writing, reading)

    def close(self) -> None:
        """Lets go of model and cache; the loop is of no use afterwards."""
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

    def take_in(self, sequence: SlotSequence) -> bool:
        """See `Loop`: a slot, with what its respondent left behind there."""
        number = self._slot_for(sequence)
        if number is None:
            return False
        slot, owner = self._slots[number], owner_of(sequence.prompt)
        num_known = num_equal(slot.tokens, sequence.prompt.token_ids) if slot.owner == owner else 0
        # The last token is always read: its logits are where the answer begins.
        sequence.enter(number, min(num_known, len(sequence.prompt.token_ids) - 1))
        slot.owner, slot.sequence, slot.tokens = owner, sequence, ()
        return True

    def give_back(self, sequence: SlotSequence, *, keeps_prefix: bool) -> None:
        """See `Loop`: frees the slot.

        One slot a respondent keeps what it has read: one without memory is asked many questions side by
        side, and would otherwise leave as many slots behind.
        """
        assert sequence.slot is not None
        slot = self._slots[sequence.slot]
        slot.sequence = None
        if not keeps_prefix:
            return
        has_another = any(
            other.owner == slot.owner and other.sequence is None for other in self._slots if other is not slot
        )
        slot.tokens = sequence.prompt.token_ids[: sequence.num_read]
        if has_another or not self.reuses_prefixes:
            slot.owner, slot.tokens = None, ()
        slot.last_used = self.work.num_steps

    def abandon(self) -> None:
        """See `Loop`: no step is ever under way here."""

    def free_memory(self) -> None:
        """See `Loop`: the whole cache, for everybody begins again."""
        self._slots.clear()
        self._cache.clear()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _slot_for(self, sequence: SlotSequence) -> int | None:
        """The respondent's own slot, else nobody's, else a new one, else the one that lay idle longest."""
        idle = [number for number, slot in enumerate(self._slots) if slot.sequence is None]
        for owner in (owner_of(sequence.prompt), None):
            for number in idle:
                if self._slots[number].owner == owner:
                    return number
        num_cache_positions = max(self._cache.num_cache_positions, sequence.num_cache_positions_needed)
        if not self._slots or self._fits(len(self._slots) + 1, num_cache_positions):
            self._slots.append(_Slot())
            return len(self._slots) - 1
        return min(idle, key=lambda number: self._slots[number].last_used, default=None)

    def _fits(self, num_slots: int, num_cache_positions: int) -> bool:
        return num_slots * rounded(num_cache_positions) * self.bytes_per_token <= self.max_bytes

    def _reserve(self) -> SlotSequence | None:
        """Sees to it that every running sequence has room in the cache; the one that cannot is returned."""
        while True:
            num_cache_positions = max(
                sequence.num_cache_positions_needed for sequence in self.schedule.running
            )
            num_slots = len(self._slots) + (self.fixed_rows is not None)
            if self._fits(num_slots, max(num_cache_positions, self._cache.num_cache_positions)):
                self._cache.reserve(num_slots, num_cache_positions)
                return None
            if len(self.schedule.running) < len(self._slots):
                self._forget_idle(num_cache_positions)
            elif (sequence := self.schedule.push_back()) is not None:
                self.free_memory()
                return sequence

    def _groups(self) -> list[tuple[SlotSequence, DecodeRows]]:
        """What is written in this step: the newest tokens of all sequences that have some, kind by kind."""
        sequences = [sequence for sequence in self.schedule.running if sequence.text.next_tokens]
        sequences.sort(key=lambda sequence: kind_of(sequence.text.token_request()))
        device = self.device
        return [(sequence, sequence.writing(device)) for sequence in sequences]

    def _idle(self, num_rows: int) -> list[DecodeRows]:
        """Rows without meaning that fill a step up to its fixed number; they have the last slot."""
        if self.fixed_rows is None or not 0 < num_rows < self.fixed_rows:
            return []
        return [DecodeRows(len(self._slots), self.fixed_rows - num_rows, 0, None)]

    def _chunks(self) -> list[tuple[SlotSequence, PrefillChunk]]:
        """What is read in this step: prompts in the order of arrival, the last perhaps in part."""
        chunks = self.schedule.prefill_chunks()
        return [(sequence, sequence.reading(length)) for sequence, length in chunks]

    def _forward(
        self,
        writing: Sequence[tuple[SlotSequence, DecodeRows]],
        reading: Sequence[tuple[SlotSequence, PrefillChunk]],
    ) -> Tensor:
        """Logits of all rows: those being written, then the ends of prompts. Shape (R, V), float32."""
        tokens: list[int] = []
        positions: list[int] = []
        for sequence, group in writing:
            tokens.extend(sequence.text.next_tokens)
            positions.extend([sequence.position] * group.num_beams)
        needed = list(range(len(tokens)))
        idle = self._idle(len(tokens))
        tokens.extend(0 for group in idle for _ in range(group.num_beams))
        positions.extend(0 for group in idle for _ in range(group.num_beams))
        for sequence, chunk in reading:
            tokens.extend(sequence.prompt.token_ids[chunk.begin : chunk.end])
            positions.extend(range(chunk.begin, chunk.end))
            if chunk.length == sequence.num_unread:
                needed.append(len(tokens) - 1)
        groups = [*(group for _, group in writing), *idle]
        step = Step(self._cache, groups, [chunk for _, chunk in reading])
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
        writing: Sequence[tuple[SlotSequence, DecodeRows]],
        reading: Sequence[tuple[SlotSequence, PrefillChunk]],
    ) -> list[tuple[SlotSequence, EngineError | None]]:
        """Chooses tokens, then, and only then, moves the sequences on."""
        has_ended = [(sequence, None) for sequence, chunk in reading if chunk.length == sequence.num_unread]
        deciding: list[tuple[SlotSequence, DecodeRows | None]] = [*writing, *has_ended]
        dtype, device = self._cache.keys[0].dtype, self.device
        with torch.inference_mode():
            choices = choose(
                logits,
                [sequence.text.token_request() for sequence, _ in deciding],
                num_stop_tokens=len(self.stop_tokens),
            )
            for sequence, chunk in reading:
                sequence.has_read(chunk.length)
            ended: list[tuple[SlotSequence, EngineError | None]] = []
            for (sequence, group), choice in zip(deciding, choices, strict=True):
                if choice is None:
                    ended.append((sequence, not_finite(sequence.prompt.request)))
                    continue
                sequence.take(choice, group, dtype, device)
                sequence.drop_unseen(self._cache)
                if sequence.text.answer is not None:
                    ended.append((sequence, None))
        self.work.num_steps += 1
        self.work.num_written_tokens += sum(group.num_beams for _, group in writing)
        for sequence, _ in ended:
            self.schedule.leave(sequence)
        return ended

    def _forget_idle(self, num_cache_positions: int) -> None:
        """Keeps only the slots in use, and no more cache positions than needed."""
        kept = [number for number, slot in enumerate(self._slots) if slot.sequence is not None]
        self._cache.keep_slots(kept, num_cache_positions)
        self._slots = [self._slots[number] for number in kept]
        for number, slot in enumerate(self._slots):
            assert slot.sequence is not None
            slot.sequence.slot = number

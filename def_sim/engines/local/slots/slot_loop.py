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

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor

from def_sim.engines.local.runner import Prompt
from def_sim.engines.local.sampling.token_choice import choose, kind_of
from def_sim.engines.local.slots.draft import Draft
from def_sim.engines.local.slots.key_values import KeyValues, rounded
from def_sim.engines.local.slots.slot_attention import Reading, Step, Writing
from def_sim.errors import EngineError

_FEWEST_READ: Final = 64  # prompt tokens of a step when memory is short


@dataclass(slots=True)
class _Slot:
    """Whose cells these are, and which tokens they hold while nobody writes there."""

    owner: Hashable = None
    tokens: tuple[int, ...] = ()
    draft: Draft | None = None
    last_used: int = 0


@dataclass(slots=True)
class Work:
    """What has been done so far, in tokens."""

    num_steps: int = 0
    num_prompt_tokens: int = 0  # of finished answers
    num_reused_tokens: int = 0  # of these, not read again
    num_written_tokens: int = 0  # rows, beams counted
    num_restarts: int = 0  # answers sent back to wait for want of memory


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
    _num_suspects: int = 0  # answers that run alone because one of them made a step fail
    _cells: KeyValues = field(default_factory=KeyValues)
    _slots: list[_Slot] = field(default_factory=list)
    _waiting: deque[Draft] = field(default_factory=deque)
    _running: list[Draft] = field(default_factory=list)

    def add(self, ticket: int, prompt: Prompt) -> None:
        """Puts a prompt in the queue."""
        self._waiting.append(Draft(ticket, prompt, self.stop_tokens, self.keeps_positions))

    def cancel(self, ticket: int) -> None:
        """Forgets a prompt; unknown tickets are no error."""
        self._waiting = deque(draft for draft in self._waiting if draft.ticket != ticket)
        for draft in [draft for draft in self._running if draft.ticket == ticket]:
            self._leave(draft)

    @property
    def has_work(self) -> bool:
        """True while anything waits or runs."""
        return bool(self._waiting or self._running)

    def step(self) -> list[tuple[Draft, EngineError | None]]:
        """Runs one step.

        Returns:
            The drafts that ended: with their `answer`, or with the error that concerns them alone.

        Raises:
            torch.OutOfMemoryError: Memory ran out; `shrink`, then go on.
            RuntimeError: The model failed on this step; `isolate`, then go on.
        """
        self._admit()
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
        is_alone, num_rows = len(self._running) == 1, sum(draft.text.num_rows for draft in self._running)
        if is_alone and self.max_read == _FEWEST_READ:
            [draft] = self._running
            self._leave(draft)
            self._forget_all()
            return draft
        if self.max_read > _FEWEST_READ:
            self.max_read = max(_FEWEST_READ, self.max_read // 2)
        else:
            self.max_rows = max(1, num_rows // 2)
        self._restart(self._running)
        self._forget_all()
        return None

    def isolate(self) -> Draft | None:
        """After a step that failed: its drafts begin again one by one, so that only the guilty one fails.

        Returns:
            The draft that failed, if it was alone; it has left.
        """
        if len(self._running) == 1:
            [draft] = self._running
            self._leave(draft)
            return draft
        self._num_suspects = len(self._running)
        self._restart(self._running)
        return None

    def close(self) -> None:
        """Lets go of model and cells; the loop is of no use afterwards."""
        self._forget_all()
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

    def _admit(self) -> None:
        """Lets those in who wait, oldest first, while there are rows and slots."""
        num_rows = sum(draft.text.num_rows for draft in self._running)
        while self._waiting:
            draft = self._waiting[0]
            if self._running and (self._num_suspects or num_rows + draft.text.num_rows > self.max_rows):
                return
            number = self._slot_for(draft)
            if number is None:
                return
            self._waiting.popleft()
            slot = self._slots[number]
            owner = owner_of(draft.prompt)
            num_known = num_equal(slot.tokens, draft.prompt.token_ids) if slot.owner == owner else 0
            # The last token is always read: its logits are where the answer begins.
            draft.enter(number, min(num_known, len(draft.prompt.token_ids) - 1))
            slot.owner, slot.draft, slot.tokens = owner, draft, ()
            self._running.append(draft)
            num_rows += draft.text.num_rows

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
            num_cells = max(draft.num_cells_needed for draft in self._running)
            num_slots = len(self._slots) + (self.fixed_rows is not None)
            if self._fits(num_slots, max(num_cells, self._cells.num_cells)):
                self._cells.reserve(num_slots, num_cells)
                return None
            if len(self._running) < len(self._slots):
                self._forget_idle(num_cells)
            elif len(self._running) > 1:
                self._restart(self._running[-1:])
            else:
                [draft] = self._running
                self._leave(draft)
                self._forget_all()
                return draft

    def _groups(self) -> list[tuple[Draft, Writing]]:
        """What is written in this step: the newest tokens of all drafts that have some, kind by kind."""
        drafts = [draft for draft in self._running if draft.text.next_tokens]
        drafts.sort(key=lambda draft: kind_of(draft.text.ask()))
        return [(draft, draft.writing(self.device)) for draft in drafts]

    def _idle(self, num_rows: int) -> list[Writing]:
        """Rows without meaning that fill a step up to its fixed number; they have the last slot."""
        if self.fixed_rows is None or not 0 < num_rows < self.fixed_rows:
            return []
        return [Writing(len(self._slots), self.fixed_rows - num_rows, 0, None)]

    def _stretches(self) -> list[tuple[Draft, Reading]]:
        """What is read in this step: prompts in the order of arrival, the last perhaps in part."""
        stretches, left = [], self.max_read
        for draft in self._running:
            if draft.num_unread and left:
                length = min(draft.num_unread, left)
                stretches.append((draft, draft.reading(length)))
                left -= length
        return stretches

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
            self._leave(draft)
        return ended

    def _leave(self, draft: Draft) -> None:
        """Frees the draft's slot; what it has read stays for the respondent's next question.

        One slot a respondent: one without memory is asked many questions side by side, and would
        otherwise leave as many slots behind.
        """
        assert draft.slot is not None
        slot = self._slots[draft.slot]
        has_another = any(other.owner == slot.owner and other.draft is None for other in self._slots)
        slot.draft, slot.tokens = None, draft.prompt.token_ids[: draft.num_read]
        if has_another or not self.reuses_prefixes:
            slot.owner, slot.tokens = None, ()
        slot.last_used = self.work.num_steps
        self._running.remove(draft)
        self._num_suspects = max(0, self._num_suspects - 1)
        self.work.num_prompt_tokens += draft.num_read
        self.work.num_reused_tokens += draft.num_reused

    def _restart(self, drafts: Sequence[Draft]) -> None:
        """Sends drafts back to the front of the queue, in their order."""
        for draft in reversed(list(drafts)):
            assert draft.slot is not None
            self._slots[draft.slot].draft = None
            self._running.remove(draft)
            draft.restart()
            self._waiting.appendleft(draft)
            self.work.num_restarts += 1

    def _forget_idle(self, num_cells: int) -> None:
        """Keeps only the slots in use, and no more cells than needed."""
        kept = [number for number, slot in enumerate(self._slots) if slot.draft is not None]
        self._cells.keep_slots(kept, num_cells)
        self._slots = [self._slots[number] for number in kept]
        for number, slot in enumerate(self._slots):
            assert slot.draft is not None
            slot.draft.slot = number

    def _forget_all(self) -> None:
        self._slots.clear()
        self._cells.clear()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


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


def not_finite(prompt: Prompt) -> EngineError:
    """What to say of a prompt whose logits cannot be chosen from."""
    return EngineError(
        f"{prompt.request.key}: the model's logits are not finite numbers for this prompt.",
        fix="Use `model.engine.dtype=bfloat16` or float32; if that does not help, check the weights.",
    )

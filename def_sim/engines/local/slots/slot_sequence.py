"""One answer in the slot loop: what of its prompt is read, what is written, what its slot holds.

A sequence first reads its prompt, in chunks, then writes one token a beam and step until its
answer is found. It asks for cache positions and tokens and is told of them; which sequences run together, and
when, is decided in `slot_loop.py`. Nothing changes before a step has succeeded, so a step that
failed can be run again.

A slot holds the prompt's tokens in order, then those written. Beams leave some behind that none of them
sees any more; they are dropped now and then (`drop_unseen`).
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

from def_sim.engines.local.sampling.token_choice import Choice
from def_sim.engines.local.scheduling.progress import Progress
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.slots.key_values import KeyValues
from def_sim.engines.local.slots.slot_attention import DecodeRows, PrefillChunk

_SWEEP: Final = 64  # cache positions written between two looks for dead ones


@dataclass(slots=True, eq=False)
class SlotSequence:
    """An answer on its way.

    Attributes:
        ticket: The caller's name for it.
        prompt: Request and tokens to read.
        stop_tokens: Tokens that end a text.
        keeps_positions: The model needs to know where each cached token stands in its text.
        text: Its tokens.
        slot: Where its keys and values are; None while it waits.
        num_read: Prompt tokens that are cached.
        num_reused: Of these, how many were there from the respondent's question before.
    """

    ticket: int
    prompt: Prompt
    stop_tokens: frozenset[int]
    keeps_positions: bool = False
    text: Progress = field(init=False)
    slot: int | None = None
    num_read: int = 0
    num_reused: int = 0
    _num_cached: int = 0
    _last_sweep: int = 0
    _mask: Tensor | None = None  # (N, cache positions): 0 where a beam sees one, -inf where not
    _positions: Tensor | None = None  # (cache positions,)

    def __post_init__(self) -> None:
        self.text = Progress(self.prompt, self.stop_tokens)

    @property
    def num_unread(self) -> int:
        """Prompt tokens still to read."""
        return len(self.prompt.token_ids) - self.num_read

    @property
    def num_rows(self) -> int:
        """Most rows that it takes in a step."""
        return self.text.num_rows

    @property
    def num_cache_positions_needed(self) -> int:
        """Cache positions its slot must have before its next step."""
        return max(len(self.prompt.token_ids), self._num_cached + len(self.text.next_tokens))

    def enter(self, slot: int, num_reused: int) -> None:
        """Takes a slot that already holds the first tokens of the prompt."""
        self.slot, self.num_read, self.num_reused = slot, num_reused, num_reused

    def restart(self) -> None:
        """Back to the queue, as if nothing had been done; its draws will be the same."""
        self.text.restart()
        self.slot, self.num_read, self.num_reused = None, 0, 0
        self._num_cached = self._last_sweep = 0
        self._mask = self._positions = None

    def reading(self, length: int) -> PrefillChunk:
        """The next chunk of the prompt."""
        assert self.slot is not None
        return PrefillChunk(self.slot, self.num_read, length)

    def has_read(self, length: int) -> None:
        """A chunk has been read."""
        self.num_read += length
        self._num_cached = self.num_read

    def writing(self, device: torch.device) -> DecodeRows:
        """The cache positions of the newest tokens, one a row, and what their rows see."""
        assert self.slot is not None
        num_rows = len(self.text.next_tokens)
        if self._mask is None:
            return DecodeRows(self.slot, num_rows, self._num_cached, None)
        mask = torch.cat([self._mask, _only_itself(num_rows, self._mask.dtype, device)], dim=1)
        return DecodeRows(self.slot, num_rows, self._num_cached, mask, self._positions_with_next(device))

    @property
    def position(self) -> int:
        """Where the tokens to write stand in their texts."""
        return len(self.prompt.token_ids) + self.text.num_steps - 1

    def take(
        self, choice: Choice, writing: DecodeRows | None, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Goes on by a step that has succeeded.

        Args:
            choice: What was chosen for its rows.
            writing: Its rows in the step, None after the prompt's last chunk.
            dtype: Of the model's scores.
            device: Of the cache.
        """
        if writing is not None:
            self._num_cached = writing.end
        parents = self.text.advance(choice)
        if parents is None or not (self.text.has_beams or self.text.scores_codes):
            return
        if writing is None:  # all beams begin with the prompt, and see all of it
            self._mask = torch.zeros((len(parents), self._num_cached), dtype=dtype, device=device)
            self._last_sweep = self._num_cached
            if self.keeps_positions:
                self._positions = torch.arange(self._num_cached, device=device)
            return
        assert writing.mask is not None
        self._mask = writing.mask.index_select(0, torch.tensor(parents, device=device))
        self._positions = writing.positions

    def drop_unseen(self, cache: KeyValues) -> None:
        """Moves together what a beam still sees, when much may be dead."""
        if self._mask is None or self._num_cached - self._last_sweep < _SWEEP:
            return
        assert self.slot is not None
        begin = len(self.prompt.token_ids)
        alive = begin + torch.nonzero((self._mask[:, begin:] == 0).any(dim=0)).flatten()
        cache.keep(self.slot, alive, begin)
        self._mask = torch.cat([self._mask[:, :begin], self._mask[:, alive]], dim=1)
        if self._positions is not None:
            self._positions = torch.cat([self._positions[:begin], self._positions[alive]])
        self._num_cached = self._last_sweep = begin + alive.shape[0]

    def _positions_with_next(self, device: torch.device) -> Tensor | None:
        if self._positions is None:
            return None
        new = torch.full((len(self.text.next_tokens),), self.position, device=device)
        return torch.cat([self._positions, new])


@lru_cache(maxsize=64)
def _only_itself(num_rows: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """What beams add to their scores of each other's newest tokens; shared, never changed."""
    return torch.full((num_rows, num_rows), -torch.inf, dtype=dtype, device=device).fill_diagonal_(0.0)

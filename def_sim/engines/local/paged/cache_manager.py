"""Page table: maps each sequence to its cache pages, and keeps what a respondent's last one left.

A respondent's pages stay after its answer, for the next question that begins alike. They go to whoever
needs them once no page is free, those first that have lain longest. Host bookkeeping only, but for
moving keys and values together.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from def_sim.engines.local.paged.paged_sequence import PagedSequence
from def_sim.engines.local.paged.pages import PAGE, PagePool, num_pages_for
from def_sim.engines.local.paged.prepare_inputs import SequenceTable
from def_sim.engines.local.scheduling.schedule import num_equal, owner_of


@dataclass(frozen=True, slots=True)
class _Left:
    """What a respondent's last question left behind."""

    tokens: tuple[int, ...]
    pages: list[int]


@dataclass(slots=True)
class CacheManager:
    """Cache pages given and taken.

    Args:
        pool: The pages.
        table: Where the pages of those who run are written down for the device.
    """

    pool: PagePool
    table: SequenceTable
    _left: "OrderedDict[Hashable, _Left]" = field(default_factory=OrderedDict)  # oldest first
    _num_left: int = 0  # pages in it

    @property
    def num_spare(self) -> int:
        """Pages that nobody who runs has."""
        return self.pool.num_free + self._num_left

    def could_hold(self, num_cache_positions: int) -> bool:
        """True if so many cache positions would be there if nobody else were."""
        return num_pages_for(num_cache_positions) <= self.pool.num_pages

    def can_take_in(self, num_cache_positions: int) -> bool:
        """True if so many cache positions are free or can be, or as many as there ever could be."""
        return min(num_pages_for(num_cache_positions), self.pool.num_pages) <= self.num_spare

    def enter(self, sequence: PagedSequence, entry: int) -> None:
        """Gives an answer its entry, and what its respondent left behind."""
        left = self._take_left(owner_of(sequence.prompt))
        # The last token is always read: its logits are where the answer begins.
        num_known = min(num_equal(left.tokens, sequence.prompt.token_ids), sequence.length - 1)
        sequence.enter(entry, left.pages, num_known)
        self.table.pages[entry, : len(left.pages)] = left.pages

    def give(self, sequence: PagedSequence, num_cache_positions: int) -> bool:
        """Sees to it that an answer has so many cache positions; False if there are not enough pages."""
        missing = num_pages_for(num_cache_positions) - len(sequence.pages)
        if missing <= 0:
            return True
        while missing > self.pool.num_free and self._left:
            self.pool.give_back(self._take_left(next(iter(self._left))).pages)
        if missing > self.pool.num_free:
            return False
        begin, new = len(sequence.pages), self.pool.take(missing)
        sequence.pages.extend(new)
        if len(sequence.pages) > self.table.pages.shape[1]:
            self.table.grow(2 * len(sequence.pages))
        self.table.pages[sequence.entry, begin : len(sequence.pages)] = new
        return True

    def leave(self, sequence: PagedSequence, *, keeps_prefix: bool) -> None:
        """Takes an answer's pages back; those of its prompt stay its respondent's if wanted.

        One prompt a respondent: one without memory is asked many questions side by side.
        """
        owner = owner_of(sequence.prompt)
        self.pool.give_back(self._take_left(owner).pages)
        num_kept = num_pages_for(sequence.num_read) if keeps_prefix else 0
        if num_kept:
            self._left[owner] = _Left(
                sequence.prompt.token_ids[: sequence.num_read], sequence.pages[:num_kept]
            )
            self._num_left += num_kept
        self.pool.give_back(sequence.pages[num_kept:])

    def sweep(self, sequence: PagedSequence, parents: Tensor) -> None:
        """Moves together what a beam still sees.

        Args:
            sequence: An answer with beams.
            parents: For each of its beams the one it goes on from in the next step: what only others
                see is dead.
        """
        along = torch.arange(sequence.length, sequence.num_cached, device=parents.device)
        pages = torch.tensor(sequence.pages, device=parents.device)
        cache_positions = pages[along // PAGE] * PAGE + along % PAGE
        living = 0
        for parent in parents.tolist():
            living |= 1 << parent
        alive = torch.nonzero(self.pool.seen[cache_positions] & living).flatten()
        self.pool.move(cache_positions[alive], cache_positions[: alive.shape[0]])
        sequence.num_cached = sequence.last_sweep = sequence.length + alive.shape[0]
        num_kept = num_pages_for(sequence.num_cached + sequence.num_rows)
        self.pool.give_back(sequence.pages[num_kept:])
        del sequence.pages[num_kept:]

    def _take_left(self, owner: Hashable) -> _Left:
        left = self._left.pop(owner, None) or _Left((), [])
        self._num_left -= len(left.pages)
        return left

"""Keys and values of all sequences in pages: memory that no sequence needs in one piece.

A *page* holds the keys and values of `PAGE` tokens in every layer; a *cache position* is one of these
places. A sequence has a list of pages, its cache positions are numbered along it. The pool is allocated once
and never moves, so that a captured graph finds it again. Which beams see a token's keys and values, and where
it stands in its text, is kept beside them.

Letters: P pages, K key-value heads, D width of a head.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import torch
from torch import Tensor

from def_sim.engines.local.slots.key_values import LayerShape

PAGE: Final = 64  # cache positions
MOST_BEAMS: Final = 62  # rows of a sequence: a bit each of a signed word


class PagePool:
    """One pair of tensors a layer, each of shape (P, K, PAGE, D).

    Args:
        layers: What each layer keeps of a token.
        num_pages: Pages; the first is nobody's and takes what belongs nowhere.
        dtype: Of keys and values.
        device: Where they are.

    Attributes:
        keys: Of each layer.
        values: Of each layer.
        seen: Bit b of a cache position is set if beam b sees it, shape (P * PAGE,).
        positions: Where its token stands in its text, shape (P * PAGE,).
    """

    def __init__(
        self, layers: Sequence[LayerShape], num_pages: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        def pages(shape: LayerShape, width: int) -> Tensor:
            # Zeros: what was never written must not hold NaN.
            return torch.zeros((num_pages, shape.num_heads, PAGE, width), dtype=dtype, device=device)

        self.keys = [pages(shape, shape.key_width) for shape in layers]
        self.values = [pages(shape, shape.value_width) for shape in layers]
        self.seen = torch.zeros(num_pages * PAGE, dtype=torch.int64, device=device)
        self.positions = torch.zeros(num_pages * PAGE, dtype=torch.int64, device=device)
        self.num_pages = num_pages - 1
        self._free = list(range(num_pages - 1, 0, -1))

    @property
    def num_free(self) -> int:
        """Pages that nobody has."""
        return len(self._free)

    def take(self, count: int) -> list[int]:
        """Pages for a sequence; there must be so many."""
        assert count <= len(self._free)
        return [self._free.pop() for _ in range(count)]

    def give_back(self, pages: Iterable[int]) -> None:
        """Pages that a sequence no longer needs."""
        self._free.extend(pages)

    def move(self, cache_positions: Tensor, to: Tensor) -> None:
        """Copies keys and values elsewhere, with what is kept beside them.

        Args:
            cache_positions: Their numbers in the pool, page * PAGE + place, shape (n,).
            to: Where they go, shape (n,).
        """
        for layers in (self.keys, self.values):
            for pool in layers:
                pool[to // PAGE, :, to % PAGE] = pool[cache_positions // PAGE, :, cache_positions % PAGE]
        self.seen[to] = self.seen[cache_positions]
        self.positions[to] = self.positions[cache_positions]


def num_pages_for(num_cache_positions: int) -> int:
    """Pages that hold so many cache positions."""
    return -(-num_cache_positions // PAGE)

"""What the device is told of a step, as one block of 64-bit words: a single copy, a single address.

A *shape* says how large each field is; fields of equal shapes lie at equal places, so a graph captured
once reads the next step's numbers by itself. The same views are made of the host's block, which numpy
fills, and of the device's, which torch reads.

Letters: T tokens, R rows whose logits are needed, S entries (a running answer has one), B beams,
N blocks of prompt tokens, M pages of a sequence.
"""

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MOST_SHARES: Final = 8  # parts into which a sequence is cut while writing
MOST_CHUNKS: Final = 64  # prompts of which a step reads something
# Words between the beginnings of two fields are a multiple of this: Triton compiles a kernel anew for
# addresses that are no multiples of 16 bytes.
_ALIGNMENT: Final = 2


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a step."""

    num_tokens: int
    num_rows: int
    num_entries: int
    num_pages: int  # of the longest sequence
    tokens_per_block: int  # of prompts, that attend together
    has_reading: bool

    @property
    def num_blocks(self) -> int:
        """Blocks of prompt tokens: full ones, and one more for each prompt."""
        return -(-self.num_tokens // self.tokens_per_block) + MOST_CHUNKS if self.has_reading else 0


@dataclass(frozen=True, slots=True)
class StepInputs:
    """Views of a block of words, numpy's or torch's.

    Tokens, shape (T,): writing rows first, then chunks of prompts, then idle ones.
        ids: Token ids, where the host knows them.
        source: Place among the board's newest tokens, S * B of them; -1: take the id.
        position: Where it stands in its text.
        cache_position: Where its keys and values go in the pool.
        bits: The beams that will see it.
        last: Last cache position along its sequence that it may see, its own included.
        beam: Which beam it is of.
        shares: Into how many parts its sequence is cut; 0 where it does not write.
    Items of writing, shape (R * MOST_SHARES,), of which `num_items` count: rows of one sequence that attend
        together, over one part of it.
        item_entry, item_first, item_count: Whose, first row, rows.
        item_share, item_begin, item_end: Which part, and its cache positions along the sequence.
    Blocks of prompt tokens, shape (N,): read_entry, read_first, read_count, read_end.
    Rows whose logits are needed, shape (R,):
        keep: Its token.
        row_entry, row_beam: Whose; entry S is nobody's.
        temperature, top_k, top_p, samples: Its decoding.
        state: `randomness.noise_states`.
        is_first: The prompt's end, where the answer has no score yet.
        has_beams: Its continuations compete with those of other rows.
    Entries of the sequence table, shape (S,):
        wanted: Candidates that its answer needs.
        num_beams: Rows that it goes on with.
        is_active: It is among the rows.
        first_row, rows_here: Which of the rows are its.
        reorder_begin, reorder_end: Cache positions written by its beams, which have changed places since.
    tables: The pages of each entry's sequence, shape (S, M).
    """

    ids: Any
    source: Any
    position: Any
    cache_position: Any
    bits: Any
    last: Any
    beam: Any
    shares: Any
    item_entry: Any
    item_first: Any
    item_count: Any
    item_share: Any
    item_begin: Any
    item_end: Any
    num_items: Any
    read_entry: Any
    read_first: Any
    read_count: Any
    read_end: Any
    keep: Any
    row_entry: Any
    row_beam: Any
    temperature: Any
    top_k: Any
    top_p: Any
    samples: Any
    state: Any
    is_first: Any
    has_beams: Any
    wanted: Any
    num_beams: Any
    is_active: Any
    first_row: Any
    rows_here: Any
    reorder_begin: Any
    reorder_end: Any
    tables: Any


_REAL: Final = ("temperature", "top_p")  # float64 in the same words
_OF_TOKENS: Final = ("ids", "source", "position", "cache_position", "bits", "last", "beam", "shares")
_OF_ENTRIES: Final = (
    "wanted", "num_beams", "is_active", "first_row", "rows_here", "reorder_begin", "reorder_end",
)  # fmt: skip


def _size(name: str, shape: Shape) -> int:
    if name == "tables":
        return shape.num_entries * shape.num_pages
    if name == "num_items":
        return 1
    if name in _OF_TOKENS:
        return shape.num_tokens
    if name in _OF_ENTRIES:
        return shape.num_entries
    if name.startswith("read_"):
        return shape.num_blocks
    return shape.num_rows * (MOST_SHARES if name.startswith("item_") else 1)


def num_words(shape: Shape) -> int:
    """Length of the block that holds a step of this shape."""
    return sum(_aligned(_size(field.name, shape)) for field in fields(StepInputs))


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def views(block: Any, shape: Shape) -> StepInputs:
    """The fields of a block: of a tensor as tensors, of an array as arrays.

    Args:
        block: 64-bit integers, at least `num_words(shape)`.
        shape: Sizes of the fields.
    """
    real = torch.float64 if isinstance(block, Tensor) else np.float64
    parts, begin = {}, 0
    for field in fields(StepInputs):
        size = _size(field.name, shape)
        part = block[begin : begin + size]
        parts[field.name] = part.view(real) if field.name in _REAL else part
        begin += _aligned(size)
    parts["tables"] = parts["tables"].reshape(shape.num_entries, shape.num_pages)
    return StepInputs(**parts)


class Mailbox:
    """The way of inputs to the device: a few blocks on the host in turn, one on the device.

    A block on the host is filled again only two inputs later, when its copy has long been made.

    Args:
        device: Where inputs go.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._blocks: list[Tensor] = []
        self._turn = 0
        self.on_device = torch.zeros(0, dtype=torch.int64, device=device)

    def reserve(self, size: int) -> bool:
        """Makes room for inputs of so many words; True if the device's block is now another one."""
        if size <= self.on_device.shape[0]:
            return False
        size = 2 * size  # so that this stays rare
        is_pinned = self._device.type == "cuda"
        self._blocks = [torch.zeros(size, dtype=torch.int64, pin_memory=is_pinned) for _ in range(3)]
        self.on_device = torch.zeros(size, dtype=torch.int64, device=self._device)
        return True

    def empty(self, shape: Shape) -> StepInputs:
        """Fields to fill, all zero."""
        self._turn = (self._turn + 1) % len(self._blocks)
        block: NDArray[np.int64] = self._blocks[self._turn].numpy()[: num_words(shape)]
        block.fill(0)
        return views(block, shape)

    def send(self, shape: Shape) -> None:
        """Copies the block that was filled last."""
        size = num_words(shape)
        self.on_device[:size].copy_(self._blocks[self._turn][:size], non_blocking=True)

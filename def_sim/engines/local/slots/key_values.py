"""Keys and values of every respondent who is being answered, in place.

A *slot* holds one respondent's sequence; a *cell* is one token's key and value in it. Cells are
written where they stay: nothing is copied from step to step. Slots and cells grow as needed, in
strides, so that copying stays rare. What the cells mean (a prompt, beams, leftovers) is known to
`slot_sequence.py` alone.

Letters: S slots, H key-value heads, C cells, D width of a head.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

_STRIDE: Final = 128  # cells; growth is rounded up to it
_CPU: Final = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class LayerShape:
    """What one layer keeps of a token."""

    num_heads: int
    key_width: int
    value_width: int
    device: torch.device = _CPU

    def num_bytes(self, dtype: torch.dtype) -> int:
        """Memory of one cell."""
        return self.num_heads * (self.key_width + self.value_width) * dtype.itemsize


class KeyValues:
    """One pair of tensors a layer, each of shape (S, H, C, D)."""

    def __init__(self) -> None:
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []
        self.num_slots = 0
        self.num_cells = 0

    def reserve(self, num_slots: int, num_cells: int) -> None:
        """Makes room for so many slots of so many cells; what is there stays.

        Raises:
            torch.OutOfMemoryError: No memory; nothing has changed but room that may have grown.
        """
        slots = max(self.num_slots, num_slots)
        cells = max(self.num_cells, rounded(num_cells))
        if (slots, cells) == (self.num_slots, self.num_cells):
            return
        for layers in (self.keys, self.values):
            for index, old in enumerate(layers):
                layers[index] = _grown(old, slots, cells)
        self.num_slots, self.num_cells = slots, cells

    def layer(self, index: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of a layer; a layer seen for the first time is allocated like what it shows.

        Args:
            index: Number of the layer; layers first come in order.
            key: New keys, shape (1, H, T, D): tells heads, width, type and device.
            value: New values, shape (1, H, T, D of values).
        """
        if index == len(self.keys):
            for layers, new in ((self.keys, key), (self.values, value)):
                layers.append(new.new_empty((self.num_slots, new.shape[1], self.num_cells, new.shape[3])))
        return self.keys[index], self.values[index]

    def keep(self, slot: int, cells: Tensor, begin: int) -> None:
        """Moves chosen cells of a slot together, so that they start at `begin`; their order stays.

        Args:
            slot: Which slot.
            cells: Indices of the cells to keep, rising, shape (n,).
            begin: Where the first of them goes.
        """
        end = begin + cells.shape[0]
        for layers in (self.keys, self.values):
            for tensor in layers:
                kept = tensor[slot].index_select(1, cells.to(tensor.device))  # a copy, then moved
                tensor[slot, :, begin:end] = kept

    def keep_slots(self, slots: Sequence[int], num_cells: int) -> None:
        """Gives back all slots but these, which are numbered anew in their order, and spare cells."""
        cells = min(self.num_cells, rounded(num_cells))
        for layers in (self.keys, self.values):
            for index, old in enumerate(layers):
                chosen = torch.tensor(slots, device=old.device, dtype=torch.long)
                layers[index] = old[:, :, :cells].index_select(0, chosen)
        self.num_slots, self.num_cells = len(slots), cells

    def clear(self) -> None:
        """Gives all memory back; every sequence must be read anew."""
        self.keys.clear()
        self.values.clear()
        self.num_slots = self.num_cells = 0

    @property
    def layers(self) -> list[LayerShape]:
        """What each layer keeps of a token; none before the first step."""
        return [
            LayerShape(keys.shape[1], keys.shape[3], values.shape[3], keys.device)
            for keys, values in zip(self.keys, self.values, strict=True)
        ]


def bytes_per_cell(layers: Sequence[LayerShape], dtype: torch.dtype) -> int:
    """Memory of one token's keys and values in all layers."""
    return sum(layer.num_bytes(dtype) for layer in layers)


def cell_budget(layers: Sequence[LayerShape], dtype: torch.dtype, free: Mapping[torch.device, int]) -> int:
    """Memory for cells: as many as the device with the least room for its layers' share of them takes.

    Args:
        layers: What each layer keeps of a token, and where.
        dtype: Of keys and values.
        free: Bytes that may be used on each device that holds layers.

    Returns:
        Bytes of those cells in all layers together.
    """
    needed = Counter[torch.device]()
    for layer in layers:
        needed[layer.device] += layer.num_bytes(dtype)
    num_cells = min(free[device] // num_bytes for device, num_bytes in needed.items())
    return num_cells * bytes_per_cell(layers, dtype)


def rounded(num_cells: int) -> int:
    """Cells that are really allocated for so many."""
    return -(-num_cells // _STRIDE) * _STRIDE


def _grown(old: Tensor, slots: int, cells: int) -> Tensor:
    # Not filled: nobody looks at a cell before something was put into it.
    new = old.new_empty((slots, old.shape[1], cells, old.shape[3]))
    new[: old.shape[0], :, : old.shape[2]] = old
    return new

"""Keys and values of every respondent who is being answered, in place.

A *slot* holds one respondent's sequence; a *cache position* is the place of one token's keys and
values in it. They are written where they stay: nothing is copied from step to step. Slots and positions grow
as needed, in strides, so that copying stays rare. What is where (a prompt, beams, leftovers) is known to
`slot_sequence.py` alone.

Letters: S slots, H key-value heads, C cache positions, D width of a head.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

_STRIDE: Final = 128  # cache positions; growth is rounded up to it
_CPU: Final = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class LayerShape:
    """What one layer keeps of a token."""

    num_heads: int
    key_width: int
    value_width: int
    device: torch.device = _CPU

    def num_bytes(self, dtype: torch.dtype) -> int:
        """Memory of one token."""
        return self.num_heads * (self.key_width + self.value_width) * dtype.itemsize


class KeyValues:
    """One pair of tensors a layer, each of shape (S, H, C, D)."""

    def __init__(self) -> None:
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []
        self.num_slots = 0
        self.num_cache_positions = 0

    def reserve(self, num_slots: int, num_cache_positions: int) -> None:
        """Makes room for so many slots of so many cache positions; what is there stays.

        Raises:
            torch.OutOfMemoryError: No memory; nothing has changed but room that may have grown.
        """
        slots = max(self.num_slots, num_slots)
        positions = max(self.num_cache_positions, rounded(num_cache_positions))
        if (slots, positions) == (self.num_slots, self.num_cache_positions):
            return
        for layers in (self.keys, self.values):
            for index, old in enumerate(layers):
                layers[index] = _grown(old, slots, positions)
        self.num_slots, self.num_cache_positions = slots, positions

    def layer(self, index: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of a layer; a layer seen for the first time is allocated like what it shows.

        Args:
            index: Number of the layer; layers first come in order.
            key: New keys, shape (1, H, T, D): tells heads, width, type and device.
            value: New values, shape (1, H, T, D of values).
        """
        if index == len(self.keys):
            for layers, new in ((self.keys, key), (self.values, value)):
                layers.append(
                    new.new_empty((self.num_slots, new.shape[1], self.num_cache_positions, new.shape[3]))
                )
        return self.keys[index], self.values[index]

    def keep(self, slot: int, cache_positions: Tensor, begin: int) -> None:
        """Moves chosen keys and values of a slot together, so that they start at `begin`; their order stays.

        Args:
            slot: Which slot.
            cache_positions: Which to keep, rising, shape (n,).
            begin: Where the first of them goes.
        """
        end = begin + cache_positions.shape[0]
        for layers in (self.keys, self.values):
            for tensor in layers:
                kept = tensor[slot].index_select(1, cache_positions.to(tensor.device))  # a copy, then moved
                tensor[slot, :, begin:end] = kept

    def keep_slots(self, slots: Sequence[int], num_cache_positions: int) -> None:
        """Gives back all slots but these, which are numbered anew in their order, and spare positions."""
        positions = min(self.num_cache_positions, rounded(num_cache_positions))
        for layers in (self.keys, self.values):
            for index, old in enumerate(layers):
                chosen = torch.tensor(slots, device=old.device, dtype=torch.long)
                layers[index] = old[:, :, :positions].index_select(0, chosen)
        self.num_slots, self.num_cache_positions = len(slots), positions

    def clear(self) -> None:
        """Gives all memory back; every sequence must be read anew."""
        self.keys.clear()
        self.values.clear()
        self.num_slots = self.num_cache_positions = 0

    @property
    def layers(self) -> list[LayerShape]:
        """What each layer keeps of a token; none before the first step."""
        return [
            LayerShape(keys.shape[1], keys.shape[3], values.shape[3], keys.device)
            for keys, values in zip(self.keys, self.values, strict=True)
        ]


def bytes_per_token(layers: Sequence[LayerShape], dtype: torch.dtype) -> int:
    """Memory of one token's keys and values in all layers."""
    return sum(layer.num_bytes(dtype) for layer in layers)


def cache_budget(layers: Sequence[LayerShape], dtype: torch.dtype, free: Mapping[torch.device, int]) -> int:
    """Memory for the cache: as many positions as fit the device with the least room for its layers' share.

    Args:
        layers: What each layer keeps of a token, and where.
        dtype: Of keys and values.
        free: Bytes that may be used on each device that holds layers.

    Returns:
        Bytes of those positions in all layers together.
    """
    needed = Counter[torch.device]()
    for layer in layers:
        needed[layer.device] += layer.num_bytes(dtype)
    num_cache_positions = min(free[device] // num_bytes for device, num_bytes in needed.items())
    return num_cache_positions * bytes_per_token(layers, dtype)


def rounded(num_cache_positions: int) -> int:
    """Cache positions that are really allocated for so many."""
    return -(-num_cache_positions // _STRIDE) * _STRIDE


def _grown(old: Tensor, slots: int, positions: int) -> Tensor:
    # Not filled: nobody looks at a cache position before something was put there.
    new = old.new_empty((slots, old.shape[1], positions, old.shape[3]))
    new[: old.shape[0], :, : old.shape[2]] = old
    return new

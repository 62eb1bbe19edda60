"""Attention of all sequences being written in one call, their cells padded to the longest.

For GPUs, where a call for each sequence costs more than reading cells that are masked; on a CPU it
is the other way round (`slot_attention.py`). Both give the same tokens.

Letters: S sequences, R rows, N most beams, H heads, K key-value heads, G = H / K, D width, L cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

_STRIDE = 64  # cells; lengths are rounded up to it, so that shapes repeat


class Group(Protocol):
    """What is needed of a sequence that is being written; see `slot_attention.Writing`."""

    @property
    def slot(self) -> int:
        """Where its cells are."""

    @property
    def num_beams(self) -> int:
        """Its rows."""

    @property
    def begin(self) -> int:
        """First of its new cells."""

    @property
    def end(self) -> int:
        """Cells in use."""

    @property
    def mask(self) -> Tensor | None:
        """What each beam sees, (N, L)."""

    @property
    def positions(self) -> Tensor | None:
        """Where the cells' tokens stand, (L,)."""


@dataclass(slots=True)
class Padded:
    """The rows of a step as one rectangle; the same for all layers.

    Attributes:
        slots: Slot of each sequence, shape (S,).
        row_sequence: Sequence of each row, shape (R,).
        row_place: Its beam, shape (R,).
        row_slot: Slot of each row, shape (R,).
        row_cell: Cell that each row writes, shape (R,).
        mask: Scores to add, shape (S, N, L).
        cell_positions: Where the tokens in the cells stand, shape (S, L).
        now: Where the newest token of each sequence stands, shape (S,).
    """

    slots: Tensor
    row_sequence: Tensor
    row_place: Tensor
    row_slot: Tensor
    row_cell: Tensor
    mask: Tensor
    cell_positions: Tensor
    now: Tensor
    _biased: dict[tuple[int | None, int], Tensor] = field(default_factory=dict)

    def scores_to_add(self, grouped: int, window: int | None, slopes: Tensor | None) -> Tensor:
        """Mask, window and bias by distance, shape (S, 1 or K, N * G, L); a beam's rows stand G by G."""
        key = (window, grouped if slopes is None else -grouped)
        if key not in self._biased:
            self._biased[key] = self._add(grouped, window, slopes)
        return self._biased[key]

    def _add(self, grouped: int, window: int | None, slopes: Tensor | None) -> Tensor:
        num_sequences, num_beams, length = self.mask.shape
        distance = self.cell_positions - self.now[:, None]  # (S, L)
        mask = self.mask
        if window is not None:
            mask = mask.masked_fill((distance <= -window)[:, None], -torch.inf)
        if slopes is None:
            return mask.repeat_interleave(grouped, dim=1)[:, None]
        bias = (slopes.float()[None, :, None] * distance[:, None]).to(mask.dtype)  # (S, H, L)
        by_head = bias.view(num_sequences, -1, 1, grouped, length) + mask[:, None, :, None]
        return by_head.view(num_sequences, -1, num_beams * grouped, length)


def pad(groups: Sequence[Group], num_slots: int, num_cells: int, like: Tensor) -> Padded:
    """The rectangle of a step's groups.

    Args:
        groups: The sequences, in the order of their rows.
        num_slots: Slots there are: with most of them in use the cells are not gathered but taken whole.
        num_cells: Cells there are.
        like: A tensor of the cells' type and device.
    """
    device = like.device
    length = min(num_cells, -(-max(group.end for group in groups) // _STRIDE) * _STRIDE)
    is_whole = 2 * len({group.slot for group in groups}) > num_slots
    slots = list(range(num_slots)) if is_whole else [group.slot for group in groups]
    place_of = {slot: place for place, slot in enumerate(slots)}
    rows = [(group, beam) for group in groups for beam in range(group.num_beams)]

    def indices(values: list[int]) -> Tensor:
        return torch.tensor(values, device=device)

    ends = torch.ones(len(slots), dtype=torch.long, device=device)  # idle slots look at one cell
    owners = indices([place_of[group.slot] for group in groups])
    ends[owners] = indices([group.end for group in groups])
    cells = torch.arange(length, device=device)
    most = max(group.num_beams for group in groups)
    mask = torch.zeros((len(slots), most, length), dtype=like.dtype, device=device)
    mask.masked_fill_((cells >= ends[:, None])[:, None], -torch.inf)
    positions = cells.repeat(len(slots), 1)
    now = torch.zeros(len(slots), dtype=torch.long, device=device)
    now[owners] = indices([group.end - 1 for group in groups])
    for group in groups:
        place = place_of[group.slot]
        if group.mask is not None:
            mask[place, : group.num_beams, : group.end] = group.mask
        if group.positions is not None:
            positions[place, : group.end] = group.positions
            now[place] = group.positions[-1]
    return Padded(
        slots=torch.arange(0) if is_whole else indices(slots),
        row_sequence=indices([place_of[group.slot] for group, _ in rows]),
        row_place=indices([beam for _, beam in rows]),
        row_slot=indices([group.slot for group, _ in rows]),
        row_cell=indices([group.begin + beam for group, beam in rows]),
        mask=mask,
        cell_positions=positions,
        now=now,
    )


def write_padded(
    padded: Padded,
    keys: Tensor,
    values: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    scaling: float | None,
    window: int | None,
    slopes: Tensor | None,
) -> Tensor:
    """Attention of all rows, shape (1, R, H, D of values); their new cells are filled.

    Args:
        padded: The rectangle.
        keys: The layer's cells, shape (slots, K, cells, D).
        values: The same, with the width of values.
        query: Of the rows, shape (1, H, R, D).
        key: Of the rows, shape (1, K, R, D).
        value: The same, with the width of values.
        scaling: Factor of the scores.
        window: Cells that a token sees, itself included; None: all.
        slopes: Bias by distance for each head, shape (H,), or None.
    """
    keys[padded.row_slot, :, padded.row_cell] = key[0].transpose(0, 1)
    values[padded.row_slot, :, padded.row_cell] = value[0].transpose(0, 1)
    num_sequences, num_beams, length = padded.mask.shape
    num_kv_heads, width = keys.shape[1], keys.shape[3]
    num_rows, grouped = query.shape[2], query.shape[1] // num_kv_heads
    rows = query[0].view(num_kv_heads, grouped, num_rows, width).permute(2, 0, 1, 3)  # (R, K, G, D)
    spread = rows.new_zeros((num_sequences, num_beams, num_kv_heads, grouped, width))
    spread[padded.row_sequence, padded.row_place] = rows
    is_whole = padded.slots.shape[0] == 0
    output = nn.functional.scaled_dot_product_attention(
        spread.transpose(1, 2).reshape(num_sequences, num_kv_heads, num_beams * grouped, width),
        (keys if is_whole else keys[padded.slots])[:, :, :length],
        (values if is_whole else values[padded.slots])[:, :, :length],
        attn_mask=padded.scores_to_add(grouped, window, slopes),
        scale=scaling,
    )
    found = output.view(num_sequences, num_kv_heads, num_beams, grouped, -1).transpose(1, 2)
    return found[padded.row_sequence, padded.row_place].reshape(1, num_rows, num_kv_heads * grouped, -1)

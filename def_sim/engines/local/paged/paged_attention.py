"""Attention of a paged step, with the signature of transformers' attention interface.

The tokens of a step stand side by side in one row, (1, T). New keys and values go to the cache; then
the rows that write attend, in blocks of one answer's beams, and the chunks of prompts, in blocks of
neighbouring tokens. On a GPU both are kernels (`attention_kernels.py`); here is what they compute, in
plain torch, block by block.

Letters: T tokens of the step, H heads, K key-value heads, G = H / K, D width, L tokens of a sequence
that are cached.
"""

from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

from def_sim.engines.local.paged.attended import Layer, PagedStep
from def_sim.engines.local.paged.pages import PAGE
from def_sim.engines.local.paged.step_inputs import StepInputs
from def_sim.engines.local.slots.slot_attention import bias_by_distance, refuse_changed_scores

NAME: Final = "def_sim_pages"


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    step: PagedStep | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """The attention function of a paged step; all else is as in `slot_attention.attend`."""
    assert step is not None, "a model in paged mode was called without its step"
    refuse_changed_scores(others)
    index = int(module.layer_idx)  # type: ignore[arg-type]
    layer = Layer(
        step,
        step.pool.keys[index],
        step.pool.values[index],
        query.shape[3] ** -0.5 if scaling is None else scaling,
        sliding_window,
        getattr(module, "alibi_slopes", None),
    )
    queries, new_keys, new_values = (tensor[0].transpose(0, 1) for tensor in (query, key, value))  # (T, ., D)
    # Idle tokens are in no block: what is left for them is nobody's, and each row is computed by itself.
    output = query.new_empty((queries.shape[0], queries.shape[1], new_values.shape[2]))
    if step.uses_kernels:
        from def_sim.engines.local.paged import attention_kernels as kernels

        kernels.store_keys_values(new_keys, new_values, layer.keys, layer.values, step.inputs.cache_position)
        if step.has_writing:
            kernels.attend_writing(layer, queries, output)
        if step.has_reading:
            kernels.attend_reading(layer, queries, output)
    else:
        to = step.inputs.cache_position
        layer.keys[to // PAGE, :, to % PAGE] = new_keys
        layer.values[to // PAGE, :, to % PAGE] = new_values
        attend_by_torch(layer, queries, output.zero_())
    return output[None], None


def attend_by_torch(layer: Layer, query: Tensor, output: Tensor) -> None:
    """Attention block by block.

    Args:
        layer: Keys, values and scores.
        query: Shape (T, H, D).
        output: Filled for the tokens of all blocks, shape (T, H, D of values).
    """
    inputs = layer.step.inputs
    for entry, first, count, share, end in zip(
        inputs.item_entry.tolist(),
        inputs.item_first.tolist(),
        inputs.item_count.tolist(),
        inputs.item_share.tolist(),
        _ends_of_sequences(inputs),
        strict=True,
    ):
        if count and share == 0:  # all parts of the sequence at once
            rows = slice(first, first + count)
            output[rows] = _attend_block(layer, query[rows], rows, entry, end, has_beams=True)
    if layer.step.has_reading:
        columns = (inputs.read_entry, inputs.read_first, inputs.read_count, inputs.read_end)
        for entry, first, count, end in zip(*(column.tolist() for column in columns), strict=True):
            if count:
                rows = slice(first, first + count)
                output[rows] = _attend_block(layer, query[rows], rows, entry, end, has_beams=False)


def _ends_of_sequences(inputs: StepInputs) -> list[int]:
    """For each item of writing, where its sequence ends: where its last part ends."""
    end_of: dict[int, int] = {}
    for entry, end in zip(inputs.item_entry.tolist(), inputs.item_end.tolist(), strict=True):
        end_of[entry] = max(end, end_of.get(entry, 0))
    return [end_of[entry] for entry in inputs.item_entry.tolist()]


def _attend_block(
    layer: Layer, query: Tensor, rows: slice, entry: int, end: int, *, has_beams: bool
) -> Tensor:
    """Shape (rows, H, D of values)."""
    inputs, pool = layer.step.inputs, layer.step.pool
    along = torch.arange(end, device=query.device)
    cache_positions = inputs.tables[entry, along // PAGE] * PAGE + along % PAGE
    keys = layer.keys[cache_positions // PAGE, :, cache_positions % PAGE].transpose(0, 1)  # (K, L, D)
    values = layer.values[cache_positions // PAGE, :, cache_positions % PAGE].transpose(0, 1)
    grouped = query.shape[1] // keys.shape[0]
    sees = along[None, :] <= inputs.last[rows, None]
    if has_beams:
        sees &= (pool.seen[cache_positions][None, :] >> inputs.beam[rows, None]) & 1 == 1
    distance = pool.positions[cache_positions][None, :] - inputs.position[rows, None]
    mask = bias_by_distance(distance, layer.slopes, layer.window, query.dtype).masked_fill(~sees, -torch.inf)
    result = nn.functional.scaled_dot_product_attention(
        query.transpose(0, 1)[None],
        keys.repeat_interleave(grouped, dim=0)[None],
        values.repeat_interleave(grouped, dim=0)[None],
        attn_mask=mask[None],
        scale=layer.scaling,
    )
    return result[0].transpose(0, 1)


def reorder_by_torch(seen: Tensor, tables: Tensor, parents: Tensor, begins: Tensor, ends: Tensor) -> None:
    """Lets every beam see what the beam it goes on from has seen.

    Args:
        seen: Bits of all cache positions, changed in place.
        tables: Pages of each entry, shape (S, M).
        parents: For each beam of an entry the beam it goes on from, shape (S, B).
        begins: First of the cache positions that beams have written, shape (S,).
        ends: End of these, shape (S,); not above the first: nothing to do.
    """
    for entry, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
        if end > begin:
            along = torch.arange(begin, end, device=seen.device)
            cache_positions = tables[entry, along // PAGE] * PAGE + along % PAGE
            old = seen[cache_positions]
            new = torch.zeros_like(old)
            for beam, parent in enumerate(parents[entry].tolist()):
                new |= ((old >> parent) & 1) << beam
            seen[cache_positions] = new


AttentionInterface.register(NAME, attend)

"""Triton kernels of attention over pages; `paged_attention.py` and `step.py` say what they compute.

Imported only where CUDA and Triton are; torch's CUDA builds bring Triton along. Each has a counterpart
in plain torch that tests hold it to.

Letters: T tokens of the step, H heads, K key-value heads, G = H / K, D width, P pages, V vocabulary.
"""

from typing import TYPE_CHECKING, Any, Final

import torch
import triton
import triton.language as tl
from torch import Tensor

from def_sim.engines.local.paged.blocks import READING_ROWS, WRITING_ROWS, programs_per_head
from def_sim.engines.local.paged.launch_options import OPTIONS
from def_sim.engines.local.paged.pages import PAGE
from def_sim.engines.local.paged.step_inputs import MOST_SHARES

if TYPE_CHECKING:
    from def_sim.engines.local.paged.attended import Layer
    from def_sim.engines.local.paged.pages import PagePool
    from def_sim.engines.local.paged.step_inputs import StepInputs

_LOG2E: Final = tl.constexpr(1.4426950408889634)
# Of a thread of attention while writing: with more, fewer programs than `programs_per_head` counts on run at
# once, and the last of them come in a round of their own (measured: 14.5 ms a step instead of 12.4).
_MOST_REGISTERS: Final = 128


@triton.jit
def _store_keys_values(
    new_keys, new_values, keys, values, cache_position, stride_key, stride_key_head, stride_value,
    stride_value_head, stride_keys, stride_keys_head, stride_values, stride_values_head,
    WIDTH: tl.constexpr, VALUE_WIDTH: tl.constexpr, PADDED: tl.constexpr, PAGE_SIZE: tl.constexpr,
):  # fmt: skip
    token, head = tl.program_id(0), tl.program_id(1)
    where = tl.load(cache_position + token)
    page, offset = where // PAGE_SIZE, where % PAGE_SIZE
    lane = tl.arange(0, PADDED)
    key = tl.load(new_keys + token * stride_key + head * stride_key_head + lane, mask=lane < WIDTH)
    value = tl.load(
        new_values + token * stride_value + head * stride_value_head + lane, mask=lane < VALUE_WIDTH
    )
    target = keys + page * stride_keys + head * stride_keys_head + offset * WIDTH + lane
    tl.store(target, key, mask=lane < WIDTH)
    target = values + page * stride_values + head * stride_values_head + offset * VALUE_WIDTH + lane
    tl.store(target, value, mask=lane < VALUE_WIDTH)


def store_keys_values(
    new_keys: Tensor, new_values: Tensor, keys: Tensor, values: Tensor, cache_position: Tensor
) -> None:
    """Puts new keys and values, (T, K, D), into the cache, (P, K, PAGE, D)."""
    num_tokens, heads, width = new_keys.shape
    value_width = new_values.shape[2]
    _store_keys_values[(num_tokens, heads)](
        new_keys, new_values, keys, values, cache_position,
        new_keys.stride(0), new_keys.stride(1), new_values.stride(0), new_values.stride(1),
        keys.stride(0), keys.stride(1), values.stride(0), values.stride(1),
        WIDTH=width, VALUE_WIDTH=value_width,
        PADDED=triton.next_power_of_2(max(width, value_width)), PAGE_SIZE=PAGE, num_warps=1, **OPTIONS,
    )  # fmt: skip


@triton.jit
def _scan(
    query, keys, values, table, seen, positions, last, beam, position, slope, begin, end, kv_head, scale,
    window, stride_page, stride_head, stride_value_page, stride_value_head,
    WIDTH: tl.constexpr, PADDED: tl.constexpr, VALUE_WIDTH: tl.constexpr, VALUE_PADDED: tl.constexpr,
    ROWS: tl.constexpr, PAGE_SIZE: tl.constexpr, HAS_BEAMS: tl.constexpr, NEEDS_POSITIONS: tl.constexpr,
    HAS_WINDOW: tl.constexpr, HAS_SLOPES: tl.constexpr,
):  # fmt: skip
    """Attention of a block's rows over part of their sequence, by online softmax. Scores are in base 2.

    `begin` and `end` are cache positions along the sequence.
    """
    best = tl.full((ROWS,), float("-inf"), tl.float32)
    total = tl.zeros((ROWS,), tl.float32)
    result = tl.zeros((ROWS, VALUE_PADDED), tl.float32)
    lane = tl.arange(0, PADDED)
    value_lane = tl.arange(0, VALUE_PADDED)
    offsets = tl.arange(0, PAGE_SIZE)
    for start in range(begin, end, PAGE_SIZE):
        page = tl.load(table + start // PAGE_SIZE)
        along = start + offsets
        key = tl.load(
            keys + page * stride_page + kv_head * stride_head + offsets[None, :] * WIDTH + lane[:, None],
            mask=lane[:, None] < WIDTH, other=0.0,
        )  # fmt: skip
        scores = tl.dot(query, key, input_precision="ieee") * (scale * _LOG2E)
        sees = (along[None, :] <= last[:, None]) & (along[None, :] < end)
        if HAS_BEAMS:
            bits = tl.load(seen + page * PAGE_SIZE + offsets)
            sees = sees & (((bits[None, :] >> beam[:, None]) & 1) == 1)
        if NEEDS_POSITIONS:
            distance = tl.load(positions + page * PAGE_SIZE + offsets)[None, :] - position[:, None]
            if HAS_WINDOW:
                sees = sees & (distance > -window)
            if HAS_SLOPES:
                scores += slope[:, None] * distance.to(tl.float32) * _LOG2E
        scores = tl.where(sees, scores, float("-inf"))
        found = tl.maximum(best, tl.max(scores, axis=1))
        base = tl.where(found == float("-inf"), 0.0, found)  # a row that sees nothing yet
        weights = tl.exp2(scores - base[:, None])
        shrink = tl.exp2(best - base)
        total = total * shrink + tl.sum(weights, axis=1)
        # What lies beyond the end may hold anything, NaN included: 0 x NaN would spoil the row.
        value = tl.load(
            values + page * stride_value_page + kv_head * stride_value_head
            + offsets[:, None] * VALUE_WIDTH + value_lane[None, :],
            mask=(value_lane[None, :] < VALUE_WIDTH) & (along[:, None] < end), other=0.0,
        )  # fmt: skip
        result = result * shrink[:, None] + tl.dot(weights.to(value.dtype), value, input_precision="ieee")
        best = found
    return result, best, total


@triton.jit
def _attend_writing(
    query, keys, values, partial, partial_best, tables, seen, positions, row_last, row_beam, row_position,
    slopes,
    item_entry, item_first, item_count, item_share, item_begin, item_end, num_items, scale,
    window, stride_token, stride_query_head, stride_page, stride_head, stride_value_page, stride_value_head,
    stride_table,
    HEADS: tl.constexpr, GROUPED: tl.constexpr, WIDTH: tl.constexpr, PADDED: tl.constexpr,
    VALUE_WIDTH: tl.constexpr, VALUE_PADDED: tl.constexpr, ROWS: tl.constexpr, PAGE_SIZE: tl.constexpr,
    SHARES: tl.constexpr, PROGRAMS: tl.constexpr, NEEDS_POSITIONS: tl.constexpr, HAS_WINDOW: tl.constexpr,
    HAS_SLOPES: tl.constexpr,
):  # fmt: skip
    """Work items (a block of rows, a share of its sequence), taken in turn by a fixed number of programs."""
    program, kv_head = tl.program_id(0), tl.program_id(1)
    member = tl.arange(0, ROWS)
    lane = tl.arange(0, PADDED)
    value_lane = tl.arange(0, VALUE_PADDED)
    for item in range(program, tl.load(num_items), PROGRAMS):
        entry, share = tl.load(item_entry + item), tl.load(item_share + item)
        first, count = tl.load(item_first + item), tl.load(item_count + item)
        begin, end = tl.load(item_begin + item), tl.load(item_end + item)
        row = first + member // GROUPED
        head = kv_head * GROUPED + member % GROUPED
        is_row = member // GROUPED < count
        rows_query = tl.load(
            query + row[:, None] * stride_token + head[:, None] * stride_query_head + lane[None, :],
            mask=is_row[:, None] & (lane[None, :] < WIDTH), other=0.0,
        )  # fmt: skip
        last = tl.load(row_last + row, mask=is_row, other=0)
        beam = tl.load(row_beam + row, mask=is_row, other=0)
        position = tl.load(row_position + row, mask=is_row, other=0)
        slope = (
            tl.load(slopes + head, mask=is_row, other=0.0) if HAS_SLOPES else tl.zeros((ROWS,), tl.float32)
        )
        result, best, total = _scan(
            rows_query, keys, values, tables + entry * stride_table, seen, positions, last, beam, position,
            slope, begin, end, kv_head, scale, window, stride_page, stride_head, stride_value_page,
            stride_value_head, WIDTH, PADDED, VALUE_WIDTH, VALUE_PADDED, ROWS, PAGE_SIZE, True,
            NEEDS_POSITIONS, HAS_WINDOW, HAS_SLOPES,
        )  # fmt: skip
        divisor = tl.where(total > 0, total, 1.0)
        result = result / divisor[:, None]
        is_value = is_row[:, None] & (value_lane[None, :] < VALUE_WIDTH)
        place = (row * HEADS + head) * SHARES + share
        tl.store(partial + place[:, None] * VALUE_WIDTH + value_lane[None, :], result, mask=is_value)
        weight = tl.where(total > 0, best + tl.log2(divisor), float("-inf"))
        tl.store(partial_best + place, weight, mask=is_row)


@triton.jit
def _join_shares(
    partial, partial_best, output, row_shares, stride_token, stride_head,
    HEADS: tl.constexpr, VALUE_WIDTH: tl.constexpr, VALUE_PADDED: tl.constexpr, SHARES: tl.constexpr,
):  # fmt: skip
    row, head = tl.program_id(0), tl.program_id(1)
    count = tl.load(row_shares + row)
    if count > 0:
        share = tl.arange(0, SHARES)
        lane = tl.arange(0, VALUE_PADDED)
        place = (row * HEADS + head) * SHARES + share
        best = tl.load(partial_best + place, mask=share < count, other=float("-inf"))
        top = tl.max(best, axis=0)
        weight = tl.exp2(best - tl.where(top == float("-inf"), 0.0, top))
        parts = tl.load(
            partial + place[:, None] * VALUE_WIDTH + lane[None, :],
            mask=(share[:, None] < count) & (lane[None, :] < VALUE_WIDTH), other=0.0,
        )  # fmt: skip
        total = tl.sum(weight, axis=0)
        joined = tl.sum(parts * weight[:, None], axis=0) / tl.where(total > 0, total, 1.0)
        target = output + row * stride_token + head * stride_head + lane
        tl.store(target, joined.to(output.dtype.element_ty), mask=lane < VALUE_WIDTH)


@triton.jit
def _attend_reading(
    query, keys, values, output, tables, seen, positions, row_last, row_position, slopes,
    block_entry, block_first, block_count, block_end, scale, window,
    stride_token, stride_query_head, stride_output_token, stride_output_head, stride_page, stride_head,
    stride_value_page, stride_value_head, stride_table,
    GROUPED: tl.constexpr, WIDTH: tl.constexpr, PADDED: tl.constexpr, VALUE_WIDTH: tl.constexpr,
    VALUE_PADDED: tl.constexpr, ROWS: tl.constexpr, PAGE_SIZE: tl.constexpr, NEEDS_POSITIONS: tl.constexpr,
    HAS_WINDOW: tl.constexpr, HAS_SLOPES: tl.constexpr,
):  # fmt: skip
    block, kv_head = tl.program_id(0), tl.program_id(1)
    count = tl.load(block_count + block)
    if count > 0:
        member = tl.arange(0, ROWS)
        lane = tl.arange(0, PADDED)
        value_lane = tl.arange(0, VALUE_PADDED)
        row = tl.load(block_first + block) + member // GROUPED
        head = kv_head * GROUPED + member % GROUPED
        is_row = member // GROUPED < count
        rows_query = tl.load(
            query + row[:, None] * stride_token + head[:, None] * stride_query_head + lane[None, :],
            mask=is_row[:, None] & (lane[None, :] < WIDTH), other=0.0,
        )  # fmt: skip
        last = tl.load(row_last + row, mask=is_row, other=0)
        position = tl.load(row_position + row, mask=is_row, other=0)
        slope = (
            tl.load(slopes + head, mask=is_row, other=0.0) if HAS_SLOPES else tl.zeros((ROWS,), tl.float32)
        )
        result, _best, total = _scan(
            rows_query, keys, values, tables + tl.load(block_entry + block) * stride_table, seen, positions,
            last, last, position, slope, 0, tl.load(block_end + block), kv_head, scale, window, stride_page,
            stride_head, stride_value_page, stride_value_head, WIDTH, PADDED, VALUE_WIDTH, VALUE_PADDED, ROWS,
            PAGE_SIZE, False, NEEDS_POSITIONS, HAS_WINDOW, HAS_SLOPES,
        )  # fmt: skip
        result = result / tl.where(total > 0, total, 1.0)[:, None]
        target = output + row[:, None] * stride_output_token + head[:, None] * stride_output_head
        tl.store(
            target + value_lane[None, :], result.to(output.dtype.element_ty),
            mask=is_row[:, None] & (value_lane[None, :] < VALUE_WIDTH),
        )  # fmt: skip


def attend_writing(layer: "Layer", query: Tensor, output: Tensor) -> None:
    """Attention of the step's writing rows: see `paged_attention.attend_by_torch`."""
    keys, values, inputs, pool = layer.keys, layer.values, layer.step.inputs, layer.step.pool
    num_rows, heads = inputs.keep.shape[0], query.shape[1]
    kv_heads, value_width = keys.shape[1], values.shape[3]
    partial = query.new_empty((num_rows, heads, MOST_SHARES, value_width), dtype=torch.float32)
    partial_best = query.new_empty((num_rows, heads, MOST_SHARES), dtype=torch.float32)
    programs = programs_per_head(query.device, kv_heads)
    _attend_writing[(programs, kv_heads)](
        query, keys, values, partial, partial_best, inputs.tables, pool.seen, pool.positions,
        inputs.last, inputs.beam, inputs.position,
        query if layer.slopes is None else layer.slopes,
        inputs.item_entry, inputs.item_first, inputs.item_count, inputs.item_share, inputs.item_begin,
        inputs.item_end, inputs.num_items, layer.scaling, layer.window or 0,
        query.stride(0), query.stride(1), keys.stride(0), keys.stride(1), values.stride(0), values.stride(1),
        inputs.tables.stride(0),
        HEADS=heads, SHARES=MOST_SHARES, PROGRAMS=programs, ROWS=_rows(WRITING_ROWS, layer, query),
        num_stages=3, maxnreg=_MOST_REGISTERS,
        **_constants(layer, query), **OPTIONS,
    )  # fmt: skip
    _join_shares[(num_rows, heads)](
        partial, partial_best, output, inputs.shares, output.stride(0), output.stride(1),
        HEADS=heads, VALUE_WIDTH=value_width, VALUE_PADDED=triton.next_power_of_2(value_width),
        SHARES=MOST_SHARES, num_warps=1, **OPTIONS,
    )  # fmt: skip


def attend_reading(layer: "Layer", query: Tensor, output: Tensor) -> None:
    """Attention of the step's chunks of prompts: see `paged_attention.attend_by_torch`."""
    keys, values, inputs, pool = layer.keys, layer.values, layer.step.inputs, layer.step.pool
    _attend_reading[(inputs.read_entry.shape[0], keys.shape[1])](
        query, keys, values, output, inputs.tables, pool.seen, pool.positions, inputs.last, inputs.position,
        query if layer.slopes is None else layer.slopes,
        inputs.read_entry, inputs.read_first, inputs.read_count, inputs.read_end,
        layer.scaling, layer.window or 0,
        query.stride(0), query.stride(1), output.stride(0), output.stride(1),
        keys.stride(0), keys.stride(1), values.stride(0), values.stride(1), inputs.tables.stride(0),
        ROWS=_rows(READING_ROWS, layer, query), num_stages=2, **_constants(layer, query), **OPTIONS,
    )  # fmt: skip


def _rows(usual: int, layer: "Layer", query: Tensor) -> int:
    """Rows of a block: at least the heads that share a key-value head."""
    return max(usual, int(triton.next_power_of_2(query.shape[1] // layer.keys.shape[1])))


def _constants(layer: "Layer", query: Tensor) -> dict[str, Any]:
    """What both kernels are compiled for."""
    heads, width, value_width = query.shape[1], query.shape[2], layer.values.shape[3]
    return {
        "GROUPED": heads // layer.keys.shape[1],
        "WIDTH": width,
        "PADDED": max(16, triton.next_power_of_2(width)),
        "VALUE_WIDTH": value_width,
        "VALUE_PADDED": max(16, triton.next_power_of_2(value_width)),
        "PAGE_SIZE": PAGE,
        "NEEDS_POSITIONS": layer.window is not None or layer.slopes is not None,
        "HAS_WINDOW": layer.window is not None,
        "HAS_SLOPES": layer.slopes is not None,
        "num_warps": 4,
    }


@triton.jit
def _reorder_beams(
    seen, tables, parents, begins, ends, stride_table,
    BEAMS: tl.constexpr, PAGE_SIZE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    entry = tl.program_id(0)
    begin, end = tl.load(begins + entry), tl.load(ends + entry)
    for start in range(begin, end, BLOCK):
        along = start + tl.arange(0, BLOCK)
        inside = along < end
        page = tl.load(tables + entry * stride_table + along // PAGE_SIZE, mask=inside, other=0)
        place = seen + page * PAGE_SIZE + along % PAGE_SIZE
        old = tl.load(place, mask=inside, other=0)
        new = old * 0
        for beam in range(BEAMS):
            new = new | (((old >> tl.load(parents + entry * BEAMS + beam)) & 1) << beam)
        tl.store(place, new, mask=inside)


def reorder_beams(seen: Tensor, tables: Tensor, parents: Tensor, begins: Tensor, ends: Tensor) -> None:
    """See `paged_attention.reorder_by_torch`."""
    _reorder_beams[(begins.shape[0],)](
        seen, tables, parents, begins, ends, tables.stride(0),
        BEAMS=parents.shape[1], PAGE_SIZE=PAGE, BLOCK=256, num_warps=2, **OPTIONS,
    )  # fmt: skip


@triton.jit(do_not_specialize=["count"])  # one program for steps of any size
def _note_tokens(
    ids, source, newest, cache_position, bits, position, seen, positions, output, count, BLOCK: tl.constexpr,
):  # fmt: skip
    token = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = token < count
    origin = tl.load(source + token, mask=inside, other=-1)
    chosen = tl.load(newest + origin, mask=inside & (origin >= 0), other=0)
    known = tl.load(ids + token, mask=inside, other=0)
    tl.store(output + token, tl.where(origin >= 0, chosen, known), mask=inside)
    where = tl.load(cache_position + token, mask=inside, other=0)
    tl.store(seen + where, tl.load(bits + token, mask=inside, other=0), mask=inside)
    tl.store(positions + where, tl.load(position + token, mask=inside, other=0), mask=inside)


def note_tokens(inputs: "StepInputs", newest: Tensor, pool: "PagePool") -> Tensor:
    """Token ids of the step, shape (T,), and what is kept beside the cache: see `step.note_by_torch`."""
    count = inputs.ids.shape[0]
    output = torch.empty_like(inputs.ids)
    block = 128
    _note_tokens[(triton.cdiv(count, block),)](
        inputs.ids, inputs.source, newest, inputs.cache_position, inputs.bits, inputs.position, pool.seen,
        pool.positions, output, count, BLOCK=block, num_warps=4, **OPTIONS,
    )  # fmt: skip
    return output

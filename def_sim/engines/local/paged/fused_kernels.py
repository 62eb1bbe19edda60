"""Triton kernels of what `fused.py` puts in place of a model's own: the same numbers in fewer launches."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from def_sim.engines.local.paged.launch_options import OPTIONS


@triton.jit
def _gate(
    gate, up, output, width, stride_gate, stride_up, BLOCK: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    lane = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = lane < width
    value = tl.load(gate + row * stride_gate + lane, mask=inside, other=0.0)
    factor = tl.load(up + row * stride_up + lane, mask=inside, other=0.0)
    number = value.to(tl.float32)
    activated = (number / (1.0 + tl.exp(-number))).to(value.dtype)
    tl.store(output + row * width + lane, (activated * factor).to(value.dtype), mask=inside)


def gate(gate_values: Tensor, up: Tensor) -> Tensor:
    """SiLU of the one times the other, shape (1, T, width)."""
    width = up.shape[-1]
    output = up.new_empty(up.shape)
    block = 1024
    _gate[(up.shape[-2], triton.cdiv(width, block))](
        gate_values, up, output, width, gate_values.stride(-2), up.stride(-2), BLOCK=block, **OPTIONS,
    )  # fmt: skip
    return output


@triton.jit
def _rms_norm(
    states, weight, output, epsilon, width, stride, BLOCK: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0)
    lane = tl.arange(0, BLOCK)
    inside = lane < width
    values = tl.load(states + row * stride + lane, mask=inside, other=0.0).to(tl.float32)
    mean = tl.sum(values * values, axis=0) / width
    scaled = (values * tl.rsqrt(mean + epsilon)).to(output.dtype.element_ty)
    factor = tl.load(weight + lane, mask=inside, other=0.0)
    tl.store(output + row * width + lane, (scaled * factor).to(output.dtype.element_ty), mask=inside)


def rms_norm(states: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """An RMSNorm of the last dimension, in float32, rounded before it is weighted as transformers does."""
    width = states.shape[-1]
    rows = states.reshape(-1, width)
    output = torch.empty_like(rows, memory_format=torch.contiguous_format)
    _rms_norm[(rows.shape[0],)](
        rows, weight, output, epsilon, width, rows.stride(0),
        BLOCK=triton.next_power_of_2(width), num_warps=8, **OPTIONS,
    )  # fmt: skip
    return output.view(states.shape)


@triton.jit
def _rotate(
    query, key, new_query, new_key, cos, sin, stride_query, stride_query_head, stride_key, stride_key_head,
    stride_angle, HEADS: tl.constexpr, KV_HEADS: tl.constexpr, WIDTH: tl.constexpr, HALF: tl.constexpr,
    PADDED: tl.constexpr, TOGETHER: tl.constexpr,
):  # fmt: skip
    """Some heads of one token: those of the query first, then those of the key."""
    token = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1) * TOGETHER + tl.arange(0, TOGETHER)
    lane = tl.arange(0, PADDED)
    angle = token * stride_angle + lane
    is_lane = lane < HALF
    cos_left, cos_right = tl.load(cos + angle, mask=is_lane), tl.load(cos + angle + HALF, mask=is_lane)
    sin_left, sin_right = tl.load(sin + angle, mask=is_lane), tl.load(sin + angle + HALF, mask=is_lane)
    is_query = head < HEADS
    other_head = head - HEADS
    source = (
        tl.where(is_query, head * stride_query_head, other_head * stride_key_head)[:, None] + lane[None, :]
    )
    target = (
        tl.where(is_query, token * HEADS + head, token * KV_HEADS + other_head)[:, None] * WIDTH
        + lane[None, :]
    )
    of_query = is_query[:, None] & is_lane[None, :]
    of_key = (other_head >= 0)[:, None] & (other_head < KV_HEADS)[:, None] & is_lane[None, :]
    query_row, key_row = query + token * stride_query, key + token * stride_key
    left = tl.load(query_row + source, mask=of_query, other=0.0) + tl.load(
        key_row + source, mask=of_key, other=0.0
    )
    right = tl.load(query_row + source + HALF, mask=of_query, other=0.0) + tl.load(
        key_row + source + HALF, mask=of_key, other=0.0
    )
    kind = left.dtype
    # Each product is rounded to the model's type before they are added, as by separate operations.
    one = (left * cos_left[None, :]).to(kind).to(tl.float32) - (right * sin_left[None, :]).to(kind).to(
        tl.float32
    )
    two = (right * cos_right[None, :]).to(kind).to(tl.float32) + (left * sin_right[None, :]).to(kind).to(
        tl.float32
    )
    tl.store(new_query + target, one.to(kind), mask=of_query)
    tl.store(new_query + target + HALF, two.to(kind), mask=of_query)
    tl.store(new_key + target, one.to(kind), mask=of_key)
    tl.store(new_key + target + HALF, two.to(kind), mask=of_key)


def rotate(query: Tensor, key: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    """Transformers' `apply_rotary_pos_emb` for whole heads: query (1, H, T, D), key (1, K, T, D)."""
    _, heads, num_tokens, width = query.shape
    kv_heads = key.shape[1]
    new_query = query.new_empty((1, num_tokens, heads, width))
    new_key = key.new_empty((1, num_tokens, kv_heads, width))
    together = 8
    _rotate[(num_tokens, triton.cdiv(heads + kv_heads, together))](
        query, key, new_query, new_key, cos, sin,
        query.stride(2), query.stride(1), key.stride(2), key.stride(1), cos.stride(1),
        HEADS=heads, KV_HEADS=kv_heads, WIDTH=width, HALF=width // 2,
        PADDED=triton.next_power_of_2(width // 2), TOGETHER=together, num_warps=4, **OPTIONS,
    )  # fmt: skip
    return new_query.transpose(1, 2), new_key.transpose(1, 2)

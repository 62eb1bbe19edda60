"""Attention over slots: many sequences of different lengths in one forward pass, without padding.

The tokens of a step stand side by side in one row, (1, T): first those of sequences that are
being written (a token a beam), then chunks of prompts. The model is an unmodified
transformers model; only its attention function is this one, chosen by name through its
attention interface, and it is told of slots by a keyword that the model passes through.

    new keys and values -> the cache
    a sequence being written: all its beams against its slot, in one call
    a chunk of a prompt: causally against what stands before it in its slot

Beams share the keys and values of the prompt and of their common text: which of them a beam sees is
a row of its mask, so that beams are reordered by reordering a mask and nothing is copied.

Letters: T tokens of the step, H heads, K key-value heads, G = H / K, D width, L tokens cached, N beams.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

from def_sim.engines.local.slots.key_values import KeyValues

NAME: Final = "def_sim_slots"
_Masks = dict[tuple[int, int | None, torch.device], Tensor | None]
_CHANGES_SCORES: Final = ("softcap", "position_bias", "s_aux", "sinks")


@dataclass(frozen=True, slots=True)
class DecodeRows:
    """A sequence that gets one token a beam in this step."""

    slot: int
    num_beams: int
    begin: int  # first cache position of the new tokens
    mask: Tensor | None  # what each beam adds to its scores, shape (N, L); None: it sees all
    positions: Tensor | None = None  # in their text, shape (L,), where a model needs them; None: 0, 1, 2, ...

    @property
    def end(self) -> int:
        """Cache positions in use once the new tokens are in."""
        return self.begin + self.num_beams


@dataclass(frozen=True, slots=True)
class PrefillChunk:
    """A chunk of a prompt that is read in this step."""

    slot: int
    begin: int  # first cache position; what stands before it was read earlier
    length: int
    tree: Tensor | None = (
        None  # shape (length, begin + length), for tokens that are no plain text; see scoring
    )

    @property
    def end(self) -> int:
        """Cache positions in use after it."""
        return self.begin + self.length


@dataclass(frozen=True, slots=True)
class Step:
    """What the tokens of one forward pass belong to, in their order."""

    cache: KeyValues
    writing: Sequence[DecodeRows]
    reading: Sequence[PrefillChunk]
    masks: _Masks = field(default_factory=dict)  # the same in all layers of a device
    _places: dict[torch.device, tuple[Tensor, Tensor]] = field(default_factory=dict, init=False)

    def places(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Slot and cache position of each row that is written, shape (rows,); made once a device."""
        if device not in self._places:
            slots = [group.slot for group in self.writing for _ in range(group.num_beams)]
            positions = [place for group in self.writing for place in range(group.begin, group.end)]
            places = torch.tensor([slots, positions], device=device)
            self._places[device] = places[0], places[1]
        return self._places[device]


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    step: Step | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """The attention function of a step, with the signature of transformers' interface.

    Args:
        module: The layer's attention module; of it `layer_idx` is used, and `alibi_slopes`, shape (H,),
            where the model adds a bias by distance.
        query: Shape (1, H, T, D).
        key: Shape (1, K, T, D).
        value: Shape (1, K, T, D of values).
        attention_mask: Not used: a step knows what each token sees.
        scaling: Factor of the scores; None is 1 / sqrt(D).
        sliding_window: A token sees only so many tokens back, itself included; None: all.
        step: What the tokens are.
        others: What else the model passes on.

    Returns:
        Shape (1, T, H, D of values), and None for the weights.

    Raises:
        NotImplementedError: The model changes scores in a way that is not known here.
    """
    assert step is not None, "a model in slot mode was called without its step"
    refuse_changed_scores(others)
    keys, values = step.cache.layer(int(module.layer_idx), key, value)  # type: ignore[arg-type]
    slopes = getattr(module, "alibi_slopes", None)
    layer = _Layer(keys, values, scaling, sliding_window, slopes, step.masks)
    num_rows = sum(group.num_beams for group in step.writing)
    parts = []
    if step.writing:
        new = (tensor[:, :, :num_rows] for tensor in (query, key, value))
        parts.append(_write(layer, step, *new))
    begin = num_rows
    for chunk in step.reading:
        end = begin + chunk.length
        keys[chunk.slot, :, chunk.begin : chunk.end] = key[0, :, begin:end]
        values[chunk.slot, :, chunk.begin : chunk.end] = value[0, :, begin:end]
        parts.append(_read(layer, chunk, query[:, :, begin:end]))
        begin = end
    return (parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)), None


def refuse_changed_scores(others: Mapping[str, Any]) -> None:
    """Raises NotImplementedError if a model asks for scores that are not known here.

    Args:
        others: What it passes on beside queries, keys and values.
    """
    if unknown := [name for name in _CHANGES_SCORES if others.get(name) is not None]:
        raise NotImplementedError(f"attention with {', '.join(unknown)}")


@dataclass(frozen=True, slots=True)
class _Layer:
    keys: Tensor  # (S, K, C, D)
    values: Tensor
    scaling: float | None
    window: int | None
    slopes: Tensor | None
    masks: _Masks

    def needs_positions(self, length: int) -> bool:
        return self.slopes is not None or (self.window is not None and length > self.window)


def _write(layer: _Layer, step: Step, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention of all sequences being written, a call for each, shape (1, rows, H, D)."""
    _, num_heads, num_rows, width = query.shape
    num_kv_heads = layer.keys.shape[1]
    grouped = num_heads // num_kv_heads
    # (K, rows, G, D): the rows of a sequence are then a view of shape (K, N * G, D).
    queries = query[0].view(num_kv_heads, grouped, num_rows, width).transpose(1, 2).contiguous()
    slots, positions = step.places(layer.keys.device)
    layer.keys[slots, :, positions] = key[0].transpose(0, 1)
    layer.values[slots, :, positions] = value[0].transpose(0, 1)
    outputs, row = [], 0
    for group in step.writing:
        end = row + group.num_beams
        outputs.append(
            nn.functional.scaled_dot_product_attention(
                queries[:, row:end].reshape(1, num_kv_heads, group.num_beams * grouped, width),
                layer.keys[group.slot : group.slot + 1, :, : group.end],
                layer.values[group.slot : group.slot + 1, :, : group.end],
                attn_mask=_once(layer, group, partial(_writing_mask, layer, group, grouped)),
                scale=layer.scaling,
            )
        )
        row = end
    together = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=2)  # (1, K, rows * G, D)
    split = together.view(num_kv_heads, num_rows, grouped, -1).transpose(0, 1)
    return split.reshape(1, num_rows, num_heads, -1)


def _read(layer: _Layer, chunk: PrefillChunk, query: Tensor) -> Tensor:
    """Attention of a chunk of a prompt, shape (1, length, H, D)."""
    keys = layer.keys[chunk.slot : chunk.slot + 1, :, : chunk.end]
    values = layer.values[chunk.slot : chunk.slot + 1, :, : chunk.end]
    mask = _once(layer, chunk, partial(_reading_mask, layer, chunk, keys))
    output = nn.functional.scaled_dot_product_attention(
        query,
        keys,
        values,
        attn_mask=mask,
        is_causal=mask is None and chunk.length > 1,
        scale=layer.scaling,
        enable_gqa=query.shape[1] != keys.shape[1],
    )
    return output.transpose(1, 2)


def _once(layer: _Layer, part: DecodeRows | PrefillChunk, make: Callable[[], Tensor | None]) -> Tensor | None:
    """A mask made by the first layer of a device serves all others there with the same window."""
    key = (id(part), layer.window, layer.keys.device)
    if key not in layer.masks:
        layer.masks[key] = make()
    return layer.masks[key]


def _writing_mask(layer: _Layer, group: DecodeRows, grouped: int) -> Tensor | None:
    """Scores to add, broadcastable to (1, K, N * G, L); a beam's rows stand G by G."""
    mask = None if group.mask is None else group.mask.to(layer.keys.device)
    if layer.needs_positions(group.end):
        bias = _by_distance(layer, group)  # (H or 1, N, L)
        mask = bias if mask is None else bias + mask
        heads, beams, length = mask.shape
        if heads > 1:
            mask = mask.view(-1, grouped, beams, length).transpose(1, 2)
            return mask.reshape(1, -1, beams * grouped, length)
        mask = mask[0]
    if mask is None:
        return None
    return mask.repeat_interleave(grouped, dim=0)[None, None] if grouped > 1 else mask[None, None]


def _by_distance(layer: _Layer, group: DecodeRows) -> Tensor:
    """What window and slopes add for the newest tokens, shape (H or 1, N, L)."""
    cached = _positions(layer, group.positions, group.end)
    now = cached[group.begin :]
    return _bias(layer, cached, now)


def _positions(layer: _Layer, positions: Tensor | None, length: int) -> Tensor:
    device = layer.keys.device
    return torch.arange(length, device=device) if positions is None else positions.to(device)


def _bias(layer: _Layer, cached: Tensor, now: Tensor) -> Tensor:
    """Scores to add by the distance of cached tokens, shape (L,), from tokens, shape (N,): (H or 1, N, L)."""
    return bias_by_distance(cached[None, :] - now[:, None], layer.slopes, layer.window, layer.keys.dtype)


def bias_by_distance(
    distance: Tensor, slopes: Tensor | None, window: int | None, dtype: torch.dtype
) -> Tensor:
    """Scores to add: a model's bias by distance, and -inf for what its window hides.

    Args:
        distance: Of keys from queries, 0 and below for what stands before, shape (N, L).
        slopes: Bias of each head for a distance of one, shape (H,); None: no bias.
        window: A token sees only so many tokens back, itself included; None: all.
        dtype: Of the scores.

    Returns:
        Shape (H, N, L) with slopes, else (1, N, L).
    """
    bias = torch.zeros((1, *distance.shape), dtype=dtype, device=distance.device)
    if slopes is not None:
        bias = (slopes[:, None, None].float() * distance).to(dtype)
    if window is not None:
        bias = bias.masked_fill(distance <= -window, -torch.inf)
    return bias


def _reading_mask(layer: _Layer, chunk: PrefillChunk, keys: Tensor) -> Tensor | None:
    """Scores to add, shape (1, H or 1, length, L); None where plain causal attention says it all."""
    needs_positions = layer.needs_positions(chunk.end)
    if not needs_positions and chunk.begin == 0 and chunk.tree is None:
        return None
    cached = torch.arange(chunk.end, device=keys.device)
    now = cached[chunk.begin :]
    mask = _causal(now, cached, keys.dtype) if chunk.tree is None else chunk.tree.to(keys.device)
    if needs_positions:
        return (_bias(layer, cached, now) + mask)[None]
    return mask[None, None]


def _causal(now: Tensor, cached: Tensor, dtype: torch.dtype) -> Tensor:
    hidden = cached[None, :] > now[:, None]
    return torch.zeros(hidden.shape, dtype=dtype, device=cached.device).masked_fill(hidden, -torch.inf)


AttentionInterface.register(NAME, attend)

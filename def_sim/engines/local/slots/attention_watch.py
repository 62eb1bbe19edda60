"""What a model asks of its attention, layer by layer, seen in one pass over a short text.

A short text shows neither a window of 4,096 tokens nor a chunk of 8,192: within them every token sees all
before it. But transformers makes masks from functions of two positions, and such a function can be asked
about positions that the text does not reach. So twelve tokens tell what a layer sees at the end of the
longest context. Layers that attend by functions of their own are not seen here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import sdpa_mask

_NAME: Final = "def_sim_watch"
_TAG: Final = "def_sim_sees"  # attribute of a mask: the function it was made from
_LONGEST: Final = 1 << 17  # positions that are asked about: questionnaires stay far below

Sees = Callable[[Tensor, Tensor, Tensor, Tensor], Any]
"""Of batch, head, position of a query and position of a key: whether the query sees the key."""


class StepLostError(Exception):
    """An attention was called without what its model was given for it."""


@dataclass(frozen=True, slots=True)
class LayerCall:
    """How one layer called its attention.

    Attributes:
        window: A token sees so many tokens, itself included; None: all before it.
        sees: What its mask says of any two positions; None: it has no mask, or one that the model made.
        device: Of its queries.
        asks: Names of what else it handed on.
    """

    window: int | None
    sees: Sees | None
    device: torch.device
    asks: frozenset[str]


class _Calls:
    """The calls noted so far. No list: what moves a split model's inputs between devices copies lists."""

    def __init__(self) -> None:
        self.noted: list[LayerCall] = []


def watch(network: Any, tokens: Tensor) -> list[LayerCall]:
    """The calls of a model's attention while it reads a text; none where its attention cannot be chosen.

    What the model computes meanwhile has no meaning.

    Args:
        network: A transformers model in evaluation mode; its attention is left as it was.
        tokens: Shape (T,).

    Raises:
        StepLostError: Its layers do not hand the keyword `step` to their attention.
        Exception: Whatever else the model raises.
    """
    calls = _Calls()
    with attending_by(network, _NAME), torch.inference_mode():
        positions = torch.arange(tokens.shape[0], device=tokens.device)
        network(input_ids=tokens[None], position_ids=positions[None], use_cache=False, step=calls)
    return calls.noted


@contextmanager
def attending_by(network: Any, name: str) -> Iterator[None]:
    """Another attention for a while, by its name in transformers' interface; afterwards each part's own."""
    parts = [module.config for module in network.modules() if isinstance(module, PreTrainedModel)]
    before = [(part, part._attn_implementation) for part in parts]
    network.set_attn_implementation(name)
    try:
        yield
    finally:
        for part, own in before:  # a whole before its parts, whose settings it changes
            part._attn_implementation = own


def hides_earlier_tokens(call: LayerCall, context: int) -> bool:
    """True if, somewhere in a context, a token sees others than all before it, or all of its window.

    Args:
        call: Of a layer.
        context: Tokens of the longest text.
    """
    if call.sees is None:
        return False
    last = min(context, _LONGEST) - 1
    return not all(_sees_all(call, token) for token in {1, last // 3, last // 2, last})


def _sees_all(call: LayerCall, token: int) -> bool:
    assert call.sees is not None
    keys = torch.arange(token + 2, device=call.device)  # the last of them follows the token
    first = torch.zeros_like(keys)
    found = torch.as_tensor(call.sees(first, first, torch.full_like(keys, token), keys))
    begin = 0 if call.window is None else token - call.window + 1
    expected = (keys >= begin) & (keys <= token)
    return bool((found == expected).all())  # `found` may be one value for all


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    sliding_window: int | None = None,
    step: _Calls | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Notes the call; every token then gets its own value."""
    if step is None:
        raise StepLostError
    sees = getattr(attention_mask, _TAG, None)
    asks = frozenset(name for name, value in others.items() if value is not None)
    step.noted.append(LayerCall(sliding_window, sees, query.device, asks))
    grouped = query.shape[1] // value.shape[1]
    return value.repeat_interleave(grouped, dim=1).transpose(1, 2).contiguous(), None


def _mask(*, mask_function: Sees, **others: Any) -> Tensor | None:
    """The mask as torch's attention takes it, with what it was made from."""
    mask: Tensor | None = sdpa_mask(mask_function=mask_function, **{**others, "allow_is_causal_skip": False})
    if mask is not None:
        setattr(mask, _TAG, mask_function)
    return mask


AttentionInterface.register(_NAME, _attend)
AttentionMaskInterface.register(_NAME, _mask)

"""Can a model run in slots? Found out by trying, and by looking where a short text shows nothing.

A model qualifies if transformers lets its attention be chosen, if no layer hides tokens from others but by a
window, and if a short text gives the same logits read in chunks and written in slots as read whole by the
model's own attention. Whatever speaks against it, an error of any kind included, is a reason in words.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from def_sim.engines.local.slots import slot_attention
from def_sim.engines.local.slots.attention_watch import (
    LayerCall,
    StepLostError,
    attending_by,
    hides_earlier_tokens,
    watch,
)
from def_sim.engines.local.slots.key_values import KeyValues, LayerShape
from def_sim.engines.local.slots.slot_attention import DecodeRows, PrefillChunk, Step

_LENGTH: Final = 12  # tokens
_TOLERANCE: Final = {
    torch.float32: 1e-3
}  # of the logits' size; 16 bit rounds in the third digit of every layer
_TOLERANCE_16_BIT: Final = 0.2
_NOT_REPLACED: Final = "its attention cannot be replaced"
_NO_ATTENTION: Final = "it has layers that are no attention"
# Names of `layer_types`; a kind that is missing here is found by counting the calls of attention.
_OTHER_LAYERS: Final = ("conv", "hybrid", "hybrid_sliding", "linear_attention", "mamba", "moe", "recurrent")
# What slots do not know of, and how to say it; by the names that attention is asked by.
_UNKNOWN: Final = {
    "softcap": "its attention caps its scores",
    "position_bias": "its attention adds a bias of its own to its scores",
    "s_aux": "its attention has a sink beside the tokens",
    "sinks": "its attention has a sink beside the tokens",
    "indices": "its attention chooses among the tokens before",
    "block_indices": "its attention chooses among the tokens before",
}
# Settings after so many tokens of which attention changes in a way that no mask shows.
_THRESHOLDS: Final = {
    "floor_scale": "its scores are scaled anew after {} tokens",
    "keep_window_size": "its attention chooses among the tokens before once there are {}",
}

_log = logging.getLogger(__name__)


def try_slots(network: Any) -> tuple[str | None, list[LayerShape]]:
    """Why a model cannot run in slots (None: it can), and what each layer keeps of a token.

    Leaves the model's attention as it was.
    """
    tokens = trial_tokens(network)
    reason = _known_obstacle(network) or _seen_obstacle(network, tokens)
    if reason is not None:
        return reason, []
    cache = KeyValues()
    with torch.inference_mode():
        try:
            expected = network(input_ids=tokens[None], use_cache=False).logits[0, -3:].float()
            with attending_by(network, slot_attention.NAME):
                found = _in_slots(network, tokens, cache)
        except Exception as error:  # whatever a model may raise where it meets what it was not made for
            _log.debug("The trial in slots failed.", exc_info=error)
            return _NOT_REPLACED, []
    return difference(found, expected, network.dtype), cache.layers


def needs_positions(network: Any) -> bool:
    """True if a layer must know how far back a token stands: for a window, or a bias by distance.

    Args:
        network: A model that has slots.
    """
    has_bias = any(hasattr(module, "alibi_slopes") for module in network.modules())
    return has_bias or any(call.window is not None for call in watch(network, trial_tokens(network)))


def trial_tokens(network: Any) -> Tensor:
    """A short text on the model's device, shape (T,); without padding, which some models know by its id."""
    config = network.config.get_text_config(decoder=True)
    pad = getattr(config, "pad_token_id", None)
    ordinary = [token for token in range(config.vocab_size // 2, config.vocab_size) if token != pad]
    return torch.tensor(ordinary[:_LENGTH], device=network.device)


def difference(found: Tensor, expected: Tensor, dtype: torch.dtype) -> str | None:
    """What to say of logits that are not those of the whole text; None: they are.

    Compared as a whole: in 16 bit the largest of many thousand differences says little.
    """
    distance, size = float((found - expected).norm()), float(expected.norm())
    if distance <= _TOLERANCE.get(dtype, _TOLERANCE_16_BIT) * size:
        return None
    return f"its logits change in slots, by {distance / max(size, 1e-30):.2g} of their size"


def _known_obstacle(network: Any) -> str | None:
    """What the class and its configuration say."""
    config = network.config.get_text_config(decoder=True)
    kinds = getattr(config, "layer_types", None) or ()
    if any(kind in _OTHER_LAYERS for kind in kinds):
        return _NO_ATTENTION
    if getattr(network, "_is_stateful", False):
        return "it keeps a state from token to token"
    if not getattr(network, "_supports_attention_backend", False):
        return _NOT_REPLACED
    if any("dynamic" in kind or kind == "longrope" for kind in _rope_types(config)):
        return "its positions depend on the longest text beside it"
    return _threshold_obstacle(config)


def _rope_types(config: Any) -> set[str]:
    """Of all layers: settings may stand by kind of layer."""
    scaling = getattr(config, "rope_parameters", None) or {}
    parts = [scaling, *(part for part in scaling.values() if isinstance(part, Mapping))]
    return {str(part.get("rope_type")) for part in parts}


def _threshold_obstacle(config: Any) -> str | None:
    context = longest_text(config)
    for name, words in _THRESHOLDS.items():
        threshold = getattr(config, name, None)
        if threshold is not None and threshold < context:
            return words.format(threshold)
    return None


def longest_text(config: Any) -> int:
    """Tokens of the longest text that a text configuration is made for; very many where it does not say."""
    return int(getattr(config, "max_position_embeddings", None) or sys.maxsize)


def _seen_obstacle(network: Any, tokens: Tensor) -> str | None:
    """What the calls of its attention show."""
    try:
        calls = watch(network, tokens)
        return _obstacle_of(calls, network.config.get_text_config(decoder=True))
    except StepLostError:
        return "its layers do not tell their attention which slots they work on"
    except Exception as error:  # as in `try_slots`
        _log.debug("Attention could not be watched.", exc_info=error)
        return _NOT_REPLACED


def _obstacle_of(calls: Sequence[LayerCall], config: Any) -> str | None:
    if not calls:
        return _NOT_REPLACED
    if len(calls) < int(getattr(config, "num_hidden_layers", 0)):
        return _NO_ATTENTION
    for call in calls:
        if unknown := call.asks & _UNKNOWN.keys():
            return _UNKNOWN[min(unknown)]
        if hides_earlier_tokens(call, longest_text(config)):
            return "some of its layers see a part of the text that is no window (chunks, for example)"
    return None


def _in_slots(network: Any, tokens: Tensor, cache: KeyValues) -> Tensor:
    """Logits of the last three tokens: two chunks read, then two tokens written. Shape (3, V)."""
    length = tokens.shape[0]
    cache.reserve(1, length)
    chunks = [(0, 4), (4, length - 2)]
    parts = []
    for begin, end in chunks:
        step = Step(cache, [], [PrefillChunk(0, begin, end - begin)])
        parts.append(_logits(network, tokens, begin, end, step))
    for begin in range(length - 2, length):
        parts.append(
            _logits(network, tokens, begin, begin + 1, Step(cache, [DecodeRows(0, 1, begin, None)], []))
        )
    return torch.cat(parts)[-3:]


def _logits(network: Any, tokens: Tensor, begin: int, end: int, step: Step) -> Tensor:
    positions = torch.arange(begin, end, device=tokens.device)
    output = network(
        input_ids=tokens[None, begin:end], position_ids=positions[None], use_cache=False, step=step
    )
    logits: Tensor = output.logits[0].float()
    return logits

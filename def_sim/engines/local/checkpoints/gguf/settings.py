"""Which settings of a GGUF file transformers passes over in silence: put right here, or refused.

A model with another scaling of its positions, or without one of its factors, answers fluently and
wrongly. So every setting of the architecture is one that transformers reads, one that only says a
shape again, one that is put right here, or the file is refused.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from transformers.modeling_gguf_pytorch_utils import GGUF_TO_TRANSFORMERS_MAPPING

from def_sim.engines.local.checkpoints.gguf.checks import unreadable
from def_sim.engines.local.checkpoints.gguf.header import TENSOR_TYPES, GgufHeader, GgufTensor

# Those of transformers' whose tokens a causal model of ours may write. Those that it reads by another
# way (Qwen 3.5, LFM2) or that are sequence-to-sequence are not.
READ_ARCHITECTURES: Final = (
    "bloom",
    "falcon",
    "gemma2",
    "gemma3",
    "gpt2",
    "llama",
    "mistral",
    "nemotron",
    "phi3",
    "qwen2",
    "qwen2moe",
    "qwen3",
    "qwen3moe",
    "stablelm",
    "starcoder2",
)
POSITION_TENSORS: Final = ("rope_freqs.weight",)

_READ_AS: Final = {"qwen2moe": "qwen2_moe", "qwen3moe": "qwen3_moe"}
# Say a shape again, which is checked tensor by tensor, or what happens only in training.
_SHAPES: Final = frozenset(
    {
        "vocab_size",
        "attention.key_length",
        "attention.value_length",
        "expert_feed_forward_length",
        "expert_shared_feed_forward_length",
        "tensor_data_layout",
        "rope.dimension_count",
        "use_parallel_residual",
    }
)
_PUT_RIGHT: Final = frozenset(
    {
        "rope.scaling.type",
        "rope.scaling.factor",
        "rope.scaling.original_context_length",
        "rope.scaling.finetuned",
        "rope.scale_linear",
        "attention.sliding_window",
        "attn_logit_softcapping",
        "final_logit_softcapping",
        "attention.layer_norm_epsilon",
        "attention.layer_norm_rms_epsilon",
    }
)
_LARGEST_GEMMA: Final = {"gemma2": 46, "gemma3": 62}  # layers of the 27B models, which scale by another size
_LLAMA_3: Final = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}


def check_settings(header: GgufHeader) -> None:
    """Raises if the file has a setting of its architecture that nobody reads.

    Raises:
        ModelError: Names it.
    """
    start = f"{header.architecture}."
    name = _READ_AS.get(header.architecture, header.architecture)
    read = GGUF_TO_TRANSFORMERS_MAPPING["config"][name].keys() | _SHAPES | _PUT_RIGHT
    for setting, value in header.settings.items():
        own = setting.removeprefix(start)
        if setting.startswith(start) and own not in read and not _is_idle(own, value):
            raise unreadable(header, f"has the setting {setting}={value!r}, which is not understood")
    if header.setting("expert_count") and header.architecture == "llama":
        raise unreadable(header, "is a mixture of experts in the form of Llama")


def _is_idle(name: str, value: Any) -> bool:
    """A setting that changes nothing: no experts, a factor of one, causal attention."""
    if name == "attention.causal":
        return bool(value)
    return name in ("expert_count", "expert_used_count") and value == 0


def corrections(header: GgufHeader) -> dict[str, Any]:
    """What of the configuration is to be set beside what transformers reads.

    Raises:
        ModelError: Positions are scaled in a way that is not known.
    """
    found: dict[str, Any] = {}
    if header.setting("attention.sliding_window") and header.architecture in ("llama", "mistral", "phi3"):
        found["sliding_window"] = header.setting("attention.sliding_window")
    if header.setting("attention.key_length") and header.architecture == "qwen3":
        found["head_dim"] = header.setting("attention.key_length")
    for name in ("attn_logit_softcapping", "final_logit_softcapping"):
        if header.setting(name):
            found[name] = header.setting(name)
    if header.setting("block_count") == _LARGEST_GEMMA.get(header.architecture):
        heads = header.setting("attention.head_count")
        found["query_pre_attn_scalar"] = header.setting("embedding_length") // heads
    if scaling := _scaling(header):
        found["rope_scaling"] = scaling
    return found


def _scaling(header: GgufHeader) -> dict[str, Any]:
    """How positions are stretched beyond the length of training; empty: not at all."""
    kind = header.setting("rope.scaling.type") or (
        "linear" if header.setting("rope.scale_linear") else "none"
    )
    factor = header.setting("rope.scaling.factor") or header.setting("rope.scale_linear") or 1.0
    factors = [tensor for tensor in header.tensors if tensor.name in POSITION_TENSORS]
    if factors and kind == "none":
        return _of_llama_3(header, factors[0])
    if factors or kind not in ("none", "linear", "yarn"):
        raise unreadable(header, f"scales positions by {kind!r}, which is not known")
    if kind == "none" or factor == 1.0:
        return {}
    scaling = {"rope_type": kind, "factor": float(factor)}
    if kind == "yarn":
        length = header.setting("rope.scaling.original_context_length")
        scaling["original_max_position_embeddings"] = length or header.setting("context_length")
    return scaling


def _of_llama_3(header: GgufHeader, tensor: GgufTensor) -> dict[str, Any]:
    """Llama 3.1's and its successors' scaling, of which a file keeps the resulting factors alone.

    They are computed anew from the one number that differs between the models, and must be the same.
    """
    if TENSOR_TYPES[tensor.kind][0] != "F32":
        raise unreadable(header, f"has factors of positions in {TENSOR_TYPES[tensor.kind][0]}")
    stored = np.fromfile(header.path, dtype="<f4", count=tensor.num_values, offset=tensor.begins)
    scaling = {"rope_type": "llama3", "factor": round(float(stored.max()), 3), **_LLAMA_3}
    expected = _llama_3_factors(header, scaling, tensor.num_values)
    if not np.allclose(stored, expected, rtol=1e-3):
        raise unreadable(header, "scales positions by factors that are not Llama 3's")
    return scaling


def _llama_3_factors(header: GgufHeader, scaling: Mapping[str, Any], count: int) -> Any:
    base = header.setting("rope.freq_base") or 10_000.0
    wavelengths = 2 * math.pi * base ** (np.arange(count) / count)
    turns = scaling["original_max_position_embeddings"] / wavelengths
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    smooth = np.clip((turns - low) / (high - low), 0.0, 1.0)
    return 1 / ((1 - smooth) / scaling["factor"] + smooth)

"""ChatGLM2-6B as transformers' Glm: the same layers under other names.

What differs is only how tensors are packed: queries, keys and values in one matrix, the head among
the layers. Rotation of half of each head, in neighbouring pairs, is Glm's too.
Source: modeling_chatglm.py and configuration_chatglm.py of the pinned revision.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from def_sim.engines.local.loading.native.recipe import Recipe, require

if TYPE_CHECKING:
    from torch import Tensor

LABEL: Final = "ChatGLM2"
# The ids after the vocabulary, in the order of the authors' tokenizer.
SPECIAL_TOKENS: Final = ("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop")

_LAYER: Final = re.compile(r"transformer\.encoder\.layers\.(\d+)\.(.+)")
_OUTSIDE: Final = {
    "transformer.embedding.word_embeddings.weight": "model.embed_tokens.weight",
    "transformer.encoder.final_layernorm.weight": "model.norm.weight",
    "transformer.output_layer.weight": "lm_head.weight",
}
_INSIDE: Final = {
    "input_layernorm.weight": "input_layernorm.weight",
    "post_attention_layernorm.weight": "post_attention_layernorm.weight",
    "self_attention.dense.weight": "self_attn.o_proj.weight",
    "mlp.dense_h_to_4h.weight": "mlp.gate_up_proj.weight",
    "mlp.dense_4h_to_h.weight": "mlp.down_proj.weight",
}


def recipe(config: Mapping[str, Any]) -> Recipe:
    """The conversion of a ChatGLM2 checkpoint.

    Args:
        config: Its config.json.

    Raises:
        ModelError: A variant with other layers, or one that is quantised already.
    """
    require(
        config,
        LABEL,
        add_bias_linear=False,
        add_qkv_bias=True,
        apply_residual_connection_post_layernorm=False,
        multi_query_attention=True,
        original_rope=True,
        post_layer_norm=True,
        quantization_bit=0,
        rmsnorm=True,
    )
    heads = int(config["num_attention_heads"]) * int(config["kv_channels"])
    groups = int(config["multi_query_group_num"]) * int(config["kv_channels"])

    def convert(name: str, tensor: "Tensor") -> "dict[str, Tensor]":
        if name in _OUTSIDE:
            return {_OUTSIDE[name]: tensor}
        layer = _LAYER.fullmatch(name)
        assert layer is not None, name
        prefix, part = f"model.layers.{layer.group(1)}.", layer.group(2)
        if part in _INSIDE:
            return {prefix + _INSIDE[part]: tensor}
        kind = part.removeprefix("self_attention.query_key_value.")
        ends = (heads, heads + groups)
        pieces = (tensor[: ends[0]], tensor[ends[0] : ends[1]], tensor[ends[1] :])
        return {
            f"{prefix}self_attn.{letter}_proj.{kind}": piece
            for letter, piece in zip("qkv", pieces, strict=True)
        }

    return Recipe(
        LABEL,
        _glm_config(config),
        _sources(config),
        frozenset({"transformer.rotary_pos_emb.inv_freq"}),
        convert,
    )


def _sources(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    hidden, inner = int(config["hidden_size"]), int(config["ffn_hidden_size"])
    width, vocabulary = int(config["kv_channels"]), int(config["padded_vocab_size"])
    heads = int(config["num_attention_heads"]) * width
    packed = heads + 2 * int(config["multi_query_group_num"]) * width
    shapes: dict[str, tuple[int, ...]] = {
        "transformer.embedding.word_embeddings.weight": (vocabulary, hidden),
        "transformer.encoder.final_layernorm.weight": (hidden,),
        "transformer.output_layer.weight": (vocabulary, hidden),
    }
    for layer in range(int(config["num_layers"])):
        parts: dict[str, tuple[int, ...]] = {
            "input_layernorm.weight": (hidden,),
            "post_attention_layernorm.weight": (hidden,),
            "self_attention.query_key_value.weight": (packed, hidden),
            "self_attention.query_key_value.bias": (packed,),
            "self_attention.dense.weight": (hidden, heads),
            "mlp.dense_h_to_4h.weight": (2 * inner, hidden),
            "mlp.dense_4h_to_h.weight": (hidden, inner),
        }
        shapes |= {f"transformer.encoder.layers.{layer}.{part}": shape for part, shape in parts.items()}
    return shapes


def _glm_config(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "architectures": ["GlmForCausalLM"],
        "model_type": "glm",
        "vocab_size": config["padded_vocab_size"],
        "hidden_size": config["hidden_size"],
        "intermediate_size": config["ffn_hidden_size"],
        "num_hidden_layers": config["num_layers"],
        "num_attention_heads": config["num_attention_heads"],
        "num_key_value_heads": config["multi_query_group_num"],
        "head_dim": config["kv_channels"],
        "attention_bias": True,
        "hidden_act": "silu",
        "max_position_embeddings": config["seq_length"],
        "rms_norm_eps": config["layernorm_epsilon"],
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5},
        "tie_word_embeddings": False,
        "bos_token_id": config.get("bos_token_id"),
        "eos_token_id": config.get("eos_token_id", 2),
        "pad_token_id": config.get("pad_token_id", 0),
        "dtype": config.get("torch_dtype", "float16"),
    }

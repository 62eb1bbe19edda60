"""Forward passes of ChatGLM2 and Baichuan2-13B in numpy, written from their published code, not from ours.

One sequence, no cache, float64. `tensors` have the published names.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rms_norm(x: Array, weight: Array, epsilon: float) -> Array:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * weight


def silu(x: Array) -> Array:
    return x / (1 + np.exp(-x))


def softmax(scores: Array) -> Array:
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def chatglm2_logits(
    tensors: Mapping[str, Array], config: Mapping[str, Any], token_ids: Sequence[int]
) -> Array:
    """Logits of every position, shape (T, vocabulary)."""
    heads, groups, width = (
        config[name] for name in ("num_attention_heads", "multi_query_group_num", "kv_channels")
    )
    epsilon, length = config["layernorm_epsilon"], len(token_ids)
    hidden = tensors["transformer.embedding.word_embeddings.weight"][list(token_ids)]
    for layer in range(config["num_layers"]):
        part = {
            name: tensors[f"transformer.encoder.layers.{layer}.{name}"]
            for name in (
                *("input_layernorm.weight", "post_attention_layernorm.weight", "self_attention.dense.weight"),
                *("self_attention.query_key_value.weight", "self_attention.query_key_value.bias"),
                *("mlp.dense_h_to_4h.weight", "mlp.dense_4h_to_h.weight"),
            )
        }
        x = rms_norm(hidden, part["input_layernorm.weight"], epsilon)
        packed = (
            x @ part["self_attention.query_key_value.weight"].T + part["self_attention.query_key_value.bias"]
        )
        query = rotate_pairs(packed[:, : heads * width].reshape(length, heads, width))
        key = rotate_pairs(packed[:, heads * width : (heads + groups) * width].reshape(length, groups, width))
        value = packed[:, (heads + groups) * width :].reshape(length, groups, width)
        context = np.empty((length, heads, width))
        for head in range(heads):
            group = head // (heads // groups)
            for i in range(length):
                scores = key[: i + 1, group] @ query[i, head] / math.sqrt(width)
                context[i, head] = softmax(scores) @ value[: i + 1, group]
        hidden = hidden + context.reshape(length, -1) @ part["self_attention.dense.weight"].T
        x = rms_norm(hidden, part["post_attention_layernorm.weight"], epsilon)
        gate, up = np.split(x @ part["mlp.dense_h_to_4h.weight"].T, 2, axis=-1)
        hidden = hidden + (silu(gate) * up) @ part["mlp.dense_4h_to_h.weight"].T
    x = rms_norm(hidden, tensors["transformer.encoder.final_layernorm.weight"], epsilon)
    return x @ tensors["transformer.output_layer.weight"].T


def rotate_pairs(x: Array) -> Array:
    """Turns neighbouring pairs of the first half of each head; x has shape (T, heads, width)."""
    length, _, width = x.shape
    half = width // 2
    out = x.copy()
    for position in range(length):
        for pair in range(half // 2):
            angle = position / 10000 ** (2 * pair / half)
            first, second = x[position, :, 2 * pair], x[position, :, 2 * pair + 1]
            out[position, :, 2 * pair] = first * math.cos(angle) - second * math.sin(angle)
            out[position, :, 2 * pair + 1] = second * math.cos(angle) + first * math.sin(angle)
    return out


# Of the study's 40 heads: 32 of ratio 2^-(1/4), then every second one of ratio 2^-(1/8); here for 6 heads:
# 4 of ratio 2^-2 and two of ratio 2^-1, taken at odd powers.
SLOPES_OF_6 = (2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3)


def baichuan2_logits(
    tensors: Mapping[str, Array], config: Mapping[str, Any], token_ids: Sequence[int]
) -> Array:
    """Logits of every position, shape (T, vocabulary)."""
    heads, epsilon, length = config["num_attention_heads"], config["rms_norm_eps"], len(token_ids)
    width = config["hidden_size"] // heads
    hidden = tensors["model.embed_tokens.weight"][list(token_ids)]
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}"
        x = rms_norm(hidden, tensors[f"{prefix}.input_layernorm.weight"], epsilon)
        packed = x @ tensors[f"{prefix}.self_attn.W_pack.weight"].T
        query, key, value = packed.reshape(length, 3, heads, width).transpose(1, 2, 0, 3)
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(width)
        # As in the published code: slope times the position of the key, whatever the query's.
        scores = scores + np.array(SLOPES_OF_6)[:, None, None] * np.arange(length)
        scores = np.where(np.tri(length, dtype=bool), scores, -np.inf)
        context = (softmax(scores) @ value).transpose(1, 0, 2).reshape(length, -1)
        hidden = hidden + context @ tensors[f"{prefix}.self_attn.o_proj.weight"].T
        x = rms_norm(hidden, tensors[f"{prefix}.post_attention_layernorm.weight"], epsilon)
        gate = silu(x @ tensors[f"{prefix}.mlp.gate_proj.weight"].T)
        up = x @ tensors[f"{prefix}.mlp.up_proj.weight"].T
        hidden = hidden + (gate * up) @ tensors[f"{prefix}.mlp.down_proj.weight"].T
    x = rms_norm(hidden, tensors["model.norm.weight"], epsilon)
    head = tensors["lm_head.weight"]
    return x @ (head / np.linalg.norm(head, axis=1, keepdims=True)).T

"""Tiny GGUF files with random weights, written by gguf-py as llama.cpp's converter would write them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig, Qwen2Config

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
MERGES = ("A n", "An s", "w e", "we r", "Ans wer", "Ġ 1", "1 2", "Ġ x")
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<｜User｜>")
SIZE = 320

_SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "vocab_size": SIZE,
}
_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
}
_NORMS = {
    "llama": {"post_attention_layernorm": "ffn_norm"},
    "qwen2": {"post_attention_layernorm": "ffn_norm"},
    "gemma3": {
        "post_attention_layernorm": "post_attention_norm",
        "pre_feedforward_layernorm": "ffn_norm",
        "post_feedforward_layernorm": "post_ffw_norm",
    },
}


def make_network(architecture: str) -> Any:
    """A random network of an architecture, in float32."""
    torch.manual_seed(7)
    config: Any = {
        "llama": lambda: LlamaConfig(**_SHAPE, rope_theta=10_000.0, tie_word_embeddings=False),
        "qwen2": lambda: Qwen2Config(**_SHAPE, rope_theta=10_000.0, tie_word_embeddings=False),
        "gemma3": lambda: Gemma3TextConfig(
            **_SHAPE, head_dim=32, sliding_window=32, rope_theta=10_000.0, tie_word_embeddings=True
        ),
    }[architecture]()
    network: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for (
        name,
        parameter,
    ) in network.named_parameters():  # norms and biases that say nothing would hide mistakes
        if "norm" in name or name.endswith("bias"):
            torch.nn.init.normal_(parameter, mean=0.5, std=0.2)
    return network.eval()


def write_gguf(
    path: Path,
    network: Any,
    architecture: str,
    *,
    kind: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.F32,
    template: str | None = CHATML,
    settings: Mapping[str, Any] | None = None,
    extra: Mapping[str, np.ndarray] | None = None,
    left_out: str | None = None,
) -> Path:
    """Writes a network with its tokenizer.

    Args:
        path: Of the file.
        network: Of `make_network`.
        architecture: "llama", "qwen2" or "gemma3".
        kind: How matrices are stored; vectors are in float32.
        template: Chat template; None: the file has none.
        settings: More settings, by their whole names; None removes one.
        extra: More tensors.
        left_out: A tensor that the file lacks.
    """
    writer = gguf.GGUFWriter(path, architecture)
    given = {**_settings(network.config, architecture), **(settings or {})}
    for name, value in given.items():
        _add(writer, name, value)
    _add_tokenizer(writer, architecture, given)
    if template is not None:
        writer.add_chat_template(template)
    tensors = {**dict(_tensors(network, architecture)), **(extra or {})}
    for name, values in tensors.items():
        if name == left_out:
            continue
        stored = kind if values.ndim > 1 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(name, gguf.quants.quantize(values, stored), raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _settings(config: Any, architecture: str) -> dict[str, Any]:
    rope = config.rope_parameters
    theta = rope["full_attention"]["rope_theta"] if "full_attention" in rope else rope["rope_theta"]
    found = {
        "context_length": config.max_position_embeddings,
        "block_count": config.num_hidden_layers,
        "embedding_length": config.hidden_size,
        "feed_forward_length": config.intermediate_size,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        "attention.layer_norm_rms_epsilon": float(config.rms_norm_eps),
        "rope.freq_base": float(theta),
    }
    if architecture == "llama":
        found |= {"vocab_size": SIZE, "rope.dimension_count": 16}
    if architecture == "gemma3":
        found |= {"attention.key_length": 32, "attention.value_length": 32, "attention.sliding_window": 32}
    return {f"{architecture}.{name}": value for name, value in found.items()}


def _add(writer: gguf.GGUFWriter, name: str, value: Any) -> None:
    if isinstance(value, bool):
        writer.add_bool(name, value)
    elif isinstance(value, float):
        writer.add_float32(name, value)
    elif isinstance(value, int):
        writer.add_uint32(name, value)
    elif isinstance(value, str):
        writer.add_string(name, value)


def _tensors(network: Any, architecture: str) -> list[tuple[str, np.ndarray]]:
    config, names = network.config, {**_NAMES, **_NORMS[architecture]}
    found = []
    for name, parameter in network.named_parameters():
        module, _, ending = name.rpartition(".")
        values = parameter.detach().numpy()
        if module.startswith("model.layers."):
            number, rest = module.removeprefix("model.layers.").split(".", 1)
            new = f"blk.{number}.{names[rest]}.{ending}"
        else:
            new = f"{names[module]}.{ending}"
        if architecture == "llama" and new.endswith(("attn_q.weight", "attn_k.weight")):
            heads = config.num_attention_heads if "attn_q" in new else config.num_key_value_heads
            values = _interleaved(values, heads)
        if architecture == "gemma3" and "norm" in new:
            values = values + 1
        found.append((new, values))
    return found


def _interleaved(values: np.ndarray, heads: int) -> np.ndarray:
    """llama.cpp turns neighbouring numbers of a head together, transformers its two halves."""
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, -1)
    return halves.swapaxes(1, 2).reshape(values.shape)


def _add_tokenizer(writer: gguf.GGUFWriter, architecture: str, given: Mapping[str, Any]) -> None:
    tokens, kinds = sentencepiece_tokens() if architecture == "gemma3" else byte_tokens()
    writer.add_tokenizer_model("llama" if architecture == "gemma3" else "gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    if architecture == "gemma3":
        writer.add_token_scores([-float(number) for number in range(len(tokens))])
        ids = {"bos_token_id": 2, "eos_token_id": 1, "unknown_token_id": 3, "padding_token_id": 0}
    else:
        writer.add_token_merges(list(MERGES))
        ids = {"bos_token_id": 0, "eos_token_id": 0, "padding_token_id": 0}
    own = {"tokenizer.ggml.pre": "smollm", "tokenizer.ggml.add_bos_token": architecture == "gemma3"}
    own |= {f"tokenizer.ggml.{name}": number for name, number in ids.items()}
    for name, value in own.items():
        if name not in given:
            _add(writer, name, value)


def byte_tokens() -> tuple[list[str], list[int]]:
    """A byte-level vocabulary: special tokens, the bytes, what the merges make, and padding."""
    alphabet, made = sorted(ByteLevel.alphabet()), [merge.replace(" ", "") for merge in MERGES]
    tokens = [*SPECIAL, *alphabet, *made, "<think>"]
    kinds = [CONTROL] * len(SPECIAL) + [NORMAL] * (len(alphabet) + len(made)) + [USER_DEFINED]
    padding = [f"[PAD{number}]" for number in range(SIZE - len(tokens))]
    return [*tokens, *padding], [*kinds, *[5] * len(padding)]


def sentencepiece_tokens() -> tuple[list[str], list[int]]:
    """A vocabulary of Gemma's kind: special tokens, bytes, characters and a few pieces."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    number_of_bytes = [f"<0x{byte:02X}>" for byte in range(256)]
    pieces = ["▁", *"Answer12", "An", "▁A", "er", "▁1", "家", "庭"]
    tokens = [*special, *number_of_bytes, *dict.fromkeys(pieces)]
    kinds = [CONTROL] * 3 + [UNKNOWN] + [BYTE] * 256 + [NORMAL] * (len(tokens) - 260)
    padding = [f"<unused{number}>" for number in range(SIZE - len(tokens))]
    return [*tokens, *padding], [*kinds, *[CONTROL] * len(padding)]

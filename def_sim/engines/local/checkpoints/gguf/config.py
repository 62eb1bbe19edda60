"""The configuration that a GGUF file's settings stand for, and the network that it describes.

transformers reads the settings; what it passes over in silence is put right here or refused: scaled
positions, and settings that nobody reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

from def_sim.engines.local.checkpoints.gguf.checks import unreadable
from def_sim.engines.local.checkpoints.gguf.header import GgufHeader, read_header
from def_sim.engines.local.checkpoints.gguf.settings import (
    POSITION_TENSORS,
    READ_ARCHITECTURES,
    check_settings,
    corrections,
)

_END_TOKENS: Final = ("eos_token_id", "eot_token_id", "eom_token_id")
# Ends of turns by name, as llama.cpp takes them: files often name only one of a model's two.
_TURN_ENDS: Final = frozenset(
    {
        "<|eot_id|>",
        "<|im_end|>",
        "<|end|>",
        "<|return|>",
        "<|call|>",
        "<end_of_turn>",
        "<|endoftext|>",
        "<|eom_id|>",
        "<EOT>",
        "_<EOT>",
        "[EOT]",
        "[EOS]",
        "<|end_of_text|>",
        "<end_of_utterance>",
        "<｜end▁of▁sentence｜>",
    }
)
_HARMONY: Final = {"<|return|>", "<|call|>", "<|end|>"}


@dataclass(frozen=True, slots=True)
class GgufModel:
    """What a file describes.

    Attributes:
        config: config.json of the unpacked checkpoint.
        generation_config: Its generation_config.json: which tokens begin and end a text.
        read_config: As transformers read it, for its processors of tensors.
        network: Without weights.
        shapes: Parameter -> shape, of all that must be filled.
        used_elsewhere: Tensors that stand for something in the configuration.
    """

    config: Mapping[str, Any]
    generation_config: Mapping[str, Any]
    read_config: Mapping[str, Any]
    network: Any
    shapes: Mapping[str, tuple[int, ...]]
    used_elsewhere: frozenset[str]


def read_model(header: GgufHeader) -> GgufModel:
    """Configuration and network of a file.

    Raises:
        ModelError: An architecture that transformers does not read from GGUF, or a setting that it
            does not understand.
    """
    if header.architecture not in READ_ARCHITECTURES:
        known = ", ".join(READ_ARCHITECTURES)
        raise unreadable(header, f"is of architecture {header.architecture!r}; read are {known}")
    check_settings(header)
    try:
        read: dict[str, Any] = load_gguf_checkpoint(str(header.path), return_tensors=False)["config"]
        read.pop("_model_name_or_path", None)
        config = AutoConfig.for_model(**{**read, **corrections(header)})
        with torch.device("meta"):
            network = AutoModelForCausalLM.from_config(config)
    except (ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise unreadable(header, f"has settings that make no model: {error}") from error
    config.architectures = [type(network).__name__]
    return GgufModel(
        config=config.to_dict(),
        generation_config=_generation_config(header),
        read_config=read,
        network=network,
        shapes=_shapes(network),
        used_elsewhere=frozenset(POSITION_TENSORS),
    )


def _shapes(network: Any) -> dict[str, tuple[int, ...]]:
    """Parameter -> shape, of all that a file must fill: a head that is the embedding is not one of them."""
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    if network.config.tie_word_embeddings:
        for name in network.all_tied_weights_keys:
            shapes.pop(name, None)
    return shapes


def _generation_config(header: GgufHeader) -> dict[str, Any]:
    """Which tokens begin and end a text: those that the file names, and those that always end a turn."""

    def token(name: str) -> Any:
        return header.settings.get(f"tokenizer.ggml.{name}")

    ends = [token(name) for name in _END_TOKENS if token(name) is not None]
    named = {"bos_token_id": token("bos_token_id"), "pad_token_id": token("padding_token_id")}
    return {
        "eos_token_id": list(dict.fromkeys([*ends, *_turn_ends(header)])),
        **{name: value for name, value in named.items() if value is not None},
    }


def _turn_ends(header: GgufHeader) -> list[int]:
    tokens = read_header(header.path, keeps_strings=True).settings["tokenizer.ggml.tokens"]
    is_harmony = set(tokens) >= _HARMONY
    return [
        number
        for number, token in enumerate(tokens)
        if token in _TURN_ENDS and not (is_harmony and token == "<|end|>")  # ends a thought there, no turn
    ]

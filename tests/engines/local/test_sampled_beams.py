"""Sampled beams by `generate()` with a processor are those of a `generate()` whose draw is replaced."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from patched_beams import sampled_beams
from transformers import AutoModelForCausalLM, GenerationConfig

from def_sim.engines.local.batches.generation import SpecialTokens, generate_batch
from def_sim.errors import EngineError
from def_sim.records import Request

MANY_ENDS = SpecialTokens(stop=(2, *range(300, 315)), pad=0, begin=1)
ONE_END = SpecialTokens(stop=(2,), pad=0, begin=1)
NO_END = SpecialTokens(stop=(), pad=0, begin=1)


@pytest.fixture(scope="module")
def network(checkpoint: Path) -> Any:
    torch.set_num_threads(1)
    loaded: Any = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    loaded.generation_config = GenerationConfig()  # as the engine empties it
    return loaded


@pytest.mark.parametrize("special", [MANY_ENDS, ONE_END, NO_END], ids=["many ends", "one end", "no end"])
@pytest.mark.parametrize(
    "decoding",
    [
        {"num_beams": 3},
        {"num_beams": 5, "temperature": 0.4, "top_k": 0, "top_p": 0.7},
        {"num_beams": 4, "temperature": 1.8, "top_k": 7},
        {"num_beams": 5, "top_k": 1},  # fewer tokens in the race than beams: some texts are equal
        {"num_beams": 2, "top_k": 0, "top_p": 0.01},
    ],
    ids=str,
)
def test_the_tokens_are_those_of_a_generate_whose_own_draw_is_replaced(
    network: Any, make_request: Callable[..., Request], decoding: dict[str, Any], special: SpecialTokens
) -> None:
    requests = [make_request(number, max_new_tokens=24, do_sample=True, **decoding) for number in range(3)]
    prompts = [tuple(range(20 + number, 40 + 3 * number)) for number in range(3)]  # of three lengths
    longest = max(map(len, prompts))
    rows = torch.tensor([[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    expected = sampled_beams(network, special.stop, special.pad, requests, rows, mask)
    answers = generate_batch(network, special, requests, prompts)
    for answer, tokens in zip(answers, expected, strict=True):
        assert not isinstance(answer, EngineError)
        ends = [place for place, token in enumerate(tokens) if token in special.stop]
        assert list(answer.token_ids) == tokens[: ends[0] + 1 if ends else None]

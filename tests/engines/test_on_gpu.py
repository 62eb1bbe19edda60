"""The slot loop on a CUDA device. Left out where there is none."""

import copy
from typing import Any

import pytest
import torch
from test_slot_loop import DECODINGS, by_generate, llama, loop_of, network_of, prompts_of, run

from def_sim.engines.local.slot_attention import NAME
from def_sim.engines.local.slot_support import largest_step

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@pytest.fixture(scope="module")
def network() -> Any:
    return network_of(lambda: llama(num_hidden_layers=4)).to("cuda")


def test_in_float32_the_tokens_are_those_of_generate(network: Any) -> None:
    prompts = prompts_of(DECODINGS[name] for name in ("greedy", "2 beams", "5 beams"))
    on_cpu = copy.deepcopy(network).cpu()
    expected = [by_generate(on_cpu, prompt) for prompt in prompts]
    assert run(loop_of(network, is_padded=True), prompts) == expected


def test_the_draws_are_those_of_the_cpu(network: Any) -> None:
    prompts = prompts_of(DECODINGS.values())
    on_cpu = copy.deepcopy(network).cpu()
    assert run(loop_of(network, is_padded=True), prompts) == run(loop_of(on_cpu), prompts)


def test_in_16_bit_steps_of_one_shape_give_the_same_tokens_in_any_company(network: Any) -> None:
    rounded = copy.deepcopy(network).to(torch.bfloat16)
    prompts = prompts_of(DECODINGS.values())
    fixed: dict[str, Any] = {"max_rows": 24, "fixed_rows": 24, "reuses_prefixes": False}
    together = run(loop_of(rounded, **fixed), prompts)
    assert [run(loop_of(rounded, **fixed), [prompt])[0] for prompt in prompts] == together


def test_the_largest_step_says_what_memory_it_took(network: Any) -> None:
    slots = copy.deepcopy(network)
    slots.set_attn_implementation(NAME)
    num_read, num_rows, num_bytes = largest_step(slots, max_read=256, max_rows=16)
    assert (num_read, num_rows) == (256, 16)
    assert num_bytes > 0

"""The loop for GPUs on a CUDA device: kernels, graphs, steps that overlap. Left out where there is none."""

import copy
from pathlib import Path
from typing import Any

import pytest
import test_paged_loop
import torch
from test_paged_loop import paged_loop_of
from test_slot_loop import (
    ARCHITECTURES,
    DECODINGS,
    by_generate,
    llama,
    loop_of,
    network_of,
    prompts_of,
    run,
)
from tiny_models import mistral7b

from def_sim.engines.local.loading.mixtral import packed_linear
from def_sim.engines.local.loading.unpacking import unpack_linear_layers
from def_sim.engines.local.model import LocalModel
from def_sim.engines.local.paged import paged_attention
from def_sim.engines.local.paged.fused import FusedParts
from def_sim.engines.local.paged.trial import graph_obstacle, run_large_step
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.settings import EngineSettings
from def_sim.engines.local.slot_support import try_pages, try_slots
from def_sim.engines.local.slots import slot_attention

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@pytest.fixture(scope="module")
def network() -> Any:
    return network_of(lambda: llama(num_hidden_layers=4)).to("cuda")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_in_float32_the_tokens_are_those_of_generate(architecture: str) -> None:
    on_cpu = network_of(ARCHITECTURES[architecture])
    prompts = prompts_of(DECODINGS[name] for name in ("greedy", "2 beams", "5 beams"))
    expected = [by_generate(on_cpu, prompt) for prompt in prompts]
    assert run(paged_loop_of(copy.deepcopy(on_cpu).to("cuda")), prompts) == expected


def test_the_draws_are_those_of_the_cpu(network: Any) -> None:
    prompts = prompts_of(DECODINGS.values())
    on_cpu = copy.deepcopy(network).cpu()
    assert run(paged_loop_of(network), prompts) == run(loop_of(on_cpu), prompts)


def test_a_step_is_captured_once_its_shape_has_come_twice(network: Any) -> None:
    loop = paged_loop_of(network)
    captured = run(loop, prompts_of(DECODINGS.values()))
    assert loop._runner.num_graphs > 0
    assert loop.facts["graphs"] is True
    assert captured == run(paged_loop_of(network, captures=False), prompts_of(DECODINGS.values()))


def test_no_kernel_is_compiled_anew_for_a_step_of_another_size(
    network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import triton

    def long_prompts(*lengths: int) -> list[Prompt]:  # too long for graphs, whose steps have round sizes
        tokens = [tuple(6 + number % 40 for number in range(length)) for length in lengths]
        prompts = prompts_of(list(DECODINGS.values())[: len(lengths)], respondents=len(lengths))
        return [Prompt(prompt.request, ids) for prompt, ids in zip(prompts, tokens, strict=False)]

    compiled: list[str] = []

    def note(**details: Any) -> None:
        compiled.append(details["fn"].name)

    monkeypatch.setattr(triton.knobs.runtime, "jit_post_compile_hook", note)
    kind: dict[str, Any] = {"max_read": 4096, "captures": False}
    run(paged_loop_of(copy.deepcopy(network), **kind), long_prompts(830, 762, 608))
    num_before = len(compiled)
    run(paged_loop_of(copy.deepcopy(network), **kind), long_prompts(833, 759, 611))
    assert compiled[num_before:] == []


def test_in_16_bit_steps_of_one_shape_give_the_same_tokens_in_any_company(network: Any) -> None:
    rounded = copy.deepcopy(network).to(torch.bfloat16)
    prompts = prompts_of(DECODINGS.values())
    fixed: dict[str, Any] = {"max_rows": 24, "fixed_rows": 24, "reuses_prefixes": False}
    together = run(paged_loop_of(rounded, **fixed), prompts)
    assert [run(paged_loop_of(rounded, **fixed), [prompt])[0] for prompt in prompts] == together


def test_a_model_on_a_gpu_has_pages_and_a_large_step_says_what_memory_it_took(network: Any) -> None:
    _, layers = try_slots(network)
    assert try_pages(network, layers) is None
    paged = copy.deepcopy(network)
    paged.set_attn_implementation(paged_attention.NAME)
    assert graph_obstacle(paged, layers, range(6, 30), uses_kernels=True) is None
    assert run_large_step(paged, layers, 256, 16) > 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_all_parts_of_a_llama_are_replaced(network: Any, dtype: torch.dtype) -> None:
    names = FusedParts(copy.deepcopy(network).to(dtype)).names
    assert {"LlamaRMSNorm", "rotation", "q_proj+k_proj+v_proj", "gate_proj+up_proj", "gate"} == set(names)


def test_4_bit_weights_compute_the_same_unpacked(network: Any) -> None:
    packed = copy.deepcopy(network).to(torch.bfloat16)
    for layer in packed.model.layers:
        for part in (layer.self_attn, layer.mlp):
            for name, linear in list(part.named_children()):
                if isinstance(linear, torch.nn.Linear):
                    setattr(part, name, packed_linear(linear.weight.data, linear.weight.device))
    ids = torch.arange(6, 46, device="cuda")[None]
    expected = packed(ids).logits.float()
    assert unpack_linear_layers(packed, most_bytes=1 << 30) > 0
    assert (packed(ids).logits.float() - expected).norm() < 0.01 * expected.norm()


def test_option_codes_score_as_in_slots(network: Any) -> None:
    test_paged_loop.test_option_codes_of_several_tokens_score_as_in_slots_beside_other_answers(network)


def test_of_equal_logits_all_stay_in_the_draw(network: Any) -> None:
    test_paged_loop.test_of_equal_logits_all_stay_in_the_draw_and_the_first_is_the_greedy_one(network)


def test_beams_drop_the_tokens_that_none_of_them_sees(network: Any) -> None:
    test_paged_loop.test_beams_drop_the_tokens_that_none_of_them_sees(network)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_a_model_split_over_two_gpus_gives_the_tokens_of_one(tmp_path: Path) -> None:
    one, two = (
        LocalModel(
            mistral7b(tmp_path), EngineSettings("", dtype="float32", device=device, prompt_style="chat")
        ).network
        for device in ("cuda:0", "split")
    )
    loop, prompts = loop_of(one), prompts_of(DECODINGS.values())
    expected = run(loop_of(one), prompts)
    two.set_attn_implementation(slot_attention.NAME)
    loop.model = two
    assert run(loop, prompts) == expected
    assert {keys.device.index for keys in loop._cache.keys} == {0, 1}

"""A script that `test_placement.py` runs: split models on two pretended devices, one line of JSON each.

    python tests/engines/local/on_two_devices.py

A line says whether the tokens (slots) or the logits (loading) are those of one device, and on which
devices the layers' keys and values lie.
"""

import copy
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from accelerate import dispatch_model
from torch import nn

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]

from pretended_devices import DEVICES  # noqa: E402  # first: what follows must find its devices
from rounding import furthest, logit_tolerance  # noqa: E402
from test_slot_loop import (  # noqa: E402
    ARCHITECTURES,
    DECODINGS,
    by_keyed_generate,
    llama,
    loop_of,
    network_of,
    prompts_of,
    run,
)
from tiny_models import baichuan2_13b_chat, chatglm2_6b, mistral7b  # noqa: E402

from def_sim.engines.local.capacity import run_large_step_in_slots  # noqa: E402
from def_sim.engines.local.loading.native.library_names import CACHE  # noqa: E402
from def_sim.engines.local.loading.networks import load_network  # noqa: E402
from def_sim.engines.local.loading.placement import spread  # noqa: E402
from def_sim.engines.local.slot_support import try_slots  # noqa: E402
from def_sim.engines.local.slots.slot_attention import NAME  # noqa: E402

CPU = [torch.device("cpu")]


def split(network: Any) -> Any:
    """A copy whose layers are on both devices, with accelerate's hooks."""
    places = spread(network, DEVICES)
    network = copy.deepcopy(network)
    for path, device in places.items():
        for module in network.get_submodule(path).modules():
            for name, weight in list(module.named_parameters(recurse=False)):
                setattr(module, name, nn.Parameter(weight.detach().to(device), requires_grad=False))
            for name, buffer in list(module.named_buffers(recurse=False)):
                module._buffers[name] = buffer.to(device)
    return dispatch_model(network, places, main_device=DEVICES[0], skip_keys=CACHE)


def check_slots(make: Callable[[], Any]) -> dict[str, Any]:
    """Answers with and without beams, written and read side by side, on one device and on two."""
    network = network_of(make)
    if hasattr(network.config, "num_local_experts"):
        network.set_experts_implementation("eager")  # counts experts in a way that CPUs lack
    prompts = prompts_of((DECODINGS[name] for name in ("sampled", "5 beams")), respondents=3)
    expected = run(loop_of(network), prompts)
    on_two = split(network)
    why_not, layers = try_slots(on_two)
    loop = loop_of(network)
    loop.model = on_two
    on_two.set_attn_implementation(NAME)
    found = run(loop, prompts)
    return {"is_same": found == expected, "why_not": why_not, "cache": [str(one.device) for one in layers]}


def check_loading(make: Callable[[Path], Path]) -> dict[str, Any]:
    """The folder's files, loaded onto one device and onto two."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEF_SIM_CACHE"] = f"{folder}/cache"
        checkpoint = Path(folder) / "model"
        checkpoint.mkdir()
        make(checkpoint)
        networks = [
            load_network(checkpoint, dtype=torch.float32, devices=devices, quantization="none")
            for devices in (CPU, DEVICES)
        ]
    tokens = torch.arange(3, 15)[None]
    with torch.no_grad():
        expected, found = (n(input_ids=tokens.to(n.device), use_cache=False).logits for n in networks)
    is_same = furthest(found.cpu(), expected) < logit_tolerance(networks[0], expected)
    return {"is_same": is_same, "device": str(found.device)}


def check_tied() -> dict[str, Any]:
    """A head that is the embedding, in the middle of hooks that move what is between them."""
    network = network_of(lambda: llama(tie_word_embeddings=True))
    tokens = torch.arange(3, 15)[None]
    on_two = split(network)
    with torch.no_grad():
        expected = network(input_ids=tokens, use_cache=False).logits
        found = on_two(input_ids=tokens.to(DEVICES[0]), use_cache=False).logits
    is_same = furthest(found.cpu(), expected) < logit_tolerance(network, expected)
    return {"is_same": is_same, "device": str(found.device)}


def check_large_step() -> dict[str, Any]:
    """The largest step, which is run before the first question; the memory it takes is made up."""
    on_two = split(network_of(llama))
    _, layers = try_slots(on_two)
    on_two.set_attn_implementation(NAME)
    of_cache = {  # 100 tokens in strides of 128
        device: 128 * sum(one.num_bytes(torch.float32) for one in layers if one.device == device)
        for device in DEVICES
    }
    takes = {DEVICES[0]: 7_000, DEVICES[1]: 9_000}
    cuda: Any = torch.cuda
    cuda.memory_allocated, cuda.reset_peak_memory_stats = (lambda device: 500), (lambda device: None)
    cuda.max_memory_allocated = lambda device: 500 + of_cache[device] + takes[device]
    cuda.synchronize = lambda device: None
    found = run_large_step_in_slots(on_two, layers, DEVICES, 100, 8)
    return {"is_same": found == takes, "layers": sorted(str(one.device) for one in layers)}


def check_generate() -> dict[str, Any]:
    """The fallback of models without slots."""
    network = network_of(llama)
    prompts = prompts_of(
        (DECODINGS[name] for name in ("sampled", "2 beams", "3 sampled beams")), respondents=2
    )
    expected = [by_keyed_generate(network, prompt) for prompt in prompts]
    on_two = split(network)
    return {"is_same": [by_keyed_generate(on_two, prompt) for prompt in prompts] == expected}


if __name__ == "__main__":
    for name in ("Llama", "Mistral with a sliding window", "Mixtral", "GLM", "Baichuan2 with ALiBi"):
        print(json.dumps({"slots": name, **check_slots(ARCHITECTURES[name])}), flush=True)
    for maker in (mistral7b, chatglm2_6b, baichuan2_13b_chat):
        print(json.dumps({"loading": maker.__name__, **check_loading(maker)}), flush=True)
    print(json.dumps({"tied": "Llama", **check_tied()}), flush=True)
    print(json.dumps({"generate": "Llama", **check_generate()}), flush=True)
    print(json.dumps({"large step": "Llama", **check_large_step()}), flush=True)

"""Where a model lies: what a setting means, which layers go where, and that splitting changes no answer."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import accelerate.utils.modeling
import pytest
import tiny_models
import torch
from test_slot_loop import llama

from def_sim.engines.local.engine import LocalEngine
from def_sim.engines.local.loading import mixtral
from def_sim.engines.local.loading.networks import load_network
from def_sim.engines.local.loading.placement import find_devices, spread
from def_sim.engines.local.slots.key_values import LayerShape, bytes_per_token, cache_budget
from def_sim.errors import ConfigError, ModelError

CPU = torch.device("cpu")
FIRST, SECOND, THIRD = (torch.device("cuda", number) for number in range(3))


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    def there_are(count: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    return there_are


# --- which devices ---


def test_auto_is_the_first_gpu_and_split_is_all_of_them(gpus: Callable[[int], None]) -> None:
    gpus(3)
    assert find_devices("auto") == (FIRST,)
    assert find_devices("cuda:2") == (THIRD,)
    assert find_devices("cuda") == (FIRST,)
    assert find_devices("cpu") == (CPU,)
    assert find_devices("split") == (FIRST, SECOND, THIRD)


@pytest.mark.parametrize(
    ("count", "name", "found"),
    [(0, "split", "no GPU here"), (1, "split", "only one"), (2, "cuda:2", "cuda:0, cuda:1")],
)
def test_a_device_that_is_not_there_is_named_with_those_that_are(
    gpus: Callable[[int], None], count: int, name: str, found: str
) -> None:
    gpus(count)
    with pytest.raises(ModelError, match=f"model.engine.device={name}.*{found}"):
        find_devices(name)


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cuda:", "cuda:01", "cuda:999", "0", "meta", "Split"])
def test_what_is_no_device_is_refused_before_anything_loads(name: str) -> None:
    with pytest.raises(ConfigError, match=f"model.engine.device='{name}' is no device"):
        LocalEngine("nowhere", device=name)


# --- which layers go where ---


def test_layers_are_spread_evenly_with_the_embedding_before_and_the_head_behind() -> None:
    with torch.device("meta"):
        places = spread(llama(num_hidden_layers=5), [FIRST, SECOND])
    assert places == {
        "model.embed_tokens": FIRST,
        "model.layers.0": FIRST,
        "model.layers.1": FIRST,
        "model.layers.2": FIRST,
        "model.layers.3": SECOND,
        "model.layers.4": SECOND,
        "model.norm": SECOND,
        "model.rotary_emb": FIRST,
        "lm_head": SECOND,
    }


def test_a_head_that_is_the_embedding_stays_with_it() -> None:
    with torch.device("meta"):
        places = spread(llama(tie_word_embeddings=True), [FIRST, SECOND])
    assert places["lm_head"] == places["model.embed_tokens"] == FIRST


def test_the_device_with_the_least_room_for_its_layers_decides_how_many_tokens_are_cached() -> None:
    shape = {
        "num_heads": 2,
        "key_width": 8,
        "value_width": 8,
    }  # 2 x (8 + 8) x 4 bytes = 128 a layer and token
    layers = [LayerShape(**shape, device=device) for device in (FIRST, FIRST, FIRST, SECOND)]
    room = {FIRST: 38_400, SECOND: 25_600}  # for 100 tokens of three layers; for 200 of one
    assert cache_budget(layers, torch.float32, room) == 100 * 4 * 128
    assert cache_budget(layers, torch.float32, {**room, SECOND: 12_799}) == 99 * 4 * 128
    assert bytes_per_token(layers, torch.float32) == 4 * 128


# --- the same numbers ---


def test_a_model_split_over_two_devices_gives_the_tokens_and_logits_of_one() -> None:
    script = Path(__file__).with_name("on_two_devices.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    slots = [line for line in lines if "slots" in line]
    assert (len(slots), len(lines)) == (5, 11)
    assert all(line["is_same"] for line in lines), lines
    assert all(line["why_not"] is None for line in slots), slots
    assert all(line["cache"] == ["pretended:0", "pretended:1"] for line in slots), slots


def test_tensors_of_two_devices_do_not_mix_on_the_devices_of_that_test() -> None:
    code = (
        "from pretended_devices import DEVICES; import torch\n"
        "one, other = (torch.ones(2).to(device) for device in DEVICES)\n"
        "one + other"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    assert "tensors are on ['pretended:0', 'pretended:1']" in done.stderr


@pytest.mark.parametrize("make", [tiny_models.wizardlm_13b_v1_2, tiny_models.mixtral_8x7b])
def test_packed_layers_go_to_their_devices_and_compute_the_same(
    make: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tokens = make(tmp_path), torch.arange(3, 15)[None]
    packed_on: list[Any] = []
    pack = mixtral.packed_linear

    def noting(weight: torch.Tensor, device: torch.device) -> Any:
        packed_on.append(device)
        return pack(weight, device)

    # Two names of one device: tensors say "cpu" on both, which accelerate is told to take for the same.
    monkeypatch.setattr(accelerate.utils.modeling, "check_device_same", lambda one, other: True)
    monkeypatch.setattr(mixtral, "packed_linear", noting)
    devices = [CPU, torch.device("cpu", 0)]
    plain, split = (
        load_network(folder, dtype=torch.float32, devices=some, quantization="nf4")
        for some in (devices[:1], devices)
    )
    with torch.inference_mode():
        expected, found = (network(input_ids=tokens, use_cache=False).logits for network in (plain, split))
    assert torch.equal(found, expected)
    assert set(split.hf_device_map.values()) == set(devices)
    if make is tiny_models.mixtral_8x7b:
        assert packed_on[-8:] == [devices[0]] * 4 + [devices[1]] * 4

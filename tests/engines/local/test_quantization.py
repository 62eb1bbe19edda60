"""A model that is to be packed is packed, and one that cannot be says so before it fills the memory."""

import json
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import chatglm2_6b, llama3_8b, mixtral_8x7b, wizardlm_13b_v1_2
from torch import Tensor

from def_sim.engines.local.checkpoints.tensor_files import TensorFile
from def_sim.engines.local.loading import mixtral, quantization
from def_sim.engines.local.loading.networks import load_network
from def_sim.engines.local.loading.packing import check_packed, network_facts, packed_share
from def_sim.engines.local.loading.quantization import (
    choose_quantization,
    estimated_parameters,
    loaded_bytes,
)
from def_sim.engines.local.loading.unpacking import unpack_linear_layers
from def_sim.engines.local.model import LocalModel
from def_sim.engines.local.settings import EngineSettings
from def_sim.errors import ModelError

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEF_SIM_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def tiny_mixtral(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mixtral_8x7b(tmp_path_factory.mktemp("mixtral"))


@pytest.fixture(scope="module")
def wizard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wizardlm_13b_v1_2(tmp_path_factory.mktemp("wizard"))


@pytest.fixture
def folder(tiny_mixtral: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(tiny_mixtral, tmp_path / "model"))


def set_config(folder: Path, **more: Any) -> Path:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | more))
    return folder


def load(folder: Path, quantization: str) -> Any:
    network = load_network(folder, dtype=torch.float32, devices=[CPU], quantization=quantization)
    return network.requires_grad_(False)


# --- which one ---


def test_auto_packs_what_has_more_parameters_than_the_limit(wizard: Path) -> None:
    parameters = estimated_parameters(wizard)
    assert choose_quantization("auto", wizard) == "none"
    assert choose_quantization("auto", wizard, quantize_above=parameters - 1) == "nf4"
    assert choose_quantization("auto", wizard, quantize_above=parameters) == "none"


def test_parameters_of_bin_files_are_estimated_from_their_bytes(wizard: Path) -> None:
    exact = sum(weight.numel() for weight in load(wizard, "none").parameters())
    assert estimated_parameters(wizard) == pytest.approx(exact, rel=0.15)  # small archives have large headers


def test_a_13b_in_nf4_takes_8_gigabytes() -> None:
    # 13.02 B parameters, of them 2 x 32,000 x 5,120 in both embeddings: 0.66 GB in 16 bit + 6.55 GB packed.
    embeddings = 2 * 32_000 * 5_120
    assert loaded_bytes(13_015_864_320, "nf4", in_16_bit=embeddings) == pytest.approx(7.2e9, rel=0.01)
    assert loaded_bytes(13_015_864_320, "none") == 2 * 13_015_864_320


@pytest.mark.parametrize(
    ("requested", "settings", "message"),
    [
        ("nf4", {"quant_method": "gptq"}, "is stored in gptq"),
        ("none", {"quant_method": "gptq"}, "is stored in gptq"),
        ("auto", {"quant_method": "awq"}, "quantised by 'awq'"),
        ("none", {"quant_method": "bitsandbytes", "load_in_4bit": True}, "is stored in nf4"),
        ("gptq", None, "is not one"),
    ],
)
def test_what_does_not_go_with_how_the_weights_are_stored_is_refused(
    wizard: Path, tmp_path: Path, requested: str, settings: dict[str, Any] | None, message: str
) -> None:
    folder = Path(shutil.copytree(wizard, tmp_path / "model"))
    if settings is not None:
        set_config(folder, quantization_config=settings)
    with pytest.raises(ModelError, match=message) as caught:
        choose_quantization(requested, folder)
    assert caught.value.fix


def test_a_gptq_checkpoint_needs_gptqmodel_in_an_environment_of_its_own(
    wizard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = set_config(shutil.copytree(wizard, tmp_path / "m"), quantization_config={"quant_method": "gptq"})
    monkeypatch.setattr(quantization, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="needs gptqmodel") as caught:
        choose_quantization("auto", folder)
    assert 'pip install -e ".[gptq]"' in caught.value.fix
    monkeypatch.setattr(quantization, "find_spec", lambda name: object())
    assert choose_quantization("auto", folder) == choose_quantization("gptq", folder) == "gptq"


def test_a_gptq_checkpoint_of_mixtral_is_refused_with_the_reason(folder: Path) -> None:
    set_config(folder, quantization_config={"quant_method": "gptq"})
    with pytest.raises(ModelError, match="packed matrix per expert"):
        choose_quantization("auto", folder)


def test_mixtral_in_int8_is_refused_before_it_is_loaded(folder: Path) -> None:
    with pytest.raises(ModelError, match="experts of a layer in 16 bit"):
        choose_quantization("int8", folder)


def test_a_missing_bitsandbytes_is_said_with_its_command(
    wizard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantization, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="needs bitsandbytes") as caught:
        choose_quantization("nf4", wizard)
    assert "pip install" in caught.value.fix


# --- what it does ---


def test_a_checkpoint_that_was_saved_packed_is_loaded_as_it_is_stored(tmp_path: Path) -> None:
    packed, folder = load(llama3_8b(tmp_path), "nf4"), tmp_path / "packed"
    packed.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tmp_path / name, folder)
    assert choose_quantization("auto", folder) == "nf4"
    again = load(folder, "nf4")
    ids = torch.tensor([list(range(20, 60))])
    assert torch.equal(again(ids).logits, packed(ids).logits)


@pytest.mark.parametrize(("quantization", "bits"), [("nf4", 4), ("int8", 8)])
def test_a_packed_model_keeps_its_parameters_in_fewer_bytes(
    wizard: Path, quantization: str, bits: int
) -> None:
    plain, packed = (network_facts(load(wizard, q), q) for q in ("none", quantization))
    assert packed["parameters"] == plain["parameters"]
    assert plain["packed_share"] == 0
    assert float(str(packed["packed_share"])) > 0.99
    assert packed["device_map"] == {"": "cpu"}
    # Both embeddings stay in float32; the layers' matrices shrink from 32 bit, and constants come on top:
    # a byte for 64 weights and 4 bytes for 16,384 of them (nf4), 4 bytes a row (int8).
    layers = 2 * (4 * 64 * 64 + 3 * 64 * 128)
    saved = int(str(plain["loaded_bytes"])) - int(str(packed["loaded_bytes"]))
    assert saved == pytest.approx(layers * (32 - bits) / 8, rel=0.03)


def test_a_4_bit_mixtral_has_its_experts_packed(tiny_mixtral: Path) -> None:
    network = load(tiny_mixtral, "nf4")
    assert packed_share(network) > 0.99
    facts = network_facts(network, "nf4")
    # Experts alone: 2 layers x 8 x 3 x 64 x 128 = 393,216 weights, 197 kB packed, 1.6 MB in float32.
    assert facts["parameters"] == network_facts(load(tiny_mixtral, "none"), "none")["parameters"]
    assert int(str(facts["loaded_bytes"])) < 500_000


def test_the_packed_weights_of_mixtral_are_the_published_ones_rounded(tiny_mixtral: Path) -> None:
    plain, packed = load(tiny_mixtral, "none"), load(tiny_mixtral, "nf4")
    for exact, rounded in zip(plain.model.layers, packed.model.layers, strict=True):
        for name in ("gate_up_proj", "down_proj"):
            close_to_nf4(getattr(rounded.mlp.experts, name), getattr(exact.mlp.experts, name))
        assert torch.equal(rounded.mlp.gate.weight, exact.mlp.gate.weight)
        assert torch.equal(rounded.input_layernorm.weight, exact.input_layernorm.weight)


def close_to_nf4(rounded: Tensor, exact: Tensor) -> None:
    """Sixteen levels between -1 and 1 of a block's largest weight; its widest gap is 0.3, errors half."""
    assert rounded.shape == exact.shape
    assert float((rounded - exact).abs().max()) <= 0.16 * float(exact.abs().max())
    # A row exchanged with its neighbour would be off by the size of the weights themselves.
    assert float((rounded - exact).std()) < 0.12 * float(exact.std())


def test_unpacked_layers_compute_what_the_packed_ones_do(wizard: Path) -> None:
    packed, unpacked = load(wizard, "nf4"), load(wizard, "nf4")
    num_bytes = unpack_linear_layers(unpacked, most_bytes=1 << 30)
    assert num_bytes == 4 * 2 * (4 * 64 * 64 + 3 * 64 * 128)  # float32, two layers
    assert packed_share(unpacked) == 0
    assert not [module for module in unpacked.modules() if type(module).__name__ == "Linear4bit"]
    ids = torch.tensor([list(range(20, 60))])
    expected, found = packed(ids).logits, unpacked(ids).logits
    # On a CPU bitsandbytes multiplies packed matrices in 16 bit; the weights that it multiplies are the same.
    assert (found - expected).norm() < 0.02 * expected.norm()
    assert (load(wizard, "none")(ids).logits - expected).norm() > 0.05 * expected.norm()


def test_layers_stay_packed_where_there_is_no_room_for_them(wizard: Path) -> None:
    network = load(wizard, "nf4")
    assert unpack_linear_layers(network, most_bytes=100_000) == 0
    assert packed_share(network) > 0.99
    assert unpack_linear_layers(load(wizard, "none"), most_bytes=1 << 30) == 0  # nothing is packed


def test_packed_experts_compute_what_plain_ones_would_with_the_rounded_weights(tiny_mixtral: Path) -> None:
    plain, packed = load(tiny_mixtral, "none"), load(tiny_mixtral, "nf4")
    hidden = torch.randn((10, 64), generator=torch.Generator().manual_seed(0))
    for ours, theirs in zip(plain.model.layers, packed.model.layers, strict=True):
        for name in ("gate_up_proj", "down_proj"):
            getattr(ours.mlp.experts, name).copy_(getattr(theirs.mlp.experts, name))
        _, weights, chosen = ours.mlp.gate(hidden)
        expected, found = (layer.mlp.experts(hidden, chosen, weights) for layer in (ours, theirs))
        assert float((found - expected).abs().max()) < 1e-5


def test_no_layer_is_in_memory_unpacked_when_the_next_is_read(
    tiny_mixtral: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """94 GB are never held: what was read for a layer is gone before the next layer's experts come."""
    read = TensorFile.read
    alive: dict[str, list[weakref.ref[Tensor]]] = {}

    def watched(file: TensorFile, name: str) -> Tensor:
        tensor = read(file, name)
        if ".experts." in name:
            layer = name.split(".")[2]
            others = [ref for other, refs in alive.items() if other != layer for ref in refs]
            assert not any(ref() is not None for ref in others), f"layer {layer} is read too early"
            alive.setdefault(layer, []).append(weakref.ref(tensor))
        return tensor

    monkeypatch.setattr(TensorFile, "read", watched)
    load_network(tiny_mixtral, dtype=torch.bfloat16, devices=[CPU], quantization="nf4")
    assert sorted(alive) == ["0", "1"]


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda tensors: tensors.pop("lm_head.weight"), "'lm_head.weight' is missing"),
        (lambda tensors: tensors.update({"model.stranger": torch.ones(2)}), "'model.stranger' is unknown"),
        (lambda tensors: tensors.update({"lm_head.weight": torch.ones(2)}), r"has shape \[2\]"),
    ],
)
def test_every_tensor_of_a_mixtral_is_accounted_for(
    folder: Path, edit: Callable[[dict[str, Tensor]], object], named: str
) -> None:
    from safetensors.torch import load_file, save_file

    for path in folder.glob("*.safetensors"):
        tensors = load_file(path)
        if "lm_head.weight" in tensors:
            edit(tensors)
            save_file(tensors, path, {"format": "pt"})
    with pytest.raises(ModelError, match=named):
        mixtral.load_packed_mixtral(folder, torch.bfloat16, [CPU])


def test_a_model_of_which_too_little_was_packed_stops_and_names_what_was_not(tiny_mixtral: Path) -> None:
    # What the libraries make of it: the attention in 4 bit, the experts, 97 % of it, in 16.
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    settings: Any = BitsAndBytesConfig
    network = AutoModelForCausalLM.from_pretrained(
        tiny_mixtral, quantization_config=settings(load_in_4bit=True), device_map={"": "cpu"}
    )
    assert packed_share(network) < 0.15
    with pytest.raises(ModelError, match=r"experts\.gate_up_proj is still in 16 bit"):
        check_packed(network, "nf4")


def test_a_checkpoint_that_lacks_a_tensor_is_refused_instead_of_filled_with_random_numbers(
    tmp_path: Path,
) -> None:
    from safetensors.torch import load_file, save_file

    folder = llama3_8b(tmp_path)
    for path in folder.glob("*.safetensors"):
        tensors = load_file(path)
        if tensors.pop("model.layers.1.mlp.up_proj.weight", None) is not None:
            save_file(tensors, path, {"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks 1 tensors .*'model.layers.1.mlp.up_proj.weight'"):
        load(folder, "none")


class Malicious:
    """Unpickled as an ordinary object, it would make a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._path,))


@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_a_bin_file_that_holds_code_is_refused_and_not_run(
    wizard: Path, tmp_path: Path, quantization: str
) -> None:
    folder = Path(shutil.copytree(wizard, tmp_path / "model"))
    path = folder / "pytorch_model-00001-of-00003.bin"
    tensors = torch.load(path, weights_only=True)
    torch.save({**tensors, "weight": Malicious(tmp_path / "was run")}, path)
    with pytest.raises(ModelError, match="cannot be read as plain tensors"):
        load(folder, quantization)
    assert not (tmp_path / "was run").exists()


def test_a_safetensors_file_with_a_damaged_header_is_named(folder: Path) -> None:
    path = folder / "model-00002-of-00003.safetensors"
    content = bytearray(path.read_bytes())
    content[12] = 0
    path.write_bytes(content)
    for chosen in ("none", "nf4"):
        with pytest.raises(ModelError, match=r"model-00002-of-00003\.safetensors is damaged"):
            load(folder, chosen)


def test_the_loaded_model_tells_its_quantisation_size_and_place(tmp_path: Path) -> None:
    model = LocalModel(
        chatglm2_6b(tmp_path),
        EngineSettings("", dtype="bfloat16", device="cpu", prompt_style="chatglm2", quantization="nf4"),
    )
    facts = model.facts()
    assert facts["quantization"] == "nf4"
    assert facts["parameters"] == sum(weight.numel() for weight in load(tmp_path, "none").parameters())
    assert {"loaded_bytes", "packed_share", "device_map", "prompt_style", "system_turn"} <= set(facts)

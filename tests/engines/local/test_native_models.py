"""ChatGLM2 and Baichuan2-13B compute what their published code computes, from their published files."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from left_behind import dead_writers_path
from numpy_models import SLOPES_OF_6, baichuan2_logits, chatglm2_logits
from rounding import furthest, logit_tolerance
from tiny_models import baichuan2_13b_chat, chatglm2_6b

from def_sim.engines.local.checkpoints.tensor_files import open_tensors
from def_sim.engines.local.checkpoints.weight_files import weight_files
from def_sim.engines.local.engine import LocalEngine
from def_sim.engines.local.loading.native import conversion
from def_sim.engines.local.loading.native.baichuan2 import alibi_slopes
from def_sim.engines.local.loading.native.conversion import conversion_folder, runnable_folder
from def_sim.engines.local.loading.native.library_names import CACHE
from def_sim.engines.local.loading.networks import load_network
from def_sim.errors import ModelError
from def_sim.records import Request

IDS = [64, 3, 210, 77, 5, 5, 300, 121, 9, 250, 31, 2, 88]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Conversions go where the test can see them."""
    monkeypatch.setenv("DEF_SIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module", params=["chatglm2", "baichuan2"])
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    make: Callable[..., Path] = {"chatglm2": chatglm2_6b, "baichuan2": baichuan2_13b_chat}[request.param]
    return make(tmp_path_factory.mktemp(request.param), torch.float32)


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(published, tmp_path / "model"))


def published_tensors(folder: Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for path in weight_files(folder):
        with open_tensors(path) as file:
            tensors |= {name: file.read(name) for name in file}
    return tensors


def load(folder: Path) -> Any:
    network = load_network(folder, dtype=torch.float32, devices=[torch.device("cpu")], quantization="none")
    return network.requires_grad_(False)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_logits_are_those_of_an_independent_forward_pass(published: Path) -> None:
    config = json.loads((published / "config.json").read_text())
    tensors = {name: tensor.double().numpy() for name, tensor in published_tensors(published).items()}
    reference = chatglm2_logits if config["model_type"] == "chatglm" else baichuan2_logits
    expected = reference(tensors, config, IDS)
    network = load(published)
    found = network(torch.tensor([IDS])).logits[0]
    assert np.abs(expected).max() > 0.5  # so that the next line says something
    assert furthest(found, expected) < logit_tolerance(network, expected, num_rounded=1)


def turns_by_other_angles(network: Any) -> None:
    network.model.rotary_emb.inv_freq.mul_(1.001)


def falls_off_by_other_slopes(network: Any) -> None:
    for layer in network.model.layers:
        layer.self_attn.alibi_slopes.mul_(1.001)


def scales_its_scores_otherwise(network: Any) -> None:
    network.model.layers[0].self_attn.scaling *= 1.001


@pytest.mark.parametrize("fault", ["position", "scale"])
def test_a_fault_of_one_in_a_thousand_is_told_from_rounding(published: Path, fault: str) -> None:
    network = load(published)
    expected = network(torch.tensor([IDS])).logits[0]
    position = turns_by_other_angles if "chatglm2" in published.parts[-1] else falls_off_by_other_slopes
    {"position": position, "scale": scales_its_scores_otherwise}[fault](network)
    assert furthest(network(torch.tensor([IDS])).logits[0], expected) > logit_tolerance(network, expected)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_left_padding_and_the_cache_change_nothing(published: Path, attention: str) -> None:
    network = load(published)
    network.set_attn_implementation(attention)
    alone = network(torch.tensor([IDS])).logits[0]
    padded = torch.tensor([[0, 0, 0, *IDS], [7, *IDS[:2], *IDS]])
    mask = torch.tensor([[0, 0, 0, *[1] * len(IDS)], [1] * (len(IDS) + 3)])
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    # A prompt, then the rest token by token.
    step = network(
        padded[:, :10], attention_mask=mask[:, :10], position_ids=positions[:, :10], use_cache=True
    )
    logits = [step.logits]
    for end in range(11, padded.shape[1] + 1):
        step = network(
            padded[:, end - 1 : end],
            attention_mask=mask[:, :end],
            position_ids=positions[:, end - 1 : end],
            use_cache=True,
            **{CACHE: getattr(step, CACHE)},
        )
        logits.append(step.logits)
    assert furthest(torch.cat(logits, dim=1)[0, 3:], alone) < logit_tolerance(network, alone)


def test_slopes_of_heads_that_are_no_power_of_two() -> None:
    assert alibi_slopes(6) == list(SLOPES_OF_6)
    # Of the published 40: 2^(-1/4), 2^(-2/4) ... to 2^-8, then 2^(-1/8), 2^(-3/8) ...
    slopes = alibi_slopes(40)
    assert len(slopes) == 40
    assert slopes[:2] == [2**-0.25, 2**-0.5]
    assert slopes[31:34] == [2**-8, 2**-0.125, 2**-0.375]


def test_attention_functions_of_our_own_find_the_slopes_on_each_layer(tmp_path: Path) -> None:
    network = load(baichuan2_13b_chat(tmp_path))
    for layer in network.model.layers:
        assert layer.self_attn.alibi_slopes.tolist() == list(SLOPES_OF_6)


def test_an_interrupted_conversion_goes_on_and_ends_in_the_same_bytes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = digests(runnable_folder(folder))
    target = conversion_folder(folder)
    shutil.rmtree(target)
    convert_file, converted = conversion._convert_file, []

    def dies_at_the_second_file(path: Path, target: Path, recipe: Any) -> None:
        if len(converted) == 1:
            raise KeyboardInterrupt
        convert_file(path, target, recipe)
        converted.append(target.name)

    monkeypatch.setattr(conversion, "_convert_file", dies_at_the_second_file)
    with pytest.raises(KeyboardInterrupt):
        runnable_folder(folder)
    assert [path.name for path in target.iterdir()] == converted
    written = (target / converted[0]).stat().st_mtime_ns
    # What a process that is killed outright leaves behind.
    dead_writers_path(target / "model-00002.safetensors").write_bytes(b"half")
    monkeypatch.setattr(conversion, "_convert_file", convert_file)
    assert digests(runnable_folder(folder)) == whole
    assert (target / converted[0]).stat().st_mtime_ns == written  # not converted twice


def test_what_was_converted_once_is_not_converted_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = runnable_folder(folder)
    monkeypatch.setattr(conversion, "convert", None)
    assert runnable_folder(folder) == target


def test_other_weights_are_converted_to_another_place(folder: Path) -> None:
    before = conversion_folder(folder)
    path = weight_files(folder)[0]
    tensors = torch.load(path, weights_only=True)
    torch.save({name: tensor * 2 for name, tensor in tensors.items()}, path)
    assert conversion_folder(folder) != before


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edits the tensors of the first weight file, and takes the total from the index."""
    path = weight_files(folder)[0]
    tensors = torch.load(path, weights_only=True)
    edit(tensors)
    torch.save(tensors, path)
    forget_total(folder)


def forget_total(folder: Path) -> None:
    """A file that is shorter than the index promises is noticed before anything is read."""
    index = folder / "pytorch_model.bin.index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"metadata": {}}))


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda tensors: tensors.pop(min(tensors)), "lacks 1 tensors"),
        (lambda tensors: tensors.update({"model.layers.9.bias": torch.ones(1)}), "'model.layers.9.bias'"),
        (lambda tensors: tensors.update({min(tensors): torch.ones(3)}), r"of shape \[3\]"),
    ],
)
def test_a_tensor_that_is_missing_unknown_or_of_another_shape_is_named(
    folder: Path, cache: Path, edit: Callable[[dict[str, Any]], object], named: str
) -> None:
    change(folder, edit)
    with pytest.raises(ModelError, match=named):
        runnable_folder(folder)
    assert not cache.exists()  # nothing is written of a checkpoint that is not whole


def test_a_weight_file_that_holds_code_is_refused_and_not_run(folder: Path, tmp_path: Path) -> None:
    class Malicious:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "was run",))

    torch.save({"weight": Malicious()}, weight_files(folder)[0])
    forget_total(folder)
    with pytest.raises(ModelError, match="cannot be read as plain tensors"):
        runnable_folder(folder)
    assert not (tmp_path / "was run").exists()


def test_a_variant_of_the_architecture_is_refused_by_the_setting_that_differs(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    different = {"chatglm": {"add_bias_linear": True}, "baichuan": {"hidden_act": "gelu"}}[
        config["model_type"]
    ]
    (folder / "config.json").write_text(json.dumps(config | different))
    with pytest.raises(ModelError, match=next(iter(different))):
        runnable_folder(folder)


def test_the_rotating_7b_is_not_taken_for_the_13b(tmp_path: Path) -> None:
    folder = baichuan2_13b_chat(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["max_position_embeddings"] = config.pop("model_max_length")
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="not the 13B"):
        runnable_folder(folder)


def test_a_full_disk_is_said_with_the_way_to_another_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, target: Path, recipe: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(conversion, "_convert_file", full)
    with pytest.raises(ModelError, match="No space left") as caught:
        runnable_folder(folder)
    assert "DEF_SIM_CACHE" in caught.value.fix


def test_other_architectures_are_left_as_they_are(checkpoint: Path) -> None:
    assert runnable_folder(checkpoint) == checkpoint


@pytest.mark.parametrize(
    "decoding", [{"do_sample": False}, {"do_sample": True}, {"num_beams": 3, "do_sample": False}]
)
def test_in_slots_and_by_generate_the_tokens_are_the_same(
    published: Path, make_request: Callable[..., Request], decoding: dict[str, Any]
) -> None:
    style = "chatglm2" if "chatglm" in (published / "config.json").read_text() else "baichuan2"
    requests = [make_request(number, max_new_tokens=12, **decoding) for number in range(6)]

    async def answers(loop: str) -> list[str]:
        engine = LocalEngine(str(published), dtype="float32", device="cpu", prompt_style=style, loop=loop)
        try:
            completions = await asyncio.gather(*map(engine.submit, requests))
        finally:
            await engine.close()
        return [completion.text for completion in completions]

    in_slots, by_generate = asyncio.run(answers("slots")), asyncio.run(answers("generate"))
    assert in_slots == by_generate
    assert len(set(in_slots)) > 3

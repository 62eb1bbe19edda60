"""GGUF files: unpacked once, every number in its place, the tokenizer as the file has it."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from left_behind import dead_writers_path
from safetensors.torch import load_file
from tiny_gguf import SPECIAL, byte_tokens, make_network, write_gguf
from transformers import AutoModelForCausalLM, GgufConfig

from def_sim.engines.local.checkpoints.checkpoint import checkpoint_identity
from def_sim.engines.local.checkpoints.gguf.checks import check_gguf, unpacked_folder
from def_sim.engines.local.checkpoints.gguf.header import read_header
from def_sim.engines.local.checkpoints.gguf.unpacking import unpack
from def_sim.engines.local.loading.networks import load_network, load_tokenizer
from def_sim.engines.local.model import special_tokens
from def_sim.errors import ModelError

KINDS = gguf.GGMLQuantizationType
TOKENS = torch.tensor([[5, 70, 200, 131, 12, 9, 88, 250, 7, 301, 44, 60] * 4])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEF_SIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def logits(network: Any) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = network(TOKENS).logits
    return found


def loaded(folder: Path) -> Any:
    cpu = (torch.device("cpu"),)
    return load_network(folder, dtype=torch.float32, devices=cpu, quantization="none")


# --- weights ---


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "gemma3"])
def test_an_unpacked_model_computes_what_the_model_in_the_file_computed(
    tmp_path: Path, architecture: str
) -> None:
    network = make_network(architecture)
    folder = unpack(write_gguf(tmp_path / "tiny.gguf", network, architecture))
    # Gemma's norms are stored one higher and lose a bit by it; all else is the same to the bit.
    torch.testing.assert_close(logits(loaded(folder)), logits(network), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [KINDS.Q8_0, KINDS.Q4_1, KINDS.BF16, KINDS.F16])
def test_packed_weights_are_unpacked_to_the_numbers_that_transformers_gives_them(
    tmp_path: Path, kind: KINDS
) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", make_network("llama"), "llama", kind=kind)
    reference: Any = AutoModelForCausalLM.from_pretrained(
        tmp_path, gguf_file=path.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
    )
    assert torch.equal(logits(loaded(unpack(path))), logits(reference.eval()))


def test_16_bit_weights_stay_in_16_bit_and_packed_ones_become_float32(tmp_path: Path) -> None:
    half = unpack(write_gguf(tmp_path / "half.gguf", make_network("llama"), "llama", kind=KINDS.BF16))
    packed = unpack(write_gguf(tmp_path / "packed.gguf", make_network("llama"), "llama", kind=KINDS.Q8_0))
    for folder, expected in ((half, torch.bfloat16), (packed, torch.float32)):
        [file] = folder.glob("*.safetensors")
        stored = load_file(file)
        assert stored["model.layers.0.mlp.up_proj.weight"].dtype is expected
        assert stored["model.norm.weight"].dtype is torch.float32


def test_a_tensor_that_is_missing_or_unknown_is_an_error_and_nothing_is_written(
    tmp_path: Path, cache: Path
) -> None:
    network = make_network("llama")
    lacks = write_gguf(tmp_path / "a.gguf", network, "llama", left_out="blk.1.ffn_up.weight")
    with pytest.raises(ModelError, match=r"has 0 numbers for 'model.layers.1.mlp.up_proj.weight'"):
        unpack(lacks)
    more = write_gguf(
        tmp_path / "b.gguf", network, "llama", extra={"blk.0.ffn_gate_inp.weight": np.ones((4, 64), "f4")}
    )
    with pytest.raises(ModelError, match=r"'blk.0.ffn_gate_inp.weight', which has no place"):
        unpack(more)
    assert not cache.exists()


def test_an_interrupted_unpacking_goes_on_and_ends_in_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("def_sim.engines.local.checkpoints.gguf.unpacking._MOST_BYTES_A_FILE", 100_000)
    path = write_gguf(tmp_path / "tiny.gguf", make_network("llama"), "llama")
    whole = {file.name: file.read_bytes() for file in unpack(path).iterdir()}
    assert sum(name.endswith(".safetensors") for name in whole) > 2
    folder = unpacked_folder(path)
    (folder / "config.json").unlink()
    (folder / "model-00002-of-00004.safetensors").unlink(missing_ok=True)
    dead_writers_path(folder / "model-00002").write_bytes(b"half")
    assert {file.name: file.read_bytes() for file in unpack(path).iterdir()} == whole


def test_the_scaling_of_llama_3_is_found_again_in_its_factors(tmp_path: Path) -> None:
    # 8 frequencies of base 500,000: wavelengths 6, 32, 168, 869, 4443, 22902, ...: the first three are short
    # (below 8192 / 4), the last three beyond 8192; between them 869 and 4443: the first is short, too.
    from def_sim.engines.local.checkpoints.gguf.settings import corrections

    wavelengths = 2 * np.pi * 500_000 ** (np.arange(8) / 8)
    smooth = (8192 / wavelengths[4] - 1) / 3
    factors = np.array([1, 1, 1, 1, 1 / ((1 - smooth) / 32 + smooth), 32, 32, 32], "f4")
    settings = {"llama.rope.freq_base": 500_000.0}
    path = write_gguf(
        tmp_path / "a.gguf",
        make_network("llama"),
        "llama",
        settings=settings,
        extra={"rope_freqs.weight": factors},
    )
    scaling = corrections(read_header(path))["rope_scaling"]
    assert (scaling["rope_type"], scaling["factor"]) == ("llama3", 32.0)
    rope = json.loads((unpack(path) / "config.json").read_text(encoding="utf-8"))["rope_parameters"]
    assert (rope["rope_type"], rope["factor"], rope["rope_theta"]) == ("llama3", 32.0, 500_000.0)
    other = write_gguf(
        tmp_path / "b.gguf",
        make_network("llama"),
        "llama",
        extra={"rope_freqs.weight": np.arange(1, 9, dtype="f4")},
    )
    with pytest.raises(ModelError, match="factors that are not Llama 3's"):
        unpack(other)


def test_a_linear_scaling_of_positions_is_taken_over(tmp_path: Path) -> None:
    settings = {"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0}
    path = write_gguf(tmp_path / "a.gguf", make_network("llama"), "llama", settings=settings)
    rope = json.loads((unpack(path) / "config.json").read_text(encoding="utf-8"))["rope_parameters"]
    assert (rope["rope_type"], rope["factor"]) == ("linear", 4.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"llama.expert_count": 8}, "llama.expert_count=8, which is not understood"),
        ({"llama.logit_scale": 2.0}, "llama.logit_scale=2.0, which is not understood"),
        ({"llama.rope.scaling.type": "longrope"}, "scales positions by 'longrope'"),
        ({"tokenizer.ggml.pre": "of-tomorrow"}, "splits text in the way 'of-tomorrow'"),
    ],
)
def test_a_setting_that_nobody_reads_is_refused(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    path = write_gguf(tmp_path / "a.gguf", make_network("llama"), "llama", settings=settings)
    with pytest.raises(ModelError, match=message) as error:
        unpack(path)
    assert "model=server" in error.value.fix


# --- the tokenizer ---


@pytest.fixture
def tokenizer(tmp_path: Path) -> Any:
    folder = unpack(write_gguf(tmp_path / "tiny.gguf", make_network("qwen2"), "qwen2"))
    return load_tokenizer(folder, "chat")


def test_a_byte_level_tokenizer_splits_digits_before_it_merges(tokenizer: Any) -> None:
    # The merges "Ġ 1" and "1 2" would join them; SmolLM's split leaves no space and no digit together.
    assert tokenizer.tokenize("Answer 12") == ["Answer", "Ġ", "1", "2"]


def test_control_tokens_are_found_in_texts_even_if_their_letters_are_no_bytes(tokenizer: Any) -> None:
    ids = tokenizer("<｜User｜>Answer<|im_end|><think>", add_special_tokens=False)["input_ids"]
    names = byte_tokens()[0]
    assert [names[token] for token in ids] == ["<｜User｜>", "Answer", "<|im_end|>", "<think>"]
    assert set(tokenizer.all_special_ids) == set(range(len(SPECIAL)))
    assert tokenizer.decode(ids, skip_special_tokens=True) == "Answer<think>"


@pytest.mark.parametrize("text", ["家庭 1", "a\n\n b", "ünïcode 🙂"])
def test_any_text_comes_back_from_its_tokens(tokenizer: Any, text: str) -> None:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids) == text


def test_a_text_begins_with_the_begin_token_only_if_the_file_says_so(tmp_path: Path, tokenizer: Any) -> None:
    assert tokenizer("Answer")["input_ids"] == tokenizer("Answer", add_special_tokens=False)["input_ids"]
    gemma = load_tokenizer(
        unpack(write_gguf(tmp_path / "gemma.gguf", make_network("gemma3"), "gemma3")), "text"
    )
    begin, *rest = gemma("Answer 1")["input_ids"]
    assert (begin, rest) == (2, gemma("Answer 1", add_special_tokens=False)["input_ids"])


def test_the_ends_of_a_turn_are_those_of_the_file_and_those_that_always_are(tmp_path: Path) -> None:
    folder = unpack(write_gguf(tmp_path / "a.gguf", make_network("qwen2"), "qwen2"))
    special = special_tokens(folder, load_tokenizer(folder, "chat"))
    assert special.stop == (SPECIAL.index("<|endoftext|>"), SPECIAL.index("<|im_end|>"))
    assert (special.begin, special.pad) == (0, 0)


# --- which run it is ---


def test_a_run_is_named_by_the_bytes_of_the_file_not_by_its_name_or_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_gguf(tmp_path / "a.gguf", make_network("llama"), "llama")
    before = checkpoint_identity(path)
    copy = tmp_path / "sha256-0a1b2c"  # as some programs keep them
    copy.write_bytes(path.read_bytes())
    monkeypatch.setenv("DEF_SIM_CACHE", str(tmp_path / "elsewhere"))
    assert checkpoint_identity(copy) == before
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    copy.write_bytes(changed)
    assert checkpoint_identity(copy)["gguf"] != before["gguf"]


def test_a_file_without_a_template_is_a_base_model_and_the_message_says_how_to_ask_it(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", make_network("llama"), "llama", template=None)
    check_gguf(path, needs_chat_template=False)
    with pytest.raises(ModelError, match="no chat template, as base models have none") as error:
        check_gguf(path, needs_chat_template=True)
    assert "model.is_tuned=false model.engine.prompt_style=text" in error.value.fix

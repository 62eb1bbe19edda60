"""Published GPTQ checkpoints run through gptqmodel; skipped where the extra `gptq` is not installed."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import CORPUS, llama3_8b_instruct

pytest.importorskip("gptqmodel", reason="needs an environment with the extra `gptq`")
pytest.importorskip("optimum")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # gptqmodel and what it imports warn on their own account
]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama 3, quantised as publishers do and saved."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GPTQConfig

    plain = llama3_8b_instruct(tmp_path_factory.mktemp("plain"))
    folder = tmp_path_factory.mktemp("gptq")
    tokenizer: Any = AutoTokenizer.from_pretrained(plain)
    make: Any = GPTQConfig
    settings = make(bits=4, dataset=[text * 4 for text in CORPUS], tokenizer=tokenizer, group_size=32)
    network: Any = AutoModelForCausalLM.from_pretrained(
        plain, dtype=torch.float16, quantization_config=settings, device_map={"": "cpu"}
    )
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("quantization", ["auto", "gptq"])
def test_a_gptq_checkpoint_is_loaded_as_it_is_stored_and_packed(published: Path, quantization: str) -> None:
    from def_sim.engines.local.model import LocalModel
    from def_sim.engines.local.settings import EngineSettings

    model = LocalModel(
        published,
        EngineSettings("", dtype="float16", device="cpu", prompt_style="chat", quantization=quantization),
    )
    facts = model.facts()
    assert facts["quantization"] == "gptq"
    assert float(str(facts["packed_share"])) > 0.99
    # 2 layers x (2 x 64 x 64 + 2 x 64 x 32 + 3 x 64 x 128) weights in 4 bit, with constants for every 32.
    plain = 2 * int(str(facts["parameters"]))
    layers = 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128)
    saved = plain - int(str(facts["loaded_bytes"]))
    assert saved == pytest.approx(layers * (16 - 4) / 8, rel=0.15)
    logits = model.network(torch.tensor([[5, 6, 7]])).logits
    assert bool(torch.isfinite(logits).all())

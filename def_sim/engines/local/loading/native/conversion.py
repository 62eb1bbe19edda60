"""Converts a published checkpoint once, file by file, into a folder of our own cache.

A converted file is renamed into place when it is whole, so an interrupted conversion goes on with
the files that are missing and ends in the same bytes; config.json is written last and marks the
end. Every published tensor must be known, of its shape, and used. Only numbers are read: `.bin`
files with weights_only, no code of the checkpoint. Knows no architecture; see `Recipe`.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from def_sim.engines.local.checkpoints.checkpoint import checkpoint_identity
from def_sim.engines.local.checkpoints.json_files import DOWNLOAD_AGAIN, read_json
from def_sim.engines.local.checkpoints.tensor_files import open_tensors
from def_sim.engines.local.checkpoints.weight_files import weight_files
from def_sim.engines.local.loading.native.recipe import Recipe
from def_sim.engines.shared.own_cache import cache_folder, remove_unfinished, write_json
from def_sim.errors import ModelError
from def_sim.temporary import replacing

_VERSION: Final = 1  # a change of what a conversion writes needs another number
_LOG: Final = logging.getLogger("def_sim")

_RECIPES: Final[Mapping[str, str]] = {"chatglm": "chatglm2", "baichuan": "baichuan2"}


def runnable_folder(folder: Path) -> Path:
    """The folder itself, or the converted copy of an architecture that transformers has not.

    Raises:
        ModelError: The checkpoint is a variant that is not supported, is not what its config says,
            or the cache cannot be written.
    """
    config = read_json(folder / "config.json")
    module = _RECIPES.get(str(config.get("model_type")))
    if module is None:
        return folder
    target = conversion_folder(folder)
    if not (target / "config.json").is_file():
        try:
            convert(folder, target, _recipe(module)(config))
        except KeyError as error:
            raise ModelError(f"{folder / 'config.json'} has no {error}.", fix=DOWNLOAD_AGAIN) from error
        except OSError as error:
            if (target / "config.json").is_file():  # another process was faster and has cleared up
                return target
            raise ModelError(
                f"The converted checkpoint cannot be written to {target}: {error.strerror}.",
                fix="Free space (it needs as much as the checkpoint), or set DEF_SIM_CACHE=/folder.",
            ) from error
    return target


def _recipe(module: str) -> Callable[[Mapping[str, Any]], Recipe]:
    from def_sim.engines.local.loading.native import (  # models, which others have no use for
        baichuan2,
        chatglm2,
    )

    return {"chatglm2": chatglm2.recipe, "baichuan2": baichuan2.recipe}[module]


def conversion_folder(folder: Path) -> Path:
    """Where the converted copy of a checkpoint lies: named by the checkpoint's own bytes."""
    content = json.dumps([_VERSION, checkpoint_identity(folder)], sort_keys=True)
    name = hashlib.sha256(content.encode()).hexdigest()[:16]
    return cache_folder() / "converted" / name


def convert(folder: Path, target: Path, recipe: Recipe) -> None:
    """Writes the converted checkpoint, or what is missing of it.

    Raises:
        ModelError: A tensor is missing, unknown or of another shape; nothing is written then.
        OSError: The target cannot be written.
    """
    files = weight_files(folder)
    _check_tensors(files, recipe, folder)
    target.mkdir(parents=True, exist_ok=True)
    _LOG.warning("Converting %s once, into %s", folder, target)
    weight_map: dict[str, str] = {}
    for number, path in enumerate(files, start=1):
        name = f"model-{number:05d}-of-{len(files):05d}.safetensors"
        if not (target / name).is_file():
            _convert_file(path, target / name, recipe)
        weight_map |= dict.fromkeys(_names_in(target / name), name)
    size = sum((target / name).stat().st_size for name in set(weight_map.values()))
    index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(weight_map.items()))}
    write_json(target / "model.safetensors.index.json", index)
    write_json(target / "config.json", recipe.config)
    remove_unfinished(target)


def _check_tensors(files: tuple[Path, ...], recipe: Recipe, folder: Path) -> None:
    """Every expected tensor once, in its shape, and nothing else."""
    missing = dict(recipe.sources)
    for path in files:
        with open_tensors(path) as tensors:
            for name in tensors:
                if name in recipe.ignored:
                    continue
                expected = missing.pop(name, None)
                if expected is None:
                    raise _not_as_published(folder, recipe, f"has {name!r}, which is unknown or there twice")
                if tuple(tensors.shape(name)) != expected:
                    found = list(tensors.shape(name))
                    raise _not_as_published(
                        folder, recipe, f"has {name!r} of shape {found}, expected {list(expected)}"
                    )
    if missing:
        raise _not_as_published(
            folder, recipe, f"lacks {len(missing)} tensors, the first is {min(missing)!r}"
        )


def _not_as_published(folder: Path, recipe: Recipe, what: str) -> ModelError:
    return ModelError(f"{folder} is no whole {recipe.label} checkpoint: it {what}.", fix=DOWNLOAD_AGAIN)


def _convert_file(path: Path, target: Path, recipe: Recipe) -> None:
    from safetensors.torch import save_file

    converted: dict[str, Tensor] = {}
    with open_tensors(path) as tensors:
        for name in tensors:
            if name not in recipe.ignored:
                converted |= {
                    new: tensor.contiguous().clone()
                    for new, tensor in recipe.convert(name, tensors.read(name)).items()
                }
    with replacing(target) as unfinished:
        save_file(converted, unfinished, metadata={"format": "pt"})


def _names_in(path: Path) -> list[str]:
    with open_tensors(path) as tensors:
        return list(tensors)

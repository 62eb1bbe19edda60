"""Where a model lies: on one device, or its layers one after another on all GPUs of the machine.

A model that fits one GPU is faster there, and several GPUs then share a panel as shards. Splitting
is for models that do not fit: the GPUs work one after another, each on its own layers.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import torch
from torch import nn

from def_sim.errors import ModelError

SPLIT: Final = "split"


def find_devices(name: str) -> tuple[torch.device, ...]:
    """The devices that a setting names, found on this machine.

    Args:
        name: "auto" (the first GPU, else the CPU), "cpu", "cuda", "cuda:1", ..., or "split" (all GPUs).

    Returns:
        Each device once; the first holds the model's inputs and outputs.

    Raises:
        ModelError: There is no such device here.
    """
    num_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return (torch.device("cuda:0" if num_gpus else "cpu"),)
    if name == "cpu":
        return (torch.device("cpu"),)
    if num_gpus == 0:
        raise ModelError(
            f"model.engine.device={name}, but torch {torch.__version__} finds no GPU here.",
            fix="Use `model.engine.device=cpu`, or install a torch build for this GPU.",
        )
    if name == SPLIT:
        if num_gpus == 1:
            raise ModelError(
                "model.engine.device=split spreads a model over several GPUs, but there is only one.",
                fix="Use `model.engine.device=auto`, or make more GPUs visible (CUDA_VISIBLE_DEVICES).",
            )
        return tuple(torch.device("cuda", number) for number in range(num_gpus))
    number = int(name.removeprefix("cuda").removeprefix(":") or 0)
    if number >= num_gpus:
        raise ModelError(
            f"model.engine.device={name}, but the GPUs here are "
            f"{', '.join(f'cuda:{one}' for one in range(num_gpus))}.",
            fix="Name one of these, or make more GPUs visible (CUDA_VISIBLE_DEVICES).",
        )
    return (torch.device("cuda", number),)


def spread(network: Any, devices: Sequence[torch.device]) -> dict[str, torch.device]:
    """Which module goes where: as many layers to each device, what comes before and after at the ends.

    Args:
        network: A transformers causal language model; its weights may be on the "meta" device.
        devices: Where to, in the order of the layers.

    Returns:
        A device for each module's path, as accelerate's device maps are.

    Raises:
        ModelError: It has no list of layers.
    """
    lists = list(_outermost_lists(network))
    if not lists:
        raise ModelError(
            f"model.engine.device=split needs a list of layers, which {type(network).__name__} has not.",
            fix="Use `model.engine.device=auto`.",
        )
    layers = max(lists, key=len)
    places = dict(_places(network, "", layers, devices))
    head = network.get_output_embeddings()
    if head is not None and head.weight is network.get_input_embeddings().weight:
        path = next(path for path, module in network.named_modules() if module is head)
        places[path] = devices[0]  # one matrix, in one place
    return places


def _outermost_lists(module: nn.Module) -> Iterator[nn.ModuleList]:
    """Lists that are in no other: the layers, not the experts of a layer."""
    for child in module.children():
        if isinstance(child, nn.ModuleList):
            yield child
        else:
            yield from _outermost_lists(child)


def _places(
    module: nn.Module, path: str, layers: nn.ModuleList, devices: Sequence[torch.device]
) -> Iterator[tuple[str, torch.device]]:
    is_behind = False
    for name, child in module.named_children():
        place = f"{path}.{name}" if path else name
        if child is layers:
            for number in range(len(layers)):
                yield f"{place}.{number}", devices[number * len(devices) // len(layers)]
            is_behind = True
        elif any(inner is layers for inner in child.modules()):
            yield from _places(child, place, layers, devices)
            is_behind = True
        else:  # what has no weights, such as the angles of positions, is needed by all layers
            has_weights = next(child.parameters(), None) is not None
            yield place, devices[-1] if is_behind and has_weights else devices[0]

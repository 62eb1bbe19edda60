"""What of a loaded model is packed, and how much memory it takes.

A library that finds nothing to quantise says nothing: a "4-bit" Mixtral then needs 90 GB. So a
quantised model is counted after loading. Counts numbers as the model has them, not as they are stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from torch import Tensor, nn

from def_sim.errors import ModelError

REQUIRED_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Weight:
    """One parameter of a loaded model."""

    name: str
    num_values: int  # as the model computes with
    num_bytes: int  # as it lies in memory, constants of its quantisation included
    is_packed: bool
    is_embedding: bool


def weights_of(network: Any) -> Iterator[Weight]:
    """Every parameter of a transformers model once, those of packed modules included."""
    embeddings = {id(parameter) for parameter in _embeddings(network)}
    for name, parameter in network.named_parameters():
        state = _quantisation_state(network, name, parameter)
        if state is not None:
            values, extra = int(state.shape.numel()), _constants_bytes(state)
        else:
            scales = getattr(parameter, "SCB", None)
            values = parameter.numel()
            extra = _bytes_of(scales) if isinstance(scales, Tensor) else 0
        is_packed = state is not None or parameter.element_size() == 1
        yield Weight(name, values, _bytes_of(parameter) + extra, is_packed, id(parameter) in embeddings)
    for name, module in network.named_modules():
        packed = getattr(module, "qweight", None)  # GPTQ keeps its words in buffers
        if isinstance(packed, Tensor):
            size = sum(_bytes_of(buffer) for buffer in module.buffers(recurse=False))
            yield Weight(f"{name}.qweight", module.in_features * module.out_features, size, True, False)


def packed_share(network: Any) -> float:
    """Share of the numbers outside the embeddings that are packed, in [0, 1]."""
    inner = [weight for weight in weights_of(network) if not weight.is_embedding]
    total = sum(weight.num_values for weight in inner)
    return sum(weight.num_values for weight in inner if weight.is_packed) / total if total else 0.0


def check_packed(network: Any, quantization: str) -> None:
    """Stops a model that was to be quantised and is not.

    Raises:
        ModelError: Less than `REQUIRED_SHARE` of it is packed; names the largest parameter that is not.
    """
    share = packed_share(network)
    if share >= REQUIRED_SHARE:
        return
    left = [weight for weight in weights_of(network) if not (weight.is_packed or weight.is_embedding)]
    largest = max(left, key=lambda weight: weight.num_values)
    raise ModelError(
        f"quantization={quantization} packed only {share:.0%} of the model; {largest.name} is still in "
        f"{largest.num_bytes / largest.num_values * 8:.0f} bit.",
        fix="This architecture cannot be packed by that method: use `model.engine.quantization=none`.",
    )


def network_facts(network: Any, quantization: str) -> dict[str, object]:
    """Size of a loaded model, for the manifest."""
    weights = list(weights_of(network))
    devices = sorted({str(parameter.device) for parameter in network.parameters()})
    placed = {name: str(device) for name, device in getattr(network, "hf_device_map", {}).items()}
    return {
        "quantization": quantization,
        "parameters": sum(weight.num_values for weight in weights),
        "loaded_bytes": sum(weight.num_bytes for weight in weights),
        "packed_share": round(packed_share(network), 4),
        "device_map": {"": devices[0]} if len(devices) == 1 else placed,
        "attention": network.config.get_text_config(decoder=True)._attn_implementation,
    }


def _embeddings(network: Any) -> Iterator[nn.Parameter]:
    for module in (network.get_input_embeddings(), network.get_output_embeddings()):
        if module is not None:
            yield from module.parameters()


def _quantisation_state(network: Any, name: str, parameter: nn.Parameter) -> Any:
    """The record that bitsandbytes keeps of a 4-bit parameter, or None."""
    state = getattr(parameter, "quant_state", None)
    if state is not None or not name.endswith(".original"):
        return state
    # A fused parameter: `...experts.parametrizations.down_proj.original` is unpacked by its neighbour, 0.
    unpacking = network.get_submodule(name.removesuffix(".original"))[0]
    return getattr(unpacking, "quant_state", None)


def _constants_bytes(state: Any) -> int:
    second = getattr(state, "state2", None)
    return _bytes_of(state.absmax) + (_bytes_of(second.absmax) if second is not None else 0)


def _bytes_of(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()

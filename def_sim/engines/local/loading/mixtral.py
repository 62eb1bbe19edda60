"""Mixtral in 4 bit, one layer at a time.

transformers holds the experts of a layer as two fused tensors, which bitsandbytes' replacement of
linear layers does not see; loading them in 16 bit first would take 94 GB. Here a layer is read from
the published files, fused, packed on the device and let go before the next one is read.
"""

from collections import ChainMap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import torch
from accelerate import dispatch_model
from torch import Tensor, nn
from transformers import AutoConfig, MixtralForCausalLM
from transformers.models.mixtral.modeling_mixtral import MixtralRotaryEmbedding

from def_sim.engines.local.checkpoints.json_files import DOWNLOAD_AGAIN
from def_sim.engines.local.checkpoints.tensor_files import TensorFile, open_tensors
from def_sim.engines.local.checkpoints.weight_files import weight_files
from def_sim.engines.local.loading.native.library_names import CACHE
from def_sim.engines.local.loading.placement import spread
from def_sim.errors import ModelError

_PROJECTIONS: Final = ("q_proj", "k_proj", "v_proj", "o_proj")
_NORMS: Final = ("input_layernorm", "post_attention_layernorm")


def load_packed_mixtral(folder: Path, dtype: torch.dtype, devices: Sequence[torch.device]) -> Any:
    """The model in nf4 with double quantisation; router, norms and embeddings in `dtype`.

    Args:
        folder: The published checkpoint, in 16 bit.
        dtype: What is computed in.
        devices: Where it goes; its layers are spread over several.

    Raises:
        ModelError: A tensor is missing, unknown or of another shape.
    """
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        network: Any = MixtralForCausalLM._from_config(config, dtype=dtype, attn_implementation="sdpa")
    places = spread(network, devices)
    with ExitStack() as stack:
        files = [stack.enter_context(open_tensors(path)) for path in weight_files(folder)]
        published = _Published(folder, files, dtype, devices[0])
        _fill(network.model.embed_tokens, published, "model.embed_tokens")
        for number, layer in enumerate(network.model.layers):
            published.device = places[f"model.layers.{number}"]
            _fill_layer(layer, published, f"model.layers.{number}")
        published.device = devices[-1]
        _fill(network.model.norm, published, "model.norm")
        _fill(network.lm_head, published, "lm_head")
        published.check_all_used()
    network.model.rotary_emb = MixtralRotaryEmbedding(config=config).to(devices[0])
    if len(devices) > 1:
        # Tensors then change devices where the next layer is elsewhere.
        network = dispatch_model(network, places, skip_keys=CACHE)
    return network


class _Published:
    """The tensors of all files by name; knows which have been used."""

    def __init__(
        self, folder: Path, files: list[TensorFile], dtype: torch.dtype, device: torch.device
    ) -> None:
        self._folder = folder
        self._files = ChainMap(*(dict.fromkeys(file, file) for file in files))
        self._unused = set(self._files)
        self._dtype = dtype
        self.device = device

    def take(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """A tensor on the CPU, in the type that is computed in."""
        if name not in self._files:
            raise self._wrong(f"{name!r} is missing")
        tensor = self._files[name].read(name)
        if tuple(tensor.shape) != shape:
            raise self._wrong(f"{name!r} has shape {list(tensor.shape)}, expected {list(shape)}")
        self._unused.discard(name)
        return tensor.to(self._dtype)

    def check_all_used(self) -> None:
        """Raises if a file holds what the model has no place for."""
        if self._unused:
            raise self._wrong(f"{min(self._unused)!r} is unknown")

    def _wrong(self, what: str) -> ModelError:
        return ModelError(f"{self._folder} is no whole Mixtral checkpoint: {what}.", fix=DOWNLOAD_AGAIN)


def _fill_layer(layer: Any, published: _Published, prefix: str) -> None:
    for name in _NORMS:
        _fill(getattr(layer, name), published, f"{prefix}.{name}")
    for name in _PROJECTIONS:
        linear = getattr(layer.self_attn, name)
        weight = published.take(f"{prefix}.self_attn.{name}.weight", tuple(linear.weight.shape))
        setattr(layer.self_attn, name, packed_linear(weight, published.device))
    _fill(layer.mlp.gate, published, f"{prefix}.block_sparse_moe.gate")
    _fill_experts(layer.mlp.experts, published, f"{prefix}.block_sparse_moe.experts")


def _fill(module: Any, published: _Published, prefix: str) -> None:
    """Gives a module its one weight, not packed."""
    weight = published.take(f"{prefix}.weight", tuple(module.weight.shape))
    module.weight = nn.Parameter(weight.to(published.device), requires_grad=False)


def packed_linear(weight: Tensor, device: torch.device) -> nn.Module:
    """A linear layer without bias in 4 bit (nf4, double quantisation), from its weight in 16 bit."""
    import bitsandbytes

    layers: Any = bitsandbytes.nn  # typed in part only
    rows, columns = weight.shape
    linear: nn.Module = layers.Linear4bit(
        columns,
        rows,
        bias=False,
        compute_dtype=weight.dtype,
        compress_statistics=True,
        quant_type="nf4",
        device="meta",
    )
    linear.weight = layers.Params4bit(
        weight, requires_grad=False, compress_statistics=True, quant_type="nf4", module=linear
    ).to(device)
    return linear


def _fill_experts(experts: Any, published: _Published, prefix: str) -> None:
    """Both fused tensors of a layer, packed one after the other."""
    from bitsandbytes.nn.parametrize import replace_parameter_4bit

    for name, fused in _fused(experts, published, prefix):
        setattr(experts, name, nn.Parameter(fused.to(published.device), requires_grad=False))
        replace_parameter_4bit(experts, name, compress_statistics=True, quant_type="nf4")


def _fused(experts: Any, published: _Published, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """Gates above ups, shape (E, 2 * inner, hidden), then downs, shape (E, hidden, inner)."""
    count, inner, hidden = experts.num_experts, experts.intermediate_dim, experts.hidden_dim
    gate_up = [
        torch.cat([published.take(f"{prefix}.{e}.{w}.weight", (inner, hidden)) for w in ("w1", "w3")])
        for e in range(count)
    ]
    yield "gate_up_proj", torch.stack(gate_up)
    del gate_up
    yield (
        "down_proj",
        torch.stack([published.take(f"{prefix}.{e}.w2.weight", (hidden, inner)) for e in range(count)]),
    )

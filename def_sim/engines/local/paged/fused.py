"""Parts of a model in fewer, larger operations, while a paged step runs.

A step of a 7B model writes a token for each row in a few milliseconds. transformers' norms and rotary
positions are twenty small operations a layer, which take longer to launch than to compute, and matrices
that multiply the same input are three or two products where one keeps the memory bus busier. Where ours
give the same numbers, they stand in for the model's own inside a `with` block; outside it the model is
as transformers made it, but that such matrices now lie side by side.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor, nn

_ROTATION: Final = "apply_rotary_pos_emb"
_SIBLINGS: Final = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))  # products of the same input
_TOLERANCE: Final = {torch.float32: 1e-5}
_TOLERANCE_16_BIT: Final = 0.02
_MISSING: Final = object()


class FusedParts:
    """What of a model can be replaced, found out by trying.

    Args:
        network: A transformers model on a GPU.

    Attributes:
        names: What is replaced, for the manifest.
    """

    def __init__(self, network: Any) -> None:
        self._replacements: list[tuple[Any, str, Callable[..., Any]]] = []
        self.names: list[str] = []
        with torch.inference_mode():
            for kind, norm in {
                type(module): module for module in network.modules() if _is_norm(module)
            }.items():
                if _same_norm(norm):
                    self._add(kind, "forward", _norm, f"{kind.__name__}")
            for modeling in {sys.modules[type(layer).__module__] for layer in network.modules()}:
                rotation = getattr(modeling, _ROTATION, None)
                if rotation is not None and _same_rotation(rotation, network):
                    self._add(modeling, _ROTATION, _rotate, "rotation")
        for module in network.modules():
            for names in _SIBLINGS:
                siblings = [getattr(module, name, None) for name in names]
                if _can_merge(siblings):
                    merged = _Merged(siblings)
                    for place, sibling in enumerate(siblings):
                        self._add(sibling, "forward", merged.product(place), "+".join(names))
            if _has_gate(module):
                self._add(module.act_fn, "forward", _Gate, "gate")

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside the block ours stand in."""
        before = []
        for owner, name, replacement in self._replacements:
            before.append(vars(owner).get(name, _MISSING))
            _set(owner, name, replacement)
        try:
            yield
        finally:
            for (owner, name, _), old in zip(self._replacements, before, strict=True):
                if old is _MISSING:
                    delattr(owner, name)
                else:
                    _set(owner, name, old)

    def _add(self, owner: Any, name: str, replacement: Callable[..., Any], what: str) -> None:
        self._replacements.append((owner, name, replacement))
        if what not in self.names:
            self.names.append(what)


def _set(owner: Any, name: str, value: Any) -> None:
    """As setattr, but a module is not searched for parameters each time."""
    if isinstance(owner, nn.Module):
        owner.__dict__[name] = value
    else:
        setattr(owner, name, value)


class _Merged:
    """Linear layers of one input as one product; their weights become views of one matrix.

    Args:
        siblings: Linear layers without bias, or all with one, of as many columns.
    """

    def __init__(self, siblings: list[Any]) -> None:
        with torch.no_grad():
            self._weight = torch.cat([sibling.weight for sibling in siblings])
            has_bias = siblings[0].bias is not None
            self._bias = torch.cat([sibling.bias for sibling in siblings]) if has_bias else None
        self._ends = torch.tensor([sibling.out_features for sibling in siblings]).cumsum(0).tolist()
        for place, sibling in enumerate(siblings):
            sibling.weight.data = self._weight[self._begin(place) : self._ends[place]]
        self._input: Tensor | None = None
        self._output: Tensor | None = None

    def product(self, place: int) -> Callable[[Tensor], Tensor]:
        """What stands in for the forward of one of them."""

        def forward(states: Tensor) -> Tensor:
            if states is not self._input:
                self._input = states
                self._output = nn.functional.linear(states, self._weight, self._bias)
            assert self._output is not None
            part = self._output[..., self._begin(place) : self._ends[place]]
            if place == len(self._ends) - 1:  # the last asks last
                self._input = self._output = None
            return part

        return forward

    def _begin(self, place: int) -> int:
        return int(self._ends[place - 1]) if place else 0


class _Gate:
    """SiLU that waits for what it is multiplied with."""

    def __init__(self, values: Tensor) -> None:
        self._values = values

    def __mul__(self, up: Tensor) -> Tensor:
        from def_sim.engines.local.paged import fused_kernels

        return fused_kernels.gate(self._values, up)


def _can_merge(siblings: list[Any]) -> bool:
    """True for plain linear layers, nothing packed and nothing of a class of its own."""
    if not all(type(sibling) is nn.Linear for sibling in siblings):
        return False
    alike = {(sibling.in_features, sibling.bias is None, sibling.weight.dtype) for sibling in siblings}
    return len(alike) == 1


def _has_gate(module: Any) -> bool:
    """True if the module computes act_fn(gate) * up with SiLU, found out by its numbers."""
    parts = [getattr(module, name, None) for name in ("gate_proj", "up_proj", "down_proj", "act_fn")]
    if not all(isinstance(part, nn.Module) for part in parts) or type(parts[0]) is not nn.Linear:
        return False
    gate, _, _, act = parts
    states = torch.randn((1, 3, 64), dtype=gate.weight.dtype, device=gate.weight.device)  # type: ignore[union-attr]
    return _is_close(act(states) * states, _Gate(states) * states)  # type: ignore[misc]


def _is_norm(module: Any) -> bool:
    return type(module).__name__.endswith("RMSNorm") and hasattr(module, "variance_epsilon")


def _norm(module: Any, hidden_states: Tensor) -> Tensor:
    """In place of the forward of a class of RMSNorms."""
    from def_sim.engines.local.paged import fused_kernels

    return fused_kernels.rms_norm(hidden_states, module.weight, module.variance_epsilon)


def _rotate(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, unsqueeze_dim: int = 1) -> tuple[Tensor, Tensor]:
    """In place of `apply_rotary_pos_emb`, with the names of its arguments."""
    from def_sim.engines.local.paged import fused_kernels

    assert unsqueeze_dim == 1
    return fused_kernels.rotate(q, k, cos, sin)


def _same_norm(module: Any) -> bool:
    weight: Tensor = module.weight
    states = torch.randn((1, 5, weight.shape[0]), dtype=weight.dtype, device=weight.device)
    return _is_close(module(states), _norm(module, states))


def _same_rotation(rotation: Callable[..., Any], network: Any) -> bool:
    """True for the usual rotation of the two halves of a head; others have other shapes or numbers."""
    config = network.config.get_text_config()
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    heads = (config.num_attention_heads, config.num_key_value_heads)
    query, key = (
        torch.randn((1, 5, count, width), dtype=network.dtype, device=network.device).transpose(1, 2)
        for count in heads
    )
    try:
        cos, sin = network.base_model.rotary_emb(query, torch.arange(5, device=network.device)[None])
        if cos.shape != (1, 5, width):
            return False
        expected, found = rotation(query, key, cos, sin), _rotate(query, key, cos, sin)
    except (AttributeError, TypeError, RuntimeError):
        return False
    return all(_is_close(one, other) for one, other in zip(expected, found, strict=True))


def _is_close(one: Tensor, other: Tensor) -> bool:
    tolerance = _TOLERANCE.get(one.dtype, _TOLERANCE_16_BIT)
    return one.shape == other.shape and bool(
        torch.allclose(one.float(), other.float(), rtol=tolerance, atol=tolerance)
    )

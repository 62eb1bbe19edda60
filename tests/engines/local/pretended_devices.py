"""Two GPUs that are not there: tensors that say on which they are, with numbers in ordinary memory.

torch lets Python stand in for a kind of device. An operation on tensors of both devices fails as it
would on real ones; everything above single operations is torch's, accelerate's and transformers' own.
Standing in is for the whole process and cannot be undone: import this in a script, never in a test.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

KIND = "pretended"
MAY_DIFFER = ("copy_", "_to_copy")  # operations from one device to another
INDEXING = (
    "index",
    "index_put_",
    "_index_put_impl_",
)  # whose indices may be on the CPU


class Placed(Tensor):
    """A tensor on a pretended device."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor, device: torch.device) -> "Placed":
        make: Any = Tensor._make_wrapper_subclass  # typed for other classes
        placed = make(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=device,
        )
        placed.held = held
        return placed  # type: ignore[no-any-return]

    @classmethod
    def __torch_dispatch__(
        cls, operation: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Runs an operation on the numbers, if all of its tensors are on one device."""
        kwargs = dict(kwargs or {})
        name, tensors = operation.overloadpacket.__name__, _tensors((args, kwargs))
        if name not in MAY_DIFFER:
            bound = _tensors((args[:1], args[2:], kwargs)) if name in INDEXING else tensors
            devices = {tensor.device for tensor in tensors if isinstance(tensor, Placed)}
            devices |= {tensor.device for tensor in bound if tensor.dim()}
            if len(devices) > 1:
                raise RuntimeError(f"{name}: tensors are on {sorted(map(str, devices))}")
        device = torch.device(
            kwargs.get("device") or next(t.device for t in tensors if isinstance(t, Placed))
        )
        if "device" in kwargs:
            kwargs["device"] = "meta" if device.type == "meta" else "cpu"
        output = operation(*tree_map(_held, args), **tree_map(_held, kwargs))
        if (name.endswith("_") and not name.startswith("_")) or name == "_index_put_impl_":
            return args[0]  # changed where it is
        return tree_map(lambda one: _placed(one, device), output)

    def data_ptr(self) -> int:
        """Where the numbers lie: accelerate tells tied weights by it."""
        return self.held.data_ptr()

    def tolist(self) -> Any:
        """The numbers."""
        return self.held.tolist()


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _held(value: Any) -> Any:
    return value.held if isinstance(value, Placed) else value


def _placed(value: Any, device: torch.device) -> Any:
    return Placed(value, device) if isinstance(value, Tensor) and device.type == KIND else value


def _making(make: Any) -> Callable[..., Tensor]:
    def made(*args: Any, device: Any, pin_memory: Any = None, layout: Any = None, **rest: Any) -> Tensor:
        return Placed(make(*args, **rest, device="cpu"), torch.device(device))

    return made


def _copied(source: Tensor, target: Tensor, non_blocking: bool = False) -> Tensor:
    _held(target).copy_(_held(source))
    return target


_setup_privateuseone_for_python_backend(KIND)
_library = torch.library.Library("aten", "IMPL")
for _operation in (torch.ops.aten.empty.memory_format, torch.ops.aten.empty_strided.default):
    _library.impl(_operation.name().removeprefix("aten::"), _making(_operation), "PrivateUse1")
_library.impl("_copy_from", _copied, "PrivateUse1")
torch.inference_mode = torch.no_grad  # type: ignore[assignment,misc]  # such tensors have no version to keep

DEVICES = [torch.device(KIND, 0), torch.device(KIND, 1)]

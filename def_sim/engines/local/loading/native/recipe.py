"""What a conversion must know of one published architecture.

Names and shapes only: no file, no torch at run time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from def_sim.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Recipe:
    """How a published checkpoint becomes one of a class that we can run.

    Args:
        label: Name of the architecture, for messages.
        config: config.json of the converted checkpoint.
        sources: Published tensor name -> shape; every one must be there, and no other.
        ignored: Published names that may be there and are computed anew, such as rotary frequencies.
        convert: One published tensor -> the tensors made of it, by their new names.
    """

    label: str
    config: Mapping[str, Any]
    sources: Mapping[str, tuple[int, ...]]
    ignored: frozenset[str]
    convert: "Callable[[str, Tensor], dict[str, Tensor]]"


def require(config: Mapping[str, Any], label: str, **expected: object) -> None:
    """Refuses variants of an architecture that the recipe was not written for.

    Args:
        config: The published config.json.
        label: Name of the architecture.
        expected: Setting -> the one value that is supported; a setting that is absent passes.

    Raises:
        ModelError: A setting has another value.
    """
    for name, value in expected.items():
        found = config.get(name, value)
        if found != value:
            raise ModelError(
                f"This checkpoint is a variant of {label} with {name}={found!r}, supported is {value!r}.",
                fix="Use the checkpoint that the model's YAML names.",
            )

"""What attention over pages is handed: the step, and one layer of it. K key-value heads, D width, P pages."""

from dataclasses import dataclass

from torch import Tensor

from def_sim.engines.local.paged.pages import PagePool
from def_sim.engines.local.paged.step_inputs import StepInputs


@dataclass(frozen=True, slots=True)
class PagedStep:
    """What the tokens of one forward pass belong to."""

    pool: PagePool
    inputs: StepInputs
    has_writing: bool
    has_reading: bool
    uses_kernels: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """The keys and values of one layer, and how its scores are made."""

    step: PagedStep
    keys: Tensor  # (P, K, PAGE, D)
    values: Tensor
    scaling: float
    window: int | None
    slopes: Tensor | None  # (H,)

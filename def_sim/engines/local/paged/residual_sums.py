"""Fuses the residual add into the RMSNorm that follows it: one kernel instead of two.

A layer adds what its attention, or its MLP, has computed to what it was given, and the next to look at
the sum is a norm. Here the sum is only noted down; that norm then computes both in one pass. Whoever
else looked at it first would find memory that nothing was written to, so `fused.py` lets a model do
this only if its logits stay the same while such memory is filled with NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class _Noted:
    """A sum that has a place and no numbers yet."""

    states: Tensor
    addend: Tensor
    total: Tensor


class ResidualSums:
    """The sums of one pass through a model; at most one waits at a time.

    Attributes:
        is_on_trial: What waits is NaN until it is computed.
    """

    def __init__(self) -> None:
        self.is_on_trial = False
        self._noted: _Noted | None = None

    def later(self, forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], "_Addend"]:
        """What stands in for the forward of the product whose output is added.

        Args:
            forward: The product's own.
        """

        def wait(states: Tensor) -> _Addend:
            return _Addend(forward(states), self)

        return wait

    def norm(self, module: Any, states: Tensor) -> Tensor:
        """In place of an RMSNorm's forward: of a sum that waits, or of anything else."""
        from def_sim.engines.local.paged import fused_kernels

        noted = self._noted
        if noted is None or states is not noted.total:
            self.finish()
            return fused_kernels.rms_norm(states, module.weight, module.variance_epsilon)
        self._noted = None
        return fused_kernels.sum_and_rms_norm(
            noted.states, noted.addend, noted.total, module.weight, module.variance_epsilon
        )

    def finish(self) -> None:
        """Computes a sum that no norm came for."""
        if self._noted is not None:
            torch.add(self._noted.states, self._noted.addend, out=self._noted.total)
            self._noted = None

    def forget(self) -> None:
        """Lets go of a sum that nobody will look at."""
        self._noted = None

    def _note(self, states: Tensor, addend: Tensor) -> Tensor:
        self.finish()
        if states.shape != addend.shape or states.dtype != addend.dtype:
            return states + addend
        total = torch.empty_like(addend, memory_format=torch.contiguous_format)
        if self.is_on_trial:
            total.fill_(torch.nan)
        self._noted = _Noted(states, addend, total)
        return total


class _Addend:
    """The output of a product, which can be added to and nothing else."""

    def __init__(self, values: Tensor, sums: ResidualSums) -> None:
        self._values, self._sums = values, sums

    def __radd__(self, states: Tensor) -> Tensor:
        return self._sums._note(states, self._values)

"""What becomes of a step that fails, as the worker sees it."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from def_sim.engines.local.slot_runner import SlotRunner
from def_sim.errors import EngineError


class FailingLoop:
    """A loop whose step raises; its own schedule, and notes how the runner answers."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.schedule = self
        self.calls: list[str] = []

    def step(self) -> Any:
        raise self.error

    def shrink(self) -> None:
        self.calls.append("shrink")

    def isolate(self) -> None:
        self.calls.append("isolate")


def runner_of(loop: FailingLoop) -> SlotRunner:
    model: Any = SimpleNamespace()
    stand_in: Any = loop
    return SlotRunner(model, stand_in)


def test_out_of_memory_makes_steps_smaller() -> None:
    loop = FailingLoop(torch.OutOfMemoryError("no memory"))
    assert runner_of(loop).step() == []
    assert loop.calls == ["shrink"]


def test_a_kernel_that_refuses_its_input_makes_answers_run_alone() -> None:
    loop = FailingLoop(RuntimeError("shapes do not match"))
    assert runner_of(loop).step() == []
    assert loop.calls == ["isolate"]


def test_a_device_that_has_failed_stops_the_run_and_blames_no_request() -> None:
    loop = FailingLoop(torch.AcceleratorError("CUDA error: an illegal memory access was encountered\nmore"))
    with pytest.raises(EngineError, match="device failed: CUDA error: an illegal memory access") as caught:
        runner_of(loop).step()
    assert caught.value.retryable
    assert "more" not in str(caught.value)
    assert "same command again" in caught.value.fix
    assert loop.calls == []

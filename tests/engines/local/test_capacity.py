"""How large a step may be and what is left for the cache, where memory is whatever these tests say it is."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from test_slot_loop import llama, network_of

from def_sim.engines.local import capacity
from def_sim.engines.local.capacity import Capacity, capacity_in_slots, largest_step
from def_sim.engines.local.slot_support import try_slots
from def_sim.engines.local.slots.key_values import LayerShape
from def_sim.engines.local.slots.slot_attention import NAME
from def_sim.errors import ModelError

CPU = torch.device("cpu")
FIRST, SECOND = (torch.device("cuda", number) for number in range(2))


def in_slots() -> tuple[Any, list[LayerShape]]:
    """A model whose attention looks into slots, and what its layers keep."""
    network = network_of(llama)
    _, layers = try_slots(network)
    network.set_attn_implementation(NAME)
    return network, layers


def test_the_largest_step_that_fits_is_found_by_running_it() -> None:
    def run_with_room_for(num_tokens: int) -> Callable[[int, int], int]:
        def run(num_read: int, num_rows: int) -> int:
            if num_read > num_tokens:
                raise torch.OutOfMemoryError("no memory")
            return 1000 * num_read + num_rows

        return run

    assert largest_step(run_with_room_for(300), max_read=300, max_rows=40) == (300, 40, 300_040)
    assert largest_step(run_with_room_for(100), max_read=300, max_rows=40) == (75, 10, 75_010)
    with pytest.raises(ModelError, match="64 prompt tokens beside them do not"):
        largest_step(run_with_room_for(10), max_read=300, max_rows=40)


def test_a_step_that_fails_for_another_reason_is_not_taken_for_want_of_memory() -> None:
    def run(num_read: int, num_rows: int) -> int:
        raise RuntimeError("a kernel is broken")

    with pytest.raises(RuntimeError, match="a kernel is broken"):
        largest_step(run, max_read=300, max_rows=40)


def test_on_a_cpu_no_step_is_run_and_the_cache_gets_half_of_what_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, layers = in_slots()
    monkeypatch.setattr(capacity, "free_bytes", lambda device: 10_000_000)
    monkeypatch.setattr(capacity, "run_large_step_in_slots", lambda *_: pytest.fail("a step was run"))
    found = capacity_in_slots(network, layers, [CPU], max_rows=7)
    assert (found.max_read, found.max_rows) == (1024, 7)
    num_bytes = sum(layer.num_bytes(torch.float32) for layer in layers)
    assert 5_000_000 - num_bytes < found.max_bytes <= 5_000_000


def test_the_cache_gets_what_the_largest_step_leaves_on_the_gpu_with_the_least_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, _ = in_slots()
    # 2 heads x (16 + 16) numbers x 4 bytes = 256 bytes a token in each of three layers.
    layers = [LayerShape(2, 16, 16, device) for device in (FIRST, FIRST, SECOND)]
    steps: list[tuple[int, int]] = []

    def run(network: Any, layers: Any, devices: Any, num_read: int, num_rows: int) -> dict[torch.device, int]:
        steps.append((num_read, num_rows))
        if num_read > 5000:
            raise torch.OutOfMemoryError("no memory")
        return {FIRST: 100_000, SECOND: 900_000}

    monkeypatch.setattr(capacity, "run_large_step_in_slots", run)
    monkeypatch.setattr(capacity, "free_bytes", lambda device: 1_000_000)
    found = capacity_in_slots(network, layers, [FIRST, SECOND], max_rows=256)
    assert steps == [(8192, 256), (4096, 128)]
    # 85 % of 900,000 bytes for two layers on the first, of 100,000 for one on the second.
    assert 85_000 // 256 < 765_000 // 512
    assert found == Capacity(4096, 128, (85_000 // 256) * 3 * 256)


def test_the_largest_step_counts_what_it_takes_on_each_device_beside_its_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, layers = in_slots()
    cache = 128 * sum(layer.num_bytes(torch.float32) for layer in layers)  # 100 tokens in strides of 128
    seen: list[str] = []
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 40_000)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: seen.append("reset"))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: seen.append("waited"))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 40_000 + cache + 5_000)
    forward, calls = network.forward, []
    monkeypatch.setattr(network, "forward", lambda **inputs: calls.append(inputs) or forward(**inputs))
    found = capacity.run_large_step_in_slots(network, layers, [CPU], 100, 8)
    assert found == {CPU: 5_000}
    assert seen == ["reset", "waited"]
    [inputs] = calls
    assert inputs["input_ids"].shape == (1, 100)
    assert inputs["logits_to_keep"] == list(range(92, 100))

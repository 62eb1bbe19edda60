"""The floor of the engine benchmark: what a machine does at best, measured now, and what a model asks of it.

Two rates: how fast weights stream through a matrix-vector product (on a GPU: through a copy, if that is
faster), and how fast a large matrix product is.
"""

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from benchmark_interviews import Interview


@dataclass(frozen=True)
class Rates:
    """What this machine does at best, measured now."""

    bytes_per_s: float
    flops_per_s: float


def measure_rates(network: Any) -> Rates:
    """Streams the network's own matrices through one vector, and multiplies large matrices."""
    matrices = [p for p in network.parameters() if p.dim() == 2 and p.is_floating_point()]
    vectors = [torch.ones(1, p.shape[1], dtype=p.dtype, device=p.device) for p in matrices]

    def stream() -> None:
        for matrix, vector in zip(matrices, vectors, strict=True):
            torch.nn.functional.linear(vector, matrix)

    size = 8192 if network.device.type == "cuda" else 1024
    # Random: on a GPU products of ones are faster than those of any model.
    square = torch.randn(size, size, device=network.device).to(matrices[0].dtype)
    num_bytes = sum(p.numel() * p.element_size() for p in matrices)
    with torch.inference_mode():
        return Rates(
            max(num_bytes / _best_of(stream, network.device), _copy_rate(network.device)),
            2 * size**3 / _best_of(lambda: square @ square, network.device),
        )


def _copy_rate(device: torch.device) -> float:
    """Bytes read and written a second in a large copy on a GPU; 0 elsewhere."""
    if device.type != "cuda":
        return 0.0
    source = torch.ones(1 << 32, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * source.numel() / _best_of(lambda: target.copy_(source), device)


def _best_of(work: Callable[[], object], device: torch.device, repeats: int = 5) -> float:
    work()
    seconds = []
    for _ in range(repeats):
        begin = clock(device)
        work()
        seconds.append(clock(device) - begin)
    return min(seconds)


def floor_seconds(network: Any, interviews: Sequence[Interview], rates: Rates) -> float:
    """Prompts at the full matmul rate, and as few steps as the longest chain of answers needs.

    Every prompt read once, nothing reused; every row of every beam computed; in each step the weights
    are read once.
    """
    in_layers, head = count_weights(network)
    num_read = sum(len(prompt) for interview in interviews for prompt in interview.prompts)
    num_rows = sum(sum(interview.lengths) * interview.decoding.num_beams for interview in interviews)
    num_steps = max(sum(interview.lengths) for interview in interviews)
    reading = 2 * num_read * in_layers / rates.flops_per_s
    computing = 2 * num_rows * (in_layers + head) / rates.flops_per_s
    return reading + max(computing, num_steps * weight_bytes(network) / rates.bytes_per_s)


def count_weights(network: Any) -> tuple[int, int]:
    """Weights in the layers' matrices, and in the head."""
    head = network.get_output_embeddings().weight
    embedding = network.get_input_embeddings().weight
    # A byte of a packed matrix holds two weights.
    in_layers = sum(
        p.numel() * (1 if p.is_floating_point() else 2)
        for p in network.parameters()
        if p.dim() == 2 and p is not head and p is not embedding
    )
    return in_layers, head.numel()


def weight_bytes(network: Any) -> int:
    """Bytes of the matrices that a step reads."""
    embedding = network.get_input_embeddings().weight
    return sum(
        p.numel() * p.element_size() for p in network.parameters() if p.dim() == 2 and p is not embedding
    )


def describe_machine(device: torch.device, threads: int) -> str:
    """For the record."""
    what = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {threads} thread(s)"
    seconds = "wall time" if device.type == "cuda" else "process CPU time"
    return (
        f"{what}; {seconds}; Python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}; {time.strftime('%Y-%m-%d')}"
    )


def describe_network(network: Any, rates: Rates) -> str:
    """For the record."""
    num_weights = sum(count_weights(network))
    return (
        f"{type(network).__name__}, {num_weights / 1e6:,.1f} M weights in matrices, {network.dtype}; "
        f"memory at {rates.bytes_per_s / 1e9:,.1f} GB/s, matrices multiply at "
        f"{rates.flops_per_s / 1e12:,.3f} TFLOP/s"
    )


def clock(device: torch.device) -> float:
    """Seconds of the clock that counts, once the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return now(device)


def now(device: torch.device) -> float:
    """The same at once, whatever the device still has to do."""
    return time.perf_counter() if device.type == "cuda" else time.process_time()

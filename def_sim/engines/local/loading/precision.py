"""Which type of number a model computes in, where it is left open or is slow.

On a CPU 16 bit pays only where the processor has instructions for it, and not always then: without
them bfloat16 was 50 times slower than float32. So it is tried, for some milliseconds, and what was
measured is said. Knows no model.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

DTYPES: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

# Flags of a processor (x86 and ARM) that multiplies in that type.
_INSTRUCTIONS: Final = {
    torch.bfloat16: frozenset({"avx512_bf16", "amx_bf16", "bf16"}),
    torch.float16: frozenset({"avx512_fp16", "amx_fp16", "asimdhp"}),
}
_ROWS, _SIZE = 32, 256  # of the trial: a step of some respondents in a small model
_PROMPT, _HEAD = 512, 64  # of the trial of attention: tokens, and the width of a head
_TRIAL_S: Final = 0.02
_FEWEST: Final = 4  # layers of each type, however slow they are


@dataclass(frozen=True, slots=True)
class Precision:
    """A type, and what has to be said of it.

    Attributes:
        dtype: What is computed in.
        note: For terminal and manifest; empty where there is nothing to say.
    """

    dtype: torch.dtype
    note: str = ""


def choose_precision(
    requested: str,
    device: torch.device,
    *,
    flags: frozenset[str] | None = None,
    speed: Callable[[torch.dtype], float] | None = None,
) -> Precision:
    """The type for a device.

    Args:
        requested: "auto", or a name of `DTYPES`. "auto" is 16 bit on a GPU; on a CPU float32, unless the
            processor has instructions for bfloat16 and a trial shows it no slower.
        device: Where the model will be.
        flags: Of the processor; None: this machine's.
        speed: How many times as fast as float32 a type is; None: it is measured here.
    """
    if device.type == "cuda":
        return Precision(_on_gpu() if requested == "auto" else DTYPES[requested])
    flags = processor_flags() if flags is None else flags
    speed = speed or measured_speed
    if requested == "auto":
        return _on_cpu(flags, speed)
    dtype = DTYPES[requested]
    if dtype is torch.float32 or flags & _INSTRUCTIONS[dtype]:
        return Precision(dtype)
    ratio = speed(dtype)
    if ratio >= 1:
        return Precision(dtype)
    return Precision(
        dtype,
        f"{requested} runs at {ratio:.2g} times the speed of float32 on this CPU, which has no "
        "instructions for it; model.engine.dtype=float32 (or auto) is faster and exact",
    )


def _on_gpu() -> torch.dtype:
    has_bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if has_bfloat16 else torch.float16


def _on_cpu(flags: frozenset[str], speed: Callable[[torch.dtype], float]) -> Precision:
    if not flags & _INSTRUCTIONS[torch.bfloat16]:
        return Precision(torch.float32)
    ratio = speed(torch.bfloat16)
    if not ratio:
        return Precision(torch.float32, "in a trial bfloat16 did not run on this CPU")
    chosen = torch.bfloat16 if ratio >= 1 else torch.float32
    return Precision(chosen, f"in a trial bfloat16 ran at {ratio:.2g} times the speed of float32")


def processor_flags() -> frozenset[str]:
    """What this processor says it can do; empty where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    listed = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(listed, "").split())


def measured_speed(dtype: torch.dtype) -> float:
    """How many times as fast as in float32 a small layer is in a type, on this CPU; 0 if it cannot run.

    In turns, and the quickest counts: whatever else the machine does only makes some of them slower. In
    one thread: several that wait for each other on a busy machine would be measured, not the type.
    """
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        _attend(dtype)
        return _speed_in_this_thread(dtype)
    except RuntimeError:
        return 0.0  # it does not run at all: some builds lack a kernel for the instructions that they choose
    finally:
        torch.set_num_threads(num_threads)


def _attend(dtype: torch.dtype) -> None:
    """Attention over a prompt, whose kernel is another one than that of a layer."""
    sequence = torch.ones(1, 1, _PROMPT, _HEAD, dtype=dtype)
    functional.scaled_dot_product_attention(sequence, sequence, sequence, is_causal=True)


def _speed_in_this_thread(dtype: torch.dtype) -> float:
    types = (torch.float32, dtype)
    layers = {
        each: (torch.ones(_ROWS, _SIZE, dtype=each), torch.ones(_SIZE, _SIZE, dtype=each)) for each in types
    }
    times: dict[torch.dtype, list[float]] = {each: [] for each in types}
    end = time.perf_counter() + _TRIAL_S
    while len(times[dtype]) < _FEWEST or time.perf_counter() < end:
        for each in types:
            times[each].append(_seconds(*layers[each]))
    # The first of each is left out: kernels are chosen in it.
    return min(times[torch.float32][1:]) / min(times[dtype][1:])


def _seconds(rows: Tensor, weight: Tensor) -> float:
    begin = time.perf_counter()
    functional.linear(rows, weight)
    return time.perf_counter() - begin

"""How large a step may be, and how much memory keys and values may take beside it.

Memory that is missing later costs answers begun anew. So on a GPU the largest step is run once before
the first question, with less and less until it fits, and keys and values get what it leaves. On a CPU, where
others use the same memory and may give it back, a share of what is free now must do.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import torch

from def_sim.engines.local.paged.trial import run_large_step
from def_sim.engines.local.sampling.token_choice import choose
from def_sim.engines.local.sampling.token_request import TokenRequest
from def_sim.engines.local.scheduling.device_failures import is_out_of_memory
from def_sim.engines.local.slots.key_values import KeyValues, LayerShape, cache_budget, rounded
from def_sim.engines.local.slots.slot_attention import PrefillChunk, Step
from def_sim.errors import ModelError
from def_sim.records import DecodingConfig

UNPACKED_SHARE: Final = 0.5  # of a GPU's free memory: 4-bit weights are unpacked if they take less
_SHARE_ON_CPU: Final = 0.5  # of what is free after loading; the rest is for the steps
_SHARE_ON_GPU: Final = 0.85
_MOST_READ_ON_CPU: Final = 1024  # prompt tokens of a step; more than this gains nothing
_MOST_READ_ON_GPU: Final = 8192
_FEWEST_READ: Final = 64  # prompt tokens of a step that must fit

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a loop may use.

    Attributes:
        max_read: Most prompt tokens read in a step.
        max_rows: Most rows written in a step.
        max_bytes: Memory for keys and values.
    """

    max_read: int
    max_rows: int
    max_bytes: int


def capacity_in_slots(
    network: Any, layers: Sequence[LayerShape], devices: Sequence[torch.device], *, max_rows: int
) -> Capacity:
    """What `SlotLoop` may use of the memory of its devices.

    Args:
        network: A model whose attention is `slot_attention.attend`.
        layers: What each layer keeps of a token, and where.
        devices: Where the layers lie.
        max_rows: Most rows that are wanted.

    Raises:
        ModelError: Not even the smallest step fits.
    """
    if devices[0].type == "cpu":
        free = {device: int(_SHARE_ON_CPU * free_bytes(device)) for device in devices}
        return Capacity(_MOST_READ_ON_CPU, max_rows, cache_budget(layers, network.dtype, free))
    run = partial(run_large_step_in_slots, network, layers, devices)
    max_read, max_rows, peaks = largest_step(run, max_read=_MOST_READ_ON_GPU, max_rows=max_rows)
    torch.cuda.empty_cache()
    free = {device: int(_SHARE_ON_GPU * (free_bytes(device) - peaks[device])) for device in devices}
    return Capacity(max_read, max_rows, cache_budget(layers, network.dtype, free))


def capacity_in_pages(network: Any, layers: Sequence[LayerShape], *, max_rows: int) -> Capacity:
    """What `PagedLoop` may use of the memory of its GPU.

    Args:
        network: A model whose attention is `paged_attention.attend`.
        layers: What each layer keeps of a token.
        max_rows: Most rows that are wanted.

    Raises:
        ModelError: Not even the smallest step fits.
    """
    run = partial(run_large_step, network, layers)
    max_read, max_rows, peak = largest_step(run, max_read=_MOST_READ_ON_GPU, max_rows=max_rows)
    torch.cuda.empty_cache()
    return Capacity(max_read, max_rows, int(_SHARE_ON_GPU * (free_bytes(network.device) - peak)))


def largest_step(run: Callable[[int, int], Found], *, max_read: int, max_rows: int) -> tuple[int, int, Found]:
    """The largest step that fits, found by running it: less than was asked where memory is short.

    Args:
        run: Runs a step of so many prompt tokens and rows; returns what it found out of it.
        max_read: Prompt tokens of a step, to begin with.
        max_rows: Rows whose logits it needs, to begin with.

    Returns:
        Prompt tokens, rows, and what was found out of their step.

    Raises:
        ModelError: Not even the smallest step fits.
    """
    while True:
        try:
            return max_read, max_rows, run(max_read, min(max_rows, max_read))
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        if max_read <= _FEWEST_READ:
            raise ModelError(
                f"The weights fit into the device, but {_FEWEST_READ} prompt tokens beside them do not.",
                fix="Use 4 bit (`model.engine.quantization=nf4`), a smaller model, a larger device, or "
                "several (`model.engine.device=split`).",
            )
        max_read, max_rows = max_read // 2, max(1, max_rows // 2)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def run_large_step_in_slots(
    network: Any,
    layers: Sequence[LayerShape],
    devices: Sequence[torch.device],
    num_read: int,
    num_rows: int,
) -> dict[torch.device, int]:
    """Reads a prompt of so many tokens, and draws from the logits of its last rows as beams do.

    Returns:
        Bytes that the step takes for a while on each device, beside its cache.

    Raises:
        torch.OutOfMemoryError: It does not fit.
    """
    before = {device: torch.cuda.memory_allocated(device) for device in devices}
    for device in devices:
        torch.cuda.reset_peak_memory_stats(device)
    cache = KeyValues()
    cache.reserve(1, num_read)
    decoding = DecodingConfig(num_beams=num_rows, do_sample=True)
    with torch.inference_mode():
        output = network(
            input_ids=torch.zeros((1, num_read), dtype=torch.long, device=network.device),
            position_ids=torch.arange(num_read, device=network.device)[None],
            use_cache=False,
            logits_to_keep=list(range(num_read - num_rows, num_read)),
            step=Step(cache, [], [PrefillChunk(0, 0, num_read)]),
        )
        beams = TokenRequest(decoding, noise_key=0, step=0, scores=(0.0,) * num_rows)
        choose(output.logits[0].float(), [beams], num_stop_tokens=1)
    peaks = {}
    for device in devices:
        torch.cuda.synchronize(device)
        of_cache = sum(one.num_bytes(network.dtype) for one in layers if one.device == device)
        beside = torch.cuda.max_memory_allocated(device) - before[device] - rounded(num_read) * of_cache
        peaks[device] = max(0, beside)
    return peaks


def free_bytes(device: torch.device) -> int:
    """Memory that nothing uses now."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

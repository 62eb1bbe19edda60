"""Can a model run in slots? Found out by trying, and how much memory it has for them.

A model qualifies if transformers lets its attention be chosen and if a short text gives the same
logits read in stretches and written in slots as read whole by the model's own attention. Models
with recurrent layers, attention of another kind or positions that depend on the batch fail that
and run through `generate()` instead; the manifest says so.
"""

import os
from typing import Any, Final

import torch
from torch import Tensor

from def_sim.engines.local import slot_attention
from def_sim.engines.local.batch_runner import BatchRunner
from def_sim.engines.local.key_values import KeyValues
from def_sim.engines.local.model import LocalModel, is_out_of_memory
from def_sim.engines.local.runner import Runner
from def_sim.engines.local.slot_attention import Reading, Step, Writing
from def_sim.engines.local.slot_loop import SlotLoop
from def_sim.engines.local.slot_runner import SlotRunner
from def_sim.errors import ModelError

_PROBE: Final = 12  # tokens
_TOLERANCE: Final = {torch.float32: 1e-3}  # of the largest logit; 16 bit rounds in the third digit
_TOLERANCE_16_BIT: Final = 0.06
_MEMORY_SHARE: Final = {"cuda": 0.85, "cpu": 0.5}  # of what is free after loading; the rest is for the steps
_MAX_READ: Final = {"cuda": 8192, "cpu": 1024}  # prompt tokens of a step; more than this gains nothing
_FIXED_ROWS: Final = 64  # rows of every step where shapes are fixed
_FEWEST_READ: Final = 64  # prompt tokens of a step that must fit
_BATCH_ROWS: Final = 32  # of a batch of generate(), whose padding grows with it


def make_runner(
    model: LocalModel, *, loop: str, max_rows: int, reuses_prefixes: bool, is_deterministic: bool = False
) -> Runner:
    """The runner for a model.

    Args:
        model: A loaded model.
        loop: "auto" (slots where the model can), "slots" or "generate".
        max_rows: Most rows of a step.
        reuses_prefixes: See `SlotLoop`.
        is_deterministic: Steps of one shape, so that in 16 bit too tokens do not depend on company.

    Raises:
        ModelError: Slots were asked for and the model cannot run in them.
    """
    if loop == "generate":
        return BatchRunner(model, max_rows=min(max_rows, _BATCH_ROWS))
    network = model.network
    reason, bytes_per_cell = try_slots(network)
    if reason is not None:
        if loop == "slots":
            raise ModelError(
                f"model.engine.loop=slots, but this model cannot run in slots: {reason}.",
                fix="Use `model.engine.loop=auto`.",
            )
        return BatchRunner(model, max_rows=min(max_rows, _BATCH_ROWS), why=reason)
    network.set_attn_implementation(slot_attention.NAME)
    max_rows = min(max_rows, _FIXED_ROWS) if is_deterministic else max_rows
    max_read, peak = _MAX_READ[model.device.type], 0
    if model.device.type == "cuda":
        max_read, max_rows, peak = largest_step(network, max_read=max_read, max_rows=max_rows)
    return SlotRunner(
        model,
        SlotLoop(
            model=network,
            stop_tokens=frozenset(model.special.stop),
            max_rows=max_rows,
            max_read=max_read,
            max_bytes=int(_MEMORY_SHARE[model.device.type] * (free_bytes(model.device) - peak)),
            bytes_per_cell=bytes_per_cell,
            keeps_positions=_needs_positions(network),
            # What was read before would change the shape of what is read now.
            reuses_prefixes=reuses_prefixes and not is_deterministic,
            fixed_rows=max_rows if is_deterministic else None,
            # A padded length depends on who else is there, which steps of one shape must not.
            is_padded=model.device.type == "cuda" and not is_deterministic,
        ),
    )


def try_slots(network: Any) -> tuple[str | None, int]:
    """Why a model cannot run in slots (None: it can), and the memory of one token's keys and values.

    Leaves the model's attention as it was.
    """
    reason = _known_obstacle(network)
    if reason is not None:
        return reason, 0
    before = network.config._attn_implementation
    tokens = torch.arange(_PROBE, device=network.device) % network.config.get_text_config().vocab_size
    with torch.inference_mode():
        expected = network(input_ids=tokens[None], use_cache=False).logits[0, -3:].float()
        cells = KeyValues()
        network.set_attn_implementation(slot_attention.NAME)
        try:
            found = _in_slots(network, tokens, cells)
        except (
            RuntimeError,
            ValueError,
            TypeError,
            IndexError,
            AttributeError,
            NotImplementedError,
        ) as error:
            return f"its attention cannot be replaced: {type(error).__name__}: {error}", 0
        finally:
            network.set_attn_implementation(before)
    if cells.bytes_per_cell == 0:
        return "its attention cannot be replaced", 0
    difference, scale = float((found - expected).abs().max()), float(expected.abs().max())
    tolerance = _TOLERANCE.get(network.dtype, _TOLERANCE_16_BIT)
    if not difference <= tolerance * max(scale, 1.0):
        return f"its logits change in slots, by {difference:.2g}", 0
    return None, cells.bytes_per_cell


def largest_step(network: Any, *, max_read: int, max_rows: int) -> tuple[int, int, int]:
    """The largest step that fits, found by running it: less than was asked where memory is short.

    Only worth its time on a GPU, where memory that is missing later costs answers begun anew.

    Args:
        network: A model in slot mode.
        max_read: Prompt tokens of a step, to begin with.
        max_rows: Rows whose logits it needs, to begin with.

    Returns:
        Prompt tokens, rows, and bytes that the step takes for a while beside its cells.

    Raises:
        ModelError: Not even the smallest step fits.
    """
    while True:
        try:
            return max_read, max_rows, _run_step(network, max_read, min(max_rows, max_read))
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        if max_read <= _FEWEST_READ:
            raise ModelError(
                f"The weights fit into {network.device}, but {_FEWEST_READ} prompt tokens beside them "
                "do not.",
                fix="Use 4 bit (`model.engine.quantization=nf4`), a smaller model or a larger device.",
            )
        max_read, max_rows = max_read // 2, max(1, max_rows // 2)
        if network.device.type == "cuda":
            torch.cuda.empty_cache()


def _run_step(network: Any, num_read: int, num_rows: int) -> int:
    device, is_gpu = network.device, network.device.type == "cuda"
    longest = getattr(network.config.get_text_config(), "max_position_embeddings", None) or num_read
    cells = KeyValues()
    cells.reserve(1, num_read)
    before = torch.cuda.memory_allocated(device) if is_gpu else 0
    if is_gpu:
        torch.cuda.reset_peak_memory_stats(device)
    with torch.inference_mode():
        logits = network(
            input_ids=torch.zeros((1, num_read), dtype=torch.long, device=device),
            position_ids=torch.arange(num_read, device=device)[None] % longest,
            use_cache=False,
            logits_to_keep=torch.arange(num_rows, device=device),
            step=Step(cells, [], [Reading(0, 0, num_read)]),
        ).logits.float()
        torch.topk(logits, 1)
    return torch.cuda.max_memory_allocated(device) - before if is_gpu else 0


def free_bytes(device: torch.device) -> int:
    """Memory that nothing uses now."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _known_obstacle(network: Any) -> str | None:
    """What a short text would not show."""
    if not getattr(network, "_supports_attention_backend", False):
        return "its attention cannot be replaced"
    scaling = getattr(network.config.get_text_config(), "rope_parameters", None) or {}
    if scaling.get("rope_type") in ("dynamic", "longrope"):
        return "its positions depend on the longest text beside it"
    return None


def _needs_positions(network: Any) -> bool:
    config = network.config.get_text_config()
    return getattr(config, "sliding_window", None) is not None or getattr(config, "alibi", None) is not None


def _in_slots(network: Any, tokens: Tensor, cells: KeyValues) -> Tensor:
    """Logits of the last three tokens: two stretches read, then two tokens written. Shape (3, V)."""
    cells.reserve(1, _PROBE)
    stretches = [(0, 4), (4, _PROBE - 2)]
    parts = []
    for begin, end in stretches:
        step = Step(cells, [], [Reading(0, begin, end - begin)])
        parts.append(_logits(network, tokens, begin, end, step))
    for begin in range(_PROBE - 2, _PROBE):
        parts.append(
            _logits(network, tokens, begin, begin + 1, Step(cells, [Writing(0, 1, begin, None)], []))
        )
    return torch.cat(parts)[-3:]


def _logits(network: Any, tokens: Tensor, begin: int, end: int, step: Step) -> Tensor:
    positions = torch.arange(begin, end, device=tokens.device)
    output = network(
        input_ids=tokens[None, begin:end], position_ids=positions[None], use_cache=False, step=step
    )
    logits: Tensor = output.logits[0].float()
    return logits

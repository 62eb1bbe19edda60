"""Can a model run in slots? Found out by trying.

A model qualifies if transformers lets its attention be chosen and if a short text gives the same
logits read in stretches and written in slots as read whole by the model's own attention. Models
with recurrent layers, attention of another kind or positions that depend on the batch fail that
and run through `generate()` instead; the manifest says so.
"""

from typing import Any, Final

import torch
from torch import Tensor

from def_sim.engines.local import slot_attention
from def_sim.engines.local.batch_runner import BatchRunner
from def_sim.engines.local.capacity import UNPACKED_SHARE, capacity_in_pages, capacity_in_slots, free_bytes
from def_sim.engines.local.key_values import KeyValues, LayerShape, bytes_per_cell
from def_sim.engines.local.model import LocalModel
from def_sim.engines.local.paged import paged_attention
from def_sim.engines.local.paged.paged_loop import PagedLoop
from def_sim.engines.local.paged.trial import graph_obstacle, logits_in_pages, obstacle
from def_sim.engines.local.runner import Runner
from def_sim.engines.local.slot_attention import Reading, Step, Writing
from def_sim.engines.local.slot_loop import SlotLoop
from def_sim.engines.local.slot_runner import SlotRunner
from def_sim.errors import ModelError

_PROBE: Final = 12  # tokens
_TOLERANCE: Final = {
    torch.float32: 1e-3
}  # of the logits' size; 16 bit rounds in the third digit of every layer
_TOLERANCE_16_BIT: Final = 0.2
_FIXED_ROWS: Final = 64  # rows of every step where shapes are fixed
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
    reason, layers = try_slots(network)
    if reason is not None:
        if loop == "slots":
            raise ModelError(
                f"model.engine.loop=slots, but this model cannot run in slots: {reason}.",
                fix="Use `model.engine.loop=auto`.",
            )
        return BatchRunner(model, max_rows=min(max_rows, _BATCH_ROWS), why=reason)
    max_rows = min(max_rows, _FIXED_ROWS) if is_deterministic else max_rows
    # What was read before would change the shape of what is read now.
    reuses_prefixes = reuses_prefixes and not is_deterministic
    why_not_paged = None
    if len(model.devices) > 1:
        why_not_paged = f"its layers lie on {len(model.devices)} devices"
    elif model.device.type == "cuda":
        torch.cuda.set_device(model.device)  # streams and kernels of this thread are for this device
        model.unpack(most_bytes=int(UNPACKED_SHARE * free_bytes(model.device)))
        why_not_paged = try_pages(network, layers)
        if why_not_paged is None:
            loop_over_pages = _paged_loop(model, layers, max_rows, reuses_prefixes, is_deterministic)
            return SlotRunner(model, loop_over_pages)
    loop_over_slots = _slot_loop(model, layers, max_rows, reuses_prefixes, is_deterministic)
    return SlotRunner(model, loop_over_slots, why_not_paged=why_not_paged)


def _slot_loop(
    model: LocalModel,
    layers: list[LayerShape],
    max_rows: int,
    reuses_prefixes: bool,
    is_deterministic: bool,
) -> SlotLoop:
    """The loop for CPUs, split models, and GPUs without Triton."""
    network = model.network
    network.set_attn_implementation(slot_attention.NAME)
    capacity = capacity_in_slots(network, layers, model.devices, max_rows=max_rows)
    return SlotLoop(
        model=network,
        stop_tokens=frozenset(model.special.stop),
        max_rows=capacity.max_rows,
        max_read=capacity.max_read,
        max_bytes=capacity.max_bytes,
        bytes_per_cell=bytes_per_cell(layers, network.dtype),
        keeps_positions=_needs_positions(network),
        reuses_prefixes=reuses_prefixes,
        fixed_rows=capacity.max_rows if is_deterministic else None,
    )


def _paged_loop(
    model: LocalModel,
    layers: list[LayerShape],
    max_rows: int,
    reuses_prefixes: bool,
    is_deterministic: bool,
) -> PagedLoop:
    """The loop for GPUs, with as much memory as the largest step leaves."""
    network = model.network
    network.set_attn_implementation(paged_attention.NAME)
    tokens = [number % network.config.get_text_config().vocab_size for number in range(_PROBE)]
    why_no_graphs = graph_obstacle(network, layers, tokens, uses_kernels=True)
    capacity = capacity_in_pages(network, layers, max_rows=max_rows)
    return PagedLoop(
        model=network,
        stop_tokens=frozenset(model.special.stop),
        max_rows=capacity.max_rows,
        max_read=capacity.max_read,
        max_bytes=capacity.max_bytes,
        layers=layers,
        reuses_prefixes=reuses_prefixes,
        fixed_rows=capacity.max_rows if is_deterministic else None,
        captures=why_no_graphs is None,
        why_no_graphs=why_no_graphs,
    )


def try_pages(network: Any, layers: list[LayerShape]) -> str | None:
    """Why a model that has slots cannot run in pages on its device; None: it can.

    Leaves the model's attention as it was.
    """
    if (reason := obstacle()) is not None:
        return reason
    before = network.config._attn_implementation
    tokens = torch.arange(_PROBE, device=network.device) % network.config.get_text_config().vocab_size
    with torch.inference_mode():
        network.set_attn_implementation(paged_attention.NAME)
        try:
            found = logits_in_pages(network, layers, tokens.tolist(), uses_kernels=True)
        except Exception as error:  # Triton's compiler raises whatever it likes
            return f"its kernels failed: {type(error).__name__}: {error}"
        finally:
            network.set_attn_implementation(before)
        longer = torch.cat([tokens, found[:1].argmax(dim=-1)])
        expected = network(input_ids=longer[None], use_cache=False).logits[0, -2:].float()
    return _difference(found, expected, network.dtype)


def try_slots(network: Any) -> tuple[str | None, list[LayerShape]]:
    """Why a model cannot run in slots (None: it can), and what each layer keeps of a token.

    Leaves the model's attention as it was.
    """
    reason = _known_obstacle(network)
    if reason is not None:
        return reason, []
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
            return f"its attention cannot be replaced: {type(error).__name__}: {error}", []
        finally:
            network.set_attn_implementation(before)
    if not cells.layers:
        return "its attention cannot be replaced", []
    return _difference(found, expected, network.dtype), cells.layers


def _difference(found: Tensor, expected: Tensor, dtype: torch.dtype) -> str | None:
    """What to say of logits that are not those of the whole text; None: they are.

    Compared as a whole: in 16 bit the largest of many thousand differences says little.
    """
    difference = float((found - expected).norm() / expected.norm())
    if not difference <= _TOLERANCE.get(dtype, _TOLERANCE_16_BIT):
        return f"its logits change in slots, by {difference:.2g} of their size"
    return None


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

"""Which loop a model runs in, and that loop over it.

Slots where the model can (`slot_trial.py`), on a GPU in pages where these can be had; else batches of
`generate()`, and the manifest says why.
"""

from dataclasses import replace
from typing import Any, Final

import torch

from def_sim.engines.local.batches.batch_runner import BatchRunner
from def_sim.engines.local.batches.batch_trial import bears_padding
from def_sim.engines.local.capacity import UNPACKED_SHARE, capacity_in_pages, capacity_in_slots, free_bytes
from def_sim.engines.local.model import LocalModel
from def_sim.engines.local.paged import paged_attention
from def_sim.engines.local.paged.paged_loop import PagedLoop
from def_sim.engines.local.paged.trial import graph_obstacle, logits_in_pages, obstacle
from def_sim.engines.local.scheduling.runner import Runner
from def_sim.engines.local.settings import EngineSettings
from def_sim.engines.local.slot_runner import SlotRunner
from def_sim.engines.local.slots import slot_attention
from def_sim.engines.local.slots.attention_watch import attending_by
from def_sim.engines.local.slots.key_values import LayerShape, bytes_per_token
from def_sim.engines.local.slots.slot_loop import SlotLoop
from def_sim.engines.local.slots.slot_trial import difference, needs_positions, trial_tokens, try_slots
from def_sim.errors import ModelError

_FIXED_ROWS: Final = 64  # rows of every step where shapes are fixed
_BATCH_ROWS: Final = 32  # of a batch of generate(), whose padding grows with it


def make_runner(model: LocalModel, settings: EngineSettings) -> Runner:
    """The runner for a model.

    Args:
        model: A loaded model.
        settings: Of the engine: which loop, and how it runs.

    Raises:
        ModelError: Slots were asked for and the model cannot run in them, or it cannot generate.
    """
    if settings.loop == "generate":
        return _batches(model, settings.max_batch_rows, "asked for")
    network = model.network
    reason, layers = try_slots(network)
    if reason is not None:
        if settings.loop == "slots":
            raise ModelError(
                f"model.engine.loop=slots, but this model cannot run in slots: {reason}.",
                fix="Use `model.engine.loop=auto`.",
            )
        return _batches(model, settings.max_batch_rows, reason)
    if settings.deterministic:
        # What was read before would change the shape of what is read now.
        most = min(settings.max_batch_rows, _FIXED_ROWS)
        settings = replace(settings, max_batch_rows=most, reuses_prefixes=False)
    why_not_paged = None
    if len(model.devices) > 1:
        why_not_paged = f"its layers lie on {len(model.devices)} devices"
    elif model.device.type == "cuda":
        torch.cuda.set_device(model.device)  # streams and kernels of this thread are for this device
        model.unpack(most_bytes=int(UNPACKED_SHARE * free_bytes(model.device)))
        why_not_paged = try_pages(network, layers)
        if why_not_paged is None:
            loop_over_pages = _paged_loop(model, layers, settings)
            return SlotRunner(model, loop_over_pages)
    loop_over_slots = _slot_loop(model, layers, settings)
    return SlotRunner(model, loop_over_slots, why_not_paged=why_not_paged)


def _batches(model: LocalModel, max_rows: int, why: str) -> BatchRunner:
    return BatchRunner(
        model,
        max_rows=min(max_rows, _BATCH_ROWS),
        why=why,
        bears_padding=bears_padding(model.network, model.special.pad),
    )


def _slot_loop(model: LocalModel, layers: list[LayerShape], settings: EngineSettings) -> SlotLoop:
    """The loop for CPUs, split models, and GPUs without Triton."""
    network = model.network
    network.set_attn_implementation(slot_attention.NAME)
    capacity = capacity_in_slots(network, layers, model.devices, max_rows=settings.max_batch_rows)
    return SlotLoop(
        model=network,
        stop_tokens=frozenset(model.special.stop),
        max_rows=capacity.max_rows,
        max_read=capacity.max_read,
        max_bytes=capacity.max_bytes,
        bytes_per_token=bytes_per_token(layers, network.dtype),
        keeps_positions=needs_positions(network),
        reuses_prefixes=settings.reuses_prefixes,
        fixed_rows=capacity.max_rows if settings.deterministic else None,
    )


def _paged_loop(model: LocalModel, layers: list[LayerShape], settings: EngineSettings) -> PagedLoop:
    """The loop for GPUs, with as much memory as the largest step leaves."""
    network = model.network
    network.set_attn_implementation(paged_attention.NAME)
    tokens = trial_tokens(network).tolist()
    why_no_graphs = graph_obstacle(network, layers, tokens, uses_kernels=True)
    capacity = capacity_in_pages(network, layers, max_rows=settings.max_batch_rows)
    return PagedLoop(
        model=network,
        stop_tokens=frozenset(model.special.stop),
        max_rows=capacity.max_rows,
        max_read=capacity.max_read,
        max_bytes=capacity.max_bytes,
        layers=layers,
        reuses_prefixes=settings.reuses_prefixes,
        fixed_rows=capacity.max_rows if settings.deterministic else None,
        captures=why_no_graphs is None,
        why_no_graphs=why_no_graphs,
    )


def try_pages(network: Any, layers: list[LayerShape]) -> str | None:
    """Why a model that has slots cannot run in pages on its device; None: it can.

    Leaves the model's attention as it was.
    """
    if (reason := obstacle()) is not None:
        return reason
    tokens = trial_tokens(network)
    with torch.inference_mode():
        try:
            with attending_by(network, paged_attention.NAME):
                found = logits_in_pages(network, layers, tokens.tolist(), uses_kernels=True)
        except Exception as error:  # Triton's compiler raises whatever it likes
            return f"its kernels failed: {type(error).__name__}: {error}"
        longer = torch.cat([tokens, found[:1].argmax(dim=-1)])
        expected = network(input_ids=longer[None], use_cache=False).logits[0, -2:].float()
    return difference(found, expected, network.dtype)

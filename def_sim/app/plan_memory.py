"""What fits into a card: weights, keys and values, and so how many respondents at once.

Computed from the model's YAML, nothing is measured. Cache is counted as the slot loop keeps it: the
beams of a respondent share its prompt and differ in their answers only.
"""

from collections.abc import Mapping

from def_sim.app.plan_counts import Card, Plan
from def_sim.app.run import Run
from def_sim.engines.local.loading.quantization import QUANTIZE_ABOVE, loaded_bytes, packing_of

RESERVE = 0.08  # of a card: what torch, kernels and a step's own numbers take
_BYTES_PER_PARAMETER = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "auto": 2.0}


def planned_quantization(run: Run) -> str:
    """none, int8, nf4 or gptq; "auto" is decided by the engine's own rule and limit."""
    model = run.config.model
    arguments: Mapping[str, object] = model.engine.arguments if model.engine else {}
    requested = str(arguments.get("quantization") or "none")
    if requested != "auto":
        return requested
    above = arguments.get("quantize_above", QUANTIZE_ABOVE)  # what the engine is given, or its default
    return packing_of(model.num_parameters, quantize_above=int(str(above)))


def weight_bytes(run: Run) -> float:
    """Bytes of the weights in memory, by quantisation and type; 0 where unknown."""
    model, chosen = run.config.model, planned_quantization(run)
    if chosen != "none":
        return loaded_bytes(model.num_parameters, chosen, in_16_bit=model.planning.embedding_parameters)
    arguments: Mapping[str, object] = model.engine.arguments if model.engine else {}
    return model.num_parameters * _BYTES_PER_PARAMETER.get(str(arguments.get("dtype", "auto")), 2.0)


def cache_room(run: Run, card: Card) -> float:
    """Bytes that are left for keys and values; below 0 if the weights do not fit."""
    is_packed = planned_quantization(run) != "none"
    unpacked = 2 * run.config.model.planning.unpacked_at_once if is_packed else 0
    return card.memory_bytes * (1 - RESERVE) - weight_bytes(run) - unpacked


def respondents_at_once(run: Run, plan: Plan, card: Card) -> tuple[int, int]:
    """How many respondents' caches fit beside the weights, each with one call under way.

    Returns:
        With the largest call that there can be; and with prompts, beams and answers of mean length. 0 and 0
        if the weights alone do not fit.
    """
    model = run.config.model
    free = cache_room(run, card)
    typical = (plan.tokens_in + plan.rows * plan.tokens_out) / plan.num_calls
    per_token = model.planning.cache_bytes_per_token
    if free <= 0 or per_token == 0:
        return 0, 0
    return int(free / (per_token * plan.largest_call.cache)), int(free / (per_token * typical))


def memory_line(run: Run, plan: Plan, card: Card) -> str:
    """What fits into a card, in words."""
    weights = weight_bytes(run)
    quantization = planned_quantization(run)
    stored = f"{weights / 1e9:.1f} GB of weights" + ("" if quantization == "none" else f" in {quantization}")
    fewest, usual = respondents_at_once(run, plan, card)
    if not usual:
        return f"fits          {card.name}: {stored} do not fit"
    left, what = cache_room(run, card) / 1e9, "respondents" if run.most_calls == 1 else "calls"
    return (
        f"fits          {card.name}: {stored} leave {left:.1f} GB of cache: {fewest:,} {what} at once "
        f"with their longest prompts, {usual:,} with typical ones"
    )

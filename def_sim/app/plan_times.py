"""How long a run may take: roofline floors of cards, and a rate for small models on a CPU.

Computed, not measured; nothing is loaded.
"""

from def_sim.app.plan_counts import Card, Plan
from def_sim.app.plan_memory import weight_bytes
from def_sim.app.run import Run

_SMALL_MODEL = 50_000_000  # below it a CPU is limited by the steps, not by arithmetic
_SECONDS_PER_SMALL_STEP = 0.0021  # of the demo respondent, measured: its prompts are in it


def floor_seconds(plan: Plan, run: Run, card: Card) -> float:
    """Shortest possible time on a card: reading prompts at its arithmetic, writing at its bandwidth.

    Everything perfectly packed, beams sharing their prompt; no software reaches it. Respondents
    answer in order, so at most `num_respondents * rows` rows share a step.
    """
    model = run.config.model
    weights, cache = weight_bytes(run), model.planning.cache_bytes_per_token
    active = model.planning.active_parameters or model.num_parameters
    prefill = 2 * active * plan.tokens_in / card.flop_per_s
    rows = plan.num_respondents * plan.rows
    steps = plan.tokens_out / plan.num_respondents
    context = plan.tokens_in / plan.num_calls
    read = weights + rows * context * cache
    decode = steps * max(read / card.bytes_per_s, 2 * active * rows / card.flop_per_s)
    return prefill + decode


def seconds_on_a_processor(run: Run, plan: Plan) -> float | None:
    """Time on two idle cores for a model so small that its steps, not its arithmetic, take it; else None."""
    if not 0 < run.config.model.num_parameters < _SMALL_MODEL:
        return None
    return plan.tokens_out * _SECONDS_PER_SMALL_STEP

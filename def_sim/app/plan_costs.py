"""What a plan says of a hosted model: an estimate of its price, and how long it will be served."""

from collections.abc import Mapping
from typing import Any

from def_sim.engines.hosted.hosted_models import hosted_model, retirement_note
from def_sim.engines.hosted.prices import Price, find_price


def hosted_usd(arguments: Mapping[str, Any], tokens_in: float, tokens_out: float) -> float | None:
    """Estimated dollars of a hosted panel; None without a known price. Arguments as for `hosted_lines`."""
    price, factor = _price(arguments), hosted_model(str(arguments["model_name"])).tokens_factor
    return None if price is None else price.cost_usd(tokens_in * factor, tokens_out * factor)


def _price(arguments: Mapping[str, Any]) -> Price | None:
    name = str(arguments["model_name"])
    price = find_price(name, arguments.get("input_usd_per_million"), arguments.get("output_usd_per_million"))
    return price.in_batches() if price is not None and arguments.get("batches") else price


def hosted_lines(
    arguments: Mapping[str, Any], tokens_in: float, tokens_out: float, *, num_shards: int = 1
) -> list[str]:
    """Lines of the plan, with the estimate from characters put into the model's own tokens.

    Args:
        arguments: Of the engine, as its YAML gives them.
        tokens_in: That the panel will have read, in the study's tokenizers.
        tokens_out: That it will have written.
        num_shards: Parts of the panel, which divide the cap.
    """
    name = str(arguments["model_name"])
    model, price = hosted_model(name), _price(arguments)
    usd = hosted_usd(arguments, tokens_in, tokens_out)
    if price is None or usd is None:
        lines = ["cost          no price is known; without one there is no estimate and no cap"]
    else:
        asked = f"${price.input_usd:g} a million tokens in, ${price.output_usd:g} out"
        lines = [f"cost          about ${usd:,.2f}: {asked} (prices of {price.as_of})"]
    if (cap_usd := arguments.get("max_cost_usd")) is not None:
        who = "the run" if num_shards == 1 else "each of them"
        parts = "" if num_shards == 1 else f", ${cap_usd / num_shards:,.2f} for each of {num_shards:,} shards"
        lines.append(
            f"cost cap      ${cap_usd:,.2f}{parts}; {who} stops before it spends more; "
            "replies without usable token counts are booked at the most they can cost"
        )
    if model.thinking == "always":
        lines.append("warning       the model thinks before it answers; those tokens come on top")
    if note := retirement_note(name):
        lines.append(f"warning       {note}")
    return lines

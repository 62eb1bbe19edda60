"""What a plan says of a hosted model: an estimate of its price, and how long it will be served."""

from collections.abc import Mapping
from typing import Any

from def_sim.engines.hosted.hosted_models import hosted_model, retirement_note
from def_sim.engines.hosted.prices import find_price


def hosted_lines(arguments: Mapping[str, Any], tokens_in: float, tokens_out: float) -> list[str]:
    """Lines of the plan, with the estimate from characters put into the model's own tokens.

    Args:
        arguments: Of the engine, as its YAML gives them.
        tokens_in: That the panel will have read, in the study's tokenizers.
        tokens_out: That it will have written.
    """
    name = str(arguments["model_name"])
    model = hosted_model(name)
    price = find_price(name, arguments.get("input_usd_per_million"), arguments.get("output_usd_per_million"))
    if price is None:
        lines = ["cost          no price is known; without one there is no estimate and no cap"]
    else:
        price = price.in_batches() if arguments.get("batches") else price
        usd = price.cost_usd(tokens_in * model.tokens_factor, tokens_out * model.tokens_factor)
        asked = f"${price.input_usd:g} a million tokens in, ${price.output_usd:g} out"
        lines = [f"cost          about ${usd:,.2f}: {asked} (prices of {price.as_of})"]
    if (cap_usd := arguments.get("max_cost_usd")) is not None:
        lines.append(
            f"cost cap      ${cap_usd:,.2f}; the run stops before it spends more; replies without usable "
            "token counts are booked at the most they can cost"
        )
    if model.thinking == "always":
        lines.append("warning       the model thinks before it answers; those tokens come on top")
    if note := retirement_note(name):
        lines.append(f"warning       {note}")
    return lines

"""How many respondents and items are needed, in words: `stage=plan power=true`.

Loaded only when asked for, so that a plain plan stays light.
"""

from collections.abc import Callable
from pathlib import Path

from def_sim.app.read_panel import arrays_of
from def_sim.app.reporting import scored_answers
from def_sim.app.run import Run
from def_sim.app.sections import WantedPrecision
from def_sim.errors import ConfigError
from def_sim.evaluation.distributions import pool_wordings
from def_sim.evaluation.score_spread import assumed_spread, spread_of_panel
from def_sim.metrics.power import Spread, detectable, half_width, items_needed, respondents_needed

_SIZES = (20, 50, 100, 200, 500, 1000)


def power_lines(run: Run, wanted: WantedPrecision, finished: Path | None) -> list[str]:
    """The plan in lines.

    Args:
        run: What would be asked.
        wanted: Half-width and difference, on the scale of the Jensen-Shannon divergence.
        finished: The folder of a run whose own spread is planned with; None: an assumed one.

    Raises:
        ConfigError: Fewer than two items have figures of people.
    """
    arrays = arrays_of(run, scored_answers(run, finished) if finished is not None else [])
    scored = [one for one in pool_wordings(arrays.distributions) if one.reference is not None]
    assumed = "a panel halfway between people and random answers, respondents independent of each other"
    if finished is not None:
        spread, source = spread_of_panel(arrays), f"the run in {finished}"
    else:
        size, seed = run.config.respondents, run.config.seed
        spread, source = assumed_spread(scored, num_respondents=size, seed=seed), assumed
    if spread is None:
        raise ConfigError(
            "power=true needs two items with figures of people, and of a finished run two respondents with "
            "readable answers.",
            fix="Ask more items, bring figures (references=FOLDER), or name another run_folder.",
        )
    parts = (
        f"between items {spread.between:.2e}, noise of an item {spread.within:.2e}, shared by all items "
        f"{spread.shared:.2e}, at {spread.num_respondents:g} respondents"
    )
    return [
        "power         of the mean Jensen-Shannon divergence over items, 95 % intervals",
        f"  spread of   {source}",
        f"  variances   {parts}",
        *_table(spread, len(scored), wanted),
        *_needed(spread, len(scored), wanted),
    ]


def _table(spread: Spread, num_items: int, wanted: WantedPrecision) -> list[str]:
    """A line a size of the panel."""
    pair = spread.of_difference(wanted.correlation)
    head = f"  respondents  half-width, {num_items} items  items for {wanted.half_width:g}"
    head += f"  difference found, {num_items} items  items for {wanted.difference:g}"
    lines = [head]
    for size in _SIZES:
        width, found = _width(spread, size), _found(pair, size, wanted.chance)
        cells = (
            f"{size:,}",
            f"{width(num_items):.4f}",
            _count(items_needed(width, wanted.half_width)),
            f"{found(num_items):.4f}",
            _count(items_needed(found, wanted.difference)),
        )
        widths = (13, 23, 17, 30, 17)
        lines.append("".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)))
    return lines


def _needed(spread: Spread, num_items: int, wanted: WantedPrecision) -> list[str]:
    pair = spread.of_difference(wanted.correlation)
    for_width = respondents_needed(lambda n: half_width(spread, num_items, n), wanted.half_width)
    for_pair = respondents_needed(lambda n: detectable(pair, num_items, n, wanted.chance), wanted.difference)
    widths = f"{_respondents(for_width)} for a half-width of {wanted.half_width:g}"
    pairs = f"{_respondents(for_pair)} a model to find a difference of {wanted.difference:g}"
    return [
        f"  needed      with {num_items} items: {widths}, {pairs} in {wanted.chance:.0%} of studies",
        f"  assumed     noise falls as 1/N; scores of two models correlate by {wanted.correlation:g}",
    ]


def _width(spread: Spread, num_respondents: int) -> Callable[[int], float]:
    return lambda num_items: half_width(spread, num_items, num_respondents)


def _found(pair: Spread, num_respondents: int, chance: float) -> Callable[[int], float]:
    return lambda num_items: detectable(pair, num_items, num_respondents, chance)


def _respondents(number: int | None) -> str:
    return "no number of respondents" if number is None else f"{number:,} respondents"


def _count(number: int | None) -> str:
    return "none will do" if number is None else f"{number:,}"

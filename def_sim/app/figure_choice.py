"""Which single items figures show, held against the items that are asked before anything is."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from def_sim.app.sections import FigureRules
from def_sim.errors import ConfigError

_MOST_NAMED: Final = 3


def check_figures(rules: FigureRules, asked: Collection[str]) -> None:
    """Makes sure that every item of `figures.items` is asked.

    Args:
        rules: As configured.
        asked: Ids of the items that are put to the panel.

    Raises:
        ConfigError: One is not; names those that look like it.
    """
    if not isinstance(rules.items, list):
        return
    for wanted in rules.items:
        if wanted not in asked:
            near = get_close_matches(wanted, asked, n=_MOST_NAMED) or sorted(asked)[:_MOST_NAMED]
            raise ConfigError(
                f"figures.items: {wanted!r} is no item that is asked; there are {len(asked)}, such as "
                f"{', '.join(near)}.",
                fix="Correct the id, or give a number of items, or all.",
            )

"""How far a panel's shares move when one setting changes, beyond what two panels of the same shares differ.

Letters: K options, N respondents.
"""

from typing import Final

import numpy as np

from def_sim.metrics.divergence import variation_of_shares
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.noise_floor import draw_samples
from def_sim.metrics.sample import Sample

NUM_DRAWS: Final = 100  # for each item and pair; means are over many of them


def shares_moved(
    first: Sample, second: Sample, form: ItemForm, rng: np.random.Generator
) -> tuple[float, float]:
    """Total variation of two panels' shares on an item, and of two panels that answer alike.

    Args:
        first: Counts of shape (K,).
        second: Of the same options.
        form: Of the item.
        rng: Of the panels that answer alike: by the mean of both panels' rates, each of its own size.

    Returns:
        Both in [0, 1]; NaN where one of them has no answer.
    """
    if not (first.counts.sum() > 0 and second.counts.sum() > 0):
        return float("nan"), float("nan")
    rates = (first.mention_rates + second.mention_rates) / 2
    one, other = (
        draw_samples(rates, float(sample.num_respondents), rng, form=form, num_draws=NUM_DRAWS)
        for sample in (first, second)
    )
    by_chance = variation_of_shares(one.shares, other.shares)
    return float(variation_of_shares(first.shares, second.shares)), float(np.nanmean(by_chance))

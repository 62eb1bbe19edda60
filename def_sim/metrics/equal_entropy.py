"""Two panels at equal entropy: how far apart their scores are once both are equally varied.

Whichever is less varied is diluted with random answerers until its mean entropy is that of the other
(`entropy_control`), whether or not it is the one that is closer to people.

Letters: Q items.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from def_sim.metrics.divergence import entropy
from def_sim.metrics.entropy_control import Dilution, dilute_panel
from def_sim.metrics.equal_answers import NUM_DRAWS, thinned
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.sample import Array, Sample


@dataclass(frozen=True)
class DilutedPanel:
    """A panel's scores and variety, item by item, and what they become as random answerers replace others.

    `values` and `entropies` (nats), shape (Q,).
    """

    values: Array
    entropies: Array
    dilution: Dilution


def diluted(
    panel: Sequence[Sample],
    people: Sequence[Sample | None],
    forms: Sequence[ItemForm],
    metric: str,
    values: Array,
    rng: np.random.Generator,
    *,
    fewest: Array | None = None,
) -> DilutedPanel:
    """Dilutes a panel once, for comparisons with any other.

    Args:
        panel: Q samples, counts of shape (K,).
        people: Q references; None where there is none.
        forms: Q forms of items.
        metric: A divergence in ITEM_METRICS.
        values: The panel's scores under it, shape (Q,).
        rng: Of the random answerers.
        fewest: At how many answers each item is compared, shape (Q,), where arms have different numbers of
            them; `values` are then those of as many.
    """
    most = np.full(len(panel), np.inf) if fewest is None else fewest
    some = [
        thinned(sample, one, form, rng, (NUM_DRAWS,))
        for sample, form, one in zip(panel, forms, most, strict=True)
    ]
    entropies = np.array([float(entropy(sample.shares).mean()) for sample in some])
    return DilutedPanel(values, entropies, dilute_panel(panel, people, forms, metric, rng, fewest=fewest))


def difference_at_equal_entropy(first: DilutedPanel, second: DilutedPanel) -> Array:
    """First minus second, item by item, with the less varied of the two made as varied as the other.

    Returns:
        Shape (Q,); NaN for items that lack a score in one of them. Above 0 the second is closer to people.
    """
    chosen = ~np.isnan(first.values) & ~np.isnan(second.values)
    if not chosen.any():
        return np.full(chosen.shape, np.nan)
    levels = [float(one.entropies[chosen].mean()) for one in (first, second)]
    if levels[0] >= levels[1]:
        scores = first.values - second.dilution.at_entropy(levels[0], chosen)[1]
    else:
        scores = first.dilution.at_entropy(levels[1], chosen)[1] - second.values
    return np.where(chosen, scores, np.nan)

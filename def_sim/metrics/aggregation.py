"""From scores of items to dimensions to one number.

Undefined items (NaN) are left out of a mean; the caller reports how many there were.

Letters: Q items.
"""

from collections.abc import Sequence

import numpy as np

from def_sim.metrics.sample import Array


def defined_mean(values: Array) -> float:
    """Mean over the values that are defined; NaN if none is."""
    values = np.asarray(values, dtype=np.float64)
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def dimension_means(values: Array, dimensions: Sequence[str]) -> dict[str, float]:
    """Mean over the defined items of each dimension.

    Args:
        values: Scores, shape (Q,); NaN where undefined.
        dimensions: Dimension of each item, length Q; "" of an item without one, which is in no mean here.

    Returns:
        One mean for every dimension present, sorted by name; NaN where no item is defined.
    """
    values, labels = np.asarray(values, dtype=np.float64), np.asarray(dimensions, dtype=np.str_)
    if values.shape != labels.shape:
        raise ValueError(f"Expected one dimension a score, found {labels.size} for {values.size}.")
    return {str(name): defined_mean(values[labels == name]) for name in np.unique(labels) if name}


def micro_mean(values: Array) -> float:
    """Mean over the defined items: every item counts the same."""
    return defined_mean(values)


def macro_mean(values: Array, dimensions: Sequence[str]) -> float:
    """Unweighted mean of the dimension means: every dimension counts the same, however many items it has.

    Dimensions without a defined item are left out; all their items are among the undefined.
    """
    return defined_mean(np.array(list(dimension_means(values, dimensions).values()), dtype=np.float64))

"""Principal components: the two directions along which rows of numbers differ most.

Knows nothing of countries or models.

Letters: M rows, F features.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import svd

from def_sim.metrics.sample import Array


@dataclass(frozen=True, slots=True)
class Components:
    """Two principal components of some rows, ready to place further rows on them."""

    mean: Array  # of the rows, shape (F,)
    axes: Array  # loadings, shape (2, F): each of length 1, and at right angles
    explained: Array  # share of the rows' variance along each axis, shape (2,), in [0, 1]


def why_no_components(rows: Array) -> str:
    """Why these rows, shape (M, F), span no two axes; empty if they do."""
    rows = np.asarray(rows, dtype=np.float64)
    if rows.ndim != 2 or min(rows.shape) < 2:
        return f"two axes need at least two rows and two features, found {' x '.join(map(str, rows.shape))}"
    if not np.isfinite(rows).all():
        return "a value is missing"
    if np.ptp(rows, axis=0).max() == 0:
        return "all rows are the same"
    return ""


def fit_components(rows: Array) -> Components:
    """The first two principal components of the rows, centred and not scaled.

    Args:
        rows: Shape (M, F), every value present, M and F at least 2.

    Raises:
        ValueError: The rows span no axes, see `why_no_components`.
    """
    if why := why_no_components(rows):
        raise ValueError(f"No principal components: {why}.")
    rows = np.asarray(rows, dtype=np.float64)
    mean = rows.mean(axis=0)
    # The full decomposition has no random start: the same rows give the same bits.
    _, sizes, axes = svd(rows - mean, full_matrices=False)
    # An axis may point either way: its largest loading is made positive.
    largest = np.argmax(np.abs(axes), axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    variances = sizes**2 / (len(rows) - 1)
    # Copied as they lie in memory: a product with them would else end in other last digits.
    return Components(mean=mean, axes=np.array(axes[:2]), explained=(variances / variances.sum())[:2])

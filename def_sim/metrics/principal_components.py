"""Principal components: the two directions along which rows of numbers differ most.

The one place that imports scikit-learn. Knows nothing of countries or models.

Letters: M rows, F features.
"""

from dataclasses import dataclass

import numpy as np

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
    from sklearn.decomposition import PCA  # takes a second to load; most commands draw no map

    # The full decomposition has no random start: the same rows give the same bits.
    fitted = PCA(n_components=2, svd_solver="full").fit(np.asarray(rows, dtype=np.float64))
    return Components(
        mean=np.asarray(fitted.mean_, dtype=np.float64),
        axes=np.asarray(fitted.components_, dtype=np.float64),
        explained=np.asarray(fitted.explained_variance_ratio_, dtype=np.float64),
    )

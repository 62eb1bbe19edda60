"""Principal components: scikit-learn's to the last bit, whatever the shape of the rows."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from def_sim.metrics.principal_components import fit_components
from def_sim.randomness import keyed_rng


@pytest.mark.parametrize("shape", [(2, 2), (3, 40), (42, 15), (200, 2)])
def test_components_are_those_of_scikit_learn_to_the_last_bit(shape: tuple[int, int]) -> None:
    rows = keyed_rng(1, "rows", *shape).normal(loc=3.0, size=shape)
    theirs = PCA(n_components=2, svd_solver="full").fit(rows)
    ours = fit_components(rows)
    assert ours.mean.tobytes() == theirs.mean_.tobytes()
    assert ours.axes.tobytes() == theirs.components_.tobytes()
    assert ours.axes.strides == theirs.components_.strides  # so products with them have the same bits, too
    assert ours.explained.tobytes() == theirs.explained_variance_ratio_.tobytes()


def test_the_largest_loading_of_an_axis_is_positive_so_that_a_map_is_never_mirrored() -> None:
    rows = keyed_rng(2, "rows").normal(size=(30, 6))
    for turned in (rows, -rows):
        axes = fit_components(turned).axes
        assert (axes[np.arange(2), np.abs(axes).argmax(axis=1)] > 0).all()

"""Krippendorff's alpha as the package of that name computes it, on random tables with gaps."""

import krippendorff
import numpy as np
import pytest

from def_sim.metrics.agreement import krippendorff_alpha


def a_table(seed: int) -> np.ndarray:
    """Two to six coders, 3 to 60 rows, two to eight codes; up to half of the cells empty."""
    rng = np.random.default_rng(seed)
    num_coders, num_rows, num_codes = rng.integers([2, 3, 2], [7, 61, 9])
    truth = rng.integers(num_codes, size=num_rows)
    guesses = rng.integers(num_codes, size=(num_coders, num_rows))
    is_right = rng.random((num_coders, num_rows)) < rng.random()
    table = np.where(is_right, truth, guesses).astype(float)
    table[:, 0], table[:2, 1] = np.nan, (0, 1)  # a row that nobody coded; two codes in any table
    gaps = rng.random(table.shape) < rng.uniform(0, 0.5)
    gaps[:2, 1] = False
    return np.where(gaps, np.nan, table)


@pytest.mark.parametrize("seed", range(200))
def test_alpha_is_that_of_the_package_on_a_random_table_with_gaps(seed: int) -> None:
    table = a_table(seed)
    expected = krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")
    assert krippendorff_alpha(table) == pytest.approx(expected, abs=1e-12)


def test_the_tables_have_gaps_single_codes_and_every_size_of_agreement() -> None:
    tables = [a_table(seed) for seed in range(200)]
    codes_a_row = np.concatenate([(~np.isnan(table)).sum(axis=0) for table in tables])
    assert min(np.bincount(codes_a_row, minlength=7)) > 50  # rows with no code, one, ..., six
    alphas = np.array([krippendorff_alpha(table) for table in tables])
    assert alphas.min() < 0 < 0.9 < alphas.max()

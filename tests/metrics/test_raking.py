"""Raking against fitting a table by hand, against the entropy problem that it solves, and where it cannot."""

import numpy as np
import pytest
from scipy.optimize import minimize

from def_sim.metrics.raking import Margin, are_equal, kish_size, rake

SEX = np.array([0, 0, 0, 1, 1, 0, 1, 0])
AGE = np.array([0, 1, 2, 0, 1, 1, 2, 0])
SHARES = (np.array([0.5, 0.5]), np.array([0.2, 0.3, 0.5]))


def margins() -> list[Margin]:
    return [Margin(SEX, SHARES[0]), Margin(AGE, SHARES[1])]


def table_by_hand() -> np.ndarray:
    """Deming and Stephan's fitting on the table of counts, cell by cell."""
    cells = [[float(((s == SEX) & (a == AGE)).sum()) for a in range(3)] for s in range(2)]
    for _ in range(500):
        for s in range(2):
            total = sum(cells[s])
            cells[s] = [cell * SHARES[0][s] / total for cell in cells[s]]
        for a in range(3):
            total = cells[0][a] + cells[1][a]
            for s in range(2):
                cells[s][a] *= SHARES[1][a] / total
    return np.array(cells)


def test_one_margin_is_a_ratio_of_shares() -> None:
    raked = rake([Margin(SEX, SHARES[0])])
    # Five of eight are 0: each weighs .5 / (5/8); the other three .5 / (3/8).
    assert raked.weights == pytest.approx(np.where(SEX == 0, 0.8, 4 / 3))
    assert raked.fits


def test_two_margins_agree_with_the_fitted_table() -> None:
    weights = rake(margins()).weights
    cells = [[weights[(s == SEX) & (a == AGE)].sum() / 8 for a in range(3)] for s in range(2)]
    assert np.array(cells) == pytest.approx(table_by_hand(), abs=1e-9)


def test_the_weights_are_the_nearest_to_equal_ones() -> None:
    design = np.column_stack([SEX == 1, AGE == 1, AGE == 2, np.ones(8)]).astype(float)
    target = np.array([0.5, 0.3, 0.5, 1.0]) * 8

    def dual(multipliers: np.ndarray) -> float:
        return float(np.exp(design @ multipliers).sum() - multipliers @ target)

    expected = np.exp(design @ minimize(dual, np.zeros(4), method="BFGS", options={"gtol": 1e-10}).x)
    assert rake(margins()).weights == pytest.approx(expected, abs=1e-5)


def test_margins_that_are_met_already_leave_equal_weights() -> None:
    raked = rake([Margin(np.array([0, 0, 1]), np.array([2 / 3, 1 / 3]))])
    assert are_equal(raked.weights)
    assert raked.weights.mean() == pytest.approx(1)


def test_a_category_without_a_share_gets_no_weight() -> None:
    weights = rake([Margin(AGE, np.array([0.5, 0.5, 0.0]))]).weights
    assert (weights[AGE == 2] == 0).all()
    assert weights.sum() == pytest.approx(8)


def test_margins_that_contradict_each_other_do_not_fit() -> None:
    # Whoever is 0 in the one is 0 in the other, yet the shares differ.
    same = np.array([0, 0, 1, 1])
    assert not rake([Margin(same, np.array([0.5, 0.5])), Margin(same, np.array([0.8, 0.2]))]).fits


def test_margins_that_leave_nobody_do_not_fit() -> None:
    same = np.array([0, 0, 1, 1])
    assert not rake([Margin(same, np.array([1.0, 0.0])), Margin(same, np.array([0.0, 1.0]))]).fits


@pytest.mark.parametrize("shares", [[0.5, 0.4], [1.5, -0.5]])
def test_shares_that_are_none_are_refused(shares: list[float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        rake([Margin(SEX, np.array(shares))])


def test_a_share_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody in it"):
        rake([Margin(SEX, np.array([0.4, 0.4, 0.2]))])


def test_kish_by_hand() -> None:
    assert kish_size(np.array([1.0, 1.0, 2.0])) == pytest.approx(16 / 6)
    assert kish_size(np.full(5, 0.3)) == pytest.approx(5)
    assert kish_size(np.zeros(3)) == 0

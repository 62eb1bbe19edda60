"""Rates of defects against statsmodels and by hand."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from def_sim.metrics.insensitivity import defect_rate, wilson_interval


@pytest.mark.parametrize(
    ("num_defects", "num_judged"),
    [(x, n) for n in (1, 2, 7, 20, 200) for x in sorted({0, 1, n // 3, n // 2, n - 1, n})],
)
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilsons_interval_is_that_of_statsmodels(num_defects, num_judged, level):
    expected = proportion_confint(num_defects, num_judged, alpha=1 - level, method="wilson")
    assert wilson_interval(num_defects, num_judged, level=level) == pytest.approx(expected, abs=1e-12)


def test_the_interval_of_no_defect_begins_at_0_and_that_of_all_ends_at_1():
    assert wilson_interval(0, 30)[0] == 0.0
    assert wilson_interval(30, 30)[1] == 1.0


def test_missing_verdicts_are_in_no_rate_but_in_its_bounds():
    # 3 of 10 judged have it; of 4 missing ones none or all could: 3/14 and 7/14.
    found = defect_rate(3, 10, 4)
    assert found.rate == pytest.approx(0.3)
    assert (found.if_missing_low, found.if_missing_high) == pytest.approx((3 / 14, 0.5))


def test_a_rate_of_nothing_judged_is_undefined_and_never_0():
    found = defect_rate(0, 0, 5)
    assert np.isnan([found.rate, found.low, found.high]).all()
    assert (found.if_missing_low, found.if_missing_high) == (0.0, 1.0)


@pytest.mark.parametrize("counts", [(3, 2, 0), (-1, 2, 0), (0, 2, -1)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="expected 0 <= defects <= judged"):
        defect_rate(*counts)

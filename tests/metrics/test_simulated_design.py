"""What standard errors by the design promise, on a few of the samples of scripts/simulate_design.py."""

import pytest
from scripts_loaded import script


def test_on_clustered_samples_the_standard_error_is_the_spread_and_kishs_alone_is_too_small() -> None:
    simulated = script("simulate_design")
    [world] = [one for one in simulated.WORLDS if one.name == "clusters, strata, weights"]
    found = simulated.outcome(world, 400, seed=3)
    # 400 samples tell the spread within 3.5 % and the coverage within 1.1 points, each one standard error.
    assert found.ratio == pytest.approx(1, abs=0.1)
    assert found.coverage == pytest.approx(0.95, abs=0.03)
    assert found.kish_coverage < 0.88
    assert found.effect == pytest.approx(2.1, abs=0.15)

"""Rectified figures cover: scripts/simulate_calibration.py, smaller; its table is in the docs."""

import pytest
from scripts_loaded import script

pytestmark = pytest.mark.slow

ITEMS, SIZES, REPETITIONS = 40, (50, 200), 12


@pytest.mark.parametrize("kind", ["perfect", "halfway", "useless"])
def test_people_with_real_correlations_are_covered(kind: str) -> None:
    simulation = script("simulate_calibration")
    found = simulation.outcomes(kind, simulation.World("USA"), ITEMS, SIZES, REPETITIONS, seed=7)
    # 480 items whose errors hang together; the docs have .95 from ten times as many.
    for of_means in (False, True):
        assert found[of_means].covered > 0.91
        assert found[of_means].people_by_width >= 0


def test_a_panel_like_people_is_worth_people_and_a_useless_one_is_not() -> None:
    simulation = script("simulate_calibration")
    world = simulation.World("USA")
    perfect, useless = (
        simulation.outcomes(kind, world, ITEMS, SIZES, 4, seed=7)[False] for kind in ("perfect", "useless")
    )
    assert perfect.people_by_error > 50
    assert useless.people_by_width < 15

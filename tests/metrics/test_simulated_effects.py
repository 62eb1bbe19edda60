"""Planted effects and countries are held by their intervals: the simulations behind the docs, smaller."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def simulations(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    names = ("simulate_factorial", "simulate_contrast")
    factorial, contrast = (importlib.import_module(name) for name in names)
    monkeypatch.setattr(factorial, "POOL_SIZE", 60)
    monkeypatch.setattr(factorial, "PANELS_A_CELL", 500)
    yield factorial, contrast
    for name in (*names, "dependent_panels"):
        sys.modules.pop(name, None)


def test_planted_effects_are_held_and_effects_of_nothing_are_rarely_flagged(
    simulations: tuple[Any, Any],
) -> None:
    factorial, _ = simulations
    people = factorial.People()
    found = factorial.tally("style", 20, people, repetitions=12, num_items=30, draws=60, seed=3)
    zeros = [effect for effect, expected in found.expected.items() if expected == 0]
    assert sorted(zeros) == [(0, 1, 2), (0, 2), (1, 2), (2,)]
    # 84 intervals; at 95 % fewer than 73 hold the truth less often than once in a thousand times.
    assert sum(found.covered.values()) * 12 >= 73
    assert found.flagged[0,] > 0.9
    assert max(found.flagged[effect] for effect in zeros) <= 0.34


def test_slopes_of_peoples_shares_and_of_one_opinion_are_held(simulations: tuple[Any, Any]) -> None:
    _, contrast = simulations
    held, zero, mean = contrast.coverage("independent", 20, 20, num_items=40, seed=3)
    assert min(held, zero) >= 0.8
    assert mean == pytest.approx(1, abs=0.08)


@pytest.mark.parametrize("world", ["people", "sharp"])
def test_answers_that_could_not_be_read_make_no_difference(
    world: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    simulation = importlib.import_module("simulate_unread")
    (raw, _), (above_floors, _), (at_as_many, missed) = simulation.misses(world, "answers", 20, 20, 3)
    sys.modules.pop("simulate_unread")
    assert raw > 0.01
    # Floors are what it costs people; of sharp opinions they take off too much.
    assert above_floors < -0.01 if world == "sharp" else abs(above_floors) < 0.01
    assert abs(at_as_many) < 0.01  # its standard error is about .003
    assert missed <= 0.2  # of 20; at 5 % more than four miss once in 400 times

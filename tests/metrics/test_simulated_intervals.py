"""scripts/simulate_intervals.py prints its tables, and few items cover as they should."""

import importlib
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    module = importlib.import_module("simulate_intervals")
    monkeypatch.setattr(module, "POOL_SIZE", 40)
    monkeypatch.setattr(module, "FEW", (4, 8))
    yield module
    for name in ("simulate_intervals", "simulate_coverage"):
        sys.modules.pop(name, None)


def table(script, capsys, name, repetitions):
    """The printed cells of a table, row by row, for one metric at N = 20 in one world."""
    numbers = script.Numbers(repetitions, items=10, draws=50, seed=2)
    script.TABLES[name](script.Wanted(numbers, [20], ["js_divergence"], ["mixed"]))
    lines = capsys.readouterr().out.strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "num_rows"), [("few", 2), ("groups", 4), ("style", 1), ("normalised", 12), ("pairs", 2)]
)
def test_each_table_has_a_row_for_each_case(script, capsys, name, num_rows):
    rows = table(script, capsys, name, 2)
    assert len(rows) == num_rows
    assert len({len(row) for row in rows}) == 1


@pytest.mark.slow
def test_the_scale_of_a_score_covers_more_often_on_four_items(script, capsys):
    _, _, _, items, as_it_is, on_its_scale, *_ = table(script, capsys, "few", 100)[0]
    assert items == "4"
    assert float(on_its_scale) >= float(as_it_is)
    assert float(on_its_scale) >= 85  # of 100 at 93 %, fewer happen twice in a thousand times

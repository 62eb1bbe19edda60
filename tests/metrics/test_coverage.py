"""Intervals hold what they promise: scripts/simulate_coverage.py, smaller; its tables are in the docs."""

import importlib.util
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

SCRIPT = Path(__file__).parents[2] / "scripts" / "simulate_coverage.py"
REPETITIONS = 40
METRICS = ("js_divergence", "total_variation")


@cache
def script():
    spec = importlib.util.spec_from_file_location("simulate_coverage", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    module.POOL_SIZE = 150
    return module


def numbers():
    return script().Numbers(REPETITIONS, items=40, draws=150, seed=3)


def fewest_hits(rate):
    """Fewer hits than this in REPETITIONS happen once in a thousand times at that rate."""
    return binom.ppf(0.001, REPETITIONS, rate) / REPETITIONS


@pytest.mark.slow
@pytest.mark.parametrize(("world", "size"), [("people", 20), ("mixed", 200)])
def test_intervals_contain_the_truth_as_often_as_they_say(world, size):
    for metric, hits in script().coverage(world, size, METRICS, numbers()).items():
        assert hits.at_n >= fewest_hits(0.94), metric
        assert hits.few_items >= fewest_hits(0.94), metric
        assert np.isnan(hits.limit) or hits.limit >= fewest_hits(0.94), metric


@pytest.mark.slow
def test_equally_good_models_are_rarely_found_to_differ():
    for metric, rate in script().found_different("typical", 20, METRICS, numbers()).items():
        assert 1 - rate >= fewest_hits(0.95), metric


@pytest.mark.slow
def test_a_closer_model_is_found_and_one_that_is_far_off_on_a_few_items_not_mistaken_for_worse():
    [power] = script().found_different("typical", 20, ["js_divergence"], numbers(), closer=0.8).values()
    [alarms] = script().found_uneven(20, ["js_divergence"], numbers()).values()
    assert power > 0.9
    assert 1 - alarms >= fewest_hits(0.93)

"""The interval of a normalised score, a ratio of two means."""

import numpy as np
import pytest
from scipy import optimize, stats

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.fieller import NO_SPAN, RatioVariances, fieller_steps, normalised_interval
from def_sim.metrics.normalised import ItemScores, mean_score


def noiseless(values, num_respondents=50, num_draws=4000):
    """Scores whose respondents all answer alike: only items differ."""
    values = np.asarray(values, dtype=float)
    return ScoreDraws(values, np.tile(values, (num_draws, 1)), np.zeros((num_respondents, values.size)))


def some_items(num_items=60, span=0.5, key=0):
    rng = np.random.default_rng([17, key])
    floor = rng.gamma(9, 0.005, size=num_items)
    uniform = floor + rng.normal(span, 0.2, size=num_items)
    value = floor + 0.4 * (uniform - floor) + rng.normal(0, 0.05, size=num_items)
    return ItemScores(value, floor, uniform, floor)


def interval_of(items, groups=None):
    return normalised_interval(noiseless(items.value), items, np.random.default_rng(1), groups=groups)


def test_the_ends_are_those_of_the_textbook():
    # a/b = 2/4, variances .09 and .16, covariance .06, quantile 2. Fieller: (4 - r)... solved by hand:
    # (2 - 4r)^2 = 4 (.09 - .12 r + .16 r^2), 15.36 r^2 - 15.52 r + 3.64 = 0, r = .3683, .6421.
    low, high = sorted(np.roots([15.36, -15.52, 3.64]))
    # To first order, in units of b: score 1 - r; the variance of a - .5 b is .09 - .06 + .04 = .07.
    variances = RatioVariances(score=0.07 / 16, denominator=0.01, covariance=-(0.06 - 0.08) / 16)
    below, above = fieller_steps(variances, 2.0)
    assert (0.5 + below, 0.5 + above) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize("groups", [None, ["a", "b", "b"] * 20])
def test_the_ends_are_where_a_test_of_the_score_begins_to_refute_it(groups):
    # By brute force: of each score, Student's test of (D - floor) - (1 - s)(uniform - floor), item by item.
    items = some_items(span=0.3)
    labels = np.array(groups or ["a"] * 60)
    found = interval_of(items, groups)

    def distance(score):
        gaps = items.value - items.floor - (1 - score) * (items.uniform - items.floor)
        parts = [gaps[labels == name] for name in np.unique(labels)]
        errors = [stats.sem(part) for part in parts]
        return abs(np.mean([part.mean() for part in parts])) / (np.linalg.norm(errors) / len(parts))

    at_low, at_high = distance(found.low), distance(found.high)
    assert at_low == pytest.approx(at_high, rel=0.02)
    assert at_low == pytest.approx(2.0, abs=0.15)  # Student's quantile, or a little further
    assert distance(found.estimate) == pytest.approx(0, abs=1e-9)
    crossing = optimize.brentq(lambda score: distance(score) - at_low, found.estimate, found.estimate + 2)
    assert crossing == pytest.approx(found.high, rel=0.02)


def test_a_known_denominator_leaves_the_interval_of_a_mean():
    items = some_items()
    items = ItemScores(items.value, items.floor, items.floor + 0.5, items.floor)
    found = interval_of(items)
    scores = 1 - (items.value - items.floor) / 0.5
    expected = stats.t.interval(0.95, 59, scores.mean(), stats.sem(scores))
    assert (found.low, found.high) == pytest.approx(expected, abs=0.01)


def test_a_doubtful_denominator_makes_the_interval_lopsided_and_then_there_is_none():
    short = interval_of(some_items(num_items=12, span=0.45))
    assert short.high - short.estimate != pytest.approx(short.estimate - short.low, rel=0.05)
    assert short.low < short.estimate < short.high
    # Random answers are worse than people by .01 on average, give or take .2 / sqrt(12) = .06.
    none = interval_of(some_items(num_items=12, span=0.01, key=3))
    assert none.why_absent == NO_SPAN
    assert np.isnan([none.low, none.high]).all()
    assert not np.isnan(none.estimate)


def test_random_answers_no_worse_than_people_leave_neither_score_nor_interval():
    items = some_items()
    nothing = ItemScores(items.value, items.uniform + 1, items.uniform, items.floor)
    assert "no worse" in interval_of(nothing).why_absent


def test_it_contains_the_score_in_95_of_100_samples_of_few_items():
    pool = some_items(num_items=2000, span=0.4)
    true = mean_score(pool).score
    rng, hits = np.random.default_rng(5), []
    for _ in range(300):
        chosen = rng.integers(2000, size=10)
        sample = ItemScores(*(part[chosen] for part in (pool.value, pool.floor, pool.uniform, pool.floor)))
        found = normalised_interval(noiseless(sample.value, num_draws=200), sample, rng)
        hits.append(found.low <= true <= found.high)
    # Fewer happen once in a thousand times at that rate.
    assert np.mean(hits) >= stats.binom.ppf(0.001, 300, 0.95) / 300

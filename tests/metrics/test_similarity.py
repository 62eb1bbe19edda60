"""Similarity of Bravansky et al. 2025: the score, its two intervals, bounds, matched items."""

import json
import re
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from def_sim.metrics.bootstrap import ScoreDraws, draw_weights, resample_panel
from def_sim.metrics.intervals import mean_interval
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.noise_floor import draw_samples, expected_score
from def_sim.metrics.panel_answers import NO_VALID_ANSWER, PanelAnswers
from def_sim.metrics.sample import Sample
from def_sim.metrics.similarity import (
    SCALE,
    as_scale,
    matched_items,
    percentile_interval,
    similarity,
    similarity_bounds,
    similarity_difference,
    similarity_draws,
)

FIGURES = Path(__file__).resolve().parents[3] / "shared" / "figures"
ORDERED, NAMES = ItemForm(is_ordered=True), ItemForm()
TWO = as_scale(NAMES, 2)
NUM_ITEMS = 72  # of the study


def rng(key=0):
    return np.random.default_rng([29, key])


def two(share):
    return np.stack([share, 1 - np.asarray(share)], axis=-1)


def test_eighty_against_fifty_five_per_cent_is_three_quarters():
    assert similarity(two(0.8), two(0.55), is_ordered=False) == pytest.approx(0.75)  # 1 - |.8 - .55|


def test_three_ordered_options_mirrored():
    # .6 of the answers move from the first to the third option, the whole scale: W1/(K-1) is .6.
    assert similarity([0.7, 0.2, 0.1], [0.1, 0.2, 0.7]) == pytest.approx(0.4)


def test_it_is_one_minus_scipys_distance_between_positions():
    for num_options in range(2, 11):
        panel, people = rng(num_options).dirichlet(np.ones(num_options), size=2)
        positions = np.arange(num_options) / (num_options - 1)
        expected = 1 - stats.wasserstein_distance(positions, positions, panel, people)
        assert similarity(panel, people) == pytest.approx(expected)


def test_more_than_two_options_without_order_have_no_similarity():
    assert np.isnan(similarity([0.2, 0.3, 0.5], [0.1, 0.2, 0.7], is_ordered=False))


def test_two_options_are_a_scale_whatever_they_name():
    assert as_scale(NAMES, 2).is_ordered
    assert not as_scale(NAMES, 3).is_ordered


def placements(counts, num_failed):
    for options in combinations_with_replacement(range(counts.size), num_failed):
        yield counts + np.bincount(options, minlength=counts.size)


@pytest.mark.parametrize("num_options", [2, 3, 4])
def test_bounds_are_those_of_all_placements(num_options):
    for key in range(20):
        draws = rng(key)
        counts = draws.multinomial(6, draws.dirichlet(np.ones(num_options))).astype(float)
        people = draws.dirichlet(np.ones(num_options))
        scores = [similarity(placed / placed.sum(), people) for placed in placements(counts, 4)]
        [worst], [best] = similarity_bounds(
            [Sample(counts, 6, 4)], [Sample.of_people(people, 1000)], [as_scale(ORDERED, num_options)]
        )
        assert (worst, best) == pytest.approx((min(scores), max(scores)))


def test_an_item_that_nobody_answered_is_bounded_by_all_that_could_have_been_said():
    # Ten failures, people .7: three on the second option is exact; all on it is 1 - .7.
    [worst], [best] = similarity_bounds(
        [Sample(np.zeros(2), 0, 10)], [Sample.of_people(two(0.7), 1000)], [TWO]
    )
    assert (worst, best) == pytest.approx((0.3, 1.0))


@pytest.mark.parametrize("people", [None, Sample.of_people(two(0.7), 1000)])
def test_nobody_asked_or_no_people_is_no_bound(people):
    bounds = similarity_bounds([Sample(np.zeros(2), 0, 0)], [people], [TWO])
    assert np.isnan(bounds).all()


def similarities(key, num_items=NUM_ITEMS):
    """Skewed, with a mean of .65 and a standard deviation of .2."""
    return rng(key).beta(3.0, 1.615, size=num_items)


def test_the_published_interval_is_scipys_percentile_bootstrap_over_items():
    values = similarities(1)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=50_000, rng=rng(2)
    ).confidence_interval
    ours = percentile_interval(values, rng(3), num_draws=50_000)
    assert [ours.low, ours.high] == pytest.approx([theirs.low, theirs.high], abs=0.0015)
    of_a_thousand = [percentile_interval(values, rng(200 + key)) for key in range(40)]
    assert np.mean([one.low for one in of_a_thousand]) == pytest.approx(theirs.low, abs=0.003)
    assert np.mean([one.high for one in of_a_thousand]) == pytest.approx(theirs.high, abs=0.003)


def test_its_half_width_is_that_of_the_published_table():
    widths, expected = [], []
    for key in range(60):
        values = similarities(key)
        found = percentile_interval(values, rng(100 + key))
        widths.append((found.high - found.low) / 2)
        expected.append(1.96 * values.std(ddof=1) / np.sqrt(NUM_ITEMS))
    assert np.mean(widths) == pytest.approx(np.mean(expected), rel=0.03)
    assert np.mean(expected) == pytest.approx(0.046, abs=0.003)  # the published ones are about .047


def test_undefined_items_are_left_out_and_few_items_have_no_interval():
    values = np.array([0.5, np.nan, 0.6, 0.7, 0.8, np.nan])
    found = percentile_interval(values, rng())
    assert (found.estimate, found.num_items) == (pytest.approx(0.65), 4)
    assert np.isnan([found.low, found.high]).all()
    assert np.isnan(percentile_interval(np.full(3, np.nan), rng()).estimate)


def planted_panel(key, shares, num_respondents, num_failing=0):
    """Two-option answers drawn from planted shares; some of the answers fail."""
    draws = rng(key)
    choices = (draws.random((num_respondents, len(shares))) >= shares).astype(int)
    failing = draws.random(choices.shape).argsort(axis=0) < num_failing
    return PanelAnswers.from_choices(np.where(failing, NO_VALID_ANSWER, choices), [2] * len(shares))


def draws_of(panel, human, key=0):
    weights = draw_weights(panel.num_respondents, rng(key), 1000)
    people = [Sample.of_people(two(share), 1000) for share in human]
    return similarity_draws(resample_panel(panel, weights), people, [TWO] * len(human))


def exact_expectation(share, human, num_respondents):
    """E(1 - |X/N - h|), X binomial: a sum over all counts."""
    count = np.arange(num_respondents + 1)
    chances = stats.binom.pmf(count, num_respondents, share)
    return float((chances * (1 - np.abs(count / num_respondents - human))).sum())


@pytest.mark.parametrize("num_respondents", [20, 100])
def test_the_exact_expectation_of_a_planted_panel_lies_in_both_intervals(num_respondents):
    shares, human = rng(5).beta(2, 2, size=(2, NUM_ITEMS))
    found = draws_of(planted_panel(6, shares, num_respondents), human)
    expected = np.mean([exact_expectation(p, h, num_respondents) for p, h in zip(shares, human, strict=True)])
    published = percentile_interval(found.values, rng(7))
    ours = mean_interval(found, rng(8), scale=SCALE)
    assert published.low < expected < published.high
    assert ours.low < expected < ours.high
    assert ours.estimate == pytest.approx(published.estimate)


def test_its_draws_are_the_rest_of_the_distances_to_one():
    found = draws_of(planted_panel(9, np.array([0.2, 0.6]), 40, num_failing=5), np.array([0.5, 0.5]))
    assert found.values.shape == (2,)
    assert np.abs(found.draws.mean(axis=0) - found.values) == pytest.approx(0, abs=0.02)
    assert found.contributions.sum(axis=0) == pytest.approx(0, abs=1e-12)


def mean_floor(num_respondents):
    human = rng(11).beta(2, 2, size=400)
    draws = [draw_samples(two(h), num_respondents, rng(12), form=TWO, num_draws=200) for h in human]
    return np.mean(
        [expected_score(similarity(one.shares, two(h))) for one, h in zip(draws, human, strict=True)]
    )


def test_real_people_score_near_965_and_a_coin_near_81():
    assert mean_floor(100) == pytest.approx(0.965, abs=0.003)
    assert mean_floor(10) == pytest.approx(0.89, abs=0.005)  # of a frame, which a tenth is asked in
    # |h - .5| has the mean 12 (.5**2 / 4 * .5**2 / 2 - .5**4 / 4) = .1875 for Beta(2, 2).
    human = rng(11).beta(2, 2, size=400)
    assert np.mean(similarity(np.full((400, 2), 0.5), two(human))) == pytest.approx(0.8125, abs=0.01)


def test_the_difference_of_a_style_from_itself_is_nothing():
    draws = draws_of(planted_panel(13, np.full(10, 0.4), 30), rng(14).beta(2, 2, size=10))
    found = similarity_difference(draws, draws, (rng(1), rng(2)), same_respondents=True)
    assert (found.published.low, found.published.high) == (0, 0)
    assert found.comparison.p_value == 1


def test_styles_are_compared_on_their_common_items_in_pairs():
    # The second style is .1 nearer on every item that both have: no draw of items gives another difference.
    first = np.append(similarities(15, 20) * 0.8, np.nan)
    second = first + 0.1
    second[20] = 0.9
    found = similarity_difference(
        noiseless(first), noiseless(second), (rng(1), rng(2)), same_respondents=True
    )
    assert found.published.num_items == 20
    assert [found.published.low, found.published.high] == pytest.approx([-0.1, -0.1])
    assert found.comparison.difference.estimate == pytest.approx(-0.1)
    assert found.comparison.p_value < 0.001


def noiseless(values, num_respondents=50, num_draws=1000):
    return ScoreDraws(values, np.tile(values, (num_draws, 1)), np.zeros((num_respondents, values.size)))


def test_matched_items_are_half_classified_under_every_style():
    classified = np.array([[1.0, 0.5, 0.49, 1.0], [0.5, 0.9, 1.0, np.nan], [1.0, 1.0, 1.0, 1.0]])
    assert matched_items(classified).tolist() == [True, True, False, False]


COUNTRIES = {"United States": (70, 0.83), "China": (34, 0.78), "Japan": (33, 0.76), "India": (51, 0.82)}


@pytest.mark.skipif(not FIGURES.is_dir(), reason="the figures are not part of the repository")
@pytest.mark.parametrize("country", COUNTRIES)
def test_a_coin_is_nearer_to_people_than_all_published_scores(country):
    table = pd.read_csv(FIGURES / "globalopinionqa_partial.csv", keep_default_na=False)
    rows = table[[bool(re.match(rf"{country}\b", key)) for key in table["country"]]]
    listed = [json.loads(shares) for shares in rows["distribution"]]
    first = np.array([shares[0] / sum(shares) for shares in listed if len(shares) == 2])
    num_items, expected = COUNTRIES[country]
    assert first.size == num_items
    coin = similarity(np.full((num_items, 2), 0.5), two(first)).mean()
    assert coin == pytest.approx(expected, abs=0.005)
    assert coin > 0.71  # the largest published similarity

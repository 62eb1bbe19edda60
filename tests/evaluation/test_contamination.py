"""Recited figures: found where they are recited, not found where a model knows the country alone."""

from dataclasses import replace

import numpy as np
import pytest
from effect_examples import distribution
from scipy.stats import spearmanr
from statsmodels.stats.proportion import proportion_confint

from def_sim.evaluation.contamination import (
    NEAREST,
    RELATED,
    SEEN,
    contamination_items,
    contamination_sentence,
    contamination_summary,
)
from def_sim.metrics.contamination import (
    mean_difference,
    mean_rate,
    nearest_credit,
    partial_rank_correlation,
)
from def_sim.records import AnswerStatus, ItemReference

COUNTRIES = ("USA", "CHN", "JPN", "RUS", "COL", "EGY", "BGD")
NUM_ITEMS, NUM_OPTIONS = 60, 4
RNG = np.random.default_rng(11)
PEOPLES = {name: RNG.dirichlet(np.ones(NUM_OPTIONS), size=NUM_ITEMS) for name in COUNTRIES}
USA = PEOPLES["USA"]


def references(shares):
    codes = tuple(range(1, NUM_OPTIONS + 1))
    return {
        f"x.Q{place}": ItemReference(f"x.Q{place}", "all", codes, tuple(row.tolist()), 2000, 1500.0)
        for place, row in enumerate(shares)
    }


REFERENCES = {name: references(shares) for name, shares in PEOPLES.items()}


def stated(shares, num_items=NUM_ITEMS):
    """Shares as a model states them, aligned with people of the United States."""
    found = [distribution(place, np.array([0]), USA[place]) for place in range(num_items)]
    answered = {AnswerStatus.ANSWERED: 20.0}
    return [
        replace(one, counts=row * 20, status_counts=one.status_counts | answered)
        for one, row in zip(found, shares, strict=False)
    ]


def noisy(shares, rng, size=30):
    """As many people's answers as it remembers, or imagines."""
    return np.array([rng.multinomial(size, row) for row in shares]) / size


def error(shares):
    return np.abs(shares - USA).sum(axis=1) / 2


def summary_of(recall, placebo, simulated=None):
    counted = {"recall": stated(recall), "placebo": stated(placebo)}
    if simulated is not None:
        counted["simulated"] = stated(simulated)
    items = contamination_items(counted, REFERENCES, "USA")
    return items, contamination_summary(items, len(COUNTRIES))


def test_every_item_has_its_errors_and_what_they_stand_beside():
    items, _ = summary_of(USA, 0.5 * USA + 0.125)
    assert items["item_id"].tolist() == [f"x.Q{place}" for place in range(NUM_ITEMS)]
    assert items["tv_recall"].to_numpy() == pytest.approx(0)
    # Half of the way to equal shares has half of their error.
    assert items["tv_placebo"].to_numpy() == pytest.approx(items["tv_uniform"].to_numpy() / 2)
    assert items["tv_verbalised"].isna().all()
    assert (items["nearest_recall"] == 1).all()


def test_a_respondent_that_recites_the_figures_is_found():
    rng = np.random.default_rng(1)
    _, summary = summary_of(USA, noisy(0.6 * USA + 0.1, rng))
    found = summary.set_index("statistic")
    assert found.loc[SEEN, "high"] < 0
    assert found.loc[NEAREST, "low"] > 1 / 7
    assert found.loc[NEAREST, "chance"] == pytest.approx(1 / 7)
    assert contamination_sentence(summary).startswith("Figures are recited:")


def test_a_respondent_that_knows_only_the_country_is_found_in_few_of_200():
    """It states people's shares roughly, under either name alike."""
    rng = np.random.default_rng(2)
    errors = np.array([[error(noisy(USA, rng)) for _ in range(2)] for _ in range(200)])
    flagged = sum(mean_difference(recall, placebo).high < 0 for recall, placebo in errors)
    assert flagged <= 10  # 5 %; 2.5 % are expected


def test_no_sentence_says_that_nothing_was_seen():
    rng = np.random.default_rng(3)
    cases = [
        (USA, noisy(USA, rng)),
        (noisy(USA, rng), noisy(USA, rng)),
        (0.5 * USA + 0.125, USA),
        (USA[:3], USA[:3]),
    ]
    for recall, placebo in cases:
        _, summary = summary_of(recall, placebo)
        sentence = contamination_sentence(summary)
        assert "not contaminated" not in sentence
        assert "not seen" not in sentence
        assert "recited" in sentence or "seen all the same" in sentence or "cannot be told" in sentence


def test_simulation_errors_that_follow_recall_are_related_given_entropy():
    rng = np.random.default_rng(4)
    off = rng.random((NUM_ITEMS, 1)) * 0.8
    away = off * np.roll(USA, 1, axis=1) + (1 - off) * USA
    _, summary = summary_of(away, USA, simulated=noisy(away, rng, 400))
    related = summary.set_index("statistic").loc[RELATED]
    assert related["low"] > 0.3
    _, unrelated = summary_of(noisy(USA, rng), USA, simulated=noisy(USA, rng))
    assert abs(unrelated.set_index("statistic").loc[RELATED, "value"]) < 0.4


def test_items_that_a_country_was_not_asked_alike_count_for_no_country():
    fewer = REFERENCES | {"BGD": {k: v for k, v in REFERENCES["BGD"].items() if k != "x.Q0"}}
    items = contamination_items({"recall": stated(USA), "placebo": stated(USA)}, fewer, "USA")
    assert items["nearest_recall"].isna().tolist() == [True] + [False] * (NUM_ITEMS - 1)


# --- numbers over items ---


def test_credit_is_shared_by_ties():
    one, other = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    assert nearest_credit(np.array([0.5, 0.5]), [one, other], 0) == 1
    assert nearest_credit(np.array([0.5, 0.5]), [one, other], 1) == 0
    assert nearest_credit(np.array([0.7, 0.3]), [one, other], 0) == 0.5
    assert np.isnan(nearest_credit(np.array([np.nan, np.nan]), [one, other], 0))


def test_the_interval_of_a_rate_is_wilsons():
    credits = np.array([1.0] * 9 + [0.0] * 21 + [np.nan])
    found = mean_rate(credits)
    low, high = proportion_confint(9, 30, method="wilson")
    assert (found.value, found.num_items) == (0.3, 30)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_the_partial_rank_correlation_is_that_of_the_residuals_of_ranks():
    rng = np.random.default_rng(5)
    given = rng.random(50)
    first, second = given + rng.random(50), given + rng.random(50)
    ranks = [np.argsort(np.argsort(one)).astype(float) for one in (first, second, given)]
    residuals = [one - np.polyval(np.polyfit(ranks[2], one, 1), ranks[2]) for one in ranks[:2]]
    by_residuals = np.corrcoef(*residuals)[0, 1]
    assert partial_rank_correlation(first, second, given).value == pytest.approx(by_residuals)
    nothing = rng.random(50)
    plain = spearmanr(first, second).statistic
    assert partial_rank_correlation(first, second, nothing).value == pytest.approx(plain, abs=0.1)


def test_few_items_have_a_reason_instead_of_an_interval():
    few = np.arange(7.0)
    assert "Too few items: 7" in mean_difference(few, few).reason
    assert "Too few items: 7" in mean_rate(few / 7).reason
    assert "10 are needed" in partial_rank_correlation(few, few, few).reason
    assert mean_rate(np.full(3, np.nan)).num_items == 0

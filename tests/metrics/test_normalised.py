"""The normalised score: 0 as random answers, 1 as people."""

import numpy as np
import pytest

from def_sim.metrics.bootstrap import ScoreDraws, draw_weights, resample_panel, score_draws
from def_sim.metrics.fieller import normalised_interval
from def_sim.metrics.intervals import mean_interval
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.noise_floor import draw_samples, normalised_score, uniform_rates
from def_sim.metrics.normalised import (
    ItemScores,
    group_scores,
    mean_score,
    normalise_scores,
    normalised_draws,
)
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.sample import Sample

NAN = float("nan")
ITEMS = ItemScores(
    value=np.array([0.2, 0.4, 0.1, NAN]),
    floor=np.array([0.1, 0.1, 0.1, 0.1]),
    uniform=np.array([0.5, 0.7, 0.3, 0.5]),
    human_to_human=np.array([0.01, 0.03, 0.02, 0.05]),
)
DIMENSIONS = ["a", "a", "b", "b"]


def test_every_level_shows_what_the_score_is_made_of():
    survey = mean_score(ITEMS)
    # Means over the three defined items: .7/3, .1, 1.5/3.
    assert (survey.value, survey.floor, survey.uniform) == pytest.approx((0.7 / 3, 0.1, 0.5))
    assert survey.human_to_human == pytest.approx(0.02)
    assert survey.score == pytest.approx(1 - (0.7 / 3 - 0.1) / 0.4)
    assert (survey.num_items, survey.num_undefined) == (4, 1)
    by_dimension = group_scores(ITEMS, DIMENSIONS)
    assert by_dimension["a"].score == pytest.approx(1 - (0.3 - 0.1) / 0.5)
    assert by_dimension["b"].score == pytest.approx(1)
    # Mean of the means: value (.3 + .1)/2, uniform (.6 + .3)/2.
    assert mean_score(ITEMS, DIMENSIONS).score == pytest.approx(1 - (0.2 - 0.1) / (0.45 - 0.1))
    each = normalise_scores(ITEMS.value, ITEMS.floor, ITEMS.uniform)
    assert each == pytest.approx([0.75, 0.5, 1, NAN], nan_ok=True)


def test_arrays_are_normalised_as_single_numbers_are():
    rng = np.random.default_rng(1)
    value, floor, uniform = rng.random((3, 50))
    together = normalise_scores(value, floor, uniform)
    alone = [normalised_score(*row) for row in zip(value, floor, uniform, strict=True)]
    assert together == pytest.approx(alone, nan_ok=True)


def test_where_random_answers_are_no_worse_than_people_there_is_a_reason_and_no_score():
    flat = ItemScores(*(np.array([0.1, 0.1]) for _ in range(4)))
    assert np.isnan(mean_score(flat).score)
    assert "no worse" in mean_score(flat).why_undefined
    nothing = ItemScores(*(np.array([NAN]) for _ in range(4)))
    assert "No item" in mean_score(nothing).why_undefined


def scores_with_noise(values, key=0):
    rng = np.random.default_rng([3, key])
    draws = values + rng.normal(scale=0.02, size=(3000, values.size))
    return ScoreDraws(values, draws, rng.normal(scale=0.02, size=(40, values.size)) / np.sqrt(40))


@pytest.mark.parametrize("groups", [None, ["a", "a", "a", "b", "b", "b"]])
def test_its_interval_belongs_to_the_score_itself(groups):
    rng = np.random.default_rng(2)
    value, floor = rng.random(6), np.full(6, 0.05)
    items = ItemScores(value, floor, rng.random(6) + 0.6, floor)
    draws = normalised_draws(scores_with_noise(value), items, groups)
    interval = mean_interval(draws, rng, groups=groups)
    assert interval.estimate == pytest.approx(mean_score(items, groups).score)


def test_its_standard_error_is_that_of_a_ratio_of_means():
    # Against a bootstrap that recomputes the ratio from resampled items; respondents without noise.
    rng = np.random.default_rng(4)
    uniform = rng.random(80) + 0.6
    value = uniform * rng.uniform(0.2, 0.6, size=80)
    floor = np.full(80, 0.05)
    still = ScoreDraws(value, np.tile(value, (2000, 1)), np.zeros((40, 80)))
    draws = normalised_draws(still, ItemScores(value, floor, uniform, floor))
    picked = rng.integers(80, size=(4000, 80))
    ratios = 1 - (value[picked].mean(1) - 0.05) / (uniform[picked].mean(1) - 0.05)
    assert mean_interval(draws, rng).standard_error == pytest.approx(ratios.std(), rel=0.06)


def panel_score(rng, rates, people, floors, uniforms, size):
    """Interval of the normalised score of a panel drawn from the given shares."""
    form = ItemForm(is_ordered=True)
    choices = np.stack([rng.choice(len(one), size=size, p=one) for one in rates], axis=1)
    panel = PanelAnswers.from_choices(choices, [len(one) for one in rates])
    resampled = resample_panel(panel, draw_weights(size, rng, 300))
    scores = score_draws(resampled, people, [form] * len(rates), "js_divergence")
    items = ItemScores(scores.values, floors, uniforms, floors)
    return normalised_interval(scores, items, rng)


@pytest.mark.slow
@pytest.mark.parametrize("size", [20, 200])
def test_resampled_people_score_one_and_uniform_answerers_zero(size):
    rng = np.random.default_rng([5, size])
    form = ItemForm(is_ordered=True)
    human = [rng.dirichlet(np.ones(k)) for k in (2, 3, 4, 5, 10) * 8]
    random = [uniform_rates(h, form=form) for h in human]
    people, forms = [Sample.of_people(h, 1500.0) for h in human], [form] * len(human)

    def expected(rates):
        drawn = [draw_samples(one, size, rng, form=form, num_draws=2000) for one in rates]
        return score_panel(drawn, people, forms, "js_divergence").mean(axis=0)

    floors, uniforms = expected(human), expected(random)
    as_people = [panel_score(rng, human, people, floors, uniforms, size) for _ in range(60)]
    as_random = [panel_score(rng, random, people, floors, uniforms, size) for _ in range(60)]
    # 60 intervals at 95 %: more than 8 misses would happen once in a hundred times.
    assert sum(not one.low <= 1 <= one.high for one in as_people) <= 8
    assert sum(not one.low <= 0 <= one.high for one in as_random) <= 8
    assert np.mean([one.estimate for one in as_people]) == pytest.approx(1, abs=0.03)
    assert np.mean([one.estimate for one in as_random]) == pytest.approx(0, abs=0.03)

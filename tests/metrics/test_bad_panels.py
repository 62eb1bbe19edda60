"""Panels that lack something: every number is there, or absent with its reason, and nothing warns."""

import numpy as np
import pytest

from def_sim.metrics.bootstrap import draw_weights, resample_panel, score_draws
from def_sim.metrics.fieller import normalised_interval
from def_sim.metrics.intervals import mean_interval
from def_sim.metrics.item_metrics import ITEM_METRICS, MULTIPLE_CHOICE_ONLY, ItemForm
from def_sim.metrics.limit import draw_way, limit_interval, score_way
from def_sim.metrics.nonresponse import nonresponse_scores
from def_sim.metrics.normalised import ItemScores, mean_score
from def_sim.metrics.panel_answers import NO_VALID_ANSWER, PanelAnswers
from def_sim.metrics.sample import Sample
from def_sim.metrics.score_scale import SCALES, ScoreScale

FORMS = [ItemForm(is_ordered=True)] * 5 + [ItemForm(is_multiple=True, max_choices=3)]
# A zero option, everyone the same, nobody known; the last of several choices.
SHARES = ([0.5, 0.5, 0], [0.2, 0.3, 0.5], [1, 0, 0], None, [0.1, 0.1, 0.8], [0.9, 0.5, 0.3])
PEOPLE = [None if one is None else Sample.of_people(np.array(one), 900.0) for one in SHARES]


def resampled_panel(size):
    rng = np.random.default_rng([29, size])
    choices = rng.integers(-2, 3, size=(size, 6))
    choices[:, 0] = NO_VALID_ANSWER  # an item with all failures
    choices[:, 5] = 0
    mentions = rng.random((size, 3)) < 0.5
    panel = PanelAnswers.from_choices(choices, [3] * 6, {5: mentions})
    return resample_panel(panel, draw_weights(size, rng, 50))


@pytest.mark.parametrize("size", [1, 2, 3, 20])
@pytest.mark.parametrize("metric", [*ITEM_METRICS, "kl_paper", "close_count", "std_paper"])
def test_an_interval_is_there_or_says_why_not(metric, size):
    rng = np.random.default_rng(1)
    resampled = resampled_panel(size)
    scores = score_draws(resampled, PEOPLE, FORMS, metric)
    items = ItemScores(scores.values, 0.1 * scores.values, 3 * scores.values + 0.1, scores.values)
    # Few of these six items have a score: with five needed hardly any would have an interval.
    scale = ScoreScale(SCALES[metric].least, SCALES[metric].most, fewest_items=2)
    intervals = [
        mean_interval(scores, rng, scale=scale),
        mean_interval(scores, rng, groups=list("aabbcc"), scale=scale),
        normalised_interval(scores, items, rng),
    ]
    if metric in ITEM_METRICS:
        way = score_way(draw_way(resampled, PEOPLE, FORMS, rng), PEOPLE, FORMS, metric)
        intervals.append(limit_interval(intervals[0], way, size))
    for interval in intervals:
        assert np.isfinite([interval.low, interval.high]).all() == (interval.why_absent == "")
        assert interval.num_items == 6
    overall = mean_score(items)
    assert np.isnan(overall.score) == (overall.why_undefined != "")


@pytest.mark.parametrize("size", [1, 20])
@pytest.mark.parametrize("metric", [name for name in ITEM_METRICS if name not in MULTIPLE_CHOICE_ONLY])
def test_bounds_enclose_nothing_worse_than_themselves(metric, size):
    resampled = resampled_panel(size)
    for sample, human, form in zip(resampled.observed, PEOPLE, FORMS, strict=True):
        if human is None or (metric == "wasserstein" and form.is_multiple):
            continue
        scores = nonresponse_scores(sample, human, form, metric)
        if scores.share_failed > 0:
            assert scores.least <= scores.most or np.isnan([scores.least, scores.most]).all()
        if scores.share_failed == 0:
            assert scores.dropped == pytest.approx(scores.least, nan_ok=True)

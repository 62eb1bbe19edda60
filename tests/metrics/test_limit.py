"""The debiased score: what an endless panel would have."""

import numpy as np
import pytest
from scipy.stats import binom

from def_sim.metrics.bootstrap import draw_weights, resample_panel, score_draws
from def_sim.metrics.divergence import js_divergence
from def_sim.metrics.intervals import Estimand, mean_interval
from def_sim.metrics.item_metrics import ITEM_METRICS, MULTIPLE_CHOICE_ONLY, ItemForm
from def_sim.metrics.limit import FEWEST_RESPONDENTS, draw_way, effective_size, limit_interval, score_way
from def_sim.metrics.panel_answers import NO_VALID_ANSWER, ItemAnswers, PanelAnswers
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.sample import Sample
from def_sim.metrics.score_scale import SCALES, ScoreScale

ORDERED = ItemForm(is_ordered=True)


def rng(key=0):
    return np.random.default_rng([19, key])


def worlds(num_items=60):
    """People's shares and a model's own, item by item."""
    human = [rng(i).dirichlet(np.ones(4)) for i in range(num_items)]
    return human, [0.5 * h + 0.5 * rng(1000 + i).dirichlet(np.ones(4)) for i, h in enumerate(human)]


def intervals(human, model, size, metric="js_divergence"):
    """The expected score at N and the limit of a panel drawn from the model's shares."""
    columns = [rng(5000 + column).choice(4, size=size, p=shares) for column, shares in enumerate(model)]
    choices = np.stack(columns, axis=1)
    resampled = resample_panel(
        PanelAnswers.from_choices(choices, [4] * len(model)), draw_weights(size, rng(1), 200)
    )
    people, forms = [Sample.of_people(h, 1500.0) for h in human], [ORDERED] * len(human)
    at_n = mean_interval(score_draws(resampled, people, forms, metric), rng(2), scale=SCALES[metric])
    way = score_way(draw_way(resampled, people, forms, rng(3)), people, forms, metric)
    return at_n, limit_interval(at_n, way, size)


@pytest.mark.parametrize("size", [20, 200])
def test_the_bias_of_a_small_panel_is_taken_off(size):
    human, model = worlds()
    true = float(np.mean([js_divergence(p, h) for p, h in zip(model, human, strict=True)]))
    at_n, limit = intervals(human, model, size)
    bias = at_n.estimate - true
    assert bias > 0
    assert abs(limit.estimate - true) < (0.35 * bias if size == 20 else 0.005)
    assert limit.low <= true <= limit.high
    assert limit.estimand is Estimand.LIMIT


def test_a_panel_drawn_from_people_may_have_the_limit_zero():
    human, _ = worlds()
    at_n, limit = intervals(human, human, 20)
    assert at_n.low > 0
    assert limit.low == 0
    assert limit.estimate < 0.2 * at_n.estimate


@pytest.mark.slow
@pytest.mark.parametrize("size", [20, 200, 2000])
def test_every_score_of_a_known_distribution_is_within_its_interval(size):
    # Two options: the expected score is a sum over the binomial counts, the limit the score of the shares.
    known = [(rng(i).uniform(0.1, 0.9), rng(i).uniform(0.2, 0.8)) for i in range(40)]
    choices = np.stack([rng(700 + i).random(size) < p for i, (p, _) in enumerate(known)], axis=1).astype(int)
    resampled = resample_panel(PanelAnswers.from_choices(choices, [2] * 40), draw_weights(size, rng(1), 300))
    people, forms = [Sample.of_people(np.array([1 - h, h]), 1e6) for _, h in known], [ORDERED] * 40
    way = draw_way(resampled, people, forms, rng(2))
    counts = np.arange(size + 1.0)
    every = Sample(np.stack([size - counts, counts], axis=-1), size)
    for metric in (name for name in ITEM_METRICS if name not in MULTIPLE_CHOICE_ONLY):
        at_n = mean_interval(score_draws(resampled, people, forms, metric), rng(3), scale=SCALES[metric])
        exact = [
            binom.pmf(counts, size, p) @ score_panel([every], [human], [ORDERED], metric)[:, 0]
            for (p, _), human in zip(known, people, strict=True)
        ]
        assert at_n.low <= np.mean(exact) <= at_n.high, metric
        if size >= FEWEST_RESPONDENTS.get(metric, 10_000):
            limit = limit_interval(at_n, score_way(way, people, forms, metric), size)
            endless = [Sample(np.array([1 - p, p]) * 1e9, 1e9) for p, _ in known]
            assert limit.low <= score_panel(endless, people, forms, metric).mean() <= limit.high, metric


def test_an_endless_panel_has_nothing_to_take_off():
    human, model = worlds(num_items=12)
    at_n, limit = intervals(human, model, 1500)
    assert limit.estimate == pytest.approx(at_n.estimate, rel=0.02)


def test_the_limit_of_a_distance_needs_more_respondents():
    human, model = worlds(num_items=12)
    _, limit = intervals(human, model, 20, metric="total_variation")
    assert "100 are needed" in limit.why_absent
    assert np.isnan([limit.estimate, limit.low, limit.high]).all()
    _, limit = intervals(human, model, 200, metric="total_variation")
    assert limit.why_absent == ""


def test_a_metric_without_limit_says_so():
    human, model = worlds(num_items=12)
    _, limit = intervals(human, model, 20, metric="kl_smoothed_human_model")
    assert "cannot be had" in limit.why_absent
    assert "kl_smoothed_human_model" not in FEWEST_RESPONDENTS


def test_where_there_is_no_interval_there_is_no_limit_for_the_same_reason():
    human, model = worlds(num_items=1)
    at_n, limit = intervals(human, model, 20)
    assert limit.why_absent == at_n.why_absent != ""


def test_items_without_answers_or_reference_take_no_part():
    human, model = worlds(num_items=6)
    choices = np.stack([rng(i).choice(4, size=30, p=p) for i, p in enumerate(model)], axis=1)
    choices[:, 0] = NO_VALID_ANSWER
    resampled = resample_panel(PanelAnswers.from_choices(choices, [4] * 6), draw_weights(30, rng(), 100))
    people = [Sample.of_people(h, 1500.0) for h in human]
    people[1] = None
    panels = draw_way(resampled, people, [ORDERED] * 6, rng(1))
    way = score_way(panels, people, [ORDERED] * 6, "js_divergence")
    assert np.isnan(way.at_n).any(axis=0).tolist() == [True, True, False, False, False, False]
    scores = score_draws(resampled, people, [ORDERED] * 6, "js_divergence")
    at_n = mean_interval(scores, rng(2), scale=ScoreScale(0, 1, fewest_items=4))
    limit = limit_interval(at_n, way, 30)
    assert 0 <= limit.low <= limit.estimate <= limit.high < at_n.high


def test_the_way_begins_at_people_and_ends_at_the_panel():
    human, model = worlds(num_items=3)
    choices = np.stack([rng(i).choice(4, size=40, p=p) for i, p in enumerate(model)], axis=1)
    resampled = resample_panel(PanelAnswers.from_choices(choices, [4] * 3), draw_weights(40, rng(), 100))
    people = [Sample.of_people(h, 1500.0) for h in human]
    panels = draw_way(resampled, people, [ORDERED] * 3, rng(1), num_draws=20)
    way = score_way(panels, people, [ORDERED] * 3, "js_divergence")
    panel = [js_divergence(np.bincount(choices[:, i], minlength=4) / 40, human[i]) for i in range(3)]
    assert way.in_the_limit[0] == pytest.approx(0, abs=1e-12)
    assert way.in_the_limit[-1] == pytest.approx(panel)
    assert (np.diff(way.in_the_limit, axis=0) > 0).all()
    assert (way.at_n > way.in_the_limit).all()


@pytest.mark.parametrize(
    ("second", "worth"), [("same", 300), ("independent", 600), ("none", 300)], ids=lambda value: str(value)
)
def test_a_second_wording_is_worth_as_much_as_it_tells(second, worth):
    first = rng().integers(0, 2, size=300)
    others = {"same": [first], "independent": [rng(1).integers(0, 2, size=300)], "none": []}[second]
    item = ItemAnswers.from_positions(np.stack([first, *others]), 2)
    sizes = effective_size(item.sample(np.ones(300)), item.sample(draw_weights(300, rng(2), 2000)))
    assert sizes == pytest.approx(worth, rel=0.12)

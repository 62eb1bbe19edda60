"""What must hold for every metric that a report shows; a new one is tested by being entered."""

import numpy as np
import pytest

from def_sim.metrics.item_metrics import ITEM_METRICS, ItemForm
from def_sim.metrics.sample import Sample

ORDERED = ItemForm(is_ordered=True)
MULTIPLE = ItemForm(is_multiple=True, max_choices=5)
SYMMETRIC = ("js_divergence", "js_distance", "total_variation", "wasserstein", "mention_rate_difference")
WITHIN_ONE = SYMMETRIC
SMOOTHED = ("kl_smoothed_model_human", "kl_smoothed_human_model")
BLIND_TO_ORDER = tuple(name for name in ITEM_METRICS if name != "wasserstein")
every_metric = pytest.mark.parametrize("metric", ITEM_METRICS.values(), ids=ITEM_METRICS.keys())


def random_samples(seed, num_respondents=20, num_options=5, num_draws=200):
    """Pairs of panel and people, drawn from unrelated populations; some options stay empty."""
    rng = np.random.default_rng(seed)
    panels = rng.multinomial(num_respondents, rng.dirichlet(np.full(num_options, 0.5)), size=num_draws)
    people = rng.dirichlet(np.full(num_options, 0.5), size=num_draws)
    return Sample(panels.astype(float), num_respondents), Sample.of_people(people, 1500.0)


def selected(names):
    return pytest.mark.parametrize("metric", [ITEM_METRICS[name] for name in names], ids=names)


@every_metric
def test_no_score_is_negative_or_infinite(metric):
    scores = metric(*random_samples(1), ORDERED)
    assert (scores >= 0).all()
    assert np.isfinite(scores).all()


@every_metric
def test_a_pair_scores_the_same_alone_as_among_others(metric):
    panel, people = random_samples(2)
    alone = metric(
        Sample(panel.counts[7], panel.num_respondents),
        Sample(people.counts[7], people.num_respondents),
        ORDERED,
    )
    assert float(alone) == pytest.approx(metric(panel, people, ORDERED)[7])


@selected(WITHIN_ONE)
def test_bounded_metrics_stay_within_one_and_reach_it_without_overlap(metric):
    assert (metric(*random_samples(3), ORDERED) <= 1).all()
    apart = metric(Sample(np.array([9.0, 0]), 9), Sample(np.array([0, 4.0]), 4), ORDERED)
    assert apart == pytest.approx(1)


@selected(SYMMETRIC)
def test_symmetric_metrics_do_not_care_who_is_human(metric):
    panel, people = random_samples(4)
    assert metric(panel, people, ORDERED) == pytest.approx(metric(people, panel, ORDERED))


@selected(SYMMETRIC)
def test_people_are_at_no_distance_from_themselves(metric):
    _, people = random_samples(5)
    assert metric(people, people, ORDERED) == pytest.approx(0, abs=1e-7)


@selected(SMOOTHED)
def test_smoothing_vanishes_in_a_panel_as_large_as_the_reference(metric):
    _, people = random_samples(6)
    assert (metric(people, people, ORDERED) < 1e-3).all()


@selected(BLIND_TO_ORDER)
def test_renaming_the_options_changes_nothing(metric):
    panel, people = random_samples(7)
    order = np.array([3, 0, 4, 1, 2])
    renamed = metric(
        Sample(panel.counts[:, order], panel.num_respondents),
        Sample(people.counts[:, order], people.num_respondents),
        ORDERED,
    )
    assert renamed == pytest.approx(metric(panel, people, ORDERED))


def test_reversing_the_scale_on_both_sides_changes_no_distance():
    panel, people = random_samples(8)
    reverse = [Sample(sample.counts[:, ::-1], sample.num_respondents) for sample in (panel, people)]
    wasserstein = ITEM_METRICS["wasserstein"]
    assert wasserstein(*reverse, ORDERED) == pytest.approx(wasserstein(panel, people, ORDERED))


@every_metric
def test_a_panel_without_answers_is_undefined_and_not_zero(metric):
    _, people = random_samples(9, num_draws=1)
    assert np.isnan(metric(Sample(np.zeros((1, 5)), 0, num_failed=20), people, ORDERED)).all()


@every_metric
def test_a_panel_that_drifts_from_people_never_scores_better(metric):
    people = Sample.of_people(np.array([0.4, 0.3, 0.2, 0.1]), 1e6)
    steps = [Sample(np.array([40.0 + i, 30, 20, 10 - i]), 100) for i in range(11)]
    scores = [float(metric(step, people, ORDERED)) for step in steps]
    if metric is ITEM_METRICS["entropy_ratio"]:
        scores = [1 - score for score in scores]  # the drift concentrates answers: less and less varied
    assert scores == sorted(scores)


@pytest.mark.parametrize("form", [ItemForm(is_ordered=False), MULTIPLE], ids=["nominal", "multiple"])
def test_only_ordered_single_answers_have_a_place_on_a_scale(form):
    assert np.isnan(ITEM_METRICS["wasserstein"](*random_samples(10), form)).all()


@selected([name for name in BLIND_TO_ORDER if name != "mention_rate_difference"])
def test_divergences_of_multiple_choice_compare_proportions_of_mentions(metric):
    people = Sample(np.array([900.0, 600, 300]), 1000)  # 1.8 mentions each
    half_as_keen = Sample(np.array([900.0, 600, 300]), 2000)
    panel = Sample(np.array([12.0, 4, 4]), 10)
    assert metric(panel, people, MULTIPLE) == pytest.approx(metric(panel, half_as_keen, MULTIPLE))

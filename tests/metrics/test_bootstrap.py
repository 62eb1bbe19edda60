"""Resampled respondents: whole people, with all their answers."""

import numpy as np
import pytest
from counted_calls import num_calls

from def_sim.metrics import kl_paper
from def_sim.metrics.bootstrap import certain_scores, draw_weights, resample_panel, score_draws
from def_sim.metrics.intervals import mean_interval
from def_sim.metrics.item_metrics import ITEM_METRICS, MULTIPLE_CHOICE_ONLY, ItemForm
from def_sim.metrics.panel_answers import NO_VALID_ANSWER, PanelAnswers
from def_sim.metrics.sample import Sample

FORM = ItemForm(is_ordered=True)
PEOPLE = Sample.of_people(np.array([0.5, 0.3, 0.2]), 1500.0)
SINGLE_METRICS = [name for name in ITEM_METRICS if name not in MULTIPLE_CHOICE_ONLY]


def rng(key=0):
    return np.random.default_rng([11, key])


def scores_of(choices, metric="js_divergence", num_draws=200, people=PEOPLE):
    num_items = choices.shape[1]
    panel = PanelAnswers.from_choices(choices, [3] * num_items)
    weights = draw_weights(len(choices), rng(1), num_draws)
    return score_draws(resample_panel(panel, weights), [people] * num_items, [FORM] * num_items, metric)


@pytest.mark.parametrize("metric", SINGLE_METRICS)
def test_draws_and_influences_are_those_of_panels_put_together_by_hand(metric):
    choices = rng().integers(-1, 3, size=(12, 2))
    weights = draw_weights(12, rng(1), 6)
    panel = PanelAnswers.from_choices(choices, [3, 3])
    scores = score_draws(resample_panel(panel, weights), [PEOPLE] * 2, [FORM] * 2, metric)

    def by_hand(rows, item):
        valid = choices[rows, item][choices[rows, item] >= 0]
        return float(ITEM_METRICS[metric](Sample(np.bincount(valid, minlength=3), valid.size), PEOPLE, FORM))

    everyone = np.arange(12)
    for item in range(2):
        assert scores.values[item] == pytest.approx(by_hand(everyone, item))
        redrawn = [by_hand(np.repeat(everyone, times.astype(int)), item) for times in weights]
        assert scores.draws[:, item] == pytest.approx(redrawn)
        # The jackknife variance, (N - 1)/N times the sum of squares of the scores without one.
        without = np.array([by_hand(np.delete(everyone, n), item) for n in everyone])
        jackknife = 11 / 12 * ((without - without.mean()) ** 2).sum()
        assert (scores.contributions[:, item] ** 2).sum() == pytest.approx(jackknife)


def test_a_resampled_panel_is_as_large_as_the_panel():
    assert (draw_weights(20, rng(), 50).sum(axis=1) == 20).all()


def test_items_that_everyone_answers_alike_vary_together():
    answers = rng().integers(0, 3, size=20)
    scores = scores_of(np.stack([answers, answers], axis=1))
    assert (scores.draws[:, 0] == scores.draws[:, 1]).all()


def test_the_same_generator_gives_the_same_draws():
    choices = rng().integers(0, 3, size=(20, 2))
    assert (scores_of(choices).draws == scores_of(choices).draws).all()


def test_the_published_score_replaces_infinite_items_within_each_draw():
    choices = rng().integers(0, 3, size=(20, 3))
    choices[0, 0] = NO_VALID_ANSWER  # item 0 is infinite in every draw that contains respondent 0
    weights = draw_weights(20, rng(1), 40)
    panel = PanelAnswers.from_choices(choices, [3] * 3)
    scores = score_draws(resample_panel(panel, weights), [PEOPLE] * 3, [FORM] * 3, "kl_paper")
    has_failure = weights[:, 0] > 0
    assert has_failure.any()
    largest = scores.draws[:, 1:].max(axis=1)
    assert scores.draws[has_failure, 0] == pytest.approx(largest[has_failure] + 1)
    raw = [kl_paper.kl_with_failures(sample, PEOPLE) for sample in panel.samples(weights[~has_failure])]
    assert scores.draws[~has_failure] == pytest.approx(np.stack(raw, axis=-1))


def test_an_item_with_all_failures_or_without_reference_has_no_scores_at_all():
    choices = rng().integers(0, 3, size=(10, 3))
    choices[:, 0] = NO_VALID_ANSWER
    panel = PanelAnswers.from_choices(choices, [3] * 3)
    resampled = resample_panel(panel, draw_weights(10, rng(1), 5))
    scores = score_draws(resampled, [PEOPLE, None, PEOPLE], [FORM] * 3, "js_divergence")
    assert np.isnan(scores.values).tolist() == [True, True, False]
    assert np.isnan(scores.draws).any(axis=0).tolist() == [True, True, False]
    assert np.isnan(scores.contributions).any(axis=0).tolist() == [True, True, False]


def test_draws_without_the_only_valid_answer_leave_no_gap():
    choices = np.full((10, 1), NO_VALID_ANSWER)
    choices[3] = 1
    scores = scores_of(choices)
    assert scores.draws[:, 0] == pytest.approx(np.full(200, scores.values[0]))
    assert np.isfinite(scores.contributions).all()


def test_one_respondent_contributes_nothing_that_could_be_known():
    assert (scores_of(np.array([[0, 1]])).contributions == 0).all()


def test_a_control_has_no_noise_of_respondents():
    like = scores_of(rng().integers(0, 3, size=(20, 2)))
    control = certain_scores(np.array([0.3, np.nan]), like)
    assert control.draws.shape == like.draws.shape
    assert (control.draws[:, 0] == 0.3).all()
    assert (control.contributions[:, 0] == 0).all()
    assert np.isnan(control.contributions[:, 1]).all()


def test_items_of_several_choices_are_resampled_with_their_mentions():
    mentions = rng().random((15, 3)) < 0.5
    mentions[:, 0] = True
    panel = PanelAnswers.from_choices(np.zeros((15, 1), dtype=int), [3], {0: mentions})
    weights = draw_weights(15, rng(1), 4)
    form, people = ItemForm(is_multiple=True, max_choices=3), Sample.of_people(np.array([0.9, 0.5, 0.1]), 1e3)
    scores = score_draws(resample_panel(panel, weights), [people], [form], "mention_rate_difference")
    rates = weights @ mentions / 15
    assert scores.draws[:, 0] == pytest.approx(np.abs(rates - [0.9, 0.5, 0.1]).mean(axis=1))
    single = score_draws(resample_panel(panel, weights), [people], [FORM], "mention_rate_difference")
    assert np.isnan(single.values).all()


def work_of(num_items, num_respondents, num_draws):
    """Calls for the intervals of all metrics; seconds are in scripts/benchmark_analysis.py."""
    generator = rng(8)
    people = [Sample.of_people(generator.dirichlet(np.ones(5)), 1500.0) for _ in range(num_items)]
    choices = generator.integers(0, 5, size=(num_respondents, num_items))
    panel = PanelAnswers.from_choices(choices, [5] * num_items)
    forms = [ItemForm(is_ordered=True)] * num_items
    weights = draw_weights(num_respondents, generator, num_draws)

    def intervals():
        resampled = resample_panel(panel, weights)
        for metric in (*SINGLE_METRICS, "kl_paper", "close_count", "std_paper"):
            interval = mean_interval(score_draws(resampled, people, forms, metric), generator)
            assert interval.low < interval.high

    return num_calls(intervals)


def test_draws_and_respondents_are_taken_together_and_items_one_by_one():
    alone = work_of(20, 20, 100)
    assert work_of(20, 20, 1000) < 1.1 * alone
    assert work_of(20, 200, 100) < 1.1 * alone
    assert work_of(80, 20, 100) < 4.4 * alone

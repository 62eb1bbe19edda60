"""Failed answers: left out, as an option of their own, at worst and at best."""

from itertools import combinations, combinations_with_replacement

import numpy as np
import pytest

from def_sim.metrics.item_metrics import ITEM_METRICS, MULTIPLE_CHOICE_ONLY, ItemForm
from def_sim.metrics.nonresponse import Nonresponse, nonresponse_scores, score_bounds, score_with_category
from def_sim.metrics.sample import Sample, smoothed_shares

ORDERED = ItemForm(is_ordered=True)
SINGLE_METRICS = [name for name in ITEM_METRICS if name not in MULTIPLE_CHOICE_ONLY]
MULTIPLE_METRICS = [name for name in ITEM_METRICS if name != "wasserstein"]
PEOPLE = Sample.of_people(np.array([0.5, 0.3, 0.2]), 1500.0)


def all_placements(counts, num_failed, form):
    """Every way in which the failed could have answered, as counts."""
    sizes = range(1, (form.max_choices if form.is_multiple else 1) + 1)
    sets = [chosen for size in sizes for chosen in combinations(range(counts.size), size)]
    for answers in combinations_with_replacement(sets, num_failed):
        placed = counts.copy()
        for chosen in answers:
            placed[list(chosen)] += 1
        yield placed


def by_brute_force(simulated, human, form, metric):
    size = simulated.num_respondents + simulated.num_failed
    placements = all_placements(simulated.counts, int(simulated.num_failed), form)
    scores = [float(ITEM_METRICS[metric](Sample(placed, size), human, form)) for placed in placements]
    return min(scores), max(scores)


def random_panel(rng, num_options, most_failed):
    """A small panel with at least one failure, and people of whom some options may have nobody."""
    counts = rng.multinomial(rng.integers(0, 8), rng.dirichlet(np.ones(num_options))).astype(float)
    human = rng.dirichlet(np.full(num_options, 0.7))
    human[0] *= rng.integers(2)
    panel = Sample(counts, counts.sum(), int(rng.integers(1, most_failed + 1)))
    return panel, Sample.of_people(human / human.sum(), 1500.0)


@pytest.mark.parametrize("metric", SINGLE_METRICS)
def test_bounds_are_those_of_all_placements(metric):
    rng = np.random.default_rng(3)
    for _ in range(25):
        panel, people = random_panel(rng, num_options=int(rng.integers(2, 5)), most_failed=5)
        expected = by_brute_force(panel, people, ORDERED, metric)
        found = score_bounds(panel, people, ORDERED, metric)
        assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("metric", MULTIPLE_METRICS)
def test_bounds_of_several_choices_are_those_of_all_placements(metric):
    rng = np.random.default_rng(4)
    for _ in range(6):
        panel, people = random_panel(rng, num_options=int(rng.integers(2, 5)), most_failed=3)
        num_options = panel.counts.size
        form = ItemForm(is_multiple=True, max_choices=int(rng.integers(1, num_options + 1)))
        expected = by_brute_force(panel, people, form, metric)
        assert score_bounds(panel, people, form, metric) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("metric", SINGLE_METRICS)
def test_what_the_failed_might_have_answered_lies_within_the_bounds(metric):
    rng = np.random.default_rng(5)
    people = Sample.of_people(rng.dirichlet(np.ones(10)), 1500.0)
    counts = rng.multinomial(140, rng.dirichlet(np.ones(10))).astype(float)
    least, most = score_bounds(Sample(counts, 140, 60), people, ORDERED, metric)
    answered = counts + rng.multinomial(60, rng.dirichlet(np.ones(10), size=300))
    scores = ITEM_METRICS[metric](Sample(answered, 200), people, ORDERED)
    assert (scores >= least - 1e-12).all()
    assert (scores <= most + 1e-12).all()


def test_bounds_by_hand():
    # 6, 2, 0 of ten: two failed. Against .5, .3, .2 the best is one more on the second and one on the third,
    # TV = |.6 - .5| = .1; the worst is both on the first, TV = .8 - .5 = .3.
    panel = Sample(np.array([6.0, 2, 0]), 8, 2)
    assert score_bounds(panel, PEOPLE, ORDERED, "total_variation") == pytest.approx((0.1, 0.3))
    # Left out: .75, .25, 0, TV = .25. As an option: .6, .2, 0, .2, TV = .1 + .2.
    scores = nonresponse_scores(panel, PEOPLE, ORDERED, "total_variation")
    assert (scores.dropped, scores.category) == pytest.approx((0.25, 0.3))
    assert scores.share_failed == pytest.approx(0.2)
    assert scores.of(Nonresponse.WORST) == scores.most
    assert scores.of(Nonresponse.BEST) == scores.least
    assert scores.of(Nonresponse.DROPPED) == scores.dropped


def test_people_may_fail_to_answer_too():
    # .8 of people answer: .4, .24, .16, .2 with the silent; the panel is the same.
    panel = Sample(np.array([40.0, 24, 16]), 80, 20)
    score = score_with_category(panel, PEOPLE, ORDERED, "js_divergence", human_share_failed=0.2)
    assert score == pytest.approx(0, abs=1e-12)
    assert score_with_category(panel, PEOPLE, ORDERED, "js_divergence") > 0.05


def test_failures_as_a_category_are_smoothed_like_any_option():
    # K = 4 with the failures: .5/4 to each of the panel's counts, 1/4 to people's.
    panel = Sample(np.array([6.0, 2, 0]), 8, 2)
    p = smoothed_shares(np.array([6.0, 2, 0, 2]))
    q = smoothed_shares(np.array([750.0, 450, 300, 0]), total=1.0)
    expected = float((p * np.log(p / q)).sum())
    assert score_with_category(panel, PEOPLE, ORDERED, "kl_smoothed_model_human") == pytest.approx(expected)


def test_a_failure_has_no_place_on_a_scale():
    assert np.isnan(score_with_category(Sample(np.array([6.0, 2, 0]), 8, 2), PEOPLE, ORDERED, "wasserstein"))


def test_an_item_with_all_failures_has_bounds_and_a_category_but_no_score():
    scores = nonresponse_scores(Sample(np.zeros(3), 0, 10), PEOPLE, ORDERED, "total_variation")
    assert np.isnan(scores.dropped)
    # Ten can be split 5, 3, 2 as people are; all on the third is .8 away; all failing is 1 away.
    assert (scores.least, scores.most, scores.category) == pytest.approx((0, 0.8, 1))


def test_without_failures_all_treatments_agree():
    scores = nonresponse_scores(Sample(np.array([6.0, 2, 1]), 9), PEOPLE, ORDERED, "js_divergence")
    assert scores.least == scores.most == pytest.approx(scores.dropped)
    assert scores.category == pytest.approx(scores.dropped)


def test_nobody_asked_has_no_score_in_any_treatment():
    scores = nonresponse_scores(Sample(np.zeros(3), 0, 0), PEOPLE, ORDERED, "js_divergence")
    values = (scores.dropped, scores.category, scores.least, scores.most, scores.share_failed)
    assert np.isnan(values).all()


def test_options_without_order_have_no_bounds_along_a_scale():
    bounds = score_bounds(Sample(np.array([6.0, 2, 0]), 8, 2), PEOPLE, ItemForm(), "wasserstein")
    assert np.isnan(bounds).all()


def test_means_over_wordings_place_part_answers():
    # Half a failure on average: wholly on the first option at worst, shares (6.5, 2, 0)/8.5.
    least, most = score_bounds(Sample(np.array([6.0, 2, 0]), 8, 0.5), PEOPLE, ORDERED, "total_variation")
    assert most == pytest.approx(6.5 / 8.5 - 0.5)
    # Best on the third, (6, 2, .5)/8.5, or on the second: too few either way, 6/8.5 - .5 too many remain.
    assert least == pytest.approx(6 / 8.5 - 0.5)


def test_more_kinds_of_answers_than_can_be_tried_have_no_bounds():
    people = Sample.of_people(np.full(20, 0.3), 1500.0)
    form = ItemForm(is_multiple=True, max_choices=20)
    bounds = score_bounds(Sample(np.full(20, 3.0), 8, 2), people, form, "js_divergence")
    assert np.isnan(bounds).all()


def test_an_option_that_people_never_chose_is_the_worst_place_for_failures():
    people = Sample.of_people(np.array([0.7, 0.3, 0.0]), 1500.0)
    _, most = score_bounds(Sample(np.array([7.0, 3, 0]), 10, 10), people, ORDERED, "js_divergence")
    worst = ITEM_METRICS["js_divergence"](Sample(np.array([7.0, 3, 10]), 20), people, ORDERED)
    assert most == pytest.approx(float(worst))

"""Intervals end within the range of their score."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, logit

from def_sim.metrics.bootstrap import draw_weights, resample_panel, score_draws_by_metric
from def_sim.metrics.fieller import normalised_interval
from def_sim.metrics.intervals import mean_interval
from def_sim.metrics.item_metrics import ITEM_METRICS, MULTIPLE_CHOICE_ONLY, ItemForm
from def_sim.metrics.kl_paper import row_deviation
from def_sim.metrics.limit import FEWEST_RESPONDENTS, draw_way, limit_interval, score_way_by_metric
from def_sim.metrics.normalised import ItemScores
from def_sim.metrics.paired import paired_comparison
from def_sim.metrics.panel_answers import NO_VALID_ANSWER, PanelAnswers
from def_sim.metrics.panel_scores import PAPER_METRICS
from def_sim.metrics.sample import Sample
from def_sim.metrics.score_scale import NOT_NEGATIVE, SCALES, SHARE, ScoreScale

METRICS = [*ITEM_METRICS, *PAPER_METRICS]


def test_every_metric_has_a_scale():
    assert set(SCALES) == set(METRICS)


def test_a_share_is_carried_to_its_logit_by_the_slope_there():
    # The slope of the logit at .2 is 1 / (.2 * .8) = 6.25.
    expected = expit(logit(0.2) - 0.1 * 6.25), expit(logit(0.2) + 0.1 * 6.25)
    assert SHARE.ends(0.2, 0.1) == pytest.approx(expected)


def test_a_score_without_upper_end_is_carried_to_its_logarithm():
    assert NOT_NEGATIVE.ends(0.5, 0.25) == pytest.approx((0.5 / np.exp(0.5), 0.5 * np.exp(0.5)))


def test_the_interval_of_a_share_is_that_of_a_logit_model_in_statsmodels():
    import statsmodels.api as sm

    successes = np.array([1.0] * 12 + [0.0] * 28)
    fit = sm.GLM(successes, np.ones(40), family=sm.families.Binomial()).fit()
    reach = stats.norm.ppf(0.975) * np.sqrt(0.3 * 0.7 / 40)
    assert SHARE.ends(0.3, reach) == pytest.approx(tuple(expit(fit.conf_int()[0])))


def test_a_wider_range_stretches_the_interval_with_it():
    low, high = SHARE.ends(0.3, 0.2)
    assert ScoreScale(-1, 3).ends(-1 + 4 * 0.3, 4 * 0.2) == pytest.approx((-1 + 4 * low, -1 + 4 * high))


def test_differences_are_cut_at_the_ends_of_their_range():
    assert SHARE.of_differences().ends(0.7, 0.5) == (pytest.approx(0.2), 1)
    assert NOT_NEGATIVE.of_differences().ends(0.7, 5) == pytest.approx((-4.3, 5.7))
    assert ScoreScale().ends(0.7, 5) == pytest.approx((-4.3, 5.7))


@pytest.mark.parametrize("scale", [SHARE, NOT_NEGATIVE, SCALES["std_paper"], SHARE.of_differences()])
@given(st.floats(0, 1), st.floats(0, 1e300))
@example(0.9595271531507066, 6.0)  # by the last digit, of the range of std_paper
def test_no_reach_leads_out_of_the_range(scale, share, reach):
    least, most = max(scale.least, -1e3), min(scale.most, 1e3)
    estimate = least + share * (most - least)
    low, high = scale.ends(estimate, reach)
    rounding = 1e-12 * max(1, abs(estimate))
    assert scale.least <= low <= estimate + rounding
    assert estimate - rounding <= high <= scale.most
    assert np.isfinite([low, high]).all()


def test_the_largest_deviation_of_a_published_row_is_one_column_with_everything():
    assert SCALES["std_paper"].most == pytest.approx(float(row_deviation(Sample(np.array([7.0, 0]), 7))))


@st.composite
def panels(draw):
    """Any panel of up to 8 respondents on up to 9 items, and any people, also those who all agree."""
    num_respondents, num_items = draw(st.integers(1, 8)), draw(st.integers(1, 9))
    row = st.lists(st.sampled_from([NO_VALID_ANSWER, 0, 1, 2]), min_size=num_items, max_size=num_items)
    choices = draw(st.lists(row, min_size=num_respondents, max_size=num_respondents))
    rates = st.sampled_from([(1.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.2, 0.3, 0.5), (1 / 3, 1 / 3, 1 / 3)])
    people = draw(st.lists(st.none() | rates, min_size=num_items, max_size=num_items))
    return np.array(choices), [
        None if one is None else Sample.of_people(np.array(one), 900) for one in people
    ]


@given(panels())
def test_no_interval_of_any_panel_leaves_the_range_of_its_score(panel):
    choices, people = panel
    forms = [ItemForm(is_ordered=True)] * len(people)
    rng = np.random.default_rng(3)
    resampled = resample_panel(
        PanelAnswers.from_choices(choices, [3] * len(people)), draw_weights(len(choices), rng, 30)
    )
    scored = score_draws_by_metric(resampled, people, forms, METRICS)
    way = draw_way(resampled, people, forms, rng, num_draws=5)
    ways = score_way_by_metric(way, people, forms, FEWEST_RESPONDENTS)
    for metric, scores in scored.items():
        scale = ScoreScale(SCALES[metric].least, SCALES[metric].most, fewest_items=2)  # narrower is not tried
        found = mean_interval(scores, rng, scale=scale)
        check_within(found, scale)
        if metric in ways and metric not in MULTIPLE_CHOICE_ONLY:
            check_within(limit_interval(found, ways[metric], 200), scale)  # as if they were enough for it
        zeros = np.zeros_like(scores.values)
        items = ItemScores(scores.values, zeros, zeros + 0.4, zeros)
        check_within(normalised_interval(scores, items, rng), ScoreScale())
        differences = scale.of_differences()
        paired = paired_comparison(scores, scored["js_divergence"], rng, same_respondents=True)
        check_within(paired.difference, ScoreScale())
        itself = paired_comparison(scores, scores, rng, same_respondents=True, scale=differences)
        check_within(itself.difference, differences)


def check_within(interval, scale):
    """Ends in order, around the estimate and within the range; or none, with a reason."""
    if interval.why_absent:
        assert np.isnan([interval.low, interval.high]).all()
        return
    rounding = 1e-9 * max(1, abs(interval.estimate))
    assert scale.least <= interval.low <= interval.estimate + rounding
    assert interval.estimate - rounding <= interval.high <= scale.most
    assert np.isfinite([interval.low, interval.high]).all()

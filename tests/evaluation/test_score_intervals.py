"""Intervals in the table of scores: whose they are, what they agree with, and when there is none."""

from dataclasses import replace

import numpy as np
import pytest
from survey_examples import a_question

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.score_intervals import resample, with_intervals
from def_sim.evaluation.score_tables import score_table
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.randomness import keyed_rng
from def_sim.records import AnswerStatus, Dimension, ItemReference, MeasurementLevel

PEOPLE = keyed_rng(5, "people").dirichlet(np.ones(4), size=30)


def a_panel(num_respondents=25, num_items=30):
    """Respondents drawn from people; half of the items are ordered."""
    choices = np.array(
        [keyed_rng(6, str(i)).choice(4, size=num_respondents, p=PEOPLE[i]) for i in range(num_items)]
    ).T
    return choices, [distribution(index, column) for index, column in enumerate(choices.T)]


def distribution(index, column):
    levels = (MeasurementLevel.NOMINAL, MeasurementLevel.ORDINAL)
    question = a_question(
        f"x.Q{index}",
        labels=tuple("abcd"),
        dimension=(Dimension.EVI, Dimension.PDI, Dimension.TDI)[index % 3],
        level=levels[index % 2],
    )
    statuses = dict.fromkeys(AnswerStatus, 0.0) | {AnswerStatus.ANSWERED: float(len(column))}
    reference = ItemReference(f"x.Q{index}", "all", (1, 2, 3, 4), tuple(PEOPLE[index].tolist()), 2000, 1500.0)
    counts = np.bincount(column, minlength=4).astype(np.float64)
    return QuestionDistribution(question, counts, statuses, reference)


def scored(choices, prompts, **options):
    panel = PanelAnswers.from_choices(choices, [4] * len(prompts))
    return with_intervals(
        score_table(prompts, seed=11, num_draws=100), resample(prompts, panel, seed=11, **options)
    )


@pytest.fixture(scope="module")
def scores():
    return scored(*a_panel())


def row(scores, metric, scope, dimension=""):
    chosen = (scores["metric"] == metric) & (scores["scope"] == scope) & (scores["dimension"] == dimension)
    [found] = scores[chosen].to_dict("records")
    return found


@pytest.mark.parametrize("metric", ["js_divergence", "total_variation", "wasserstein", "kl_paper"])
@pytest.mark.parametrize(("scope", "dimension"), [("macro", ""), ("micro", ""), ("dimension", "PDI")])
def test_an_interval_holds_the_score_that_stands_beside_it(metric, scope, dimension, scores):
    found = row(scores, metric, scope, dimension)
    assert 0 <= found["interval_low"] < found["value"] < found["interval_high"]
    assert found["normalised_low"] < found["normalised"] < found["normalised_high"]
    assert found["why_no_interval"] == ""


def test_people_have_a_normalised_score_of_one_within_its_interval(scores):
    for metric in ("js_divergence", "total_variation", "wasserstein"):
        found = row(scores, metric, "macro")
        assert found["normalised_low"] < 1 < found["normalised_high"]


def test_the_limit_is_below_the_score_and_reaches_nearly_zero_for_people(scores):
    found = row(scores, "js_divergence", "macro")
    assert 0 <= found["limit_low"] <= found["limit"] < found["value"] / 3
    assert row(scores, "total_variation", "macro")["why_no_limit"].startswith("25 respondents are too few")
    assert "cannot be had" in row(scores, "kl_paper", "macro")["why_no_limit"]


def test_the_interval_of_a_count_is_that_of_a_count_and_ends_at_the_number_of_items():
    choices, _ = a_panel()
    choices[:, :4] = 3  # four items on which everyone takes the last option
    some = [distribution(index, column) for index, column in enumerate(choices.T)]
    found = row(scored(choices, some), "close_count", "micro")
    assert 1 < found["value"] < 30
    assert 0 <= found["interval_low"] < found["value"] < found["interval_high"] <= 30
    assert found["why_no_interval"] == ""


def test_a_count_of_all_items_has_a_reason_instead_of_an_interval_that_is_a_point(scores):
    found = row(scores, "close_count", "micro")  # drawn from people, all 30 items are close
    assert found["value"] == 30
    assert np.isnan(found["interval_low"])
    assert np.isnan(found["interval_high"])
    assert found["why_no_interval"].startswith("All items are counted, or none")


def test_single_items_keep_their_rows_and_have_no_interval(scores):
    items = scores[scores["scope"] == "item"]
    assert len(items) == 11 * 30 - 30 - 2 * 30  # mention rates, and two scores that only surveys have
    assert items["interval_low"].isna().all()
    assert (items["why_no_interval"] == "").all()


def test_one_respondent_has_scores_without_intervals_and_the_reason():
    alone = scored(*a_panel(num_respondents=1))
    means = alone[alone["scope"] == "macro"].dropna(subset=["value"])
    assert means["interval_low"].isna().all()
    assert set(means["why_no_interval"]) == {"One respondent: how respondents differ is unknown."}


def test_items_without_people_are_left_out_and_their_topic_group_says_so():
    choices, prompts = a_panel()
    lacking = [
        replace(one, reference=None) if one.question.dimension is Dimension.PDI else one for one in prompts
    ]
    found = scored(choices, lacking)
    assert row(found, "js_divergence", "dimension", "PDI")["why_no_interval"] == "No item has a score."
    assert row(found, "js_divergence", "macro")["why_no_interval"] == ""


def test_the_same_answers_have_the_same_intervals_again():
    choices, prompts = a_panel(num_items=6)
    first, again = (scored(choices, prompts, num_draws=50) for _ in range(2))
    assert first.equals(again)


def test_few_items_have_scores_and_the_reason_why_they_have_no_interval():
    few = scored(*a_panel(num_items=9))  # three in each of three topic groups
    group = row(few, "js_divergence", "dimension", "PDI")
    assert group["value"] > 0
    assert group["why_no_interval"] == "Too few items: 3 with a score, 5 are needed."
    assert group["why_no_limit"] == group["why_no_interval"] == group["why_no_normalised"]
    assert np.isnan([group["interval_low"], group["limit"], group["normalised_low"]]).all()
    # Five beyond the first of each other group are seven; eight, for a score without upper end, are ten.
    assert row(few, "js_divergence", "macro")["why_no_interval"] == ""
    assert row(few, "kl_smoothed_model_human", "micro")["why_no_interval"] == ""
    found = row(few, "kl_smoothed_model_human", "macro")["why_no_interval"]
    assert found == "Too few items: 9 with a score, 10 are needed."


def test_no_interval_leaves_the_range_of_its_score(scores):
    for metric in ("js_divergence", "js_distance", "total_variation", "wasserstein"):
        means = scores[(scores["metric"] == metric) & scores["interval_low"].notna()]
        assert len(means) == 5  # three topic groups, macro, micro
        assert (means["interval_low"] > 0).all()
        assert (means["interval_high"] < 1).all()
    assert (scores["interval_low"].dropna() >= 0).all()
    assert (scores["limit_low"].dropna() >= 0).all()


def test_wordings_that_are_scored_apart_are_no_further_items(scores):
    choices, prompts = a_panel()
    again = [replace(one, question=replace(one.question, wording=1), wording=1) for one in prompts]
    twice = scored(np.hstack([choices, choices]), [*prompts, *again])
    for metric in ("js_divergence", "wasserstein"):
        alone, both = row(scores, metric, "macro"), row(twice, metric, "macro")
        assert both["value"] == pytest.approx(alone["value"])
        widths = [one["interval_high"] - one["interval_low"] for one in (alone, both)]
        assert widths[1] == pytest.approx(widths[0], rel=0.05)

"""The tables of scores: panels whose quality is known must be scored as what they are."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from counted_calls import num_calls

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.score_tables import HEADLINE_METRICS, headline, score_table, status_table
from def_sim.records import (
    AnswerStatus,
    Dimension,
    ItemReference,
    MeasurementLevel,
    NoDimension,
    Option,
    Question,
    QuestionType,
)

DIMENSIONS = [Dimension.IDV, Dimension.PDI, Dimension.TDI]
DIVERGENCES = ("js_divergence", "total_variation", "wasserstein", "kl_paper", "kl_smoothed_model_human")


def distribution(
    item_id,
    counts,
    human_shares,
    *,
    wording=0,
    level=MeasurementLevel.ORDINAL,
    kind=QuestionType.SINGLE,
    dimension=Dimension.IDV,
    num_answered=None,
    num_failed=0,
    num_not_asked=0,
):
    counts = np.array(counts, dtype=float)
    codes = tuple(range(1, counts.size + 1))
    question = Question(
        item_id=item_id,
        wording=wording,
        language="en",
        topic="topic",
        text="?",
        type=kind,
        level=level,
        dimension=dimension,
        direction=1,
        options=tuple(Option(code, str(code)) for code in codes),
        max_choices=3 if kind is QuestionType.MULTIPLE else 1,
    )
    statuses = dict.fromkeys(AnswerStatus, 0)
    statuses[AnswerStatus.ANSWERED] = int(counts.sum()) if num_answered is None else num_answered
    statuses[AnswerStatus.REFUSED] = num_failed
    statuses[AnswerStatus.NOT_ASKED] = num_not_asked
    reference = None
    if human_shares is not None:
        reference = ItemReference(item_id, "all", codes, tuple(human_shares), n=2000, n_effective=1500.0)
    return QuestionDistribution(question, counts, statuses, reference, wording)


def panel(answering, *, num_items=60, num_respondents=20, seed=3):
    """A survey of items with 2 to 10 options, answered as `answering(human shares, N, rng)` says."""
    rng = np.random.default_rng(seed)
    items = []
    for index in range(num_items):
        people = rng.dirichlet(np.ones(2 + index % 9))
        counts = answering(people, num_respondents, rng)
        items.append(distribution(f"s.Q{index}", counts, people, dimension=DIMENSIONS[index % 3]))
    return items


def like_people(shares, num_respondents, rng):
    return rng.multinomial(num_respondents, shares)


def at_random(shares, num_respondents, rng):
    return rng.multinomial(num_respondents, np.full(shares.size, 1 / shares.size))


def always_the_mode(shares, num_respondents, rng):
    return np.eye(shares.size)[shares.argmax()] * num_respondents


def scored(distributions, **options):
    return score_table(distributions, seed=11, num_draws=options.pop("num_draws", 300), **options)


@cache
def scored_panel(answering, num_respondents):
    return scored(panel(answering, num_respondents=num_respondents, num_items=120))


def row(scores, metric, scope, **where):
    found = scores[(scores["metric"] == metric) & (scores["scope"] == scope)]
    for column, value in where.items():
        found = found[found[column] == value]
    assert len(found) == 1, (metric, scope, where, len(found))
    return found.iloc[0]


@pytest.mark.parametrize("num_respondents", [20, 200])
@pytest.mark.parametrize("metric", DIVERGENCES)
def test_a_panel_drawn_from_people_is_scored_near_one(metric, num_respondents):
    scores = scored_panel(like_people, num_respondents)
    assert row(scores, metric, "micro")["normalised"] == pytest.approx(1, abs=0.08)
    assert row(scores, "entropy_ratio", "micro")["value"] == pytest.approx(
        row(scores, "entropy_ratio", "micro")["floor"], abs=0.05
    )


@pytest.mark.parametrize("num_respondents", [20, 200])
@pytest.mark.parametrize("metric", DIVERGENCES)
def test_a_panel_that_answers_at_random_is_scored_near_zero(metric, num_respondents):
    scores = scored_panel(at_random, num_respondents)
    assert row(scores, metric, "micro")["normalised"] == pytest.approx(0, abs=0.08)
    assert row(scores, "entropy_ratio", "micro")["value"] > 1


def test_a_panel_that_always_gives_the_majority_answer_has_the_score_of_the_mode_and_no_variety():
    scores = scored(panel(always_the_mode))
    for metric in (*DIVERGENCES, "entropy_ratio"):
        found = row(scores, metric, "macro")
        assert found["value"] == pytest.approx(found["mode"])
    assert row(scores, "entropy_ratio", "macro")["value"] == 0
    # The published score prefers random answers to the right majority answer.
    kl = row(scores, "kl_paper", "macro")
    assert kl["uniform"] < kl["mode"]
    assert kl["normalised"] < 0


def test_a_single_respondent_can_be_scored():
    scores = scored(panel(like_people, num_respondents=1))
    for metric in HEADLINE_METRICS:
        found = row(scores, metric, "macro")
        assert np.isfinite(found[["value", "floor", "human_to_human", "uniform", "mode"]].astype(float)).all()
        assert found["num_undefined"] == 0
    assert row(scores, "entropy_ratio", "macro")["value"] == 0  # one answer has no variety ...
    assert row(scores, "entropy_ratio", "macro")["floor"] == 0  # ... and neither has one person's


def test_without_any_valid_answer_every_score_is_undefined_and_counted():
    items = [distribution(f"s.Q{i}", [0, 0], [0.6, 0.4], num_failed=20) for i in range(3)]
    scores = scored(items)
    for metric in HEADLINE_METRICS:
        found = row(scores, metric, "macro")
        assert np.isnan(found["value"])
        assert np.isnan(found["normalised"])
        assert (found["num_items"], found["num_undefined"]) == (3, 3)


def test_one_failure_costs_the_largest_finite_score_plus_one_and_leaves_the_sound_scores_alone():
    items = [
        distribution("s.Q1", [10, 6, 3, 0], [0.5, 0.3, 0.15, 0.05], num_failed=1),
        distribution("s.Q2", [20, 0], [0.5, 0.5], dimension=Dimension.PDI),
        distribution("s.Q3", [10, 10], [0.5, 0.5], dimension=Dimension.PDI),
    ]
    scores = scored(items)
    assert row(scores, "kl_paper", "item", item_id="s.Q1")["value"] == pytest.approx(np.log(2) + 1)
    assert scores.loc[scores["is_replaced"], ["metric", "scope", "item_id"]].to_numpy().tolist() == [
        ["kl_paper", "item", "s.Q1"]
    ]
    assert row(scores, "kl_paper", "micro")["value"] == pytest.approx((2 * np.log(2) + 1) / 3)
    # IDV: ln 2 + 1; PDI: (ln 2 + 0) / 2
    assert row(scores, "kl_paper", "macro")["value"] == pytest.approx((1.5 * np.log(2) + 1) / 2)
    assert row(scores, "close_count", "micro")["value"] == 1  # Q3; ln 2 = .69 is not close
    # Row deviations over 13 columns: (.5, .3, .15, 0, .05), one answer, two equal answers.
    of_q1 = np.std([0.5, 0.3, 0.15, 0.05] + [0] * 9)
    assert row(scores, "std_paper", "micro")["value"] == pytest.approx(
        (of_q1 + 0.2665 + 0.1804) / 3, abs=1e-4
    )
    # The 19 who answered: |10/19-.5| + |6/19-.3| + |3/19-.15| + .05 = .1, half of it .05
    assert row(scores, "total_variation", "item", item_id="s.Q1")["value"] == pytest.approx(0.05)


def test_an_option_that_no_person_chose_makes_the_published_score_infinite_and_no_other():
    items = [
        distribution("s.Q1", [10, 9, 1], [0.5, 0.5, 0.0]),
        distribution("s.Q2", [10, 10], [0.5, 0.5]),
    ]
    scores = scored(items)
    assert row(scores, "kl_paper", "item", item_id="s.Q1")["value"] == pytest.approx(1)  # 0 + 1
    assert row(scores, "kl_paper", "item", item_id="s.Q1")["floor"] < 0.1  # people never choose it
    for metric in ("kl_smoothed_model_human", "js_divergence", "total_variation"):
        assert 0 < row(scores, metric, "item", item_id="s.Q1")["value"] < 1


def test_options_without_order_are_undefined_on_the_scale_and_counted():
    items = [
        distribution("s.Q1", [10, 10], [0.6, 0.4], level=MeasurementLevel.NOMINAL),
        distribution("s.Q2", [12, 8], [0.5, 0.5]),
    ]
    found = row(scored(items), "wasserstein", "dimension")
    assert found["value"] == pytest.approx(0.1)
    assert (found["num_items"], found["num_undefined"]) == (2, 1)


def test_an_item_without_reference_has_no_score_and_is_counted():
    items = [distribution("s.Q1", [10, 10], None), distribution("s.Q2", [12, 8], [0.5, 0.5])]
    scores = scored(items)
    assert np.isnan(row(scores, "kl_paper", "item", item_id="s.Q1")["value"])  # absent, not replaced
    assert not row(scores, "kl_paper", "item", item_id="s.Q1")["is_replaced"]
    found = row(scores, "js_divergence", "micro")
    assert (found["num_items"], found["num_undefined"]) == (2, 1)
    assert row(scores, "close_count", "micro")["num_undefined"] == 1


def test_mention_rates_are_compared_for_multiple_choice_only():
    items = [
        distribution("s.Q1", [8, 4, 4], [0.9, 0.5, 0.2], kind=QuestionType.MULTIPLE, num_answered=10),
        distribution("s.Q2", [12, 8], [0.5, 0.5]),
    ]
    scores = scored(items)
    assert scores[scores["metric"] == "mention_rate_difference"]["num_items"].max() == 1
    found = row(scores, "mention_rate_difference", "item", item_id="s.Q1")
    assert found["value"] == pytest.approx(0.4 / 3)  # (.1 + .1 + .2) / 3
    assert 0 < found["floor"] < found["uniform"]


def test_a_survey_without_multiple_choice_has_no_mention_score_rather_than_zero():
    found = row(scored([distribution("s.Q2", [12, 8], [0.5, 0.5])]), "mention_rate_difference", "micro")
    assert np.isnan(found["value"])
    assert found["num_items"] == 0


def test_every_dimension_present_has_one_row_and_macro_is_their_mean():
    scores = scored(panel(like_people))
    of_dimensions = scores[(scores["metric"] == "js_divergence") & (scores["scope"] == "dimension")]
    assert of_dimensions["dimension"].tolist() == ["IDV", "PDI", "TDI"]
    assert of_dimensions["num_items"].sum() == 60
    for column in ("value", "floor", "uniform"):
        assert row(scores, "js_divergence", "macro")[column] == pytest.approx(of_dimensions[column].mean())


def test_the_order_of_items_changes_no_score_of_an_item():
    items = panel(like_people, num_items=6)
    columns = ["value", "floor", "human_to_human", "uniform", "mode"]
    key = ["metric", "item_id"]
    forwards, backwards = (
        table[table["scope"] == "item"].set_index(key)[columns].sort_index()
        for table in (scored(items), scored(items[::-1]))
    )
    assert forwards.equals(backwards)


def test_other_items_change_no_sound_score_of_an_item():
    items = panel(like_people, num_items=6)
    few, many = scored(items[:2]), scored(items)
    for metric in ("js_divergence", "wasserstein", "kl_smoothed_human_model"):
        alone, among = (row(table, metric, "item", item_id="s.Q1") for table in (few, many))
        assert alone["floor"] == among["floor"]
        assert alone["human_to_human"] == among["human_to_human"]


def test_another_seed_moves_the_expectations_a_little_and_the_scores_not_at_all():
    items = panel(like_people)
    one, other = (row(score_table(items, seed=seed), "js_divergence", "macro") for seed in (1, 2))
    assert one["value"] == other["value"]
    assert one["floor"] != other["floor"]
    assert one["floor"] == pytest.approx(other["floor"], rel=0.02)


def test_two_halves_of_people_are_closer_than_any_panel_of_twenty():
    found = row(scored(panel(like_people)), "js_divergence", "macro")
    assert found["human_to_human"] < 0.2 * found["floor"]


def test_pooling_scores_each_item_once_and_prompts_otherwise_stand_alone():
    base = distribution("s.Q1", [20, 0], [0.5, 0.5])
    paraphrase = distribution("s.Q1", [0, 20], [0.5, 0.5], wording=1)
    apart, pooled = scored([base, paraphrase]), scored([base, paraphrase], pool_wordings=True)
    assert row(apart, "total_variation", "micro")[["value", "num_items"]].tolist() == [0.5, 2]
    assert row(pooled, "total_variation", "micro")[["value", "num_items"]].tolist() == [0, 1]
    # N is the number of respondents, not of answers: the floor stays that of 20 people.
    assert row(pooled, "total_variation", "micro")["floor"] == row(apart, "total_variation", "micro")["floor"]


def test_another_countrys_people_stand_beside_the_panel_with_the_number_of_items_they_share():
    items = [distribution(f"s.Q{i}", [10, 10], [0.5, 0.5]) for i in range(3)]
    abroad = {one.question.item_id: replace(one.reference, shares=(0.9, 0.1)) for one in items[:2]}
    found = row(scored(items, other_references=abroad), "total_variation", "macro")
    assert found["other_humans"] == pytest.approx(0.4, abs=0.02)
    assert (found["num_items"], found["num_other_humans"]) == (3, 2)


def test_people_abroad_who_were_shown_other_options_are_no_comparison():
    [item] = [distribution("s.Q1", [10, 10], [0.5, 0.5])]
    abroad = {"s.Q1": replace(item.reference, codes=(1, 3), shares=(0.9, 0.1))}
    found = row(scored([item], other_references=abroad), "total_variation", "macro")
    assert np.isnan(found["other_humans"])
    assert found["num_other_humans"] == 0


def test_published_and_sound_scores_use_the_people_who_were_asked_and_who_answered():
    few_answered = distribution("s.Q1", [3, 2], [0.5, 0.5], num_failed=15, num_not_asked=9)
    finite = distribution("s.Q2", [10, 10], [0.5, 0.5])
    scores = scored([few_answered, finite], num_draws=2000)
    kl, smoothed = (row(scores, name, "item", item_id="s.Q1") for name in ("kl_paper", "total_variation"))
    assert kl["floor"] == pytest.approx(1 / 40, rel=0.1)  # (K - 1) / (2 N) at N = 20 asked
    # E |X/5 - 1/2| for X binomial(5, 1/2): 2 (1 * .5 + 5 * .3 + 10 * .1) / 32 = .1875
    assert smoothed["floor"] == pytest.approx(0.1875, rel=0.05)


def test_the_headline_is_the_mean_of_items_where_none_is_in_a_topic_group():
    items = panel(like_people, num_items=12)
    alone = [replace(one, question=replace(one.question, dimension=NoDimension.NONE)) for one in items]
    assert set(headline(scored(items))["scope"]) == {"macro"}
    table = headline(scored(alone)).set_index("metric")
    assert set(table["scope"]) == {"micro"}
    assert table.loc["js_divergence", "num_items"] == 12
    assert table["value"].notna().all()


def test_the_headline_has_one_macro_row_for_each_headline_metric():
    table = headline(scored(panel(like_people)))
    assert table["metric"].tolist() == list(HEADLINE_METRICS)
    assert table["value"].notna().all()
    assert table.set_index("metric")["normalised"].isna().tolist() == [False, False, False, False, True]


def test_statuses_of_each_scope_add_up_to_the_plan():
    items = [
        distribution("s.Q1", [10, 8], [0.5, 0.5], num_failed=2),
        distribution("s.Q2", [9, 8], [0.5, 0.5], num_failed=1, num_not_asked=2, dimension=Dimension.PDI),
    ]
    table = status_table(items)
    assert table.groupby("scope")["count"].sum().to_dict() == {"all": 40, "dimension": 40, "item": 40}
    whole = table[table["scope"] == "all"].set_index("status")
    assert whole["count"][["answered", "refused", "not_asked", "truncated"]].tolist() == [35, 3, 2, 0]
    assert whole["share"].sum() == pytest.approx(1)
    assert set(whole.index) == set(AnswerStatus) - {AnswerStatus.UNJUDGED}  # no strategy needs a judge


def test_the_work_of_scoring_is_in_proportion_to_the_items_and_not_to_the_draws():
    items = panel(like_people, num_items=24)
    few, many, drawn_more = (
        num_calls(lambda n=n, draws=draws: score_table(items[:n], seed=1, num_draws=draws))
        for n, draws in ((6, 20), (24, 20), (6, 200))
    )
    assert many < 4.4 * few
    assert drawn_more < 1.1 * few


def test_an_empty_survey_gives_empty_scores_with_all_columns():
    scores = scored([])
    assert scores["num_items"].eq(0).all()
    assert scores["value"].isna().all()
    assert headline(scores)["metric"].tolist() == list(HEADLINE_METRICS)


def test_a_metric_that_is_asked_for_alone_has_the_rows_it_has_among_all():
    distributions = [
        distribution("a", [5, 3, 2], [0.5, 0.3, 0.2]),
        distribution("b", [1, 0, 9], [0.2, 0.2, 0.6]),
    ]
    everything = score_table(distributions, seed=3, num_draws=20)
    for metric in ("total_variation", "kl_paper"):
        alone = score_table(distributions, seed=3, num_draws=20, metrics=[metric])
        expected = everything[everything["metric"] == metric].reset_index(drop=True)
        assert alone.equals(expected)

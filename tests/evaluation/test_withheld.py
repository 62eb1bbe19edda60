"""Withheld answers beside people's, on a panel whose answers are written by hand."""

from dataclasses import replace

import numpy as np
import pytest
from some_runs import SETTINGS, run
from statsmodels.stats.proportion import proportion_confint
from survey_examples import a_question, a_respondent, a_survey

from def_sim.evaluation.arms import group_arms
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.withheld import NOT_KNOWN, withheld_scores, withheld_table
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.records import Answer, AnswerStatus, Dimension, ItemReference, ReadingMethod
from def_sim.surveys.human_reference import HumanReference

QUESTIONS = [
    a_question(f"x.Q{place}", dimension=(Dimension.EVI, Dimension.TDI)[place % 2]) for place in range(4)
]
DONT_KNOW, REFUSED, ANSWERED = AnswerStatus.DONT_KNOW, AnswerStatus.REFUSED, AnswerStatus.ANSWERED
N = 10


def an_answer(respondent, question, status):
    choices = (1 + respondent % 4,) if status is ANSWERED else ()
    method = ReadingMethod.NUMBER if choices else ReadingMethod.NONE
    return Answer(f"r{respondent:05d}", question.item_id, 0, 0, status, choices, method, "text")


def arrays(status_of, **known):
    """Answers whose status a function of respondent and place gives."""
    references = {
        (one.item_id, "all"): replace(
            ItemReference(one.item_id, "all", one.codes, (0.4, 0.3, 0.2, 0.1), 1000, 900.0), **known
        )
        for one in QUESTIONS
    }
    answers = [
        an_answer(respondent, question, status_of(respondent, place))
        for respondent in range(N)
        for place, question in enumerate(QUESTIONS)
    ]
    panel = [a_respondent(index) for index in range(N)]
    return PanelArrays(a_survey(*QUESTIONS), panel, HumanReference("USA", (), references), answers)


def three_in_ten(respondent, place):
    """The first three respondents never know; the fourth refuses the first question."""
    if respondent < 3:
        return DONT_KNOW
    return REFUSED if (respondent, place) == (3, 0) else ANSWERED


def groups():
    offers = ("none", "both")
    settings = {offer: SETTINGS | {"protocol.presentation.offer": offer} for offer in offers}
    runs = [run("m", folder=f"outputs/{o}", run_hash=o, settings=settings[o]) for o in offers]
    return group_arms(runs)[0]


@pytest.fixture(scope="module")
def table():
    known = arrays(three_in_ten, dont_know_share=0.05, refused_share=0.02)
    found = {"outputs/none": arrays(lambda *_: ANSWERED), "outputs/both": known}
    return withheld_table(groups(), found)


def rows(table, **wanted):
    found = table
    for name, value in wanted.items():
        found = found[found[name] == value]
    return found


def test_an_item_has_the_share_of_its_respondents_with_wilsons_interval(table):
    [row] = rows(table, offer="both", item_id="x.Q1", kind="dont_know").to_dict("records")
    low, high = proportion_confint(3, N, method="wilson")
    assert (row["share"], row["num_asked"]) == (0.3, N)
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
    assert row["people"] == 0.05


def test_of_many_questions_respondents_are_left_out_with_all_their_answers(table):
    [row] = rows(table, offer="both", scope="all", kind="dont_know").to_dict("records")
    each = np.array([1.0] * 3 + [0.0] * 7)
    low, high = jackknife_interval(0.3, (each.sum() - each) / (N - 1))
    assert row["share"] == 0.3
    assert (row["low"], row["high"]) == (pytest.approx(max(low, 0)), pytest.approx(high))
    [refused] = rows(table, offer="both", scope="all", kind="refused").to_dict("records")
    assert refused["share"] == pytest.approx(1 / (4 * N))
    assert refused["people"] == 0.02


def test_where_nobody_withholds_the_interval_is_that_of_as_many_answers_as_respondents(table):
    [row] = rows(table, offer="none", scope="all", kind="dont_know").to_dict("records")
    assert (row["share"], row["low"]) == (0, 0)
    assert row["high"] == pytest.approx(proportion_confint(0, N, method="wilson")[1])


def test_people_stand_beside_the_panels_share_of_the_items_of_which_they_are_known():
    one = arrays(three_in_ten, dont_know_share=0.05, refused_share=0.04)
    items = dict(one.reference.items)
    items["x.Q0", "all"] = replace(items["x.Q0", "all"], refused_share=None)
    mixed = replace(one, reference=replace(one.reference, items=items))
    table = withheld_table(groups(), {"outputs/both": mixed})
    [row] = rows(table, scope="all", kind="refused").to_dict("records")
    # The one refusal is of the question of which nothing is known of people.
    assert (row["people"], row["num_people_items"], row["share_beside_people"]) == (0.04, 3, 0)
    assert row["share"] == pytest.approx(1 / (4 * N))
    assert row["reason"] == ""


def test_topic_groups_have_rows_of_their_own(table):
    found = rows(table, offer="both", scope="dimension", kind="refused").set_index("dimension")
    assert found.loc["EVI", "share"] == pytest.approx(1 / (2 * N))
    assert found.loc["TDI", "share"] == 0


def test_where_a_source_does_not_say_how_many_withheld_the_reason_stands(table):
    silent = rows(table, offer="none", scope="all")
    assert silent["people"].isna().all()
    assert (silent["reason"] == NOT_KNOWN).all()


def test_the_score_of_those_who_answer_lies_between_its_bounds():
    found = {"outputs/none": arrays(lambda *_: ANSWERED), "outputs/both": arrays(three_in_ten)}
    scores = withheld_scores(groups(), found).set_index("offer")
    both, none = scores.loc["both"], scores.loc["none"]
    assert both["share_failed"] == pytest.approx(13 / 40)
    assert both["least"] < both["answered"] < both["most"]
    assert none["least"] == none["answered"] == none["most"]


def test_arms_that_offer_alike_have_no_table():
    assert withheld_table([], {}).empty
    assert withheld_scores(groups(), {}).empty

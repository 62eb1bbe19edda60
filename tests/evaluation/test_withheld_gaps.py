"""Don't-knows and refusals of a panel beside people's, with the interval of their difference."""

import math
from dataclasses import replace

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep
from survey_examples import a_question, a_respondent, a_survey

from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.withheld_gaps import ALL, DIMENSION, ITEM, gaps_frame, withheld_gaps
from def_sim.metrics.share_differences import difference_interval
from def_sim.randomness import keyed_rng
from def_sim.records import Answer, AnswerStatus, Dimension, ItemReference, ReadingMethod
from def_sim.reports.sections.withheld import withheld_part
from def_sim.surveys.human_reference import HumanReference

DONT_KNOW, REFUSED, ANSWERED = AnswerStatus.DONT_KNOW, AnswerStatus.REFUSED, AnswerStatus.ANSWERED
QUESTIONS = [a_question(f"x.Q{n}", dimension=(Dimension.EVI, Dimension.TDI)[n % 2]) for n in range(8)]
PEOPLE = ItemReference("", "all", QUESTIONS[0].codes, (0.4, 0.3, 0.2, 0.1), 950, 950.0)


def arrays(num, status_of, **known):
    """A panel whose statuses a function of respondent and question gives, beside people."""
    references = {(q.item_id, "all"): replace(PEOPLE, item_id=q.item_id, **known) for q in QUESTIONS}
    answers = []
    for respondent in range(num):
        for place, question in enumerate(QUESTIONS):
            status = status_of(respondent, place)
            choices = (1,) if status is ANSWERED else ()
            method = ReadingMethod.NUMBER if choices else ReadingMethod.NONE
            answers.append(
                Answer(f"r{respondent:05d}", question.item_id, 0, 0, status, choices, method, "text")
            )
    panel = [a_respondent(index) for index in range(num)]
    return PanelArrays(a_survey(*QUESTIONS), panel, HumanReference("USA", (), references), answers)


def one(found, scope, kind, **wanted):
    [gap] = [
        gap
        for gap in found.of(scope)
        if gap.kind == kind and all(getattr(gap, name) == value for name, value in wanted.items())
    ]
    return gap


def test_a_planted_gap_is_found_within_its_interval():
    # People .05 of those asked, the panel .15: a gap of .10.
    def status(respondent, place):
        is_silent = keyed_rng(1, respondent, place).random() < 0.15
        return DONT_KNOW if is_silent else ANSWERED

    found = withheld_gaps(arrays(150, status, dont_know_share=0.05, refused_share=0.0), offer="dont_know")
    of_all = one(found, ALL, "dont_know")
    assert 0 < of_all.low < 0.10 < of_all.high < 0.2
    assert of_all.num_items == len(QUESTIONS)
    of_groups = [gap for gap in found.of(DIMENSION) if gap.kind == "dont_know"]
    assert all(gap.low < 0.10 < gap.high for gap in of_groups)
    inside = [gap.low < 0.10 < gap.high for gap in found.of(ITEM) if gap.kind == "dont_know"]
    assert sum(inside) >= 7  # of 8; 95 % of them in the long run


def test_the_interval_of_an_item_is_newcombes():
    known = {"dont_know_share": 0.05, "refused_share": 0.0}
    found = withheld_gaps(arrays(40, lambda r, _: DONT_KNOW if r < 6 else ANSWERED, **known), offer="none")
    gap = one(found, ITEM, "dont_know", item_id="x.Q0")
    # 950 people answered and .05 of those asked did not: 1,000 were asked.
    low, high = confint_proportions_2indep(6, 40, 50, 1000, method="newcomb", compare="diff")
    assert (gap.panel, gap.people) == (0.15, 0.05)
    assert (gap.low, gap.high) == (pytest.approx(low), pytest.approx(high))


def test_either_is_the_sum_of_both_or_what_the_source_does_not_part():
    def status(respondent, place):
        return DONT_KNOW if respondent == 0 else REFUSED if respondent == 1 else ANSWERED

    parted = withheld_gaps(arrays(10, status, dont_know_share=0.05, refused_share=0.02), offer="both")
    assert one(parted, ALL, "either").panel == 0.2
    assert one(parted, ALL, "either").people == pytest.approx(0.07)
    whole = withheld_gaps(arrays(10, status, missing_share=0.3), offer="both")
    assert one(whole, ALL, "either").difference == pytest.approx(-0.1)
    assert one(whole, ALL, "dont_know").num_items == 0
    assert "does not say" in one(whole, ALL, "dont_know").reason


def test_where_people_are_not_known_the_section_says_so_and_what_was_offered():
    found = withheld_gaps(arrays(4, lambda *_: ANSWERED), offer="both")
    assert found.of(ITEM) == []
    assert not found.is_known
    words = str(withheld_part(found))
    assert "The run offered not to know and not to answer" in words
    assert "does not say how many people withheld an answer" in words


def test_the_section_has_topic_groups_and_items_in_percentage_points():
    found = withheld_gaps(
        arrays(10, lambda r, _: DONT_KNOW if r == 0 else ANSWERED, dont_know_share=0.3, refused_share=0.0),
        offer="none",
    )
    words = str(withheld_part(found))
    assert "The run offered no way out" in words
    assert "Emancipative values" in words
    assert "−20.0" in words  # 10 % of the panel, 30 % of people
    assert "By item (8)" in words
    assert "Either" not in words  # both kinds are known of all items


def test_the_table_has_a_row_a_gap():
    found = withheld_gaps(
        arrays(5, lambda *_: ANSWERED, dont_know_share=0.1, refused_share=0.0), offer="none"
    )
    frame = gaps_frame(found.gaps)
    assert len(frame) == 3 * (1 + 2 + 8)  # kinds by all, two topic groups and eight items
    assert set(frame["scope"]) == {"all", "dimension", "item"}


def test_a_difference_without_an_interval_of_either_has_none():
    assert all(map(math.isnan, difference_interval(0.1, (0.0, 0.2), 0.1, (math.nan, 0.2))))

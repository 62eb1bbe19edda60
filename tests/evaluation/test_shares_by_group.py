"""Shares beside people's, of everyone and of groups."""

import math

import pytest

from def_sim.evaluation.distributions import align_with_reference, count_answers
from def_sim.evaluation.shares_by_group import shares_by_group
from def_sim.records import (
    Answer,
    AnswerStatus,
    DecodingConfig,
    Dimension,
    ItemReference,
    MeasurementLevel,
    Option,
    Persona,
    Question,
    QuestionType,
    ReadingMethod,
    Respondent,
)
from def_sim.surveys.human_reference import HumanReference

QUESTION = Question(
    "town.Q1",
    0,
    "en",
    "trust",
    "Do you trust people?",
    QuestionType.SINGLE,
    MeasurementLevel.ORDINAL,
    Dimension.EVI,
    0,
    (Option(1, "yes"), Option(2, "no")),
)


def respondent(index: int, sex: str = "", age: str = "") -> Respondent:
    return Respondent(index, Persona("Bern", True, sex, age), DecodingConfig(), 0)


def chose(index: int, code: int) -> Answer:
    status = AnswerStatus.ANSWERED if code else AnswerStatus.REFUSED
    choices = (code,) if code else ()
    return Answer(f"r{index:05d}", "town.Q1", 0, 0, status, choices, ReadingMethod.NUMBER, "")


def people(group: str, share: float) -> ItemReference:
    return ItemReference("town.Q1", group, (1, 2), (share, 1 - share), 50, 50.0)


def shares(
    panel: list[Respondent], answers: list[Answer], *known: ItemReference
) -> dict[tuple[str, int], tuple]:
    """(group, code) -> share of the panel, of people, and how many are behind them."""
    reference = HumanReference("CHE", (), {(one.item_id, one.group): one for one in known})
    counted = align_with_reference(count_answers(answers, [QUESTION]), reference.for_everyone())
    frame = shares_by_group(counted, panel, answers, reference)
    return {
        (row.group, row.code): (row.panel, row.people, row.panel_n, row.people_n)
        for row in frame.itertuples()
    }


def test_groups_are_those_that_the_prompt_names() -> None:
    panel = [respondent(0, "male", "<=29"), respondent(1, "male", ">=50"), respondent(2, "female", ">=50")]
    found = shares(panel, [chose(0, 1), chose(1, 2), chose(2, 2)], people("all", 0.6), people("male", 0.7))
    assert {group for group, _ in found} == {"all", "male", "female", "<=29", ">=50"}
    assert found["all", 1] == (pytest.approx(1 / 3), 0.6, 3, 50)
    assert found["male", 1] == (0.5, 0.7, 2, 50)  # one of the two men
    assert found[">=50", 2][0] == 1
    assert math.isnan(found["female", 1][1])  # nobody knows


def test_without_sex_and_age_there_is_everyone_alone() -> None:
    found = shares([respondent(0)], [chose(0, 1)], people("all", 0.6), people("male", 0.7))
    assert {group for group, _ in found} == {"all"}


def test_a_share_of_nobody_is_empty_and_not_0() -> None:
    found = shares([respondent(0)], [chose(0, 0)])
    panel, of_people, panel_n, people_n = found["all", 1]
    assert math.isnan(panel)
    assert math.isnan(of_people)
    assert panel_n == 0
    assert math.isnan(people_n)

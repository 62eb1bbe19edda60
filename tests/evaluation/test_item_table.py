"""items.csv: what was asked, with people's shares beside it."""

import pandas as pd

from def_sim.evaluation.item_table import items_table
from def_sim.records import (
    Dimension,
    ItemReference,
    MeasurementLevel,
    NoDimension,
    Option,
    Question,
    QuestionType,
)

OPTIONS = (Option(1, "Yes"), Option(2, "No"))


def question(
    item_id: str = "town.Q1", wording: int = 0, dimension: Dimension | NoDimension = Dimension.PDI
) -> Question:
    return Question(
        item_id, wording, "en", "trams", "Do you like trams?", QuestionType.SINGLE, MeasurementLevel.NOMINAL,
        dimension, -1, OPTIONS,
    )  # fmt: skip


def people(group: str, *shares: float, n: int | None = 40) -> ItemReference:
    return ItemReference("town.Q1", group, (1, 2), shares, n, None)


PEOPLE = {
    ("town.Q1", one.group): one
    for one in (people("all", 0.6, 0.4), people("male", 0.5, 0.5, n=20), people(">=50", 0.75, 0.25, n=8))
}


def test_an_option_is_a_row_with_its_words_and_the_shares_of_people() -> None:
    table = items_table([question()], PEOPLE)
    assert table["label"].tolist() == ["Yes", "No"]
    assert table["human_share"].tolist() == [0.6, 0.4]
    assert table["human_share_male"].tolist() == [0.5, 0.5]
    assert table["human_share_from_50"].tolist() == [0.75, 0.25]
    assert table["human_n"].tolist() == [40, 40]  # of everyone, not of the last group
    assert set(table["dimension_title"]) == {"Power distance"}
    assert set(table["direction"]) == {-1}


def test_shares_that_nobody_knows_are_empty_and_not_zero() -> None:
    table = items_table([question(), question("town.Q2", dimension=NoDimension.NONE)], PEOPLE)
    assert table["human_share_female"].isna().all()
    other = table[table["item_id"] == "town.Q2"]
    assert len(other) == 2
    assert other[["human_share", "human_share_male", "human_n"]].isna().all(axis=None)
    assert set(other["dimension"]) == set(other["dimension_title"]) == {""}


def test_shares_without_a_number_of_people_have_none() -> None:
    table = items_table([question()], {("town.Q1", "all"): people("all", 0.6, 0.4, n=None)})
    assert table["human_share"].tolist() == [0.6, 0.4]
    assert table["human_n"].isna().all()


def test_a_wording_has_rows_of_its_own_in_the_order_of_asking() -> None:
    table = items_table([question(wording=1), question()], PEOPLE)
    assert list(zip(table["wording"], table["code"], strict=True)) == [(1, 1), (1, 2), (0, 1), (0, 2)]
    assert isinstance(table, pd.DataFrame)

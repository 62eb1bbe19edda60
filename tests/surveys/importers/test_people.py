"""Persons become figures: shares, n, effective n, who withheld an answer, and what the design costs."""

from typing import Any

import numpy as np
import pytest

from def_sim.errors import SurveyFormatError
from def_sim.records import ReferenceQuality
from def_sim.surveys.human_reference import COLUMNS
from def_sim.surveys.importers.contract import GroupFigures
from def_sim.surveys.importers.documents import reference_text
from def_sim.surveys.importers.people import People, Replies, bands_of, figures_of_people
from def_sim.surveys.item_bank import Item

DIMENSIONLESS: dict[str, Any] = {"topic": "a topic", "dimension": "none", "direction": 0}
QUESTION = Item.model_validate(
    {
        **DIMENSIONLESS,
        "id": "toy.V1",
        "variable": "V1",
        "type": "single",
        "level": "nominal",
        "options": [{"code": code, "en": f"Option {code}"} for code in (1, 2, 3)],
        "shown": {"USA": [1, 2]},
        "volunteered": [8],
        "wordings": {"en": ["Which?"]},
    }
)
BATTERY = Item.model_validate(
    {
        **DIMENSIONLESS,
        "id": "toy.V2",
        "variable": "V2A-V2B",
        "type": "multiple",
        "level": "nominal",
        "max_choices": 2,
        "options": [
            {"code": 1, "en": "One", "variable": "V2A"},
            {"code": 2, "en": "Two", "variable": "V2B"},
        ],
        "wordings": {"en": ["Which of them?"]},
    }
)


def replies(codes: list[int]) -> Replies:
    """Negative codes are minus a kind of Reply."""
    found = np.array(codes)
    return Replies(found.astype(np.int64), np.where(found < 0, -found, 0).astype(np.int8))


def people(variables: dict[str, list[int]], **others: Any) -> People:
    """Women at even places, men at odd ones; all of an unknown age and of equal weights unless said."""
    size = len(next(iter(variables.values())))
    given: dict[str, Any] = {
        "population": "USA",
        "replies": {name: replies(codes) for name, codes in variables.items()},
        "weights": np.ones(size),
        "sex": np.where(np.arange(size) % 2, "male", "female"),
        "age_band": np.full(size, ""),
    }
    return People(**given | others)


def by_group(item: Item, of: People) -> dict[str, GroupFigures]:
    return {one.group: one for one in figures_of_people(item, of)}


# 12 choose 1, 4 choose 2, 2 volunteer 8, 1 does not know, 1 does not answer, 3 were not asked, 1 is lost.
CODES = [*[1] * 12, *[2] * 4, *[8] * 2, -1, -2, *[-3] * 3, -4]


def test_shares_are_of_those_who_chose_what_was_shown_and_others_are_counted() -> None:
    everyone = by_group(QUESTION, people({"V1": CODES}))["all"]
    assert everyone.codes == (1, 2)
    assert everyone.shares == pytest.approx((0.75, 0.25))
    assert (everyone.n, everyone.n_asked) == (16, 20)
    assert everyone.volunteered_share == pytest.approx(2 / 18)
    assert (everyone.dont_know_share, everyone.refused_share) == pytest.approx((1 / 20, 1 / 20))
    assert everyone.n_effective == pytest.approx(18 * 16 / 18)  # Kish's of 18 valid, times the share kept


def test_weights_enter_shares_effective_n_and_who_withheld_but_no_number_of_people() -> None:
    weights = np.array([*[2.0] * 12, *[1.0] * 12])
    everyone = by_group(QUESTION, people({"V1": CODES}, weights=weights))["all"]
    assert everyone.shares == pytest.approx((24 / 28, 4 / 28))
    assert (everyone.n, everyone.n_asked) == (16, 20)
    assert everyone.dont_know_share == pytest.approx(1 / (24 + 4 + 2 + 2))
    kept = 28 / 30
    assert everyone.n_effective == pytest.approx((24 + 6) ** 2 / (12 * 4 + 6) * kept)


def test_a_source_that_does_not_part_them_says_how_many_withheld_an_answer() -> None:
    everyone = by_group(QUESTION, people({"V1": CODES}, parts_withheld=False))["all"]
    assert (everyone.dont_know_share, everyone.refused_share) == (None, None)
    assert everyone.missing_share == pytest.approx(2 / 20)


def test_groups_are_by_sex_age_and_both_and_none_below_ten_people_is_written() -> None:
    bands = np.array([*["<=29"] * 21, *["30-49"] * 9, *[">=50"] * 30])
    found = by_group(QUESTION, people({"V1": [1, 1, 2] * 20}, age_band=bands))
    # 21 up to 29 are 11 women and 10 men; the 9 between, and both halves of them, are too few.
    assert list(found) == [
        "all", "male", "female", "<=29", ">=50", "male|<=29", "male|>=50", "female|<=29", "female|>=50",
    ]  # fmt: skip
    assert found["male|<=29"].group_type == "sex_x_age"
    assert found["male|<=29"].n == 10


def test_an_item_that_fewer_than_ten_people_answered_has_no_figures() -> None:
    assert figures_of_people(QUESTION, people({"V1": [1, 2, 2] * 3 + [-1]})) == []


def test_a_battery_is_who_mentioned_each_option_and_its_n_the_smallest() -> None:
    of = people({"V2A": [1] * 6 + [2] * 14, "V2B": [1] * 9 + [2] * 9 + [-1, -2]})
    everyone = by_group(BATTERY, of)["all"]
    assert everyone.shares == pytest.approx((0.3, 0.5))
    assert (everyone.n, everyone.n_asked) == (18, 20)
    assert everyone.dont_know_share == pytest.approx(0.05 / 2)  # the mean of 0 and 1 of 20


def test_a_code_that_the_item_does_not_have_is_an_error_with_the_number_of_people() -> None:
    with pytest.raises(
        SurveyFormatError, match=r"toy.V1, USA: variable V1 holds 3 \(2 people\); .* codes 1, 2, 8"
    ):
        figures_of_people(QUESTION, people({"V1": [1] * 20 + [3, 3]}))


def test_without_weights_the_effective_n_is_unknown() -> None:
    everyone = by_group(QUESTION, people({"V1": CODES}, quality=ReferenceQuality.UNWEIGHTED))["all"]
    assert everyone.n_effective is None
    assert everyone.n == 16


def test_clusters_that_answer_alike_double_the_variance_and_the_design_effect_says_so() -> None:
    # 20 pairs, of which 5 choose 1: 0.25 * 0.75 / 19 instead of 0.25 * 0.75 / 40.
    clusters = np.repeat(np.arange(20), 2)
    codes = np.where(clusters < 5, 1, 2).tolist()
    everyone = by_group(QUESTION, people({"V1": codes}, clusters=clusters))["all"]
    assert everyone.standard_errors == pytest.approx([np.sqrt(0.25 * 0.75 / 19)] * 2)
    assert everyone.design_effect == pytest.approx(40 / 19)
    assert (everyone.num_clusters, everyone.effective_people) == (20, pytest.approx(19))


def test_strata_alone_count_no_clusters_and_take_what_differs_between_them_out() -> None:
    # Two strata that differ altogether: within them nobody differs from another.
    codes = [1] * 20 + [2] * 20
    everyone = by_group(QUESTION, people({"V1": codes}, strata=np.array(codes)))["all"]
    assert everyone.standard_errors == pytest.approx([0, 0], abs=1e-12)
    assert everyone.num_clusters is None


def test_below_ten_clusters_there_is_no_design_effect() -> None:
    of = people({"V1": [1, 2] * 20}, clusters=np.repeat(np.arange(8), 5))
    everyone = by_group(QUESTION, of)["all"]
    assert (everyone.standard_errors, everyone.design_effect, everyone.num_clusters) == (None, None, 8)


def test_a_batterys_design_effect_is_the_mean_of_its_options() -> None:
    clusters = np.repeat(np.arange(20), 2)
    alike = np.where(clusters < 5, 1, 2).tolist()  # 40 / 19
    apart = [1, 2] * 20  # one of each pair: no cluster differs from another
    found = by_group(BATTERY, people({"V2A": alike, "V2B": apart}, clusters=clusters))["all"]
    assert found.design_effect == pytest.approx(20 / 19)


def test_ages_are_banded_as_references_have_them() -> None:
    ages = np.array([16, 29, 29.9, 30, 49, 50, 99, np.nan])
    assert bands_of(ages).tolist() == ["<=29"] * 3 + ["30-49"] * 2 + [">=50"] * 2 + [""]


def test_a_table_has_the_columns_that_its_figures_fill() -> None:
    plain = reference_text(figures_of_people(QUESTION, people({"V1": CODES})))
    header, first, *_ = plain.splitlines()
    assert header == ",".join((*COLUMNS, "n_asked", "dont_know_share", "refused_share"))
    assert first == "toy.V1,overall,all,1,0.750000,16,16.00,0.111111,weighted,20,0.050000,0.050000"

"""Sex and age to quotas: filled at every size of panel, drawn without regard to it, and known from people."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from def_sim.errors import SurveyFormatError
from def_sim.records import ItemReference
from def_sim.resources import data_folder
from def_sim.respondents.quotas import (
    EQUAL,
    PERSONS,
    Quotas,
    lacking_groups,
    person_of,
    read_quotas,
    reference_quotas,
)
from def_sim.surveys.human_reference import read_reference
from def_sim.surveys.item_bank import read_items

UNEVEN = Quotas((0.08, 0.15, 0.26, 0.13, 0.19, 0.19))
ROWS = (
    "male,<=29,.1",
    "male,30-49,.2",
    "male,>=50,.2",
    "female,<=29,.1",
    "female,30-49,.2",
    "female,>=50,.2",
)


def persons(num: int, seed: int, quotas: Quotas = UNEVEN) -> list[tuple[str, str]]:
    return [person_of(index, seed, quotas) for index in range(num)]


@pytest.mark.parametrize("num", [6, 20, 61, 200, 1000])
@pytest.mark.parametrize("quotas", [UNEVEN, EQUAL], ids=["uneven", "equal"])
def test_quotas_are_filled_but_for_two_people_at_every_size(num: int, quotas: Quotas) -> None:
    for seed in range(20):
        counts = Counter(persons(num, seed, quotas))
        for person, share in zip(PERSONS, quotas.shares, strict=True):
            assert abs(counts[person] - share * num) < 2.5


def test_of_twenty_both_sexes_are_filled_but_for_two() -> None:
    for seed in range(50):
        num_men = sum(sex == "male" for sex, _ in persons(20, seed))
        assert abs(num_men - 20 * sum(UNEVEN.shares[:3])) < 2


def test_each_respondent_has_the_chance_of_each_group_that_its_quota_is() -> None:
    # 3,000 panels: the standard deviation of a share is at most .009.
    counts = Counter(person_of(7, seed, UNEVEN) for seed in range(3000))
    shares = [counts[person] / 3000 for person in PERSONS]
    np.testing.assert_allclose(shares, UNEVEN.shares, atol=0.035)


@pytest.mark.parametrize("num_options", [2, 3, 4, 6])
def test_groups_do_not_coincide_with_a_rotation_of_options(num_options: int) -> None:
    drawn = persons(600, 3, EQUAL)
    by_turn = Counter((index % num_options, person) for index, person in enumerate(drawn))
    expected = 600 / num_options / 6
    assert len(by_turn) == 6 * num_options
    assert all(abs(count - expected) < 4 for count in by_turn.values())


def references(weights: np.ndarray, num_items: int = 3) -> list[ItemReference]:
    rng, made = np.random.default_rng(4), []
    for item in range(num_items):
        shares = rng.dirichlet(np.ones(4), size=6)
        groups = {"all": weights @ shares} | {
            "|".join(person): row for person, row in zip(PERSONS, shares, strict=True)
        }
        for group, row in groups.items():
            made.append(ItemReference(f"item{item}", group, (1, 2, 3, 4), tuple(row.tolist()), 100, None))
    return made


def test_the_groups_weights_are_found_from_everyones_shares() -> None:
    weights = np.array(UNEVEN.shares)
    quotas = reference_quotas(references(weights))
    assert quotas is not None
    np.testing.assert_allclose(quotas.shares, weights, atol=1e-6)


def test_without_figures_of_all_six_groups_no_weights_are_known() -> None:
    known = [one for one in references(np.array(UNEVEN.shares)) if one.group != "male|>=50"]
    assert reference_quotas(known) is None
    assert reference_quotas([]) is None


def test_the_groups_without_figures_are_those_of_the_item_that_lacks_fewest() -> None:
    known = references(np.array(UNEVEN.shares), num_items=2)
    assert lacking_groups(known) == ()
    few = [one for one in known if one.item_id == "item0" and one.group != "female|<=29"]
    fewer = [one for one in known if one.item_id == "item1" and one.group in ("all", "male|>=50")]
    assert lacking_groups([*fewer, *few]) == ("female|<=29",)
    assert len(lacking_groups([])) == 6


@pytest.mark.parametrize("population", ["USA", "CHN", "EGY"])
def test_the_weights_of_shipped_people_give_back_everyones_shares(population: str) -> None:
    items = {item.id: item for item in read_items(data_folder() / "items" / "wvs7.yaml").items}
    reference = read_reference(data_folder() / "references" / population / "wvs7.csv", items, population)
    quotas = reference_quotas(reference.items.values())
    assert quotas is not None
    for item_id, everyone in reference.for_everyone().items():
        of_groups = [reference.items.get((item_id, "|".join(person))) for person in PERSONS]
        if all(of_groups):
            mixed = np.array(quotas.shares) @ np.array([one.shares for one in of_groups if one])
            # What is left is who did not answer the item, which differs by group.
            assert np.abs(mixed - everyone.shares).max() < 0.01


def test_a_table_of_quotas_is_read_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "quotas.csv"
    path.write_text("sex,age,share\n" + "\n".join(reversed(ROWS)) + "\n", encoding="utf-8")
    assert read_quotas(path).shares == pytest.approx((0.1, 0.2, 0.2, 0.1, 0.2, 0.2))


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ((*ROWS[:5], "female,>=50,.4"), "line 7: expected shares that sum to 1, found a sum of 1.2"),
        (ROWS[:5], "line 6: female >=50 is missing"),
        ((*ROWS, ROWS[0]), "line 8: male <=29 stands there twice"),
        (("man,<=29,.1",), "line 2: there is no group of sex 'man' and age '<=29'"),
        (("male,<=29,-.1",), "line 2: expected a share between 0 and 1, found '-.1'"),
        (("male,<=29,many",), "line 2: expected a share between 0 and 1, found 'many'"),
        (("male,<=29,nan",), "found 'nan'"),
    ],
)
def test_quotas_that_do_not_fit_are_refused_with_their_line(
    rows: tuple[str, ...], what: str, tmp_path: Path
) -> None:
    path = tmp_path / "quotas.csv"
    path.write_text("sex,age,share\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(SurveyFormatError) as error:
        read_quotas(path)
    assert what in error.value.message
    assert "the shares sum to 1" in error.value.fix


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "quotas.csv"
    path.write_text("gender,age,share\n", encoding="utf-8")
    with pytest.raises(SurveyFormatError, match="expected the columns sex, age, share"):
        read_quotas(path)

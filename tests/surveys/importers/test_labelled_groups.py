"""Groups beyond sex and age, such as regions, become rows of references by a mapping."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from people_files import People, write_people

from def_sim.errors import DefSimError
from def_sim.surveys.human_reference import read_reference
from def_sim.surveys.importers.contract import Imported
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.labelled import Labelled

# Twenty in the north of whom 5 say yes, ten each in the south and the east (all, none), one who does not say.
TOWN = People(
    columns={
        "park": [1.0] * 5 + [2.0] * 15 + [1.0] * 10 + [2.0] * 10 + [1.0],
        "region": [1.0] * 20 + [2.0] * 10 + [3.0] * 10 + [9.0],
        "kreis": ["DE1"] * 20 + ["DE2"] * 20 + [None],
        "sex": [1.0, 2.0] * 20 + [1.0],
    },
    value_labels={
        "park": {1.0: "Yes", 2.0: "No"},
        "region": {1.0: "North", 2.0: "South", 3.0: "East", 9.0: "No answer"},
    },
)
LABELS = {1: {"en": "Yes"}, 2: {"en": "No"}}
PARK = {
    "variable": "park",
    "wording": {"en": "Is there a park near you?"},
    "confirmed": True,
    "labels": LABELS,
}


def imported(folder: Path, groups: dict[str, Any], people: People = TOWN, **given: Any) -> Imported:
    source = write_people(folder / given.pop("file", "town.sav"), people, **given)
    mapping = {"population": "USA", "weight": "none", "sex": {"variable": "sex"}, "groups": groups}
    text = yaml.safe_dump(mapping | {"items": {"town.park": PARK}})
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    return Labelled(str(source), "town", 2026, mapping=str(folder / "m.yaml")).read()


def shares(found: Imported, kind: str) -> dict[str, tuple[float, int | None]]:
    """Group -> the share of yes, and n."""
    figures = found.populations[0].figures
    return {one.group: (one.shares[0], one.n) for one in figures if one.group_type == kind}


def test_groups_have_the_names_of_the_files_labels(tmp_path: Path) -> None:
    found = imported(tmp_path, {"region": {"variable": "region"}})
    assert shares(found, "region") == {"North": (0.25, 20), "South": (1.0, 10), "East": (0.0, 10)}
    assert "              region: East, North, South" in found.summary
    assert shares(found, "overall") == {"all": (pytest.approx(16 / 41), 41)}


def test_codes_name_groups_and_put_some_together(tmp_path: Path) -> None:
    part = {"variable": "region", "codes": {1: "Up", 2: "Down", 3: "Down"}}
    state = {"variable": "kreis", "codes": {"DE1": "Baden-Württemberg"}}
    found = imported(tmp_path, {"part": part, "state": state})
    assert shares(found, "part") == {"Up": (0.25, 20), "Down": (0.5, 20)}
    assert shares(found, "state") == {"Baden-Württemberg": (0.25, 20)}


def test_texts_are_groups_as_they_stand(tmp_path: Path) -> None:
    assert set(shares(imported(tmp_path, {"state": {"variable": "kreis"}}), "state")) == {"DE1", "DE2"}


def test_groups_of_fewer_than_ten_people_are_not_written(tmp_path: Path) -> None:
    codes = {1: "North", 9: "Nowhere"}
    found = imported(tmp_path, {"region": {"variable": "region", "codes": codes}})
    assert set(shares(found, "region")) == {"North"}


def test_labels_and_codes_of_the_same_people_give_the_same_bytes(tmp_path: Path) -> None:
    name, groups = "references/USA/town.csv", {"region": {"variable": "region"}}
    worded = People(TOWN.columns, {"region": TOWN.value_labels["region"]})
    by_label = imported(tmp_path, groups, worded, file="town.csv", as_labels=True)
    assert files_of(by_label)[name] == files_of(imported(tmp_path, groups))[name]


def test_references_with_further_groups_are_read(tmp_path: Path) -> None:
    found = imported(tmp_path, {"region": {"variable": "region"}})
    for ending in ("csv", "yaml"):
        (tmp_path / f"town.{ending}").write_bytes(files_of(found)[f"references/USA/town.{ending}"])
    assert found.items is not None
    items = {item.id: item for item in found.items.items}
    reference = read_reference(tmp_path / "town.csv", items, "USA")
    assert reference.items["town.park", "North"].shares == (0.25, 0.75)
    assert reference.for_everyone()["town.park"].n == 41


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"region": {"variable": "land"}}, "land: town.sav has no such variable"),
        ({"region": {"variable": "region", "codes": {7: "West"}}}, "groups.region: nobody has 7 at region"),
        ({"sex": {"variable": "region"}}, "groups.sex: references have groups of this type already"),
        ({"Region": {"variable": "region"}}, "Region"),
        (
            {"region": {"variable": "region", "codes": {1: "male"}}},
            "'male' is what another group is called",
        ),
        (
            {"region": {"variable": "region"}, "town": {"variable": "region"}},
            "groups.town: 'East' is what another group is called",
        ),
        (
            {"region": {"variable": "region", "codes": {1: "=1+1"}}},
            "expected a letter or digit first",
        ),
        ({"region": {"variable": "region", "codes": {1: "a|b"}}}, "without |"),
        ({"of_sex": {"variable": "sex"}}, "sex has no labels of groups; give `codes"),
    ],
)
def test_groups_that_do_not_fit_are_refused_by_name(
    tmp_path: Path, groups: dict[str, Any], said: str
) -> None:
    with pytest.raises(DefSimError) as raised:
        imported(tmp_path, groups)
    assert said in raised.value.message
    assert raised.value.fix


def test_a_variable_of_more_than_a_hundred_values_is_no_group(tmp_path: Path) -> None:
    people = People({name: list(values) * 3 for name, values in TOWN.columns.items()})
    names = {"village": [f"Village {number}" for number in range(123)]}
    with pytest.raises(DefSimError, match="village has 123 groups; the most is 100"):
        imported(tmp_path, {"village": {"variable": "village"}}, People(dict(people.columns) | names))

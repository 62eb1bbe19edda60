"""A wave of Pew's panel becomes figures; expectations are counted by hand, or by plain pandas."""

from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from people_files import Cell, People, write_people

from def_sim.errors import DefSimError
from def_sim.records import ReferenceQuality
from def_sim.resources import data_folder
from def_sim.surveys.importers.contract import GroupFigures, Imported, NothingTakenError
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.pew_atp import PewAtp

NUM = 120
OPTIMIST, FORM_2 = "OPTIMIST_W41", "GOVPRIOoF2_W41"
W41 = People(
    columns={
        "QKEY": [float(number) for number in range(NUM)],
        OPTIMIST: [1.0, 2.0, 2.0, 3.0, 4.0, 99.0] * 20,
        FORM_2: [None, 1.0, None, 4.0] * 30,
        "F_SEX": [1.0, 2.0] * 60,
        "F_AGECAT": [1.0, 2.0, 3.0, 4.0, 99.0] * 24,
        "WEIGHT_W41": [0.5, 1.0, 1.5] * 40,
    },
    value_labels={
        OPTIMIST: {1.0: "Very", 2.0: "Somewhat", 3.0: "Rather not", 4.0: "Not at all", 99.0: "Refused"},
        "F_SEX": {1.0: "Male", 2.0: "Female", 99.0: "Refused"},
        "F_AGECAT": {1.0: "18-29", 2.0: "30-49", 3.0: "50-64", 4.0: "65+", 99.0: "DK/REF"},
    },
)


def imported(folder: Path, people: People = W41, kind: str = "sav", **given: Any) -> Imported:
    return PewAtp(str(write_people(folder / f"ATP W41.{kind}", people)), **given).read()


def figures(found: Imported) -> dict[tuple[str, str], GroupFigures]:
    [one] = found.populations
    return {(row.item_id.removeprefix("pew_atp."), row.group): row for row in one.figures}


def test_shares_are_weighted_and_refused_is_no_answer(tmp_path: Path) -> None:
    one = figures(imported(tmp_path))[OPTIMIST, "all"]
    # Six people in turn, weights .5, 1, 1.5, .5, 1, 1.5; codes 1: .5, 2: 1 + 1.5, 3: .5, 4: 1; in all 4.5.
    assert one.shares == pytest.approx((0.5 / 4.5, 2.5 / 4.5, 0.5 / 4.5, 1 / 4.5))
    assert (one.n, one.n_asked, one.quality) == (100, 120, ReferenceQuality.WEIGHTED)
    assert one.n_effective == pytest.approx(90**2 / (20 * (0.25 + 1 + 2.25 + 0.25 + 1)))
    # Nobody could say that they do not know, so the two are not parted.
    assert (one.dont_know_share, one.refused_share, one.missing_share) == (None, None, 1.5 / 6)


def test_who_got_the_other_form_was_not_asked(tmp_path: Path) -> None:
    one = figures(imported(tmp_path))[FORM_2, "all"]
    assert (one.n, one.n_asked) == (60, 60)


def test_groups_are_those_of_the_shipped_figures(tmp_path: Path) -> None:
    found = figures(imported(tmp_path))
    shipped = pd.read_csv(data_folder() / "references" / "USA" / "pew_atp.csv")
    assert {group for item, group in found if item == OPTIMIST} == set(shipped["group"])
    assert found[OPTIMIST, "65+"].n == 20  # every fifth of 120, of whom each sixth refused


def test_items_of_other_waves_keep_their_figures(tmp_path: Path) -> None:
    found = imported(tmp_path)
    written = files_of(found)["references/USA/pew_atp.csv"].decode()
    shipped = pd.read_csv(data_folder() / "references" / "USA" / "pew_atp.csv", dtype=str)
    kept = pd.read_csv(StringIO(written), dtype=str)[list(shipped.columns)]
    of_17 = [table[table["item_id"].str.endswith("_W17")] for table in (kept, shipped)]
    assert len(of_17[0]) > 0
    pd.testing.assert_frame_equal(*(table.reset_index(drop=True) for table in of_17))
    assert "USA           2 items with figures, 120 people" in found.summary[0]
    assert "without       42 of 44: HAPPENa_W41" in "\n".join(found.summary)
    assert "kept          62 items" in "\n".join(found.summary)  # of all 64


@pytest.mark.parametrize("kind", ["csv", "xlsx", "dta", "zsav"])
@pytest.mark.parametrize("as_labels", [False, True])
def test_the_same_people_give_the_same_bytes_from_every_kind_of_file(
    tmp_path: Path, kind: str, as_labels: bool
) -> None:
    name = "references/USA/pew_atp.csv"
    before = files_of(imported(tmp_path))[name]
    if not as_labels:
        assert files_of(imported(tmp_path, kind=kind))[name] == before
    elif kind in ("csv", "xlsx"):
        path = write_people(tmp_path / f"labels.{kind}", W41, as_labels=True)
        assert files_of(PewAtp(str(path), labels=str(tmp_path / "ATP W41.sav")).read())[name] == before


def other_wave(**changed: list[Cell]) -> People:
    names = {OPTIMIST: "JOBS_W92", "WEIGHT_W41": "WEIGHT_W92", "F_SEX": "F_GENDER"}
    columns = {names.get(name, name): values for name, values in W41.columns.items() if name != FORM_2}
    labels = {names.get(name, name): of for name, of in W41.value_labels.items()}
    chosen: list[Cell] = [1.0, 0.0, 99.0, 1.0] * 30
    columns |= {"WHICHa_W92": chosen, "WHICHb_W92": [1.0, 1.0, 99.0, 0.0] * 30, **changed}
    labels |= {name: {1.0: f"Chose {name}", 99.0: "Refused"} for name in ("WHICHa_W92", "WHICHb_W92")}
    return People(columns, labels)


def test_another_wave_is_a_survey_of_its_own_by_a_mapping(tmp_path: Path) -> None:
    jobs = {
        "variable": "JOBS_W92",
        "wording": {"en": "Are there jobs?"},
        "level": "ordinal",
        "confirmed": True,
    }
    which = {"variables": {1: "WHICHa_W92", 2: "WHICHb_W92"}, "wording": {"en": "Which?"}, "confirmed": True}
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        yaml.safe_dump({"items": {"pew_w92.jobs": jobs, "pew_w92.which": which}}), encoding="utf-8"
    )
    found = imported(tmp_path, other_wave(), mapping=str(mapping), name="pew_w92", year=2021)
    one = figures(found)
    everyone = one["pew_w92.jobs", "all"]
    assert everyone.shares == pytest.approx((0.5 / 4.5, 2.5 / 4.5, 0.5 / 4.5, 1 / 4.5))
    assert everyone.missing_share == pytest.approx(1.5 / 6)
    assert one["pew_w92.jobs", "65+"].n == 20
    # Of four people three answered; weights in turn .5, 1, 1.5 over twelve people.
    table = pd.DataFrame({name: list(values) for name, values in other_wave().columns.items()})
    answered = table[table["WHICHa_W92"] != 99]
    share = answered.loc[answered["WHICHa_W92"] == 1, "WEIGHT_W92"].sum() / answered["WEIGHT_W92"].sum()
    assert one["pew_w92.which", "all"].shares[0] == pytest.approx(share)
    assert one["pew_w92.which", "all"].n == 90


def test_another_wave_without_a_mapping_is_refused_with_the_way_to_go(tmp_path: Path) -> None:
    with pytest.raises(DefSimError, match="is of wave 92; there are items of the waves 17, 41") as raised:
        imported(tmp_path, other_wave())
    assert "mapping=" in raised.value.fix
    with pytest.raises(DefSimError, match="needs a name and a year"):
        imported(tmp_path, other_wave(), mapping="m.yaml")
    with pytest.raises(NothingTakenError) as offered:
        imported(tmp_path, other_wave(), name="pew_w92", year=2021)
    assert "pew_w92.JOBS_W92:" in offered.value.files["imports/pew_w92.mapping.yaml"]


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (People(dict(W41.columns) | {"WEIGHT_W17": [1.0] * NUM}), "several waves: WEIGHT_W41, WEIGHT_W17"),
        (People({"w": [1.0], OPTIMIST: [1.0]}), "there is no weight WEIGHT_W and the number of the wave"),
        (People(dict(W41.columns) | {OPTIMIST: [7.0] * NUM}), "holds 7 (120 people)"),
        (People({"WTSSNRPS": [1.0], "happy": [1.0]}), "looks like a file of the General Social Survey"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, people: People, said: str) -> None:
    with pytest.raises(DefSimError) as raised:
        imported(tmp_path, people)
    assert said in raised.value.message
    assert raised.value.fix


def test_members_who_stand_in_a_wave_twice_are_refused_by_their_key(tmp_path: Path) -> None:
    keys = {"QKEY": [float(number % (NUM - 1)) for number in range(NUM)]}
    said = "of 120 rows of USA, 1 have the identifier QKEY of an earlier one, first 0 in rows 1 and 120"
    with pytest.raises(DefSimError, match=said):
        imported(tmp_path, People(dict(W41.columns) | keys))
    mapping = tmp_path / "m.yaml"
    jobs = {"variable": "JOBS_W92", "wording": {"en": "Are there jobs?"}, "confirmed": True}
    mapping.write_text(yaml.safe_dump({"items": {"pew_w92.jobs": jobs}}), encoding="utf-8")
    people = People(dict(other_wave().columns) | keys, other_wave().value_labels)
    with pytest.raises(DefSimError, match=said):
        imported(tmp_path, people, mapping=str(mapping), name="pew_w92", year=2021)

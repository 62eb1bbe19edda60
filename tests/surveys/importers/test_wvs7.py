"""Wave 7 of the World Values Survey: made people in the layout of its files become what the rules say.

Expectations come from plain pandas on the same people. What people of the seven shipped countries were and
were not offered stands in the items.
"""

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from people_files import People, write_people, zipped
from scripts_loaded import script

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.resources import data_folder
from def_sim.surveys.importers import wvs7
from def_sim.surveys.importers.contract import GroupFigures, Imported
from def_sim.surveys.importers.documents import files_of

NUM_PEOPLE = 240
Columns = dict[str, list[Any]]


@cache
def _made(country: str, num_people: int) -> Columns:
    made = script("make_wave7").columns_of(country, num_people)
    items = wvs7.read_items(data_folder() / "items" / "wvs7.yaml").items
    kept = {*wvs7.item_variables(items), *(name for name in made if not name.startswith("Q")), "Q260", "Q262"}
    return {name: values.tolist() for name, values in made.items() if name in kept}


def made(country: str = "DEU", num_people: int = NUM_PEOPLE, **changed: Any) -> Columns:
    """Made people of a country; `changed` takes the place of a variable for all of them."""
    columns = copy.deepcopy(_made(country, num_people))
    for name, value in changed.items():
        columns[name] = list(value) if isinstance(value, list | np.ndarray) else [value] * num_people
    return columns


def file_of(folder: Path, columns: Mapping[str, Any], name: str = "wave7.csv", **labels: Any) -> Path:
    return write_people(folder / name, People(columns, **labels))


# What the tests are about; the whole wave takes seconds an import.
ITEMS = (
    "Q1",
    "Q2",
    "Q3",
    "Q7_17",
    "Q18_26",
    "Q33",
    "Q57",
    "Q119",
    "Q122",
    "Q132",
    "Q152",
    "Q153",
    "Q164",
    "Q177",
)


@pytest.fixture(scope="module", autouse=True)
def _few_items() -> Iterator[None]:
    every = wvs7.read_items(data_folder() / "items" / "wvs7.yaml")
    few = every.model_copy(update={"items": [one for one in every.items if one.id[5:] in ITEMS]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wvs7, "read_items", lambda path: few)
        yield


def imported(path: Path, **given: Any) -> Imported:
    return wvs7.WorldValuesSurvey(str(path), **given).read()


def figures(found: Imported, country: str = "DEU") -> dict[tuple[str, str], GroupFigures]:
    [of_country] = [one for one in found.populations if one.provenance.population == country]
    return {(one.item_id, one.group): one for one in of_country.figures}


@pytest.fixture(scope="module")
def germans(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    return imported(file_of(tmp_path_factory.mktemp("wave7"), made()))


# --- figures ---


def test_shares_and_numbers_of_people_are_those_that_pandas_counts(germans: Imported) -> None:
    people = pd.DataFrame(made())
    women = people[people["Q260"] == 2]
    older_women = women[women["Q262"] >= 50]
    found = figures(germans)
    for group, members in {"all": people, "female": women, "female|>=50": older_women}.items():
        for item_id, name in {
            "wvs7.Q1": "Q1",
            "wvs7.Q57": "Q57",
            "wvs7.Q164": "Q164",
            "wvs7.Q122": "Q122",
        }.items():
            valid, asked = members[members[name] >= 0], members[members[name] >= -2]
            weights = valid.groupby(name)["W_WEIGHT"].sum() / valid["W_WEIGHT"].sum()
            one = found[item_id, group]
            expected = [weights.get(code, 0.0) for code in one.codes]
            assert one.shares == pytest.approx(expected, abs=1e-12)
            assert (one.n, one.n_asked) == (len(valid), len(asked))
            w = valid["W_WEIGHT"]
            assert one.n_effective == pytest.approx(w.sum() ** 2 / (w**2).sum())
            silent = asked[asked[name] == -1]["W_WEIGHT"].sum() / asked["W_WEIGHT"].sum()
            assert one.dont_know_share == pytest.approx(silent)


def test_a_battery_is_the_share_of_people_who_mention_each_quality(germans: Imported) -> None:
    people = pd.DataFrame(made())
    one = figures(germans)["wvs7.Q7_17", "all"]
    for place, name in enumerate([f"Q{number}" for number in range(7, 18)]):
        valid = people[people[name] > 0]
        mentioned = valid[valid[name] == 1]["W_WEIGHT"].sum() / valid["W_WEIGHT"].sum()
        assert one.shares[place] == pytest.approx(mentioned)
    assert one.n == min((people[f"Q{number}"] > 0).sum() for number in range(7, 18))


def test_clusters_of_i_psu_give_standard_errors_and_a_design_effect(germans: Imported) -> None:
    people = pd.DataFrame(made())
    valid = people[people["Q1"] >= 0]
    one = figures(germans)["wvs7.Q1", "all"]
    z = valid["W_WEIGHT"] * ((valid["Q1"] == one.codes[0]) - one.shares[0]) / valid["W_WEIGHT"].sum()
    totals = z.groupby(valid["I_PSU"]).sum().reindex(people["I_PSU"].unique(), fill_value=0)
    num = len(totals)
    assert one.num_clusters == valid["I_PSU"].nunique()
    assert one.standard_errors is not None
    assert one.standard_errors[0] == pytest.approx(
        np.sqrt(num / (num - 1) * ((totals - totals.mean()) ** 2).sum())
    )
    assert germans.populations[0].provenance.num_clusters == num


def test_volunteered_answers_leave_shares_and_n(tmp_path: Path) -> None:
    codes = [0] * 40 + [1] * 100 + [4] * 100  # Q119: 0 is volunteered
    one = figures(imported(file_of(tmp_path, made(Q119=codes, W_WEIGHT=1))))["wvs7.Q119", "all"]
    assert one.shares == (0.5, 0, 0, 0.5)
    assert (one.n, one.volunteered_share) == (200, pytest.approx(40 / 240))


def test_a_second_choice_counts_those_who_were_asked_for_one(tmp_path: Path) -> None:
    codes = [1] * 30 + [3] * 30 + [-3] * 180  # not asked without a first choice
    one = figures(imported(file_of(tmp_path, made(Q153=codes))))["wvs7.Q153", "all"]
    assert (one.n, one.n_asked) == (60, 60)


def test_an_item_of_which_nobody_was_asked_is_not_imported(tmp_path: Path) -> None:
    found = imported(file_of(tmp_path, made(Q3=-4)))
    assert ("wvs7.Q3", "all") not in figures(found)
    assert "DEU,wvs7.Q3,not asked,,,," in found.tables["wvs7.import_log.csv"]


# --- which options were offered ---


def test_americans_three_points_and_empty_fourth_aim_are_those_of_the_items(tmp_path: Path) -> None:
    found = imported(file_of(tmp_path, made("USA")))
    assert figures(found, "USA")["wvs7.Q33", "all"].codes == (2, 3, 4)
    assert figures(found, "USA")["wvs7.Q152", "all"].codes == (1, 2, 3)
    assert found.shown == {}


def test_another_country_whose_people_take_three_of_five_points_was_offered_three(tmp_path: Path) -> None:
    found = imported(file_of(tmp_path, made(Q33=[2, 3, 4] * 80)))
    assert found.shown == {"wvs7.Q33": {"DEU": [2, 3, 4]}}
    assert figures(found)["wvs7.Q33", "all"].codes == (2, 3, 4)
    assert files_of(found)["items/wvs7.shown.yaml"] == b"wvs7.Q33:\n  DEU: [2, 3, 4]\n"


def test_the_recodes_of_three_points_are_no_items_of_their_own(tmp_path: Path) -> None:
    found = imported(file_of(tmp_path, made(Q33_3=[1, 2, 3] * 80)))
    assert [item_id for item_id, _ in figures(found) if "_3" in item_id] == []


def test_an_option_that_nobody_chose_stays_with_a_share_of_0_and_a_flag(tmp_path: Path) -> None:
    found = imported(file_of(tmp_path, made(Q152=[1, 2, 3] * 80)))
    one = figures(found)["wvs7.Q152", "all"]
    assert one.codes == (1, 2, 3, 4)
    assert one.shares[3] == 0
    assert f"DEU,wvs7.Q152,imported,{one.n},{one.n_asked},4," in found.tables["wvs7.import_log.csv"]


def test_a_group_that_was_on_no_list_is_not_among_the_options(tmp_path: Path) -> None:
    found = imported(file_of(tmp_path, made(Q25=-4)))  # as in Egypt
    assert found.shown == {"wvs7.Q18_26": {"DEU": [1, 2, 3, 4, 5, 6, 7, 9]}}
    assert figures(found)["wvs7.Q18_26", "all"].codes == (1, 2, 3, 4, 5, 6, 7, 9)


def test_the_value_labels_of_a_countrys_file_say_which_options_it_offered(tmp_path: Path) -> None:
    labels = {"Q152": {1.0: "First", 2.0: "Second", 3.0: "Third", -1.0: "Nothing"}}
    columns = made(Q152=[1, 2, 3] * 80, Q153=[2, 3, 1] * 80)
    found = imported(file_of(tmp_path, columns, "germany.sav", value_labels=labels))
    shown = {"DEU": [1, 2, 3]}
    assert found.shown == {"wvs7.Q152": shown, "wvs7.Q153": shown}  # the second choice is among the same


# --- files of the same people ---


def test_files_of_every_kind_and_codes_or_labels_give_the_same_figures(tmp_path: Path) -> None:
    columns = made(num_people=60)
    expected = figures(imported(file_of(tmp_path, columns)))
    for name in ("wave7.sav", "wave7.dta"):
        assert figures(imported(file_of(tmp_path, columns, name))) == expected
    assert figures(imported(zipped(file_of(tmp_path, columns, "inside.csv")))) == expected
    own = {"Q1": {1.0: "So", 2.0: "Thus", 3.0: "Less", 4.0: "No", -1.0: "Who knows", -2.0: "Silent"}}
    as_labels = write_people(tmp_path / "labels.csv", People(columns, own), as_labels=True)
    with pytest.raises(
        SurveyFormatError, match=r"variable Q1 holds '.*' \(\d+ people\), which stands for no"
    ):
        imported(as_labels)
    rows = "\n".join(f"Q1,{code:.0f},{label}" for code, label in own["Q1"].items())
    (tmp_path / "codes.csv").write_text(f"variable,code,label\n{rows}\n")
    assert figures(imported(as_labels, labels=str(tmp_path / "codes.csv"))) == expected


def test_labels_that_are_known_become_codes_by_their_keys(tmp_path: Path) -> None:
    labels = {1: "Male", 2: "FEMALE "}
    columns = made(num_people=60)
    expected = figures(imported(file_of(tmp_path, columns)))
    columns["Q260"] = [labels[code] for code in columns["Q260"]]
    columns["Q2"] = ["Don't know" if code == -1 else code for code in columns["Q2"]]
    assert figures(imported(file_of(tmp_path, columns, "worded.csv"))) == expected


def test_headers_with_labels_and_semicolons_are_read(tmp_path: Path) -> None:
    columns = made(num_people=60)
    expected = figures(imported(file_of(tmp_path, columns)))
    named = {f"{name}: something" if name.startswith("Q") else name.lower(): v for name, v in columns.items()}
    path = file_of(tmp_path, named, "named.csv")
    path.write_text(path.read_text().replace(",", ";"))
    assert figures(imported(path)) == expected


# --- provenance, correlations, halves ---


def test_the_provenance_says_which_file_it_was_and_how_many_people_count(germans: Imported) -> None:
    provenance = germans.populations[0].provenance
    assert provenance.title == "World Values Survey, wave 7, Germany"
    assert (provenance.year, provenance.weight) == (2018, "W_WEIGHT")
    assert (provenance.num_people, provenance.num_clusters) == (NUM_PEOPLE, NUM_PEOPLE // 12)
    assert len(provenance.file_sha256) == 64


def test_correlations_are_weighted_and_over_people_who_answered_both(germans: Imported) -> None:
    people = pd.DataFrame(made())
    both = people[(people["Q1"] >= 0) & (people["Q2"] >= 0)]
    expected = np.cov(both["Q1"], both["Q2"], aweights=both["W_WEIGHT"])
    structure = germans.populations[0].structure
    assert structure is not None
    a, b, r, n = structure.pairs[0]
    assert (a, b, n) == ("Q1", "Q2", len(both))
    assert r == pytest.approx(expected[0, 1] / np.sqrt(expected[0, 0] * expected[1, 1]))


def test_two_items_that_one_answer_was_coded_into_are_left_out_by_name(tmp_path: Path) -> None:
    columns = made()
    columns["Q2"] = columns["Q1"]
    structure = imported(file_of(tmp_path, columns)).populations[0].structure
    assert structure is not None
    assert ("Q1", "Q2") not in [pair[:2] for pair in structure.pairs]
    assert "Q1 with Q2: r = 1.00, one answer coded twice" in structure.provenance.left_out


# --- what is refused ---


def test_release_1_5_of_the_united_states_is_told_by_content_and_refused(tmp_path: Path) -> None:
    wrong = {
        r"release 1.5 of USA, in which Q18, Q24, .* \(120 of 240 people have no answer at Q177\)": {
            "Q164": 10,
            "Q177": [-2] * 120 + [1] * 120,
        },
        r"\(0.250 chose 10 at Q164, not .435\)": {"Q164": [10] * 60 + [1] * 180, "W_WEIGHT": 1.0},
    }
    for message, changed in wrong.items():
        path = file_of(tmp_path, made("USA", **changed))
        with pytest.raises(SurveyFormatError, match=message):
            imported(path)
        [note] = imported(path, force=True).populations[0].provenance.notes
        assert "release 1.5 of USA" in note
        assert "imported by force" in note


def test_the_same_content_is_right_elsewhere(tmp_path: Path) -> None:
    assert imported(file_of(tmp_path, made(Q164=1))).populations[0].provenance.notes == []


def test_several_countries_are_imported_where_they_are_named(tmp_path: Path) -> None:
    columns = made(num_people=60)
    for name, values in made("BRA", 60).items():
        columns[name] += values
    path = file_of(tmp_path, columns)
    with pytest.raises(ConfigError, match="holds 2 countries: BRA, DEU"):
        imported(path)
    with pytest.raises(ConfigError, match="has no people of FRA; it has BRA, DEU"):
        imported(path, countries=["DEU", "FRA"])
    found = imported(path, countries=["DEU"])
    assert [one.provenance.population for one in found.populations] == ["DEU"]
    of_all = imported(path, countries=["all"])
    assert figures(of_all, "DEU") == figures(found, "DEU")


def test_people_who_stand_in_a_country_twice_are_refused_with_and_without_their_number(
    tmp_path: Path,
) -> None:
    once = made(num_people=60) | {"D_INTERVIEW": list(range(60))}
    brazilians = made("BRA", 60) | {"D_INTERVIEW": list(range(60))}
    both = {name: values + brazilians[name] for name, values in once.items()}
    assert figures(imported(file_of(tmp_path, both), countries=["DEU"]))
    twice = {name: values + brazilians[name] + values for name, values in once.items()}
    path = file_of(tmp_path, twice)
    with pytest.raises(
        SurveyFormatError, match=r"120 rows of DEU, 60 have .* first 0 in rows 1 and 121 .* alike"
    ):
        imported(path, countries=["all"])
    assert figures(imported(path, countries=["BRA"]), "BRA")
    del twice["D_INTERVIEW"]
    with pytest.raises(SurveyFormatError, match="120 rows of DEU, 60 are the same as an earlier one in all"):
        imported(file_of(tmp_path, twice), countries=["DEU"])


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a negative weight": ({"W_WEIGHT": [-1.0] + [1.0] * 239}, "the weight W_WEIGHT is negative for 1 people"),
    "a missing weight": ({"W_WEIGHT": [None] * 2 + [1.0] * 238}, "the weight W_WEIGHT is missing for 2"),
    "a weight beyond all numbers": (
        {"W_WEIGHT": ["1e400"] + [1.0] * 239},
        "W_WEIGHT is no number for 1 people",
    ),
    "a code beyond all numbers": (
        {"Q1": [10**21] + [1] * 239},
        r"Q1 holds 1e\+21 \(1 people\), which stands for",
    ),
    "years of birth": ({"Q262": 1980}, "Q262 holds 1980 to 1980; expected ages in years"),
    "an unknown code": ({"Q1": [7] * 3 + [1] * 237}, r"wvs7.Q1, DEU: variable Q1 holds 7 \(3 people\)"),
    "half a code": ({"Q1": [1.5] + [1] * 239}, r"variable Q1 holds 1.5 \(1 people\)"),
    "no answers": ({f"Q{number}": -5 for number in range(1, 300)}, "has 240 rows, and no item with answers"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_is_refused_with_what_was_found(what: str, tmp_path: Path) -> None:
    changed, message = BROKEN[what]
    known = {name: value for name, value in changed.items() if name in _made("DEU", NUM_PEOPLE)}
    with pytest.raises(SurveyFormatError, match=message):
        imported(file_of(tmp_path, made(**known)))


def test_another_surveys_file_and_a_file_without_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="looks like a file of the General Social Survey"):
        imported(file_of(tmp_path, {"WTSSNRPS": [1.0], "vstrat": [1]}))
    with pytest.raises(SurveyFormatError, match=r"with B_COUNTRY_ALPHA, Q260, Q262 and .* it has 1 of these"):
        imported(file_of(tmp_path, {"B_COUNTRY_ALPHA": ["DEU"], "W_WEIGHT": [1.0], "Q1": [1]}))
    columns = made(num_people=60)
    columns["pwght"], columns["own_weight"] = columns.pop("W_WEIGHT"), [1] * 60
    path = file_of(tmp_path, columns)
    with pytest.raises(ConfigError, match="there is no weight W_WEIGHT; it has own_weight"):
        imported(path)
    one = figures(imported(path, weight="none"))["wvs7.Q1", "all"]
    assert (one.quality.value, one.n_effective) == ("unweighted", None)


def test_without_clusters_in_the_file_there_is_no_design_effect(tmp_path: Path) -> None:
    found = imported(file_of(tmp_path, made(I_PSU=-4)))
    one = figures(found)["wvs7.Q1", "all"]
    assert (one.design_effect, one.standard_errors, one.num_clusters) == (None, None, None)
    assert "I_PSU is not filled" in found.populations[0].provenance.notes[0]

"""A labelled file by a mapping: what is confirmed becomes figures, and nothing else does."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from people_files import Cell, People, write_people

from def_sim.errors import ConfigError, DefSimError
from def_sim.records import MeasurementLevel, QuestionType, ReferenceQuality
from def_sim.surveys.importers.contract import GroupFigures, Imported, NothingTakenError
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.labelled import Labelled

NUM = 40
# Codes 1 to 5 in turn, a don't know, a refusal and one who was not asked in each ten; born 1950 to 1989.
_ANSWERS: list[Cell] = [1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 4.0, 98.0, 99.0, -3.0]
CGSS = People(
    columns={
        "a34": _ANSWERS * 4,
        "a421": [6.0 - float(value) if 1 <= float(value or 0) <= 5 else value for value in _ANSWERS] * 4,
        "weight": [1.0, 3.0] * 20,
        "a2": [1.0, 1.0, 2.0, 2.0] * 10,
        "a31": [1950.0 + number for number in range(NUM)],
        "psu": [float(number // 2) for number in range(NUM)],
        "other": [1.0, 2.0] * 20,
    },
    value_labels={
        "a34": {1.0: "Strongly disagree", 5.0: "Strongly agree", 98.0: "Do not know"},
        "other": {1.0: "Yes", 2.0: "No"},
        "a2": {1.0: "male", 2.0: "female"},
    },
    labels={
        "a34": "most people can be taken advantage of",
        "other": "Is there a park?",
        "a31": "year of birth",
    },
)
MAPPING: dict[str, Any] = {
    "weight": "weight",
    "clusters": "psu",
    "sex": {"variable": "a2"},
    "age": {"variable": "a31", "born": True},
    "missing": {"dont_know": [98], "refused": [99], "not_asked": [-3]},
    "items": {
        "cgss2018.A34": {"variable": "a34", "confirmed": True},
        "cgss2018.A421": {
            "variable": "a421",
            "codes": {5: 1, 4: 2, 3: 3, 2: 4, 1: 5},  # runs the other way in this file
            "confirmed": True,
        },
        "cgss2018.A33": {"variable": "a33", "confirmed": False},
    },
}


def importer(
    folder: Path, mapping: dict[str, Any] = MAPPING, people: People = CGSS, **given: Any
) -> Labelled:
    source = write_people(folder / given.pop("file", "CGSS2018.dta"), people)
    (folder / "m.yaml").write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    of_cgss = {"name": "cgss2018", "year": 2018, "countries": ["CHN"], "mapping": str(folder / "m.yaml")}
    return Labelled(str(source), **(of_cgss | given))


def figures(found: Imported, place: int = 0) -> dict[tuple[str, str], GroupFigures]:
    return {(row.item_id, row.group): row for row in found.populations[place].figures}


def refusal(
    folder: Path, mapping: dict[str, Any] = MAPPING, people: People = CGSS, **given: Any
) -> DefSimError:
    with pytest.raises(DefSimError) as raised:
        importer(folder, mapping, people, **given).read()
    assert raised.value.fix
    return raised.value


def changed(item: str = "cgss2018.A34", **entry: Any) -> dict[str, Any]:
    items = MAPPING["items"]
    return MAPPING | {"items": items | {item: items.get(item, {}) | entry}}


def test_confirmed_items_get_the_shares_of_their_variables(tmp_path: Path) -> None:
    found = importer(tmp_path).read()
    one = figures(found)["cgss2018.A34", "all"]
    # Answers stand at places 0 to 6 of each ten; weights are 1 at even places, 3 at odd ones. Codes 1 to 5:
    # 1; 3; 1; 3 + 1 (place 6); 1 + 3 (place 5); in all 13. Twenty-eight people in four tens.
    assert one.shares == pytest.approx((1 / 13, 3 / 13, 1 / 13, 4 / 13, 4 / 13))
    assert (one.n, one.n_asked, one.quality) == (28, 36, ReferenceQuality.WEIGHTED)
    # Asked: 13 and the don't know at place 7 (weight 3) and the refusal at place 8 (1).
    assert (one.dont_know_share, one.refused_share) == pytest.approx((3 / 17, 1 / 17))
    assert one.num_clusters == 16  # pairs of neighbours, of which those at places 8 and 9 have no answer
    assert found.items is None  # they are there already


def test_codes_that_run_the_other_way_are_turned(tmp_path: Path) -> None:
    found = figures(importer(tmp_path).read())
    assert found["cgss2018.A421", "all"].shares == found["cgss2018.A34", "all"].shares


def test_what_is_not_confirmed_is_left_out_and_named(tmp_path: Path) -> None:
    found = importer(tmp_path).read()
    assert {item_id for item_id, _ in figures(found)} == {"cgss2018.A34", "cgss2018.A421"}
    assert "left out      1 not confirmed: cgss2018.A33" in found.summary


def test_a_year_of_birth_becomes_an_age(tmp_path: Path) -> None:
    found = figures(importer(tmp_path).read())
    # In 2018 who was born from 1950 to 1968 is 50 or older: places 0 to 18, of which 7 + 7 - ... answered.
    answered = [number for number in range(19) if number % 10 < 7]
    assert found["cgss2018.A34", ">=50"].n == len(answered) == 14
    assert "expected ages in years" in refusal(tmp_path, MAPPING | {"age": {"variable": "a31"}}).message


def test_a_sex_in_words_that_nobody_knows_is_refused_until_the_mapping_says_which_is_which(
    tmp_path: Path,
) -> None:
    in_words = ["Mann", "Mann", "Frau", "Frau"] * 10
    people = People({**CGSS.columns, "a2": in_words}, {"a34": CGSS.value_labels["a34"]}, CGSS.labels)
    error = refusal(tmp_path, people=people, file="CGSS2018.csv")
    assert (
        "a2 is the sex of the mapping, and nobody is a man or a woman by it: it holds 'Mann'" in error.message
    )
    mapping = MAPPING | {"sex": {"variable": "a2", "male": ["mann"], "female": ["frau"]}}
    found = importer(tmp_path, mapping, people, file="CGSS2018.csv").read()
    assert figures(found) == figures(importer(tmp_path).read())


def test_the_command_says_how_a_survey_is_cited_in_place_of_the_mapping(tmp_path: Path) -> None:
    mapping = MAPPING | {"citation": "the mapping's words"}
    for given, expected in (({}, "the mapping's words"), ({"citation": "mine"}, "mine")):
        [one] = importer(tmp_path, mapping, **given).read().populations
        assert one.provenance.citation == expected


@pytest.mark.parametrize("file", ["c.sav", "c.zsav", "c.csv", "c.xlsx"])
def test_the_same_people_give_the_same_bytes_from_every_kind_of_file(tmp_path: Path, file: str) -> None:
    name = "references/CHN/cgss2018.csv"
    before = files_of(importer(tmp_path).read())[name]
    assert files_of(importer(tmp_path, file=file).read())[name] == before


def test_without_a_mapping_candidates_are_offered_and_nothing_is_taken(tmp_path: Path) -> None:
    source = write_people(tmp_path / "CGSS2018.dta", CGSS)
    with pytest.raises(NothingTakenError) as raised:
        Labelled(str(source), "cgss2018", 2018, countries=["CHN"]).read()
    [(name, text)] = raised.value.files.items()
    assert name == "imports/cgss2018.mapping.yaml"
    content = yaml.safe_load(text)
    assert content["items"]["cgss2018.A34"] == {
        "variable": "a34",
        "candidates": ["a34: most people can be taken advantage of"],
        "confirmed": False,
    }
    assert len(content["items"]) == 38
    assert not any(entry["confirmed"] for entry in content["items"].values())
    assert content["weight"] == "weight"
    assert "none of its 38 entries is confirmed" in refusal(tmp_path, content).message


PARK: dict[str, Any] = {
    "title": "Town survey",
    "population": "USA",
    "weight": "none",
    "items": {
        "town.park": {"variable": "other", "wording": {"en": "Is there a park near you?"}, "confirmed": True}
    },
}


def test_an_entry_with_a_wording_makes_the_item_with_the_options_of_the_file(tmp_path: Path) -> None:
    found = importer(tmp_path, PARK, name="town", countries=None).read()
    assert found.items is not None
    [park] = found.items.items
    assert [(option.code, option.labels) for option in park.options] == [
        (1, {"en": "Yes"}),
        (2, {"en": "No"}),
    ]
    assert (park.type, park.level) == (QuestionType.SINGLE, MeasurementLevel.NOMINAL)
    one = figures(found)["town.park", "all"]
    assert (one.shares, one.n, one.quality) == ((0.5, 0.5), 40, ReferenceQuality.UNWEIGHTED)
    assert found.surveys[0].population == "USA"
    assert "surveys/town.yaml" in files_of(found)


def test_variables_of_a_select_all_question_are_one_item(tmp_path: Path) -> None:
    # 0 is not labelled; who was not asked has nothing.
    chosen: dict[str, list[Cell]] = {
        "q_a": [1.0, 0.0, 1.0, 1.0, None] * 8,
        "q_b": [0.0, 1.0, 1.0, 1.0, None] * 8,
    }
    people = People(chosen, {name: {1.0: f"Selected {name}"} for name in chosen})
    entry = {"variables": {1: "q_a", 2: "q_b"}, "wording": {"en": "Which of these?"}, "confirmed": True}
    mapping = PARK | {"items": {"town.which": entry}}
    found = importer(tmp_path, mapping, people, name="town", countries=None).read()
    assert found.items is not None
    [item] = found.items.items
    assert (item.type, item.max_choices) == (QuestionType.MULTIPLE, 2)
    assert [option.labels["en"] for option in item.options] == ["Selected q_a", "Selected q_b"]
    one = figures(found)["town.which", "all"]
    assert one.shares == pytest.approx((0.75, 0.75))
    assert one.n == 32


def test_wordings_in_two_languages_need_labels_in_both(tmp_path: Path) -> None:
    wording = {"wording": {"en": "A park?", "zh": "有公园吗？"}}
    mapping = PARK | {"items": {"town.park": PARK["items"]["town.park"] | wording}}
    given: dict[str, Any] = {"name": "town", "countries": None}
    assert "option 1 needs a label in en, zh under `labels`" in refusal(tmp_path, mapping, **given).message
    labels = {"labels": {1: {"en": "Yes", "zh": "有"}, 2: {"en": "No", "zh": "没有"}}}
    mapping["items"]["town.park"] |= labels
    found = importer(tmp_path, mapping, **given).read()
    assert found.items is not None
    assert found.items.items[0].options[1].labels == {"en": "No", "zh": "没有"}


def test_countries_of_a_round_are_populations_by_what_all_rounds_share(tmp_path: Path) -> None:
    yaml_of_ess = Path(__file__).parents[3] / "conf" / "importer" / "ess.yaml"
    people = People(
        {
            "cntry": ["DE", "FR"] * 60,
            "ppltrst": [1.0, 1.0, 0.0, 1.0, 88.0, 77.0] * 20,
            "pspwght": [1.0, 0.5] * 60,
            "stratum": [1.0] * 60 + [2.0] * 60,
            "psu": [float(number // 3) for number in range(120)],
            "gndr": [1.0, 1.0, 2.0] * 40,
            "agea": [20.0, 35.0, 70.0, 999.0] * 30,
        }
    )
    entry: dict[str, Any] = {"variable": "ppltrst", "wording": {"en": "Trust people?"}, "confirmed": True}
    entry |= {"missing": {"refused": [77], "dont_know": [88]}, "labels": {0: {"en": "No"}, 1: {"en": "Yes"}}}
    shared = yaml.safe_load(yaml_of_ess.read_text(encoding="utf-8"))["shared"]
    given: dict[str, Any] = {"name": "ess11", "year": 2023, "countries": ["all"], "shared": shared}
    found = importer(tmp_path, {"items": {"ess11.trust": entry}}, people, file="e.csv", **given).read()
    assert [one.provenance.population for one in found.populations] == ["DEU", "FRA"]
    # Germans stand at even places: answers 1, 0, don't know; French at odd ones: 1, 1, refused.
    german, french = (figures(found, place)["ess11.trust", "all"] for place in (0, 1))
    assert german.shares == pytest.approx((0.5, 0.5))
    assert (german.dont_know_share, german.refused_share) == pytest.approx((1 / 3, 0))
    assert french.shares == (0.0, 1.0)
    # Of six people in two clusters Germans stand at places 0, 2 and 4; the one at 4 does not know.
    assert german.num_clusters == 20
    assert found.items is not None


def test_people_who_stand_in_a_population_twice_are_refused_by_the_id_that_the_mapping_names(
    tmp_path: Path,
) -> None:
    columns = dict(CGSS.columns) | {"cntry": ["DE", "FR"] * 20, "number": [float(n // 2) for n in range(NUM)]}
    mapping = MAPPING | {"id": "number"}
    countries = {"country": "cntry", "country_codes": {"DE": "DEU", "FR": "FRA"}}
    assert importer(tmp_path, mapping | countries, People(columns), countries=["all"]).read()
    said = "of 40 rows of CHN, 20 have the identifier number of an earlier one, first 0 in rows 1 and 2"
    assert said in refusal(tmp_path, mapping, People(columns)).message
    assert "id9: CGSS2018.dta has no such variable" in refusal(tmp_path, MAPPING | {"id": "id9"}).message


def test_a_country_that_the_file_lacks_is_an_error_with_those_that_it_has(tmp_path: Path) -> None:
    people = People(dict(CGSS.columns) | {"cntry": ["DE", "FR"] * 20})
    mapping = MAPPING | {"country": "cntry", "country_codes": {"DE": "DEU", "FR": "FRA"}}
    assert "nobody is of CHN; it has DEU, FRA" in refusal(tmp_path, mapping, people).message
    assert "several countries; it has DEU, FRA" in refusal(tmp_path, mapping, people, countries=None).message
    for wanted in (["DEU", "FRA"], ["all"]):
        found = importer(tmp_path, mapping, people, countries=wanted).read()
        assert [one.provenance.population for one in found.populations] == ["DEU", "FRA"]
        # Every other person: places 0, 2, 4, 6 of each ten have answers 1, 3, 5, 4, all with weight 1.
        assert figures(found)["cgss2018.A34", "all"].shares == pytest.approx((0.25, 0, 0.25, 0.25, 0.25))
    assert "nothing says of which country" in refusal(tmp_path, countries=None).message


def test_what_a_file_declares_missing_needs_no_mapping(tmp_path: Path) -> None:
    tags = {98.0: ".d", 99.0: ".r", -3.0: ".i"}
    columns = dict(CGSS.columns)
    for name in ("a34", "a421"):
        columns[name] = [tags.get(float(value or 0), value) for value in CGSS.columns[name]]
    labels = {1.0: "Strongly disagree", ".d": "Don't know", ".r": "Refusal", ".i": "Not applicable"}
    people = People(columns, {"a34": labels, "a421": labels})
    mapping = {key: value for key, value in MAPPING.items() if key != "missing"}
    before = figures(importer(tmp_path).read())
    assert figures(importer(tmp_path, mapping, people).read()) == before


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (changed("cgss2018.X1", variable="a34", confirmed=True), "cgss2018.X1: cgss2018 has no such item"),
        (changed(variable="b1"), "cgss2018.A34: CGSS2018.dta has no variable b1"),
        (changed(variable=None), "cgss2018.A34: needs either `variable` or `variables`"),
        (changed(codes={1: 1, 2: 9}), "cgss2018.A34: code 9 is none of the item's, which are 1, 2, 3, 4, 5"),
        (changed(codes={1: 1, 2: 2}), "variable a34 holds 3 (4 people); the mapping has the codes 1, 2"),
        (MAPPING | {"missing": {}}, "holds 98 (4 people)"),
        (MAPPING | {"strata": "s"}, "s: CGSS2018.dta has no such variable"),
        (MAPPING | {"weight": "w"}, "there is no weight w; it has weight"),
        (changed(wording={"en": "x"}), "has a wording, but the items of cgss2018 are there already"),
        (MAPPING | {"itmes": {}}, "itmes"),
        (changed(variabel="x"), "variabel"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_by_name(
    tmp_path: Path, mapping: dict[str, Any], said: str
) -> None:
    assert said in refusal(tmp_path, mapping).message


def test_a_missing_weight_is_an_error_with_the_number_of_people(tmp_path: Path) -> None:
    people = People(dict(CGSS.columns) | {"weight": [None, *CGSS.columns["weight"][1:]]})
    error = refusal(tmp_path, people=people)
    assert "the weight weight is missing for 1 people, first for person 1" in error.message


def test_candidates_leave_what_all_rounds_share_alone(tmp_path: Path) -> None:
    source = write_people(tmp_path / "CGSS2018.dta", CGSS)
    shared = {"weight": "weight", "sex": {"variable": "a2"}}
    for given in ({}, shared):
        with pytest.raises(NothingTakenError) as raised:
            Labelled(str(source), "town", 2018, countries=["CHN"], shared=given).read()
        content = yaml.safe_load(raised.value.files["imports/town.mapping.yaml"])
        assert set(content) == ({"items"} if given else {"items", "weight"})
        assert content["items"]["town.other"]["candidates"] == ["1: Yes", "2: No"]


def test_an_importers_yaml_shares_only_what_mappings_have(tmp_path: Path) -> None:
    with pytest.raises(DefSimError, match=r"shared\.wieght"):
        importer(tmp_path, shared={"wieght": "w"})
    assert issubclass(NothingTakenError, ConfigError)  # exit code 2, as other things that a user must say

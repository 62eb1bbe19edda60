"""A table of one's own becomes a survey; expectations are computed by hand in the comments."""

from pathlib import Path

import pytest

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.records import MeasurementLevel, QuestionType, ReferenceQuality
from def_sim.surveys.importers.contract import GroupFigures, Imported
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.table import Table
from def_sim.surveys.item_bank import Item

TOWN = """\
item,wording,language,code,label,type,level,percent,n
parks,"More parks, or fewer?",en,1,More,,ordinal,61.5,200
parks,"More parks, or fewer?",en,2,As many,,,13,
parks,"More parks, or fewer?",en,3,Fewer,,,25.5,
trust,How much do you trust the town hall?,en,1,Not at all,scale,interval,20,150
trust,How much do you trust the town hall?,en,2,2,,,30,150
trust,How much do you trust the town hall?,en,3,Completely,,,50,150
colour,Which colour for the benches?,en,1,Green,,,,
colour,Which colour for the benches?,en,2,Red,,,,
"""


def imported(folder: Path, text: str = TOWN, *, name: str = "town", year: int | None = 2026) -> Imported:
    path = folder / "town.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return Table(str(path), name, ["USA"], year).read()


def items(found: Imported) -> dict[str, Item]:
    assert found.items is not None
    return {item.id: item for item in found.items.items}


def figures(found: Imported) -> dict[tuple[str, str], GroupFigures]:
    [one] = found.populations
    return {(row.item_id, row.group): row for row in one.figures}


def test_an_item_has_the_options_type_and_level_of_its_rows(tmp_path: Path) -> None:
    found = items(imported(tmp_path))
    assert list(found) == ["town.parks", "town.trust", "town.colour"]  # in the order of the table
    parks, trust, colour = found.values()
    assert [(option.code, option.labels["en"]) for option in parks.options] == [
        (1, "More"),
        (2, "As many"),
        (3, "Fewer"),
    ]
    assert (parks.type, parks.level) == (QuestionType.SINGLE, MeasurementLevel.ORDINAL)
    assert (trust.type, trust.level) == (QuestionType.SCALE, MeasurementLevel.INTERVAL)
    assert trust.scale is not None
    assert (trust.scale.low, trust.scale.high) == ({"en": "Not at all"}, {"en": "Completely"})
    assert colour.level is MeasurementLevel.NOMINAL  # nothing is guessed
    assert parks.topic == parks.wordings["en"][0] == "More parks, or fewer?"


def test_a_survey_is_cited_as_the_command_says_else_by_its_name_and_file(tmp_path: Path) -> None:
    assert imported(tmp_path).populations[0].provenance.citation == "Own survey town, 2026: town.csv"
    given = "City of Springfield (2026), Survey of parks"
    found = Table(str(tmp_path / "town.csv"), "town", ["USA"], 2026, citation=given).read()
    assert found.items is not None
    assert found.items.citation == found.populations[0].provenance.citation == given


def test_percents_are_shares_of_the_people_who_answered(tmp_path: Path) -> None:
    row = figures(imported(tmp_path))["town.parks", "all"]
    assert row.shares == pytest.approx((0.615, 0.13, 0.255))
    assert (row.n, row.n_effective, row.quality) == (200, None, ReferenceQuality.WEIGHTED)


def test_a_decimal_comma_is_read_in_shares_and_percents_and_never_in_numbers_of_people(
    tmp_path: Path,
) -> None:
    text = TOWN.replace("61.5,", '"61,5",').replace("25.5,", '"25,5",')
    assert figures(imported(tmp_path, text)) == figures(imported(tmp_path))
    with pytest.raises(SurveyFormatError, match="n must be a number, found '1,200'"):
        imported(tmp_path, TOWN.replace(",200", ',"1,200"'))


def test_an_item_without_figures_is_asked_all_the_same(tmp_path: Path) -> None:
    found = imported(tmp_path)
    assert ("town.colour", "all") not in figures(found)
    colour = items(found)["town.colour"]
    assert (colour.reference, colour.asked_in) == ("user", ["USA"])
    assert items(found)["town.parks"].asked_in == []


def test_a_table_without_any_figures_is_a_survey_without_a_reference(tmp_path: Path) -> None:
    text = "item,wording,language,code,label\na,Yes or no?,en,1,Yes\na,Yes or no?,en,0,No\n"
    found = imported(tmp_path, text, year=None)
    assert found.populations == ()
    assert set(files_of(found)) == {
        "conf/survey/town.yaml",
        "items/town.yaml",
        "surveys/town.yaml",
    }
    assert [option.code for option in items(found)["town.a"].options] == [0, 1]  # codes rise


COUNTS = """\
item,wording,language,code,label,group,count,type,max_choices,n
a,Yes or no?,en,1,Yes,,30,,,
a,Yes or no?,en,2,No,,10,,,
a,Yes or no?,en,1,Yes,male,15,,,
a,Yes or no?,en,2,No,male,0,,,
b,Which ones?,en,1,Parks,all,30,multiple,2,40
b,Which ones?,en,2,Trains,all,20,multiple,2,40
"""


def test_counts_are_shares_of_their_sum_and_of_n_where_several_may_be_chosen(tmp_path: Path) -> None:
    rows = figures(imported(tmp_path, COUNTS))
    everyone, male, several = rows["town.a", "all"], rows["town.a", "male"], rows["town.b", "all"]
    assert (everyone.shares, everyone.n) == ((0.75, 0.25), 40)
    assert (male.shares, male.n, male.group_type) == ((1.0, 0.0), 15, "sex")
    assert (several.shares, several.n) == ((0.75, 0.5), 40)  # 30 and 20 of 40 people
    assert everyone.quality is ReferenceQuality.UNWEIGHTED


def test_shares_without_n_are_published_ones(tmp_path: Path) -> None:
    text = "item,wording,language,code,label,share\na,Yes or no?,en,1,Yes,.34\na,Yes or no?,en,2,No,.67\n"
    row = figures(imported(tmp_path, text))["town.a", "all"]
    assert row.shares == pytest.approx((0.34 / 1.01, 0.67 / 1.01))  # rounded ones are made to add up to 1
    assert (row.n, row.quality) == (None, ReferenceQuality.PUBLISHED)


def test_languages_stand_side_by_side_and_figures_in_either(tmp_path: Path) -> None:
    text = (
        "item,wording,language,code,label,share,n\n"
        "a,Yes or no?,en,1,Yes,.25,50\na,Yes or no?,en,2,No,.75,50\n"
        "a,是还是否？,zh,1,是,,\na,是还是否？,zh,2,否,,\n"
    )
    found = imported(tmp_path, text)
    item = items(found)["town.a"]
    assert item.wordings == {"en": ["Yes or no?"], "zh": ["是还是否？"]}
    assert item.options[1].labels == {"en": "No", "zh": "否"}
    assert figures(found)["town.a", "all"].shares == (0.25, 0.75)


def test_a_follow_up_names_its_first_question_by_item(tmp_path: Path) -> None:
    text = (
        "item,wording,language,code,label,follow_up_of\n"
        "a,First?,en,1,Yes,\na,First?,en,2,No,\n"
        "b,And after {first_choice}?,en,1,Yes,a\nb,And after {first_choice}?,en,2,No,a\n"
    )
    assert items(imported(tmp_path, text))["town.b"].follow_up_of == "town.a"


def test_an_item_without_a_level_is_nominal_and_the_import_says_so(tmp_path: Path) -> None:
    found = imported(tmp_path)
    assert "nominal for 1 item without one: no distance along a scale (W1)" in "\n".join(found.summary)


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    assert files_of(imported(tmp_path)) == files_of(imported(tmp_path))


LINES = TOWN.splitlines()
BAD = {
    # name: (what is replaced, by what, the line, what is said)
    "a column that is missing": ("item,wording", "question,wording", 1, "missing: item"),
    "a column that is unknown": ("percent,n", "percent,weight", 1, "there is no column 'weight'; known:"),
    "a column twice": ("percent,n", "percent,level", 1, "the column 'level' stands there twice"),
    "two units": ("percent,n", "percent,share", 1, "share and percent: give one of them"),
    "a row twice": ("2,As many,,,13,", "3,Fewer,,,25.5,", 4, "item parks: code 3 stands in line 3, too"),
    "an empty label": ("2,As many", "2,", 3, "label is empty"),
    "a code with a fraction": ("en,2,As many", "en,2.5,As many", 3, "code must be a whole number"),
    "a code that is a word": ("en,2,As many", "en,two,As many", 3, "code must be a number, found 'two'"),
    "a percent that is a word": (",13,", ",few,", 3, "percent must be a number, found 'few'"),
    "a percent above 100": (",13,", ",130,", 3, "percent must lie in [0, 100], found '130'"),
    "percents that add up to 97": (",13,", ",10,", 2, "percent adds up to 97, expected 100"),
    "percents that are shares": ("61.5,200", ".615,200", 2, "percent adds up to 39.115, expected 100"),
    "two values of n": ("50,150", "50,151", 7, "n is 151, and 150 in line 5"),
    "two wordings": ("fewer?\",en,3", "less?\",en,3", 4, "wording is 'More parks, or less?', and"),
    "an option without a figure": (",13,", ",,", 2, "code 2 has no percent"),
    "an unknown level": ("ordinal", "ordered", 2, "item parks, level: Input should be"),
    "a scale with a gap": ("en,2,2", "en,4,2", 5, "a scale has all codes between its ends"),
    "a name that is none": ("parks,", "my parks,", 2, "item 'my parks': letters A-Z, digits and _ only"),
    "braces": ("or fewer?", "or {fewer}?", 2, "no other braces anywhere"),
    "a dimension that is none": ("type,level,percent", "type,dimension,percent", 2, "item parks, dimension"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_table_is_refused_with_its_line(what: str, tmp_path: Path) -> None:
    old, new, line, said = BAD[what]
    assert old in TOWN
    with pytest.raises(SurveyFormatError) as raised:
        imported(tmp_path, TOWN.replace(old, new))
    assert raised.value.message.startswith(f"town.csv, line {line}: ")
    assert said in raised.value.message
    assert f"at line {line}" in raised.value.fix


FOLLOWS_NOTHING = """\
item,wording,language,code,label,follow_up_of
b,And {first_choice}?,en,1,Yes,a
b,And {first_choice}?,en,2,No,a
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LINES[0] + "\n", "the table has no row"),
        ("", "missing: item, wording, language, code, label"),
        (COUNTS.replace("multiple,2,40", "multiple,2,"), "n is needed, since people chose several options"),
        (COUNTS.replace("multiple,2,40", "multiple,2,25"), "count adds up to 50, expected 25"),
        (
            COUNTS.replace("Yes,,30", "Yes,female,30").replace("No,,10", "No,female,10"),
            "(group all) are needed",
        ),
        (COUNTS.replace(",30,,,", ",0,,,").replace(",10,,,", ",0,,,"), "count adds up to 0"),
        (
            "item,wording,language,code,label,share\na,Yes?,en,1,Yes,34\na,Yes?,en,2,No,66\n",
            "share must lie in [0, 1], found '34'; for percent there is the column `percent`",
        ),
        (
            "item,wording,language,code,label\na,A?,en,1,Yes\na,A?,en,2,No\na,B?,zh,1,是\n",
            "has no label in 'zh'",
        ),
        (FOLLOWS_NOTHING, "town.b follows town.a, which does not stand before it"),
    ],
)
def test_a_table_that_cannot_be_a_survey_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError) as raised:
        imported(tmp_path, text)
    assert said in raised.value.message


def test_figures_need_a_year_a_name_is_one_and_a_table_is_of_one_population(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing says when they were asked"):
        imported(tmp_path, year=None)
    with pytest.raises(ConfigError, match="small letters"):
        imported(tmp_path, name="My town")
    with pytest.raises(ConfigError, match="of one population, found 2"):
        Table("town.csv", "town", ["USA", "CHN"])

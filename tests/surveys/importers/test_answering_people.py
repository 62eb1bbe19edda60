"""Which columns of a table of answers say who people are; expectations are counted by hand."""

from pathlib import Path

import pytest
from test_person_answers import ANSWERS, TABLE, figures, imported

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.records import ReferenceQuality
from def_sim.surveys.importers.contract import Imported
from def_sim.surveys.importers.table import Table

# 24 people of 20 to 43 years, every second a man; 16 say yes. Men weigh 2, women 1.
ROWS = [("1" if n < 16 else "2", 2 if n % 2 else 1, "male" if n % 2 else "female", 20 + n) for n in range(24)]


def people(
    header: str = "parks,weight,sex,age",
    sexes: dict[str, str] | None = None,
    ages: dict[int, str] | None = None,
) -> str:
    """The same people under other names and with other words."""
    lines = [
        f"{parks},{weight},{(sexes or {}).get(sex, sex)},{(ages or {}).get(age, age)}"
        for parks, weight, sex, age in ROWS
    ]
    return "\n".join([header, *lines]) + "\n"


def parks(found: Imported, group: str = "all") -> tuple[float, ...]:
    return figures(found)["parks", group].shares


def said(found: Imported) -> str:
    return "\n".join(found.summary)


def test_the_terminal_and_the_provenance_name_the_columns_that_are_used_and_those_that_are_not(
    tmp_path: Path,
) -> None:
    found = imported(tmp_path, people("parks,weight,sex,Alter"))
    assert "used          weight, sex; there is no age" in found.summary
    assert "not used      Alter" in found.summary
    [one] = found.populations
    assert one.provenance.notes == ["used: weight, sex; there is no age", "not used: Alter"]


def test_a_column_that_looks_like_a_weight_is_refused_until_the_user_says_what_it_is(tmp_path: Path) -> None:
    text = people("parks,wt,sex,age")
    with pytest.raises(ConfigError, match="no column is called weight, and 'wt' may hold weights") as raised:
        imported(tmp_path, text)
    assert "weight=wt" in raised.value.fix
    weighted = imported(tmp_path, text, weight="wt")
    assert parks(weighted) == parks(imported(tmp_path, people()))
    assert "used          wt as weight, sex, age" in weighted.summary
    unweighted = figures(imported(tmp_path, text, weight="none"))["parks", "all"]
    assert (unweighted.shares, unweighted.quality) == (
        pytest.approx((2 / 3, 1 / 3)),
        ReferenceQuality.UNWEIGHTED,
    )


@pytest.mark.parametrize(
    ("header", "sexes"),
    [
        ("parks,weight,gender,age", {"male": "M", "female": "F"}),
        ("parks,weight,Sex,age", {"male": "Man", "female": "Woman"}),
        ("parks,weight,性别,年龄", {"male": "男", "female": "女"}),
    ],
)
def test_the_usual_words_for_sex_and_age_are_read(header: str, sexes: dict[str, str], tmp_path: Path) -> None:
    assert figures(imported(tmp_path, people(header, sexes))) == figures(imported(tmp_path, people()))


@pytest.mark.parametrize(
    ("sexes", "mapping"),
    [
        ({"male": "1", "female": "2"}, "sex: {variable: sex}"),
        ({"male": "2", "female": "1"}, "sex: {variable: sex, male: [2], female: [1]}"),
        ({"male": "Mann", "female": "Frau"}, "sex: {variable: sex, male: [mann], female: [frau]}"),
    ],
)
def test_codes_and_other_words_for_sex_are_refused_by_name_until_a_mapping_says_what_they_are(
    sexes: dict[str, str], mapping: str, tmp_path: Path
) -> None:
    with pytest.raises(SurveyFormatError) as raised:
        imported(tmp_path, people(sexes=sexes))
    assert f"'{sexes['male']}' (12 people)" in raised.value.message
    assert "sex: {variable: sex, male: [1], female: [2]}" in raised.value.fix
    expected = figures(imported(tmp_path, people()))
    assert ("parks", "female") in expected
    assert figures(imported(tmp_path, people(sexes=sexes), mapping=mapping)) == expected


def test_people_of_neither_sex_count_among_all_and_are_named(tmp_path: Path) -> None:
    found = imported(tmp_path, people().replace("1,1,female,20", "1,1,diverse,20"))
    assert figures(found)["parks", "all"].n == 24
    assert figures(found)["parks", "female"].n == 11
    assert "sex           1 of 24 people are in no group of it: 'diverse'" in found.summary


def test_years_of_birth_become_ages_with_the_year_of_the_survey(tmp_path: Path) -> None:
    born = {age: str(2026 - age) for age in range(20, 44)}
    with pytest.raises(SurveyFormatError) as raised:
        imported(tmp_path, people(ages=born))
    assert "this may be a year of birth, found '2006'" in raised.value.message
    assert "age: {variable: NAME, born: true}" in raised.value.fix
    found = imported(tmp_path, people(ages=born), mapping="age: {variable: age, born: true}")
    assert figures(found) == figures(imported(tmp_path, people()))


def test_bands_of_age_are_groups_under_the_names_that_the_mapping_gives(tmp_path: Path) -> None:
    bands = {age: "18-29" if age < 30 else "30-49" for age in range(20, 44)}
    mapping = 'age: {variable: age, bands: {18-29: "<=29", 30-49: 30-49}}'
    found = imported(tmp_path, people(ages=bands), mapping=mapping)
    assert figures(found) == figures(imported(tmp_path, people()))


def test_a_decimal_comma_is_one_where_no_comma_parts_the_fields(tmp_path: Path) -> None:
    text = "\n".join(line.replace(",", ";") for line in people().splitlines())
    assert parks(imported(tmp_path, text.replace(";2;", ";2,0;"))) == parks(imported(tmp_path, people()))


def test_a_column_that_answers_an_item_is_not_taken_for_who_people_are(tmp_path: Path) -> None:
    items = TABLE + "age,How old are you?,en,1,Below 40,,\nage,How old are you?,en,2,40 or more,,\n"
    text = people(ages={age: "1" if age < 40 else "2" for age in range(20, 44)})
    found = imported(tmp_path, text, text=items)
    assert figures(found)["age", "all"].n == 24
    assert ("parks", "<=29") not in figures(found)
    assert "used          weight, sex; there is no age" in found.summary


def test_a_code_that_is_no_answer_is_refused_until_the_mapping_says_why(tmp_path: Path) -> None:
    text = people().replace("1,1,female,20", "9,1,female,20").replace("1,2,male,21", "8,2,male,21")
    with pytest.raises(SurveyFormatError) as raised:
        imported(tmp_path, text)
    assert "missing: {refused: [9]}" in raised.value.fix
    missing = "missing: {dont_know: [8], refused: [9]}"
    found = imported(tmp_path, text, mapping=missing)
    assert found.populations[0].provenance.dont_know.endswith("as are codes that mean no answer")
    one = figures(found)["parks", "all"]
    # 36 of weight: the man who does not know weighs 2, the woman who refused 1.
    assert (one.n, one.n_asked) == (22, 24)
    assert (one.dont_know_share, one.refused_share) == (pytest.approx(2 / 36), pytest.approx(1 / 36))


def test_a_code_of_the_item_is_an_answer_whatever_the_mapping_says(tmp_path: Path) -> None:
    found = imported(tmp_path, people(), mapping="missing: {refused: [2]}")
    assert parks(found) == parks(imported(tmp_path, people()))


def test_two_numbers_in_the_column_of_an_option_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"{1 + n % 2},2,2\n" for n in range(12))
    with pytest.raises(SurveyFormatError, match="option 1: its column holds 1 and 2, and nothing says"):
        imported(tmp_path, "which_1,which_2,which_3\n" + rows)


def test_a_person_who_stands_there_twice_is_refused_by_the_column_id(tmp_path: Path) -> None:
    header, *lines = ANSWERS.replace("person", "id").splitlines()
    with pytest.raises(SurveyFormatError, match="line 14: 'p0' answered in line 2, too"):
        imported(tmp_path, "\n".join([header, *lines, *lines]) + "\n")


def test_a_file_that_was_appended_to_itself_is_refused_without_identifiers(tmp_path: Path) -> None:
    header, *lines = people().splitlines()
    with pytest.raises(SurveyFormatError, match="each of its 48 rows equals another one in all columns"):
        imported(tmp_path, "\n".join([header, *lines, *lines]) + "\n")
    kinds = [line for line in lines if line.endswith(("20", "21"))]  # few kinds of rows say nothing
    assert parks(imported(tmp_path, "\n".join([header, *kinds * 12]) + "\n"))


def test_a_column_that_the_table_does_not_have_is_named(tmp_path: Path) -> None:
    for given in ("sex: {variable: geschlecht}", "id: geschlecht", "strata: geschlecht"):
        with pytest.raises(ConfigError, match="there is no column 'geschlecht'"):
            imported(tmp_path, people(), mapping=given)


def test_a_mapping_may_say_how_the_survey_is_cited(tmp_path: Path) -> None:
    found = imported(tmp_path, people(), mapping="citation: 'City of Springfield, 2026'")
    assert found.populations[0].provenance.citation == "City of Springfield, 2026"


@pytest.mark.parametrize("given", ["weight", "mapping"])
def test_what_belongs_to_answers_is_refused_where_there_are_none(given: str, tmp_path: Path) -> None:
    (tmp_path / "town.csv").write_text(TABLE, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"{given}= is of people's answers"):
        Table(str(tmp_path / "town.csv"), "town", ["USA"], 2026, **{given: "wt"})  # type: ignore[arg-type]

"""Answers of people to a survey of one's own become figures: those counted by hand or by pandas."""

import json
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from test_qsf import qsf, question
from test_xlsform import CHOICES, HEADER, PARKS, SETTINGS, TRUST, WHICH
from workbook_files import write_workbook

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.records import ReferenceQuality
from def_sim.surveys.importers.contract import GroupFigures, Imported
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.table import Table

TABLE = """\
item,wording,language,code,label,type,max_choices
parks,More parks?,en,1,Yes,,
parks,More parks?,en,2,No,,
which,Which ones?,en,1,"Green, large",multiple,2
which,Which ones?,en,2,Small,,
which,Which ones?,en,3,None,,
"""
# 12 people: 9 say yes; of the 10 who answer `which`, 6 choose the first, 5 the second, 1 the third.
ANSWERS = "person;parks;which;weight;sex;age\n" + "".join(
    f"p{number};{1 if number < 9 else 2};{which};{1 + number % 2};{sex};{20 + 5 * number}\n"
    for number, (which, sex) in enumerate(
        zip(
            ["1", "1 2", "1", "2", "2", "1 2", "", "3", "1", "1", "2", ""],
            ["female"] * 10 + ["male"] * 2,
            strict=True,
        )
    )
)


def imported(
    folder: Path,
    answers: str = ANSWERS,
    *,
    source: str = "town.csv",
    text: str = TABLE,
    mapping: str = "",
    weight: str | None = None,
) -> Imported:
    (folder / source).write_text(text, encoding="utf-8")
    (folder / "answers.csv").write_text(answers, encoding="utf-8", newline="")
    given = None
    if mapping:
        given = str(folder / "town.mapping.yaml")
        Path(given).write_text(mapping, encoding="utf-8")
    answered = str(folder / "answers.csv")
    return Table(str(folder / source), "town", ["USA"], 2026, answered, weight, given).read()


def figures(found: Imported) -> dict[tuple[str, str], GroupFigures]:
    return {
        (one.item_id.removeprefix("town."), one.group): one
        for population in found.populations
        for one in population.figures
    }


def test_weighted_shares_and_effective_n_are_those_of_pandas(tmp_path: Path) -> None:
    one = figures(imported(tmp_path))["parks", "all"]
    people = pd.read_csv(StringIO(ANSWERS), sep=";")
    expected = people.groupby("parks")["weight"].sum() / people["weight"].sum()
    assert one.shares == pytest.approx(tuple(expected))
    assert (one.n, one.quality) == (12, ReferenceQuality.WEIGHTED)
    assert one.n_effective == pytest.approx(people["weight"].sum() ** 2 / (people["weight"] ** 2).sum())
    assert (one.dont_know_share, one.refused_share) == (None, None)  # an empty field says nothing of why


def test_without_weights_people_count_alike(tmp_path: Path) -> None:
    one = figures(imported(tmp_path, ANSWERS.replace("weight", "interviewer")))["parks", "all"]
    assert one.shares == (0.75, 0.25)
    assert (one.n_effective, one.quality) == (None, ReferenceQuality.UNWEIGHTED)


def test_of_several_choices_a_share_is_of_those_who_answered(tmp_path: Path) -> None:
    one = figures(imported(tmp_path, ANSWERS.replace("weight", "interviewer")))["which", "all"]
    assert one.shares == pytest.approx((0.6, 0.5, 0.1))
    assert one.n == 10


def test_groups_of_fewer_than_ten_people_are_not_written(tmp_path: Path) -> None:
    found = figures(imported(tmp_path))
    assert ("parks", "female") in found  # ten
    assert ("parks", "male") not in found  # two
    assert not [name for name in found if name[1] in ("<=29", "female|30-49")]


def test_codes_and_labels_in_one_column_or_one_an_option_give_the_same_figures(tmp_path: Path) -> None:
    people = pd.read_csv(StringIO(ANSWERS), sep=";", dtype=str, keep_default_na=False)
    labels = {"1": "Green, large", "2": "small", "3": "None", "": ""}
    by_label = people.assign(
        parks=people["parks"].map({"1": "Yes", "2": "No"}),
        which=people["which"].map(lambda field: ",".join(labels[code] for code in field.split())),
    )
    split = people.drop(columns="which")
    for code in "123":
        split[f"which_{code}"] = [
            "" if not field else "1" if code in field else "0" for field in people["which"]
        ]
    expected = figures(imported(tmp_path))
    assert figures(imported(tmp_path, by_label.to_csv(index=False))) == expected
    assert figures(imported(tmp_path, split.to_csv(index=False))) == expected


def test_no_person_is_in_any_file(tmp_path: Path) -> None:
    found = files_of(imported(tmp_path, ANSWERS.replace("p7;", "PLANTED;").replace("person", "respondent")))
    assert found
    assert not [name for name, content in found.items() if b"PLANTED" in content]


QUESTIONS = qsf(question("parks", RecodeValues={"1": "1", "2": "0"}), question("which", selector="MAVR"))


def qualtrics(rows: list[list[str]], tags: tuple[str, ...] = ("parks", "which_1", "which_2")) -> str:
    """As the program writes them: three rows of names, then a row a person."""
    ids = [
        json.dumps({"ImportId": name})
        for name in ("status", "_recordId", "Q_parks", "Q_which_1", "Q_which_2")
    ]
    header = [
        ["Status", "ResponseId", *tags],
        ["Response Type", "Response ID", "?", "? - Yes", "? - No"],
        ids,
    ]
    return pd.DataFrame(header + rows).to_csv(index=False, header=False)


PEOPLE = [["IP Address", f"R_{number}", "1" if number < 6 else "0", "1", ""] for number in range(12)]
PREVIEW = ["Survey Preview", "R_x", "0", "", "1"]


def test_the_answers_of_qualtrics_are_found_by_tag_or_import_id_and_previews_are_left_out(
    tmp_path: Path,
) -> None:
    found = imported(tmp_path, qualtrics([*PEOPLE, PREVIEW]), source="town.qsf", text=QUESTIONS)
    parks, which = figures(found)["parks", "all"], figures(found)["which", "all"]
    assert (parks.codes, parks.shares, parks.n) == ((0, 1), (0.5, 0.5), 12)
    assert which.shares == (1.0, 0.0)
    assert "left out      1 previews, tests or spam" in found.summary
    renamed = qualtrics([*PEOPLE, PREVIEW], tags=("a", "b", "c"))
    assert figures(imported(tmp_path, renamed, source="town.qsf", text=QUESTIONS)) == figures(found)


def test_shown_and_not_answered_is_a_share_of_those_asked(tmp_path: Path) -> None:
    rows = [[*one[:2], "-99" if number < 2 else one[2], *one[3:]] for number, one in enumerate(PEOPLE)]
    parks = figures(imported(tmp_path, qualtrics(rows), source="town.qsf", text=QUESTIONS))["parks", "all"]
    assert (parks.n, parks.n_asked) == (10, 12)
    assert parks.missing_share == pytest.approx(2 / 12)


def test_the_answers_to_an_xlsform_have_names_of_choices_and_groups(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    group = (("begin_group", "g", "", "", "", "", ""), PARKS, WHICH, TRUST, ("end_group", *[""] * 6))
    sheets = ((HEADER, *group), CHOICES, SETTINGS)
    path = write_workbook(tmp_path / "town.xlsx", *sheets, names=("survey", "choices", "settings"))
    rows = [f"uuid:{number},{'more' if number < 3 else 'fewer'},more same,10" for number in range(12)]
    (tmp_path / "a.csv").write_text(
        "KEY,g-parks,g-which,g-trust\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    found = figures(Table(str(path), "town", ["USA"], 2026, str(tmp_path / "a.csv")).read())
    assert found["parks", "all"].shares == (0.25, 0.0, 0.75)
    assert found["which", "all"].shares == (1.0, 1.0, 0.0)
    assert found["trust", "all"].shares[-1] == 1.0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("p3;1;2", "p3;7;2", "line 5: item parks: '7' (1 person) is neither a code (1, 2) nor a label"),
        ("p3;1;2", "p3;1;1 2 3", "line 5: item which: '1 2 3' (1 person) is neither a code"),
        ("p3;1;2;2", "p3;1;2;-2", "line 5: weight must be a number of 0 or more, found '-2'"),
        ("p3;1;2;2", "p3;1;2;", "line 5: weight must be a number of 0 or more, found ''"),
        ("female;35", "female;1984", "line 5: age must be in years; this may be a year of birth"),
        ("person;parks", "parks;parks", "line 1: the column 'parks' stands there twice"),
        ("p4;", "p3;", "line 6: 'p3' answered in line 5, too"),
        ("p4;1;2;", "p4;1;", "line 6: expected 6 fields, as in the header, found 5"),
    ],
)
def test_bad_answers_are_refused_with_their_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    text = ANSWERS.replace("person", "respondent") if "answered in" in said else ANSWERS
    assert old in text
    with pytest.raises(SurveyFormatError) as raised:
        imported(tmp_path, text.replace(old, new))
    assert f"answers.csv, {said}" in raised.value.message


def test_columns_of_other_questions_are_refused_and_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column has answers to an item; it has a, b"):
        imported(tmp_path, "a,b\n1,2\n")


def test_an_option_without_its_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="which has columns of some options; expected 'which_3', too"):
        imported(tmp_path, "which_1,which_2\n1,0\n")


def test_figures_of_two_kinds_are_refused(tmp_path: Path) -> None:
    text = "item,wording,language,code,label,percent\na,A?,en,1,Yes,60\na,A?,en,2,No,40\n"
    with pytest.raises(ConfigError, match=r"has figures of people, and answers=answers\.csv would be others"):
        imported(tmp_path, text=text)


def test_items_that_nobody_answered_are_asked_and_named(tmp_path: Path) -> None:
    found = imported(tmp_path, ANSWERS.replace(";which;", ";other;"))
    assert found.items is not None
    assert [item.asked_in for item in found.items.items] == [[], ["USA"]]
    assert "not scored    which: no column of answers" in found.summary

"""The authors' files, in made words: what becomes of them, and every misfit with its line."""

from pathlib import Path

import pytest
from workbook_files import write_workbook

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.records import Dimension, QuestionType, ReferenceQuality
from def_sim.surveys.importers.contract import GroupFigures, Imported
from def_sim.surveys.importers.def_release import DefRelease
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.item_bank import Item

QUESTIONS = """\
[3] How well-kept are the parks of [COUNTRY]?- 1: Well. 2: So-so, in the main. 3: Badly.
[10] How far do you trust the town hall, from 1 to 10?
[2] Should the town build a pool?- 0: No. 1: Yes. 2: Only if it is free.
"""
# Row 0 is empty in the authors' files, an empty field is 0, the last column counts failed answers.
SHARES = """\
,0,1,2,3,4,5,6,7,8,9,10,11
0,0,0,0,0,0,0,0,0,0,0,0,0
1,,50,30,20,,,,,,,,
2,.2,.4,0,0,0,0,0,0,0,0,.4,0
3,30,10,0,0,0,0,0,0,0,0,0,0
"""


def release(folder: Path, questions: str = QUESTIONS, shares: str = SHARES) -> Path:
    (folder / "preferences").mkdir()
    (folder / "English_questionaires.txt").write_text(questions, encoding="utf-8")
    (folder / "preferences/usa_ref_score_all.csv").write_text(shares, encoding="utf-8")
    return folder


def read(folder: Path, **changes: str) -> Imported:
    return DefRelease(str(release(folder, **changes)), ["USA"]).read()


def items(found: Imported) -> list[Item]:
    assert found.items is not None
    return found.items.items


def figures(found: Imported) -> dict[str, GroupFigures]:
    return {one.item_id: one for one in found.populations[0].figures}


def test_a_line_is_an_item_with_its_options_or_a_scale(tmp_path: Path) -> None:
    found = read(tmp_path)
    parks, trust, pool = items(found)
    assert parks.id == "def_us.Q1"
    assert parks.wordings == {"en": ["How well-kept are the parks of United States?"]}
    assert [(one.code, one.labels["en"]) for one in parks.options] == [
        *((1, "Well"), (2, "So-so, in the main"), (3, "Badly"))
    ]
    assert (trust.type, len(trust.options), trust.volunteered) == (QuestionType.SCALE, 10, [0])
    assert [one.code for one in pool.options] == [0, 1, 2]
    [survey] = found.surveys
    assert (survey.name, survey.population, survey.language) == ("def_us", "USA", "en")


def test_shares_are_published_ones_without_a_number_of_people(tmp_path: Path) -> None:
    found = figures(read(tmp_path))
    assert found["def_us.Q1"].shares == pytest.approx((0.5, 0.3, 0.2))
    assert found["def_us.Q3"].shares == pytest.approx((0.75, 0.25, 0.0))  # 30 and 10 of 40 people
    assert (found["def_us.Q1"].n, found["def_us.Q1"].quality) == (None, ReferenceQuality.PUBLISHED)
    # .2 of answers to the scale were no point of it: .4 and .4 of the rest are halves.
    scale = found["def_us.Q2"]
    assert (scale.shares[0], scale.shares[9], scale.volunteered_share) == pytest.approx((0.5, 0.5, 0.2))


def test_topic_groups_are_those_of_the_authors_workbook(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    place = tmp_path / "Originals/US_survey/result_database"
    place.mkdir(parents=True)
    write_workbook(place / "Question_type.xlsx", (("id", "value type"), (1, "USI"), (2, "PDI")))
    assert [one.dimension for one in items(read(tmp_path))] == [Dimension.USI, Dimension.PDI, None]


def test_questions_of_several_choices_are_asked_and_not_scored(tmp_path: Path) -> None:
    lines = "".join(f"[2] Question {number}?- 1: Yes. 2: No.\n" for number in range(1, 9))
    rows = "".join(f"{number},0,60,40\n" for number in range(1, 9))
    found = read(tmp_path, questions=lines, shares=",0,1,2\n" + rows)
    several = [item.variable for item in items(found) if item.type is QuestionType.MULTIPLE]
    assert several == ["Q7", "Q8"]  # as the published code has it
    assert "def_us.Q6" in figures(found)
    assert not {"def_us.Q7", "def_us.Q8"} & figures(found).keys()
    assert items(found)[6].asked_in == ["USA"]


def test_the_chinese_questionnaire_is_a_survey_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "preferences").mkdir()
    (tmp_path / "Chinese_questionaires.txt").write_text(
        "[2] [COUNTRY]的公园够吗？- 1：够。 2：不够。\n", encoding="utf-8"
    )
    (tmp_path / "preferences/zh_ref_score_all.csv").write_text(",0,1,2\n1,0,.5,.5\n", encoding="utf-8")
    found = DefRelease(str(tmp_path), ["CHN"]).read()
    [item] = items(found)
    assert (item.id, item.wordings) == ("def_cn.Q1", {"zh": ["中国的公园够吗？"]})
    assert [one.labels["zh"] for one in item.options] == ["够", "不够"]
    assert "surveys/def_cn.yaml" in files_of(found)


BAD = {
    # name: (which file, what is replaced, by what, the line, what is said)
    "a line that is no question": ("q", "[10] How", "10 How", 2, "expected `[NUM] text- 1: label."),
    "a code that is missing": ("q", "2: So-so, in the main. ", "", 1, "[3] expects the codes 1 to 3"),
    "more codes than said": ("q", "[3]", "[2]", 1, "[2] expects the codes 1 to 2"),
    "a label twice": ("q", "3: Badly", "3: Well", 1, "two options with the same label"),
    "a label that is empty": ("q", "1: Yes.", "1: .", 3, "code 1 has no label"),
    "braces": ("q", "a pool", "a {pool}", 3, "braces"),
    "a question without a row": ("s", "3,30,10", "0,30,10", 5, "question 0 stands in line 2, too"),
    "a row of no question": ("s", "3,30,10", "4,30,10", 5, "there is no question 4; 3 were read"),
    "a share of no code": ("s", "1,,50,30,20,,", "1,,50,30,,20,", 3, "people chose 4, which is no code"),
    "a share that is a word": ("s", "50,30,20", "half,30,20", 3, "expected a share, found 'half'"),
    "shares that add up to .97": ("s", ".2,.4,", ".2,.37,", 4, "adds up to 0.97, expected 1 or 100"),
    "a row that is cut": ("s", "3,30,10,0,0,0,0,0,0,0,0,0,0", "3,30,10", 5, "expected 13 fields"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_misfit_is_an_error_with_its_line(what: str, tmp_path: Path) -> None:
    which, old, new, line, said = BAD[what]
    text = QUESTIONS if which == "q" else SHARES
    assert old in text
    name = {"q": "English_questionaires.txt", "s": "usa_ref_score_all.csv"}[which]
    changed = {"q": "questions", "s": "shares"}[which]
    with pytest.raises(SurveyFormatError) as raised:
        read(tmp_path, **{changed: text.replace(old, new)})
    assert raised.value.message.startswith(f"{name}, line {line}: ")
    assert said in raised.value.message


def test_missing_files_and_other_countries_are_named(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"there is no English_questionaires\.txt"):
        DefRelease(str(tmp_path), ["USA"]).read()
    with pytest.raises(ConfigError, match="USA and CHN have a questionnaire each, found JPN"):
        DefRelease(str(tmp_path), ["JPN"])

"""Rubrics: the shipped ones, and what is wrong with a user's own."""

from pathlib import Path

import pytest
import yaml
from judged_examples import a_rubric, an_answer

from def_sim.errors import SurveyFormatError
from def_sim.judging.rubric import NEVER_JUDGED, UNREAD, find_rubric, is_about, read_rubric
from def_sim.records import INSENSITIVITY_TITLES, AnswerStatus, InsensitivityDimension
from def_sim.resources import data_folder

SHIPPED = ("insensitivity", "stance", "unread")


def written(folder: Path, name: str = "insensitivity", **changes: object) -> Path:
    """A shipped rubric with other values, as a user's own file; None takes a key away."""
    content = yaml.safe_load((data_folder() / "rubrics" / f"{name}.yaml").read_text(encoding="utf-8"))
    content = {key: value for key, value in (content | changes).items() if value is not None}
    path = folder / "rubrics" / f"{content.get('name', 'x')}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_rubric_bears_the_name_of_its_file(name):
    assert find_rubric(name, data_folder(), None).name == name


def test_every_dimension_of_insensitivity_is_asked_about_by_itself():
    rubric = a_rubric()
    assert [question.name for question in rubric.questions] == ["IU", "QC", "RP", "CV", "FF", "IR"]
    titles = {question.name: question.title for question in rubric.questions}
    assert titles == {dimension.value: title for dimension, title in INSENSITIVITY_TITLES.items()}
    assert rubric.sample == 200


def test_each_rubric_is_about_answers_of_its_kind():
    unread, stance, defects = a_rubric("unread"), a_rubric("stance"), a_rubric("insensitivity")
    for status in AnswerStatus:
        answer = an_answer(status=status)
        assert is_about(unread, answer) == (status in UNREAD)
        assert is_about(stance, answer) == (status is AnswerStatus.UNJUDGED)
        assert is_about(defects, answer) == (status not in NEVER_JUDGED)


def test_a_users_own_rubric_is_found_in_the_home_folder(tmp_path):
    written(
        tmp_path, name="insensitivity", title="Mine", questions=[{"name": "RP", "title": "Role", "ask": "?"}]
    )
    mine = find_rubric("insensitivity", data_folder(), tmp_path)
    assert (mine.title, len(mine.questions)) == ("Mine", 1)


def test_another_word_is_another_rubric_and_another_sample_is_not():
    shipped = a_rubric()
    assert shipped.model_copy(update={"opening": "Hello."}).content_hash != shipped.content_hash
    assert shipped.model_copy(update={"sample": 20}).content_hash == shipped.content_hash


BAD = {
    "no question": ({"questions": []}, "at least 1 item"),
    "no questions key": ({"questions": None}, "questions: Field required"),
    "an unknown dimension": (
        {"questions": [{"name": "XX", "title": "x", "ask": "?"}]},
        "unknown dimension XX; a defect is one of IU, QC, RP, CV, FF, IR",
    ),
    "a dimension twice": (
        {"questions": [{"name": "RP", "title": title, "ask": "?"} for title in "xy"]},
        "a dimension is asked about twice",
    ),
    "a misspelt key": ({"sampel": 3}, "sampel: Extra inputs are not permitted"),
    "no text shown": ({"shows": ["question"]}, "shows must name each part once, and the text"),
    "a part twice": ({"shows": ["text", "text"]}, "shows must name each part once, and the text"),
    "a sample of none": ({"sample": 0}, "sample"),
    "no slot for the problem": (
        {"reply": {"json": "x", "code": "x", "again": "Again."}},
        "reply.again may have the slots {problem}, and needs {problem}",
    ),
    "a slot that nothing fills": (
        {"headings": {"option": "{label} {text}"}},
        "headings.option may have the slots",
    ),
    "an option without words": ({"verdict": "option"}, "has one question, and shows the options"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_rubric_is_refused_with_file_and_line(case, tmp_path):
    changes, message = BAD[case]
    path = written(tmp_path, **changes)
    with pytest.raises(SurveyFormatError, match=r"insensitivity\.yaml, line [0-9]+") as error:
        read_rubric(path)
    assert message in error.value.message


def test_a_rubric_for_options_needs_the_words_for_several(tmp_path):
    headings = {"option": "{number}. {label}"}
    with pytest.raises(SurveyFormatError, match="are needed for options"):
        read_rubric(written(tmp_path, "stance", headings=headings))


def test_an_unknown_rubric_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(SurveyFormatError, match="No rubric kindness") as error:
        find_rubric("kindness", data_folder(), tmp_path)
    assert "insensitivity, stance, unread" in error.value.fix


def test_a_rubric_must_bear_the_name_of_its_file(tmp_path):
    path = written(tmp_path)
    path.rename(path.with_name("mine.yaml"))
    with pytest.raises(SurveyFormatError, match="expected the name mine"):
        find_rubric("mine", data_folder(), tmp_path)


def test_titles_of_all_dimensions_are_known():
    assert set(INSENSITIVITY_TITLES) == set(InsensitivityDimension)

"""Files of open frames: what they hold, what is refused, and which respondent gets which frame."""

from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from def_sim.errors import SurveyFormatError
from def_sim.resources import data_folder
from def_sim.strategies.frames import FramesFile, OpenFrame, frames_by_respondent
from def_sim.yaml_files import read_validated

SHIPPED: Final = ("open_ended", "use_cases")
GOOD: Final = """\
frames:
  - {id: diary, use_case: fiction, text: {en: "A diary on: {question}", zh: "日记：{question}"}}
  - {id: letter, use_case: fiction, text: {en: "A letter on: {question}", zh: "信：{question}"}}
"""
BAD: Final = {
    "a text without the slot": (
        "A letter on: {question}",
        "A letter.",
        "text in 'en': the slot {question} is missing",
    ),
    "another slot": (
        "A letter on: {question}",
        "{place}: {question}",
        "found '{place}'; {question} is the only",
    ),
    "the slot with a space": ("A letter on: {question}", "{question} { question }", "found '{ question }'"),
    "a lone brace": ("A letter on: {question}", "{question} }", "found '}'"),
    "a doubled id": ("id: letter", "id: diary", "the id 'diary' stands twice"),
    "a missing language": (', zh: "信：{question}"', "", "'letter' has no text in 'zh', which others have"),
    "no text at all": ('{en: "A letter on: {question}", zh: "信：{question}"}', "{}", "frames.1.text"),
    "an id that is no name": ("id: letter", 'id: "a/b"', "a name has letters"),
    "an unknown key": ("id: letter,", "id: letter, title: x,", "frames.1.title"),
    "no use case": ("id: letter, use_case: fiction", "id: letter", "frames.1.use_case"),
}


def shipped(name: str) -> FramesFile:
    return read_validated(data_folder() / "frames" / f"{name}.yaml", FramesFile)


def of(text: str, folder: Path) -> FramesFile:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return read_validated(path, FramesFile)


def test_ten_open_ended_frames_and_eight_use_cases_are_shipped_in_two_languages() -> None:
    assert [len(shipped(name).frames) for name in SHIPPED] == [10, 8]
    assert all(shipped(name).languages == {"en", "zh"} for name in SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_two_frames_put_a_question_alike(name: str, language: str) -> None:
    scenes = [frame.scene("Is work important?", language) for frame in shipped(name).frames]
    assert len(set(scenes)) == len(scenes)
    assert all("Is work important?" in scene and "{" not in scene for scene in scenes)


def test_braces_in_a_question_are_left_as_they_are() -> None:
    frame = OpenFrame(id="a", use_case="b", text={"en": "Asked: {question}"})
    assert frame.scene("What of {first_choice} and {question}?", "en") == (
        "Asked: What of {first_choice} and {question}?"
    )


def test_the_number_of_a_respondent_modulo_the_number_of_frames_chooses(tmp_path: Path) -> None:
    frames = of(GOOD, tmp_path)
    assert [frames.frame_of(index).id for index in range(5)] == [
        "diary",
        "letter",
        "diary",
        "letter",
        "diary",
    ]
    found = frames_by_respondent(frames, ["r00001", "r00000", "r100003"])
    ids = {one: frame.id for one, frame in found.items()}
    assert ids == {"r00001": "letter", "r00000": "diary", "r100003": "letter"}
    with pytest.raises(ValueError, match="found 'somebody'"):
        frames_by_respondent(frames, ["somebody"])


def test_every_frame_gets_as_many_respondents_as_any_other_or_one_more() -> None:
    frames = shipped("open_ended")
    assert set(Counter(frames.frame_of(index).id for index in range(100)).values()) == {10}
    assert set(Counter(frames.frame_of(index).id for index in range(25)).values()) == {2, 3}


def test_the_hash_of_a_run_is_about_what_its_respondents_meet(tmp_path: Path) -> None:
    frames = of(GOOD, tmp_path)
    assert frames.asked("en") == [["diary", "A diary on: {question}"], ["letter", "A letter on: {question}"]]
    other = of(GOOD.replace("fiction", "other").replace("日记", "本子"), tmp_path)
    assert other.asked("en") == frames.asked("en")
    assert other.asked("zh") != frames.asked("zh")


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_breaks_the_format_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    before, after, message = BAD[name]
    assert before in GOOD
    with pytest.raises(SurveyFormatError) as error:
        of(GOOD.replace(before, after), tmp_path)
    assert message in error.value.message
    assert error.value.message.startswith("mine.yaml, line ")


@pytest.mark.parametrize("text", ["", "[]", "frames: []", "frames: many", "- {id: a}"])
def test_a_file_without_a_list_of_frames_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="frames"):
        of(text, tmp_path)

"""Accepted wordings in a home: asked by wordings=all under their numbers, and by nothing else."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from toy_survey import write_toy

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.surveys.added_wordings import read_added_wordings
from def_sim.surveys.survey import LoadedSurvey, load_survey

ENTRY = {
    "item": "toy.degree",  # its file has the wordings 0 and 1
    "number": 2,
    "text": "With which frequency?",
    "base": "How often?",
    "reviews": [{"reviewer": "A", "verdict": True}],
}
OTHER = ENTRY | {"number": 7, "text": "What about frequency?"}


def home_with(folder: Path, *entries: Mapping[str, object], language: str = "en") -> Path:
    """A home beside the toy survey's data; JSON is YAML, too."""
    content = {"source": "toy", "language": "en", "wordings": [dict(entry) for entry in entries]}
    path = folder / "home" / "wordings" / f"toy.{language}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return folder / "home"


def load(
    folder: Path, home: Path | None, wordings: str | int, asked: Collection[str] | None = None
) -> LoadedSurvey:
    return load_survey(write_toy(folder), folder, wordings=wordings, home=home, asked=asked)


def ids(loaded: LoadedSurvey) -> list[str]:
    return [question.id for question in loaded.survey.questions]


def test_all_wordings_ask_accepted_ones_behind_the_shipped_ones(tmp_path: Path) -> None:
    home = home_with(tmp_path, OTHER, ENTRY)
    loaded = load(tmp_path, home, "all")
    assert ids(loaded) == [*ids(load(tmp_path, None, "all")), "toy.degree#2", "toy.degree#7"]
    base, question = (loaded.survey.question(f"toy.degree#{number}") for number in (0, 2))
    assert (question.text, question.codes) == (ENTRY["text"], base.codes)


@pytest.mark.parametrize("wordings", ["base", 1])
def test_runs_of_shipped_wordings_ask_what_they_asked(tmp_path: Path, wordings: str | int) -> None:
    home = home_with(tmp_path, ENTRY)
    assert load(tmp_path, home, wordings).survey == load(tmp_path, None, wordings).survey


def test_a_withdrawn_wording_keeps_its_number_and_is_not_asked(tmp_path: Path) -> None:
    home = home_with(tmp_path, ENTRY | {"withdrawn": True}, OTHER)
    assert ids(load(tmp_path, home, "all"))[-2:] == ["toy.degree#1", "toy.degree#7"]


def test_a_number_is_asked_of_the_items_that_have_it(tmp_path: Path) -> None:
    home = home_with(tmp_path, ENTRY)
    with pytest.raises(ConfigError, match="wordings=2: 2 of the items have no such wording"):
        load(tmp_path, home, 2)
    assert ids(load(tmp_path, home, 2, asked={"toy.degree"})) == ["toy.degree#2"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"number": 1}, r"toy\.degree#1: number 1 is one of the item file's own, which has 0 to 1"),
        ({"base": "How rarely?"}, "its base is not the base wording of toy.degree in 'en'"),
        ({"text": "HOW often"}, "double: the base once more"),
        ({"text": "How many times does it happen"}, "double: another wording once more"),
        ({"text": "Two\nlines"}, "text: more than one line"),
        ({"reviews": []}, "it needs a review with `verdict: true`"),
        ({"reviews": [{"reviewer": "A", "verdict": False}]}, "it needs a review with"),
        ({"number": "2"}, "valid integer"),
        ({"extra": 1}, "Extra inputs"),
        (
            {
                "item": "toy.second",
                "base": "You chose {first_choice}. What comes next?",
                "text": "{first_choice}?",
            },
            "it follows toy.first, of which no wording 2 is asked",
        ),
    ],
)
def test_what_cannot_be_asked_is_one_message(tmp_path: Path, change: dict[str, object], problem: str) -> None:
    home = home_with(tmp_path, ENTRY | change)
    with pytest.raises(SurveyFormatError, match=problem):
        load(tmp_path, home, "all")


def test_a_number_stands_once(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="stands twice; a number is never used again"):
        read_added_wordings(home_with(tmp_path, ENTRY, ENTRY), "toy", "en")


def test_a_file_is_of_the_source_and_language_of_its_name(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="it says source 'toy' and language 'en'"):
        read_added_wordings(home_with(tmp_path, language="zh"), "toy", "zh")

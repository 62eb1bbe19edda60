"""Sentences of a codebook that a user has: asked by wordings=official and by nothing else."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from toy_survey import write_toy

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.surveys.survey import LoadedSurvey, load_survey

TEXTS = {
    "toy.first": "Which of these should come first?",
    "toy.second": "And which would be next?",
    "toy.degree": "How often, on this scale?",
    "toy.other": "Asked elsewhere {here}?",
}


def home_with(folder: Path, texts: Mapping[str, str], language: str = "en") -> Path:
    """A home beside the toy survey's data; JSON is YAML, too."""
    content = {"source": "toy", "language": "en", "wordings": texts}
    path = folder / "home" / "wordings" / f"toy.{language}.official.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return folder / "home"


def load(
    folder: Path,
    home: Path | None,
    wordings: str = "official",
    *,
    asked: Collection[str] | None = None,
    language: str = "en",
) -> LoadedSurvey:
    path = write_toy(folder)
    return load_survey(path, folder, wordings=wordings, home=home, asked=asked, language=language)


def test_every_item_is_asked_once_in_its_official_sentence(tmp_path: Path) -> None:
    questions = load(tmp_path, home_with(tmp_path, TEXTS)).survey.questions
    assert [question.text for question in questions] == list(TEXTS.values())[:3]
    assert {question.wording for question in questions} == {1000}
    assert questions[0].options == load(tmp_path, None, "base").survey.questions[0].options


@pytest.mark.parametrize("wordings", ["base", "all"])
def test_other_runs_ask_none_of_them(tmp_path: Path, wordings: str) -> None:
    home = home_with(tmp_path, TEXTS)
    assert load(tmp_path, home, wordings).survey == load(tmp_path, None, wordings).survey


def test_an_item_without_one_is_named(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"toy.first": TEXTS["toy.first"]})
    with pytest.raises(ConfigError, match="2 of the items have no official sentence in 'en' in your home"):
        load(tmp_path, home)
    assert len(load(tmp_path, home, asked={"toy.first"}).survey.questions) == 1
    with pytest.raises(ConfigError, match="3 of the items have no official sentence"):
        load(tmp_path, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Two\nlines?", "expected one line of text"),
        ("", "expected one line of text"),
        ("How {often}?", "braces that mean nothing here"),
        ("How\u202e often?", "characters that cannot be seen"),
    ],
)
def test_what_cannot_be_asked_is_one_message(tmp_path: Path, text: str, problem: str) -> None:
    home = home_with(tmp_path, TEXTS | {"toy.degree": text})
    with pytest.raises(SurveyFormatError, match=f"toy\\.degree: .*{problem}"):
        load(tmp_path, home)


def test_a_file_is_of_the_source_and_language_of_its_name(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="it says source 'toy' and language 'en'"):
        load(tmp_path, home_with(tmp_path, TEXTS, language="zh"), language="zh")

"""What plan and report say before the numbers: personas of other places, figures without people."""

from pathlib import Path

import pytest
from homes import FIGURES, SOURCE, write_files, write_home

from def_sim.app.main import main

pytestmark = pytest.mark.slow

PUBLISHED = FIGURES.replace(",800,640.00,0.000000,weighted", ",,,0.000000,published")
OF_INDIA = {
    "references/IND/town.csv": PUBLISHED,
    "references/IND/town.yaml": SOURCE.replace("USA", "IND").replace("United States", "India"),
}
PLACES = "There is no place list of IND: every respondent is of India and of no place in it"
PEOPLE = "The figures of all items are shares without a number of people"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The town survey with figures of the United States and, without numbers of people, of India."""
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    return write_files(write_home(tmp_path / "mine"), OF_INDIA)


def plan(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["stage=plan", *words]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_a_country_without_a_place_list_is_asked_as_without_the_modification_of_the_prompt(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (f"home={home}", "survey=town", "population=IND")
    of_country = plan(capsys, *words)
    assert of_country.count(PLACES) == 1
    assert of_country == plan(capsys, *words, "modifications.prompt=false")  # the same folder, too
    assert "modifications: configuration, memory" in of_country


def test_the_samples_behind_the_items_that_are_asked_are_named_and_counted(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = "samples:\n  India (Old national sample): [town.Q1]\n  India: [town.Q9]\n"
    provenance = OF_INDIA["references/IND/town.yaml"] + samples
    write_files(home, {"references/IND/town.yaml": provenance})
    text = plan(capsys, f"home={home}", "survey=town", "population=IND")
    said = "The people of A town survey, India, by number of items: India (Old national sample) (1)."
    assert text.count(said) == 1


def test_people_of_a_town_beside_respondents_of_a_whole_country_are_named_until_places_are_of_the_town(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    survey = (home / "surveys/town.yaml").read_text(encoding="utf-8")
    write_files(home, {"surveys/town.yaml": survey + "population_label: Springfield\n"})
    said = "The people are those of Springfield, and respondents live in places all over the United States"
    words = (f"home={home}", "survey=town")
    text = " ".join(plan(capsys, *words).split())
    assert text.count(said) == 1
    assert "compared with Springfield" in text
    assert said not in " ".join(plan(capsys, *words, "modifications.prompt=false").split())
    places = "level,name_en,region_en,population,in_reference_sample\ncity,Springfield,Illinois,114394,true\n"
    write_files(home, {"places/USA.csv": places, "overrides.yaml": "files: [places/USA.csv]\n"})
    assert said not in " ".join(plan(capsys, *words).split())


def test_a_country_with_a_place_list_and_numbers_of_people_needs_no_note(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "note  " not in plan(capsys, f"home={home}", "survey=town")


def test_the_note_on_figures_counts_the_items_that_it_is_about(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = plan(capsys, f"home={home}", "survey=town", "population=IND")
    assert text.count(PEOPLE) == 1
    assert "smoothing takes them for those of 1,000 people" in text

"""People's figures that change behind a finished run: imports ask first, verify names it, reports say it."""

from pathlib import Path

import pytest
from test_import_stage import out, refused

from def_sim.answers.storage.manifest import read_manifest
from def_sim.app.main import main

pytestmark = pytest.mark.slow

TABLE = "item,wording,language,code,label\nparks,More parks?,en,1,Yes\nparks,More parks?,en,2,No\n"
IMPORT = (
    *("stage=import", "importer=table", "source=town.csv", "name=town", "countries=[USA]", "year=2026"),
    "home=home",
)
RUN = ("survey=town", "home=home", "respondents=2", "answer_mode=constrained", "run_folder=run")


def answered(path: str, num_yes: int) -> str:
    """A file of 20 people; the word of a command that names it."""
    Path(path).write_text("parks\n" + "Yes\n" * num_yes + "No\n" * (20 - num_yes), encoding="utf-8")
    return f"answers={path}"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run, scored beside 20 people of whom 15 say yes; then 5 of another 20 do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "town.csv").write_text(TABLE, encoding="utf-8")
    assert main((*IMPORT, answered("first.csv", 15))) == 0
    assert main(RUN) == 0
    assert main((*IMPORT, answered("second.csv", 5), "force=true")) == 0
    return tmp_path / "run"


def test_other_answers_take_the_place_of_earlier_ones_only_if_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "town.csv").write_text(TABLE, encoding="utf-8")
    assert main(IMPORT) == 0
    assert main((*IMPORT, answered("first.csv", 15))) == 0  # there were none: they only complete it
    figures = tmp_path / "home" / "references" / "USA" / "town.csv"
    before = figures.read_bytes()
    said = refused(capsys, *IMPORT, answered("second.csv", 5))
    assert "answers=second.csv is another file than that of the earlier import" in said
    assert "references/USA/town.csv: 1 changed" in said
    assert figures.read_bytes() == before
    assert "answers=none" in refused(capsys, *IMPORT)  # figures would go
    assert main((*IMPORT, answered("second.csv", 5), "force=true")) == 0
    assert figures.read_bytes() != before


def test_verify_says_that_the_figures_of_people_are_others_and_not_the_answers(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    then = read_manifest(run)["scored_with"]["reference"]
    said = refused(capsys, "home=home", "stage=verify", "run_folder=run")
    assert f"than those it was scored with ({then})" in said
    assert "people's figures are others today" in said
    assert "the answers give other numbers" not in said
    assert "stage=report, which then says so" in said


def test_a_report_with_other_figures_says_so_with_both_hashes_and_can_be_verified(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    then = read_manifest(run)["scored_with"]["reference"]
    assert f"<code>{then}</code>" in page  # with which figures it was scored
    assert "figures-changed" not in page
    said = out(capsys, "home=home", "stage=report", "run_folder=run")
    now = read_manifest(run)["scored_with"]["reference"]
    assert now != then
    sentence = f"People's figures were changed since: scores rest on {now}, before on {then}."
    assert sentence in said
    assert sentence.replace("'", "&#39;") in (run / "report.html").read_text(encoding="utf-8")
    again = out(capsys, "home=home", "stage=report", "run_folder=run")
    assert sentence in again  # it stays true
    assert "verified" in out(capsys, "home=home", "stage=verify", "run_folder=run")


def test_the_command_of_the_interviews_says_it_too(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    then = read_manifest(run)["scored_with"]["reference"]
    assert f"before on {then}." in out(capsys, *RUN)

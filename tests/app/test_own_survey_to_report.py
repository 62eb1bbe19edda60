"""A file of a survey program and people's answers, to a report that scores them: two commands."""

from pathlib import Path

import pandas as pd
import pytest
from test_import_stage import contents, out, refused
from workbook_files import CELLS, write_workbook

from def_sim.app.main import main

pytestmark = pytest.mark.slow

QSF = """{"SurveyEntry": {"SurveyLanguage": "EN"}, "SurveyElements": [
{"Element": "BL", "Payload": [{"Type": "Default", "ID": "BL_1", "BlockElements": [
  {"Type": "Question", "QuestionID": "QID1"}, {"Type": "Question", "QuestionID": "QID2"}]}]},
{"Element": "SQ", "PrimaryAttribute": "QID1", "Payload": {"QuestionText": "More parks?", "QuestionType": "MC",
  "DataExportTag": "parks", "Selector": "SAVR", "Choices": {"1": {"Display": "Yes"}, "2": {"Display": "No"}},
  "ChoiceOrder": ["1", "2"], "QuestionID": "QID1", "Language": []}},
{"Element": "SQ", "PrimaryAttribute": "QID2", "Payload": {"QuestionText": "Why?", "QuestionType": "TE",
  "DataExportTag": "why", "Selector": "SL", "QuestionID": "QID2"}}]}"""
FORM: tuple[CELLS, CELLS] = (
    (("type", "name", "label"), ("select_one yn", "parks", "More parks?"), ("text", "why", "Why?")),
    (("list_name", "name", "label"), ("yn", 1, "Yes"), ("yn", 2, "No")),
)


def write_source(folder: Path, kind: str) -> Path:
    if kind == "qsf":
        (folder / "town.qsf").write_text(QSF, encoding="utf-8")
        return folder / "town.qsf"
    pytest.importorskip("python_calamine")
    return write_workbook(folder / "town.xlsx", *FORM, names=("survey", "choices"))


@pytest.mark.parametrize("kind", ["qsf", "xlsform"])
def test_a_survey_of_ones_own_comes_to_a_report_in_two_commands(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    source = write_source(tmp_path, kind)
    (tmp_path / "a.csv").write_text("parks\n" + "Yes\n" * 9 + "No\n" * 3, encoding="utf-8")
    imported = out(
        capsys,
        *("stage=import", "importer=table", f"source={source}", "answers=a.csv", "name=town"),
        *("countries=[USA]", "year=2026", "home=home"),
    )
    assert "left out      why: it has no options to choose from" in imported
    words = ("survey=town", "home=home", "respondents=2", "answer_mode=constrained", "run_folder=run")
    assert main(words) == 0
    metrics = pd.read_csv(tmp_path / "run" / "metrics.csv")
    assert set(metrics["item_id"].dropna()) == {"town.parks"}
    assert (tmp_path / "run" / "report.html").is_file()


def test_the_people_of_a_town_are_called_so_wherever_a_page_names_whom_the_panel_stands_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    table = "item,wording,language,code,label,percent,n\nparks,More parks?,en,1,Yes,60,99\n"
    (tmp_path / "town.csv").write_text(table + "parks,More parks?,en,2,No,40,99\n", encoding="utf-8")
    words = ("stage=import", "importer=table", "source=town.csv", "name=town", "countries=[USA]", "year=2026")
    assert "people of     USA: if you asked others" in out(capsys, *words, "home=home")
    label = "population_label=Hill & Dale, Ohio"  # a shell takes the quotes away
    cite = "citation=City of Hill & Dale (2026), Survey of parks, {1}"
    assert "if you asked others" not in out(capsys, *words, "home=home", label, cite)
    assert "people of <bdi>Hill &amp; Dale, Ohio</bdi>" in page_of(tmp_path / "home/imports/town-USA.html")
    for seed, folder in enumerate(("run", "other"), start=1):
        held = ("survey=town", "home=home", "respondents=2", f"run_folder={folder}", f"seed={seed}")
        assert main(held) == 0
    assert main(("stage=report", "home=home", "runs=[run,other]")) == 0
    assert "survey town, Hill &amp; Dale, Ohio, " in page_of(tmp_path / "outputs/comparison/comparison.html")
    report = page_of(tmp_path / "run" / "report.html")
    whom = "people of <bdi>Hill &amp; Dale, Ohio</bdi>"
    assert report.count(whom) == 2  # below the title, and in what was run
    assert "people of <bdi>the United States</bdi>" not in report
    assert "town, Hill &amp; Dale, Ohio (2026)" in report  # as captions have it
    assert "City of Hill &amp; Dale (2026), Survey of parks, {1}" in report
    cited = page_of(tmp_path / "run" / "citation.bib")
    assert (
        r"note = {City of Hill \& Dale (2026), Survey of parks, \textbraceleft{}1\textbraceright{}}" in cited
    )
    assert "of the United States, drawn" in report  # where respondents live is another thing


def page_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_bad_answers_leave_the_home_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "a.csv").write_text("parks\nYes\nPerhaps\n", encoding="utf-8")
    said = refused(
        capsys,
        *("stage=import", "importer=table", f"source={write_source(tmp_path, 'qsf')}", "answers=a.csv"),
        *("name=town", "countries=[USA]", "year=2026", "home=home"),
    )
    assert "a.csv, line 3: item parks: 'Perhaps' (1 person) is neither a code (1, 2) nor a label" in said
    assert contents(tmp_path / "home") == {}

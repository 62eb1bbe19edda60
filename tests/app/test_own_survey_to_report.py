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

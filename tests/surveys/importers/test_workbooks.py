"""A table in a workbook is the same as in a CSV."""

import sys
from pathlib import Path

import pytest
from workbook_files import CELLS, write_workbook

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.table import Table
from def_sim.surveys.importers.tables import read_table
from def_sim.surveys.importers.workbooks import read_workbook

TOWN: CELLS = (
    ("item", "wording", "language", "code", "label", "percent", "n"),
    ("parks", "More parks, or fewer?", "en", 1, "More", 61.5, 200),
    ("parks", "More parks, or fewer?", "en", 2, "Fewer", 38.5, 200),
)


def as_csv(path: Path, rows: CELLS) -> Path:
    path.write_text("\n".join(";".join(str(value) for value in row) for row in rows) + "\n", encoding="utf-8")
    return path


def test_without_calamine_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(ConfigError) as raised:
        list(read_workbook(write_workbook(tmp_path / "t.xlsx", TOWN), fix=""))
    assert 'pip install -e ".[importers]"' in raised.value.fix


def test_a_workbook_and_a_csv_of_the_same_table_give_the_same_survey(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    made = {}
    for path in (write_workbook(tmp_path / "town.xlsx", TOWN), as_csv(tmp_path / "town.csv", TOWN)):
        made[path.suffix] = files_of(Table(str(path), "town", ["USA"], 2026).read())
    tables = [name for name in made[".csv"] if name.endswith(".csv")]
    assert tables == ["references/USA/town.csv"]  # the other files name the source
    assert {name: made[".xlsx"][name] for name in tables} == {name: made[".csv"][name] for name in tables}


def test_the_first_sheet_that_is_shown_and_holds_something_is_read(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    path = write_workbook(tmp_path / "t.xlsx", (("hidden",),), (), TOWN, (("behind",),), hidden=1)
    rows = list(read_workbook(path, fix=""))
    assert rows[1] == (2, ["parks", "More parks, or fewer?", "en", "1", "More", "61.5", "200"])
    assert len(rows) == len(TOWN)


def test_a_workbook_without_a_table_or_that_is_damaged_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    with pytest.raises(SurveyFormatError, match="no sheet that is shown holds anything"):
        list(read_workbook(write_workbook(tmp_path / "empty.xlsx", ()), fix="Fill it."))
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(write_workbook(tmp_path / "t.xlsx", TOWN).read_bytes()[:700])
    with pytest.raises(SurveyFormatError, match="cannot be read as a workbook"):
        list(read_workbook(cut, fix=""))


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("def_sim.surveys.importers.workbooks._MOST_UNPACKED", 500)
    with pytest.raises(SurveyFormatError, match="holds more than"):
        list(read_workbook(write_workbook(tmp_path / "t.xlsx", TOWN), fix=""))


@pytest.mark.parametrize("name", ["t.rds", "t.sas7bdat", "t", "t.json"])
def test_another_kind_of_file_is_refused_by_its_ending(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("item\n", encoding="utf-8")
    with pytest.raises(SurveyFormatError, match=r"a table ends in \.csv, \.tsv, \.txt, \.xlsx, \.xls, \.ods"):
        list(read_table(tmp_path / name, fix=""))


def test_no_file_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="does not exist"):
        list(read_workbook(tmp_path / "none.xlsx", fix=""))


def test_a_workbook_whose_list_of_parts_is_damaged_is_refused(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", TOWN)
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x03"))
    with pytest.raises(SurveyFormatError, match="cannot be read as a workbook"):
        list(read_workbook(path, fix=""))

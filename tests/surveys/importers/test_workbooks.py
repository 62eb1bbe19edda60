"""A table in a workbook is the same as in a CSV."""

import sys
import zipfile
from pathlib import Path
from string import ascii_uppercase

import pytest
from workbook_files import CELLS, write_open_document, write_workbook

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.surveys.importers import workbooks
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.files import opened
from def_sim.surveys.importers.table import Table
from def_sim.surveys.importers.tables import read_table
from def_sim.surveys.importers.workbooks import read_sheets, read_workbook

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
    monkeypatch.setattr(workbooks, "_OF_TABLES", workbooks._OF_TABLES._replace(unpacked=500))
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


# --- what a workbook stands for is more than what it holds ---


def far_off(path: Path, cell: str, value: str) -> Path:
    """The town's table, with one more cell somewhere in the sheet."""
    pytest.importorskip("python_calamine")
    rows = (
        f'<row r="{cell.lstrip(ascii_uppercase)}"><c r="{cell}" t="str"><v>{value}</v></c></row></sheetData>'
    )
    with zipfile.ZipFile(write_workbook(path.with_name("t.xlsx"), TOWN)) as before:
        parts = {name: before.read(name) for name in before.namelist()}
    parts["xl/worksheets/s1.xml"] = parts["xl/worksheets/s1.xml"].replace(b"</sheetData>", rows.encode())
    with zipfile.ZipFile(path, "w") as after:
        for name, content in parts.items():
            after.writestr(name, content)
    return path


def test_a_cell_at_the_end_of_a_sheet_ends_no_process_and_is_said_to_be_far_off(tmp_path: Path) -> None:
    """XFD1048576 is the last cell that a sheet can have: 549 thousand million bytes of empty cells."""
    path = far_off(tmp_path / "far.xlsx", "XFD1048576", " ")
    for read in (lambda: list(read_workbook(path, fix="")), lambda: read_sheets(path)):
        with pytest.raises(SurveyFormatError, match="of memory to read: a cell may lie far off") as raised:
            read()
        assert "Ctrl+End" in raised.value.fix


@pytest.mark.parametrize("cell", ["IV900", "C400"])
def test_a_cell_with_nothing_but_a_blank_behind_the_table_changes_nothing(tmp_path: Path, cell: str) -> None:
    path = far_off(tmp_path / "blank.xlsx", cell, " ")
    assert list(read_workbook(path, fix="")) == list(read_workbook(tmp_path / "t.xlsx", fix=""))


def test_a_long_text_that_many_cells_share_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an .ods one text stands for as many rows as it says: here a hundred of 1,000 letters."""
    pytest.importorskip("python_calamine")
    text = f'<table:table-cell office:value-type="string"><text:p>{"x" * 1000}</text:p></table:table-cell>'
    path = write_open_document(
        tmp_path / "t.ods", f'<table:table-row table:number-rows-repeated="100">{text}</table:table-row>'
    )
    assert [number for number, _ in read_workbook(path, fix="")] == list(range(1, 101))
    monkeypatch.setattr(workbooks, "_OF_TABLES", workbooks._OF_TABLES._replace(unpacked=50_000))
    with pytest.raises(SurveyFormatError, match="stands for more than is read"):
        list(read_workbook(path, fix=""))


def test_a_row_that_stands_for_a_million_short_ones_is_counted_by_what_they_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand rows of one sign are some 10 kB of text, and 150 kB and more as lists."""
    pytest.importorskip("python_calamine")
    cell = '<table:table-cell office:value-type="float" office:value="1"/>'
    path = write_open_document(
        tmp_path / "t.ods", f'<table:table-row table:number-rows-repeated="1000">{cell}</table:table-row>'
    )
    assert len(list(read_workbook(path, fix=""))) == 1000
    monkeypatch.setattr(workbooks, "_OF_TABLES", workbooks._OF_TABLES._replace(unpacked=100_000))
    with pytest.raises(SurveyFormatError, match="stands for more than is read"):
        list(read_workbook(path, fix=""))


def test_an_open_document_that_repeats_its_cells_without_end_ends_no_process(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    cell = (
        '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="16384"/>'
    )
    path = write_open_document(
        tmp_path / "t.ods", f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    )
    with pytest.raises(SurveyFormatError, match=r"t\.ods"):
        list(read_workbook(path, fix=""))


def test_a_table_that_begins_below_and_beside_the_first_cell_keeps_its_numbers(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", ((), ("", "", "item", "code"), ("", "", "parks", 1.0), ("",)))
    assert list(read_workbook(path, fix="")) == [(2, ["", "", "item", "code"]), (3, ["", "", "parks", "1"])]


def test_people_may_fill_a_larger_workbook_than_a_table_of_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("python_calamine")
    monkeypatch.setattr(workbooks, "_OF_TABLES", workbooks._OF_TABLES._replace(packed=10, unpacked=10))
    with opened(write_workbook(tmp_path / "people.xlsx", TOWN)) as file:
        assert [one.name for one in file.headers] == list(TOWN[0])

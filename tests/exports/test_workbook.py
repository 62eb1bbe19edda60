"""Workbooks read back by openpyxl: no cell computes, and what Excel has no room for is said."""

from pathlib import Path

import pandas as pd
import pytest

from def_sim.errors import ConfigError
from def_sim.exports.workbook import MOST_ROWS, Sheet, check_size, write_workbook

openpyxl = pytest.importorskip("openpyxl")


def cells(path: Path, *values: object, name: str = "answers") -> list[object]:
    """The cells below the header of a sheet with one column."""
    frame = pd.DataFrame({"text": pd.Series(values, dtype="object")})
    write_workbook(path / "run.xlsx", "A run", [Sheet(name, frame)])
    book = openpyxl.load_workbook(path / "run.xlsx")
    return [row[0] for row in book.worksheets[0].iter_rows(min_row=2)]


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://a.b","click")',
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "＝1+1",
        "＠SUM(A1)",
        "#REF!",
        "#N/A",
        "{=1}",
        "'=1",
        "12",
        "TRUE",
    ],
)
def test_a_text_of_a_model_stays_a_text(tmp_path: Path, text: str) -> None:
    [cell] = cells(tmp_path, text)
    assert cell.value == text
    assert cell.data_type == "s"
    # Edited and left again, a cell without this mark would be read as if it had just been typed.
    assert cell.quotePrefix == (text[0] in "=+-@＝＠")


def test_control_characters_are_written_out_and_lines_stay_lines(tmp_path: Path) -> None:
    [cell] = cells(tmp_path, "a\x00b\x1b[31m\nc\u202ed\ud800")
    assert cell.value == "a\\x00b\\x1b[31m\nc\\u202ed\\ud800"


def test_what_excel_would_read_as_a_character_by_number_is_kept_as_written(tmp_path: Path) -> None:
    # ECMA-376, ST_Xstring: _x003D_ is "=", and _x005F_ the underscore that begins it.
    [cell] = cells(tmp_path, "_x003D_1+1")
    assert cell.value == "_x005F_x003D_1+1"


def test_a_text_longer_than_a_cell_ends_with_a_sign(tmp_path: Path) -> None:
    [cell] = cells(tmp_path, "x" * 40_000)
    assert len(cell.value) == 32_767
    assert cell.value.endswith("x…")


def test_numbers_are_numbers_and_nothing_is_an_empty_cell(tmp_path: Path) -> None:
    found = cells(tmp_path, 1, 2.5, True, float("nan"), None, pd.NA, float("inf"), 2**60)
    assert [cell.value for cell in found] == [1, 2.5, True, None, None, None, "inf", str(2**60)]


def test_sheets_have_names_that_excel_takes_and_none_twice(tmp_path: Path) -> None:
    frame, long = pd.DataFrame({"a": [1]}), "t" * 40
    names = ["shares", "Shares", "a/b:[c]", long, long]
    write_workbook(tmp_path / "a.xlsx", "A run", [Sheet(name, frame) for name in names])
    found = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert found == ["shares", "Shares_2", "a_b__c_", "t" * 31, "t" * 29 + "_2"]


def test_a_table_with_more_rows_than_a_sheet_is_refused_and_spss_named(tmp_path: Path) -> None:
    frame = pd.DataFrame(index=range(MOST_ROWS))  # with the header one too many
    with pytest.raises(ConfigError) as raised:
        write_workbook(tmp_path / "run.xlsx", "", [Sheet("answers", frame)])
    assert "the table answers has 1,048,576 rows" in raised.value.message
    assert "panel.sav" in raised.value.fix
    assert not any(tmp_path.iterdir())
    check_size("answers", MOST_ROWS - 1, 16_384)

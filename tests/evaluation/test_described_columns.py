"""What columns of tables mean, as it is shipped and as it is refused."""

from pathlib import Path

import pytest

from def_sim.errors import SurveyFormatError
from def_sim.evaluation.described_columns import (
    COLUMNS_FILE,
    COMPARISON_COLUMNS_FILE,
    HOME_COLUMNS_FILE,
    SHEET_COLUMNS_FILE,
    columns_table,
    named,
    read_columns,
    types_of,
    undescribed,
)
from def_sim.records import RUN_COLUMNS
from def_sim.resources import data_folder

HEADER = "table,column,meaning,type,unit,low,high,empty"


def test_the_shipped_file_says_what_every_table_begins_with() -> None:
    shipped = read_columns(data_folder() / COLUMNS_FILE)
    assert undescribed(shipped, "figures/anything.csv", RUN_COLUMNS) == []
    assert undescribed(shipped, "metrics.csv", ["value", "valeu"]) == ["valeu"]
    assert undescribed(shipped, "statuses.csv", ["value"]) == ["value"]  # of another table


def test_a_star_stands_for_any_letters_of_a_path() -> None:
    shipped = read_columns(data_folder() / COLUMNS_FILE)
    for table in ("answers.parquet", "answers/shard-03-of-08.parquet"):
        assert undescribed(shipped, table, ["prompt_hash"]) == []
    assert undescribed(shipped, "figures/items_07.csv", ["panel_share"]) == []
    assert undescribed(shipped, "figures/items_07.csv", ["drawn_survey"]) == ["drawn_survey"]


def test_a_placeholder_is_filled_in_with_its_name_or_any_letters(tmp_path: Path) -> None:
    path = tmp_path / "columns.csv"
    path.write_text(f"{HEADER}\n<population>/<source>.csv,<population>,how far,number,km,0,,never\n")
    [one] = named(read_columns(path), {"source": "town"})
    assert (one.table, one.column) == ("*/town.csv", "<population>")
    assert types_of([one], "USA/town.csv") == {"<population>": "number"}
    assert types_of([one], "USA/city.csv") == {}


def test_a_column_is_of_the_type_that_its_own_table_gives_it() -> None:
    shipped = read_columns(data_folder() / COLUMNS_FILE)
    assert types_of(shipped, "respondents.csv")["do_sample"] == "boolean"
    assert types_of(shipped, "metrics.csv")["seed"] == "integer"
    assert types_of(shipped, "statuses.csv").get("value") is None  # of another table


@pytest.mark.parametrize(
    "file", [COLUMNS_FILE, COMPARISON_COLUMNS_FILE, HOME_COLUMNS_FILE, SHEET_COLUMNS_FILE]
)
def test_each_meaning_is_one_line_without_a_full_stop_at_its_end(file: str) -> None:
    for one in read_columns(data_folder() / file):
        assert "\n" not in one.meaning, one
        assert not one.meaning.endswith("."), one
        assert one.meaning.strip() == one.meaning, one


def test_the_table_says_what_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "columns.csv"
    path.write_text(f"{HEADER}\na.csv,x,how far,number,km,0,,never\n")
    table = columns_table(read_columns(path))
    assert table.to_dict("records") == [
        {"table": "a.csv", "column": "x", "meaning": "how far", "type": "number", "unit": "km", "low": "0"}
        | {"high": "", "empty": "never"}
    ]


@pytest.mark.parametrize(
    ("rows", "line", "what"),
    [
        ("table,column\n", 1, "expected the columns table, column, meaning"),
        (f"{HEADER}\na.csv,x,,number,,,,never\n", 2, "meaning is empty"),
        (f"{HEADER}\na.csv,x,how far,float,,,,never\n", 2, "type must be one of text, integer"),
        (f"{HEADER}\na.csv,x,how far,number,,zero,,never\n", 2, "low and high must be numbers"),
        (f"{HEADER}\na.csv,x,how far,number,,,,never\na.csv,x,far,number,,,,never\n", 3, "has x twice"),
    ],
)
def test_a_wrong_description_is_refused_by_its_line(tmp_path: Path, rows: str, line: int, what: str) -> None:
    path = tmp_path / "columns.csv"
    path.write_text(rows)
    with pytest.raises(SurveyFormatError, match=rf"columns\.csv, line {line}: .*{what}"):
        read_columns(path)

"""Tables that imports write, and what is said of their columns beside them in the home."""

import csv
from pathlib import Path

import pytest
from described_cells import is_of, misfits, tables_below
from opinion_files import OPINIONS, write_opinions
from test_import_stage import contents, out
from test_people_imports import gss_words
from test_wave7_import import words as wave7_words

from def_sim.csv_files import read_rows
from def_sim.evaluation import import_checks
from def_sim.evaluation.described_columns import HOME_COLUMNS_FILE, DescribedColumn, read_columns
from def_sim.metrics.halves import MEASURES
from def_sim.resources import data_folder
from def_sim.surveys import human_reference, human_structure
from def_sim.surveys.importers import wvs7

TOWN = """\
item,wording,language,code,label,level,percent,n
parks,"More parks, or fewer?",en,1,More,ordinal,61.5,200
parks,"More parks, or fewer?",en,2,Fewer,ordinal,38.5,200
colour,Which colour for the benches?,en,1,=Green,,,
colour,Which colour for the benches?,en,2,Red,,,
"""


def words_of(importer: str, home: Path) -> list[str]:
    """A command that imports a made file."""
    if importer == "gss2022":
        return gss_words(home)
    if importer == "wvs7":
        # Item 33 was offered three of its codes, and nobody was asked item 48.
        return wave7_words(home, "DEU", Q33=[2, 3, 4] * 40, Q48=[-4] * 120)
    if importer == "globalopinionqa":
        source = write_opinions(home.parent / "global_opinions.csv", OPINIONS)
    else:
        source = home.parent / "town.csv"
        source.write_text(TOWN, encoding="utf-8")
    more = ["name=town", "countries=[USA]", "year=2026"] if importer == "table" else []
    return ["stage=import", f"importer={importer}", f"source={source}", f"home={home}", *more]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("importer", "source", "tables"),
    [
        ("table", "town", {"imports/town-USA.csv", "references/USA/town.csv"}),
        ("globalopinionqa", "goqa", {"imports/goqa.import_log.csv", "references/JPN/goqa.csv"}),
        ("gss2022", "gss2022", {"structure/USA/gss2022.csv", "structure/USA/gss2022.halves.csv"}),
        ("wvs7", "wvs7", {"imports/wvs7.import_log.csv", "imports/wvs7-DEU.csv"}),
    ],
)
def test_every_cell_is_as_the_file_beside_the_record_says(
    importer: str, source: str, tables: set[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out(capsys, *words_of(importer, home))
    file = f"imports/{source}.columns.csv"
    described = [DescribedColumn(*row) for _, row in read_rows(home / file, fix="")][1:]
    found = tables_below(home)
    assert tables | {file} <= set(found)
    assert misfits(found, described) == []
    # Nothing is said of a table that this import did not write.
    assert all(any(is_of(name, one.table) for name in found) for one in described)


@pytest.mark.slow
def test_a_country_that_a_log_has_a_column_of_is_described_by_its_own_name(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out(capsys, *words_of("globalopinionqa", home), "countries=[USA,JPN]")
    with (home / "imports" / "goqa.columns.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["table"] == "imports/goqa.import_log.csv"]
    assert [row["column"] for row in rows][4:8] == ["binary", "USA", "JPN", "dropped"]
    assert rows[5]["meaning"] == rows[6]["meaning"]


@pytest.mark.slow
def test_an_import_of_other_countries_takes_the_meanings_along_and_vouches_for_them(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out(capsys, *words_of("globalopinionqa", home), "countries=[USA,JPN]")
    out(capsys, *words_of("globalopinionqa", home), "countries=[IND]")
    assert b"USA" not in contents(home)["imports/goqa.columns.csv"]
    assert b"imports/goqa.columns.csv: " in contents(home)["imports/goqa.yaml"]


COLUMNS = {
    "imports/<source>.columns.csv": tuple(DescribedColumn.__dataclass_fields__),
    "imports/<source>-<population>.csv": import_checks._HEADER,
    "imports/wvs7.import_log.csv": wvs7._LOG_COLUMNS,
    "references/<population>/<source>.csv": (*human_reference.COLUMNS, *human_reference.FURTHER),
    "structure/<population>/<source>.csv": human_structure.COLUMNS,
    "structure/<population>/<source>.halves.csv": (
        "item_id",
        *MEASURES,
        *(f"expected_{name}" for name in MEASURES),
    ),
}


@pytest.mark.parametrize("table", sorted(COLUMNS))
def test_the_shipped_file_has_the_columns_of_the_code_in_their_order(table: str) -> None:
    described = read_columns(data_folder() / HOME_COLUMNS_FILE)
    assert tuple(one.column for one in described if one.table == table) == COLUMNS[table]


def test_the_shipped_file_says_nothing_of_other_tables() -> None:
    described = read_columns(data_folder() / HOME_COLUMNS_FILE)
    assert {one.table for one in described} == {*COLUMNS, "imports/goqa.import_log.csv"}

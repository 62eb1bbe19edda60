"""What the check table of an import flags, and what it leaves alone."""

import csv
from html import unescape
from pathlib import Path

import pytest

from def_sim.evaluation.import_checks import ImportCheck, check_csv, check_import
from def_sim.evaluation.label_checks import denies, runs_the_other_way
from def_sim.records import ReferenceQuality
from def_sim.reports.pages.import_check import render_import_check
from def_sim.surveys.human_reference import ReferenceSource
from def_sim.surveys.importers.contract import FileVariable, GroupFigures, Imported, PopulationFigures
from def_sim.surveys.importers.table import Table
from def_sim.surveys.item_bank import Item

PROVENANCE = ReferenceSource(
    population="USA",
    source="toy",
    title="A toy survey, United States",
    year=2026,
    weight="none",
    dont_know="left out",
    release="made",
    citation="made",
    terms="none",
)
AGREE = {1: "Agree", 2: "Neither", 3: "Disagree"}


def an_item(labels: dict[int, str] = AGREE, text: str = "The town is fine.", language: str = "en") -> Item:
    entry = {
        "id": "toy.q",
        "variable": "Q1",
        "topic": "the town",
        "dimension": "none",
        "direction": 0,
        "type": "single",
        "level": "ordinal",
        "options": [{"code": code, language: label} for code, label in labels.items()],
        "wordings": {language: [text]},
    }
    return Item.model_validate(entry)


def check(
    values: dict[int, str], shares: tuple[float, ...] = (0.5, 0.3, 0.2), item: Item | None = None
) -> ImportCheck:
    """Of one item whose variable the file labels in this way."""
    one = item or an_item()
    codes = tuple(option.code for option in one.options)
    figures = GroupFigures(
        "toy.q", "overall", "all", codes, shares, 900, 700.0, 0.0, ReferenceQuality.WEIGHTED
    )
    found = PopulationFigures(PROVENANCE, (figures,))
    variable = FileVariable("V7", "=the file's words", values)
    imported = Imported("toy", None, (found,), variables={"toy.q": variable})
    [made] = check_import(imported, [one])
    return made


def flags(
    values: dict[int, str], shares: tuple[float, ...] = (0.5, 0.3, 0.2), item: Item | None = None
) -> tuple[str, ...]:
    [one] = check(values, shares, item).items
    return one.flags


def test_the_same_labels_have_no_flag() -> None:
    assert flags({1: "AGREE", 2: "neither.", 3: "Disagree"}) == ()


def test_labels_that_run_the_other_way_are_flagged() -> None:
    found = flags({1: "Disagree", 2: "Neither", 3: "Agree"})
    assert "the labels of the file run the other way" in found
    assert "code 1: the file has this label at code 3" in found


def test_a_label_that_denies_where_ours_does_not_is_flagged() -> None:
    item = an_item({1: "Happy", 2: "Sad"})
    assert flags({1: "Not happy", 2: "Sad"}, (0.5, 0.5), item) == (
        "code 1: the file's label denies, ours does not",
    )


def test_a_code_that_one_side_lacks_is_flagged() -> None:
    assert flags({1: "Agree", 2: "Neither", 9: "Both"}) == (
        "the file has a code 9 (Both), the item has none",
        "code 3: the file has no such code",
    )


def test_an_option_that_nobody_chose_is_flagged() -> None:
    assert flags({}, (0.6, 0.4, 0.0)) == ("code 3: nobody chose it",)


def test_points_of_a_scale_that_the_file_does_not_label_are_none() -> None:
    item = an_item({1: "Never", 2: "2", 3: "Always"})
    assert flags({1: "Never", 3: "Always"}, (0.5, 0.3, 0.2), item) == ()


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        *(("Disagree strongly", True), ("I don't trust them", True), ("Unlikely", True), ("不重要", True)),
        *(("Discuss often", False), ("Under 30", False), ("非常重要", False), ("Notable", False)),
    ],
)
def test_denials_are_told_by_words(label: str, expected: bool) -> None:
    assert denies(label) is expected


def test_chinese_labels_that_run_the_other_way_are_found() -> None:
    ours, theirs = ["很重要", "一般", "不重要"], ["不重要", "一般", "很重要"]
    assert runs_the_other_way(ours, theirs)
    assert not runs_the_other_way(ours, ours)


def test_the_table_holds_both_sides_and_no_formula() -> None:
    rows = list(csv.DictReader(check_csv(check({1: "+1", 2: "Neither", 3: "Disagree"})).splitlines()))
    words = [rows[0][name] for name in ("variable", "variable_label", "file_label")]
    assert words == ["V7", "'=the file's words", "'+1"]
    assert [row["share"] for row in rows] == ["0.500000", "0.300000", "0.200000"]
    assert (rows[0]["n"], rows[0]["n_effective"], rows[0]["quality"]) == ("900", "700.00", "weighted")


def test_the_page_escapes_what_files_say_loads_nothing_and_is_the_same_each_time() -> None:
    made = check({1: "<script>alert(1)</script>", 2: "Neither", 3: "Disagree"})
    page = render_import_check(made)
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in unescape(page)
    assert "http" not in page.replace("http-equiv", "")
    assert page == render_import_check(made)


def test_a_survey_without_figures_is_checked_for_its_own_population(tmp_path: Path) -> None:
    text = "item,wording,language,code,label\na,Yes or no?,en,1,Yes\na,Yes or no?,en,0,No\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    imported = Table(str(tmp_path / "t.csv"), "town", ["USA"]).read()
    assert imported.items is not None
    [made] = check_import(imported, imported.items.items)
    assert (made.population, [one.figures for one in made.items]) == ("USA", [None])
    assert "no figures of people" in render_import_check(made)

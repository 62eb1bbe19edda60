"""Figures of the API: saved by the ending of a name, in the widths of a journal's columns."""

import csv
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader
from some_figures import scores

from def_sim.api.run_figures import Figures, SavableFigure
from def_sim.errors import ConfigError, StoreError
from def_sim.reports.pages.score_figures import headline_figure

FIGURE = SavableFigure(headline_figure(scores()), panel="Some model <i>, N = 20")
ALL = Figures(lambda: ["topic_groups", "map"], lambda name: FIGURE if name == "topic_groups" else None)


def test_a_single_column_is_84_millimetres_wide(tmp_path: Path) -> None:
    path = FIGURE.save(tmp_path / "fig1.pdf", width="single")
    points = float(PdfReader(path).pages[0].mediabox.width)
    assert points / 72 * 25.4 == pytest.approx(84, abs=0.1)


def test_the_ending_says_what_is_written(tmp_path: Path) -> None:
    for name in ("a.svg", "a.PNG", "a.csv"):
        FIGURE.save(tmp_path / name)
    assert ET.parse(tmp_path / "a.svg").getroot().attrib["width"] == "174mm"
    assert (tmp_path / "a.PNG").read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == FIGURE.data["name"].tolist()


def test_numbers_that_are_saved_hold_no_formula(tmp_path: Path) -> None:
    rows = FIGURE.figure.data.assign(name="=HYPERLINK(1)")
    SavableFigure(replace(FIGURE.figure, data=rows)).save(tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert {row["name"] for row in csv.DictReader(file)} == {"'=HYPERLINK(1)"}


@pytest.mark.parametrize(
    ("name", "width", "said"),
    [
        ("a.pdf", "wide", 'width=\'wide\': a figure is "double" (174 mm) or "single" (84 mm) wide.'),
        ("a.docx", "single", "a figure ends in .svg, .pdf, .png or .csv."),
        ("none/a.pdf", "single", "there is no such folder."),
    ],
)
def test_what_cannot_be_saved_is_refused_and_nothing_written(
    name: str, width: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises((ConfigError, StoreError)) as refused:
        FIGURE.save(tmp_path / name, width=width)
    assert said in refused.value.message
    assert refused.value.fix
    assert not any(tmp_path.iterdir())


def test_an_unknown_figure_is_told_those_that_there_are() -> None:
    with pytest.raises(
        ConfigError, match=r"There is no figure 'radar'. Figures: topic_groups, map\."
    ) as told:
        ALL("radar")
    assert told.value.message == "There is no figure 'radar'. Figures: topic_groups, map."
    assert told.value.fix == "Choose one of these."
    assert ALL.names == ["topic_groups", "map"]


def test_the_short_name_of_the_topic_groups_is_known() -> None:
    assert ALL("topics") is ALL("topic_groups")


def test_a_notebook_is_shown_a_picture_that_loads_nothing() -> None:
    shown = FIGURE._repr_html_()
    assert shown.startswith('<img src="data:image/svg+xml;base64,')
    assert "http" not in shown
    assert "<i>" not in shown

"""Figures as files: which are written, that they repeat to the byte, that odd words do not break captions."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd
import pytest
from markupsafe import Markup
from some_figures import LATEX, LONG, MARKUP, RTL, all_figures, scores, shares

import def_sim
from def_sim.reports.charts.axis_titles import NO_TITLE
from def_sim.reports.charts.score_charts import Mark
from def_sim.reports.figures import figure_files
from def_sim.reports.figures.figure import Figure
from def_sim.reports.figures.figure_files import write_figures
from def_sim.reports.figures.mark_figures import marks_figure
from def_sim.reports.pages.item_figures import item_figures
from def_sim.reports.pages.score_figures import headline_figure, topics_figure

MARKS = [Mark("panel", "This panel", 0.2, 0.1, 0.3), Mark("floor", "As many people (floor)", 0.05)]


def a_figure(name: str = "one", caption: str = "What the marks are.") -> Figure:
    return marks_figure(name, "Some marks", MARKS, caption=caption, axis_title=NO_TITLE)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_each_figure_is_written_in_four_forms_and_all_have_captions(tmp_path: Path) -> None:
    written = write_figures(tmp_path / "figures", [a_figure()])
    forms = [f"one.{kind}" for kind in ("svg", "pdf", "png", "csv")]
    assert [path.name for path in written.paths] == [*forms, "captions.md", "captions.tex"]
    assert all(path.stat().st_size > 50 for path in written.paths)
    assert written.note == ""


@pytest.mark.slow
def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        write_figures(
            tmp_path / name, [one for one in all_figures("single") if one.name in ("map", "items_01")]
        )
        for name in "ab"
    )
    assert [path.read_bytes() for path in first.paths] == [path.read_bytes() for path in second.paths]


def test_the_panel_has_the_models_name_and_its_n(tmp_path: Path) -> None:
    write_figures(tmp_path, [a_figure()], panel="SmolLM2-135M, N = 20")
    text = (tmp_path / "one.svg").read_text(encoding="utf-8")
    words = [one.text for one in ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]
    assert "SmolLM2-135M, N = 20" in words
    assert "This panel" not in words


@pytest.mark.parametrize(("width", "millimetres"), [("double", "130mm"), ("single", "84mm")])
def test_a_file_is_as_wide_as_its_column_unless_that_would_stretch_it(
    tmp_path: Path, width: str, millimetres: str
) -> None:
    write_figures(tmp_path, [a_figure()], width=width)
    assert ElementTree.parse(tmp_path / "one.svg").getroot().get("width") == millimetres
    assert f"[width={millimetres},height=" in (tmp_path / "captions.tex").read_text(encoding="utf-8")


def test_the_numbers_stand_beside_the_drawing(tmp_path: Path) -> None:
    write_figures(tmp_path, [a_figure()])
    table = pd.read_csv(tmp_path / "one.csv")
    assert table["name"].tolist() == ["This panel", "As many people (floor)"]
    assert table.loc[0, ["value", "low", "high"]].tolist() == [0.2, 0.1, 0.3]


def test_without_typst_figures_stay_svg_and_a_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_figures(tmp_path, [a_figure()])
    monkeypatch.setattr(figure_files, "is_available", lambda: False)
    written = write_figures(tmp_path, [a_figure()])
    # The PDF and PNG of before would show other numbers than the SVG one day.
    assert names_in(tmp_path) == {"one.svg", "one.csv", "captions.md", "captions.tex"}
    assert "typst" in written.note
    assert "\n" not in written.note


def test_pages_of_items_that_are_no_longer_drawn_go_and_other_files_stay(tmp_path: Path) -> None:
    write_figures(tmp_path, [a_figure("items_01"), a_figure("items_02")])
    (tmp_path / "my_items_02.pdf").write_text("mine")
    write_figures(tmp_path, [a_figure("items_01")])
    assert "my_items_02.pdf" in names_in(tmp_path)
    assert {name for name in names_in(tmp_path) if name.startswith("items_")} == {
        f"items_01.{kind}" for kind in ("svg", "pdf", "png", "csv")
    }


def test_an_unknown_width_and_two_figures_of_one_name_are_errors_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(ValueError, match=r"double or single columns wide, found 'wide'"):
        write_figures(tmp_path / "new", [a_figure()], width="wide")
    with pytest.raises(ValueError, match="names of their own"):
        write_figures(tmp_path / "new", [a_figure(), a_figure()])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "words", [LONG, RTL, LATEX, MARKUP], ids=["long", "right-to-left", "latex", "markup"]
)
def test_any_words_can_stand_in_a_caption(tmp_path: Path, words: str) -> None:
    write_figures(tmp_path, [a_figure(caption=words)], about=words)
    latex = (tmp_path / "captions.tex").read_text(encoding="utf-8")
    [caption] = re.findall(r"\\caption\{\\footnotesize (.*)\}\n", latex)
    bare = re.sub(r"\\textbackslash\{\}|\\textasci\w+\{\}|\\[&%$#_{}]", "", caption)
    assert not set(bare) & set("\\&%$#_{}~^")
    markdown = (tmp_path / "captions.md").read_text(encoding="utf-8").split("**one.**")[1]
    assert not re.search(r"(?<!\\)[*`<>|\[\]]", markdown)


def test_an_underscore_within_a_word_has_no_backslash_where_it_is_pasted(tmp_path: Path) -> None:
    write_figures(tmp_path, [a_figure(caption="strategy diversity_enhanced, not _this_ or __that__.")])
    markdown = (tmp_path / "captions.md").read_text(encoding="utf-8")
    assert r"strategy diversity_enhanced, not \_this\_ or \_\_that\_\_." in markdown


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_in_a_column_of_a_page_drawings_and_their_long_captions_have_room(tmp_path: Path) -> None:
    about = "Model, survey, people, protocol, seed and run, all of them in as many words as they have. " * 5
    figures = [headline_figure(scores()), topics_figure(scores()), *item_figures(scores(), shares(8))]
    write_figures(tmp_path, figures, width="single", about=about)
    # As in docs/tutorials/first_figure.md.
    page = "[textwidth=174mm,textheight=245mm,columnsep=6mm]{geometry}"
    (tmp_path / "paper.tex").write_text(
        r"\documentclass[10pt,a4paper,twocolumn]{article}\usepackage"
        f"{page}\\usepackage{{graphicx}}\n\\begin{{document}}\n\\input{{captions}}\n\\end{{document}}\n"
    )
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Float too large" not in (tmp_path / "paper.log").read_text(encoding="latin-1")


def test_a_drawing_escapes_what_strangers_wrote() -> None:
    figure = marks_figure("one", MARKUP, [Mark("panel", MARKUP, 0.1)], caption="x.", axis_title=NO_TITLE)
    assert "<b>" not in figure.svg().decode("utf-8").split("</style>")[1]
    ElementTree.fromstring(figure.svg())


def test_a_notebook_shows_the_drawing() -> None:
    assert a_figure()._repr_svg_().startswith("<svg ")
    assert isinstance(a_figure().on_page(), Markup)


def test_one_module_imports_typst() -> None:
    package = Path(def_sim.__file__).parent
    importing = [
        path.name
        for path in package.rglob("*.py")
        if re.search(r"^\s*(?:import|from) typst\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert importing == ["typesetting.py"]

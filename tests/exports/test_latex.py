"""Tables in LaTeX: every text is printed as it is, whatever it holds; pdflatex sets them where it is."""

import shutil
import subprocess
from pathlib import Path

import pytest

from def_sim.exports.latex import LatexTable, escape, long_table_of, table_of

SPECIALS = r"\input{/etc/passwd} $x_1^2$ 50% A&B #1 ~{} [b] *c* <d> |e| \\ -- ``q'' \write18{ls}"


def a_table(*cells: str, notes: tuple[str, ...] = ()) -> LatexTable:
    return LatexTable(
        "Scores", "tab:scores", "lr", ("Item", "JSD"), [[(cell, "0.1") for cell in cells]], notes
    )


def test_what_is_special_in_latex_is_written_out() -> None:
    assert escape("a_b & 50% of $x") == r"a\_b \& 50\% of \$x"
    assert escape(r"\input{x}") == r"\textbackslash{}input\{x\}"
    assert escape("[1] *") == "{[}1{]} {*}"


def test_what_is_invisible_or_a_line_end_stays_in_its_row() -> None:
    assert escape("a\n\u202eb") == r"a\textbackslash{}x0a\textbackslash{}u202eb"


def test_a_table_has_the_rules_of_booktabs_and_one_between_its_blocks() -> None:
    table = LatexTable("C", "tab:c", "lr", ("Item", "JSD"), [[("a", "1")], [], [("b", "2"), ("c", "3")]])
    rows = [line.strip() for line in table_of(table, ["Unfinished: 1 of 2"]).splitlines()]
    begin = rows.index(r"\toprule")
    assert rows[begin:-2] == [
        r"\toprule",
        r"Item & JSD \\",
        r"\midrule",
        r"a & 1 \\",
        r"\midrule",
        r"b & 2 \\",
        r"c & 3 \\",
        r"\bottomrule",
    ]
    assert rows[0] == "% Unfinished: 1 of 2"


def test_a_comment_stays_on_its_line() -> None:
    assert table_of(a_table("a"), ["a\n\\input{x}"]).splitlines()[0] == "% a\\x0a\\input{x}"


def test_letters_that_pdflatex_does_not_have_are_announced() -> None:
    assert "LuaLaTeX" not in table_of(a_table("Zufriedenheit — «é»", SPECIALS), [])
    assert "LuaLaTeX" in table_of(a_table("信任"), [])
    assert "LuaLaTeX" in long_table_of(a_table("אמון"), [])


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_pdflatex_sets_both_kinds_whatever_stands_in_them(tmp_path: Path) -> None:
    rows = [SPECIALS, "[first", "*star", "é ß ł … – − ≤ ×", 'q"u"ote', "x" * 40]
    (tmp_path / "scores.tex").write_text(table_of(a_table(*rows, notes=(SPECIALS,)), [SPECIALS]), "utf-8")
    (tmp_path / "items.tex").write_text(long_table_of(a_table(*rows * 30, notes=(SPECIALS,)), []), "utf-8")
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs,longtable}"
        "\n\\begin{document}\n\\input{scores}\n\\input{items}\n\\end{document}\n"
    )
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000

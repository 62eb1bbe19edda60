"""`stage=export`: from stored runs to files that other programs read, or to one message and nothing."""

import csv
import io
import resource
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runs import run as run_command
from scripted_runs import hold
from test_bad_input import refused

from def_sim.answers.storage.manifest import read_manifest
from def_sim.answers.storage.shards import read_answers
from def_sim.app.main import main
from def_sim.app.opened_runs import open_run
from def_sim.app.received import read_received
from def_sim.app.reporting import write_report
from def_sim.app.run import Run, prepare_run
from def_sim.app.run_facts import bibliography_of
from def_sim.engines.scripted import ScriptedEngine
from def_sim.exports.missing_codes import MISSING_CODES
from def_sim.records import RUN_COLUMNS

openpyxl = pytest.importorskip("openpyxl")
pyreadstat = pytest.importorskip("pyreadstat")
pytestmark = pytest.mark.slow

ITEMS = "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q46,wvs7.Q57]"  # Q7_17 has several choices
FILES = [
    "citation.bib",
    "items.tex",
    "panel.dta",
    "panel.sav",
    "run.xlsx",
    "scores.tex",
    "shares.dta",
    "shares.sav",
]
FORMULA = '=HYPERLINK("http://a.b","\x1bclick")'


def sometimes_nothing(run: Run) -> ScriptedEngine:
    """Random answers, a third of which say nothing."""
    planted = {q.item_id: dict.fromkeys(q.codes, 1 / len(q.codes)) for q in run.survey.questions}
    return ScriptedEngine(planted, failure_share=1 / 3)


def only_formulas(run: Run) -> ScriptedEngine:
    """A text that a spreadsheet would compute, and no choice."""
    return ScriptedEngine(reply=lambda request: FORMULA)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hold(
        tmp_path_factory.mktemp("outputs"),
        ITEMS,
        "respondents=20",
        "model=mistral7b",
        respondent=sometimes_nothing,
    )


@pytest.fixture
def folder(held: Path, tmp_path: Path) -> Path:
    """The same interviews for each test, which writes into a copy."""
    return Path(shutil.copytree(held, tmp_path / "run"))


def export(folder: Path, *words: str) -> Path:
    assert main(["stage=export", f"run_folder={folder}", *words]) == 0
    return folder / "export"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "export.json")


def shares(folder: Path) -> pd.DataFrame:
    """What the report of the run has, by item and code."""
    frame = pd.read_parquet(folder / "distributions.parquet")
    return frame.set_index(["item_id", "code"])


# --- what other programs read ---


def test_all_formats_are_written_into_the_run_folder(folder: Path) -> None:
    assert names(export(folder)) == FILES
    assert main(["stage=status", f"run_folder={folder}"]) == 0  # a folder more is no fault of a run


def test_stata_has_a_row_a_respondent_and_what_each_answered(folder: Path) -> None:
    panel = pd.read_stata(
        export(folder, "formats=[dta]") / "panel.dta", convert_missing=True, convert_categoricals=False
    ).set_index("respondent_id")
    assert len(panel) == 20
    for answer in read_answers(folder):
        if answer.item_id != "wvs7.Q7_17":
            found = str(panel.loc[answer.respondent_id, answer.item_id.replace(".", "_")])
            letter = "." + "abcdefghijkl"[-1 - MISSING_CODES.get(answer.status, -1)]
            assert found == (str(answer.choices[0]) if answer.choices else letter)


def test_spss_has_the_same_by_labels_and_option_by_option(folder: Path) -> None:
    panel, about = pyreadstat.read_sav(export(folder, "formats=sav") / "panel.sav")
    of_report = shares(folder)
    for code, label in about.variable_value_labels["wvs7_Q46"].items():
        if code > 0:
            assert label == of_report.loc[("wvs7.Q46", code), "label"]
    for code in range(1, 12):
        share = panel[f"wvs7_Q7_17_o{code}"].mean()  # read without the missing codes, as SPSS takes them
        assert share == pytest.approx(of_report.loc[("wvs7.Q7_17", code), "simulated_share"])


@pytest.mark.skipif(shutil.which("pspp") is None, reason="pspp is not installed")
def test_frequencies_in_pspp_are_the_shares_of_the_report(folder: Path) -> None:
    exported = export(folder, "formats=[sav]")
    syntax = "GET FILE='panel.sav'.\nFREQUENCIES VARIABLES=wvs7_Q1 wvs7_Q46 wvs7_Q57.\n"
    done = subprocess.run(
        ["pspp", "-O", "format=csv", "-"],
        input=syntax,
        cwd=exported,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [row for row in csv.reader(io.StringIO(done.stdout)) if len(row) == 6]
    found = Counter(
        {
            row[1]: float(row[4].rstrip("%"))
            for row in rows
            if row[4].endswith("%") and row[1] not in ("", "Total")
        }
    )
    of_report = shares(folder).loc[["wvs7.Q1", "wvs7.Q46", "wvs7.Q57"]]
    wanted = {row["label"]: 100 * row["simulated_share"] for _, row in of_report.iterrows()}
    assert len(wanted) == len(of_report)  # no label is there twice
    for label, percent in wanted.items():
        assert found[label] == pytest.approx(percent, abs=0.051)  # printed with one digit


def test_shares_stand_beside_people_s(folder: Path) -> None:
    found = pd.read_stata(export(folder, "formats=[dta]") / "shares.dta")
    of_report = shares(folder)
    assert len(found) == len(of_report)
    for _, row in found.iterrows():
        wanted = of_report.loc[(row["item"], int(row["code"]))]
        np.testing.assert_allclose(
            row[["panel", "people", "panel_n", "people_n"]].astype(float),
            wanted[["simulated_share", "human_share", "num_answered", "human_n"]].astype(float),
        )
        assert (row["option"], row["group"]) == (wanted["label"], "all")


def test_the_workbook_has_the_texts_of_answers_and_no_formula(tmp_path: Path) -> None:
    folder = hold(tmp_path, "respondents=2", respondent=only_formulas)
    book = openpyxl.load_workbook(export(folder) / "run.xlsx")
    kinds = Counter(cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row)
    assert kinds["f"] == kinds["e"] == 0
    [header, *rows] = book["answers"].iter_rows(values_only=True)
    texts = [row[header.index("text")] for row in rows]
    assert texts == ['=HYPERLINK("http://a.b","\\x1bclick")'] * 8


def test_the_workbook_holds_the_tables_that_the_report_vouches_for(folder: Path) -> None:
    book = openpyxl.load_workbook(export(folder, "formats=[xlsx]") / "run.xlsx")
    stored = pd.read_csv(folder / "metrics.csv")
    [header, *rows] = book["metrics"].iter_rows(values_only=True)
    assert list(header) == list(stored.columns)
    assert [row[header.index("value")] for row in rows] == pytest.approx(
        list(stored["value"].astype("object").where(stored["value"].notna(), None)), nan_ok=True
    )


def is_whole_and_reported(folder: Path) -> None:
    write_report(prepare_run(read_received(folder).config), folder, read_manifest(folder))


def is_unfinished(folder: Path) -> None:
    (folder / "complete.json").unlink()


@pytest.mark.parametrize("becomes", [is_whole_and_reported, is_unfinished])
def test_every_sheet_says_of_which_run_it_is_as_the_tables_of_the_run_do(
    becomes: Callable[[Path], None], folder: Path
) -> None:
    becomes(folder)
    book = openpyxl.load_workbook(export(folder, "formats=[xlsx]") / "run.xlsx")
    expected = (
        read_manifest(folder)["run_hash"],
        "mistral7b",
        "us",
        "USA",
        "diversity_enhanced",
        "paper",
        1,
        20,
    )
    assert {"answers", "columns", "items", "metrics", "respondents", "shares"} < set(book.sheetnames)
    for name in book.sheetnames[1:]:
        [header, *rows] = book[name].iter_rows(values_only=True)
        assert header[:8] == RUN_COLUMNS, name
        assert len(set(header)) == len(header), name
        assert {row[:8] for row in rows} == {expected}, name
    about = [row[0] for row in book["about"].iter_rows(values_only=True)]
    assert f"run: {expected[0]}" in about
    [header, *rows] = book["items"].iter_rows(values_only=True)
    assert {row[header.index("item_id")] for row in rows} == {"wvs7.Q1", "wvs7.Q7_17", "wvs7.Q46", "wvs7.Q57"}
    assert all(row[header.index("question")] for row in rows)


def test_respondents_of_an_export_are_those_of_the_run_s_table(folder: Path) -> None:
    is_whole_and_reported(folder)
    stored = pd.read_csv(folder / "respondents.csv", keep_default_na=False)
    path = export(folder) / "run.xlsx"
    sheet = pd.read_excel(path, sheet_name="respondents", keep_default_na=False, engine="openpyxl")
    panel = pd.read_stata(folder / "export" / "panel.dta")
    pd.testing.assert_frame_equal(sheet, stored, check_dtype=False)
    for name in ("run", "region", "num_asked", "num_answered", "num_failed"):
        assert panel[name].tolist() == stored[name].tolist()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_pdflatex_sets_both_tables(folder: Path) -> None:
    exported = export(folder, "formats=[tex]")
    (exported / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs,longtable}"
        "\n\\begin{document}\\input{scores}\\input{items}\\end{document}\n"
    )
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(command, cwd=exported, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_groups_have_shares_where_the_prompt_says_sex_and_age(tmp_path: Path) -> None:
    folder = hold(tmp_path, "respondents=12", "modifications.persona=demographic")
    exported = export(folder, "formats=[dta]")
    found = pd.read_stata(exported / "shares.dta")
    panel = pd.read_stata(exported / "panel.dta", convert_categoricals=False)
    assert set(found["group"]) == {"all", "male", "female", "<=29", "30-49", ">=50"}
    for _, row in found[(found["item"] == "wvs7.Q1") & (found["group"] == "male")].iterrows():
        of_men = panel.loc[panel["sex"] == "male", "wvs7_Q1"]
        assert row["panel"] == pytest.approx((of_men == row["code"]).mean())
        assert row["people"] > 0


def test_the_bibliography_is_that_of_the_report_behind_comments(folder: Path) -> None:
    lines = (export(folder, "formats=[bib]") / "citation.bib").read_text().splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith("@"))
    assert "\n".join(lines[begin:]).strip() == bibliography_of(open_run(folder)[0]).strip()
    assert not any("@" in line for line in lines[:begin])


# --- runs of every size ---


def test_each_file_of_an_unfinished_run_says_how_far_it_is(tmp_path: Path) -> None:
    folder = hold(tmp_path, "respondents=1550", num_asked=310, is_reported=False)
    exported, said = export(folder), "1,240 of 6,200"
    assert said in pyreadstat.read_sav(exported / "panel.sav", metadataonly=True)[1].file_label
    assert said in pyreadstat.read_sav(exported / "shares.sav", metadataonly=True)[1].file_label
    for name in ("panel.dta", "shares.dta"):
        with pd.io.stata.StataReader(exported / name) as reader:
            assert said in reader.data_label
    book = openpyxl.load_workbook(exported / "run.xlsx", read_only=True)
    assert said in book["about"]["A2"].value
    for name in ("scores.tex", "items.tex"):
        content = (exported / name).read_text()
        assert said in content.splitlines()[0]  # for who has the file
        assert said in content.partition(r"\caption")[2]  # and for who reads the paper
    assert said in (exported / "citation.bib").read_text().splitlines()[0]
    panel = pyreadstat.read_sav(exported / "panel.sav")[0]
    assert panel["wvs7_Q1"].notna().tolist() == [True] * 310 + [False] * 1240


@pytest.mark.parametrize("failures_only", [False, True])
def test_one_respondent_and_one_item_are_files(tmp_path: Path, failures_only: bool) -> None:
    respondent = only_formulas if failures_only else sometimes_nothing
    folder = hold(tmp_path, "respondents=1", "items=[wvs7.Q1]", respondent=respondent)
    exported = export(folder)
    assert names(exported) == FILES
    assert len(pd.read_stata(exported / "panel.dta")) == 1


def test_a_run_that_stands_beside_no_people_has_shares_of_its_panel_alone(tmp_path: Path) -> None:
    # No shipped table says how people answered this one.
    folder = hold(tmp_path, "survey=cn", "items=[cgss2018.A33]", "respondents=3", is_reported=False)
    exported = export(folder)
    assert names(exported) == FILES
    found = pd.read_stata(exported / "shares.dta")
    assert found["panel"].sum() == pytest.approx(1)
    assert found["people"].isna().all()
    assert any(ord(letter) > 0x4E00 for letter in "".join(found["option"]))  # Chinese is there as it is
    assert "– &" in (exported / "items.tex").read_text().replace("--", "–")


def test_a_run_that_is_reported_part_by_part_has_the_same_panel_and_shares(
    folder: Path, tmp_path: Path
) -> None:
    whole = export(folder, "formats=[sav]")
    words = (ITEMS, "respondents=20", "model=mistral7b", "scoring.stream_above=10")
    large = hold(tmp_path / "large", *words, respondent=sometimes_nothing, is_reported=False)
    in_parts = export(large, "formats=[sav]")
    for name in ("panel.sav", "shares.sav"):
        first, second = (pyreadstat.read_sav(one / name)[0].drop(columns="run") for one in (whole, in_parts))
        pd.testing.assert_frame_equal(first, second)


def test_several_runs_are_exported_each_into_its_own_folder(tmp_path: Path) -> None:
    runs = [hold(tmp_path / "outputs", "respondents=2", f"seed={seed}") for seed in (1, 2)]
    words = ["stage=export", f"runs={tmp_path}/outputs/**", "formats=[sav]"]
    assert main([*words, f"export={tmp_path}/files"]) == 0
    assert len(list((tmp_path / "files").iterdir())) == 2
    assert main(words) == 0
    assert [names(one / "export") for one in runs] == [["panel.sav", "shares.sav"]] * 2


# --- what is refused, and what stays ---


def test_a_file_that_no_export_wrote_is_never_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "export").mkdir()
    (folder / "export" / "panel.sav").write_bytes(b"mine")
    message = refused(capsys, "stage=export", f"run_folder={folder}")
    assert "panel.sav is not as an export wrote it" in message
    assert "export=FOLDER" in message
    assert names(folder / "export") == ["panel.sav"]
    assert (folder / "export" / "panel.sav").read_bytes() == b"mine"


def test_an_exported_file_is_replaced_unless_somebody_changed_it_and_others_stay(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported = export(folder)
    (exported / "analysis.sps").write_text("mine")
    export(folder, "formats=[tex]")
    assert names(exported) == sorted([*FILES, "analysis.sps"])
    (exported / "scores.tex").write_text("my caption")
    assert "scores.tex is not as an export wrote it" in refused(
        capsys, "stage=export", f"run_folder={folder}"
    )
    assert (exported / "scores.tex").read_text() == "my caption"


def test_a_link_in_place_of_the_folder_is_not_followed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "export").symlink_to(tmp_path / "elsewhere")
    assert "export" in refused(capsys, "stage=export", f"run_folder={folder}")
    assert not any((tmp_path / "elsewhere").iterdir())


def test_more_answers_than_a_sheet_has_rows_are_refused_before_a_file_is_there(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("def_sim.exports.workbook.MOST_ROWS", 80)  # as many as the answers: no header fits
    message = refused(capsys, "stage=export", f"run_folder={folder}", "formats=[sav,xlsx]")
    assert "the table answers has 80 rows" in message
    assert "panel.sav" in message
    assert not (folder / "export").exists()


def test_a_run_without_answers_says_what_comes_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hold(tmp_path, "respondents=2", num_asked=0, is_reported=False)
    message = refused(capsys, "stage=export", f"run_folder={folder}")
    assert "holds no answer yet" in message
    assert "stage=interview" in message
    assert not (folder / "export").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["formats=[docx]"], ["expected some of sav, dta, xlsx, tex, bib, found [docx]"]),
        (["formats=[]"], ["expected some of sav, dta, xlsx, tex, bib"]),
        (["stage=report", "formats=[sav]"], ["formats= belongs to stage=export"]),
    ],
)
def test_what_cannot_be_exported_is_refused_with_what_can(
    capsys: pytest.CaptureFixture[str], words: list[str], expected: list[str]
) -> None:
    message = refused(capsys, "stage=export", "run_folder=nowhere", *words)
    assert all(part in message for part in expected)


@pytest.mark.parametrize(
    ("chosen", "package"), [("sav", "pyreadstat"), ("dta", "pyreadstat"), ("xlsx", "openpyxl")]
)
def test_without_a_package_the_command_that_installs_it_is_named_before_a_run_is_looked_for(
    chosen: str, package: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    message = refused(capsys, "stage=export", "run_folder=nowhere", f"formats=[{chosen}]")
    assert f"formats=[{chosen}] needs {package}." in message
    assert 'pip install -e ".[export]"' in message


def test_a_folder_without_a_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no run in" in refused(capsys, "stage=export", f"run_folder={tmp_path}")


def small_files() -> None:
    """A quota of 5 kB a file: the panel does not fit, the tables of a paper do."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))


def test_a_disk_that_fills_up_leaves_no_file_and_the_last_export_as_it_was(folder: Path) -> None:
    exported = export(folder, "formats=[tex]")
    before = {path.name: path.read_bytes() for path in exported.iterdir()}
    words = ["stage=export", f"run_folder={folder}"]
    full = run_command([*words, "formats=[tex,sav]"], preexec_fn=small_files)
    assert full.returncode == 2
    assert "Free space" in full.stderr
    assert "Traceback" not in full.stderr
    assert {path.name: path.read_bytes() for path in exported.iterdir()} == before
    assert not list(folder.glob(".export*"))

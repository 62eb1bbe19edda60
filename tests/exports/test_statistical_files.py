"""Files of SPSS and Stata, read back by other programs: what they hold, and what they cannot hold."""

import csv
import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tables_with_labels import choices, table

from def_sim.exports.labelled_table import LabelledTable, Variable, frame_variables
from def_sim.exports.statistical_files import write_dta, write_sav

pyreadstat = pytest.importorskip("pyreadstat")

LONG = "Zufriedenheit mit dem Leben, " * 11  # 319 characters
HEBREW = "מה דעתך על אנשים אחרים בעיר שלך? " * 10
CHINESE = "总的来说，您觉得大多数人可以信任，还是和人相处要越小心越好？" * 10


def sav(path: Path, written: LabelledTable) -> tuple[pd.DataFrame, object]:
    write_sav(path, written)
    found: tuple[pd.DataFrame, object] = pyreadstat.read_sav(path, user_missing=True)
    return found


def dta_labels(path: Path) -> dict[str, dict[int, str]]:
    with pd.io.stata.StataReader(path) as reader:
        return dict(reader.value_labels())


def test_spss_has_codes_with_labels_and_statuses_that_are_declared_missing(tmp_path: Path) -> None:
    frame, about = sav(tmp_path / "panel.sav", table(choices()))
    assert frame["q"].tolist()[:2] == [1, -2]
    assert np.isnan(frame["q"][2])
    assert about.missing_ranges == {"q": [{"lo": -12, "hi": -1}]}
    assert about.variable_value_labels["q"][1] == "yes"
    assert about.variable_value_labels["q"][-2] == "refused to answer"
    assert about.variable_measure == {"q": "ordinal"}
    assert about.original_variable_types == {"q": "F8.0"}


def test_stata_has_statuses_as_letters(tmp_path: Path) -> None:
    write_dta(tmp_path / "panel.dta", table(choices()))
    assert pd.read_stata(tmp_path / "panel.dta")["q"].tolist()[0] == "yes"  # by labels, without a duplicate
    raw = pd.read_stata(tmp_path / "panel.dta", convert_missing=True, convert_categoricals=False)
    assert [str(value) for value in raw["q"]] == ["1", ".b", "."]
    [labels] = dta_labels(tmp_path / "panel.dta").values()
    assert labels[1] == "yes"
    assert "refused to answer" in labels.values()


@pytest.mark.parametrize("label", [LONG, HEBREW, CHINESE])
def test_a_label_of_300_characters_ends_where_the_file_ends_it_with_a_sign(
    tmp_path: Path, label: str
) -> None:
    variable = Variable("q", label, np.array([1.0, 2.0, 2.0]), {1: label, 2: "no"})
    _, about = sav(tmp_path / "panel.sav", table(variable, title=label))
    write_dta(tmp_path / "panel.dta", table(variable, title=label))
    [of_variable], of_value = about.column_labels, about.variable_value_labels["q"][1]
    assert of_variable.endswith("…")
    assert label.startswith(of_variable[:-1])
    # One more character would not fit: at most 4 bytes, or a blank that a cut leaves behind.
    assert 251 <= len(of_variable.encode()) <= 255
    assert 116 <= len(of_value.encode()) <= 120
    assert about.file_label.endswith("…")
    assert len(about.file_label.encode()) <= 64
    with pd.io.stata.StataReader(tmp_path / "panel.dta") as reader:
        assert reader.variable_labels()["q"].endswith("…")
        assert 79 <= len(reader.variable_labels()["q"]) <= 80
        assert len(reader.data_label) <= 80
    [labels] = dta_labels(tmp_path / "panel.dta").values()
    assert labels[1] == label  # Stata has room for it


def test_texts_are_cut_at_255_bytes_and_nothing_in_them_is_invisible(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"place": [CHINESE, "=HYPERLINK(1)", "a\u202eb\x00"], "is_drawn": [True, False, True]}
    )
    variables = frame_variables(frame, {"place": "where"})
    found, about = sav(tmp_path / "panel.sav", table(*variables))
    write_dta(tmp_path / "panel.dta", table(*variables))
    in_stata = pd.read_stata(tmp_path / "panel.dta")
    assert found["place"].tolist() == in_stata["place"].tolist()
    assert found["place"][0].endswith("…")
    assert len(found["place"][0].encode()) <= 255
    assert found["place"].tolist()[1:] == ["=HYPERLINK(1)", "a\\u202eb\\x00"]
    assert found["is_drawn"].tolist() == [1, 0, 1]
    assert about.variable_value_labels["is_drawn"] == {0: "no", 1: "yes"}
    assert about.column_labels == ["where", "is_drawn"]


def test_two_labels_that_are_alike_once_cut_are_told_apart(tmp_path: Path) -> None:
    variable = Variable("q", "q", np.array([1.0, 2.0]), {1: LONG + "A", 2: LONG + "B"})
    _, about = sav(tmp_path / "panel.sav", table(variable))
    first, second = about.variable_value_labels["q"].values()
    assert first.endswith("…")
    assert second.endswith("… (2)")
    assert len(second.encode()) <= 120


def test_a_panel_of_failures_only_is_a_file_of_missing_values(tmp_path: Path) -> None:
    variable = Variable("q", "q", np.array([-10.0, -2.0]), {1: "yes", 2: "no"}, is_answer=True)
    frame, _ = sav(tmp_path / "a.sav", table(variable))
    write_dta(tmp_path / "a.dta", table(variable))
    in_stata = pd.read_stata(tmp_path / "a.dta", convert_missing=True, convert_categoricals=False)
    assert frame["q"].tolist() == [-10, -2]
    assert [str(value) for value in in_stata["q"]] == [".j", ".b"]


def test_a_table_without_rows_and_one_of_one_row_are_files(tmp_path: Path) -> None:
    for num in (0, 1):
        variables = [Variable("id", "", [""] * num), Variable("q", "q", np.full(num, np.nan), {1: "a"}, True)]
        frame, _ = sav(tmp_path / "a.sav", table(*variables))
        write_dta(tmp_path / "a.dta", table(*variables))
        assert len(frame) == len(pd.read_stata(tmp_path / "a.dta")) == num


def test_notes_of_spss_are_wrapped_and_not_cut(tmp_path: Path) -> None:
    _, about = sav(tmp_path / "a.sav", table(choices(), title="Unfinished", notes=("word " * 40,)))
    assert about.notes[0] == "Unfinished"
    assert " ".join(about.notes[1:]).split() == ["word"] * 40


@pytest.mark.skipif(shutil.which("pspp") is None, reason="pspp is not installed")
def test_pspp_reads_the_file_and_leaves_statuses_out_of_valid_percentages(tmp_path: Path) -> None:
    values = np.array([1.0, 1.0, 2.0, -2.0, np.nan])
    variable = Variable("q", HEBREW, values, {1: "yes", 2: CHINESE}, is_answer=True)
    write_sav(tmp_path / "panel.sav", table(variable))
    syntax = "GET FILE='panel.sav'.\nFREQUENCIES VARIABLES=q.\n"
    done = subprocess.run(
        ["pspp", "-O", "format=csv", "-"],
        input=syntax,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = list(csv.reader(io.StringIO(done.stdout)))
    valid = {row[1]: row[2] for row in rows if len(row) == 6 and row[1] in ("yes", "refused to answer")}
    assert valid == {"yes": "2", "refused to answer": "1"}
    assert ["Valid", "yes", "2", "40.0%", "66.7%", "66.7%"] in rows  # 2 of 5, and of the 3 who chose


SMALL_FILES = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from def_sim.errors import StoreError
from def_sim.exports.labelled_table import LabelledTable, Variable
from def_sim.exports.statistical_files import write_dta, write_sav
import pandas, pyreadstat
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
table = LabelledTable("", (), [Variable("q", "q", np.arange(3000.0))])
for write, name in ((write_sav, "a.sav"), (write_dta, "a.dta")):
    try:
        write(Path(name), table)
        print("written")
    except StoreError as error:
        print(error.message, error.fix)
"""


@pytest.mark.parametrize("most", [0, 4_404, 19_404])  # pyreadstat ended there, and said nothing
def test_a_disk_that_fills_up_is_noticed_wherever_the_file_ends(tmp_path: Path, most: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SMALL_FILES, str(most)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert first.startswith("a.sav: it could not be written whole")
    assert second.startswith("a.dta: it could not be written whole")
    assert "Free space" in first

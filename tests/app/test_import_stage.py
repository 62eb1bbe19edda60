"""`stage=import` from the command line: a survey in the home, or the home as it was."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from opinion_files import LADDER, LEADER, OPINIONS, PARKS, TRADE, Opinion, write_opinions
from waiting import HANG_S

from def_sim.app.main import main
from def_sim.app.publishing import READY
from def_sim.holder import this_machine

pytestmark = pytest.mark.slow


def words(home: Path, rows: tuple[Opinion, ...] = OPINIONS, *more: str) -> list[str]:
    source = write_opinions(home.parent / "global_opinions.csv", rows)
    return ["stage=import", "importer=globalopinionqa", f"source={source}", f"home={home}", *more]


def out(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    assert main(given) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    assert main(given) == 2
    message = " ".join(capsys.readouterr().err.split())
    assert message.count("error:") == 1
    assert "do:" in message
    assert "Traceback" not in message
    return message


def contents(home: Path) -> dict[str, bytes]:
    return {p.relative_to(home).as_posix(): p.read_bytes() for p in sorted(home.rglob("*")) if p.is_file()}


def test_an_import_writes_items_figures_surveys_and_their_choices_and_prints_the_terms(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = out(capsys, *words(home))
    assert set(contents(home)) == {
        "conf/survey/goqa.yaml",
        "conf/survey/goqa_binary.yaml",
        "imports/goqa.columns.csv",
        "imports/goqa.import_log.csv",
        "imports/goqa.yaml",
        *(f"imports/goqa-{code}.{kind}" for code in ("CHN", "IND", "JPN", "USA") for kind in ("csv", "html")),
        "items/goqa.yaml",
        *(
            f"references/{code}/goqa.{kind}"
            for code in ("CHN", "IND", "JPN", "USA")
            for kind in ("csv", "yaml")
        ),
        "surveys/goqa.yaml",
        "surveys/goqa_binary.yaml",
    }
    assert "CC BY-NC-SA 4.0" in said
    assert "arXiv:2306.16388" in said
    assert f"next          def-sim home={home} survey=goqa_binary population=USA stage=plan" in said


def test_the_same_import_twice_gives_the_same_bytes_and_says_so(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out(capsys, *words(home))
    before = contents(home)
    assert "has all of it already" in out(capsys, *words(home))
    assert contents(home) == before
    other = home.parent / "other"
    other.mkdir()
    out(capsys, *words(other))
    assert contents(other) == before  # no date and no path is in it


def test_the_same_import_again_takes_away_what_a_killed_one_left(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed while it cleared up: all is in its place, and a folder of its own is left."""
    out(capsys, *words(home))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait(timeout=HANG_S)
    left = home / f".import.{this_machine()}-{dead.pid}-1-6eebfdcb"
    (left / "files" / "items").mkdir(parents=True)
    assert "has all of it already" in out(capsys, *words(home))
    assert not left.exists()


def test_other_countries_of_the_same_file_take_the_place_of_the_ones_before(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (replace(TRADE, shares=TRADE.shares | {"France": [0.6, 0.4]}), LEADER, PARKS)
    out(capsys, *words(home, rows))
    said = out(capsys, *words(home, rows, "countries=[USA,FRA]"))
    assert f"no name       of FRA: add them to {home / 'populations.yaml'}" in said
    names = set(contents(home))
    assert "references/FRA/goqa.csv" in names
    assert not [name for name in names if "CHN" in name]  # their items may be gone


def test_another_version_of_the_file_is_refused_with_what_changes_until_it_is_forced(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out(capsys, *words(home, (TRADE, LEADER, PARKS)))
    before = contents(home)
    changed = replace(TRADE, shares=TRADE.shares | {"United States": [0.6, 0.4]})
    rows = (changed, LEADER, LADDER)
    said = refused(capsys, *words(home, rows))
    assert "is another file than global_opinions.csv" in said
    assert "items/goqa.yaml: 1 more, 1 fewer" in said
    assert "references/USA/goqa.csv: 1 more, 1 fewer, 1 changed" in said
    assert "force=true" in said
    assert contents(home) == before
    out(capsys, *words(home, rows, "force=true"))
    assert b"0.600000" in contents(home)["references/USA/goqa.csv"]


@pytest.mark.parametrize("is_imported", [True, False])
def test_what_somebody_wrote_by_hand_is_not_replaced_until_it_is_forced(
    home: Path, capsys: pytest.CaptureFixture[str], is_imported: bool
) -> None:
    if is_imported:
        out(capsys, *words(home))
    own = home / "surveys" / "goqa.yaml"
    own.parent.mkdir(exist_ok=True)
    own.write_text("name: goqa\ntitle: my own\n", encoding="utf-8")
    said = refused(capsys, *words(home))
    assert (
        f"{own} {'was changed since it was imported' if is_imported else 'is there and was not imported'}"
        in said
    )
    assert "my own" in own.read_text(encoding="utf-8")
    out(capsys, *words(home, OPINIONS, "force=true"))
    assert "my own" not in own.read_text(encoding="utf-8")


def test_an_import_that_was_killed_is_not_finished_in_a_home_that_lies_in_a_run_folder(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is in a run folder is not trusted, a list of files to move neither."""
    (home.parent / "answers").mkdir()
    (home.parent / "manifest.json").write_text("{}", encoding="utf-8")
    (home / READY / "files").mkdir(parents=True)
    (home / READY / "files.json").write_text('{"files": [], "removed": ["mine.txt"]}', encoding="utf-8")
    (home / "mine.txt").write_text("mine", encoding="utf-8")
    assert "lies in the run folder" in refused(capsys, f"home={home}", "stage=plan")
    assert (home / "mine.txt").exists()


def test_a_bad_row_leaves_the_home_untouched(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = replace(LEADER, shares={"Japan": [2.0, 0.0, 0.0]})
    assert "row 2 (line 4): Japan: shares that add up to 2" in refused(capsys, *words(home, (TRADE, bad)))
    assert not any(home.iterdir())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["stage=import", "importer=globalopinionqa", "source=x.csv"], "there is none"),
        (["stage=import", "source=x.csv", "HOME"], "needs an importer"),
        (["stage=import", "importer=globalopinionqa", "HOME"], "needs source=FILE"),
        (["stage=import", "importer=globalopinonqa", "HOME"], "Did you mean `importer=globalopinionqa`?"),
        (["stage=import", "importer=globalopinionqa", "source=none.csv", "HOME"], "none.csv does not exist"),
        (["stage=import", "importer=globalopinionqa", "source=x.csv", "rule=all", "HOME"], 'rule="all"'),
        (
            ["stage=import", "importer=globalopinionqa", "source=x.csv", "countries=[XXX]", "HOME"],
            "has no 'XXX'",
        ),
        (
            ["stage=import", "importer=table", "source=x.csv", "name=x", "countries=[Germany]", "HOME"],
            "Give `countries=[DEU]`",
        ),
        (
            ["stage=import", "importer=wvs7", "source=x.csv", "countries=[USA,us]", "HOME"],
            "Give `countries=[USA]`",
        ),
        (
            ["stage=import", "importer=table", "source=x.csv", "name=x", "countries=[Atlantis]", "HOME"],
            "three capital letters",
        ),
        (["stage=plan", "survey=us", "population=DEU"], "importer=wvs7 source=FILE 'countries=[DEU]'"),
        (["stage=plan", "source=x.csv"], "source= belongs to stage=import"),
        (["stage=plan", "force=true"], "force=true belongs to stage=import"),
        (["stage=plan", "importer=globalopinionqa"], "importer= belongs to stage=import"),
    ],
)
def test_a_command_that_does_not_fit_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], given: list[str], said: str
) -> None:
    assert said in refused(capsys, *(f"home={home}" if word == "HOME" else word for word in given))
    assert not any(home.iterdir())


KILL = """
import os, signal, sys
from def_sim.app.main import main
replace = os.replace
def killed(path, target, **folders):
    if {place!r} in str(target):
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(path, target, **folders)
os.replace = killed
main(sys.argv[1:])
"""


@pytest.mark.parametrize("is_decided", [True, False])
def test_a_killed_import_is_whole_or_not_there_for_the_next_command(
    home: Path, capsys: pytest.CaptureFixture[str], is_decided: bool
) -> None:
    """Killed where files are moved to their places, or while they are still being written beside them."""
    place = f"{home}/references/JPN" if is_decided else "/files/items/"
    command = [sys.executable, "-c", KILL.format(place=place), *words(home)]
    done = subprocess.run(command, capture_output=True, timeout=HANG_S, env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    assert (home / READY).exists() == is_decided
    if is_decided:
        assert "GlobalOpinionQA" in out(capsys, f"home={home}", "survey=goqa", "population=JPN", "stage=plan")
    else:
        assert not [path for path in home.iterdir() if not path.name.startswith(".")]
        assert "there is no such survey" in refused(capsys, f"home={home}", "survey=goqa", "stage=plan")
    out(capsys, *words(home))
    assert not [path for path in home.iterdir() if path.name.startswith(".")]


TOWN = """\
item,wording,language,code,label,level,percent,n
parks,"More parks, or fewer?",en,1,More,ordinal,61.5,200
parks,"More parks, or fewer?",en,2,Fewer,ordinal,38.5,200
"""


def test_a_table_of_ones_own_is_a_survey_after_one_command(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.parent / "town.csv").write_text(TOWN, encoding="utf-8")
    given = ("stage=import", "importer=table", f"source={home.parent / 'town.csv'}", f"home={home}")
    assert "`name` needs a value and has none" in refused(capsys, *given, "countries=[USA]")
    assert "Add `year=`" in refused(capsys, *given, "countries=[USA]", "name=town")
    assert not any(home.iterdir())
    out(capsys, *given, "countries=[USA]", "name=town", "year=2026")
    text = out(capsys, f"home={home}", "survey=town", "stage=plan")
    assert "town: 1 question in en, frame in en, compared with USA" in text


def test_a_parameter_of_another_importer_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no parameter 'name'" in refused(capsys, *words(home, OPINIONS, "name=town"))

"""Files of institutes with a row a person, from the command line: figures in the home, and nobody in them."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from gss_people import gss_people
from people_files import People, write_people, zipped
from waiting import HANG_S

from def_sim.app.import_overrides import with_overrides
from def_sim.app.main import main
from def_sim.resources import data_folder

pytestmark = pytest.mark.slow
MARKER = "Qx7marker"  # in a person's row, in a variable that the import needs and in one that it does not


def out(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    assert main(given) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    assert main(given) == 2
    message = " ".join(capsys.readouterr().err.split())
    assert message.count("error:") == 1
    assert "Traceback" not in message
    return message


def contents(home: Path) -> Mapping[str, bytes]:
    return {p.relative_to(home).as_posix(): p.read_bytes() for p in sorted(home.rglob("*")) if p.is_file()}


SOME = ("year", "wtssnrps", "sex", "age", "vstrat", "vpsu", "happy", "trust", "abany")


def gss_words(home: Path, *, all_items: bool = False) -> list[str]:
    people = gss_people()
    if not all_items:
        people = People({name: people.columns[name] for name in SOME})
    columns = dict(people.columns) | {"note": [MARKER, *[""] * (len(people.columns["sex"]) - 1)]}
    columns["sex"] = [MARKER, *people.columns["sex"][1:]]  # neither male nor female
    source = write_people(home.parent / "GSS2022.csv", People(columns))
    return ["stage=import", "importer=gss2022", f"source={zipped(source)}", f"home={home}"]


def test_after_the_import_of_the_gss_no_item_of_the_american_survey_is_unweighted(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = data_folder() / "references" / "USA" / "gss2022.csv"
    assert shipped.read_text(encoding="utf-8").count(",unweighted") > 100
    said = out(capsys, *gss_words(home, all_items=True))
    assert "85 items with figures" in said
    overrides = yaml.safe_load((home / "overrides.yaml").read_text(encoding="utf-8"))
    assert "references/USA/gss2022.csv" in overrides["files"]
    out(capsys, f"home={home}", "survey=us", "stage=plan", "show=items")
    codebook = Path("outputs/codebooks/us-USA.html").read_text(encoding="utf-8")
    assert "gss2022.happy" in codebook
    assert "unweighted: exact counts" not in codebook


def test_the_same_import_twice_gives_the_same_bytes_and_no_person_is_in_them(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = gss_words(home)
    out(capsys, *words)
    before = contents(home)
    assert not [name for name, content in before.items() if MARKER.encode() in content]
    assert set(before) == {
        "imports/gss2022-USA.csv",
        "imports/gss2022-USA.html",
        "imports/gss2022.columns.csv",
        "imports/gss2022.yaml",
        "overrides.yaml",
        "references/USA/gss2022.csv",
        "references/USA/gss2022.yaml",
        "structure/USA/gss2022.csv",
        "structure/USA/gss2022.halves.csv",
        "structure/USA/gss2022.yaml",
    }
    assert "has all of it already" in out(capsys, *words)
    assert contents(home) == before


def test_a_file_whose_people_stand_in_it_twice_is_refused_and_the_home_stays_empty(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = {name: list(gss_people().columns[name]) * 2 for name in SOME}
    columns["id"] = [float(number) for number in range(len(columns["sex"]) // 2)] * 2
    source = write_people(home.parent / "GSS2022.csv", People(columns))
    message = refused(capsys, "stage=import", "importer=gss2022", f"source={source}", f"home={home}")
    assert "have the identifier id of an earlier one, first 0 in rows 1 and" in message
    assert "Take out the rows that repeat a person" in message
    assert contents(home) == {}


def test_what_the_user_says_of_overrides_stays(home: Path) -> None:
    (home / "overrides.yaml").write_text("# mine\nfiles: [items/wvs7.yaml]\n", encoding="utf-8")
    written = with_overrides(home, ["references/USA/gss2022.csv", "references/USA/gss2022.yaml"])
    assert yaml.safe_load(written["overrides.yaml"]) == {
        "files": ["items/wvs7.yaml", "references/USA/gss2022.csv"]
    }
    assert with_overrides(home, ["items/wvs7.yaml", "references/DEU/ess11.csv"]) == {}


def test_a_file_that_is_cut_leaves_the_home_untouched(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = gss_words(home)
    archive = home.parent / "GSS2022.zip"
    archive.write_bytes(archive.read_bytes()[:-100])
    assert "GSS2022.zip is cut or damaged" in refused(capsys, *words)
    assert not any(home.iterdir())


KILL = """
import os, signal, sys
from pathlib import Path
from def_sim.app.main import main
replace = Path.replace
def killed(path, target):
    if "/files/" in str(target):
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(path, target)
Path.replace = killed
main(sys.argv[1:])
"""


def test_an_import_that_is_killed_leaves_nothing_that_counts(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = gss_words(home)
    command = [sys.executable, "-c", KILL, *words]
    done = subprocess.run(command, capture_output=True, timeout=HANG_S, env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    assert not [path for path in home.iterdir() if not path.name.startswith(".")]
    out(capsys, *words)
    assert (home / "references" / "USA" / "gss2022.csv").is_file()


def test_a_labelled_file_comes_in_two_steps_and_the_users_mapping_is_never_overwritten(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [float(1 + number % 5) for number in range(50)]
    people = People({"a34": answers, "weight": [1.0] * 50, "note": [MARKER] * 50})
    source = write_people(home.parent / "CGSS2018.dta", people)
    words = ["stage=import", "importer=labelled", "name=cgss2018", "year=2018", "countries=[CHN]"]
    words += [f"source={source}", f"home={home}"]
    mapping = home / "imports" / "cgss2018.mapping.yaml"
    assert f"give mapping={mapping}" in refused(capsys, *words)
    assert set(contents(home)) == {"imports/cgss2018.mapping.yaml"}
    candidates = mapping.read_text(encoding="utf-8")
    assert "confirmed: true\n" not in candidates.split("items:")[1]
    content = yaml.safe_load(candidates)
    content["items"]["cgss2018.A34"]["confirmed"] = True
    mapping.write_text(yaml.safe_dump(content), encoding="utf-8")
    refused(capsys, *words)  # asks again, and leaves the mapping alone
    assert yaml.safe_load(mapping.read_text(encoding="utf-8")) == content
    said = out(capsys, *words, f"mapping={mapping}")
    assert "CHN           1 item with figures, 50 people" in said
    assert "left out      37 not confirmed: cgss2018.A33, cgss2018.A35" in said
    assert not [name for name, text in contents(home).items() if MARKER.encode() in text]
    record = yaml.safe_load((home / "imports" / "cgss2018.yaml").read_text(encoding="utf-8"))
    assert record["parameters"]["mapping"].startswith("cgss2018.mapping.yaml, SHA-256 ")
    assert "compared with CHN" in out(capsys, f"home={home}", "survey=cn", "stage=plan")


def test_a_mapping_that_makes_items_can_be_given_again_with_more_of_them_confirmed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = {"park": [1.0, 2.0] * 15, "shop": [2.0, 1.0, 1.0] * 10}
    labels = {name: {1.0: "Yes", 2.0: "No"} for name in columns}
    source = write_people(home.parent / "town.sav", People(columns, labels))
    items = {
        f"town.{name}": {"variable": name, "wording": {"en": f"Is there a {name}?"}, "confirmed": True}
        for name in columns
    }
    words = ["stage=import", "importer=labelled", "name=town", "year=2026", f"source={source}"]
    words += [f"home={home}", f"mapping={home.parent / 'm.yaml'}"]

    def imported(num_confirmed: int) -> str:
        given = [one | {"confirmed": place < num_confirmed} for place, one in enumerate(items.values())]
        mapping = {"population": "USA", "weight": "none", "items": dict(zip(items, given, strict=True))}
        (home.parent / "m.yaml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
        return out(capsys, *words)

    imported(1)
    assert "has all of it already" in imported(1)
    assert "2 items with figures" in imported(2)
    assert b"town.shop" in contents(home)["items/town.yaml"]
    path = home / "items" / "town.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("nominal", "ordinal"), encoding="utf-8")
    edited = path.read_bytes()
    assert "was changed since it was imported" in refused(capsys, *words)
    assert path.read_bytes() == edited

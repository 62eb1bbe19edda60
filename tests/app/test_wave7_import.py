"""A country of wave 7 from the command line: imported whole, asked by a shipped survey, and nobody in it."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from people_files import People, write_people, zipped
from scripts_loaded import script

from def_sim.app.main import main

pytestmark = pytest.mark.slow
MARKER = "Qx7marker"  # in a person's row, in a variable that nobody needs


def out(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    assert main(given) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def contents(home: Path) -> Mapping[str, bytes]:
    return {p.relative_to(home).as_posix(): p.read_bytes() for p in sorted(home.rglob("*")) if p.is_file()}


def words(home: Path, country: str, **changed: list[object]) -> list[str]:
    columns = {
        name: values.tolist() for name, values in script("make_wave7").columns_of(country, 120).items()
    }
    columns["note"] = [MARKER, *[""] * 119]
    source = write_people(home.parent / "wave7.csv", People(columns | changed))
    return ["stage=import", "importer=wvs7", f"source={zipped(source)}", f"home={home}"]


def test_an_imported_country_is_asked_what_its_people_were(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = words(home, "DEU", Q33=[2, 3, 4] * 40)
    said = out(capsys, *given)
    assert "164 items, 120 people in 10 clusters, weight W_WEIGHT" in said
    assert f"next          def-sim home={home} survey=us population=DEU stage=plan" in said
    before = contents(home)
    assert sorted(before) == [
        "imports/wvs7-DEU.csv",
        "imports/wvs7-DEU.html",
        "imports/wvs7.columns.csv",
        "imports/wvs7.import_log.csv",
        "imports/wvs7.yaml",
        "items/wvs7.shown.yaml",
        "references/DEU/wvs7.csv",
        "references/DEU/wvs7.yaml",
        "structure/DEU/wvs7.csv",
        "structure/DEU/wvs7.halves.csv",
        "structure/DEU/wvs7.yaml",
    ]
    assert not [name for name, content in before.items() if MARKER.encode() in content]
    assert "has all of it already" in out(capsys, *given)
    assert contents(home) == before
    plan = out(capsys, f"home={home}", "survey=us", "population=DEU", "stage=plan")
    assert "There is no place list of DEU: every respondent is of Germany" in " ".join(plan.split())


@pytest.mark.full
def test_an_imported_shipped_country_takes_the_place_of_the_shipped_figures(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out(capsys, *words(home, "CHN"))
    overrides = (home / "overrides.yaml").read_text()
    assert overrides == "files: [references/CHN/wvs7.csv, structure/CHN/wvs7.csv]\n"
    out(capsys, f"home={home}", "survey=cn", "stage=plan")
    # Another country of the same file: what is gone can take nobody's place.
    out(capsys, *words(home, "DEU"), "force=true")
    assert (home / "overrides.yaml").read_text() == "files: []\n"
    out(capsys, f"home={home}", "survey=us", "population=DEU", "stage=plan")

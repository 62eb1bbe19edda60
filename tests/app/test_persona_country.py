"""Whose citizens the model is asked to be, apart from whom it is compared with."""

import re
from pathlib import Path
from typing import Any

import pytest

from def_sim.answers.storage.manifest import run_hash
from def_sim.app.composing import compose_config
from def_sim.app.definition import what_defines
from def_sim.app.main import main
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.errors import ConfigError
from def_sim.prompts import read_language_pack, render_frame
from def_sim.resources import data_folder
from def_sim.surveys.survey import read_country_names

pytestmark = pytest.mark.slow

ITEMS = "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q164]"  # one of each question type
NOWHERE = ("persona_country=none", "modifications.prompt=false")


def run_of(*words: str) -> Run:
    return prepare_run(validate_config(compose_config([ITEMS, "respondents=30", *words])))


def defined(run: Run) -> dict[str, Any]:
    return what_defines(run, {"any": "model"})


def frames(run: Run) -> list[str]:
    """Every frame that anybody of the panel meets."""
    return [
        render_frame(q, r.persona, run.presentation.pack) for r in run.panel for q in run.survey.questions
    ]


def test_the_panel_lives_in_that_country_and_is_compared_with_the_survey_s_people() -> None:
    run = run_of("survey=us", "persona_country=CHN")
    assert all(r.persona.place.endswith(", China") for r in run.panel)
    assert run.loaded.reference.population == "USA"


def test_without_places_of_their_own_all_are_citizens_of_that_country() -> None:
    run = run_of("survey=us", "persona_country=JPN", "strategy=single")
    assert {r.persona.place for r in run.panel} == {"Japan"}


@pytest.mark.parametrize("words", [("survey=us",), ("survey=cn",), ("survey=cn", "frame_language=zh")])
def test_citizens_of_no_country_are_told_of_none(words: tuple[str, ...]) -> None:
    text = "\n".join(frames(run_of(*words, *NOWHERE)))
    names = {name for of_one in read_country_names(data_folder()).values() for name in of_one.values()}
    assert not [name for name in names if name in text]
    assert not re.search(r"citizen|country|公民|国家", text)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_such_a_frame_says_how_to_answer_as_the_other_does(language: str) -> None:
    pack = read_language_pack(data_folder() / "prompts" / f"{language}.yaml")
    assert pack.frame_without_place is not None
    for kind in ("single", "multiple", "scale"):
        placed, placeless = getattr(pack.frame, kind), getattr(pack.frame_without_place, kind)
        mark = "。" if language == "zh" else "themselves."
        assert placeless.endswith(placed.partition(mark)[2])  # all that follows on who to be
        assert "{place}" not in placeless


def test_only_a_country_that_is_set_enters_what_defines_a_run() -> None:
    plain = defined(run_of("survey=us"))
    assert "persona_country" not in plain["survey"]
    of_china = defined(run_of("survey=us", "persona_country=CHN"))
    assert of_china["survey"] == {
        **plain["survey"],
        "persona_country": "CHN",
        "persona_country_name": "China",
    }
    assert of_china["prompts"] == plain["prompts"]
    assert of_china["places"] != plain["places"]


def test_the_population_s_own_country_is_the_same_run() -> None:
    assert run_hash(defined(run_of("survey=us", "persona_country=USA"))) == run_hash(
        defined(run_of("survey=us"))
    )


def test_the_frame_without_a_place_is_hashed_for_runs_that_use_it() -> None:
    plain, nowhere = run_of("survey=us", "modifications.prompt=false"), run_of("survey=us", *NOWHERE)
    assert defined(nowhere)["prompts"] != defined(plain)["prompts"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["persona_country=XXX"], "Unknown persona_country 'XXX'"),
        (["persona_country=none"], "modifications.prompt=true draws one"),
    ],
)
def test_what_does_not_go_together_is_told(words: list[str], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        run_of("survey=us", *words)


def test_the_plan_says_whose_citizens_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["survey=us", "persona_country=CHN", "stage=plan"]) == 0
    assert "persona       of China, not of USA" in capsys.readouterr().out
    assert main(["survey=us", *NOWHERE, "stage=plan"]) == 0
    assert "persona       of no country, not of USA" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"), [(NOWHERE, "of no country, nothing"), ((), "as a whole, nothing")]
)
def test_the_sheet_of_items_says_whom_it_shows(
    words: tuple[str, ...], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["survey=us", ITEMS, "stage=plan", "show=items", *words]) == 0
    [page] = tmp_path.rglob("us-USA.html")
    assert expected in page.read_text(encoding="utf-8")

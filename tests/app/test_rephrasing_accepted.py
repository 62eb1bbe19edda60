"""stage=rephrase accept=FILE: what reviewers say yes to is asked, and nothing else ever."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from rephrased_homes import SOUND, ask, configured, rephrased_home, review, sheet, sheet_file, sound

from def_sim.app.composing import compose_config
from def_sim.app.definition import what_defines
from def_sim.app.home import at_home
from def_sim.app.main import main
from def_sim.app.rephrasing_accept import accept_wordings
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.errors import DefSimError
from def_sim.surveys.added_wordings import read_added_wordings

pytestmark = pytest.mark.slow
ALL_YES = dict.fromkeys(("town.Q1#2", "town.Q2#1", "town.Q3#1"), "yes")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """With a sheet of three sound drafts, one an item."""
    home = rephrased_home(tmp_path / "mine")
    ask(home, sound)
    return home


def accept(home: Path, *files: Path) -> list[str]:
    with at_home(str(home)):
        return accept_wordings(configured(home), [str(file) for file in files])


def run_of(home: Path, wordings: str) -> Run:
    with at_home(str(home)):
        return prepare_run(validate_config(compose_config(["survey=town", f"wordings={wordings}"])))


def asked(home: Path) -> list[str]:
    return [question.id for question in run_of(home, "all").survey.questions]


def accepted(home: Path) -> dict[str, tuple[str, bool]]:
    found = read_added_wordings(home, "town", "en").wordings
    return {one.id: (one.text, one.withdrawn) for one in found}


def test_drafts_are_asked_by_nothing_until_they_are_accepted(home: Path, tmp_path: Path) -> None:
    before = asked(home)
    assert before == ["town.Q1#0", "town.Q2#0", "town.Q3#0", "town.Q1#1"]
    base = what_defines(run_of(home, "base"), {})
    accept(home, review(home, tmp_path / "ada.csv", "Ada", ALL_YES))
    assert asked(home) == ["town.Q1#0", *before[1:3], "town.Q1#1", "town.Q2#1", "town.Q3#1", "town.Q1#2"]
    assert run_of(home, "all").survey.question("town.Q1#2").text == SOUND["town.Q1"]
    assert what_defines(run_of(home, "base"), {}) == base  # so the run keeps its folder


def test_only_a_yes_without_a_no_is_taken(home: Path, tmp_path: Path) -> None:
    ada = review(home, tmp_path / "ada.csv", "Ada", ALL_YES)
    bo = review(home, tmp_path / "bo.csv", "Bo", {"town.Q1#2": "no"}, delimiter=";")
    lines = accept(home, ada, bo)
    assert accepted(home).keys() == {"town.Q2#1", "town.Q3#1"}
    assert "wordings      of town in 'en': 2 taken, 1 with a no, 0 not judged" in lines
    assert "reviewer      Ada: 3 judged, 3 yes" in lines


def test_agreement_and_kappa_of_two_reviewers_are_printed(home: Path, tmp_path: Path) -> None:
    """Both yes twice, one apart: 2/3; by chance (1 x 2/3 + 0) = 2/3, so kappa is 0."""
    ada = review(home, tmp_path / "ada.csv", "Ada", ALL_YES)
    bo = review(home, tmp_path / "bo.csv", "Bo", ALL_YES | {"town.Q1#2": "no"})
    [line] = [line for line in accept(home, ada, bo) if line.startswith("agreement")]
    assert line.startswith("agreement     Ada, Bo: 67% of 3 judged by both; kappa 0.00")


def test_a_no_later_withdraws_a_wording_and_what_follows_it(home: Path, tmp_path: Path) -> None:
    accept(home, review(home, tmp_path / "ada.csv", "Ada", ALL_YES))
    lines = accept(home, review(home, tmp_path / "bo.csv", "Bo", {"town.Q2#1": "no"}))
    assert "withdrawn     town.Q2#1; its number stays" in lines
    assert "withdrawn     town.Q3#1, since it follows town.Q2" in lines
    assert {key for key, (_, is_withdrawn) in accepted(home).items() if is_withdrawn} == {
        "town.Q2#1",
        "town.Q3#1",
    }
    assert asked(home)[-1] == "town.Q1#2"
    assert "town.Q2#1" not in asked(home)
    _, rows = ask(home, lambda request: sound(request).replace("must", "should"), "seed=2")
    assert [row["number"] for row in rows if row["item_id"] == "town.Q2"] == ["1", "2"]


def test_a_follow_up_is_taken_with_its_first_question_only(home: Path, tmp_path: Path) -> None:
    lines = accept(home, review(home, tmp_path / "ada.csv", "Ada", {"town.Q3#1": "yes", "town.Q1#2": "yes"}))
    assert "not taken     town.Q3#1: it follows town.Q2, of which no wording 1 is asked" in lines
    assert accepted(home).keys() == {"town.Q1#2"}


def test_the_same_sheet_twice_changes_nothing(home: Path, tmp_path: Path) -> None:
    ada = review(home, tmp_path / "ada.csv", "Ada", ALL_YES)
    accept(home, ada)
    before = (home / "wordings" / "town.en.yaml").read_bytes()
    accept(home, ada)
    assert (home / "wordings" / "town.en.yaml").read_bytes() == before
    assert b"drafted_by: GPT" in before
    assert b"reviewer: Ada" in before


def edit(home: Path, path: Path, change: Mapping[str, str]) -> Path:
    """Ada's sheet with parts of its text replaced."""
    text = review(home, path, "Ada", ALL_YES).read_text(encoding="utf-8")
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_text_changed_by_hand_is_taken_as_changed_and_rules_are_told(home: Path, tmp_path: Path) -> None:
    file = edit(home, tmp_path / "ada.csv", {"Would it be right for": "Is it not right for"})
    lines = accept(home, file)
    assert "against rules town.Q1#2: negation: added" in lines
    assert any(line.startswith("by hand       town.Q1#2 was changed since GPT") for line in lines)
    assert accepted(home)["town.Q1#2"][0].startswith("Is it not right for")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({",Ada,yes,": ",,yes,"}, "ada.csv, line 2: verdict is given, and reviewer is empty"),
        (
            {",Ada,yes,": ",Ada,perhaps,"},
            "ada.csv, line 2: verdict must be yes, no or empty, found 'perhaps'",
        ),
        ({",Ada,yes,": ",,,"}, "no row has a verdict"),
        ({"town.Q1,2": "town.Q1,two"}, "ada.csv, line 2: number must be a whole number, found 'two'"),
        ({"town.Q1,2": "town.Q1,1"}, "line 2: number 1 is one of the item file's own, which has 0 to 1"),
        ({"town.Q1,2": "town.Q9,2"}, "line 2: survey town has no item 'town.Q9'"),
        (
            {"spend more on its parks": "save its parks"},
            "line 2: base is not the base wording of town.Q1 in 'en'",
        ),
        ({"reviewer,": "who,"}, "missing: reviewer"),
        ({"verdict,": "verdict,verdict,"}, "the column 'verdict' stands there twice"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_one_message_and_nothing_is_written(
    home: Path, tmp_path: Path, change: dict[str, str], problem: str
) -> None:
    with pytest.raises(DefSimError) as caught:
        accept(home, edit(home, tmp_path / "ada.csv", change))
    assert problem in caught.value.message
    assert caught.value.fix
    assert accepted(home) == {}


def test_one_who_says_two_things_of_one_draft_is_an_error(home: Path, tmp_path: Path) -> None:
    first = review(home, tmp_path / "a.csv", "Ada", ALL_YES)
    second = review(home, tmp_path / "b.csv", "ADA", {"town.Q1#2": "no"})
    with pytest.raises(
        DefSimError, match=r"b\.csv, line 2: ADA says another thing of town\.Q1#2 than in a\.csv"
    ):
        accept(home, first, second)


def test_a_number_that_was_taken_is_not_given_to_another_text(home: Path, tmp_path: Path) -> None:
    accept(home, review(home, tmp_path / "ada.csv", "Ada", ALL_YES))
    with pytest.raises(DefSimError, match=r"town\.Q1#2 was taken before with another text"):
        accept(home, edit(home, tmp_path / "bo.csv", {"Would it be right": "Would it be good"}))


def test_a_cell_that_begins_as_a_formula_comes_back_as_it_was(home: Path) -> None:
    _, rows = ask(home, lambda request: sound(request).replace("Would it be", "=Would it be"), "seed=3")
    drafts = [row["draft"] for row in rows if row["item_id"] == "town.Q1"]
    assert drafts[-1].startswith("'=Would")
    again = sheet_file(home).read_bytes()
    ask(home, lambda request: sound(request).replace("Would it be", "=Would it be"), "seed=3")
    assert sheet_file(home).read_bytes() == again
    assert sheet(home) == rows


def test_the_command_line_says_what_is_asked_next(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = review(home, tmp_path / "ada.csv", "Ada", ALL_YES)
    assert main(["stage=rephrase", "survey=town", f"home={home}", f"accept={file}"]) == 0
    said = capsys.readouterr().out
    assert "asked         3 accepted wordings in 'en', by wordings=all" in said
    assert main(["stage=rephrase", "survey=town", f"home={home}", "accept=none.csv"]) == 2
    assert "none.csv does not exist" in capsys.readouterr().err
    both = [f"accept={file}", f"review={file}"]
    assert main(["stage=rephrase", "survey=town", f"home={home}", *both]) == 2
    assert "stage=rephrase does one thing" in capsys.readouterr().err

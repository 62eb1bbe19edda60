"""Review of items: a sheet for experts beside the codebook, and a survey without what they say no to."""

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from described_cells import misfits_of_sheet
from rephrased_homes import ask, configured, rephrased_home, sound

from def_sim.app.composing import compose_config
from def_sim.app.home import at_home
from def_sim.app.items_review import leave_out_items
from def_sim.app.main import main
from def_sim.app.run import prepare_run
from def_sim.app.schema import validate_config
from def_sim.errors import DefSimError

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return rephrased_home(tmp_path / "mine")


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sheet of the town's items, not filled in."""
    folder = tmp_path_factory.mktemp("blank")
    assert plan(rephrased_home(folder / "mine"), folder) == 0
    return written(folder)


def plan(home: Path, output: Path) -> int:
    return main(["stage=plan", "show=items", "survey=town", f"home={home}", f"output={output}"])


def written(output: Path) -> Path:
    return output / "codebooks" / "town-USA-items_review.csv"


def filled(path: Path, sheet: Path, reviewer: str, verdicts: Mapping[str, tuple[str, str]]) -> Path:
    """A reviewer's copy of the sheet: item -> verdict and note."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        valid, note = verdicts.get(row["item"], ("", ""))
        row.update({"valid": valid, "note": note, "reviewer": reviewer if valid else ""})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def leave_out(home: Path, *files: Path, words: tuple[str, ...] = ()) -> list[str]:
    with at_home(str(home)):
        return leave_out_items(configured(home, *words), [str(file) for file in files])


def asked(home: Path, survey: str) -> list[str]:
    with at_home(str(home)):
        run = prepare_run(validate_config(compose_config([f"survey={survey}"])))
    return [question.item_id for question in run.survey.questions]


def test_the_sheet_has_a_row_an_item_with_what_people_see(home: Path, tmp_path: Path) -> None:
    assert plan(home, tmp_path) == 0
    with written(tmp_path).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["item", "question", "options", "topic group", "valid", "reviewer", "note"]
    assert rows[1][1:3] == ["Should the town spend more on its parks?", "1 Agree; 2 Neither; 3 Disagree"]
    assert rows[2][3:] == ["No topic group", "", "", ""]
    assert len(rows) == 4
    assert misfits_of_sheet("codebooks/<survey>-<population>-items_review.csv", written(tmp_path)) == []


def test_a_sheet_that_somebody_has_filled_in_stays(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan(home, tmp_path)
    filled(written(tmp_path), written(tmp_path), "Ada", {"town.Q1": ("yes", "")})
    before = written(tmp_path).read_bytes()
    assert plan(home, tmp_path) == 0
    assert written(tmp_path).read_bytes() == before
    assert "somebody has filled it in" in capsys.readouterr().out


def test_items_with_a_no_are_left_out_of_a_survey_of_its_own(home: Path, blank: Path, tmp_path: Path) -> None:
    before = asked(home, "town")
    ada = filled(tmp_path / "ada.csv", blank, "Ada", dict.fromkeys(before, ("yes", "")))
    no = {"town.Q1": ("yes", ""), "town.Q2": ("no", "not of every town"), "town.Q3": ("yes", "")}
    bo = filled(tmp_path / "bo.csv", blank, "Bo", no)
    lines = leave_out(home, ada, bo)
    assert "left out      town.Q2: Bo says no (not of every town)" in lines
    assert "left out      town.Q3, since it follows one that is" in lines
    assert any(line.startswith("agreement     Ada, Bo: 67% of 3") and "kappa 0.00" in line for line in lines)
    assert asked(home, "town_reviewed") == ["town.Q1"]
    assert asked(home, "town") == before
    kept = (home / "surveys" / "town_reviewed.review.csv").read_text(encoding="utf-8-sig")
    assert "No topic group,no,Bo,not of every town" in kept
    assert (
        misfits_of_sheet("surveys/<survey>.review.csv", home / "surveys" / "town_reviewed.review.csv") == []
    )
    leave_out(home, ada, bo)  # the same again is no conflict


def test_a_shipped_survey_is_reviewed_into_the_home_under_the_name_given(
    home: Path, blank: Path, tmp_path: Path
) -> None:
    plan_words = ["stage=plan", "show=items", "survey=facts", f"home={home}", f"output={tmp_path}"]
    assert main(plan_words) == 0
    [sheet] = (tmp_path / "codebooks").glob("facts-*-items_review.csv")
    first = sheet.read_text(encoding="utf-8-sig").splitlines()[1].split(",")[0]
    ada = filled(tmp_path / "ada.csv", sheet, "Ada", {first: ("no", "")})
    command = ["stage=rephrase", "survey=facts", f"home={home}", f"review={ada}", "name=my_facts"]
    assert main(command) == 0
    survey = yaml.safe_load((home / "surveys" / "my_facts.yaml").read_text(encoding="utf-8"))
    assert survey["name"] == "my_facts"
    assert first not in survey["items"]
    assert survey["items"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"town.Q1,": "town.Q9,"}, "ada.csv, line 2: survey town has no item 'town.Q9'"),
        ({"more on its parks": "on parks"}, "line 2: question is not the base wording of town.Q1 in 'en'"),
        ({",no,Ada,": ",nope,Ada,"}, "line 2: valid must be yes, no or empty, found 'nope'"),
        ({",no,Ada,": ",no,,"}, "line 2: valid is given, and reviewer is empty"),
        ({",no,Ada,": ",,,"}, "no row says whether its item is valid"),
        ({"valid,": "fine,"}, "missing: valid"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_one_message_and_nothing_is_written(
    home: Path, blank: Path, tmp_path: Path, change: dict[str, str], problem: str
) -> None:
    path = filled(tmp_path / "ada.csv", blank, "Ada", {"town.Q1": ("no", "")})
    text = path.read_text(encoding="utf-8")
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefSimError) as caught:
        leave_out(home, path)
    assert problem in caught.value.message
    assert not (home / "surveys" / "town_reviewed.yaml").exists()


def test_a_survey_that_is_there_is_not_replaced_and_one_item_stays(
    home: Path, blank: Path, tmp_path: Path
) -> None:
    every = dict.fromkeys(("town.Q1", "town.Q2", "town.Q3"), ("no", ""))
    path = filled(tmp_path / "ada.csv", blank, "Ada", every)
    with pytest.raises(DefSimError, match="Reviewers say no to every item"):
        leave_out(home, path)
    filled(path, blank, "Ada", {"town.Q1": ("no", "")})
    with pytest.raises(DefSimError, match="a survey 'town' is there already"):
        leave_out(home, path, words=("name=town", f"review={path}"))


def test_drafts_stand_beside_the_base_in_the_codebook(home: Path, tmp_path: Path) -> None:
    ask(home, sound)
    assert plan(home, tmp_path) == 0
    html = (tmp_path / "codebooks" / "town-USA.html").read_text(encoding="utf-8")
    assert "Would it be right for the town to pay more for its parks?" in html
    assert html.count("draft, not asked") == 3
    assert "gpt4o: same; gpt4o: only words differ" in html

"""The guides of docs/ followed to the letter: files written and commands run in an empty folder.

A file's text is the block below a line that is its name and a colon; commands stand in blocks of `console`.
"""

import re
import shlex
from pathlib import Path

import pytest
from homes import write_files

from def_sim.answers.storage.shards import read_answers
from def_sim.app.main import main
from def_sim.records import AnswerStatus

DOCS = Path(__file__).parents[2] / "docs" / "how_to"
FILE = re.compile(r"^`(my_home/[^`]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Not those of a block with a comment above it: they need what only the reader has.
COMMANDS = re.compile(r"(?<!-->\n\n)^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAM = ["def-sim"]

pytestmark = [pytest.mark.docs, pytest.mark.slow]


def files_of(text: str) -> dict[str, str]:
    return dict(FILE.findall(text))


def commands_of(text: str) -> list[list[str]]:
    lines = [
        shlex.split(line.removeprefix("$ "))
        for block in COMMANDS.findall(text)
        for line in block.splitlines()
    ]
    assert all(line[:1] == PROGRAM for line in lines)
    return [line[1:] for line in lines]


def text_of(guide: str) -> str:
    return (DOCS / guide).read_text(encoding="utf-8")


GUIDES = {
    "add_a_survey.md": (5, "Town survey: 1 question in en"),
    "add_a_model.md": (1, "My model"),
    "add_a_strategy.md": (2, "strategy majority"),
    "add_a_country.md": (4, "US questionnaire: 2 questions in en, frame in en, compared with FRA"),
}

FRAMES = "add_frames.md"  # its texts need a judge before there is a report


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_followed_to_the_letter_ends_in_a_plan_and_a_report(
    guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    num_files, planned = GUIDES[guide]
    files, (plan, run) = files_of(text_of(guide)), commands_of(text_of(guide))
    assert len(files) == num_files
    write_files(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    assert main(plan) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "stage=plan" in plan
    assert planned in said
    assert "not ready" not in said
    assert main(run) == 0, capsys.readouterr().err
    assert len(list(tmp_path.glob("outputs/*/*/*/report.html"))) == 1


def test_frames_added_by_the_guide_are_shown_and_asked_and_wait_for_a_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = text_of(FRAMES)
    plan, interview = commands_of(text)
    write_files(tmp_path, files_of(text))
    monkeypatch.chdir(tmp_path)
    assert main(plan) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "frame homework (tutoring), respondent r00000" in said
    assert "frame exam (tutoring), respondent r00001" in said
    assert "not ready" not in said
    assert main(interview) == 0, capsys.readouterr().err
    [folder] = tmp_path.glob("outputs/demo/us/scenarios-*")
    answers = read_answers(folder)
    assert len(answers) == 4 * 2
    assert {answer.status for answer in answers} == {AnswerStatus.UNJUDGED}
    assert len({answer.prompt_hash for answer in answers}) == 2 * 2  # frames by questions


def test_a_guide_names_each_of_its_files_in_a_home() -> None:
    """Else a block that is meant as a file would be passed over in silence."""
    for guide in (*GUIDES, FRAMES):
        named = set(re.findall(r"`(my_home/[^`]+)`", text_of(guide)))
        assert named == set(files_of(text_of(guide))), guide

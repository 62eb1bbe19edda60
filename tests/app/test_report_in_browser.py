"""The report in a real browser: its script runs under its own security policy, Chinese is set."""

import subprocess
from pathlib import Path

import pytest
from chromium import CHROMIUM, FLAGS, NEEDS_CHROMIUM
from runs import run_folder, words
from waiting import HANG_S

from def_sim.app.main import main

pytestmark = NEEDS_CHROMIUM


@pytest.mark.parametrize(("survey", "label"), [("us", "Very important"), ("cn", "非常重要")])
def test_the_answer_browser_shows_a_question_and_how_it_was_read(
    survey: str, label: str, tmp_path: Path
) -> None:
    assert main(words(tmp_path / "runs", f"survey={survey}", respondents=2)) == 0
    report = run_folder(tmp_path / "runs") / "report.html"
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", report.as_uri()],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=True,
    )
    # The raw file holds answers as packed data; only a running script writes them into the page.
    assert "Answer: " in done.stdout
    assert label in done.stdout
    assert "r00000" in done.stdout
    assert "Refused to" not in done.stderr  # nothing of ours breaks our own policy

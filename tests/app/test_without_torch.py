"""The home with a respondent that needs no torch, by which .ci/run tries each other Python."""

from pathlib import Path

import pytest

from def_sim.answers.storage.completion import is_complete
from def_sim.app.main import main

HOME = Path(__file__).parents[1] / "without_torch"
WORDS = (
    *(f"home={HOME}", "model=scripted", "survey=us_short", "respondents=2"),
    "items=[wvs7.Q27,wvs7.Q164,gss2022.happy]",
)


@pytest.mark.slow
def test_an_interview_without_torch_ends_with_a_report_that_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*WORDS]) == 0
    [folder] = Path("outputs").glob("scripted/us_short/*")
    assert is_complete(folder)
    assert main([*WORDS, "stage=verify"]) == 0
    told = capsys.readouterr().out
    assert "Each of 6 answers could be read." in told
    assert "planted truth" not in told  # a demonstration without a folder of its own has none on file

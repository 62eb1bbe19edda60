"""Planted truth: an unaltered sample from the demo respondent gives back what it was trained to answer.

docs/reproducibility.md has the command for the whole questionnaire with 200 respondents; here a part
of it, so that a change that bends the answers is noticed.
"""

from pathlib import Path

import pandas as pd
import pytest
from runs import run_folder, words

from def_sim.answers.storage.manifest import read_manifest
from def_sim.app.demo_truth import planted_truth
from def_sim.app.main import main
from def_sim.app.reporting import arrays_of, panel_answers
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.evaluation.demo_truth import compare_with_planted

pytestmark = pytest.mark.slow
PLAIN = (
    "modifications.configuration=false",  # one beam, sampling, temperature 1 for everyone
    "decoding.top_k=0",
)
LANGUAGES = (["survey=us"], ["survey=cn"], ["survey=cn", "frame_language=zh"])


def held(tmp_path: Path, *more: str) -> tuple[Run, Path]:
    """A run of 60 respondents on a few questions, prepared again from its manifest."""
    assert main(words(tmp_path, "stage=interview", *more, respondents=60)) == 0
    folder = run_folder(tmp_path)
    return prepare_run(validate_config(read_manifest(folder)["config"])), folder


@pytest.mark.parametrize("choice", LANGUAGES, ids=lambda choice: "-".join(choice))
def test_a_plain_sample_lies_within_a_tenth_of_the_planted_shares(choice: list[str], tmp_path: Path) -> None:
    run, folder = held(tmp_path, *choice, *PLAIN)
    answers = panel_answers(run, folder)
    compared = compare_with_planted(
        arrays_of(run, answers), planted_truth(run), seed=run.config.seed, num_draws=run.config.scoring.draws
    )
    assert compared["num_items"] == 8
    assert compared["total_variation"] <= compared["floor"] + 0.10
    assert sum(answer.status.value == "answered" for answer in answers) >= 0.95 * len(answers)


def test_beams_pull_answers_to_the_mode_and_the_report_says_so(tmp_path: Path) -> None:
    _, plain = held(tmp_path / "plain", *PLAIN)
    beams = ["modifications.configuration=false", "decoding.num_beams=5", "decoding.do_sample=false"]
    _, narrow = held(tmp_path / "beams", *beams)
    ratios = []
    for folder in (plain, narrow):
        assert main(["stage=report", f"run_folder={folder}"]) == 0
        scores = pd.read_csv(folder / "metrics.csv")
        macro = scores[(scores["metric"] == "entropy_ratio") & (scores["scope"] == "macro")]
        ratios.append(macro["value"].item())
    assert ratios[1] < ratios[0] - 0.2
    html = (narrow / "report.html").read_text(encoding="utf-8")
    assert "Beams pull answers to the most likely one" in html
    assert "Against the planted truth" in html

"""Planted truth: an unaltered sample from the demo respondent gives back what it was trained to answer.

docs/about/reproducibility.md has the command for the whole questionnaire with 200 respondents; here a part
of it, so that a change that bends the answers is noticed.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runs import run_folder, words
from scipy.stats import ttest_ind

from def_sim.answers.storage.manifest import read_manifest
from def_sim.app.demo_truth import PLANTED_GROUPS, planted_truth
from def_sim.app.main import main
from def_sim.app.read_panel import arrays_of, panel_answers
from def_sim.app.run import Run, prepare_run, resolve_path
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


def leans(run: Run, folder: Path) -> pd.DataFrame:
    """Each respondent's mean place among the options, from -1 to 1, and what is planted for its group."""
    path = Path(str(resolve_path("package://respondents/demo"))) / PLANTED_GROUPS
    planted = pd.read_csv(path).set_index(["item_id", "code"])
    questions = {q.item_id: q for q in run.survey.questions if q.max_choices == 1 and q.follow_up_of is None}
    groups = {respondent.id: respondent.persona.group for respondent in run.panel}
    rows = []
    for answer in panel_answers(run, folder):
        if answer.item_id in questions and answer.choices:
            codes = list(questions[answer.item_id].codes)
            places = np.linspace(-1, 1, len(codes))
            shares = planted.loc[answer.item_id][groups[answer.respondent_id]].loc[codes].to_numpy()
            found = places[codes.index(answer.choices[0])]
            rows.append((answer.respondent_id, found, places @ shares / shares.sum()))
    table = pd.DataFrame(rows, columns=["respondent", "found", "planted"]).groupby("respondent").mean()
    return table.assign(sex=[groups[one].partition("|")[0] for one in table.index])


def test_the_planted_lean_of_the_sexes_is_recovered_within_its_interval(tmp_path: Path) -> None:
    persons = (
        "modifications.persona=demographic",
        "modifications.quotas=equal",
        "modifications.memory=false",
    )
    table = leans(*held(tmp_path, *persons, *PLAIN))
    men, women = (table[table["sex"] == sex] for sex in ("male", "female"))
    interval = ttest_ind(men["found"], women["found"]).confidence_interval(0.99)
    planted = men["planted"].mean() - women["planted"].mean()
    assert 0 < interval.low < planted < interval.high


@pytest.mark.full  # two panels, one of them with five beams
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

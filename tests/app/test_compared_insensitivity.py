"""Rates of defects of several runs side by side: those of their own reports, under each judge."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from scripted_runs import hold

import def_sim.app.insensitivity as insensitivity
from def_sim.answers.storage.completion import mark_complete
from def_sim.answers.storage.shards import read_answers
from def_sim.app.main import main
from def_sim.app.run import Run
from def_sim.engines.scripted import ScriptedEngine
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Source, Verdict, hash_answer

pytestmark = pytest.mark.slow

MODELS = ("mistral7b", "llama3_8b")
NAME = "insensitivity-1"


def without_marks(run: Run) -> ScriptedEngine:
    """A respondent who gives a number alone in every second answer of theirs."""
    is_marked = {question.item_id: number % 2 for number, question in enumerate(run.survey.questions)}

    def reply(request):  # type: ignore[no-untyped-def]
        return "Answer: 1\nExplanation: I think so." if is_marked[request.key.item_id] else "1"

    return ScriptedEngine(reply=reply)


def a_set(folder: Path) -> tuple[VerdictSet, ...]:
    """Every answer judged on RP; the first one of a run is a defect."""
    verdicts = tuple(
        Verdict(a.respondent_id, a.item_id, a.wording, "RP", i == 0, Source.JUDGE, answer_hash=hash_answer(a))
        for i, a in enumerate(read_answers(folder))
    )
    return (VerdictSet(NAME, "insensitivity", {"label": "Judge J"}, "json", len(verdicts), verdicts),)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of two models' runs of 12 answers, judged and reported."""
    output = tmp_path_factory.mktemp("reported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(insensitivity, "read_verdict_sets", a_set)
        for model in MODELS:
            words = (f"model={model}", "respondents=3")
            folder = hold(output, *words, is_reported=False, respondent=without_marks)
            assert main(["stage=report", f"run_folder={folder}"]) == 0
    return output


@pytest.fixture
def outputs(reported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reported, tmp_path / "outputs"))


def compare(outputs: Path) -> int:
    return main(["stage=report", f"runs={outputs}/**", f"output={outputs}"])


def test_rates_of_all_runs_stand_in_one_table_under_each_judge(outputs: Path) -> None:
    assert compare(outputs) == 0
    table = pd.read_csv(outputs / "comparison" / "insensitivity.csv", keep_default_na=False, na_values=[""])
    assert set(table["model"]) == set(MODELS)
    rates = table.set_index(["set", "dimension", "model"])["rate"]
    # llama3_8b is a base model: its prompt ends in "Answer:", but an explanation was asked for.
    for model in MODELS:
        assert rates["rules", "IU", model] == 6 / 12
        assert rates[NAME, "RP", model] == pytest.approx(1 / 12)
    page = (outputs / "comparison" / "comparison.html").read_text(encoding="utf-8")
    assert "By rules, all answers" in page
    assert f"Judged by Judge J: {NAME}" in page
    assert page.count('class="radar small"') == 4
    # Of a half, three respondents with two in four each: worth 12 (1.960 / 4.303)^2 = 2.49 answers.
    assert '<td>50 %<span class="interval-words">11 % to 89 %</span></td>' in page
    assert '<th scope="col">Group</th>' in page


def test_runs_whose_report_has_no_rates_are_compared_without_them(tmp_path: Path) -> None:
    hold(tmp_path, "respondents=3")
    assert compare(tmp_path) == 0
    assert pd.read_csv(tmp_path / "comparison" / "insensitivity.csv").empty
    page = (tmp_path / "comparison" / "comparison.html").read_text(encoding="utf-8")
    assert 'id="insensitivity"' not in page


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text.replace("IU", "QC"), "a dimension stands twice"),
        (lambda text: text.replace("rules,,IU", "rules,,XX"), "has no row IU"),
        (lambda text: text.replace(",0.5,", ",7,"), "a rate is no share"),
        (lambda text: text.replace("if_missing_low", "other"), "if_missing_low"),
        (lambda text: text.replace("rules,,IU,12", "rules,,IU,many"), "many"),
    ],
)
def test_a_table_that_is_none_is_named_with_what_to_do(
    change, expected: str, outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # type: ignore[no-untyped-def]
    [folder] = outputs.glob("mistral7b/us/*")
    path = folder / "insensitivity.csv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    mark_complete(folder, ["metrics.csv", "insensitivity.csv"], num_answers=12)
    assert compare(outputs) == 0
    said = capsys.readouterr().out
    assert f"left out      {folder}: It cannot be read: " in said
    assert "is no table of rates" in said
    assert expected in said
    assert "stage=report run_folder=" in said


def test_a_run_with_a_changed_table_is_left_out(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [folder] = outputs.glob("mistral7b/us/*")
    path = folder / "insensitivity.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    assert compare(outputs) == 0
    assert "insensitivity.csv is missing or has changed" in capsys.readouterr().out

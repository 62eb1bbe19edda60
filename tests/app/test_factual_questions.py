"""Questions with a right answer stand apart: they change no score, and the report counts wrong choices."""

from pathlib import Path

import pandas as pd
import pytest
from scripted_runs import hold

from def_sim.answers.storage.manifest import read_manifest
from def_sim.app.evaluated_run import facts_of
from def_sim.app.main import main
from def_sim.app.read_panel import panel_answers
from def_sim.app.reporting import write_report
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.engines.scripted import ScriptedEngine
from def_sim.records import RUN_COLUMNS

pytestmark = pytest.mark.slow

FACTS = ("wvs7.Q91", "wvs7.Q92", "wvs7.Q93")
OPINIONS = "items=[wvs7.Q1,wvs7.Q46,wvs7.Q57]"
BOTH = f"items=[wvs7.Q1,wvs7.Q46,wvs7.Q57,{','.join(FACTS)}]"


def always_first(run: Run) -> ScriptedEngine:
    return ScriptedEngine({question.item_id: {question.codes[0]: 1.0} for question in run.survey.questions})


def reported(output: Path, *words: str) -> tuple[Run, Path]:
    folder = hold(output, "respondents=5", *words, is_reported=False, respondent=always_first)
    manifest = read_manifest(folder)
    run = prepare_run(validate_config(manifest["config"]))
    write_report(run, folder, manifest)
    return run, folder


def test_facts_change_no_score_of_opinions(tmp_path: Path) -> None:
    _, plain = reported(tmp_path / "plain", OPINIONS)
    _, more = reported(tmp_path / "more", BOTH, "factual=true")
    assert plain.name != more.name
    for table, read in (
        ("metrics.csv", pd.read_csv),
        ("statuses.csv", pd.read_csv),
        ("distributions.parquet", pd.read_parquet),
        ("measures.csv", pd.read_csv),
    ):
        found, expected = (read(folder / table).drop(columns=list(RUN_COLUMNS)) for folder in (more, plain))
        pd.testing.assert_frame_equal(found[: len(expected)], expected, check_dtype=False, check_exact=True)
        assert len(found) == len(expected) or table == "measures.csv"
    assert (more / "measures.csv").read_text().count(",facts,wrong_share,wvs7.Q9") == 3


def test_a_plan_says_that_facts_stand_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stage=plan", "survey=facts"]) == 0
    said = capsys.readouterr().out
    assert "wvs7.Q91, wvs7.Q92, wvs7.Q93: with a right answer" in said
    assert "in no topic group" not in said


def test_the_report_of_facts_alone_counts_wrong_choices_beside_people(tmp_path: Path) -> None:
    # The first option is right on the second question only.
    run, folder = reported(tmp_path, "survey=facts", "items=null")
    facts = facts_of(run, panel_answers(run, folder))
    assert facts is not None
    assert [item.wrong for item in facts.items] == [1.0, 0.0, 1.0]
    assert [round(item.people_wrong, 2) for item in facts.items] == [0.34, 0.65, 0.12]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Factual questions" in page
    for words in ("<td>34 %</td>", "<td>65 %</td>", "<td>12 %</td>", "<td>India</td>"):
        assert words in page

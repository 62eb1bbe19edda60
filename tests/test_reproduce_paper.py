"""scripts/reproduce_paper.sh, what it gathers in the end, and the table of claims in the documents."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scripts_loaded import SCRIPTS, script
from waiting import HANG_S

from def_sim.resources import data_folder
from def_sim.surveys.published_claims import read_claims

SCRIPT = SCRIPTS / "reproduce_paper.sh"
STEPS = ["paper_main", "baselines", "diversity_ablation", "language_ablation", "judge", "audit"]
STEPS += ["interaction_styles", "stance", "claims"]
# In place of python: says what it was called with; gives the folder of one run; fails where it is told to.
STUB = """#!/bin/sh
if [ "$1" = - ]; then echo "$OUTPUT/m1/us/run"; exit 0; fi
echo "called $*"
case "$*" in *"$FAIL"*) exit 7 ;; esac
"""


def reproduce(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if name not in ("MODELS", "OUTPUT", "JUDGE")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", str(SCRIPT), *words],
        env={**outside, "PATH": path, "PYTHONPATH": str(SCRIPTS.parent), **environment},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )


def dry_run(tmp_path: Path, *words: str, fail: str = "nothing fails") -> tuple[int, list[str]]:
    """Exit code and the commands of the script, none of which is run."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(STUB, encoding="utf-8")
    (tmp_path / "bin" / "python").chmod(0o755)
    (tmp_path / "m1" / "us" / "run" / "verdicts" / "insensitivity-1").mkdir(parents=True)
    (tmp_path / "m1" / "goqa_binary" / "run").mkdir(parents=True)
    done = reproduce(
        *words,
        PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        MODELS="m1 m2",
        RESPONDENTS="3",
        OUTPUT=str(tmp_path),
        JUDGE="judge1 rubric.sample=9",
        FAIL=fail,
    )
    lines = [line.removeprefix("called ") for line in done.stdout.splitlines() if line.startswith("called ")]
    return done.returncode, [line.replace(str(tmp_path), "OUT").removeprefix("-m def_sim ") for line in lines]


def test_every_step_is_a_command_with_the_models_respondents_and_output_of_the_environment(
    tmp_path: Path,
) -> None:
    code, commands = dry_run(tmp_path)
    assert code == 0
    of_all = "respondents=3 output=OUT"
    assert commands[:4] == [
        f"experiment=paper_main model=m1,m2 experiment.reports=true {of_all}",
        f"experiment=baselines model=m1,m2 {of_all}",
        f"experiment=diversity_ablation model=m1,m2 survey=us,cn {of_all}",
        f"experiment=language_ablation model=m1,m2 {of_all}",
    ]
    assert commands[4:8] == [
        "stage=judge rubric=insensitivity runs=[OUT/m1/us/run] model=judge1 rubric.sample=9",
        "stage=report run_folder=OUT/m1/us/run",
        f"stage=report experiment=paper_main model=m1,m2 {of_all}",
        "stage=audit run_folder=OUT/m1/us/run export=OUT/audit/m1-us-run",
    ]
    assert commands[8:11] == [
        f"experiment=interaction_styles model=m1,m2 {of_all}",
        "stage=judge rubric=stance runs=[OUT/m1/goqa_binary/*] model=judge1 rubric.sample=9",
        f"stage=report experiment=interaction_styles model=m1,m2 {of_all}",
    ]
    assert commands[11].endswith("gather_claims.py OUT")
    assert len(commands) == 12


def test_a_step_that_fails_ends_the_script_with_its_exit_code(tmp_path: Path) -> None:
    code, commands = dry_run(tmp_path, fail="experiment=diversity_ablation")
    assert code == 7
    assert [command.split()[0] for command in commands] == [
        *("experiment=paper_main", "experiment=baselines", "experiment=diversity_ablation")
    ]


def test_a_plan_names_every_step_and_asks_nothing(tmp_path: Path) -> None:
    code, commands = dry_run(tmp_path, "--plan", fail="experiment=interaction_styles")
    assert code == 7  # it cannot be planned, which hides no other estimate
    assert commands
    assert all(command.startswith("stage=plan ") for command in commands)
    assert not (tmp_path / "audit").exists()


def test_the_plan_of_one_step_gives_its_estimates_and_names_what_of_the_studies_it_shows(
    tmp_path: Path,
) -> None:
    options = "survey=us items=[wvs7.Q1,wvs7.Q46]"
    words = {"MODELS": "demo", "RESPONDENTS": "2", "OUTPUT": str(tmp_path / "runs"), "OPTIONS": options}
    done = reproduce("--plan", "--only", "baselines", **words)
    assert done.returncode == 0, done.stderr
    assert "== baselines: A, divergence under the framework" in done.stdout
    # 2 items x 2 respondents x 5 strategies, with 1, 1, 1, 16 and 3 calls an answer
    assert "all 5         20 answers, 88 calls" in done.stdout
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("--only", "nothing"), ("--only",), ("--all",)])
def test_an_unknown_word_or_step_is_named_with_what_there_is(words: tuple[str, ...]) -> None:
    done = reproduce(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words[-1] in done.stderr
    assert "--only STEP" in done.stderr or all(step in done.stderr for step in STEPS)


def test_without_a_judge_the_step_that_needs_one_says_so(tmp_path: Path) -> None:
    page = tmp_path / "experiments" / "paper_main-1"
    page.mkdir(parents=True)
    (page / "comparison.csv").write_text(
        f"model,share_done,folder\ndemo,1.0,{tmp_path}/x\n", encoding="utf-8"
    )
    done = reproduce("--only", "judge", MODELS="demo", OUTPUT=str(tmp_path))
    assert done.returncode == 2
    assert "JUDGE is empty" in done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_the_script_is_clean() -> None:
    done = subprocess.run(["shellcheck", str(SCRIPT)], capture_output=True, text=True, timeout=HANG_S)
    assert done.returncode == 0, done.stdout


def test_verdicts_of_all_experiments_are_gathered_and_the_others_are_not_run(tmp_path: Path) -> None:
    header = "claim,statistic,value,low,high,verdict,reason\n"
    for name, line in (
        ("a-1", "A3,d,1,0.5,2,supported,r\nA4,,,,,not run,r\n"),
        ("b-2", "A3,d,1,-1,2,undecided,r\n"),
    ):
        (tmp_path / "experiments" / name).mkdir(parents=True)
        (tmp_path / "experiments" / name / "claims.csv").write_text(header + line, encoding="utf-8")
    rows = script("gather_claims").gather(tmp_path)
    told = [(row["claim"], row["verdict"], row["experiment"]) for row in rows if row["experiment"]]
    assert told == [("A3", "supported", "a-1"), ("A3", "undecided", "b-2")]
    assert len(rows) == 24  # 23 claims, one of them with two verdicts
    assert {row["verdict"] for row in rows if not row["experiment"]} == {"not run", "not checkable"}


def test_the_table_in_the_documents_is_what_the_file_of_claims_gives() -> None:
    module, claims = script("describe_claims"), read_claims(data_folder())
    document = module.DOCUMENT.read_text(encoding="utf-8")
    table = module.claims_markdown(claims)
    assert module.with_table(document, table) == document, "python scripts/describe_claims.py --write"
    named = [row[1].split()[0] for row in csv.reader(table.splitlines()[2:], delimiter="|")]
    assert named == [claim.id for claim in claims]

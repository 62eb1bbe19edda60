"""Every shipped strategy, planned, asked, reported and verified from the command line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from judged_runs import a_judge, judge
from runs import run_folder

from def_sim.answers.storage.calls import read_calls
from def_sim.app.main import main
from def_sim.resources import conf_folder

STRATEGIES = sorted(path.stem for path in (conf_folder() / "strategy").glob("*.yaml"))
CALLS = {"ccsv": 16, "ccsv_lite": 3}
JUDGED = {"chain_of_thought", "scenarios"}  # whose texts a judge reads
SPECIAL = {*CALLS, *JUDGED, "verbalised"}  # of the others each asks one thing and reads one option
ITEMS = "items=[wvs7.Q1,wvs7.Q48,wvs7.Q7_17]"  # one choice, a scale, several choices

pytestmark = pytest.mark.slow


def words(output: Path, strategy: str, *more: str) -> list[str]:
    return [
        ITEMS,
        f"strategy={strategy}",
        "respondents=2",
        "decoding.max_new_tokens=32",
        "scoring.draws=20",
        f"output={output}",
        *more,
    ]


@pytest.mark.parametrize(
    "strategy",
    [pytest.param(name, marks=[] if name in SPECIAL else pytest.mark.full) for name in STRATEGIES],
)
def test_a_strategy_asks_as_often_as_planned_and_its_run_is_verified(
    strategy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = ["strategy.max_new_tokens=32"] if strategy in JUDGED else []
    assert main(words(tmp_path, strategy, "stage=plan", *short)) == 0
    num_calls = CALLS.get(strategy, 1)
    planned = f"at most {6 * num_calls}, up to {num_calls} a question"
    assert (planned in capsys.readouterr().out) == (num_calls > 1)
    assert main(words(tmp_path, strategy, *short)) == 0
    folder = run_folder(tmp_path)
    made = sum(len(calls) for calls in read_calls(folder).values())
    assert made == (6 * num_calls if num_calls > 1 else 0)
    if strategy in JUDGED:
        judge(folder, a_judge(lambda request: '{"classification": 1}'), "rubric=stance")
        assert main(["stage=report", f"run_folder={folder}"]) == 0
    assert main(["stage=verify", f"run_folder={folder}"]) == 0


def test_one_changed_byte_of_a_critique_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(tmp_path, "ccsv_lite")) == 0
    [journal] = run_folder(tmp_path).glob("answers/calls-*.jsonl")
    content = journal.read_bytes()
    place = next(
        content.index(line) + line.index(b'"text"') + 10
        for line in content.splitlines()
        if json.loads(line)["call"] == 1
    )
    journal.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    assert main(["stage=verify", f"run_folder={run_folder(tmp_path)}"]) != 0
    assert journal.name in capsys.readouterr().err


def test_a_way_of_answering_that_a_strategy_cannot_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(tmp_path, "ccsv", "answer_mode=constrained")) == 2
    said = capsys.readouterr().err
    assert "strategy=ccsv cannot read answers given by answer_mode=constrained" in said
    assert "answer_mode=free" in said
    assert not list(tmp_path.iterdir())


def test_rewrites_without_critiques_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(tmp_path, "ccsv", "strategy.num_critiques=0")) == 2
    assert "strategy.num_critiques=0: expected at least 1" in capsys.readouterr().err


def test_a_number_alone_is_not_counted_as_an_answer_without_its_explanation(tmp_path: Path) -> None:
    assert main(words(tmp_path, "classification")) == 0
    table = pd.read_csv(run_folder(tmp_path) / "insensitivity.csv").set_index("dimension")
    assert np.isnan(table.loc["IU", "rate"])
    assert not np.isnan(table.loc["IR", "rate"])

"""What follows an experiment's interviews: a judge reads the texts that need one, and sheets are written."""

from pathlib import Path

import pandas as pd
import pytest
from described_cells import misfits_of_comparison

from def_sim.app.composing import compose_experiment, composed_experiment, configured
from def_sim.app.experiment_judging import judge_arms, judges_of, waiting_lines
from def_sim.app.experiments import PlannedArm
from def_sim.app.main import main
from def_sim.resources import conf_folder

pytestmark = pytest.mark.slow

STYLES = "strategy=single,scenarios"
ITEMS = "items=[wvs7.Q1,wvs7.Q46]"
SMOKE = ("experiment=smoke", STYLES, ITEMS, "respondents=2", "scoring.draws=20")
NOBODY = ("experiment=smoke", STYLES, ITEMS, "respondents=2", "experiment.judge=[]")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smoke experiment in short: one arm that rules read, and one that a judge reads."""
    output = tmp_path_factory.mktemp("judged")
    assert main([*SMOKE, f"output={output}"]) == 0
    return output


def journals(output: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in output.glob("demo/us/*/verdicts/*/*") if path.is_file()}


def test_an_arm_whose_texts_a_judge_reads_is_compared_by_the_same_command(output: Path) -> None:
    assert [Path(name).parents[2].name.partition("-")[0] for name in journals(output)].count("scenarios") >= 2
    [table] = output.glob("experiments/smoke-*/arms.csv")
    assert set(pd.read_csv(table)["arm"]) == {"strategy single", "strategy scenarios"}
    assert misfits_of_comparison(table.parent) == []
    page = (table.parent / "comparison.html").read_text(encoding="utf-8")
    assert "Left out" not in page
    assert "100 %; its verdicts mean nothing" in page  # the demo is its judge


def test_two_coders_get_a_sheet_each_of_what_was_judged(output: Path) -> None:
    sheets = sorted(output.glob("experiments/smoke-*/audit/*.csv"))
    assert [path.stem.partition("-")[0] for path in sheets] == ["scenarios", "scenarios"]
    assert [path.stem[-2:] for path in sheets] == ["_1", "_2"]
    assert all(len(pd.read_csv(path)) == 4 for path in sheets)  # 2 respondents x 2 items


def test_the_same_command_judges_nothing_twice_and_leaves_the_sheets(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [sheet, _] = sorted(output.glob("experiments/smoke-*/audit/*.csv"))
    coded = sheet.read_text(encoding="utf-8") + "\n"
    sheet.write_text(coded, encoding="utf-8")
    before = journals(output)
    assert main([*SMOKE, f"output={output}"]) == 0
    assert journals(output) == before
    assert sheet.read_text(encoding="utf-8") == coded
    assert "_*.csv are there already" in capsys.readouterr().out


def held(output: Path) -> list[tuple[PlannedArm, Path]]:
    arms = compose_experiment(NOBODY).arms
    return [(arm, next(output.glob(f"demo/us/{arm.run.config.strategy.name}-*"))) for arm in arms]


def test_texts_that_nobody_has_read_are_told_with_the_command_that_names_a_judge(
    output: Path, tmp_path: Path
) -> None:
    assert waiting_lines(held(output)) == []
    [line] = waiting_lines([(arm, tmp_path) for arm, _ in held(output)])
    assert line.endswith("texts of 1 arm wait for a judge: the same command with experiment.judge=MODEL")


def test_a_judge_that_may_not_judge_is_told_and_the_arm_is_named(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judges = judges_of(compose_experiment([*NOBODY[:-1], "experiment.judge=demo"]), configured)
    [failed] = judge_arms(held(output), judges, sheets=None)
    assert failed.startswith("strategy=scenarios: Demo respondent")
    assert "cannot judge: what it says means nothing" in capsys.readouterr().err


def test_a_plan_says_how_many_texts_a_judge_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*NOBODY[:-1], "stage=plan", "experiment.judge=claude"]) == 0
    assert "judge         reads 4 texts of 1 arm afterwards (stance): model=claude" in capsys.readouterr().out
    assert main([*NOBODY, "stage=plan"]) == 0
    assert "(stance): nobody yet: name a judge" in capsys.readouterr().out


REFUSED = {
    'experiment.judge=["model=demo","rubric=stance"]': "`rubric=stance` is not for it to say",
    "experiment.judge=demos": "Did you mean `model=demo`?",
    'experiment.judge=["model=demo","judging.formats=code"]': "judging.formats",
    "experiment.judge=3": "experiment.judge",
}


@pytest.mark.parametrize(("word", "message"), REFUSED.items())
def test_what_is_no_judge_is_refused_before_anything_is_asked(
    word: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*NOBODY[:-1], word, f"output={tmp_path / 'out'}"]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("error:") == told.count("do:") == 1
    assert not any(tmp_path.iterdir())


def test_a_bare_name_is_the_model_of_the_judge() -> None:
    found = compose_experiment([*NOBODY[:-1], "experiment.judge=gpt4o"]).choice.judge
    assert found == ["model=gpt4o"]


@pytest.mark.parametrize("name", sorted(path.stem for path in (conf_folder() / "experiment").glob("*.yaml")))
def test_every_shipped_experiment_takes_a_judge_on_the_command_line(name: str) -> None:
    words = [f"experiment={name}", "experiment.judge=gpt4o", "experiment.audit=true"]
    block = composed_experiment(name, words)["experiment"]
    assert (block["judge"], block["audit"]) == ("gpt4o", True)

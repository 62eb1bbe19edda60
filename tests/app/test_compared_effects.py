"""`stage=report runs=...` of arms: which tables of effects are written, and when they are removed."""

from pathlib import Path

import pandas as pd
import pytest
from described_cells import misfits_of_comparison
from scripted_runs import hold

from def_sim.app.main import main

pytestmark = pytest.mark.slow
WORDS = ("survey=us_short", "items=null", "model=mistral7b", "respondents=3")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four arms of two switches, and three that ask for citizens of somebody."""
    output = tmp_path_factory.mktemp("arms")
    for prompt in ("true", "false"):
        for memory in ("true", "false"):
            words = (f"modifications.prompt={prompt}", f"modifications.memory={memory}")
            hold(output / "switches", *WORDS, *words)
    for country in ("none", "USA", "CHN"):
        hold(output / "personas", *WORDS, f"persona_country={country}", "modifications.prompt=false")
    return output


def compare(outputs: Path, pattern: str, output: Path) -> dict[str, pd.DataFrame]:
    assert main(["stage=report", f"runs={outputs}/{pattern}", f"output={output}"]) == 0
    assert misfits_of_comparison(output / "comparison") == []
    return {path.name: pd.read_csv(path) for path in (output / "comparison").glob("*.csv")}


def test_a_full_factorial_has_its_tables_and_the_terminal_names_them(
    outputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = compare(outputs, "switches/**", tmp_path)
    factorial = found["factorial.csv"]
    assert set(factorial["effect"]) == {"memory", "prompt", "memory x prompt"}
    assert (factorial["num_arms"] == 4).all()
    js = factorial[factorial["metric"] == "js_divergence"]
    assert js[["value", "low", "high", "at_equal_entropy"]].notna().all(axis=None)
    assert found["variance_components.csv"]["share"].notna().all()
    assert set(found["shares_moved.csv"]["setting"]) == {"memory", "prompt"}
    assert "effects     factorial.csv, variance_components.csv, shares_moved.csv" in capsys.readouterr().out


def test_arms_of_other_citizens_stand_beside_both_peoples(outputs: Path, tmp_path: Path) -> None:
    found = compare(outputs, "personas/**", tmp_path)
    matrix = found["people_matrix.csv"]
    pairs = set(zip(matrix["persona"], matrix["people"], strict=True))
    assert pairs == {(persona, people) for persona in ("none", "USA", "CHN") for people in ("USA", "CHN")}
    assert matrix["num_items"].nunique() <= 2  # ordered items are fewer
    assert "factorial.csv" not in found
    assert found["personas.csv"]["sentence"].str.len().gt(20).all()


def test_one_run_has_a_curve_and_the_tables_of_an_earlier_comparison_are_removed(
    outputs: Path, tmp_path: Path
) -> None:
    earlier = tmp_path / "comparison" / "factorial.csv"
    earlier.parent.mkdir()
    earlier.write_text("of other runs\n", encoding="utf-8")
    [one, *_] = sorted((outputs / "switches").glob("*/*/*"))
    found = compare(outputs, str(one.relative_to(outputs)), tmp_path)
    assert "factorial.csv" not in found
    assert set(found["curve.csv"]["num_respondents"]) == {3}

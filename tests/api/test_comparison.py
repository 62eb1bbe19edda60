"""`compare`: the numbers of `stage=report runs=`, without a file."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from scripted_runs import hold

import def_sim
from def_sim.app.main import main
from def_sim.errors import ConfigError, StoreError

pytestmark = pytest.mark.slow

ARMS = ("memory off", "memory on")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models, one of them also without a memory."""
    output = tmp_path_factory.mktemp("compared")
    hold(output, "model=mistral7b", "respondents=3")
    hold(output, "model=mistral7b", "respondents=3", "modifications.memory=false")
    hold(output, "model=llama3_8b", "respondents=3")
    return output


def test_the_frames_are_what_the_command_writes(outputs: Path, tmp_path: Path) -> None:
    compared = def_sim.compare(f"{outputs}/**")
    before = sorted(outputs.rglob("*"))
    assert main(["stage=report", f"runs={outputs}/**", f"output={tmp_path}"]) == 0
    written = {path.name for path in (tmp_path / "comparison").glob("*.csv")}
    assert written - {"columns.csv"} == set(compared.tables)  # that one says what the others hold
    for name, frame in compared.tables.items():
        content = (tmp_path / "comparison" / name).read_text(encoding="utf-8")
        assert frame.to_csv(index=False, lineterminator="\n") == content, name
    assert sorted(outputs.rglob("*")) == before  # `compare` has written nothing
    assert compared.scores is compared.tables["comparison.csv"]
    assert compared.pairs is compared.tables["pairs.csv"]


def test_written_it_is_the_folder_that_the_command_makes(outputs: Path, tmp_path: Path) -> None:
    page = def_sim.compare(f"{outputs}/**").write(tmp_path / "mine")
    assert main(["stage=report", f"runs={outputs}/**", f"output={tmp_path}"]) == 0
    of_command = tmp_path / "comparison"
    assert page == tmp_path / "mine" / "comparison.html"
    names = [path.relative_to(of_command) for path in of_command.rglob("*") if path.is_file()]
    assert names
    for name in names:
        assert (tmp_path / "mine" / name).read_bytes() == (of_command / name).read_bytes(), name


def test_the_baseline_is_the_arm_that_was_named(outputs: Path) -> None:
    runs = def_sim.read_runs(f"{outputs}/mistral7b/**")
    for title in ARMS:
        assert set(def_sim.compare(runs, baseline=title).arms["baseline"]) == {title}
    with pytest.raises(ConfigError, match="no arm has this title"):
        def_sim.compare(runs, baseline="nobody")


def test_runs_without_a_common_item_are_refused_by_name(outputs: Path, tmp_path: Path) -> None:
    other = hold(tmp_path, "model=mistral7b", "respondents=3", "items=[wvs7.Q152,wvs7.Q153]")
    first = next(outputs.glob("llama3_8b/us/*"))
    with pytest.raises(ConfigError, match="have no item in common") as refused:
        def_sim.compare([first, other])
    assert str(first) in refused.value.message
    assert str(other) in refused.value.message
    assert refused.value.fix.startswith("Compare runs that were asked the same items")


def test_the_frames_of_several_runs_stand_below_each_other(outputs: Path) -> None:
    runs = def_sim.read_runs(f"{outputs}/**")
    assert len(runs) == 3
    assert len(runs.scores) == sum(len(run.scores) for run in runs)
    assert runs.scores["run"].nunique() == 3
    pd.testing.assert_frame_equal(
        runs.scores[runs.scores["run"] == runs[0].manifest["run_hash"]].reset_index(drop=True), runs[0].scores
    )


def test_a_run_that_cannot_be_read_is_named_beside_the_others(outputs: Path, tmp_path: Path) -> None:
    shutil.copytree(outputs, tmp_path / "runs")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    runs = def_sim.read_runs(f"{tmp_path}/**")
    assert len(runs) == 3
    [left_out] = runs.left_out
    assert left_out.folder == str(tmp_path / "broken")
    for shown in (repr(runs), runs._repr_html_()):
        assert "broken/manifest.json is damaged" in shown
    with pytest.raises(StoreError, match="is damaged"):
        def_sim.read_runs(tmp_path / "broken")
    [left_out] = def_sim.compare(f"{tmp_path}/**").left_out
    assert left_out.folder == str(tmp_path / "broken")


def test_a_comparison_shows_a_table_a_group(outputs: Path) -> None:
    compared = def_sim.compare(f"{outputs}/**")
    lines = repr(compared).splitlines()
    assert any(line.startswith("mistral7b ") for line in lines)
    assert any(line.startswith("llama3_8b ") for line in lines)
    shown = compared._repr_html_()
    assert shown.count("<table>") == compared.scores["group"].nunique()
    assert "mistral7b" in shown

"""Study B's files beside a comparison of stored runs: when they are written, and what they hold."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from described_cells import misfits_of_comparison
from scripted_runs import hold

from def_sim.app.compared_styles import studies_of
from def_sim.app.main import main
from def_sim.app.read_panel import arrays_of, panel_answers
from def_sim.app.received import read_received
from def_sim.app.run import prepare_run
from def_sim.app.stored_runs import read_run
from def_sim.app.study_b_files import Studies, print_studies, write_studies
from def_sim.evaluation.compared_runs import ComparedRun
from def_sim.evaluation.study_b import TABLE_TYPES
from def_sim.evaluation.style_pairs import PAIR_TYPES

pytestmark = pytest.mark.slow

ITEMS = "items=[wvs7.Q1,wvs7.Q2,wvs7.Q3,wvs7.Q46,wvs7.Q57]"  # the last has two options
WORDS = ("model=mistral7b", "survey=us", "respondents=4", ITEMS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Classification in two countries, and a run that asks otherwise."""
    output = tmp_path_factory.mktemp("outputs")
    asked = {
        "USA": ("strategy=classification", "population=USA"),
        "CHN": ("strategy=classification", "population=CHN"),
        "single": ("strategy=single", "population=USA"),
    }
    return {name: hold(output, *WORDS, *words) for name, words in asked.items()}


def compared(*folders: Path) -> list[ComparedRun]:
    return [one for folder in folders if isinstance(one := read_run(folder), ComparedRun)]


@pytest.fixture(scope="module")
def together(folders: dict[str, Path]) -> Studies:
    """The study of all runs, one of them unfinished."""
    runs = compared(*folders.values())
    half = replace(runs[1], folder="outputs/half", run_hash="half", num_done=3)
    return studies_of([*runs, half])


def read_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def test_a_comparison_writes_the_study_and_links_its_page(folders: dict[str, Path], tmp_path: Path) -> None:
    runs = f"runs={folders['USA'].parent}/*"
    assert main(["stage=report", runs, f"output={tmp_path}"]) == 0
    folder = tmp_path / "comparison"
    table = read_table(folder / "study_b.csv")
    assert list(table.columns) == list(TABLE_TYPES)
    assert table[["population", "style", "judge", "num_answers"]].to_numpy().tolist() == [
        ["USA", "classification", "rules", 20],
        ["CHN", "classification", "rules", 20],
    ]
    assert list(read_table(folder / "study_b_pairs.csv").columns) == list(PAIR_TYPES)
    assert not (folder / "frames.csv").exists()
    assert misfits_of_comparison(folder) == []
    assert 'href="study_b.html"' in (folder / "comparison.html").read_text(encoding="utf-8")
    assert "China" in (folder / "study_b.html").read_text(encoding="utf-8")


def test_the_similarity_is_that_of_the_stored_answers(folders: dict[str, Path], together: Studies) -> None:
    run = prepare_run(read_received(folders["USA"]).config)
    values = []
    for prompt in arrays_of(run, panel_answers(run, folders["USA"])).prompts:
        assert prompt.reference is not None
        apart = pd.Series(prompt.shares).cumsum() - pd.Series(prompt.reference.shares).cumsum()
        values.append(1 - apart.abs()[:-1].sum() / (len(apart) - 1))
    [study] = together.results
    assert study.table["similarity"][0] == pytest.approx(sum(values) / len(values), abs=1e-6)


def test_a_run_has_the_same_numbers_whichever_others_it_stands_beside(
    folders: dict[str, Path], together: Studies
) -> None:
    [alone] = studies_of(compared(folders["CHN"])).results
    [study] = together.results
    row = study.table[study.table["population"] == "CHN"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.table, row)
    assert alone.others == {"CHN": "USA"}
    assert row["other_people"].notna().all()


def test_without_a_style_an_older_study_is_taken_away(
    folders: dict[str, Path], together: Studies, tmp_path: Path
) -> None:
    write_studies(together, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"study_b.csv", "study_b.html", "study_b_pairs.csv"}
    write_studies(studies_of(compared(folders["single"])), tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_terminal_shows_a_line_a_country_and_what_was_left_out(
    together: Studies, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_studies(together, tmp_path)
    shown = capsys.readouterr().out
    countries = [line.split()[0] for line in shown.splitlines() if line.lstrip().startswith(("USA", "CHN"))]
    assert countries == ["USA", "CHN"]
    assert "outputs/half: Not finished." in shown
    assert f"styles      {tmp_path / 'study_b.html'}" in shown

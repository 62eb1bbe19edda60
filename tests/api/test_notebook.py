"""The notebook of the tutorials, run in a real Jupyter kernel: its numbers are those of the files."""

from pathlib import Path

import jupytext
import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from pypdf import PdfReader
from waiting import HANG_S

from def_sim.answers.storage.manifest import read_manifest

pytestmark = [pytest.mark.docs, pytest.mark.slow]

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tutorials" / "notebook.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def executed(folder: Path) -> nbformat.NotebookNode:
    notebook = jupytext.read(NOTEBOOK)
    client = NotebookClient(
        notebook, timeout=HANG_S, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    return client.execute()


def shown_by(notebook: nbformat.NotebookNode, words: str, kind: str = "text/plain") -> str:
    """What the one cell with these words shows."""
    [cell] = [cell for cell in notebook.cells if cell.cell_type == "code" and words in cell.source]
    [shown] = [one["data"][kind] for one in cell.outputs if one.output_type == "execute_result"]
    return str(shown)


def run_of(folder: Path, *, varied: bool) -> Path:
    found = [
        path.parent
        for path in folder.glob("outputs/demo/us/*/manifest.json")
        if read_manifest(path.parent)["config"]["modifications"]["configuration"] is varied
    ]
    [run] = found
    return run


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, keep_default_na=False, na_values=[""])


def test_the_shares_are_those_of_the_distributions(executed: nbformat.NotebookNode, folder: Path) -> None:
    table = pd.read_parquet(run_of(folder, varied=True) / "distributions.parquet")
    columns = ["item_id", "label", "simulated_share", "human_share"]
    expected = table.loc[table["item_id"] == "wvs7.Q57", columns].round(2)
    assert shown_by(executed, 'shares["item_id"] == "wvs7.Q57"') == expected.to_string(line_width=80)


def test_the_arms_have_the_scores_of_their_runs(executed: nbformat.NotebookNode, folder: Path) -> None:
    shown = shown_by(executed, "compared.arms.loc")
    for varied, arm in ((True, "varied decoding on"), (False, "varied decoding off")):
        scores = read(run_of(folder, varied=varied), "metrics.csv")
        of_panel = scores[(scores["scope"] == "macro") & (scores["metric"] == "js_divergence")]
        [line] = [line for line in shown.splitlines() if arm in line and "js_divergence" in line]
        assert f"{of_panel['value'].item():.3f}" in line


def test_the_figure_is_as_wide_as_a_column_and_has_the_numbers_of_the_report(
    executed: nbformat.NotebookNode, folder: Path
) -> None:
    page = PdfReader(folder / "topic_groups.pdf").pages[0]
    assert float(page.mediabox.width) / 72 * 25.4 == pytest.approx(84, abs=0.1)
    scores = read(run_of(folder, varied=True), "metrics.csv")
    groups = scores[(scores["scope"] == "dimension") & (scores["metric"] == "js_divergence")]
    drawn = read(folder, "topic_groups.csv")
    assert sorted(drawn["value"].dropna()) == pytest.approx(sorted(groups["value"].dropna()))


def test_a_run_is_shown_with_its_bar_and_progress_as_plain_lines(executed: nbformat.NotebookNode) -> None:
    shown = shown_by(executed, "run = d.interview", "text/html")
    assert "data:image/svg+xml;base64," in shown
    [cell] = [cell for cell in executed.cells if cell.source.startswith("settings = ")]
    said = "".join(one["text"] for one in cell.outputs if one.output_type == "stream")
    assert "interviews  24 of 24 answers" in said
    assert {one["name"] for one in cell.outputs if one.output_type == "stream"} == {"stdout"}

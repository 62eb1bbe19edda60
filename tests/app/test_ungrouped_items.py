"""Items in no topic group, items in one wording: asked, scored by item, in no mean of groups, named."""

from pathlib import Path

import pandas as pd
import pytest
from homes import TOWN, write_files
from scripted_runs import hold

from def_sim.app.home import at_home
from def_sim.app.main import main

ITEM = TOWN["items/town.yaml"]
HEAD, _, FIRST = ITEM.partition("  - id: town.Q1")
FIRST = f"  - id: town.Q1{FIRST}"
# Q1 and Q2 are in USI; Q3 is in no topic group and has one wording.
SECOND = FIRST.replace("Q1", "Q2").replace("parks", "roads")
THIRD = (
    FIRST.replace("Q1", "Q3")
    .replace("dimension: USI", "dimension: none")
    .replace("direction: -1", "direction: 0")
    .replace(
        '["Should the town spend more on its parks?", "Do parks deserve more of the town\'s money?"]',
        '["Snow?"]',
    )
)
FIGURES = TOWN["references/USA/town.csv"]
ROWS = FIGURES.partition("\n")[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_files(
        tmp_path / "home",
        {
            **TOWN,
            "items/town.yaml": HEAD + FIRST + SECOND + THIRD,
            "references/USA/town.csv": FIGURES + ROWS.replace("Q1", "Q2") + ROWS.replace("Q1", "Q3"),
        },
    )


def held(home: Path, output: Path, items: str, *words: str) -> Path:
    with at_home(str(home)):
        return hold(output, f"items=[{items}]", "survey=town", "respondents=6", "strategy=single", *words)


def scores(folder: Path, metric: str = "js_divergence") -> pd.DataFrame:
    frame = pd.read_csv(folder / "metrics.csv", keep_default_na=False, na_values={"value": [""]})
    return frame[frame["metric"] == metric]


def one(frame: pd.DataFrame, scope: str) -> pd.Series:
    [(_, row)] = frame[frame["scope"] == scope].iterrows()
    return row


def test_an_item_in_no_group_is_scored_and_enters_the_mean_of_items_only(home: Path, tmp_path: Path) -> None:
    frame = scores(held(home, tmp_path / "outputs", "town.Q1,town.Q2,town.Q3"))
    by_item = frame[frame["scope"] == "item"].set_index("item_id")
    assert list(by_item["dimension"]) == ["USI", "USI", ""]
    values = by_item["value"].astype(float)
    assert one(frame, "dimension")["dimension"] == "USI"
    grouped = values[["town.Q1", "town.Q2"]].mean()
    assert one(frame, "dimension")["value"] == pytest.approx(grouped)
    assert one(frame, "macro")["value"] == pytest.approx(grouped)  # of the one group that there is
    assert one(frame, "macro")["num_items"] == 2
    assert one(frame, "micro")["value"] == pytest.approx(values.mean())
    assert one(frame, "micro")["num_items"] == 3


def test_statuses_have_no_row_for_a_group_without_a_name(home: Path, tmp_path: Path) -> None:
    folder = held(home, tmp_path / "outputs", "town.Q1,town.Q2,town.Q3")
    frame = pd.read_csv(folder / "statuses.csv", keep_default_na=False)
    assert set(frame.loc[frame["scope"] == "dimension", "dimension"]) == {"USI"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "items", ["town.Q1,town.Q2,town.Q3", pytest.param("town.Q3", marks=pytest.mark.full)]
)
def test_such_a_run_is_reported_verified_and_compared(
    items: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = held(home, tmp_path / "outputs", items)
    held(home, tmp_path / "outputs", items, "model=hf", "model.name=other", "model.engine.path=x")
    for words in (
        ["stage=report", f"run_folder={folder}"],
        ["stage=verify", f"run_folder={folder}"],
        ["stage=report", "runs=outputs/**"],
    ):
        assert main([f"home={home}", *words]) == 0, capsys.readouterr().err
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "No topic group" in page
    has_group = "," in items
    assert (f"mean of the {'topic groups' if has_group else 'items'}") in capsys.readouterr().out
    assert ("mean over items, since none of them is in a topic group" in page) != has_group


@pytest.mark.slow
def test_without_topic_groups_nothing_is_drawn_of_them_and_variety_is_of_means_over_items(
    home: Path, tmp_path: Path
) -> None:
    folder = held(home, tmp_path / "outputs", "town.Q3")
    (folder / "figures").mkdir(exist_ok=True)
    (folder / "figures" / "topic_groups.svg").write_text("of a report of before", encoding="utf-8")
    assert main([f"home={home}", "stage=report", f"run_folder={folder}"]) == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert not list((folder / "figures").glob("topic_groups*"))
    assert "topic_groups" not in (folder / "figures" / "captions.md").read_text(encoding="utf-8")
    assert 'id="topics"' not in page
    assert "Tucker" not in page
    assert "None of the items is in a topic group." in page
    drawn = pd.read_csv(folder / "figures" / "variety.csv").set_index("mark")["value"]
    [of_item] = scores(folder).query("scope == 'item'")["value"].astype(float)
    assert drawn["panel"] == pytest.approx(of_item)  # the mean over one item
    assert {"floor", "uniform"} <= set(drawn.index)
    measures = pd.read_csv(folder / "measures.csv").set_index("measure")
    assert measures.loc["divergence", "value"] == pytest.approx(of_item)


def test_the_plan_names_such_items_and_the_sheet_counts_them(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([f"home={home}", "survey=town", "stage=plan", "show=items"]) == 0
    said = capsys.readouterr().out
    assert "warning       town.Q3: in one wording only" in said
    assert "warning       town.Q3: in no topic group" in said
    [head] = [line.split() for line in said.splitlines() if line.startswith("source  ")]
    assert head == ["source", "type", "lang", "USI", "none", "items", "wordings"]
    assert "No topic group" in next(Path("outputs").rglob("town-USA.html")).read_text(encoding="utf-8")


def test_shipped_questionnaires_have_no_such_items(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["survey=us", "stage=plan"]) == 0
    assert "in no topic group" not in capsys.readouterr().out

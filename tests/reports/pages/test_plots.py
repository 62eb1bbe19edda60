"""Figure files: which are written, that they repeat to the byte, and that odd data do not stop them."""

import math
from pathlib import Path

import pandas as pd
import pytest

from def_sim.reports.pages.plots import write_figures

pytestmark = pytest.mark.slow
METRICS = ("js_divergence", "total_variation", "kl_paper", "wasserstein", "entropy_ratio")


@pytest.fixture
def scores() -> pd.DataFrame:
    rows = [
        {"scope": scope, "dimension": dimension, "metric": metric, "value": 0.2, "floor": 0.05}
        | {"human_to_human": 0.01, "uniform": 0.4, "mode": math.nan, "num_items": 2}
        for metric in METRICS
        for scope, dimension in (("macro", ""), ("micro", ""), ("dimension", "EVI"), ("dimension", "PDI"))
    ]
    return pd.DataFrame(rows)


def shares(num_items: int) -> pd.DataFrame:
    rows = [
        {"item_id": f"x.Q{item}", "wording": 0, "topic": "income in $ and $$", "code": code, "label": "重要"}
        | {"simulated_share": 0.5, "human_share": math.nan if item == 0 else 0.5}
        for item in range(num_items)
        for code in (1, 2)
    ]
    return pd.DataFrame(rows)


def test_each_figure_is_written_as_svg_and_png(tmp_path: Path, scores: pd.DataFrame):
    paths = write_figures(tmp_path / "figures", scores, shares(16), num_respondents=20)
    stems = ["headline", "kl_by_dimension", "items_01", "items_02"]  # 15 items a page
    assert [path.name for path in paths] == [f"{stem}.{kind}" for stem in stems for kind in ("svg", "png")]
    assert all(path.stat().st_size > 1000 for path in paths)


def test_the_same_frames_give_the_same_bytes(tmp_path: Path, scores: pd.DataFrame):
    planted = pd.DataFrame({"item_id": ["x.Q1"], "code": [1], "share": [0.4]})
    runs = [
        write_figures(tmp_path / name, scores, shares(2), num_respondents=20, planted=planted)
        for name in "ab"
    ]
    assert [path.read_bytes() for path in runs[0]] == [path.read_bytes() for path in runs[1]]


def test_a_users_own_style_changes_nothing_and_is_left_as_it_was(tmp_path: Path, scores: pd.DataFrame):
    import matplotlib

    plain = write_figures(tmp_path / "plain", scores, shares(1), num_respondents=20)
    with matplotlib.rc_context({"font.size": 30.0, "axes.facecolor": "red"}):
        styled = write_figures(tmp_path / "styled", scores, shares(1), num_respondents=20)
        assert matplotlib.rcParams["font.size"] == 30.0
    assert [path.read_bytes() for path in plain] == [path.read_bytes() for path in styled]


def test_a_planted_truth_changes_the_figure_of_its_item_only(tmp_path: Path, scores: pd.DataFrame):
    planted = pd.DataFrame({"item_id": ["x.Q0"], "code": [1], "share": [0.4]})
    without = write_figures(tmp_path / "without", scores, shares(16), num_respondents=20)
    with_truth = write_figures(tmp_path / "with", scores, shares(16), num_respondents=20, planted=planted)
    changed = {a.stem for a, b in zip(without, with_truth, strict=True) if a.read_bytes() != b.read_bytes()}
    assert changed == {"items_01"}

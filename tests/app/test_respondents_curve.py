"""The curve of a run by its first respondents is what runs of that size report, to the last bit."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scripted_runs import hold

from def_sim.app.opened_runs import open_run
from def_sim.app.read_panel import arrays_of, panel_answers
from def_sim.evaluation.respondents_curve import (
    curve_sentence,
    enough_respondents,
    respondents_curve,
)

pytestmark = pytest.mark.slow
WORDS = ("survey=us_short", "items=null", "model=mistral7b")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The same command with 20 and with 24 respondents, in folders that know nothing of each other."""
    return {
        size: hold(tmp_path_factory.mktemp(f"of{size}"), *WORDS, f"respondents={size}") for size in (20, 24)
    }


@pytest.fixture(scope="module")
def curve(folders: dict[int, Path]) -> pd.DataFrame:
    run, _ = open_run(folders[24])
    arrays = arrays_of(run, panel_answers(run, folders[24]))
    return respondents_curve(arrays, seed=run.config.seed, num_draws=run.config.scoring.draws)


def test_the_curve_at_twenty_equals_a_run_of_twenty_to_the_bit(
    folders: dict[int, Path], curve: pd.DataFrame
) -> None:
    stored = pd.read_csv(folders[20] / "metrics.csv", keep_default_na=False, na_values=[""])
    macro = stored[stored["scope"] == "macro"].set_index("metric")
    at_twenty = curve[curve["num_respondents"] == 20].set_index("metric")
    names = {"low": "interval_low", "high": "interval_high", "limit": "limit", "limit_low": "limit_low"}
    same = {name: name for name in ("value", "floor", "uniform", "normalised", "normalised_low", "num_items")}
    for metric in ("js_divergence", "wasserstein", "kl_smoothed_model_human", "entropy_ratio"):
        for ours, theirs in (names | same).items():
            found, expected = float(at_twenty.loc[metric, ours]), float(macro.loc[metric, theirs])
            assert found == expected or np.isnan([found, expected]).all(), (metric, ours)
    assert at_twenty.loc["js_divergence", ["value", "low", "high", "limit"]].notna().all()


def test_sizes_beyond_the_panel_are_left_out_and_its_own_is_there(curve: pd.DataFrame) -> None:
    assert sorted(set(curve["num_respondents"])) == [5, 10, 20, 24]
    assert set(curve["metric"]) >= {"choice_diversity", "text_diversity", "entropy_ratio"}


def test_more_respondents_score_closer_and_have_a_narrower_interval(curve: pd.DataFrame) -> None:
    js = curve[curve["metric"] == "js_divergence"]
    assert js["value"].is_monotonic_decreasing
    assert (js["high"] - js["low"]).iloc[-1] < (js["high"] - js["low"]).iloc[0]
    assert js["floor"].is_monotonic_decreasing


def a_curve(*half_widths: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "num_respondents": [5, 10, 20, 50][: len(half_widths)],
            "metric": "js_divergence",
            "low": [0.5 - half for half in half_widths],
            "high": [0.5 + half for half in half_widths],
        }
    )


def test_enough_is_the_number_from_which_on_every_interval_is_narrow() -> None:
    # At 10 it happened to be narrow; at 20 it is not, so only from 50 on.
    assert enough_respondents(a_curve(0.05, 0.009, 0.011, 0.008)) == 50
    assert enough_respondents(a_curve(0.05, 0.009, 0.0095, 0.008)) == 10
    assert curve_sentence(a_curve(0.05, 0.009)).startswith("From 10 respondents on")


def test_a_wide_or_absent_interval_is_never_enough() -> None:
    assert enough_respondents(a_curve(0.009, 0.02)) is None
    assert enough_respondents(a_curve(0.009, float("nan"))) is None
    assert "still reaches 0.01 or more" in curve_sentence(a_curve(0.02))

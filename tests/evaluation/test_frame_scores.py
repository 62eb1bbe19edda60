"""Similarity by frame on a planted panel."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from study_panels import planted, two

from def_sim.evaluation.frame_scores import Frame, frame_table
from def_sim.evaluation.panel_arrays import PanelArrays

FRAMES = [Frame(f"scene{number}", "survey" if number else "journalism") for number in range(10)]
NUM_ITEMS = 12
PEOPLE = np.linspace(0.3, 0.8, NUM_ITEMS)


def by_number(arrays: PanelArrays, frames: list[Frame] = FRAMES) -> dict[str, Frame]:
    return {one.id: frames[one.index % len(frames)] for one in arrays.panel}


def panel(num_respondents: int, share_of_first: float = 0.5, key: int = 0) -> np.ndarray:
    """Answers whose share of the first option is that of people, in the first frame another."""
    draws = np.random.default_rng([41, key])
    chances = np.tile(PEOPLE, (num_respondents, 1))
    chances[::10] = share_of_first
    return np.asarray(draws.random(chances.shape) >= chances, dtype=np.int64)


def table_of(
    choices: np.ndarray, people: np.ndarray = PEOPLE, *, are_independent: bool = True
) -> pd.DataFrame:
    arrays = planted(choices, two(*people))
    return frame_table(arrays, by_number(arrays), seed=3, num_draws=200, are_independent=are_independent)


def test_every_frame_is_scored_on_its_own_respondents() -> None:
    choices = panel(100)
    table = table_of(choices)
    assert table["frame"].tolist() == [frame.id for frame in FRAMES]
    assert table["num_respondents"].tolist() == [10] * 10
    for number, row in enumerate(table.to_dict("records")):
        shares = (choices[number::10] == 0).mean(axis=0)
        assert row["similarity"] == pytest.approx((1 - np.abs(shares - PEOPLE)).mean())
        assert row["low"] < row["similarity"] < row["high"]


def test_the_floor_is_that_of_as_many_real_people_as_the_frame_has_answers() -> None:
    # Ten people of whom a share h gives the first option: a sum over all counts.
    counts = np.arange(11)
    exact = [(stats.binom.pmf(counts, 10, h) * (1 - np.abs(counts / 10 - h))).sum() for h in PEOPLE]
    assert table_of(panel(100))["floor"].to_numpy() == pytest.approx(np.mean(exact), abs=0.01)


def test_a_frame_of_its_own_mind_is_told_from_chance_and_frames_alike_are_not() -> None:
    assert set(table_of(panel(100, share_of_first=0.0))["p_differ"]) == {1 / 1000}
    alike = np.asarray(np.random.default_rng(7).random((100, NUM_ITEMS)) >= PEOPLE, dtype=np.int64)
    assert table_of(alike)["p_differ"].iloc[0] > 0.05


def test_whole_respondents_are_handed_out_where_answers_hang_together() -> None:
    own = np.random.default_rng(8).integers(2, size=(100, 1))  # each gives one answer throughout
    choices, people = np.repeat(own, NUM_ITEMS, axis=1), np.full(NUM_ITEMS, 0.9)
    assert table_of(choices, people)["p_differ"].iloc[0] < 0.01
    assert table_of(choices, people, are_independent=False)["p_differ"].iloc[0] > 0.05


def test_unclassifiable_answers_are_counted_by_frame_and_a_silent_frame_has_no_score() -> None:
    choices = panel(100)
    choices[1::10, :3] = -1
    choices[2::10] = -1
    table = table_of(choices).set_index("frame")
    assert table.loc["scene1", "unclassifiable"] == pytest.approx(3 / NUM_ITEMS)
    assert table.loc["scene1", "num_items"] == NUM_ITEMS - 3
    assert table.loc["scene2", "unclassifiable"] == 1
    assert np.isnan(table.loc["scene2", ["similarity", "low", "floor"]].astype(float)).all()
    assert table.loc["scene0", "unclassifiable"] == 0

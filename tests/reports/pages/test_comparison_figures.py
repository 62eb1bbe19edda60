"""Figures of a comparison for a paper: whose scores and differences they show, under which names."""

import math
import re
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest
from some_runs import SETTINGS, run

from def_sim.evaluation.arm_scores import arms_table
from def_sim.evaluation.arms import group_arms
from def_sim.evaluation.compared_runs import group_runs
from def_sim.evaluation.comparison_table import comparison_table
from def_sim.reports.charts.axis_titles import NO_TITLE
from def_sim.reports.charts.forest_chart import Estimate, forest_chart
from def_sim.reports.pages.comparison_figures import comparison_figures

MEMORY = "protocol.modifications.memory"


def figures_of(*runs, arms=(), arms_rows=None):
    groups = group_runs(runs)
    rows = arms_table([], {}) if arms_rows is None else arms_rows
    found = comparison_figures([], groups, comparison_table(groups), arms, rows)
    return {one.name: one for one in found}


def test_the_runs_of_a_group_stand_below_each_other_with_their_scores() -> None:
    figures = figures_of(run("a", 0.2, seed=3), run("b", 0.1), run("alone", settings=SETTINGS | {"x": "2"}))
    assert list(figures) == ["scores_1"]  # one run alone compares nothing
    figure = figures["scores_1"]
    assert figure.data[["name", "value"]].to_numpy().tolist() == [["A Model a", 0.2], ["B Model b", 0.1]]
    assert "A: Model a, N = 20, seed 3, run" in figure.caption
    text = figure.svg().decode("utf-8")
    ElementTree.fromstring(text)
    assert "A Model a" in text
    assert "Random answers" in text


def test_an_arm_stands_at_its_difference_from_the_baseline_with_0_in_the_middle() -> None:
    memory = ("true", "false")
    runs = [run("m", folder=f"outputs/{on}", run_hash=on, settings=SETTINGS | {MEMORY: on}) for on in memory]
    [group] = group_arms(runs, baseline="memory off")[0]
    row = {"group": group.number, "metric": "js_divergence", "scope": "macro", "arm": "memory on"}
    row |= {"difference": -0.05, "low": -0.08, "high": -0.02}
    figures = figures_of(*runs, arms=[group], arms_rows=pd.DataFrame([row]))
    figure = figures["arms_1"]
    assert figure.data.to_numpy().tolist() == [["memory on", -0.05, -0.08, -0.02]]
    assert "each arm minus memory off" in figure.caption


def test_of_differences_0_is_in_the_middle_and_of_scores_at_the_left() -> None:
    rows = [Estimate("one", -0.05, -0.1, 0.02), Estimate("other", math.nan)]
    drawn = forest_chart(rows, title="t", axis_title=NO_TITLE, are_differences=True, width=600)
    assert re.findall(r">(−0\.1|0|0\.1)<", drawn) == ["−0.1", "0", "0.1"]
    assert "−0.050" in drawn
    assert ">–<" in drawn
    scores = [Estimate("one", 0.05, 0.02, 0.1, floor=0.01, uniform=0.2)]
    drawn = forest_chart(scores, title="t", axis_title=NO_TITLE, are_differences=False, width=600)
    assert re.findall(r">(0|0\.1|0\.2)<", drawn) == ["0", "0.1", "0.2"]


@pytest.mark.parametrize("width", [200.0, 600.0, math.inf])
def test_long_names_are_broken_into_two_lines_and_push_the_next_row_down(width: float) -> None:
    long = "varied decoding off, memory on, answers in probabilities and so on and so on"
    drawn = forest_chart(
        [Estimate(long, 0.1), Estimate("short", 0.2)],
        title="t",
        axis_title=NO_TITLE,
        are_differences=False,
        width=width,
    )
    tops = [float(y) for y in re.findall(r'<text[^>]*\by="([\d.]+)"[^>]*>', drawn)]
    assert len(set(tops)) >= 3
    ElementTree.fromstring(drawn)

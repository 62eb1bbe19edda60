"""Factorials among arms: which groups are one, what their table holds, and when it holds reasons alone."""

from itertools import product

import numpy as np
import pytest
from effect_examples import LAST, PEOPLE, a_panel
from some_runs import SETTINGS, run

from def_sim.evaluation.arms import ArmGroup, group_arms
from def_sim.evaluation.factorial import METRICS, factorial_table, find_factorial

FACTORS = ("prompt", "configuration", "memory")
EFFECTS = [
    *("configuration", "memory", "prompt", "configuration x memory", "configuration x prompt"),
    *("memory x prompt", "configuration x memory x prompt"),
]  # in the order of the settings' names


def arm(cell, **more):
    """A run that has the modifications of the cell on; its folder says which."""
    switches = {
        f"protocol.modifications.{name}": str(is_on).lower()
        for name, is_on in zip(FACTORS, cell, strict=True)
    }
    name = "".join("x" if is_on else "-" for is_on in cell)
    settings = SETTINGS | switches
    return run("m", folder=f"outputs/{name}", run_hash=name, settings=settings, **more)


CELLS = list(product((False, True), repeat=3))


def one_group(cells=CELLS) -> ArmGroup:
    [group], _ = group_arms([arm(cell) for cell in cells])
    return group


def wrong_share(cell):
    """Memory takes away 30 points of a wrong opinion, and 10 more where decoding varies."""
    _, varies, remembers = cell
    return 0.6 - 0.3 * remembers - 0.1 * (varies and remembers)


@pytest.fixture(scope="module")
def panels():
    return {
        arm(cell).folder: a_panel(
            [(1 - wrong_share(cell)) * h + wrong_share(cell) * LAST for h in PEOPLE], key=place
        )
        for place, cell in enumerate(CELLS)
    }


@pytest.fixture(scope="module")
def table(panels):
    return factorial_table([one_group()], panels)


def test_eight_arms_of_three_switches_are_a_factorial():
    design = find_factorial(one_group())
    assert design.factors == tuple(f"protocol.modifications.{name}" for name in sorted(FACTORS))
    assert len(design.arms) == 8
    assert design.missing == []


def test_single_changes_to_a_baseline_are_no_factorial():
    assert find_factorial(one_group([(True, True, True), *(CELLS[i] for i in (3, 5, 6))])) is None
    assert find_factorial(one_group(CELLS[:2])) is None  # two arms, one setting


def test_a_setting_of_three_values_makes_no_factorial():
    runs = [arm(cell) for cell in CELLS]
    third = arm(CELLS[0])
    settings = dict(third.settings) | {"protocol.modifications.memory": "some"}
    more = run("m", folder="outputs/third", run_hash="third", settings=settings)
    [group], _ = group_arms([*runs, more])
    assert find_factorial(group) is None


def test_of_a_setting_that_is_no_switch_the_value_that_the_baseline_lacks_is_on():
    runs = [
        run(
            "m",
            folder=f"outputs/{language}{frame}",
            run_hash=f"{language}{frame}",
            settings=SETTINGS | {"survey.language": language, "survey.frame_language": frame},
        )
        for language in ("en", "zh")
        for frame in ("en", "zh")
    ]
    [group], _ = group_arms(runs, baseline="outputs/zhen")
    design = find_factorial(group)
    assert design.names == ("frame_language zh", "language en")


def test_there_is_a_row_for_each_effect_under_each_metric(table):
    js = table[table["metric"] == "js_divergence"]
    assert js["effect"].tolist() == EFFECTS
    assert set(table["metric"]) == {*METRICS, "text_diversity", "choice_diversity"}
    assert len(table) == 7 * 7
    assert (table["num_arms"] == 8).all()


def test_planted_effects_are_found_and_the_others_are_not(table):
    js = table[table["metric"] == "js_divergence"].set_index("effect")
    assert js.loc["memory", "high"] < 0
    assert js.loc["memory", "p_adjusted"] < 0.001
    nothing = js.loc[["prompt", "memory x prompt", "configuration x prompt"]]
    assert (nothing["low"] < 0).all()
    assert (nothing["high"] > 0).all()
    assert (js["p_adjusted"] >= js["p_value"]).all()


def test_the_effect_of_memory_is_the_mean_of_four_paired_differences(table, panels):
    def score(cell):
        values = panels[arm(cell).folder].resampled.draws("js_divergence").values
        labels = np.array(panels[arm(cell).folder].resampled.dimensions)
        return np.mean([values[labels == name].mean() for name in np.unique(labels)])

    by_hand = np.mean([score((a, b, True)) - score((a, b, False)) for a, b, c in CELLS if c])
    js = table[table["metric"] == "js_divergence"].set_index("effect")
    assert js.loc["memory", "value"] == pytest.approx(by_hand)


def test_divergences_have_an_effect_at_equal_entropy_and_others_have_none(table):
    memory = table[table["effect"] == "memory"].set_index("metric")
    assert memory.loc["js_divergence", ["at_equal_low", "at_equal_high"]].notna().all()
    for metric in ("entropy_ratio", "kl_paper", "text_diversity"):
        assert np.isnan(memory.loc[metric, "at_equal_entropy"])


def test_without_an_arm_there_is_a_reason_in_every_row_and_no_number(panels):
    found = factorial_table([one_group(CELLS[:-1])], panels)
    assert found["reason"].str.startswith("No factorial: the arm with configuration on, memory on").all()
    assert found[["value", "low", "p_value", "at_equal_entropy"]].isna().all(axis=None)
    assert (found["num_arms"] == 7).all()


def test_an_unfinished_arm_is_named_in_the_reason(panels):
    one = arm(CELLS[0]).folder
    found = factorial_table([one_group()], {name: p for name, p in panels.items() if name != one})
    assert found["reason"].str.contains("is not finished").all()
    assert found["value"].isna().all()


def test_arms_of_other_items_have_no_factorial(panels):
    one = arm(CELLS[0]).folder
    found = factorial_table([one_group()], panels | {one: a_panel(PEOPLE[:-1], key=9)})
    assert found["reason"].str.contains("different questions").all()


def test_no_group_gives_no_rows():
    assert factorial_table([], {}).empty

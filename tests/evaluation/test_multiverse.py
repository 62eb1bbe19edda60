"""Balanced designs of arms and the order of models over arms, on invented runs."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from effect_examples import LAST, NUM_ITEMS, NUM_OPTIONS, PEOPLE, a_panel
from some_runs import SETTINGS, run
from test_paired_runs import a_run as scores_of

from def_sim.evaluation.arms import group_arms
from def_sim.evaluation.compared_runs import group_runs
from def_sim.evaluation.multiverse import find_design, moved_table, variance_table
from def_sim.evaluation.rank_stability import stability_table

EVEN = np.full(NUM_OPTIONS, 1 / NUM_OPTIONS)
COMBINATIONS = list(product(("listed", "reversed"), ("0.7", "1.0", "1.3")))


def arm(order, temperature):
    name = f"{order}-{temperature}"
    settings = SETTINGS | {
        "protocol.presentation.option_order": order,
        "protocol.decoding.temperature": temperature,
    }
    return run("m", folder=f"outputs/{name}", run_hash=name, settings=settings)


def a_group(combinations=COMBINATIONS):
    [group], _ = group_arms([arm(*one) for one in combinations])
    return group


@pytest.fixture(scope="module")
def panels():
    """The order of options moves half of the answers to one end; the temperature does nothing."""
    shares = {"listed": PEOPLE, "reversed": 0.5 * PEOPLE + 0.5 * LAST}
    return {
        arm(*one).folder: a_panel(shares[one[0]], key=place, num_draws=60)
        for place, one in enumerate(COMBINATIONS)
    }


def test_every_combination_of_two_settings_is_a_balanced_design():
    design = find_design(a_group())
    assert design.names == ["temperature", "option_order"]
    assert len(design.combinations) == 6
    assert find_design(a_group(COMBINATIONS[:3])) is None  # one setting


def test_the_setting_that_moves_scores_has_the_variance(panels):
    table = variance_table([a_group()], panels)
    js = table[table["metric"] == "js_divergence"].set_index("source")
    assert set(js["kind"]) == {"setting", "interaction", "items", "items x settings", "noise"}
    assert js["share"].sum() == pytest.approx(1)
    assert js.loc["option_order", "low"] > 0.1
    assert abs(js.loc["temperature", "share"]) < 0.05
    assert js.loc["noise", "share"] > 0
    assert (js["num_arms"] == 6).all()
    assert (js["num_items"] == NUM_ITEMS).all()


def test_shares_move_with_the_setting_that_moves_them_and_by_chance_alone_with_the_other(panels):
    table = moved_table([a_group()], panels).set_index("setting")
    assert table.loc["option_order", "low"] > 0.2
    assert table.loc["temperature", "low"] < 0.02
    assert table.loc["temperature", "high"] > -0.02
    assert table.loc["temperature", "by_chance"] > 0.1  # two panels of 40 that answer alike
    assert table.loc["option_order", "num_pairs"] == 3
    assert table.loc["temperature", "num_pairs"] == 6


def test_wordings_that_score_alike_are_no_further_items(panels):
    twice = {folder: in_two_wordings(panel) for folder, panel in panels.items()}
    once, both = (variance_table([a_group()], one) for one in (panels, twice))
    assert both["num_items"].tolist() == once["num_items"].tolist()
    for name in ("share", "low", "high", "variance"):
        assert both[name].tolist() == pytest.approx(once[name].tolist(), nan_ok=True)
    once, both = (moved_table([a_group()], one) for one in (panels, twice))
    assert both["num_items"].tolist() == once["num_items"].tolist()
    for name in ("moved", "low", "high"):  # what chance moves is drawn anew
        assert both[name].tolist() == pytest.approx(once[name].tolist(), abs=0.02)


def in_two_wordings(panel):
    """The same answers to a second wording of every item."""
    one = panel.resampled
    again = [
        replace(prompt, question=replace(prompt.question, wording=1), wording=1) for prompt in one.prompts
    ]
    observed, drawn, without = (
        [*samples, *samples] for samples in (one.panel.observed, one.panel.drawn, one.panel.without_one)
    )
    twice = replace(
        one,
        prompts=[*one.prompts, *again],
        panel=replace(one.panel, observed=observed, drawn=drawn, without_one=without),
        people=[*one.people, *one.people],
        forms=[*one.forms, *one.forms],
    )
    return replace(panel, resampled=twice)


def test_a_missing_arm_leaves_a_reason_and_no_number(panels):
    table = variance_table([a_group(COMBINATIONS[:-1])], panels)
    assert (table["reason"] == "No balanced design: 5 of 6 arms are there and finished.").all()
    assert table["share"].isna().all()


def test_an_unfinished_arm_leaves_a_reason_and_is_no_pair(panels):
    fewer = {name: one for name, one in panels.items() if name != arm(*COMBINATIONS[0]).folder}
    assert variance_table([a_group()], fewer)["share"].isna().all()
    assert moved_table([a_group()], fewer).set_index("setting").loc["option_order", "num_pairs"] == 2


# --- the order of models ---

WRONG = {"good": 0.0, "middling": 0.3, "bad": 0.6}


def model_runs(arms=("a", "b", "c")):
    runs = [
        run(model, folder=f"{model}-{arm}", run_hash=f"{model}-{arm}", settings=SETTINGS | {"order": arm})
        for model in WRONG
        for arm in arms
    ]
    scores = {one.folder: scores_of(one.folder, wrong=WRONG[one.model], num_items=20) for one in runs}
    return group_runs(runs), scores


def test_models_that_lie_far_apart_keep_their_order_in_every_arm():
    table = stability_table(*model_runs())
    found = table.set_index(["statistic", "model", "other"])["value"]
    assert found["tau_mean", "", ""] == found["tau_least", "", ""] == 1
    assert found["first", "good", ""] == 1
    assert table.loc[table["statistic"] == "swaps", "value"].sum() == 0
    assert len(table) == 2 + 3 + 3
    assert set(table["num_arms"]) == {3}
    assert table.loc[table["statistic"] == "tau_mean", "of_noise"].item() > 0.9


def test_alike_models_swap_as_often_as_noise_makes_them():
    runs = [
        run(model, folder=f"{model}{arm}", run_hash=f"{model}{arm}", settings=SETTINGS | {"order": str(arm)})
        for model in ("one", "two")
        for arm in range(8)
    ]
    scores = {one.folder: scores_of(one.folder, num_items=20) for one in runs}
    table = stability_table(group_runs(runs), scores).set_index("statistic")
    assert table.loc["tau_mean", "of_noise"] < 0.6
    assert table.loc["swaps", "value"] == pytest.approx(table.loc["swaps", "of_noise"], abs=0.35)


def test_one_model_or_one_arm_has_no_order():
    groups, scores = model_runs(arms=("a",))
    assert stability_table(groups, scores).empty
    groups, scores = model_runs()
    one_model = {name: one for name, one in scores.items() if name.startswith("good")}
    assert stability_table(groups, one_model).empty

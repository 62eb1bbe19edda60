"""Panels beside two peoples, and what naming a country does."""

import numpy as np
import pytest
from effect_examples import LAST, NUM_ITEMS, NUM_OPTIONS, PEOPLE, a_panel
from some_runs import SETTINGS, run

from def_sim.evaluation.people_matrix import beside_peoples, people_matrix
from def_sim.evaluation.persona_effects import (
    NAMING,
    OTHERS,
    PersonaEffect,
    persona_effects,
    persona_sentence,
    persona_table,
)
from def_sim.metrics.intervals import Estimand, Interval
from def_sim.metrics.paired import PairedComparison
from def_sim.randomness import keyed_rng
from def_sim.records import ItemReference

CHINESE = keyed_rng(6, "other people").dirichlet(np.ones(NUM_OPTIONS), size=NUM_ITEMS)
NAMES = {"USA": "the United States", "CHN": "China"}
CODES = tuple(range(1, NUM_OPTIONS + 1))


def references(shares, codes=CODES):
    return {
        f"x.Q{place}": ItemReference(f"x.Q{place}", "all", codes, tuple(row.tolist()), 2000, 1500.0)
        for place, row in enumerate(shares)
    }


PEOPLES = {"USA": references(PEOPLE), "CHN": references(CHINESE)}


def a_run(persona):
    settings = SETTINGS | {"survey.persona_country": persona, "survey.persona_country_name": persona}
    return run("m", folder=f"outputs/{persona}", run_hash=persona, settings=settings)


RUNS = [a_run(persona) for persona in ("none", "USA", "CHN")]


def beside(shares_of):
    """Folder -> scores against both peoples, of panels that answer by these shares."""
    return {
        one.folder: beside_peoples(a_panel(shares_of[name], key=name).resampled, PEOPLES)
        for one, name in zip(RUNS, ("none", "USA", "CHN"), strict=True)
    }


@pytest.fixture(scope="module")
def knowing():
    """Panels that answer as the people whose citizens they are asked to be."""
    return beside({"none": 0.5 * PEOPLE + 0.5 * LAST, "USA": PEOPLE, "CHN": CHINESE})


@pytest.fixture(scope="module")
def ignorant():
    """Panels that answer alike, whoever they are asked to be."""
    return beside(dict.fromkeys(("none", "USA", "CHN"), PEOPLE))


def test_every_run_is_scored_against_both_peoples(knowing):
    table = people_matrix(RUNS, knowing)
    js = table[table["metric"] == "js_divergence"].set_index(["persona", "people"])
    assert len(js) == 6
    assert js.loc[("USA", "USA"), "value"] < js.loc[("USA", "CHN"), "value"]
    assert js.loc[("CHN", "CHN"), "value"] < js.loc[("CHN", "USA"), "value"]
    own = js.loc[("USA", "USA")]
    assert own["low"] < own["floor"] < own["high"]  # it answers as its people do
    assert (js["num_items"] == NUM_ITEMS).all()


def test_items_that_one_people_was_not_asked_alike_count_for_neither():
    fewer = references(CHINESE[:-2]) | {"x.Q0": references(CHINESE, codes=(1, 2, 3, 9))["x.Q0"]}
    one = a_panel(PEOPLE, key="USA").resampled
    table = people_matrix(RUNS[1:2], {RUNS[1].folder: beside_peoples(one, {**PEOPLES, "CHN": fewer})})
    assert set(table["num_items"]) == {NUM_ITEMS - 3}


def test_peoples_who_share_no_item_leave_a_reason():
    one = a_panel(PEOPLE, key="USA").resampled
    table = people_matrix(RUNS[1:2], {RUNS[1].folder: beside_peoples(one, {**PEOPLES, "CHN": {}})})
    assert table["value"].isna().all()
    assert (table["reason"] != "").all()


def test_a_run_that_is_not_finished_is_left_out(knowing):
    assert people_matrix(RUNS, {}).empty
    assert persona_effects(RUNS, {}) == []


def test_panels_that_know_the_country_come_nearer_to_its_people_and_are_nearer_to_them(knowing):
    table = persona_table(persona_effects(RUNS, knowing), NAMES)
    assert set(table["question"]) == {NAMING, OTHERS}
    assert (table["high"] < 0).all()
    sentences = table["sentence"].tolist()
    assert any(s.startswith("Naming China brings the panel nearer to its people, by .") for s in sentences)
    assert any("nearer to people of the United States than of China" in s for s in sentences)


def test_panels_that_answer_alike_are_not_brought_nearer_by_a_name(ignorant):
    effects = [one for one in persona_effects(RUNS, ignorant) if one.question == NAMING]
    found = {one.persona: one.found.difference for one in effects}
    assert found["CHN"].low < 0 < found["CHN"].high
    others = [one for one in persona_effects(RUNS, ignorant) if one.question == OTHERS]
    [chinese] = [one for one in others if one.persona == "CHN"]
    assert "nearer to people of the United States than of China" in persona_sentence(chinese, NAMES)


def test_without_a_run_that_names_nobody_nothing_is_said_of_naming(knowing):
    assert persona_effects(RUNS[1:], knowing) == []


def an_effect(question, estimate, low, high, why=""):
    interval = Interval(Estimand.EXPECTED_AT_N, estimate, low, high, num_items=9, why_absent=why)
    return PersonaEffect(
        question, "CHN", "USA" if question == OTHERS else "", PairedComparison(interval, 0.5)
    )


NEARER = "Naming China brings the panel nearer to its people, by .030 [.010, .050]."
FARTHER = "Naming China takes the panel farther from its people, by .030 [.010, .050]."
NOT_SHOWN = (
    "It is not shown that naming China changes how near the panel is to its people: "
    "a difference of more than .012 is ruled out."
)
OF_OTHERS = (
    "Asked as citizens of China, the panel is nearer to people of the United States than of China, "
    "by .030 [.010, .050]."
)


@pytest.mark.parametrize(
    ("question", "numbers", "expected"),
    [
        (NAMING, (-0.03, -0.05, -0.01), NEARER),
        (NAMING, (0.03, 0.01, 0.05), FARTHER),
        (NAMING, (0.0, -0.01, 0.012), NOT_SHOWN),
        (OTHERS, (0.03, 0.01, 0.05), OF_OTHERS),
        (NAMING, (0.1, np.nan, np.nan, "Too few items."), "Naming China: no interval. Too few items."),
    ],
)
def test_each_finding_has_its_sentence(question, numbers, expected):
    assert persona_sentence(an_effect(question, *numbers), NAMES) == expected

"""Runs of two countries beside each other, and of two languages in one country."""

import numpy as np
import pytest
from effect_examples import LAST, NUM_ITEMS, NUM_OPTIONS, PEOPLE, a_panel
from some_runs import SETTINGS, run

from def_sim.evaluation.arms import group_arms
from def_sim.evaluation.country_contrasts import country_contrasts
from def_sim.evaluation.native_language import native_language_table, published_name
from def_sim.randomness import keyed_rng

CHINESE = keyed_rng(6, "other people").dirichlet(np.ones(NUM_OPTIONS), size=NUM_ITEMS)
OF = {"USA": PEOPLE, "CHN": CHINESE}


def a_run(population, language, frame="en", **more):
    settings = SETTINGS | {
        "survey.population": population,
        "survey.language": language,
        "survey.frame_language": frame,
        "scored_with.reference": f"h-{population}",
        "survey.country": {"USA": "the United States", "CHN": "China"}[population],
        "protocol.modifications.memory": "true",
    }
    name = f"{population}-{language}-{frame}"
    return run(
        "m",
        folder=f"outputs/{name}",
        run_hash=name,
        settings=settings | more.pop("settings", {}),
        population=population,
        language=language,
        **more,
    )


FOUR = [a_run(population, language) for population in OF for language in ("en", "zh")]


def panels_of(runs, shares=None):
    return {
        one.folder: a_panel(
            OF[one.population] if shares is None else shares(one), key=place, people=OF[one.population]
        )
        for place, one in enumerate(runs)
    }


def test_two_countries_are_compared_in_every_combination_of_languages():
    table = country_contrasts(FOUR, panels_of(FOUR))
    slopes = table[table["statistic"] == "slope"]
    assert set(slopes["first_country"]) == {"USA"}
    assert set(slopes["second_country"]) == {"CHN"}
    languages = set(zip(slopes["first_language"], slopes["second_language"], strict=True))
    assert languages == {("en", "en"), ("en", "zh"), ("zh", "en"), ("zh", "zh")}
    assert (slopes["num_items"] == NUM_ITEMS).all()
    assert (slopes["low"] < 1).all()
    assert (slopes["high"] > 0.8).all()


def test_one_opinion_for_both_countries_has_slope_zero():
    two = [a_run("USA", "en"), a_run("CHN", "zh")]
    table = country_contrasts(two, panels_of(two, lambda one: PEOPLE))
    [slope] = table[table["statistic"] == "slope"].to_dict("records")
    assert slope["low"] < 0 < slope["high"]
    assert slope["people"] == 1


@pytest.mark.parametrize(
    "more",
    [
        {"seed": 2},
        {"model": "other"},
        {"num_respondents": 40},
        {"settings": {"protocol.modifications.memory": "false"}},
    ],
)
def test_runs_that_differ_in_more_than_the_country_are_not_compared(more):
    two = [a_run("USA", "en"), a_run("CHN", "zh", **more)]
    assert country_contrasts(two, panels_of(two)).empty


def test_an_unfinished_run_has_no_contrast():
    assert country_contrasts(FOUR[:1] + FOUR[2:3], panels_of(FOUR[:1])).empty


def test_the_studys_names_say_whose_people_were_asked_in_which_language():
    assert published_name("USA", "en") == published_name("CHN", "zh") == "native"
    assert published_name("CHN", "en") == "en_Chinese"
    assert published_name("USA", "zh") == "zh_English"
    assert published_name("JPN", "en") == ""


def test_a_native_language_that_brings_a_panel_closer_is_found_in_its_country():
    def shares(one):
        wrong = 0.0 if one.language == {"USA": "en", "CHN": "zh"}[one.population] else 0.5
        return (1 - wrong) * OF[one.population] + wrong * LAST

    groups, _ = group_arms(FOUR)
    table = native_language_table(groups, panels_of(FOUR, shares))
    js = table[table["metric"] == "js_divergence"].set_index("population")
    assert js.loc["CHN", "other_arm"] == "en_Chinese"
    assert js.loc["USA", "other_arm"] == "zh_English"
    assert (js["native_arm"] == "native").all()
    assert (js["high"] < 0).all()
    assert js["difference"].to_numpy() == pytest.approx((js["native"] - js["other"]).to_numpy())
    assert (js["p_adjusted"] >= js["p_value"]).all()


def test_frames_are_a_factor_of_their_own():
    runs = [a_run("CHN", language, frame) for language in ("en", "zh") for frame in ("en", "zh")]
    groups, _ = group_arms(runs)
    table = native_language_table(groups, panels_of(runs))
    settings = table.loc[table["metric"] == "js_divergence", "setting"]
    assert sorted(settings) == ["frame_language=en", "frame_language=zh"]


def test_an_unfinished_arm_leaves_a_reason():
    groups, _ = group_arms(FOUR[:2])
    table = native_language_table(groups, panels_of(FOUR[:1]))
    assert (table["reason"] == "One of the two arms is not finished.").all()
    assert table["difference"].isna().all()


def test_arms_of_one_language_and_other_countries_have_no_native_effect():
    groups, _ = group_arms([a_run("USA", "en"), a_run("USA", "en", "zh")])
    assert native_language_table(groups, {}).empty

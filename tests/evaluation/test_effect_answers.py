"""What the tables of effects say: sentences from numbers by hand."""

import pandas as pd
import pytest

from def_sim.app.compared_effects import FILES
from def_sim.evaluation.effect_answers import TELLING, effect_answers

NAN = float("nan")
NOT_TOLD = {"contamination.csv"}  # item by item; its summary is told


def told(file: str, *rows: dict[str, object]) -> list[str]:
    [answer] = effect_answers({file: pd.DataFrame(list(rows))})
    assert answer.file == file
    return list(answer.sentences)


def test_every_table_of_effects_is_told() -> None:
    assert {*TELLING, *NOT_TOLD} == set(FILES)


def test_tables_that_are_not_there_say_nothing() -> None:
    assert effect_answers({}) == []


def effect(name: str, p_adjusted: float, reason: str = "") -> dict[str, object]:
    return {"group": 1, "metric": "js_divergence", "effect": name, "p_adjusted": p_adjusted, "reason": reason}


def test_a_factorial_says_which_effects_are_shown() -> None:
    other = effect("prompt", 0.001) | {"metric": "wasserstein"}
    assert told("factorial.csv", effect("memory", 0.01), effect("prompt", 0.06), other) == [
        "Arms 1: 1 of 2 effects on the distance to people are shown: memory."
    ]


def test_a_factorial_without_numbers_gives_its_reason() -> None:
    reason = "No factorial: the arm with memory off is missing."
    assert told("factorial.csv", effect("memory", NAN, reason), effect("prompt", NAN, reason)) == [reason]


def test_sources_of_variance_are_added_up_by_kind_and_the_largest_setting_is_named() -> None:
    base = {"group": 1, "metric": "js_divergence", "reason": ""}
    rows = [
        base | {"source": "memory", "kind": "setting", "share": 0.1, "low": 0.05, "high": 0.15},
        base | {"source": "prompt", "kind": "setting", "share": 0.2, "low": 0.1, "high": 0.3},
        base | {"source": "items", "kind": "items", "share": 0.7, "low": 0.6, "high": 0.8},
    ]
    [sentence] = told("variance_components.csv", *rows)
    start = "Arms 1: of the variance of scores over arms and items, items 70 %, setting 30 %; "
    assert sentence == start + "the largest setting is place in the prompt, 20 % (10 % to 30 %)."
    nothing = rows[0] | {"share": 0.0}
    assert told("variance_components.csv", nothing, rows[2])[0].endswith("no setting adds to it.")


@pytest.mark.parametrize(
    ("moved", "low", "high", "sentence"),
    [
        (0.2, 0.1, 0.3, "moves 20 % (10 % to 30 %) of the answers beyond chance."),
        (0.2, -0.1, 0.5, "is not shown to move answers beyond chance: beyond it are 20 % (−10 % to 50 %)."),
        (-0.3, -0.4, -0.2, "is not shown to move answers beyond chance."),
        (0.2, NAN, NAN, "is not shown to move answers beyond chance: beyond it are 20 %."),
    ],
)
def test_answers_that_a_setting_moves_are_told_from_chance(
    moved: float, low: float, high: float, sentence: str
) -> None:
    row = {"group": 1, "setting": "memory", "moved": moved, "low": low, "high": high}
    assert told("shares_moved.csv", row) == [f"Arms 1: changing memory {sentence}"]


@pytest.mark.parametrize(
    ("difference", "p_adjusted", "reason", "words"),
    [
        (-0.02, 0.01, "", "brings the panel nearer to people, by 0.020"),
        (0.02, 0.01, "", "takes the panel farther from people, by 0.020"),
        (-0.02, 0.2, "", "is not shown to change the distance to people"),
        (NAN, NAN, "Too few items.", "has no verdict (Too few items)."),
    ],
)
def test_the_native_language_is_told_by_its_adjusted_difference(
    difference: float, p_adjusted: float, reason: str, words: str
) -> None:
    row = {"population": "CHN", "setting": "", "other_arm": "en_Chinese", "metric": "js_divergence"}
    numbers = {"difference": difference, "low": difference - 0.01, "high": difference + 0.01}
    [sentence] = told("native_language.csv", row | numbers | {"p_adjusted": p_adjusted, "reason": reason})
    assert sentence.startswith("CHN: asking in the native language rather than en_Chinese ")
    assert words in sentence


def test_what_an_arm_withholds_stands_beside_people_where_that_is_known() -> None:
    base = {"group": 1, "arm": "offer both", "scope": "all", "low": NAN, "high": NAN}
    rows = [
        base | {"kind": "dont_know", "share": 0.25, "people": 0.02},
        base | {"kind": "refused", "share": 0.0, "people": NAN},
        base | {"kind": "refused", "share": 0.5, "people": NAN, "scope": "item"},
    ]
    assert told("withheld.csv", *rows) == [
        "offer both: 25 % do not know, of people 2.0 %; 0 % refuse, of people it is not known how many."
    ]


def test_the_score_of_those_who_answer_stands_between_its_bounds() -> None:
    row = {"arm": "offer both", "answered": 0.2, "share_failed": 0.25, "least": 0.1, "most": 0.4}
    assert told("withheld_scores.csv", row, row | {"arm": "offer none", "share_failed": 0.0}) == [
        "offer both: those who answer score 0.200; whatever the other 25 % had answered, 0.100 to 0.400.",
        "offer none: everybody answers, and scores 0.200.",
    ]


def test_countries_are_told_by_their_slope_and_sentences_of_a_table_once() -> None:
    run = {"model_label": "M", "first_country": "USA", "second_country": "CHN", "first_language": "en"}
    row = run | {"second_language": "zh", "frame_languages": "en", "reason": "", "value": 0.5, "low": 0.25}
    slope, correlation = ({"statistic": one, "high": 0.75} for one in ("slope", "correlation"))
    [sentence] = told("country_contrast.csv", row | slope, row | correlation)
    assert "USA in en beside CHN in zh" in sentence
    assert "lie 0.500 (0.250 to 0.750) times as far apart as the people" in sentence
    assert told("contamination_summary.csv", {"sentence": "Same."}, {"sentence": "Same."}) == ["Same."]


def test_panels_stand_beside_both_peoples_and_models_beside_noise() -> None:
    base = {"folder": "f", "model": "m", "seed": 1, "persona": "none", "metric": "js_divergence"}
    rows = [base | {"people": people, "value": 0.2, "floor": 0.1} for people in ("USA", "CHN")]
    start, each = "m, seed 1, asked as nobody's citizens: ", "0.200 from people of {} (0.100 at best)"
    [sentence] = told("people_matrix.csv", *rows)
    assert sentence == start + each.format("USA") + "; " + each.format("CHN") + "."
    row = {"survey": "us", "population": "USA", "seed": 1, "num_models": 3, "num_arms": 24, "value": 0.8}
    [sentence] = told("rank_stability.csv", row | {"statistic": "tau_mean", "of_noise": 0.9})
    assert "3 models keep their order over 24 arms with a mean Kendall's tau of 0.800; noise" in sentence

"""Study B on planted panels: similarity, bounds, matched items, controls, pairs, what was printed."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from study_panels import exactly, planted, style_run, two

from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.study_b import NO_RESPONDENTS, TABLE_TYPES, study_b_table
from def_sim.evaluation.style_cells import ReadRun
from def_sim.evaluation.style_pairs import style_pairs_table
from def_sim.evaluation.style_scores import share_not_bare, style_scores
from def_sim.evaluation.style_studies import STYLES, StyleStudy, style_studies
from def_sim.records import ItemReference, MeasurementLevel, ReadingMethod
from def_sim.resources import data_folder
from def_sim.surveys.published_scores import read_study_b

PUBLISHED = read_study_b(data_folder())
PEOPLE = (0.55, 0.3, 0.9, 0.5, 0.7, 0.2)


def read(arrays: PanelArrays, others: Mapping[str, ItemReference] | None = None) -> ReadRun:
    scores = style_scores(arrays, seed=1, num_draws=400, other_references=others)
    return ReadRun(scores, "rules", share_not_bare(arrays))


def study_of(
    panels: Mapping[str, PanelArrays], population: str = "USA"
) -> tuple[StyleStudy, dict[str, ReadRun]]:
    """A study of one country with a run of each style that has a panel."""
    runs = [style_run(style, population) for style in panels]
    [study], _ = style_studies(runs)
    return study, {run.folder: read(panels[run.strategy]) for run in runs}


def row_of(panels: Mapping[str, PanelArrays], style: str, population: str = "USA") -> pd.Series:
    table = study_b_table(*study_of(panels, population), PUBLISHED)
    assert list(table.columns) == list(TABLE_TYPES)
    return table.set_index("style").loc[style]


def alone(arrays: PanelArrays, population: str = "USA") -> pd.Series:
    return row_of({"classification": arrays}, "classification", population)


def test_the_similarity_is_the_mean_of_one_minus_the_difference_of_shares() -> None:
    # People .55, .3, .9, .5, .7, .2; the panel has .8 everywhere: differences .25, .5, .1, .3, .1, .6.
    found = alone(planted(exactly([0.8] * 6, 20), two(*PEOPLE)))
    assert found["similarity"] == pytest.approx(1 - (0.25 + 0.5 + 0.1 + 0.3 + 0.1 + 0.6) / 6)
    assert (found["num_items"], found["num_dropped"], found["num_answers"]) == (6, 0, 120)
    assert found["low"] < found["similarity"] < found["high"]
    assert found["own_low"] < found["similarity"] < found["own_high"]
    assert found["unclassifiable"] == 0
    assert found["worst"] == found["best"] == pytest.approx(found["similarity"])


def test_unclassifiable_answers_are_left_out_and_placed_at_worst_and_at_best() -> None:
    # Ten of twenty could be read, eight of them the first option; people .5 on every item. The other ten at
    # worst are the first, too: 18 of 20, |.9 - .5| = .4; at best two of them: 10 of 20.
    found = alone(planted(exactly([0.8] * 6, 20, num_failing=10), two(*[0.5] * 6)))
    assert found["unclassifiable"] == 0.5
    assert found["similarity"] == pytest.approx(0.7)
    assert (found["worst"], found["best"]) == (pytest.approx(0.6), pytest.approx(1.0))


def test_an_item_without_any_classified_answer_is_dropped_counted_and_bounded() -> None:
    choices = exactly([0.8] * 7, 20)
    choices[:, 6] = -1
    found = alone(planted(choices, two(*[0.5] * 6, 0.7)))
    assert (found["num_items"], found["num_dropped"]) == (6, 1)
    assert found["similarity"] == pytest.approx(0.7)
    # Its bounds: all on the second option, 1 - .7; and fourteen of twenty on the first, exactly .7.
    assert found["worst"] == pytest.approx((6 * 0.7 + 0.3) / 7)
    assert found["best"] == pytest.approx((6 * 0.7 + 1.0) / 7)
    assert found["uniform"] == pytest.approx(1.0)  # of the six items that have a similarity


def test_what_stands_beside_is_half_and_half_the_majority_and_other_people() -> None:
    arrays = planted(exactly([0.8] * 6, 20), two(*PEOPLE))
    others = {
        f"goqa.q{place:02d}": ItemReference(f"goqa.q{place:02d}", "all", (1, 2), (0.4, 0.6), 1000, 1000.0)
        for place in range(6)
    }
    [study], _ = style_studies([style_run("classification")])
    [folder] = study.styles
    table = study_b_table(study, {folder: read(arrays, others)}, PUBLISHED)
    found = table.iloc[0]
    assert found["uniform"] == pytest.approx(np.mean([1 - abs(0.5 - h) for h in PEOPLE]))
    assert found["majority"] == pytest.approx(np.mean([max(h, 1 - h) for h in PEOPLE]))
    expected = np.mean([exact_expectation(0.4, h, 20) for h in PEOPLE])
    assert found["other_people"] == pytest.approx(expected, abs=0.01)
    assert found["floor"] == pytest.approx(np.mean([exact_expectation(h, h, 20) for h in PEOPLE]), abs=0.005)


def exact_expectation(share: float, human: float, num_respondents: int) -> float:
    """Of as many people of whom that share gives the first option: a sum over all counts."""
    count = np.arange(num_respondents + 1)
    chances = stats.binom.pmf(count, num_respondents, share)
    return float((chances * (1 - np.abs(count / num_respondents - human))).sum())


def test_a_style_is_told_from_equal_shares_beyond_chance_or_not() -> None:
    people = two(*np.linspace(0.05, 0.95, 24))
    panels = {
        "classification": planted(exactly(list(np.linspace(0.05, 0.95, 24)), 20), people),
        "scenarios": planted(exactly([0.5] * 24, 20), people),
    }
    near, coin = (row_of(panels, style) for style in ("classification", "scenarios"))
    assert near["above_uniform"] == pytest.approx(near["similarity"] - near["uniform"])
    assert near["above_uniform_low"] > 0
    assert near["p_uniform"] < 0.01
    assert coin["above_uniform"] == pytest.approx(0, abs=1e-12)
    assert coin["above_uniform_low"] <= 0 <= coin["above_uniform_high"]
    assert coin["p_uniform"] > 0.05


def test_matched_items_are_half_classified_under_all_three_styles() -> None:
    few_read = exactly([0.6] * 6, 20)
    few_read[:11, 0] = -1  # nine of twenty
    half_read = exactly([0.6] * 6, 20)
    half_read[:10, 1] = -1
    panels = {
        "classification": planted(exactly([0.8] * 6, 20), two(*PEOPLE)),
        "chain_of_thought": planted(half_read, two(*PEOPLE)),
        "scenarios": planted(few_read, two(*PEOPLE)),
    }
    found = row_of(panels, "classification")
    assert found["num_matched"] == 5
    assert found["matched"] == pytest.approx(1 - (0.5 + 0.1 + 0.3 + 0.1 + 0.6) / 5)  # all but the first
    without = row_of({style: panels[style] for style in ("classification", "scenarios")}, "classification")
    assert math.isnan(without["matched"])
    assert without["num_matched"] == 0


def test_two_options_need_no_order_and_more_of_them_without_one_are_not_scored() -> None:
    arrays = planted(exactly([0.8] * 6, 20), two(*PEOPLE))
    nominal = planted_at_level(arrays, MeasurementLevel.NOMINAL)
    assert alone(nominal)["similarity"] == pytest.approx(alone(arrays)["similarity"])
    three = planted(exactly([0.8] * 6, 20), [[0.5, 0.3, 0.2]] * 6)
    assert alone(three)["num_items"] == 6
    found = alone(planted_at_level(three, MeasurementLevel.NOMINAL))
    assert (found["num_items"], found["num_dropped"], found["num_answers"]) == (0, 0, 0)
    assert math.isnan(found["similarity"])


def planted_at_level(arrays: PanelArrays, level: MeasurementLevel) -> PanelArrays:
    questions = tuple(replace(question, level=level) for question in arrays.survey.questions)
    return replace(arrays, survey=replace(arrays.survey, questions=questions))


def test_what_was_printed_stands_beside_runs_of_its_questionnaire_alone() -> None:
    arrays = planted(exactly([0.8] * 6, 20), two(*PEOPLE))
    found = row_of({"scenarios": arrays}, "scenarios", "CHN")
    printed = ("published", "published_low", "published_high", "published_unclassifiable")
    assert [found[name] for name in printed] == [0.65, 0.60, 0.70, 40.26 / 100]
    for run in (
        style_run("scenarios", "CHN", settings={"survey.name": "us"}),
        style_run("scenarios", "CHN", settings={"strategy.frames": "use_cases"}),
        style_run("scenarios", "RUS"),
    ):
        asked = replace(run, survey=run.settings["survey.name"])
        [study], _ = style_studies([asked])
        table = study_b_table(study, {asked.folder: read(arrays)}, PUBLISHED)
        assert table[list(printed)].isna().all(axis=None)


def test_replies_that_are_not_the_bare_number_are_counted_where_no_judge_read_them() -> None:
    bare = planted(exactly([0.8] * 6, 20, num_failing=5), two(*PEOPLE))
    assert share_not_bare(bare) == 0.25
    wordy = planted(exactly([0.8] * 6, 20), two(*PEOPLE), text="I choose 2.")
    assert share_not_bare(wordy) == 1
    for method in (ReadingMethod.JUDGE, ReadingMethod.CONSTRAINED):
        assert math.isnan(share_not_bare(planted(exactly([0.8] * 6, 20), two(*PEOPLE), method=method)))


def test_probabilities_have_a_similarity_and_no_respondents_to_draw_again() -> None:
    shares = {"option_probabilities": (0.8, 0.2), "shown_codes": (1, 2)}
    found = alone(planted(exactly([1.0] * 6, 20), two(*PEOPLE), method=ReadingMethod.CONSTRAINED, **shares))
    assert found["similarity"] == pytest.approx(1 - (0.25 + 0.5 + 0.1 + 0.3 + 0.1 + 0.6) / 6)
    assert found["low"] < found["similarity"] < found["high"]
    assert math.isnan(found["own_low"])
    assert math.isnan(found["p_uniform"])
    assert found["why_no_own"] == NO_RESPONDENTS


def test_styles_are_compared_in_pairs_with_holms_adjustment_over_the_country() -> None:
    people = two(*np.linspace(0.3, 0.7, 24))
    shares = np.linspace(0.3, 0.7, 24)
    panels = {
        "classification": planted(exactly([1.0] * 24, 20), people),
        "chain_of_thought": planted(exactly(list(shares), 20), people),
        "scenarios": planted(exactly(list(shares), 20, num_failing=4), people),
    }
    pairs = style_pairs_table(*study_of(panels)).set_index(["first", "second"])
    far = pairs.loc[("classification", "chain_of_thought")]
    assert far["difference"] == pytest.approx(0.5 - 1, abs=0.03)  # people's mean is .5
    assert far["high"] < 0
    assert far["own_high"] < 0
    assert far["p_adjusted"] < 0.01
    near = pairs.loc[("chain_of_thought", "scenarios")]
    assert abs(near["difference"]) < 0.03
    assert (pairs["p_adjusted"] >= pairs["p_value"]).all()
    smallest = pairs["p_value"].min()
    assert pairs["p_adjusted"].min() == pytest.approx(min(1, 3 * smallest))
    assert len(pairs) == len(STYLES)


def test_pairs_are_on_common_items_and_say_when_there_is_none() -> None:
    first = planted(exactly([0.8] * 8, 20), two(*[0.5] * 8))
    choices = exactly([0.8] * 8, 20)
    choices[:, :2] = -1
    second = planted(choices, two(*[0.5] * 8))
    [row] = style_pairs_table(*study_of({"classification": first, "scenarios": second})).to_dict("records")
    assert row["num_items"] == 6
    nothing = planted(np.zeros((20, 0)), [])
    [none] = style_pairs_table(*study_of({"classification": first, "scenarios": nothing})).to_dict("records")
    assert math.isnan(none["p_value"])
    assert none["reason"] == NO_RESPONDENTS
    assert none["num_items"] == 0

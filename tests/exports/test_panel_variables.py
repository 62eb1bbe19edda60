"""Answers as variables: one a question, one an option where several may be chosen."""

import numpy as np
from tables_with_labels import answer, question, several

from def_sim.exports.labelled_table import Variable, joined
from def_sim.exports.missing_codes import MISSING_CODES, MISSING_LABELS, missing_letter
from def_sim.exports.panel_variables import panel_variables
from def_sim.records import AnswerStatus

ROWS = {"r00000": 0, "r00001": 1, "r00002": 2}


def test_a_choice_is_its_code_a_failure_its_status_and_what_is_missing_is_nothing() -> None:
    asked = question("town.Q1", "yes", "no")
    given = [answer(1, asked, status=AnswerStatus.REFUSED), answer(0, asked, 2)]
    [variable] = panel_variables([asked], ROWS, given)
    np.testing.assert_array_equal(variable.values, [2, -2, np.nan])
    assert variable.name == "town_Q1"
    assert variable.label == "trust: Do you trust people?"
    assert variable.value_labels == {1: "yes", 2: "no"}
    assert variable.level == "ordinal"
    assert variable.is_answer


def test_of_several_choices_each_option_is_a_variable() -> None:
    asked = several("town.Q8", "bread", "milk", "eggs")
    given = [answer(0, asked, 1, 3), answer(1, asked, status=AnswerStatus.TOO_MANY), answer(2, asked, 2)]
    found = panel_variables([asked], ROWS, given)
    assert [one.name for one in found] == ["town_Q8_o1", "town_Q8_o2", "town_Q8_o3"]
    assert [one.values.tolist() for one in found] == [[1, -7, 0], [0, -7, 1], [1, -7, 0]]
    assert found[1].label.startswith("milk (trust: ")
    assert found[1].value_labels == {0: "not chosen", 1: "chosen"}


def test_wordings_of_an_item_are_variables_of_their_own() -> None:
    asked = [question("town.Q1"), question("town.Q1", wording=2)]
    found = panel_variables(asked, ROWS, [answer(0, asked[0], 1), answer(0, asked[1], 2)])
    assert {one.name: one.values[0] for one in found} == {"town_Q1": 1, "town_Q1_w2": 2}


def test_a_name_that_an_earlier_variable_of_the_table_has_is_told_apart() -> None:
    place = Variable("town_sex", "where", ["a", "b", "c"])
    whole = joined("A run", (), [place, *panel_variables([question("town.sex")], ROWS, [])])
    assert [one.name for one in whole.variables] == ["town_sex", "town_sex_2"]


def test_the_first_choice_that_a_follow_up_names_is_left_open() -> None:
    [variable] = panel_variables([question(text="And after {first_choice}?")], ROWS, [])
    assert variable.label == "trust: And after ...?"


def test_every_status_without_a_choice_has_a_code_of_its_own_from_1_to_12_below_zero() -> None:
    without = set(AnswerStatus) - {AnswerStatus.ANSWERED}
    assert set(MISSING_CODES) == without
    assert sorted(MISSING_CODES.values()) == list(range(-12, 0)) == sorted(MISSING_LABELS)
    assert [missing_letter(code) for code in (-1, -2, -12)] == ["a", "b", "l"]

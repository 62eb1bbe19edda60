"""Names of variables that SPSS and Stata both take."""

import re

from hypothesis import given
from hypothesis import strategies as st

from def_sim.exports.variable_names import fitting_names

NAMES = st.text(alphabet="aAbB._1-äx", max_size=40)


def test_items_are_named_without_their_dot_and_wordings_stand_behind() -> None:
    wished = [("wvs7.Q1", ""), ("wvs7.Q1", "_w2"), ("wvs7.Q8", "_w2_o3")]
    assert fitting_names(wished) == ["wvs7_Q1", "wvs7_Q1_w2", "wvs7_Q8_w2_o3"]


def test_two_names_that_become_alike_are_told_apart_also_in_upper_case() -> None:
    # SPSS takes Q1 and q1 for one variable.
    assert fitting_names([("a.Q1", ""), ("a_Q1", ""), ("a.q1", "")]) == ["a_Q1", "a_Q1_2", "a_q1_3"]


def test_a_long_name_is_cut_before_what_tells_its_wordings_apart() -> None:
    long = "survey." + "x" * 40
    first, second, third = fitting_names([(long, "_w1"), (long, "_w2"), (long + "y", "_w2")])
    assert first == "survey_" + "x" * 22 + "_w1"
    assert second == "survey_" + "x" * 22 + "_w2"
    assert third == "survey_" + "x" * 20 + "_w2_2"


def test_no_name_is_a_word_of_the_programs_or_begins_with_a_digit() -> None:
    assert fitting_names([("with", ""), ("If", ""), ("str8", ""), ("2.Q1", ""), ("_all", "")]) == [
        "v_with",
        "v_If",
        "v_str8",
        "v2_Q1",
        "v_all",
    ]


@given(st.lists(st.tuples(NAMES, st.sampled_from(["", "_w1", "_o12"])), max_size=12))
def test_every_name_fits_and_none_is_there_twice(wished: list[tuple[str, str]]) -> None:
    names = fitting_names(wished)
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,31}", name) for name in names)
    assert len({name.casefold() for name in names}) == len(wished)

"""Cells of tables that people open: what a spreadsheet would compute has a sign in front, and only that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from def_sim.csv_files import guarded, with_formula, without_formula


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_what_begins_as_a_formula_has_an_apostrophe_in_front(sign: str) -> None:
    assert without_formula(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("text", ["", "1", "a=1", "'=1", "说", " =1"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_formula(text) == text


def test_a_text_of_strangers_becomes_one_line_with_nothing_invisible() -> None:
    assert guarded("\t=1\n\n+\u202e2") == "'=1 +\\u202e2"


@given(st.text(max_size=5).filter(lambda text: with_formula(text) == text))
def test_a_sheet_that_comes_back_says_what_was_written_into_it(text: str) -> None:
    assert with_formula(without_formula(text)) == text

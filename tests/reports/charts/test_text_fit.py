"""Words are measured by the shipped fonts and broken where they no longer fit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from def_sim.reports.charts.text_fit import fit_lines, is_shipped, text_width


def test_a_word_is_as_wide_as_its_letters() -> None:
    # Noto Sans: W 926, a 561 thousandths of the size, and 3 % for fonts that stand in for it.
    assert text_width("Wa", size=100) == pytest.approx(1.03 * (92.6 + 56.1), abs=1.5)
    assert text_width("重要", size=10) == pytest.approx(1.03 * 20)


def test_bold_words_are_wider() -> None:
    assert text_width("Emancipative values", is_bold=True) > text_width("Emancipative values")


def test_lines_break_between_words_and_between_chinese_characters() -> None:
    assert fit_lines("one two", text_width("one tw"), most=2) == ["one", "two"]
    assert fit_lines("非常重要", text_width("非常"), most=2) == ["非常", "重要"]


def test_a_line_does_not_break_at_a_hard_blank() -> None:
    assert fit_lines("SmolLM2, N\u00a0=\u00a020", text_width("SmolLM2, N ="), most=2) == [
        "SmolLM2,",
        "N\u00a0=\u00a020",
    ]


def test_what_finds_no_room_ends_in_dots() -> None:
    [line] = fit_lines("one two three", text_width("one two th"))
    assert line == "one two…"
    assert fit_lines("", 50) == [""]


def test_on_a_page_nothing_is_broken() -> None:
    assert fit_lines("word " * 100, math.inf) == ["word " * 100]


@given(st.text(max_size=300), st.floats(20, 400), st.integers(1, 3))
def test_no_line_is_wider_than_its_room(text: str, width: float, most: int) -> None:
    lines = fit_lines(text, width, most=most)
    assert 1 <= len(lines) <= most
    assert all(text_width(line) <= width for line in lines)


def test_characters_that_our_fonts_lack_are_known() -> None:
    assert all(map(is_shipped, "Aé−重ж"))
    assert not is_shipped("ع")

"""The bars of one option: as long as the numbers behind them, and the same parts in every drawing."""

import re
from xml.etree import ElementTree

import pytest

from def_sim.reports.charts.option_bars import option_bars


def parts(drawn: str) -> list[str]:
    return [element.tag for element in ElementTree.fromstring(drawn).iter()]


def test_bars_are_as_long_as_their_numbers_say_and_numbers_stand_at_their_ends() -> None:
    drawn = option_bars("50", "2.5", "25")
    assert re.findall(r'<rect width="([\d.]+)%"', drawn) == ["50", "2.5"]
    assert re.findall(r'<text x="([\d.]+)%" y="\d+">([^<]+)', drawn) == [
        ("50", "50 %"), ("2.5", "2.5 %"), ("25", "25 %"),
    ]  # fmt: skip
    assert 'aria-label="panel 50 %, people 2.5 %, planted 25 %"' in drawn


@pytest.mark.parametrize(("share", "length", "word"), [("0", "0.2", "0 %"), ("", "0", "–")])
def test_a_share_of_0_has_a_foot_and_an_unknown_one_no_bar(share: str, length: str, word: str) -> None:
    drawn = option_bars(share, "50")
    assert f'<rect width="{length}%"' in drawn
    assert f'aria-label="panel {word}, people 50 %"' in drawn


def test_drawings_differ_in_numbers_alone_so_that_a_script_can_fill_one() -> None:
    assert parts(option_bars("", "")) == parts(option_bars("50", "100"))
    assert parts(option_bars("", "", "")) == parts(option_bars("50", "100", "3"))

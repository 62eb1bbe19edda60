"""`figures=` on the command line: what can be asked for, and what is said where it cannot."""

import pytest

from def_sim.app.figure_choice import check_figures
from def_sim.app.main import main
from def_sim.app.sections import FigureRules
from def_sim.errors import ConfigError

ASKED = ("wvs7.Q1", "wvs7.Q11", "gss2022.happy")


@pytest.mark.parametrize("items", [20, "all", ["wvs7.Q1"]])
def test_numbers_all_and_items_that_are_asked_can_be_drawn(items: int | str | list[str]) -> None:
    check_figures(FigureRules(items=items), ASKED)


def test_an_item_that_is_not_asked_is_named_with_those_that_look_like_it() -> None:
    with pytest.raises(ConfigError) as caught:
        check_figures(FigureRules(items=["wvs7.q1"]), ASKED)
    assert caught.value.message == (
        "figures.items: 'wvs7.q1' is no item that is asked; there are 3, such as wvs7.Q1, wvs7.Q11."
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("figures.width=wide", ("figures.width", "double", "single")),
        ("figures.items=0", ("figures.items",)),
        ("figures.items=some", ("figures.items", "all")),
        ("figures.items=[wvs7.Q0]", ("wvs7.Q0", "wvs7.Q")),
    ],
)
def test_what_cannot_be_drawn_is_one_message_and_code_2(
    words: str, said: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stage=plan", "survey=us_short", words]) == 2
    message = capsys.readouterr().err
    assert all(word in message for word in said), message

"""What a home says of the options that a population was shown."""

from pathlib import Path

import pytest
from toy_survey import write_toy

from def_sim.errors import SurveyFormatError
from def_sim.surveys.shown_options import items_of_source


def test_a_home_says_which_options_another_population_was_shown(tmp_path: Path) -> None:
    write_toy(tmp_path / "data")
    path = tmp_path / "data" / "items" / "toy.yaml"
    (tmp_path / "home" / "items").mkdir(parents=True)
    shown = tmp_path / "home" / "items" / "toy.shown.yaml"
    shown.write_text("toy.first:\n  DEU: [2, 3]\n")
    first = items_of_source(path, tmp_path / "data", tmp_path / "home")["toy.first"]
    assert [option.code for option in first.shown_options("DEU")] == [2, 3]
    assert [option.code for option in first.shown_options("USA")] == [1, 2]  # as before
    assert "DEU" not in items_of_source(path, tmp_path / "data", None)["toy.first"].shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("toy.none: {DEU: [1, 2]}", "there is no item 'toy.none'"),
        ("toy.first: {DEU: [1, 9]}", r"toy.first: 'DEU' was shown \[1, 9\] of \[1, 2, 3\]"),
        ("toy.first: {DEU: [1]}", r"was shown \[1\] of"),
        ("toy.first: [1, 2]", "toy.shown.yaml, line 1"),
    ],
)
def test_options_that_an_item_does_not_have_are_refused(text: str, expected: str, tmp_path: Path) -> None:
    write_toy(tmp_path)
    (tmp_path / "items" / "toy.shown.yaml").write_text(text + "\n")
    with pytest.raises(SurveyFormatError, match=expected):
        items_of_source(tmp_path / "items" / "toy.yaml", tmp_path, None)

"""Colours, marks and sizes: named in one place, told apart by everyone, readable on their grounds."""

import re
from itertools import combinations
from pathlib import Path

import pytest

import def_sim.reports
from def_sim.reports.theme import (
    DARK,
    LEAST_PT,
    LIGHT,
    MARKS,
    PT_PER_PX,
    SMALL_PX,
    WIDTHS_MM,
    css_variables,
    drawing_width,
)

REPORTS = Path(def_sim.reports.__file__).parent
COLOUR = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})\b|rgba?\(\s*\d")
# Okabe & Ito 2008, without black and yellow, which is too pale for marks on white.
OKABE_ITO = {"#0072b2", "#d55e00", "#cc79a7", "#009e73", "#e69f00", "#56b4e9"}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_no_other_file_names_a_colour() -> None:
    files = [p for p in REPORTS.rglob("*") if p.suffix in {".py", ".css", ".js", ".jinja"}]
    named = {p.name: COLOUR.findall(p.read_text(encoding="utf-8")) for p in files if p.name != "theme.py"}
    assert len(files) > 50
    assert {name: found for name, found in named.items() if found} == {}


def test_every_variable_of_the_style_sheets_has_a_colour_on_light_and_on_dark_screens() -> None:
    rules = "".join(path.read_text(encoding="utf-8") for path in REPORTS.rglob("*.css"))
    lengths = set(re.findall(r"--([\w-]+): [\d.]+rem", rules))  # the sheets' own
    used = set(re.findall(r"var\(--([\w-]+)\)", rules)) - lengths
    light, dark = css_variables().split("@media")
    for colours in (light, dark):
        assert used <= set(re.findall(r"--([\w-]+):", colours))


def test_what_stands_for_somebody_has_a_colour_of_okabe_and_ito() -> None:
    kinds = ("panel", "people", "planted", "second", "third", "other-0", "other-1", "other-2")
    assert {LIGHT[kind] for kind in kinds} == OKABE_ITO


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_marks_stand_out_from_their_grounds(colours: dict[str, str]) -> None:
    for ground in ("ground", "raised"):
        assert all(contrast(colours[text], colours[ground]) >= 4.5 for text in ("ink", "faint"))
        assert all(contrast(colours[mark], colours[ground]) >= 2.9 for mark in ("panel", "people", "control"))
    assert contrast(colours["on-panel"], colours["panel"]) >= 4.5


def test_no_two_marks_look_alike() -> None:
    hollow = {"floor", "uniform", "base", "small-floor", "small-uniform"}
    looks = [(path, name in hollow) for name, path in MARKS.items()]
    assert all(one != other for one, other in combinations(looks, 2))


def test_in_a_file_letters_are_six_points_high_at_least() -> None:
    assert SMALL_PX * PT_PER_PX >= LEAST_PT
    for width in WIDTHS_MM.values():  # as wide as asked for, since 1 mm is 72 / 25.4 points
        assert drawing_width(width) * PT_PER_PX == pytest.approx(width * 72 / 25.4)

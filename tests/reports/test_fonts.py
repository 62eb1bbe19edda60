"""The shipped fonts: whose they are, that they have every character we write, and the widths on file."""

import json
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from scripts_loaded import script

from def_sim.resources import data_folder

FONTS = data_folder() / "fonts"
FILES = sorted(FONTS.glob("*.?tf"))


def read(path: Path) -> TTFont:
    return TTFont(path)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("NotoSans-Regular.ttf", "Noto Sans"),
        ("NotoSans-Bold.ttf", "Noto Sans"),
        ("NotoSansCJKsc-Regular.otf", "Noto Sans CJK SC"),
    ],
)
def test_a_font_says_its_family_and_its_licence(name: str, family: str) -> None:
    names = read(FONTS / name)["name"]
    assert names.getDebugName(1) == family
    assert "SIL Open Font License, Version 1.1" in names.getDebugName(13)
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text(encoding="utf-8")


def test_every_character_of_items_prompts_and_places_is_in_a_font() -> None:
    has = {code for path in FILES for code in read(path).getBestCmap()}
    build = script("build_fonts")
    written = {letter for path in build.texts() for letter in path.read_text(encoding="utf-8")}
    assert {letter for letter in written if ord(letter) not in has} <= {"\n"}


def test_the_widths_on_file_are_those_of_the_fonts() -> None:
    build = script("build_fonts")
    stored = json.loads((FONTS / "widths.json").read_text(encoding="utf-8"))
    assert stored == {path.stem: build.widths_of(TTFont(path)) for path in FILES}

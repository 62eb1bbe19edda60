"""How wide words are set, and where to break them, from the widths of the shipped fonts.

Drawings are written before any browser or typesetter sees them, so they break lines by these widths. Knows
no drawing.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from def_sim.reports.theme import TEXT_PX
from def_sim.resources import data_folder
from def_sim.visible import visible

_REGULAR, _BOLD, _CHINESE = "NotoSans-Regular", "NotoSans-Bold", "NotoSansCJKsc-Regular"
_UNKNOWN: Final = 0.62  # of the size of letters: a letter of a font that we do not have
_ALLOWANCE: Final = 1.03  # fonts that stand in for ours are a little wider
_WIDE: Final = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"  # lines may break after each of these
_BLANK: Final = r"[^\S\u00a0]"  # but for the blank at which lines do not break
_PIECES: Final = re.compile(rf"[{_WIDE}]|(?:(?!{_BLANK})[^{_WIDE}])+|{_BLANK}+")
_CUT: Final = "…"


@lru_cache(maxsize=1)
def _widths() -> Mapping[str, Mapping[str, float]]:
    """Font -> character -> width as a share of the size of letters."""
    path = data_folder() / "fonts" / "widths.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {
        font: {letter: int(width) / 1000 for width, letters in found.items() for letter in letters}
        for font, found in stored.items()
    }


def is_shipped(letter: str) -> bool:
    """Whether one of our fonts has the character."""
    return any(letter in font for font in _widths().values())


def text_width(text: str, *, size: float = TEXT_PX, is_bold: bool = False) -> float:
    """How wide a text is set on one line, in the unit of `size`; a little generous."""
    fonts = [_widths()[_BOLD if is_bold else _REGULAR], _widths()[_CHINESE]]
    return size * _ALLOWANCE * sum(_letter_width(letter, fonts) for letter in text)


def _letter_width(letter: str, fonts: list[Mapping[str, float]]) -> float:
    known = next((font[letter] for font in fonts if letter in font), None)
    if known is not None:
        return known
    if unicodedata.combining(letter):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" else _UNKNOWN


def fit_lines(
    text: str, width: float, *, most: int = 1, size: float = TEXT_PX, is_bold: bool = False
) -> list[str]:
    """The text broken into lines of at most `width`; what finds no room ends in "…".

    Args:
        text: Any; what is invisible in it is written out first, as drawings do.
        width: In the unit of `size`; infinite for one line.
        most: Lines, at least 1.
        size: Of letters.
        is_bold: Whether it is set in bold.
    """
    if width == math.inf:
        return [text]

    def fits(line: str) -> bool:
        return text_width(line.rstrip(), size=size, is_bold=is_bold) <= width

    lines = [""]
    for piece in _PIECES.findall(visible(text)):
        if fits(lines[-1] + piece):
            lines[-1] += piece
        elif not piece.isspace():
            lines = _broken(lines, piece, fits)
    whole = [line.strip() for line in lines if line.strip()] or [""]
    if len(whole) <= most:
        return whole
    last = whole[most - 1]
    while last and not fits(last + _CUT):
        last = last[:-1]
    return [*whole[: most - 1], last.rstrip() + _CUT]


def _broken(lines: list[str], piece: str, fits: Callable[[str], bool]) -> list[str]:
    """The piece on the next line, or letter by letter where it is wider than a whole one."""
    if fits(piece):
        return [*lines, piece]
    filled = list(lines)
    for letter in piece:
        if filled[-1] and not fits(filled[-1] + letter):
            filled.append("")
        filled[-1] += letter
    return filled

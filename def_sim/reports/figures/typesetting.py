"""SVG to PDF and PNG by typst, with the shipped fonts: text stays text, equal drawings give equal bytes.

The only module that imports typst. Where there is no wheel of it, `is_available` is False and figures stay
SVG. Characters that our fonts lack are set in a font of the machine if it has one; only then can two machines
differ.
"""

import math
import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from def_sim.reports.charts.svg import element
from def_sim.reports.charts.text_fit import is_shipped
from def_sim.reports.theme import FONTS, PNG_DPI
from def_sim.resources import data_folder

if TYPE_CHECKING:
    import typst

_DOCUMENT: Final = b"""\
#set document(title: sys.inputs.title, date: if sys.inputs.dated == "" { none } else { auto })
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", alt: sys.inputs.alt)
"""
_WORDS: Final = re.compile(r"<text\b[^>]*>([^<]*)</text>")
_SIZE: Final = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)" width="([\d.]+)mm" height="([\d.]+)mm"')
_MM_PER_PIXEL: Final = 25.4 / PNG_DPI
_LESS_ACROSS, _LESS_DOWN = 0.001, 0.01  # pixels: what rounding makes longer than a whole one would be two
# A standard that refuses a character without a font, so that typst says so instead of drawing a box.
_STRICT: Final = "a-2u"
# A compiler is for one thread at a time; the fonts are for all threads.
_OF_THREAD: Final = threading.local()


def is_available() -> bool:
    """Whether typst is installed."""
    return find_spec("typst") is not None


@lru_cache(maxsize=2)
def _fonts(*, has_system_fonts: bool) -> "typst.Fonts":
    import typst

    return typst.Fonts(
        include_system_fonts=has_system_fonts,
        include_embedded_fonts=False,
        font_paths=[data_folder() / "fonts"],
    )


def _compiler(*, has_system_fonts: bool) -> "typst.Compiler":
    """This thread's."""
    import typst

    if not hasattr(_OF_THREAD, "compilers"):
        _OF_THREAD.compilers = {}
    made: dict[bool, typst.Compiler] = _OF_THREAD.compilers
    if has_system_fonts not in made:
        fonts = _fonts(has_system_fonts=has_system_fonts)
        made[has_system_fonts] = typst.Compiler(font_paths=fonts, ignore_system_fonts=not has_system_fonts)
    return made[has_system_fonts]


def _compile(
    svg: bytes,
    kind: "typst.OutputFormat",
    *,
    needs_system_fonts: bool,
    title: str = "",
    alt: str = "",
    standard: str = "",
) -> bytes:
    made = _compiler(has_system_fonts=needs_system_fonts).compile(
        input=_DOCUMENT,
        format=kind,
        ppi=float(PNG_DPI),
        sys_inputs={"svg": svg.decode("utf-8"), "title": title, "alt": alt, "dated": standard},
        pdf_standards=[standard] if standard else [],  # type: ignore[list-item]  # one of its literals
        timestamp=0,
    )
    assert isinstance(made, bytes)
    return made


def as_pdf(svg: bytes, *, title: str, alt: str) -> bytes:
    """The drawing as a page of its size, without a date.

    Args:
        svg: As `standalone` writes it.
        title: Of the document.
        alt: What a screen reader says of the drawing.
    """
    return _compile(svg, "pdf", needs_system_fonts=bool(_foreign(_words(svg))), title=title, alt=alt)


def as_png(svg: bytes) -> bytes:
    """The drawing as pixels on white, `theme.PNG_DPI` an inch."""
    whole = _on_whole_pixels(svg)
    return _compile(whole, "png", needs_system_fonts=bool(_foreign(_words(svg))))


def _on_whole_pixels(svg: bytes) -> bytes:
    """The drawing with as much ground at its right and its foot as fills the last pixels.

    typst draws it pixel by pixel and then fits that to the page: of another size, a row of pixels is left out
    somewhere, and with it the foot of letters. It takes the next whole number of pixels across, and of those
    down the next one for the same proportions.
    """

    def filled(match: re.Match[str]) -> str:
        across, down, width_mm, height_mm = (float(side) for side in match.groups())
        width, height = _filled(width_mm, _LESS_ACROSS), _filled(height_mm, _LESS_DOWN)
        view = f"0 0 {across * width / width_mm:.6f} {down * height / height_mm:.6f}"
        return f'viewBox="{view}" width="{width:.6f}mm" height="{height:.6f}mm"'

    return _SIZE.sub(filled, svg.decode("utf-8"), count=1).encode("utf-8")


def _filled(length_mm: float, less: float) -> float:
    """The length to the end of its last pixel, less so many pixels."""
    return (math.ceil(length_mm / _MM_PER_PIXEL - less) - less) * _MM_PER_PIXEL


def _words(svg: bytes) -> str:
    return "".join(_WORDS.findall(svg.decode("utf-8")))


def _foreign(text: Iterable[str]) -> str:
    """The characters that no shipped font has."""
    return "".join(sorted({letter for letter in text if not is_shipped(letter) and not letter.isspace()}))


def can_set(text: str) -> bool:
    """Whether a font of ours or of this machine has every character.

    Without typst it is taken to be so: what shows the SVG then looks for a font.
    """
    foreign = _foreign(text)
    return not foreign or not is_available() or _has_fonts(foreign)


@lru_cache(maxsize=4096)
def _has_fonts(foreign: str) -> bool:
    import typst

    words = element("text", foreign, x=0, y=15, style=f"font-family: {FONTS}")
    svg = element("svg", words, xmlns="http://www.w3.org/2000/svg", width=9 * len(foreign) + 9, height=20)
    try:
        _compile(svg.encode("utf-8"), "pdf", needs_system_fonts=True, standard=_STRICT)
    except typst.TypstError:
        return False
    return True

"""How everything of ours that is drawn looks: colours, marks and sizes, for pages and figure files alike.

Colours are those of Okabe & Ito 2008 (Color Universal Design), which readers with any kind of colour vision
can tell apart, lightened on dark screens; nothing rests on a colour alone, since each mark has a shape of its
own. No other file names a colour: style sheets take them as variables.
"""

from collections.abc import Mapping
from typing import Final

LIGHT: Final[Mapping[str, str]] = {
    "ground": "#ffffff",
    "raised": "#f6f7f8",
    "line": "#d5d9dd",
    "ink": "#16191c",
    "faint": "#5b636b",
    "panel": "#0072b2",  # blue
    "people": "#d55e00",  # vermilion
    "control": "#6b737b",
    "planted": "#cc79a7",  # reddish purple
    "second": "#009e73",  # bluish green; with "third" for further surveys on a map
    "third": "#e69f00",  # orange
    "warn": "#fff3d6",
    "warn-line": "#c98a00",
    "on-panel": "#ffffff",
    "on-other": "#10151a",
    "other-0": "#56b4e9",  # sky blue
    "other-1": "#e69f00",
    "other-2": "#cc79a7",
    "other-3": "#a8b0b8",
}
DARK: Final[Mapping[str, str]] = {
    **LIGHT,
    "ground": "#14171a",
    "raised": "#1d2125",
    "line": "#3a4148",
    "ink": "#e9ecef",
    "faint": "#a3acb5",
    "panel": "#4aa8e0",
    "people": "#f28a45",
    "control": "#98a1aa",
    "planted": "#dd8fca",
    "second": "#52c7aa",
    "third": "#f0b73d",
    "warn": "#3a2f12",
    "warn-line": "#d9a021",
    "on-panel": "#10151a",
    "other-0": "#8ecdf0",
    "other-1": "#f0b73d",
    "other-2": "#dd9fc3",
    "other-3": "#8a939c",
}
# Shades of heat maps: the same colours as channels, since rgba() takes no other variable.
_CHANNELS: Final = {"lean": "panel", "away": "people"}

# Outlines around (0, 0), about 10 px wide: a mark is told from its neighbours by its shape.
MARKS: Final[Mapping[str, str]] = {
    "panel": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z",  # disc
    "people": "M0 -7L7 0L0 7L-7 0z",  # diamond, filled
    "floor": "M0 -6.5L6.5 0L0 6.5L-6.5 0z",  # diamond, hollow: people too, as many as the panel has
    "uniform": "M-5 -5h10v10h-10z",  # square, hollow
    "mode": "M0 -6L6.5 5.5h-13z",  # triangle
    "others": "M0 7L-6.5 -5h13z",  # triangle upside down
    "planted": "M-2 -6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",  # plus
    "expected": "M-1.5 -9h3v18h-3z",  # bar
    "tuned": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",  # disc, filled
    "base": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",  # disc, hollow
    "beyond": "M-4 -5L2 0L-4 5z",  # arrowhead
    "below": "M4 -5L-2 0L4 5z",
    "small-floor": "M0 -5L5 0L0 5L-5 0z",
    "small-uniform": "M-3.5 -3.5h7v7h-7z",
}

TEXT_PX: Final = 12.5  # of words in a drawing
SMALL_PX: Final = 11.5  # of numbers at its axes
TEXT_PT: Final = 8.0  # the same words in a figure file
LEAST_PT: Final = 6.0  # no letter of a figure file is smaller
PT_PER_PX: Final = TEXT_PT / TEXT_PX  # a figure file is a drawing at this scale
FONTS: Final = '"Noto Sans", "Noto Sans CJK SC", system-ui, sans-serif'
WIDTHS_MM: Final[Mapping[str, float]] = {"double": 174.0, "single": 84.0}  # columns of a journal's page
PNG_DPI: Final = 300
_PT_PER_MM: Final = 72 / 25.4


def drawing_width(width_mm: float) -> float:
    """Pixels that a drawing has across, so that its words are `TEXT_PT` high in a file of that width."""
    return width_mm * _PT_PER_MM / PT_PER_PX


def css_variables() -> str:
    """The rules that set every colour as a variable, for light screens and paper, and for dark screens."""
    return (
        f":root {{ color-scheme: light dark; {_declarations(LIGHT)} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_declarations(DARK)} }} }}\n"
    )


def _declarations(colours: Mapping[str, str]) -> str:
    channels = {name: _channels(colours[colour]) for name, colour in _CHANNELS.items()}
    return " ".join(f"--{name}: {value};" for name, value in {**colours, **channels}.items())


def _channels(colour: str) -> str:
    """Red, green and blue of a colour, from 0 to 255, as rgba() takes them."""
    return ", ".join(str(int(colour[start : start + 2], 16)) for start in (1, 3, 5))

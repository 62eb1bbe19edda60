"""A drawing as an SVG file of its own: as wide as a column of print, light colours, no variables.

On the page, colours are variables of the style sheet and positions are percentages. Drawing programs
know percentages but few know variables, so these are replaced by their values.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

from def_sim.reports.charts.stacked import height_of, placed
from def_sim.reports.charts.svg import element, number
from def_sim.reports.theme import FONTS, PT_PER_PX, css_variables, drawing_width

_HATCH: Final = (
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect class="hatch-ground" width="7" height="7"/>'
    '<line class="hatch-line" x1="0" y1="0" x2="0" y2="7"/></pattern></defs>'
)
_MARGIN: Final = 8.0  # pixels around the drawing: marks at the end of an axis reach over it
_MM_PER_PX: Final = PT_PER_PX * 25.4 / 72


@lru_cache(maxsize=1)
def chart_rules() -> str:
    """The rules of drawings, as pages have them; they name colours by variables."""
    return (Path(__file__).parent / "charts.css").read_text(encoding="utf-8")


def plain_style(style: str) -> str:
    """A style sheet without media queries and variables: as on a light screen.

    Args:
        style: Its first `:root` rule sets the variables.

    Raises:
        ValueError: A variable that is not set there.
    """
    lasting = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}|/\*.*?\*/", "", style, flags=re.DOTALL)
    values = dict(re.findall(r"--([\w-]+):\s*([^;]+);", lasting))
    unknown = set(re.findall(r"var\(--([\w-]+)\)", lasting)) - values.keys()
    if unknown:
        raise ValueError(f"The style sheet sets no value for {sorted(unknown)}.")
    rules = re.sub(r":root\s*\{[^}]*\}", "", lasting)
    return re.sub(r"var\(--([\w-]+)\)", lambda match: values[match.group(1)], rules).strip()


@lru_cache(maxsize=1)
def file_style() -> str:
    """The style sheet of a drawing that stands alone."""
    # Browsers would else round the width of each letter to whole pixels.
    root = f"svg {{ font-family: {FONTS}; text-rendering: geometricPrecision; }}"
    # Typesetters know whole hundreds only.
    return plain_style(f"{css_variables()}{chart_rules()}{root}").replace(
        "font-weight: 650", "font-weight: 700"
    )


def inner_width(width_mm: float) -> float:
    """Pixels that a drawing has across in a file of that width."""
    return drawing_width(width_mm) - 2 * _MARGIN


def standalone(drawing: Markup, *, width_mm: float, title: str) -> bytes:
    """The drawing as a file.

    Args:
        drawing: One `svg` element whose width or proportions can be set.
        width_mm: Of the file.
        title: What it shows, for who cannot see it.
    """
    width, inside = drawing_width(width_mm), inner_width(width_mm)
    height = height_of(drawing, inside) + 2 * _MARGIN
    text = element(
        "svg",
        element("title", title),
        Markup(f"<style>{file_style()}</style>{_HATCH}"),
        placed(drawing, left=_MARGIN, top=_MARGIN, width=inside),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=f"{number(width_mm)}mm",
        height=f"{number(height * _MM_PER_PX)}mm",
        role="img",
    )
    return f"{text}\n".encode("utf-8", errors="xmlcharrefreplace")

"""A drawing of a page as an SVG file of its own: fixed width, light colours, no variables.

On the page, colours are variables of the style sheet and positions are percentages. Drawing programs
know percentages but few know variables, so these are replaced by their values.
"""

import re
from typing import Final

from markupsafe import Markup

_HATCH: Final = (
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect class="hatch-ground" width="7" height="7"/>'
    '<line class="hatch-line" x1="0" y1="0" x2="0" y2="7"/></pattern></defs>'
)
_ROOT: Final = "svg { font-family: system-ui, sans-serif; background: var(--ground); }"


def plain_style(style: str) -> str:
    """The style sheet without media queries and variables: as on a light screen.

    Args:
        style: Of the page; its first `:root` rule sets the variables.

    Raises:
        ValueError: A variable that is not set there.
    """
    lasting = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", style) + _ROOT
    values = dict(re.findall(r"--([\w-]+):\s*([^;]+);", lasting))
    unknown = set(re.findall(r"var\(--([\w-]+)\)", lasting)) - values.keys()
    if unknown:
        raise ValueError(f"The style sheet sets no value for {sorted(unknown)}.")
    return re.sub(r"var\(--([\w-]+)\)", lambda match: values[match.group(1)], lasting)


def standalone(drawing: Markup, style: str, *, width: int = 720) -> bytes:
    """The drawing as a file.

    Args:
        drawing: One `svg` element as `svg.drawing` makes it.
        style: The style sheet of its page.
        width: Of the file, in pixels; marks keep their size.
    """
    opening, rest = str(drawing).split(">", 1)
    opening = opening.replace('width="100%"', f'width="{width}"', 1)
    named = opening.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    text = f"{named}><style>{plain_style(style)}</style>{_HATCH}{rest}\n"
    return text.encode("utf-8", errors="xmlcharrefreplace")

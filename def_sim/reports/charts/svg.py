"""Elements of inline SVG as escaped text.

Horizontal positions are percentages and heights are pixels, so that a drawing widens with
its page while its letters keep their size. Colours are classes: the page's style sheet
knows them, for light, dark and print. Knows nothing of surveys or scores.
"""

import math
from dataclasses import dataclass

from markupsafe import Markup, escape

from def_sim.reports.theme import MARKS
from def_sim.visible import visible


def number(value: float) -> str:
    """A coordinate with at most two decimals, never in exponent form."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def element(name: str, *children: str | Markup, **attributes: str | float) -> Markup:
    """One element; children and attribute values that are not Markup are escaped.

    A trailing underscore of an attribute's name is dropped (`class_`), the others
    become hyphens (`text_anchor`).
    """
    written = [
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"' for key, value in attributes.items()
    ]
    if name in ("title", "text"):  # plain text, in which nothing isolates a direction of reading
        children = tuple(visible(child) for child in children)
    body = "".join(str(escape(child)) for child in children)
    return Markup(f"<{name}{''.join(written)}>{body}</{name}>")


def _attribute(value: str | float) -> Markup:
    return escape(visible(value) if isinstance(value, str) else number(value))


def percent(value: float) -> str:
    """A horizontal position: 12.5 -> "12.5%"."""
    return f"{number(value)}%"


def shape(kind: str, left: float, top: float) -> Markup:
    """A mark of `theme.MARKS` centred at `left` percent and `top` pixels."""
    path = element("path", d=MARKS[kind], class_=f"mark {kind}")
    return element("svg", path, x=percent(left), y=top, overflow="visible")


def label(
    text: str, left: float, top: float, *, css: str = "", anchor: str = "start", shift: float = 0
) -> Markup:
    """Text whose `anchor` is at `left` percent, `shift` pixels to the right, on the baseline `top`."""
    return element("text", text, x=percent(left), y=top, dx=shift, text_anchor=anchor, class_=css)


def vertical(left: float, top: float, bottom: float, css: str) -> Markup:
    """A vertical line at `left` percent."""
    return element("line", x1=percent(left), x2=percent(left), y1=top, y2=bottom, class_=css)


def bar(left: float, right: float, top: float, height: float, css: str) -> Markup:
    """A bar between two percentages, at least a hair wide so that a share of 0 has a foot."""
    width = percent(max(right - left, 0.15))
    return element("rect", x=percent(left), y=top, width=width, height=height, class_=css)


def drawing(*children: Markup, height: float, title: str, css: str) -> Markup:
    """A whole drawing as wide as its place; `title` is what a screen reader says."""
    return element(
        "svg",
        element("title", title),
        *children,
        class_=css,
        role="img",
        aria_label=title,
        width="100%",
        height=height,
    )


@dataclass(frozen=True, slots=True)
class Axis:
    """Places values between `low` and `high` from `left` to `right` percent of the width."""

    high: float
    left: float = 0.0
    right: float = 100.0
    low: float = 0.0

    def place(self, value: float) -> float:
        """Percentage at which the value stands; values beyond the ends stand on them."""
        share = (value - self.low) / (self.high - self.low)
        return self.left + (self.right - self.left) * min(max(share, 0.0), 1.0)

    def ticks(self) -> tuple[float, ...]:
        """The two ends and the middle."""
        return (self.low, (self.low + self.high) / 2, self.high)


def round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 times a power of ten, for the end of an axis."""
    if not math.isfinite(value) or value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.999999)

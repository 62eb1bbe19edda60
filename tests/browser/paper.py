"""A page on paper: what Chromium prints of it on A4, and what a reader of the paper would miss."""

import math
import re
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from pypdf import PdfReader

BETWEEN_MARGINS: Final = 688  # pixels of A4, 182 mm at 96 to the inch

# Each text that a reader of the paper should meet.
SHOWN = """
() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walk.nextNode()) {
    const of = walk.currentNode.parentElement;
    if (of.closest("script, style, title, template")) continue;
    if (of.checkVisibility({visibilityProperty: true})) found.push(...walk.currentNode.data.split("\\n"));
  }
  return found;
}
"""
# What is wider than its place: a browser would cut it off, or make every letter of the report smaller.
CUT = """
(paper) => [...document.querySelectorAll("main *")]
  .filter((one) => one.checkVisibility() && !one.matches("svg *"))
  .filter((one) => getComputedStyle(one).clipPath === "none")
  .filter((one) => one.getBoundingClientRect().right > paper + 1
    || (getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1))
  .map((one) => ((one.closest("section") || {}).id || "") + " " + one.outerHTML.slice(0, 150))
"""


@dataclass(frozen=True)
class Printed:
    """A page on paper.

    `pages`: of the PDF; `texts`: of each the letters, see `letters_of`; `shown`: each text that the page
    shows when it is printed; `cut`: elements that are wider than their place.
    """

    pages: Any
    texts: list[str]
    shown: list[str]
    cut: list[str]

    @property
    def lost(self) -> list[str]:
        """What is shown and not printed."""
        whole = "".join(self.texts)
        return [text for text in self.shown if letters_of(text) not in whole]


def print_page(browser: Any, page: Path) -> Printed:
    """The page as a reader would print it."""
    view = browser.new_page(viewport={"width": BETWEEN_MARGINS, "height": 972})
    view.goto(page.as_uri())
    pages = PdfReader(BytesIO(view.pdf(prefer_css_page_size=True))).pages
    view.emulate_media(media="print")
    printed = Printed(
        pages,
        [letters_of(page.extract_text()) for page in pages],
        view.evaluate(SHOWN),
        view.evaluate(CUT, BETWEEN_MARGINS),
    )
    view.close()
    return printed


def letters_of(text: str) -> str:
    """A text as it can be compared: lines break at blanks and hyphens, and a PDF has `fi` as one letter."""
    return re.sub(r"[\s\u2066-\u2069-]", "", unicodedata.normalize("NFKC", text))


def smaller_than(points: float, printed: Printed) -> set[tuple[int, str]]:
    """Texts in smaller letters, with the number of their page."""
    small: set[tuple[int, str]] = set()
    for number, page in enumerate(printed.pages, start=1):
        found: list[str] = []

        def look(
            text: str, user: list[float], matrix: list[float], _: object, size: float, into: list[str] = found
        ) -> None:
            height = size * math.hypot(matrix[2], matrix[3]) * math.hypot(user[2], user[3])
            if text.strip() and height < points:
                into.append(text.strip())

        page.extract_text(visitor_text=look)
        small |= {(number, text) for text in found}
    return small

"""A whole report, 310 questions and 20 respondents: what a browser makes of it, and on paper of A4."""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from chromium import NEEDS_CHROMIUM
from pypdf import PdfReader

pytestmark = NEEDS_CHROMIUM
BETWEEN_MARGINS = 688  # pixels of A4, 182 mm at 96 to the inch
A4 = (595, 842)  # points

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
    """A report on paper.

    `pages`: of the PDF; `texts`: of each the letters, see `letters_of`; `shown`: each text that the page
    shows when it is printed; `cut`: elements that are wider than their place.
    """

    pages: Any
    texts: list[str]
    shown: list[str]
    cut: list[str]


@pytest.fixture(scope="module")
def printed(browser: Any, whole_report: Path) -> Iterator[Printed]:
    view = browser.new_page(viewport={"width": BETWEEN_MARGINS, "height": 972})
    view.goto((whole_report / "report.html").as_uri())
    pages = PdfReader(BytesIO(view.pdf(prefer_css_page_size=True))).pages
    view.emulate_media(media="print")
    texts = [letters_of(page.extract_text()) for page in pages]
    yield Printed(pages, texts, view.evaluate(SHOWN), view.evaluate(CUT, BETWEEN_MARGINS))
    view.close()


def letters_of(text: str) -> str:
    """A text as it can be compared: lines break at blanks and hyphens, and a PDF has `fi` as one letter."""
    return re.sub(r"[\s\u2066-\u2069-]", "", unicodedata.normalize("NFKC", text))


def test_a_browser_makes_at_most_6000_elements_of_it(browser: Any, whole_report: Path) -> None:
    view = browser.new_page()
    view.goto((whole_report / "report.html").as_uri())
    view.wait_for_selector("#item-list article")  # the page's script has run
    assert 4_000 < view.evaluate("document.querySelectorAll('*').length") <= 6_000
    view.close()


def test_it_takes_fewer_than_25_pages_of_a4(printed: Printed) -> None:
    assert len(printed.pages) < 25
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in printed.pages} == {A4}


def test_all_that_is_shown_on_paper_is_there_and_nothing_is_cut(printed: Printed) -> None:
    assert len(printed.shown) > 2000
    whole = "".join(printed.texts)
    assert [text for text in printed.shown if letters_of(text) not in whole] == []
    assert printed.cut == []


def test_the_first_twenty_items_are_printed_and_no_browser_of_answers(printed: Printed) -> None:
    items = [text for text in printed.shown if re.fullmatch(r"(wvs7|gss2022|pew_atp)\.\w+", text)]
    assert len(set(items)) >= 20
    assert "Singleanswers" not in "".join(printed.texts)


@pytest.mark.parametrize(
    ("entry", "drawn"),
    [("Mean of items (micro)", "Emancipative values"), ("Slope of this panel", "Respondents alike")],
)
def test_a_legend_is_on_the_page_of_its_drawing(printed: Printed, entry: str, drawn: str) -> None:
    found = next(number for number, text in enumerate(printed.texts) if letters_of(entry) in text)
    assert letters_of(drawn) in printed.texts[found]


def test_no_letter_on_paper_is_smaller_than_six_points(printed: Printed) -> None:
    small: set[tuple[int, str]] = set()
    for page in printed.pages:

        def look(text: str, user: list[float], matrix: list[float], _: object, size: float) -> None:
            points = size * math.hypot(matrix[2], matrix[3]) * math.hypot(user[2], user[3])
            if text.strip() and points < 5.95:
                small.add((page.page_number + 1, text.strip()))  # noqa: B023  # used up within the round

        page.extract_text(visitor_text=look)
    assert small == set()

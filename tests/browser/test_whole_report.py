"""A whole report, 310 questions and 20 respondents: what a browser makes of it, and on paper of A4."""

import re
from pathlib import Path
from typing import Any

import pytest
from chromium import NEEDS_CHROMIUM
from paper import Printed, letters_of, print_page, smaller_than

pytestmark = NEEDS_CHROMIUM
A4 = (595, 842)  # points


@pytest.fixture(scope="module")
def printed(browser: Any, whole_report: Path) -> Printed:
    return print_page(browser, whole_report / "report.html")


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
    assert printed.lost == []
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
    assert smaller_than(5.95, printed) == set()

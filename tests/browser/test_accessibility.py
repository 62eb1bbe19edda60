"""Pages for every reader: nothing that axe finds serious, all by keyboard, nothing wider than a telephone."""

from pathlib import Path
from typing import Any

import pytest
from chromium import NEEDS_CHROMIUM
from made_pages import PAGES
from opened_pages import SCREENS, opened, serious

pytestmark = NEEDS_CHROMIUM
# Beside what is serious or critical: a reader who jumps from part to part stumbles over these.
MODERATE = frozenset(
    {"landmark-unique", "empty-table-header", "heading-order", "region", "landmark-one-main"}
)

# Which of what can be clicked has the focus (-1: none of it), whether that is seen, and what it is.
FOCUSED = """
(() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const all = [...document.querySelectorAll("a[href], button, select, input, summary")];
  const has_mark = style.outlineStyle !== "none" || style.boxShadow !== "none" || one === document.body;
  return [all.indexOf(one), has_mark, one.outerHTML.slice(0, 150)];
})()
"""

# Words of drawings that stand beside their section, or names that reach their mark: nothing breaks them, and
# on a telephone they are cut off, or lie on each other.
OUTSIDE = """
const drawings = [...document.querySelectorAll("section svg[role=img]")];
return drawings.filter((one) => one.checkVisibility()).flatMap((one) => {
  const frame = (one.closest(".scroll") ? one : one.closest("section")).getBoundingClientRect();
  const marks = [...one.querySelectorAll(".headline-chart path")].map((mark) => mark.getBoundingClientRect());
  return [...one.querySelectorAll("text")].filter((text) => {
    const box = text.getBoundingClientRect();
    const isOn = (mark) => Math.min(box.right, mark.right) - Math.max(box.left, mark.left) > 1
      && Math.min(box.bottom, mark.bottom) - Math.max(box.top, mark.top) > 4;
    return box.left < frame.left - 1 || box.right > frame.right + 1 || marks.some(isOn);
  }).map((text) => text.textContent);
});
"""

# Behind a choice in the list of contents: where that link was, the foot of the bar, the top of its part, and
# whether the page goes no further.
REACHED = """
async ([number, id]) => {
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const box = document.querySelector("nav.contents details"), bar = document.querySelector("nav.contents");
  box.open = true;
  const link = bar.querySelectorAll("a[href^='#']")[number].getBoundingClientRect();
  box.open = false;
  const top = document.getElementById(id).getBoundingClientRect().top;
  const isAtTheEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
  return [link.left, link.right, bar.getBoundingClientRect().bottom, top, isAtTheEnd];
}
"""


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_axe_finds_nothing_serious(
    browser: Any, pages: dict[str, Path], name: str, width: int, theme: str
) -> None:
    with opened(browser, pages[name].as_uri(), width=width, theme=theme) as view:
        assert serious(view, besides=MODERATE) == []


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_a_telephone_and_no_word_of_a_drawing_leaves_it(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    with opened(browser, pages[name].as_uri(), width=390) as view:
        assert view.evaluate("document.documentElement.scrollWidth") == 390
        assert view.evaluate(f"() => {{ {OUTSIDE} }}") == []


@pytest.mark.parametrize("name", PAGES)
def test_whatever_can_be_clicked_can_be_reached_by_keyboard_and_shows_that_it_is(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    with opened(browser, pages[name].as_uri()) as view:
        # A link or button that is not shown, or is switched off, is nobody's.
        wanted = view.evaluate("""
            [...document.querySelectorAll("a[href], button, select, input, summary")]
                .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled).length""")
        reached, without_a_mark = set[int](), set[str]()
        for _ in range(wanted + 30):  # more, for areas that scroll: they can be reached, too
            view.keyboard.press("Tab")
            number, has_mark, html = view.evaluate(FOCUSED)
            reached |= {number} - {-1}
            without_a_mark |= set() if has_mark else {html}
    assert len(reached) == wanted
    assert without_a_mark == set()


@pytest.mark.parametrize("name", PAGES)
def test_on_a_telephone_the_list_of_contents_opens_and_leads_to_what_it_names(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    with opened(browser, pages[name].as_uri(), width=390) as view:
        links = view.locator("nav.contents a[href^='#']")
        addresses = [link.get_attribute("href") for link in links.all()]
        assert len(addresses) >= 2
        for number, address in enumerate(addresses):
            assert not links.nth(number).is_visible()  # closed at first, and again behind each choice
            view.locator("nav.contents summary").click()
            links.nth(number).click()
            left, right, bar, top, is_at_the_end = view.evaluate(REACHED, [number, address[1:]])
            assert 0 <= left < right <= 390
            assert bar <= top + 1 < (844 if is_at_the_end else bar + 120)
            same = {link.text_content() for link in links.all() if link.get_attribute("href") == address}
            assert view.locator("nav.contents .here").text_content() in same

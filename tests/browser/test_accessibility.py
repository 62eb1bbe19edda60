"""Pages for every reader: nothing that axe finds serious, all by keyboard, nothing wider than a telephone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chromium import NEEDS_CHROMIUM
from made_pages import PAGES

pytestmark = NEEDS_CHROMIUM
# Beside what is serious or critical: a reader who jumps from part to part stumbles over these.
MODERATE = {"landmark-unique", "empty-table-header", "heading-order", "region", "landmark-one-main"}

# Which of what can be clicked has the focus (-1: none of it), whether that is seen, and what it is.
FOCUSED = """
(() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const all = [...document.querySelectorAll("a[href], button, select, input, summary")];
  const has_mark = style.outlineStyle !== "none" || style.boxShadow !== "none" || one === document.body;
  return [all.indexOf(one), has_mark, one.outerHTML.slice(0, 150)];
})()
"""


@contextmanager
def opened(browser: Any, page: Path, *, width: int = 1280, theme: str = "light") -> Iterator[Any]:
    """A page, and a failure for whatever the browser complains of meanwhile."""
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme)
    view = context.new_page()
    complaints: list[str] = []
    view.on("console", lambda message: complaints.append(message.text))
    view.on("pageerror", lambda error: complaints.append(str(error)))
    view.goto(page.as_uri())
    yield view
    context.close()
    assert complaints == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_axe_finds_nothing_serious(
    browser: Any, pages: dict[str, Path], name: str, width: int, theme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, pages[name], width=width, theme=theme) as view:
        found = axe.run(view).response["violations"]
    bad = [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical") or one["id"] in MODERATE
        for node in one["nodes"][:3]
    ]
    assert bad == []


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_a_telephone(browser: Any, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name], width=390) as view:
        assert view.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("name", PAGES)
def test_whatever_can_be_clicked_can_be_reached_by_keyboard_and_shows_that_it_is(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    with opened(browser, pages[name]) as view:
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

"""Every page on paper and as files: nothing is cut, small or lost; a comparison's figures are downloaded."""

from pathlib import Path
from typing import Any

import pytest
from chromium import NEEDS_CHROMIUM
from made_pages import PAGES
from opened_pages import opened
from paper import print_page, smaller_than

pytestmark = NEEDS_CHROMIUM
# The PDF has another code for this character of our font than the page: a radical that looks the same.
OTHER_CODE = "长"


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_on_paper_or_too_small_to_read(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    printed = print_page(browser, pages[name])
    assert len(printed.shown) > 100
    assert printed.cut == []
    assert [text for text in printed.lost if OTHER_CODE not in text] == []
    assert smaller_than(5.95, printed) == set()


def test_the_maps_of_a_comparison_are_downloaded_as_they_lie_beside_it(
    browser: Any, pages: dict[str, Path], tmp_path: Path
) -> None:
    folder = pages["comparison"].parent
    with opened(browser, pages["comparison"].as_uri()) as view:
        figures = [box.get_attribute("data-figure") for box in view.locator("[data-figure]").all()]
        assert len(figures) >= 2
        for name in figures:
            bar = view.locator(f"[data-figure='{name}'] + .downloads")
            with view.expect_download() as csv:
                bar.get_by_role("button", name="CSV").click()
            csv.value.save_as(tmp_path / "one.csv")
            assert csv.value.suggested_filename == f"{name}.csv"
            assert (tmp_path / "one.csv").read_bytes() == (folder / f"figures/{name}.csv").read_bytes()
            with view.expect_download() as svg:
                bar.get_by_role("button", name="SVG").click()
            svg.value.save_as(tmp_path / f"{name}.svg")
            with opened(browser, (tmp_path / f"{name}.svg").as_uri()) as alone:
                assert alone.evaluate("document.documentElement.tagName") == "svg"  # well-formed
                assert "Demo respondent" in alone.evaluate("document.documentElement.textContent")
            for kind in ("PDF", "PNG"):
                assert (folder / bar.get_by_role("link", name=kind).get_attribute("href")).is_file()

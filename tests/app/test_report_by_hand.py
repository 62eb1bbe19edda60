"""The pages under a reader's hands, in a real browser: contents, downloads, copying, print.

Everything runs under the page's own security policy; what breaks it would be an error on the console.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import CHROMIUM, NEEDS_CHROMIUM
from runs import run_folder, words

from def_sim.app.main import main

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = NEEDS_CHROMIUM
PRINTED_WIDTH = 688  # pixels of A4 between the margins, 182 mm at 96 to the inch


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the demo respondent."""
    runs = tmp_path_factory.mktemp("runs")
    assert main(words(runs, "survey=us", respondents=3)) == 0
    return run_folder(runs)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with sync_api.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


class Opened:
    """A page that was opened, and what its console said."""

    def __init__(self, browser, path: Path, *, width: int, height: int, **more: object) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height}, **more)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda one: self.said.append(one.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto(path.as_uri())

    def bottom_of(self, selector: str) -> float:
        return self.page.evaluate(
            "(one) => document.querySelector(one).getBoundingClientRect().bottom + scrollY", selector
        )


@pytest.mark.parametrize(("width", "height", "most"), [(1280, 900, 600), (390, 844, 844)])
def test_the_verdict_ends_on_the_first_screen_and_nothing_is_wider_than_it(
    width, height, most, folder, browser
):
    opened = Opened(browser, folder / "report.html", width=width, height=height)
    assert opened.bottom_of("#verdict") <= most
    assert opened.bottom_of("#run") <= most  # the collapsed settings, too
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.said == []


def test_the_list_of_contents_is_at_the_side_of_wide_pages_and_in_a_bar_of_narrow_ones(folder, browser):
    wide = Opened(browser, folder / "report.html", width=1024, height=800).page
    link = wide.locator("nav.contents a", has_text="Cultural map").first
    assert link.is_visible()
    narrow = Opened(browser, folder / "report.html", width=1023, height=800).page
    link = narrow.locator("nav.contents a", has_text="Cultural map").first
    assert not link.is_visible()
    narrow.locator("nav.contents summary").click()
    link.click()
    assert not link.is_visible()  # the bar closes again, and says where the reader is
    assert narrow.locator("nav.contents .here").text_content() == "Cultural map"


def test_the_list_shows_where_the_reader_is(folder, browser):
    page = Opened(browser, folder / "report.html", width=1280, height=800).page
    for key in ("topics", "structure", "method"):
        page.evaluate("(key) => document.getElementById(key).scrollIntoView()", key)
        page.wait_for_selector(f"nav.contents a[href='#{key}'][aria-current='location']")
        assert page.locator("nav.contents [aria-current]").count() == 1


def test_without_script_the_list_is_plain_links_and_the_settings_open(folder, browser):
    opened = Opened(browser, folder / "report.html", width=1280, height=800, java_script_enabled=False)
    assert opened.page.locator("nav.contents a[href='#map']").is_visible()
    opened.page.locator("#run summary").click()
    assert opened.page.locator("#run dl").is_visible()


def test_the_csv_of_a_figure_is_that_of_the_run_folder_and_its_svg_stands_alone(folder, browser, tmp_path):
    opened = Opened(browser, folder / "report.html", width=1280, height=900)
    for name in ("headline", "topic_groups", "cultural_map", "variety"):
        bar = opened.page.locator(f"[data-figure='{name}'] + .downloads")
        with opened.page.expect_download() as csv:
            bar.get_by_role("button", name="CSV").click()
        csv.value.save_as(tmp_path / "one.csv")
        assert csv.value.suggested_filename == f"{name}.csv"
        assert (tmp_path / "one.csv").read_bytes() == (folder / f"figures/{name}.csv").read_bytes()
        with opened.page.expect_download() as svg:
            bar.get_by_role("button", name="SVG").click()
        svg.value.save_as(tmp_path / f"{name}.svg")
        assert "var(--" not in (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        alone = Opened(browser, tmp_path / f"{name}.svg", width=800, height=600)
        assert alone.page.evaluate("document.documentElement.tagName") == "svg"  # well-formed
        for kind in ("PDF", "PNG"):
            assert (folder / bar.get_by_role("link", name=kind).get_attribute("href")).is_file()
    assert opened.said == []


def test_the_svg_of_a_map_says_what_its_marks_and_axes_mean(folder, browser, tmp_path):
    opened = Opened(browser, folder / "report.html", width=1280, height=900)
    page, bar = opened.page, opened.page.locator("[data-figure='cultural_map'] + .downloads")
    with page.expect_download() as svg:
        bar.get_by_role("button", name="SVG").click()
    svg.value.save_as(tmp_path / "map.svg")
    legend = page.locator("[data-figure='cultural_map'] :is(.legend li, .axis-words dd, .model-keys li)")
    said = [" ".join(one.split()) for one in legend.all_text_contents()]
    assert len(said) >= 5
    alone = Opened(browser, tmp_path / "map.svg", width=1280, height=1500)
    drawn = "".join(alone.page.locator("svg > text").all_text_contents())
    # A long entry breaks between words: letters are compared, blanks are not.
    for entry in said:
        assert entry.replace(" ", "") in drawn.replace(" ", "")
    right, bottom, width, height = alone.page.evaluate(
        """() => {
          const texts = [...document.querySelectorAll('svg > text')];
          const boxes = texts.map((one) => one.getBoundingClientRect());
          const frame = document.documentElement.getBoundingClientRect();
          return [Math.max(...boxes.map((one) => one.right)), Math.max(...boxes.map((one) => one.bottom)),
                  frame.right, frame.bottom];
        }"""
    )
    assert right <= width
    assert bottom <= height
    assert opened.said == []


def test_a_table_is_had_as_csv_with_the_cells_that_are_seen(folder, browser, tmp_path):
    opened = Opened(browser, folder / "report.html", width=1280, height=900)
    with opened.page.expect_download() as csv:
        opened.page.locator("#statuses .downloads button").click()
    csv.value.save_as(tmp_path / "one.csv")
    head, *rows, together = (tmp_path / "one.csv").read_text(encoding="utf-8").splitlines()
    assert (head, together) == ("Ended as,Count,Share", "Together,24,")  # 3 respondents, 8 questions
    assert sum(int(row.split(",")[1]) for row in rows) == 24


def test_what_to_cite_is_copied(folder, browser):
    opened = Opened(browser, folder / "report.html", width=1280, height=900)
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expected = {
        "bibtex": (folder / "citation.bib").read_text(encoding="utf-8"),
        "methods-text": opened.page.locator("#methods-text").text_content(),
    }
    for name, text in expected.items():
        opened.page.locator(f"button[data-copies={name}]").click()
        opened.page.locator(f"button[data-copies={name}] + [role=status]", has_text="Copied.").wait_for()
        assert opened.page.evaluate("navigator.clipboard.readText()") == text
    assert opened.said == []


def test_on_paper_there_is_no_browser_of_answers_and_nothing_to_press(folder, browser):
    opened = Opened(browser, folder / "report.html", width=794, height=1123)
    opened.page.emulate_media(media="print")
    for selector in ("nav.contents", "#answers", ".controls", ".downloads"):
        assert not opened.page.locator(selector).first.is_visible()
    assert opened.page.locator("#run dl").is_visible()  # what was run is opened on paper
    assert opened.page.locator("#chapter-method").is_visible()


def test_nothing_is_wider_than_the_paper(folder, browser):
    # A browser would make every letter smaller until the widest table fits.
    page = Opened(browser, folder / "report.html", width=PRINTED_WIDTH, height=972).page
    page.emulate_media(media="print")
    wider = page.evaluate(
        """(most) => [...document.querySelectorAll('main :is(table, svg, p, li, pre, h4)')]
            .filter((one) => one.getBoundingClientRect().right > most + 1)
            .map((one) => (one.closest('section') || {}).id + ': ' + one.tagName)""",
        PRINTED_WIDTH,
    )
    assert wider == []

"""What a report weighs: bytes of its file, and elements that a browser makes of it at load.

Also, since the whole report is here: whether each cell of its tables is as their columns.csv says.
"""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from described_cells import misfits, tables_below
from made_reports import LABELS, LABELS_ZH, answer, item_id, made_report, share_rows, words_of

from def_sim.evaluation.described_columns import COLUMNS_FILE, read_columns
from def_sim.reports.pages.answer_browser import with_room
from def_sim.resources import data_folder

# It takes half a minute to make, and is made for the tests in a browser anyway.
OF_THE_WHOLE = pytest.mark.browser
MOST_BYTES, MOST_ELEMENTS = 1_000_000, 6_000
# What a finished run of all questions has beside the page's own parts.
ALL_SECTIONS = {
    "reliability", "institutes", "nonresponse", "insensitivity", "diversity", "variety", "order",
    "tendencies", "structure", "spread", "map", "published_map", "match", "mismatches", "lift", "gap",
}  # fmt: skip


class Page(HTMLParser):
    """How many elements begin, and where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.num_elements = 0
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.cards: list[str] = []
        self.sections: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.num_elements += 1
        self.ids |= {str(known["id"])} if "id" in known else set()
        self.links |= {str(known["href"])} if tag == "a" else set()
        self.sections |= {str(known.get("id"))} if tag == "section" else set()
        if tag == "article" and "item-card" in str(known.get("class")):
            self.cards.append(str(known["id"]))


def data_of(html: str) -> dict[str, Any]:
    found = re.search(r'id="report-data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


@OF_THE_WHOLE
def test_a_whole_report_of_310_items_and_20_respondents_weighs_a_megabyte_at_most(whole_report: Path) -> None:
    html = (whole_report / "report.html").read_text(encoding="utf-8")
    page, data = Page(html), data_of(html)
    assert len(data["items"]["rows"]) == 310
    assert len(json.dumps(data, ensure_ascii=False)) > 480_000  # single answers fill the room they have
    assert page.sections >= ALL_SECTIONS
    assert len(html.encode("utf-8")) <= MOST_BYTES
    assert page.num_elements <= MOST_ELEMENTS


@OF_THE_WHOLE
def test_as_many_chinese_items_with_their_english_leave_room_for_the_same_sections(
    whole_report: Path,
) -> None:
    def made(labels: tuple[str, ...], *, is_chinese: bool) -> str:
        panel = ([answer(respondent, k) for k in range(310)] for respondent in range(20))
        return made_report(
            310,
            shares=share_rows(310, labels),
            words=words_of(310, is_chinese=is_chinese),
            answers=with_room(panel, limit_bytes=400_000),
            planted={(item_id(k), code): 0.25 for k in range(310) for code in range(1, 11)},
        )

    whole = (whole_report / "report.html").read_text(encoding="utf-8")
    english, chinese = made((*LABELS, "Cannot choose"), is_chinese=False), made(LABELS_ZH, is_chinese=True)
    heavier = len(chinese.encode("utf-8")) - len(english.encode("utf-8"))
    assert len(whole.encode("utf-8")) + heavier <= MOST_BYTES
    assert Page(whole).num_elements + Page(chinese).num_elements - Page(english).num_elements <= MOST_ELEMENTS


def test_the_rest_of_the_items_is_data_and_none_is_missing() -> None:
    html = made_report(310)
    data = data_of(html)
    place = data["items"]["fields"].index("id")
    assert [row[place] for row in data["items"]["rows"]] == [item_id(k) for k in reversed(range(310))]
    assert Page(html).cards == [f"item-{item_id(k)}" for k in reversed(range(290, 310))] + ["item"]


def test_2000_items_weigh_less_than_two_megabytes() -> None:
    panel = ([answer(respondent, k) for k in range(2000)] for respondent in range(2))
    shown = with_room(panel, limit_bytes=400_000)
    html = made_report(2000, answers=shown)
    assert len(html.encode("utf-8")) < 2_000_000
    assert Page(html).num_elements <= 6_000
    assert len(data_of(html)["items"]["rows"]) == 2000
    assert 0 < len(data_of(html)["answers"]["rows"]) == len(shown) < 2000


@OF_THE_WHOLE
def test_each_cell_beside_a_whole_report_is_as_its_columns_are_described(whole_report: Path) -> None:
    tables = tables_below(whole_report)
    assert {"metrics.csv", "figures/structure.csv", "figures/published_map.csv"} <= set(tables)
    assert misfits(tables, read_columns(data_folder() / COLUMNS_FILE)) == []

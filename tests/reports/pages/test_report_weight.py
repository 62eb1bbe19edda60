"""What a report weighs: bytes of its file, and elements that a browser makes of it at load."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from made_reports import LABELS, LABELS_ZH, answer, item_id, made_report, share_rows, words_of

from def_sim.reports.pages.answer_browser import with_room

# Other sections of a whole report of 310 items, as measured: what items and answers must leave room for.
REST_BYTES, REST_ELEMENTS = 250_000, 3_900


class Page(HTMLParser):
    """How many elements begin, and where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.num_elements = 0
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.cards: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.num_elements += 1
        self.ids |= {str(known["id"])} if "id" in known else set()
        self.links |= {str(known["href"])} if tag == "a" else set()
        if tag == "article" and "item-card" in str(known.get("class")):
            self.cards.append(str(known["id"]))


def data_of(html: str) -> dict[str, Any]:
    found = re.search(r'id="report-data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


@pytest.mark.parametrize(("labels", "is_chinese"), [((*LABELS, "Cannot choose"), False), (LABELS_ZH, True)])
def test_310_items_and_20_respondents_leave_room_for_all_else_in_a_megabyte(
    labels: tuple[str, ...], is_chinese: bool
) -> None:
    panel = ([answer(respondent, k) for k in range(310)] for respondent in range(20))
    shown = with_room(panel, limit_bytes=400_000)
    planted = {(item_id(k), code): 0.25 for k in range(310) for code in range(1, 11)}
    html = made_report(
        310,
        shares=share_rows(310, labels),
        words=words_of(310, is_chinese=is_chinese),
        answers=shown,
        planted=planted,
    )
    assert len(html.encode("utf-8")) <= 1_000_000 - REST_BYTES
    # The made page has a first screen, scores and topic groups, as the measured rest has: counted twice here.
    assert Page(html).num_elements <= 6_000 - REST_ELEMENTS + 500
    assert len({view.respondent_id for view in shown}) > 1


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

"""The codebook: nothing of an item is left out, nothing in it becomes markup, it loads nothing."""

import base64
import hashlib
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from counted_calls import num_calls

from def_sim.records import Dimension, ItemReference, MeasurementLevel, QuestionType, ReferenceQuality
from def_sim.reports.pages.codebook import (
    CodebookEntry,
    CodebookFacts,
    CodebookOption,
    count_items,
    render_codebook,
)

FACTS = CodebookFacts(
    population="CHN",
    place="中国",
    language="zh",
    frame_language="en",
    option_order="shuffled",
    protocol="paper",
    country="China",
    citations=("Some data set, https://doi.org/10.14281/18241.24",),
)
PEOPLE = ItemReference("toy.first", "all", (1, 2), (0.25, 0.75), 1234, 987.6, 0.031)


def an_entry(item_id: str = "toy.first", **changes: Any) -> CodebookEntry:
    """A question with three options, of which the Chinese were shown two."""
    fields: dict[str, Any] = {
        "item_id": item_id,
        "source": item_id.partition(".")[0],
        "variable": "V1",
        "topic": "first aim",
        "dimension": Dimension.TDI,
        "direction": -1,
        "type": QuestionType.SINGLE,
        "level": MeasurementLevel.NOMINAL,
        "max_choices": 1,
        "options": (
            CodebookOption(1, {"en": "Growth", "zh": "增长"}),
            CodebookOption(2, {"en": "Order", "zh": "秩序"}),
            CodebookOption(3, {"en": "Beauty", "zh": "美丽"}),
        ),
        "shown_codes": (1, 2),
        "volunteered": (9,),
        "wordings": {
            "en": ("What comes first?", "Which is on top?", "What leads?"),
            "zh": ("哪个第一？", "哪一个最重要？", "哪个领先？"),
        },
        "as_seen": "Answer as a citizen of 中国.\n问题：哪个第一？\n1. 增长\n2. 秩序",
        "human": PEOPLE,
    }
    return CodebookEntry(**fields | changes)


class Page(HTMLParser):
    """Tags with their attributes, the text of each element by class, styles and scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.inlined: dict[str, str] = {}
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("style", "script"):
            self.inlined[self._inside] = data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def said_by_bars(self) -> list[str | None]:
        return [a["aria-label"] for tag, a in self.tags if tag == "svg" and a.get("role") == "img"]


def page_of(*entries: CodebookEntry) -> Page:
    return Page(render_codebook("China values survey", entries, FACTS))


@pytest.mark.parametrize(
    ("effective", "words"),
    [(987.6, "effective 988,"), (1234.0, "effective 1,234 at most,"), (None, "n unknown")],
)
def test_an_effective_n_without_weights_is_called_an_upper_bound(effective: float | None, words: str) -> None:
    people = replace(PEOPLE, n_effective=effective)
    assert words in page_of(an_entry(human=people)).text


def test_an_item_that_does_not_go_with_its_topic_group_is_marked() -> None:
    assert "does not go with its topic group: r = -0.15" in page_of(an_entry(item_rest=-0.154)).text
    assert "does not go with" not in page_of(an_entry()).text


def test_the_page_says_how_the_effective_n_was_found() -> None:
    facts = replace(FACTS, effective_n={"toy": "Kish, from <weights>"})
    assert "toy Kish, from <weights>." in Page(render_codebook("A survey", [an_entry()], facts)).text


def test_every_wording_and_label_of_every_language_stands_on_the_page() -> None:
    text = page_of(an_entry()).text
    for texts in an_entry().wordings.values():
        for wording in texts:
            assert wording in text
    for option in an_entry().options:
        for label in option.labels.values():
            assert label in text


def test_the_question_is_shown_character_by_character_as_a_respondent_sees_it() -> None:
    html = render_codebook("China values survey", [an_entry()], FACTS)
    assert f'<pre class="seen" dir="auto" lang="zh-Hans">{an_entry().as_seen}</pre>' in html


def test_what_is_known_of_an_item_is_said() -> None:
    entry = an_entry(
        secondary=Dimension.UAI,
        confidence="low",
        rationale="order is tradition",
        is_variable_verified=False,
        is_factual=True,
        follow_up_of="toy.zeroth",
        filled_with="增长",
    )
    text = page_of(entry).text
    for part in (
        "toy.first",
        "variable V1",
        "TDI Tradition",
        "also UAI Uncertainty avoidance",
        "high codes: less of it",
        "in its topic group with low confidence",
        "order is tradition",
        "variable's name not verified",
        "factual",
        "follows toy.zeroth",
        "with “增长” as the first choice",
        "protocol paper: shuffled",
    ):
        assert part in text


def test_each_shown_option_has_a_bar_with_its_share_and_the_others_say_why_not() -> None:
    page = page_of(an_entry())
    assert page.said_by_bars() == ["1: people 25 %", "2: people 75 %"]
    assert page.text.count("not shown in China") == 1
    # Option 2 of three: 75 % of the axis, which ends at 78 % of the width to leave room for the number.
    widths = [a["width"] for tag, a in page.tags if tag == "rect" and a["class"] != "hatch-ground"]
    assert widths == ["19.5%", "58.5%"]


def test_who_stands_behind_the_figures_and_how_good_they_are_is_said() -> None:
    assert "n 1,234, effective 988, weighted" in page_of(an_entry()).text
    rough = replace(PEOPLE, n_effective=None, quality=ReferenceQuality.APPROXIMATE)
    text = page_of(an_entry(human=rough)).text
    assert "effective n unknown, approximate: from a weighted resample" in text
    alone = replace(PEOPLE, n=None, n_effective=None, quality=ReferenceQuality.PUBLISHED)
    text = page_of(an_entry(human=alone)).text
    assert "people: published: shares alone, without a number of people" in text
    assert "effective" not in text
    unweighted = replace(PEOPLE, quality=ReferenceQuality.UNWEIGHTED)
    assert "unweighted: exact counts" in page_of(an_entry(human=unweighted)).text


def test_volunteered_codes_are_named_with_the_share_that_was_left_out() -> None:
    assert "Volunteered, never offered: 9 (3.1 % of valid answers" in page_of(an_entry()).text


def test_a_missing_reference_is_said_and_no_bar_is_drawn() -> None:
    page = page_of(an_entry(human=None, asked_in=("CHN", "JPN")))
    assert page.said_by_bars() == []
    assert "reference: user, not shipped; asked in CHN, JPN" in page.text
    assert "1 (1 without figures of people)" in page.text
    assert "reference: user" not in page_of(an_entry()).text


def test_an_item_that_lacks_a_language_says_so() -> None:
    english = an_entry(
        "toy.second",
        wordings={"en": ("How often?", "How frequently?")},
        options=(CodebookOption(1, {"en": "Never"}), CodebookOption(2, {"en": "Always"})),
    )
    page = page_of(an_entry(), english)
    assert page.text.count("No wording.") == 1


def test_an_option_of_a_battery_names_its_own_variable_and_dimension() -> None:
    options = (
        CodebookOption(1, {"en": "Thrift", "zh": "节俭"}, "Q13", Dimension.LTO, 1),
        CodebookOption(2, {"en": "Obedience", "zh": "服从"}, "Q17", Dimension.PDI, -1),
    )
    page = page_of(an_entry(type=QuestionType.MULTIPLE, max_choices=5, options=options))
    assert "Q13 · LTO +" in page.text
    assert "Q17 · PDI −" in page.text
    assert "multiple, up to 5" in page.text
    assert "shares may add up to more than 100 %" in page.text


def test_no_text_of_an_item_becomes_markup() -> None:
    hostile = '</pre><script>alert(1)</script><img src=x onerror="alert(2)">\'&'
    entry = an_entry(
        topic=hostile,
        variable=hostile,
        rationale=hostile,
        as_seen=hostile,
        filled_with=hostile,
        wordings={"en": (hostile, hostile + "2"), "zh": (hostile, hostile + "2")},
        options=(CodebookOption(1, {"en": hostile, "zh": hostile}, hostile), an_entry().options[1]),
    )
    harmless = replace(
        entry,
        topic="t",
        variable="v",
        rationale="r",
        as_seen="a",
        filled_with="f",
        wordings=an_entry(wordings={"en": ("a", "b"), "zh": ("a", "b")}).wordings,
        options=(CodebookOption(1, {"en": "l", "zh": "l"}, "v"), an_entry().options[1]),
    )
    html = render_codebook(hostile, [entry], FACTS)
    assert [tag for tag, _ in Page(html).tags] == [tag for tag, _ in page_of(harmless).tags]
    assert "<script>alert" not in html
    assert "<img" not in html


def test_the_policy_allows_the_one_style_sheet_and_script_and_nothing_is_loaded() -> None:
    page = page_of(an_entry())
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
    hashes = {
        name: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for name, text in page.inlined.items()
    }
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert f"style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'" in policy
    assert not [a for _, a in page.tags if "src" in a or "style" in a]
    assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "base", "form"}


def test_items_are_counted_by_source_type_dimension_and_language() -> None:
    entries = [
        an_entry("toy.a"),
        an_entry("toy.b", dimension=Dimension.PDI, wordings={"en": ("One?", "Two?")}),
        an_entry("toy.c", type=QuestionType.SCALE),
        an_entry("more.d"),
    ]
    rows = [
        (r.source, r.type, r.language, r.by_dimension[Dimension.TDI], r.by_dimension[Dimension.PDI])
        for r in count_items(entries)
    ]
    # By hand: toy has a and b as single (b in English only) and c as scale; more has d. No empty rows.
    assert rows == [
        ("toy", "single", "en", 1, 1),
        ("toy", "single", "zh", 1, 0),
        ("toy", "scale", "en", 1, 0),
        ("toy", "scale", "zh", 1, 0),
        ("more", "single", "en", 1, 0),
        ("more", "single", "zh", 1, 0),
        ("", "", "en", 3, 1),
        ("", "", "zh", 3, 0),
    ]
    # Wordings: 3 + 2 + 3 + 3 in English, 3 + 3 + 3 in Chinese.
    assert [(r.num_items, r.num_wordings) for r in count_items(entries)[-2:]] == [(4, 11), (3, 9)]


def test_cards_are_grouped_by_source_and_carry_what_the_filters_read() -> None:
    page = page_of(an_entry("toy.a"), an_entry("more.b", dimension=Dimension.PDI), an_entry("toy.c"))
    cards = [a for tag, a in page.tags if tag == "article"]
    assert [card["id"] for card in cards] == ["toy.a", "toy.c", "more.b"]
    assert [card["data-source"] for card in cards] == ["toy", "toy", "more"]
    assert [card["data-dimension"] for card in cards] == ["TDI", "TDI", "PDI"]
    assert {card["data-type"] for card in cards} == {"single"}


def test_the_same_entries_give_the_same_page() -> None:
    assert len({render_codebook("Title", [an_entry()], FACTS) for _ in range(2)}) == 1


def test_a_large_survey_stays_small_and_its_work_in_proportion() -> None:
    points = tuple(CodebookOption(code, {"en": f"Point {code}", "zh": f"点{code}"}) for code in range(1, 11))
    people = replace(PEOPLE, codes=tuple(range(1, 11)), shares=(0.1,) * 10)
    wordings = {language: tuple(f"{n}" + "Is it so? " * 12 for n in range(4)) for language in ("en", "zh")}
    entries = [
        an_entry(
            f"toy.q{index}",
            options=points,
            human=people,
            shown_codes=people.codes,
            wordings=wordings,
            as_seen="x" * 800,
        )
        for index in range(320)
    ]
    assert len(render_codebook("Large", entries, FACTS).encode()) < 3_000_000
    few, many = (num_calls(lambda n=n: render_codebook("Large", entries[:n], FACTS)) for n in (20, 80))
    assert many < 4.4 * few

"""Items of a report in a real browser: found, filtered, linked to, and drawn alike by Python and script."""

import math
import re
from itertools import pairwise
from pathlib import Path

import pytest
from chromium import NEEDS_CHROMIUM
from driven_page import drive
from made_reports import (
    LABELS,
    LABELS_ZH,
    answer,
    item_id,
    made_report,
    score_rows,
    share_rows,
    undefined,
    words_of,
)

pytestmark = NEEDS_CHROMIUM
FIRST = 20  # cards that Python draws


def address(number: int) -> str:
    return f"item-{item_id(number)}"


def normal(card: str) -> str:
    return re.sub(r">\s+<", "><", re.sub(r"\s+", " ", card))


def odd_items() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Scores and shares of 25 items, the last to be shown of which have all that a card can have."""
    scores, shares = score_rows(25), share_rows(25, LABELS_ZH)
    of = [[row for row in shares if row["item_id"] == item_id(k)] for k in range(5)]
    shares = [row for row in shares if row["item_id"] not in {item_id(k) for k in range(5)}]
    shares += undefined(of[0], "human_share", "human_n")
    shares += [
        row | {"type": "multiple", "label": "<b>&amp;\u202eمهم", "simulated_share": 0.0} for row in of[1]
    ]
    shares += [row | {"wording": 2, "simulated_share": 0.0004} for row in of[2]]
    shares += [row | {"label": row["code"], "type": "scale", "human_quality": "approximate"} for row in of[3]]
    shares += of[4]
    scores += [
        scores[0] | {"item_id": item_id(1), "metric": "mention_rate_difference"},
        scores[0] | {"item_id": item_id(2), "wording": 2, "value": math.nan},
    ]
    return scores, shares


@pytest.mark.parametrize("is_planted", [False, True])
def test_a_card_that_the_script_fills_is_the_card_that_python_draws(is_planted: bool, tmp_path: Path) -> None:
    scores, shares = odd_items()
    words = words_of(25, is_chinese=True) | words_of(1)
    planted = {(item_id(k), code): 0.25 for k in (0, 1, 3) for code in (1, 2)} if is_planted else None
    last = {item_id(k) for k in range(5)}
    few = [row for row in shares if row["item_id"] in last]
    answers = [answer(0, 0)]
    filled = made_report(scores=scores, shares=shares, words=words, answers=answers, planted=planted)
    drawn = made_report(scores=scores, shares=few, words=words, answers=answers, planted=planted)
    click = 'byId("all-items").click();'
    script = f"""
        const names = {[f"item-{name}" for name in sorted(last)]};
        if (!byId("more-items").closest("p").hidden) {click}
        return names.map((name) => byId(name).outerHTML);"""
    by_script, by_python = (drive(html, script, tmp_path) for html in (filled, drawn))
    assert [normal(card) for card in by_script] == [normal(card) for card in by_python]
    assert len(by_script) == 5


def test_buttons_show_twenty_more_and_all_in_the_order_of_the_data(tmp_path: Path) -> None:
    found = drive(made_report(50), """
        const first = cards();
        const said = [byId("item-count").textContent];
        byId("more-items").click();
        const second = cards();
        said.push(...["item-count", "more-items", "all-items"].map((id) => byId(id).textContent));
        byId("all-items").click();
        said.push(byId("item-count").textContent);
        return {first, second, all: cards(), said, is_over: document.querySelector(".more-items").hidden};
    """, tmp_path)  # fmt: skip
    differing_most_first = [address(k) for k in reversed(range(50))]
    assert found["first"] == differing_most_first[:20]
    assert found["second"] == differing_most_first[:40]
    assert found["all"] == differing_most_first
    assert found["said"] == ["20 of 50 items", "40 of 50 items", "10 more", "All 50", "50 items"]
    assert found["is_over"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("gss.q2", [2, 20, 23, 26, 29]),  # ids, and whatever begins with one
        ("TOPIC 7", [7, 17, 27]),
        ("thing number 11 in your", [11]),  # the question in English
        ("wvs.Q4在您的", [4]),  # the question as asked
        ("比较重要 topic 3", [3, 13, 23, 30]),  # an option, and words elsewhere
        ("rather topic 28", [28]),  # an option in English
        ("nothing of this kind", []),
    ],
)
def test_words_are_found_in_ids_topics_questions_and_options_of_both_languages(
    words: str, expected: list[int], tmp_path: Path
) -> None:
    html = made_report(31, shares=share_rows(31, LABELS_ZH), words=words_of(31, is_chinese=True))
    script = f'enter("item-search", {words!r}); return [cards(), byId("item-count").textContent];'
    shown, said = drive(html, script, tmp_path)
    assert sorted(shown) == sorted(address(number) for number in expected)
    if not expected:
        assert said == "No item matches."


def test_filters_join_and_an_order_can_be_chosen(tmp_path: Path) -> None:
    shares = [
        row | {"type": "scale" if row["item_id"] in (item_id(3), item_id(5)) else "single"}
        for row in share_rows(12)
    ]
    found = drive(made_report(12, shares=shares), """
        const shown = {};
        enter("item-source", "wvs"); shown.source = cards();
        enter("item-dimension", "PDI"); shown.both = cards();
        enter("item-type", "scale"); shown.all = cards();
        shown.said = byId("item-count").textContent;
        for (const name of ["source", "dimension", "type"]) enter("item-" + name, "");
        enter("item-sort", "order"); shown.order = cards();
        enter("item-sort", "dimension"); shown.dimension = cards();
        return shown;
    """, tmp_path)  # fmt: skip
    assert found["source"] == [address(k) for k in (10, 9, 7, 6, 4, 3, 1, 0)]
    assert found["both"] == [address(k) for k in (7, 3)]  # 11 is of the other source
    assert found["all"] == [address(3)]
    assert found["said"] == "1 item matches"
    assert found["order"] == [address(k) for k in range(12)]
    assert sorted(found["dimension"][-9:] + found["dimension"][:3]) == sorted(found["order"])
    groups = [int(name.rpartition("Q")[2]) % 4 == 3 for name in found["dimension"]]
    assert sum(one != other for one, other in pairwise(groups)) == 1


def test_a_link_opens_a_card_that_is_not_shown_yet(tmp_path: Path) -> None:
    found = drive(
        made_report(50),
        'return [cards(), document.activeElement.id, byId("item-count").textContent];',
        tmp_path,
        address=address(3),
    )
    assert found == [
        [*(address(k) for k in reversed(range(30, 50))), address(3)],
        address(3),
        "20 of 50 items, and the linked one",
    ]


def test_a_link_opens_a_card_that_a_filter_has_left_out(tmp_path: Path) -> None:
    found = drive(made_report(50), f"""
        enter("item-search", "topic 49");
        location.hash = "{address(4)}";
        await until(() => cards().length > 1);
        const linked = cards();
        const top = byId("{address(4)}").getBoundingClientRect().top;
        enter("item-search", "topic 48");
        return [linked, top >= 0 && top < innerHeight, cards()];
    """, tmp_path)  # fmt: skip
    assert found == [[address(49), address(4)], True, [address(48)]]


def test_each_card_links_to_itself(tmp_path: Path) -> None:
    found = drive(made_report(30), """
        byId("all-items").click();
        return [...document.querySelectorAll("#item-list .self")].map((link) => link.getAttribute("href"));
    """, tmp_path)  # fmt: skip
    assert found == [f"#{address(k)}" for k in reversed(range(30))]


def test_a_card_leads_to_the_answers_to_its_question_when_the_script_has_filled_it(tmp_path: Path) -> None:
    html = made_report(30, answers=[answer(respondent, k) for respondent in (0, 1) for k in range(30)])
    found = drive(html, f"""
        byId("all-items").click();
        byId("{address(2)}").querySelector(".to-answers").click();
        await until(() => location.hash === "#answers" && byId("pick-question").selectedOptions.length);
        const [asked] = byId("pick-question").selectedOptions;
        const shown = ["show-prompt", "show-choices"].map((id) => byId(id).textContent);
        return [asked.textContent, ...shown, location.hash];
    """, tmp_path)  # fmt: skip
    assert found == [
        "\u2068topic 2\u2069 (gss.Q2)",
        "How important is thing number 2?\n1. Very important\n2. Not at all",
        "1  Very important",
        "#answers",
    ]


def test_the_list_of_questions_is_filled_when_somebody_comes_near_it(tmp_path: Path) -> None:
    found = drive(made_report(30, answers=[answer(0, k) for k in range(30)]), """
        const before = byId("pick-question").options.length;
        byId("answers").scrollIntoView();
        await until(() => byId("pick-question").options.length);
        return [before, byId("pick-question").options.length, byId("pick-question").selectedIndex];
    """, tmp_path)  # fmt: skip
    assert found == [0, 30, 0]


@pytest.mark.parametrize("width", [390, 1280])
def test_long_labels_and_words_from_right_to_left_stay_within_the_page(width: int, tmp_path: Path) -> None:
    labels = ("A label that never ends " * 13, "مهم جدا في الحياة", "x" * 300, *LABELS)
    html = made_report(30, shares=share_rows(30, labels))
    script = """
        byId("all-items").click();
        return [document.documentElement.scrollWidth, document.documentElement.clientWidth];"""
    across, room = drive(html, script, tmp_path, width=width)
    assert across <= room

"""Reports of runs that are small, empty, unfinished or full of strangers' words: whole pages all the same."""

import re
from dataclasses import replace

import pandas as pd
from made_reports import FACTS, LABELS, answer, made_report, score_rows, share_rows, undefined, words_of
from test_report_weight import Page, data_of

from def_sim.reports.pages.item_cards import ItemWords

SCORED = ("value", "normalised")


def text_of(html: str) -> str:
    seen = re.sub(r"<(script|style|template).*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", seen).split())


def test_markup_in_questions_labels_and_answers_stays_text_in_cards_and_data() -> None:
    hostile = "</script><script>alert(1)</script><b onclick=x>&amp;<!--"
    words = {name: ItemWords(hostile, hostile, hostile, {1: hostile}) for name in words_of(30)}
    shares = [row | {"topic": hostile, "label": hostile} for row in share_rows(30)]
    html = made_report(30, shares=shares, words=words, answers=[answer(0, 0, text=hostile, prompt=hostile)])
    plain = made_report(30, words=words_of(30, is_chinese=True), answers=[answer(0, 0)])
    assert "<script>alert" not in html
    assert "<b onclick" not in html
    # English labels of one option stand beside each of 20 cards' four labels in the other page.
    assert abs(Page(html).num_elements - Page(plain).num_elements) == 20 * 3
    data = data_of(html)
    assert data["lines"].count(hostile) == 1


def test_words_from_right_to_left_keep_their_direction_to_themselves() -> None:
    html = made_report(2, shares=share_rows(2, ("مهم جدا", "\u202eصحيح", *LABELS[2:])))
    assert html.count('dir="auto">مهم جدا</span>') == 2
    assert 'aria-label="panel 25 %, people 0 %"' in html  # no word of an option stands in an attribute


def test_a_label_of_300_characters_is_whole() -> None:
    long = "a label that goes on " * 15
    html = made_report(1, shares=share_rows(1, (long, *LABELS[1:])))
    assert f">{long}</span>" in html


def test_one_item_and_one_respondent_agree_in_number() -> None:
    facts = replace(FACTS, num_respondents=1, num_planned=1, num_done=1)
    shares = [row | {"num_asked": 1.0, "num_answered": 1.0, "human_n": 1.0} for row in share_rows(1)]
    text = text_of(made_report(1, shares=shares, facts=facts, answers=[answer(0, 0)]))
    assert "1 of 1 respondent answered. 1 person (" in text
    assert "stand here" not in text  # all of them do
    assert not re.search(r"\b1 (items|people|respondents|answers)\b", text)


def test_without_figures_of_people_cards_stand_in_the_order_of_the_questionnaire() -> None:
    shares = undefined(share_rows(3), "human_share", "human_n", "human_n_effective")
    shares = [row | {"human_quality": ""} for row in shares]
    html = made_report(3, shares=shares, scores=undefined(score_rows(3), *SCORED))
    assert Page(html).cards[:3] == ["item-wvs.Q0", "item-wvs.Q1", "item-gss.Q2"]
    assert text_of(html).count("No figures of people.") == 3
    assert 'aria-label="panel 25 %, people –"' in html


def test_of_a_run_of_failures_alone_every_card_says_so() -> None:
    shares = [row | {"num_answered": 0.0} for row in undefined(share_rows(2), "simulated_share")]
    statuses = pd.DataFrame([("all", "refused", 40, 1.0)], columns=["scope", "status", "count", "share"])
    html = made_report(2, shares=shares, scores=undefined(score_rows(2), *SCORED), statuses=statuses)
    assert text_of(html).count("0 of 20 respondents answered.") == 2
    assert html.count('<b class="undefined" title="Nobody in the panel answered.">–</b>') == 2 * 5
    assert 'aria-label="panel –, people 0 %"' in html


def test_an_unfinished_run_has_its_items_too() -> None:
    facts = replace(FACTS, is_complete=False, num_done=12)
    html = made_report(25, facts=facts)
    assert "12 of 40" in text_of(html)
    assert len(Page(html).cards) == 20 + 1


def test_a_report_sent_alone_misses_nothing_that_its_items_and_answers_need() -> None:
    html = made_report(30, answers=[answer(0, k) for k in range(30)])
    page = Page(html)
    inner = {link[1:] for link in page.links if link.startswith("#")}
    assert inner <= page.ids
    assert not re.search(r'\s(src|srcset|data-src|xlink:href)="', html)
    assert "figures/" not in html.split('id="items"')[1].split("</section>")[0]

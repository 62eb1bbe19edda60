"""The report's page: what it says, that it loads nothing, and that model text stays text."""

import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from markupsafe import Markup

from def_sim.evaluation.verdict import verdict_of
from def_sim.reports.figures.figure import Figure
from def_sim.reports.pages import report_page
from def_sim.reports.pages.downloads import figure_data
from def_sim.reports.pages.facts import AnswerView, RunFacts, SettingInWords
from def_sim.reports.pages.report_page import entropy_sentences, status_parts
from def_sim.reports.pages.score_cards import dimension_card, why_no_mean
from def_sim.reports.sections.section import Chapter, Section

METRICS = ("js_divergence", "total_variation", "kl_paper", "wasserstein", "entropy_ratio")
FACTS = RunFacts(
    model_label="Some model",
    survey_title="Some survey",
    population="CHN",
    language="zh",
    strategy="diversity_enhanced",
    protocol="paper",
    num_respondents=2,
    num_planned=4,
    num_done=4,
    is_complete=True,
    is_demonstration=False,
    seed=7,
    run_hash="abc123",
    code_version="0.1",
    created="2026-11-20",
    citations=("Some data set, https://doi.org/10.14281/18241.24",),
    country="China",
    settings=(SettingInWords("Memory", "0 to 15 answers", "memory modification on"),),
    parameters={"strategy.max_beam": "5"},
)


def test_a_caption_says_what_was_run_and_with_whom():
    told = replace(FACTS, people=("World Values Survey, wave 7, China (2018)",)).for_captions()
    assert told == (
        "Model: Some model. Survey: Some survey. People: World Values Survey, wave 7, China (2018). N = 2 "
        "simulated respondents; protocol paper, strategy diversity_enhanced, seed 7; run abc123."
    )
    unfinished = replace(FACTS, is_complete=False, num_done=3, is_demonstration=True).for_captions()
    assert "Unfinished: 3 of 4 answers." in unfinished
    assert "Demonstration: trained on an invented population." in unfinished


def score_row(scope: str, metric: str, value: float, **more: object) -> dict[str, object]:
    row = {"scope": scope, "item_id": "", "wording": pd.NA, "dimension": "", "metric": metric, "value": value}
    controls = {"floor": 0.05, "human_to_human": 0.01, "uniform": 0.3, "mode": 0.4, "normalised": 0.8}
    return row | controls | {"num_items": 2, "num_undefined": 0} | more


@pytest.fixture
def scores() -> pd.DataFrame:
    rows = [score_row(scope, metric, 0.1) for metric in METRICS for scope in ("micro", "macro")]
    rows += [score_row("dimension", metric, 0.1, dimension="EVI") for metric in METRICS]
    for item in ("a", "b"):
        rows += [score_row("item", m, 0.2, item_id=item, wording=0, dimension="EVI") for m in METRICS]
    rows += [score_row("micro", "close_count", 2.0), score_row("micro", "std_paper", 0.25)]
    return pd.DataFrame(rows)


@pytest.fixture
def distributions() -> pd.DataFrame:
    rows = [
        {
            "item_id": item,
            "wording": 0,
            "topic": f"topic {item}",
            "dimension": "EVI",
            "type": "single",
            "level": "nominal",
            "code": code,
            "label": "重要" if code == 1 else "<b>不重要</b>",
            "position": code,
            "simulated_count": 1.0,
            "simulated_share": 0.5,
            "human_share": 0.25 if code == 1 else 0.75,
            "human_n": 3036.0,
            "human_n_effective": math.nan,
            "num_asked": 2.0,
            "num_answered": 2.0,
            "num_failed": 0.0,
            "num_not_asked": 0.0,
        }
        for item in ("a", "b")
        for code in (1, 2)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def statuses() -> pd.DataFrame:
    rows = [("all", "answered", 3, 0.75), ("all", "refused", 1, 0.25), ("all", "truncated", 0, 0.0)]
    rows += [("dimension", "answered", 3, 0.75), ("dimension", "refused", 1, 0.25)]
    return pd.DataFrame(rows, columns=["scope", "status", "count", "share"])


def render_report(facts, scores, distributions, statuses, answers, **more) -> str:
    """The page with the verdict that its numbers come to."""
    verdict = verdict_of(scores, statuses, num_respondents=facts.num_scored)
    return report_page.render_report(facts, scores, distributions, statuses, answers, verdict=verdict, **more)


def a_figure(name: str) -> Figure:
    return Figure(
        name=name,
        title=f"Title of {name}",
        alt="What it shows.",
        caption="What its marks are.",
        drawing=lambda _: Markup('<svg width="100%" height="10"></svg>'),
        data=pd.DataFrame({"name": ["<b>"], "value": [0.5]}),
    )


def answer(text: str, respondent: str = "r00000", question: str = "a#0") -> AnswerView:
    return AnswerView(
        respondent_id=respondent,
        question_id=question,
        topic="topic a",
        decoding="1 beam, sampled",
        place="Chengdu",
        memory=(("What before?", "Answer: 1"),),
        prompt="What now?",
        text=text,
        status="answered",
        choices=(1,),
        choice_labels=("重要",),
        method="number",
    )


class Page(HTMLParser):
    """Tags with their attributes, the text outside scripts and styles, and the scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        {"script": self.scripts, "style": self.styles}.get(self._inside, self.words).append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_what_a_model_wrote_cannot_become_markup(scores, distributions, statuses):
    hostile = [
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(2)>",
        "<!-- <script>",
        "\u2028",
    ]
    innocent = render_report(FACTS, scores, distributions, statuses, [answer("hello")] * 4)
    html = render_report(FACTS, scores, distributions, statuses, [answer(text) for text in hostile])
    # The same elements in the same order, whatever was answered.
    assert [tag for tag, _ in Page(html).tags] == [tag for tag, _ in Page(innocent).tags]
    assert "\u2028" not in html
    assert "<b>不重要</b>" not in html
    assert "&lt;b&gt;不重要&lt;/b&gt;" in html


def test_facts_are_escaped_in_text_and_attributes(scores, distributions, statuses):
    html = render_report(
        replace(FACTS, model_label='"><img src=x>', parameters={"<i>": "</code>"}),
        scores,
        distributions,
        statuses,
        [],
    )
    assert not [tag for tag, _ in Page(html).tags if tag in ("img", "i")]


def test_a_lone_surrogate_does_not_stop_the_page_from_being_written(scores, distributions, statuses):
    html = render_report(FACTS, scores, distributions, statuses, [answer("half \ud83d a face")])
    assert "half \\ud83d a face" in html.encode("utf-8").decode("utf-8")


def test_the_page_loads_nothing(scores, distributions, statuses):
    html = render_report(FACTS, scores, distributions, statuses, [answer("see https://example.org/x.js")])
    page = Page(html)
    loading = {
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "audio",
        "video",
        "source",
        "image",
    }
    assert not {tag for tag, _ in page.tags} & loading
    addresses = [attributes["src"] for _, attributes in page.tags if "src" in attributes]
    assert addresses == []
    links = {attributes["href"] for tag, attributes in page.tags if tag == "a"}
    assert {link for link in links if link and not link.startswith("#")} == {
        "https://doi.org/10.14281/18241.24"
    }
    assert set(re.findall(r"url\(([^)]*)\)", html)) == {"#hatch"}
    assert "@import" not in html


def test_the_policy_names_exactly_the_one_style_sheet_and_the_one_script(scores, distributions, statuses):
    page = Page(render_report(FACTS, scores, distributions, statuses, [answer("hello")]))
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (*page.styles, page.scripts[-1])
    ]
    assert f"style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not [tag for tag, attributes in page.tags if "style" in attributes]  # the policy would drop them


def test_the_page_is_five_chapters_and_its_list_of_contents_names_all_that_has_a_title(
    scores, distributions, statuses
):
    drawn = [
        Section("map", "A map", Chapter.GROUPS, "Shows.", "Hides.", Markup("<p>body</p>")),
        Section("styles", "Habits", Chapter.VARIETY, "Shows.", "Hides.", Markup("<p>body</p>")),
    ]
    html = render_report(FACTS, scores, distributions, statuses, [], sections=drawn)
    assert re.findall(r'<h2 id="chapter-\w+-title">([^<]*)</h2>', html) == [
        "Result", "Items and answers", "Variety and consistency", "Countries and groups", "Method and data"
    ]  # fmt: skip
    contents = html[html.index("<nav") : html.index("</nav>")]
    titled = re.findall(r'<section (?:class="chapter" )?id="([^"]+)"', html)
    assert re.findall(r'href="#([^"]+)"', contents) == titled
    for key, chapter in (("map", "groups"), ("styles", "variety"), ("items", "items"), ("cite", "method")):
        before = html[: html.index(f'<section id="{key}"')]
        assert re.findall(r'class="chapter" id="chapter-(\w+)"', before)[-1] == chapter


def test_a_chapter_without_sections_says_that_no_answer_is_on_file(scores, distributions, statuses):
    html = render_report(FACTS, scores, distributions, statuses, [])
    assert html.count("Nothing yet: no answer is on file.") == 2  # variety, groups


def test_the_first_screen_names_the_country_and_says_settings_in_plain_words(scores, distributions, statuses):
    html = render_report(FACTS, scores, distributions, statuses, [])
    first = Page(html[html.index("<header") : html.index("</header>")]).text
    assert "2 respondents beside people of China" in first
    assert "CHN" not in first
    assert "Memory 0 to 15 answers memory modification on" in first
    settings = html.index('<details id="run"')  # closed, behind the verdict
    assert html.index('id="verdict"') < settings < html.index("0 to 15 answers")


def test_what_must_be_read_before_the_numbers_stands_before_them(scores, distributions, statuses):
    facts = replace(FACTS, notes=("A note.",), deviations=("no beams",), planted_summary="Beside the truth.")
    html = render_report(facts, scores, distributions, statuses, [])
    for words in ("A note.", "no beams", "Beside the truth."):
        assert html.index('id="notes"') < html.index(words) < html.index('<section id="scores"')
    assert 'id="notes"' not in render_report(FACTS, scores, distributions, statuses, [])


def test_files_beside_the_page_are_linked_and_no_others(scores, distributions, statuses):
    figures = [a_figure("headline"), a_figure("items_01"), a_figure("lost")]
    files = ["metrics.csv", "figures/headline.pdf", "figures/headline.csv", "figures/items_01.svg"]
    html = render_report(FACTS, scores, distributions, statuses, [], figures=figures, files=files)
    links = [a["href"] for tag, a in Page(html).tags if tag == "a"]
    beside = [link for link in links if link and not link.startswith(("#", "https:"))]
    assert sorted(beside) == sorted([*files, "figures/captions.md", "figures/captions.tex"])
    data = json.loads(Page(html).scripts[-2])["figures"]
    assert data["headline"]["csv"] == "name,value\n<b>,0.5\n"
    assert data["headline"]["files"] == {"PDF": "figures/headline.pdf", "CSV": "figures/headline.csv"}
    assert list(data) == ["headline"]  # the others are not drawn on the page


def test_the_numbers_of_a_large_figure_stay_in_the_run_folder():
    large = replace(a_figure("large"), data=pd.DataFrame({"value": [0.123456789] * 10_000}))
    assert json.loads(figure_data([large], []))["figures"]["large"]["csv"] is None


def test_the_bibliography_stands_on_the_page_as_text(scores, distributions, statuses):
    facts = replace(FACTS, bibliography="@misc{x,\n  title = {<i>},\n}\n")
    html = render_report(facts, scores, distributions, statuses, [])
    assert "@misc{x,\n  title = {&lt;i&gt;},\n}\n</pre>" in html


def test_an_undefined_score_is_a_dash_with_its_reason(scores, distributions, statuses):
    is_distance = (scores["metric"] == "wasserstein") & (scores["scope"] == "item")
    scores.loc[is_distance, "value"] = math.nan
    html = render_report(FACTS, scores, distributions, statuses, [])
    dash = '<b class="undefined" title="The options have no order.">–</b>'
    assert html.count(f"W1 {dash}") == 2
    assert "W1 <b>0" not in html
    assert not re.search(r"\bnan\b", Page(html).text, flags=re.IGNORECASE)


def test_a_published_score_that_was_replaced_is_marked(scores, distributions, statuses):
    scores["is_replaced"] = (scores["metric"] == "kl_paper") & (scores["item_id"] == "a")
    html = render_report(FACTS, scores, distributions, statuses, [])
    marked = re.findall(r'title="Its own is infinite or undefined[^"]*">0.200</b>', html)
    assert len(marked) == 1


def test_an_item_without_reference_shows_dashes_instead_of_bars(scores, distributions, statuses):
    distributions.loc[distributions["item_id"] == "a", ["human_share", "human_n"]] = math.nan
    page = Page(render_report(FACTS, scores, distributions, statuses, []))
    said = [a["aria-label"] for tag, a in page.tags if tag == "svg" and a.get("class") == "bars"]
    assert said[:2] == ["panel 50 %, people –"] * 2
    assert said[2:4] == ["panel 50 %, people 25 %", "panel 50 %, people 75 %"]
    assert "No figures of people." in page.text


@pytest.mark.parametrize(
    ("effective", "words"),
    [
        (math.nan, "answered. 3,036 people (effective number unknown)"),
        (3036.0, "answered. 3,036 people (effective at most 3,036)"),  # no weights: an upper bound
        (2225.4, "answered. 3,036 people (effective 2,225)"),
    ],
)
def test_an_item_says_what_its_people_are_worth(effective, words, scores, distributions, statuses):
    distributions["human_n_effective"] = effective
    facts = replace(FACTS, effective_n={"town": "Kish, from the weights"})
    page = Page(render_report(facts, scores, distributions, statuses, []))
    assert words in page.text
    assert "town Kish, from the weights." in page.text


def test_the_statuses_add_up_to_the_plan(statuses):
    parts = status_parts(statuses)
    assert [(part.key, part.name, part.count) for part in parts] == [
        ("A", "Answered", 3),
        ("B", "Refused", 1),
    ]
    assert sum(part.share for part in parts) == 1.0


@pytest.mark.parametrize(
    ("num_planned", "sentence"),
    [
        (4, "That is the whole plan: 2 respondents × 2 questions = 4."),
        (10, "6 of 10 planned answers are still to come."),
        (2, "This is more than the plan of 2"),
    ],
)
def test_the_page_says_how_the_statuses_relate_to_the_plan(
    num_planned, sentence, scores, distributions, statuses
):
    facts = replace(FACTS, num_planned=num_planned)
    assert sentence in Page(render_report(facts, scores, distributions, statuses, [])).text


def test_a_planted_truth_is_a_third_mark_and_is_named(scores, distributions, statuses):
    planted = pd.DataFrame({"item_id": ["a", "a"], "code": [1, 2], "share": [0.3, 0.7]})
    without = render_report(FACTS, scores, distributions, statuses, [])
    html = render_report(FACTS, scores, distributions, statuses, [], planted=planted)
    assert 'aria-label="panel 50 %, people 25 %, planted 30 %"' in html
    assert html.count('class="planted-line"') == 3  # two options and the template, none of item b
    assert "The population behind this run is invented." in Page(html).text
    assert 'class="planted-line"' not in without
    assert "invented" not in Page(without).text


@pytest.mark.parametrize("is_demonstration", [True, False])
def test_only_a_demonstration_carries_its_banner(is_demonstration, scores, distributions, statuses):
    facts = replace(FACTS, is_demonstration=is_demonstration)
    text = Page(render_report(facts, scores, distributions, statuses, [])).text
    assert ("its scores say nothing about any real model" in text) is is_demonstration


def test_an_unfinished_run_says_how_much_is_done_and_how_to_go_on(scores, distributions, statuses):
    facts = replace(FACTS, is_complete=False, num_planned=16, resume_command="def-sim survey=cn")
    text = Page(render_report(facts, scores, distributions, statuses, [])).text
    assert "4 of 16 answers are in (25 %)" in text
    assert "def-sim survey=cn" in text
    assert "Not finished" not in Page(render_report(FACTS, scores, distributions, statuses, [])).text


def test_a_short_questionnaire_is_said_to_be_one(scores, distributions, statuses):
    facts = replace(FACTS, short_of="us")
    text = Page(render_report(facts, scores, distributions, statuses, [])).text
    assert "Short questionnaire. It asks a part of the items of us" in text
    assert "Short questionnaire" not in Page(render_report(FACTS, scores, distributions, statuses, [])).text


def test_what_must_be_known_before_the_numbers_is_said_once(scores, distributions, statuses):
    facts = replace(FACTS, notes=("No place list of <Town>.",))
    html = render_report(facts, scores, distributions, statuses, [])
    assert Page(html).text.count("Note. No place list of <Town>.") == 1
    assert "<Town>" not in html


def test_a_card_says_that_its_figures_have_no_number_of_people(scores, distributions, statuses):
    published = distributions.assign(human_n=math.nan, human_n_effective=math.nan, human_quality="published")
    text = Page(render_report(FACTS, scores, published, statuses, [])).text
    assert "Shares of people without their number." in text
    assert "No figures" not in text


def test_the_same_input_gives_the_same_page(scores, distributions, statuses):
    answers = [answer(f"text {index}", f"r{index:05d}") for index in range(5)]
    pages = {render_report(FACTS, scores, distributions, statuses, answers) for _ in range(2)}
    assert len(pages) == 1


def test_a_page_that_holds_a_sample_says_so(scores, distributions, statuses):
    answers = [answer("text", f"r{index:05d}") for index in range(3)]
    html = render_report(FACTS, scores, distributions, statuses, answers, num_answers=5)
    assert "This page holds 3 of 5 answers: all of 3 respondents" in Page(html).text


def test_the_headline_stands_between_floor_halves_and_random_answers(scores, distributions, statuses):
    html = render_report(FACTS, scores, distributions, statuses, [])
    said = (
        "Total variation: This panel 0.100; As many people (floor) 0.050; People, two halves 0.010; "
        "Random answers 0.300; Most common only 0.400"
    )
    assert f'aria-label="{said}"' in html
    assert "0 = no better than answering at random, 1 = cannot be told from people" in Page(html).text


def headline_words(scores, distributions, statuses, **columns):
    """The page's text where Jensen-Shannon's macro row has these columns."""
    is_macro = (scores["metric"] == "js_divergence") & (scores["scope"] == "macro")
    for name, value in columns.items():
        if name not in scores:
            scores[name] = pd.Series(math.nan if isinstance(value, float) else "", index=scores.index)
        scores.loc[is_macro, name] = value
    return Page(render_report(FACTS, scores, distributions, statuses, [])).text


def test_a_panel_far_worse_than_random_is_said_to_be_so_beside_both_scores(scores, distributions, statuses):
    columns = {"value": 0.8, "normalised": -3.1, "normalised_low": -9.0, "normalised_high": 0.5}
    text = headline_words(scores, distributions, statuses, **columns)
    assert "Normalised: worse than random (0.800 against 0.300)" in text
    assert "-3.1" not in text.replace("−", "-")


def test_a_normalised_score_without_interval_says_why(scores, distributions, statuses):
    why = "On other items, random answers might score no worse than people."
    text = headline_words(scores, distributions, statuses, why_no_normalised=why)
    assert f"Normalised: 0.800 No interval. {why}" in text


def test_a_reason_that_holds_for_the_score_itself_is_said_once(scores, distributions, statuses):
    why = "Too few items: 3 with a score, 5 are needed."
    columns = {"why_no_interval": why, "why_no_normalised": why}
    assert headline_words(scores, distributions, statuses, **columns).count(why) == 1


@pytest.mark.parametrize(
    ("ratio", "floor", "words"),
    [
        (0.6, 0.92, "less diverse than people"),
        (1.1, 0.92, "flattened"),
        (0.9, 0.92, ""),  # what 20 real people would show
        (math.nan, 0.92, ""),
    ],
)
def test_variety_is_judged_against_as_many_real_people(ratio, floor, words):
    scores = pd.DataFrame([score_row("macro", "entropy_ratio", ratio, floor=floor)])
    sentences = entropy_sentences(scores, FACTS)
    assert (words in sentences[0]) if words else sentences == []


@pytest.mark.parametrize(
    ("ratio", "low", "high", "words"),
    [
        (0.6, 0.4, 0.95, ""),  # its interval has the 0.92 of as many people in it: no difference is shown
        (0.6, 0.4, 0.8, "less diverse than people"),
        (1.1, 0.9, 1.3, ""),
        (1.1, 1.0, 1.3, "flattened"),
    ],
)
def test_variety_is_no_other_than_people_s_where_its_interval_says_so(ratio, low, high, words):
    interval = {"interval_low": low, "interval_high": high}
    scores = pd.DataFrame([score_row("macro", "entropy_ratio", ratio, floor=0.92, **interval)])
    sentences = entropy_sentences(scores, FACTS)
    assert (words in sentences[0]) if words else sentences == []


def test_beams_are_named_as_a_cause_of_missing_diversity():
    scores = pd.DataFrame([score_row("macro", "entropy_ratio", 0.6, floor=0.92)])
    assert "Beams pull answers" in entropy_sentences(scores, replace(FACTS, max_beams=5))[-1]


def test_option_labels_carry_the_language_of_the_questions(scores, distributions, statuses):
    html = render_report(FACTS, scores, distributions, statuses, [])
    assert '<html lang="en">' in html
    assert '<span class="label" lang="zh-Hans" dir="auto">重要</span>' in html


def test_a_mean_over_items_is_missing_for_the_reason_that_holds(distributions):
    ordered = distributions.assign(level="ordinal")
    silent = ordered.assign(num_answered=0.0)
    assert why_no_mean("wasserstein", distributions) == "The options have no order."
    assert why_no_mean("wasserstein", silent) == "Nobody in the panel answered."
    assert why_no_mean("js_divergence", ordered.assign(human_share=math.nan)) == (
        "No answered item has figures of people."
    )
    # One item without an order was answered, the one with an order failed.
    failed = silent[silent["item_id"] == "b"]
    mixed = pd.concat([distributions[distributions["item_id"] == "a"], failed])
    assert why_no_mean("wasserstein", mixed).startswith("No item whose options have an order was answered")
    assert why_no_mean("entropy_ratio", ordered).startswith("People all gave the same answer")


def test_scores_and_floors_name_those_who_answered_and_the_plan_stays_the_plan(
    scores, distributions, statuses
):
    facts = replace(FACTS, num_respondents=6, num_planned=12, num_answering=1, is_complete=False)
    text = Page(render_report(facts, scores, distributions, statuses, [])).text
    assert "had 1 real person answered" in text
    assert "6 respondents × 2 questions" in text


def test_the_floor_says_how_many_answers_an_item_has_and_how_few_people_it_takes_as_exact(
    scores, distributions, statuses
):
    items = distributions["item_id"].drop_duplicates().tolist()
    answered = distributions.assign(
        num_answered=distributions["item_id"].map({item: 2 - place for place, item in enumerate(items)})
    )
    few = answered.assign(human_n_effective=19.0)  # 2 respondents are more than a tenth of them
    text = Page(render_report(FACTS, scores, few, statuses, [])).text
    assert "of each item as many as could be read (median 1.5)" in text
    assert "figures of few people (median 19 an item) are taken as exact" in text
    enough = distributions.assign(num_answered=2, human_n_effective=20.0)
    text = Page(render_report(FACTS, scores, enough, statuses, [])).text
    assert "as many as could be read" not in text
    assert "taken as exact" not in text


def test_topic_groups_show_the_headlines_measure_and_the_studys_kl_in_their_table(
    scores: pd.DataFrame, distributions: pd.DataFrame
) -> None:
    card = dimension_card(scores, distributions)
    assert (card.drawn.metric, card.macro.text) == ("js_divergence", "0.100")
    assert "JSD by topic group" in card.chart
    assert card.metrics[0].metric == "kl_paper"

"""The page of a comparison: what it says of each run, that it loads nothing, that names stay text."""

import base64
import hashlib
import html as html_module
import math
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pandas as pd
import pytest
from some_runs import SETTINGS, run, scores

from def_sim.evaluation.arm_scores import arms_table
from def_sim.evaluation.arms import group_arms
from def_sim.evaluation.compared_maps import MapsOfRuns
from def_sim.evaluation.compared_runs import LeftOut, group_runs
from def_sim.evaluation.comparison_table import comparison_table
from def_sim.evaluation.map_points import CountryPoint, CultureMap, MapAxis, PanelPoint
from def_sim.evaluation.seed_spread import seeds_table
from def_sim.reports.charts.comparison_charts import RunMark, axis_end, layers_of, small_multiple, strip_chart
from def_sim.reports.pages.comparison_arms import arm_parts
from def_sim.reports.pages.comparison_figures import comparison_figures
from def_sim.reports.pages.comparison_page import render_comparison
from def_sim.reports.pages.comparison_scores import letters_of_page, size_in_words


def page(*runs, left_out=()):
    groups = group_runs(runs)
    return render_comparison(groups, comparison_table(groups), left_out, code_version="0.1")


def said(html: str) -> str:
    """The text that a reader sees."""
    body = re.sub(r"<(script|style)>.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(html_module.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def contents_of(html: str) -> str:
    """The list of contents."""
    return html.partition("<nav")[2].partition("</nav>")[0]


def mark(letter="A", value=0.1, low=math.nan, high=math.nan, **more):
    known = RunMark(letter, f"Model {letter}", value, low, high, 0.05, 0.4, True)
    return replace(known, **more)


def test_every_run_is_named_with_size_family_kind_and_rank():
    html = page(run("a", 0.2, family="llama", num_parameters=8_030_000_000), run("b", 0.1, is_tuned=False))
    text = said(html)
    assert "A Model a llama 8.03 B tuned 1 100 %" in text
    assert "B Model b family 7 B base 1 100 %" in text
    assert "Mean of topic groups: A Model a 0.200 (rank 2); B Model b 0.100 (rank 1)" in html


def test_names_from_a_configuration_stay_text():
    html = page(run("<i>a</i>", model_label="</title><script>alert(1)</script>"), run("b"))
    assert "<script>alert" not in html
    assert "<i>" not in html


def test_seeds_of_one_model_have_a_spread_and_no_word_of_ranks():
    groups = group_runs([run("m", 0.2, run_hash="a"), run("m", 0.1, run_hash="b", seed=2)])
    seeds = seeds_table(groups)
    html = render_comparison(groups, comparison_table(groups), [], code_version="0.1", seeds=seeds)
    assert "Model m 1, 2 Jensen-Shannon divergence 0.150 0.100 to 0.200" in said(html)
    assert "score and rank" not in html


def test_several_seeds_beside_another_model_are_one_mark_with_their_range():
    seeds = [run("m", value, seed=n, folder=f"m{n}", run_hash=f"m{n}") for n, value in ((1, 0.1), (2, 0.3))]
    html = page(*seeds, run("o", 0.25))
    drawn = "A Model m 0.200, seeds 0.100 to 0.300 (rank 1); B Model o 0.250 (rank 2)"
    assert f"Mean of topic groups: {drawn}" in html
    assert "A Model m , 2 seeds 0.200 1 seeds 0.100 to 0.300" in said(html)
    assert [name in said(html) for name in ("A1 Model m", "A2 Model m", "A3 Model m")] == [True, True, False]
    assert html.count('class="range"') == 2 * 3  # a line and two feet: drawn, and in the legend
    assert "of several seeds" not in page(run("m"), run("o"))


def test_an_arm_stands_below_its_baseline_and_its_title_stays_text():
    runs = [
        run("m", run_hash=name, folder=f"outputs/{name}", settings=SETTINGS | {"protocol.style": value})
        for name, value in (("a", "<i>bold</i>"), ("b", "plain"))
    ]
    arm_groups, problems = group_arms(runs, baseline="style plain")
    groups = group_runs(runs)
    parts = arm_parts(arm_groups, arms_table(arm_groups, {}))
    html = render_comparison(groups, comparison_table(groups), [], code_version="0.1", arms=parts)
    assert problems == []
    assert "<i>" not in html
    nothing = "– – – – –"
    assert f"style plain – – 0.100 {nothing} baseline style <i>bold</i> – – 0.100 {nothing}" in said(html)


def test_arms_stand_first_and_a_run_that_is_alone_in_its_group_is_folded():
    runs = [
        run("m", run_hash=name, folder=f"outputs/{name}", settings=SETTINGS | {"protocol.style": name})
        for name in ("a", "b")
    ]
    arm_groups, _ = group_arms(runs)
    groups = group_runs(runs)
    parts = arm_parts(arm_groups, arms_table(arm_groups, {}))
    html = render_comparison(groups, comparison_table(groups), [], code_version="0.1", arms=parts)
    assert html.index('<section id="arms-1"') < html.index('<section id="groups"')
    assert html.count('<details class="alone">') == 2
    assert '<details class="alone">' not in page(run("a"), run("b"))  # together in one group
    assert '<details class="alone">' not in page(run("a"))  # all that there is


def test_the_page_loads_nothing_and_its_policy_names_its_own_style_and_script():
    html = page(run("a"), run("b"))
    policy = html_module.unescape(re.search(r'Policy" content="([^"]*)"', html).group(1))
    blocks = [re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL).group(1) for tag in ("style", "script")]
    digests = [base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() for block in blocks]
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'" in policy
    assert not re.search(r"\b(src|style)=", html.replace(blocks[0], "").replace(blocks[1], ""))
    assert "http://" not in html
    assert "https://" not in html


def test_an_unfinished_run_is_said_with_its_share_done():
    text = said(page(run("a", num_done=15), run("b")))
    assert "A: 15 of 60 answers (25 %)" in text
    assert "have no rank" in text
    assert "Not finished" not in said(page(run("a"), run("b")))


def test_what_was_left_out_is_said_with_the_reason():
    assert "outputs/x : No answers." in said(page(run("a"), left_out=[LeftOut("outputs/x", "No answers.")]))


def test_an_undefined_score_is_a_dash_with_its_reason_and_never_zero():
    html = page(run("a", math.nan), run("b", 0.2), run("c", 0.3))
    assert '<abbr class="undefined" title="Not defined for these answers.">–</abbr>' in html
    assert "A Model a –; B Model b 0.200 (rank 1)" in html
    assert not re.search(r"\bnan\b", said(html), flags=re.IGNORECASE)


def test_without_intervals_the_page_says_that_chance_is_not_ruled_out():
    bounded = scores(0.1, interval_low=0.08, interval_high=0.13)
    assert "more than chance: no intervals were computed" in said(page(run("a"), run("b")))
    text = said(page(run("a", scores=bounded), run("b")))
    assert "no intervals were computed" not in text
    assert "0.080 to 0.130" in text


def test_a_run_without_its_like_is_not_ranked():
    html = page(run("a"))
    assert "nothing to rank it with" in said(html)
    assert "rank 1" not in html


def test_runs_scored_on_different_items_are_noticed():
    micro = scores(0.1).assign(scope="micro")
    fewer = run("b", scores=micro.assign(num_undefined=1))
    assert "not scored on the same items" in said(page(run("a", scores=micro), fewer))
    assert "not scored on the same items" not in said(page(run("a", scores=micro), run("b", scores=micro)))


def test_a_short_questionnaire_is_said_to_be_one_and_stands_apart():
    short = run("b", survey="us_short", short_of="us", settings={"survey.questions": "q2"})
    text = said(page(run("a"), short))
    assert "us_short asks a part of the items of us ." in text
    assert "Group 2: survey us_short (short form of us), the United States" in text
    assert "Short questionnaires" not in said(page(run("a")))


def test_the_contents_of_many_groups_are_one_entry():
    alone = [run(f"m{n}", settings=SETTINGS | {"respondents": str(n)}) for n in range(13)]
    contents = [contents_of(page(*runs)) for runs in (alone[:12], alone)]
    assert contents[0].count('href="#group-') == 12
    assert contents[1].count('href="#group-') == 1
    assert '<a href="#group-1">Groups 1 to 13</a>' in contents[1]


def test_the_contents_name_every_section_of_the_page_and_nothing_else():
    html = page(run("a"), run("b", settings=SETTINGS | {"respondents": "9"}))
    assert re.findall(r'href="#([^"]+)"', contents_of(html)) == re.findall(r'<section id="([^"]+)"', html)


def test_a_run_has_one_letter_throughout_the_page():
    first, second, other = (
        run(name, value, folder=f"outputs/{name}", settings=settings)
        for name, value, settings in (
            ("a", 0.2, SETTINGS), ("b", 0.1, SETTINGS), ("c", 0.1, SETTINGS | {"survey.questions": "q2"})
        )
    )  # fmt: skip
    groups = group_runs([first, second, other])
    assert letters_of_page(groups).of_runs == {"outputs/a": "A", "outputs/b": "B", "outputs/c": "C"}
    names = {"outputs/a": ("Model a", "US"), "outputs/c": ("Model c", "CN"), "outputs/b": ("Model b", "US")}
    panels = [PanelPoint(model, survey, 0.1 * n, 0.2) for n, (model, survey) in enumerate(names.values())]
    axes = (MapAxis(0.5), MapAxis(0.2))
    found = CultureMap(countries=(CountryPoint("Japan", 0.3, 0.3),), panels=tuple(panels), axes=axes)
    maps = [MapsOfRuns(1, "paper, 9 respondents", found, found, names=names)]
    html = render_comparison(groups, comparison_table(groups), [], code_version="0.1", maps=maps)
    drawn = html[html.index('class="cultural-map"') :]
    assert re.findall(r'class="halo key survey-\d"[^>]*>([A-Z]) Model', drawn)[:3] == ["A", "C", "B"]
    assert "B Model b" in said(drawn[drawn.index("model-keys") :])
    figures = comparison_figures(maps, groups, comparison_table(groups), [], arms_table([], {}))
    caption = next(one.caption for one in figures if one.name == "cultural_map_1")
    assert "Runs: A: Model a, US; B: Model b, US; C: Model c, CN. All of them: paper, 9 res" in caption


def test_only_a_comparison_with_a_demonstration_carries_its_banner():
    assert "Demonstration." in said(page(run("a", is_demonstration=True)))
    assert "Demonstration." not in said(page(run("a")))


def test_the_same_runs_in_any_order_give_the_same_page():
    assert page(run("a"), run("b")) == page(run("b"), run("a"))


@pytest.mark.parametrize(
    ("num_parameters", "words"),
    [
        (7_241_732_096, "7.24 B"),
        (46_702_792_704, "46.7 B"),
        (1_614_720, "1.61 M"),
        (900, "900"),
        (0, "unknown"),
    ],
)
def test_sizes_are_written_as_people_say_them(num_parameters, words):
    assert size_in_words(num_parameters) == words


def test_charts_are_well_formed_and_an_interval_is_drawn_only_where_there_is_one():
    with_interval = small_multiple([mark(low=0.05, high=0.2)], title="TV & more", end=0.4)
    without = small_multiple([mark()], title="TV & more", end=0.4)
    strip = strip_chart([("7 B <new>", [mark(), mark("B", math.nan)])], title="By size", end=0.4)
    for drawn in (with_interval, without, strip):
        ElementTree.fromstring(drawn)
    assert with_interval.count('class="interval"') == 1
    assert "interval" not in without
    assert strip.count("<circle") == 1  # what has no value is named in the title and not drawn
    assert "B –" in strip


def test_an_axis_reaches_beyond_every_score_control_and_interval_of_like_size():
    assert axis_end([mark(value=0.5, high=0.7)]) >= 0.7
    assert axis_end([mark(value=math.nan, floor=math.nan, uniform=math.nan)]) == 1.0


def test_an_absurd_interval_does_not_press_the_scores_together_and_goes_on_as_an_arrow():
    absurd = mark(value=0.3, low=0.0, high=6.16)
    assert axis_end([absurd, mark(value=0.4)]) == pytest.approx(0.6)  # 1.5 times the furthest score
    drawn = small_multiple([absurd], title="JSD", end=0.6)
    assert drawn.count('class="mark beyond"') == 1
    assert "beyond" not in small_multiple([mark(value=0.3, low=0.2, high=0.5)], title="JSD", end=0.6)


def test_a_score_without_interval_says_why():
    why = "Too few items: 3 with a score, 5 are needed."
    known = scores(0.1, interval_low=0.08, interval_high=0.13)
    html = page(run("a", scores=scores(0.1, why_no_interval=why)), run("b", scores=known))
    assert f'<abbr class="undefined" title="{why}">no interval</abbr>' in html


def test_a_normalised_score_beyond_its_scale_is_told_in_words():
    far = scores(0.9, normalised=-2.5, uniform=0.4)
    assert "worse than random (0.900 against 0.400)" in said(page(run("a", scores=far), run("b")))


def test_marks_that_would_touch_stand_below_each_other():
    # 10 and 12 are too near; 18 is 8 from the first, so it stands in the first layer again.
    assert layers_of([10.0, 12.0, 18.0, 30.0]) == [0, 1, 0, 0]


def test_ranks_are_shown_for_finished_runs_only():
    table = comparison_table(group_runs([run("a", num_done=1), run("b"), run("c", 0.3)]))
    assert pd.isna(table.set_index("model").loc["a", "rank"])
    assert "A Model a 0.100; B Model b 0.100 (rank 1)" in page(run("a", num_done=1), run("b"), run("c", 0.3))

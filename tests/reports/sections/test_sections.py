"""Measures as sections of the report: what each must say, where its numbers and drawings go."""

import math
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from markupsafe import Markup
from survey_examples import a_question

from def_sim.evaluation.bias_tables import SoundBias, published_bias
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.diversity import PanelDiversity
from def_sim.evaluation.findings import Finding, findings_table
from def_sim.evaluation.order_effects import OrderEffects
from def_sim.evaluation.preference_bias import PreferenceBias
from def_sim.evaluation.response_styles import ResponseStyles
from def_sim.evaluation.variety import variety
from def_sim.metrics.answer_tendencies import scale_tendencies
from def_sim.metrics.choice_array import NO_ANSWER
from def_sim.metrics.diversity import diversity_beside_people
from def_sim.metrics.position_bias import position_bias
from def_sim.metrics.repeated_choice import repeated_first_choice
from def_sim.records import AnswerStatus, ItemReference
from def_sim.reports.charts.score_charts import share_chart
from def_sim.reports.charts.standalone import plain_style, standalone
from def_sim.reports.figures.figure import Figure
from def_sim.reports.sections.diversity import diversity_section
from def_sim.reports.sections.group_lean import lift_section
from def_sim.reports.sections.order_effects import order_section
from def_sim.reports.sections.response_styles import tendency_section
from def_sim.reports.sections.section import Chapter, Section, check_sections
from def_sim.reports.sections.variety import variety_section

NO_SECOND_CHOICES = repeated_first_choice([0], [NO_ANSWER])


def section(key: str = "one", **more: object) -> Section:
    return Section(
        key, "Title", Chapter.RESULT, "What it shows.", "What it does not.", Markup("<p>body</p>"), **more
    )


@dataclass
class Made:
    """A section with the numbers that it shows."""

    findings: tuple[Finding, ...]
    body: str
    figures: tuple[Figure, ...]


def made_of(found, draw) -> Made:
    drawn = draw(found)
    return Made(found.findings, drawn.body, drawn.figures)


def diversity_of(choices: list[list[int]]) -> Made:
    people = [np.array([0.5, 0.3, 0.2])] * len(choices[0])
    found = diversity_beside_people(choices, [3] * len(choices[0]), people)
    return made_of(PanelDiversity(found, 0.25, num_respondents=len(choices)), diversity_section)


def order_of(choices: list[int], *, is_shuffled: bool = True) -> Made:
    """Twelve respondents, one item of three options, rotated by respondent."""
    shown = [[[(place + (i if is_shuffled else 0)) % 3 for place in range(3)]] for i in range(12)]
    rng = np.random.default_rng(1)
    bias = position_bias([[choice] for choice in choices], shown, [3], rng=rng)
    return made_of(OrderEffects(bias), order_section)


def test_the_numbers_of_all_sections_are_one_table_in_the_order_of_the_page():
    table = findings_table(
        {
            "b": (Finding("x", 0.5, num_items=3), Finding("y", math.nan, reason="Too few.")),
            "a": (Finding("x", 0.1, group="EVI", people=0.2),),
        }
    )
    assert table[["section", "measure", "group"]].to_numpy().tolist() == [
        ["b", "x", ""], ["b", "y", ""], ["a", "x", "EVI"]
    ]  # fmt: skip
    assert table["num_items"].fillna(-1).tolist() == [3, -1, -1]
    assert table["reason"].tolist() == ["", "Too few.", ""]
    assert table["people"].isna().tolist() == [True, True, False]


def test_a_report_without_sections_has_a_table_without_rows():
    assert findings_table({}).shape[0] == 0
    assert "value" in findings_table({}).columns


@pytest.mark.parametrize(
    "sections",
    [
        [section("one"), section("one")],
        [Section("one", "Title", Chapter.RESULT, "What it shows.", "", Markup())],
        [Section("one", "Title", Chapter.RESULT, "no sentence", "What it does not.", Markup())],
    ],
)
def test_sections_need_keys_of_their_own_and_both_sentences(sections):
    with pytest.raises(ValueError, match="need"):
        check_sections(sections)


def test_a_section_without_a_chapter_is_none():
    with pytest.raises(TypeError, match="chapter"):
        Section(key="one", title="Title", shows="What it shows.", hides="What not.", body=Markup())


def test_a_panel_that_always_agrees_is_less_varied_than_people():
    found = diversity_of([[0, 1, 2, 0, 1]] * 20)
    assert "0.000, lies below the range of 95 % of panels of people" in found.body
    assert "it is 1.0 times as wide as without" in found.body  # a panel of one opinion has nothing in common
    assert found.findings[0].value == 0.0
    assert found.findings[0].people > 0.5


def test_a_panel_without_figures_of_people_says_that_nothing_was_compared():
    found = diversity_beside_people([[0], [1]], [3], [None])
    made = made_of(PanelDiversity(found, math.nan, num_respondents=2), diversity_section)
    assert "No comparison with people: No item has" in made.body
    assert made.findings[0].reason
    assert "nan" not in made.body


def test_a_panel_that_takes_the_first_place_is_told_from_one_that_takes_an_option():
    first_place = order_of([i % 3 for i in range(12)])
    one_option = order_of([0] * 12)
    assert "more than chance gives" in first_place.body.replace("no more than chance", "")
    assert "no more than chance gives" in one_option.body
    # Everyone at the first place of three balanced ones: 1 - 1/3 of the answers stand where they would not.
    assert first_place.findings[2].value == pytest.approx(2 / 3)
    assert "66.7 points more" in first_place.body


def variety_of(columns: list[list[int]], shares: tuple[float, ...]) -> Made:
    """Items of four options, the chosen places of each."""
    prompts = [distribution_of(column, shares) for column in columns]
    return made_of(variety(prompts, np.random.default_rng(3)), variety_section)


def distribution_of(column: list[int], shares: tuple[float, ...]) -> QuestionDistribution:
    question = a_question("x.Q1", labels=tuple("abcd"))
    statuses = dict.fromkeys(AnswerStatus, 0.0) | {AnswerStatus.ANSWERED: float(len(column))}
    reference = ItemReference("x.Q1", "all", (1, 2, 3, 4), shares, 1000, 1000.0)
    return QuestionDistribution(question, np.bincount(column, minlength=4) * 1.0, statuses, reference)


def test_one_respondent_has_a_divergence_and_no_price_of_a_variety_that_a_single_answer_cannot_have():
    made = variety_of([[3], [3]], (0.4, 0.3, 0.2, 0.1))
    value, price = made.findings
    assert value.value > value.people
    assert value.reason == ""
    assert math.isnan(price.value)
    assert price.reason == "One respondent answered, and a single answer has no variety."
    assert f"would score is not known. {price.reason}" in made.body
    assert "price of its variety" not in made.body
    assert "%" not in made.body.split("</svg>")[-1]


def test_a_panel_more_varied_than_random_answers_is_told_so_and_not_that_all_people_answer_at_random():
    # Each option once: entropy ln 4; four random answerers reach it in 4!/4^4 = 9 % of panels.
    made = variety_of([[0, 1, 2, 3]] * 5, (0.7, 0.1, 0.1, 0.1))
    assert math.isnan(made.findings[1].value)
    assert made.findings[1].reason.startswith("The panel is more varied than random answers")
    assert "100 %" not in made.body.split("</svg>")[-1]
    assert "People are as varied" not in made.body


def test_a_panel_between_people_and_random_answers_has_a_price_of_its_variety():
    made = variety_of([[0] * 12 + [1] * 3 + [2] * 3 + [3] * 2] * 5, (0.7, 0.1, 0.1, 0.1))
    value, price = made.findings
    assert value.people < price.value < value.random
    assert "of them answer at random" in made.body


def test_habits_of_three_respondents_stay_within_a_hundred_points_and_a_share_within_0_and_1():
    tendencies = scale_tendencies([[0], [5], [5]], [10], [[0.1] * 10])
    made = made_of(ResponseStyles(tendencies, NO_SECOND_CHOICES, {}), tendency_section)
    assert (made.findings[0].low, made.findings[0].high) == (0, 1)
    assert "−100.0 to +100.0" in made.body


def test_habits_of_two_respondents_have_a_reason_instead_of_an_interval():
    tendencies = scale_tendencies([[0], [5]], [10], [[0.1] * 10])
    made = made_of(ResponseStyles(tendencies, NO_SECOND_CHOICES, {}), tendency_section)
    assert made.findings[0].value == 0.5
    assert math.isnan(made.findings[0].low)
    assert made.findings[0].reason == "The spread of two respondents is unknown: no interval."
    assert made.findings[0].reason in made.body


def test_second_choices_stand_item_by_item_and_together_with_the_respondents_behind_them():
    # Ten respondents; the first half repeats on both items, so 20 answers are worth about ten.
    repeats = np.repeat([0, 1], 5)
    each = repeated_first_choice(np.zeros(10, dtype=int), repeats)
    both = repeated_first_choice(np.zeros((10, 2), dtype=int), np.stack([repeats, repeats], axis=1))
    styles = ResponseStyles((), both, {"x.a": each, "x.b": each})
    made = made_of(styles, tendency_section)
    assert [one.group for one in made.findings] == ["", "x.a", "x.b"]
    assert made.findings[0].high - made.findings[0].low >= made.findings[1].high - made.findings[1].low
    assert made.body.count("<tr>") == 4  # head, two items, all of them
    assert "takes the 10 respondents as drawn" in made.body


def test_orders_that_never_change_have_a_reason_instead_of_a_drawing():
    made = order_of([0] * 12, is_shuffled=False)
    assert "Not known: " in made.body
    assert "<svg" not in made.body
    assert made.figures == ()
    assert all(finding.reason for finding in made.findings)


def test_a_drawing_as_a_file_of_its_own_needs_neither_variables_nor_a_page():
    text = standalone(share_chart("1 <yes> 重要", 0.5), width_mm=84, title="Yes").decode("utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("width") == "84mm"
    assert "var(" not in text
    assert "@media" not in text
    assert 'id="hatch"' in text
    assert "重要" in text


def test_a_plain_style_is_the_one_of_a_light_screen():
    style = (
        ":root { --ink: #111; } @media (x) { :root { --ink: #eee; } p { a: b } } text { fill: var(--ink); }"
    )
    plain = plain_style(style + ":root { --ground: #fff; }")
    assert "text { fill: #111; }" in plain
    assert "#eee" not in plain


def test_a_colour_that_the_style_does_not_set_is_an_error():
    with pytest.raises(ValueError, match="ground"):
        plain_style("text { fill: var(--ground); }")


def leaning(p_adjusted: float, *, low: float = 0.002, reason: str = "") -> str:
    """The section of a panel with figures for men and, but for a test, for women."""
    names = {"group": ["male", "female"], "num_items": [12, 8]}
    leans = pd.DataFrame(
        names
        | {"lean": [0.0123, math.nan], "low": [low, math.nan], "high": [0.0226, math.nan]}
        | {"p_value": [0.01, math.nan], "p_adjusted": [p_adjusted, math.nan], "reason": [reason, "Too few."]}
    )
    lifts = pd.DataFrame(names | {name: [1.1, 0.9] for name in ("lift", "floor_lift", "difference")})
    published, items = published_bias([], {}), pd.DataFrame({"credit": [], "dimension": []})
    return lift_section(PreferenceBias(published, SoundBias(items, lifts), leans, 20)).body


def test_a_lean_has_its_interval_and_a_star_only_where_the_adjusted_test_finds_it():
    starred, plain = leaning(0.04), leaning(0.06)
    assert "+1.23\u00a0*</td><td>+0.20 to +2.26" in starred
    assert "+1.23</td>" in plain
    assert "<td>–</td><td>–</td><td>8</td>" in plain  # women: too few items, with the reason below
    assert "Too few." in plain


def test_the_lift_of_first_answers_has_no_star():
    heat_map = leaning(0.04).split('class="heat-map"')[1]
    assert "1.10" in heat_map
    assert "*" not in heat_map
    assert "no test of their own" in heat_map

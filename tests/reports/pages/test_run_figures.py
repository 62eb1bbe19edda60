"""Which figures a run has: intervals where scores have them, the chosen items, whatever the data lack."""

import math
import re
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest
from some_figures import LONG, scores, shares

from def_sim.reports.figures.figure import Figure
from def_sim.reports.pages.item_figures import item_figures
from def_sim.reports.pages.score_figures import headline_figure, topics_figure
from def_sim.reports.theme import WIDTHS_MM

TEXT = "{http://www.w3.org/2000/svg}text"


def words_of(figure: Figure, width: str = "double") -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(figure.svg(width=width)).iter(TEXT)]


def drawn(figure: Figure, css: str) -> int:
    return figure.svg().decode("utf-8").split("</style>")[1].count(f'class="{css}"')


def items_of(figures: list[Figure]) -> list[str]:
    return [item for figure in figures for item in dict.fromkeys(figure.data["item_id"])]


def test_the_headline_draws_its_intervals_and_says_which_they_are() -> None:
    figure = headline_figure(scores())
    assert drawn(figure, "whisker") == 3 * 5  # a line and two ends for each of five scores
    assert "95 % interval" in figure.caption
    assert figure.data.loc[figure.data["mark"] == "panel", ["low", "high"]].notna().all(axis=None)


def test_without_intervals_the_caption_says_why() -> None:
    table = scores(interval=False).assign(why_no_interval="Too few items: 4 with a score, 5 are needed.")
    figure = headline_figure(table)
    assert drawn(figure, "whisker") == 0
    assert "No interval: Too few items" in figure.caption


def test_topic_groups_are_drawn_by_the_headlines_measure_with_intervals() -> None:
    figure = topics_figure(scores())
    assert figure.title == "Jensen-Shannon divergence by topic group"
    assert drawn(figure, "whisker") == 3 * 2
    assert figure.data["low"].tolist() == [0.1, 0.1]


@pytest.mark.parametrize("width", WIDTHS_MM)
def test_the_drawing_of_the_topic_groups_says_itself_what_is_measured(width: str) -> None:
    said = " ".join(words_of(topics_figure(scores()), width))
    assert "Jensen-Shannon divergence, 0 to 1 0 is the same as people; lower is closer" in said


@pytest.mark.parametrize("width", WIDTHS_MM)
def test_each_score_of_the_headline_says_its_scale_and_which_end_is_better(width: str) -> None:
    said = words_of(headline_figure(scores()), width)
    for measure in ("Jensen-Shannon divergence, 0 to 1", "KL divergence, as in the study, in nats"):
        assert measure in said
    assert said.count("lower is closer") == 4
    assert said.count("1 is as varied as people") == 1


@pytest.mark.parametrize("width", WIDTHS_MM)
def test_all_scores_and_their_caption_fit_a_column_of_a_page(width: str) -> None:
    height = ElementTree.fromstring(headline_figure(scores()).svg(width=width)).get("height", "")
    assert float(height.removesuffix("mm")) < 212


def test_floor_and_mean_of_the_topic_groups_are_different_marks() -> None:
    figure = topics_figure(scores())
    assert drawn(figure, "mark floor") == 2 + 1  # in the drawing, and in the legend
    assert drawn(figure, "macro") == 1 + 1


def test_the_items_furthest_from_people_beyond_their_floor_come_first() -> None:
    assert items_of(item_figures(scores(), shares(8), chosen=3)) == ["x.Q7", "x.Q6", "x.Q5"]


def test_chosen_items_and_all_items_are_in_the_order_of_the_questionnaire() -> None:
    assert items_of(item_figures(scores(), shares(8), chosen=["x.Q5", "x.Q1"])) == ["x.Q1", "x.Q5"]
    assert items_of(item_figures(scores(), shares(8), chosen="all")) == [f"x.Q{item}" for item in range(8)]


def test_no_page_of_items_is_higher_than_a_page_of_paper() -> None:
    figures = item_figures(scores(), shares(8), chosen="all", width="single")
    heights = [
        float(ElementTree.fromstring(f.svg(width="single")).get("height", "").removesuffix("mm"))
        for f in figures
    ]
    assert len(figures) > 1
    assert max(heights) < 240
    assert [figure.name for figure in figures[:2]] == ["items_01", "items_02"]


def test_options_stand_in_their_words_and_n_beside_the_item() -> None:
    [figure] = item_figures(scores(), shares(2, words=("Very important", "重要")))
    words = words_of(figure)
    assert words.count("Very important") == 2
    assert "x.Q1 · 20 answered · 2,593 people · JSD 0.100 (0.050)" in words


def test_a_planted_truth_is_drawn_at_its_item_only() -> None:
    planted = pd.DataFrame({"item_id": ["x.Q1"], "code": [1], "share": [0.4]})
    [figure] = item_figures(scores(), shares(2), planted=planted)
    assert drawn(figure, "mark planted") == 1 + 1  # with the legend
    assert figure.data["planted_share"].notna().sum() == 1


@pytest.mark.parametrize("width", list(WIDTHS_MM))
def test_a_label_of_300_characters_is_cut_with_dots(width: str) -> None:
    [figure] = item_figures(scores(), shares(1, words=(LONG,)), width=width)
    assert len(LONG) > 280
    assert any(word.endswith("…") for word in words_of(figure, width))
    assert figure.data["label"].tolist() == [LONG]  # whole beside the drawing


@pytest.mark.parametrize(
    ("table", "num"),
    [
        (scores(value=math.nan, interval=False), 20),  # only failures
        (scores().assign(floor=math.nan, human_to_human=math.nan, uniform=math.nan), 20),  # no people
        (scores(interval=False), 1),  # one respondent
        (scores().query("scope != 'dimension'"), 20),  # no topic group
    ],
    ids=["only failures", "no people", "one respondent", "no topic group"],
)
def test_what_is_missing_is_a_dash_and_no_mark(table: pd.DataFrame, num: int) -> None:
    for figure in (headline_figure(table), topics_figure(table)):
        text = figure.svg().decode("utf-8")
        assert not re.search(r'"[^"]*\bnan\b[^"]*"|"-?inf|>nan<', text)
    if math.isnan(table["value"].iloc[0]):
        assert "–" in words_of(headline_figure(table))


def test_items_without_answers_or_people_have_dashes() -> None:
    [figure] = item_figures(scores(), shares(1, panel=math.nan))
    assert words_of(figure).count("–") == 2 * 5
    assert drawn(figure, "panel-bar") == 1  # in the legend


def test_without_items_there_is_no_figure_of_them() -> None:
    assert item_figures(scores(), shares(0).reindex(columns=["item_id", "wording"])) == []

"""The report of a run as one HTML file that loads nothing and calls nobody.

Everything a model wrote is text and stays text: the template escapes, the embedded answers
are inert JSON, and a content security policy allows this file's one style sheet and one
script, by their hashes, and nothing else. The same input gives the same bytes.

Computes no score: the frames come from `def_sim/evaluation`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import ascii_uppercase
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.dimensions import dimension_rank
from def_sim.evaluation.measures import MEASURES, STATUS_TITLES, as_percent, counted
from def_sim.evaluation.score_tables import headline_scope
from def_sim.evaluation.verdict import Verdict
from def_sim.records import RunIdentity
from def_sim.reports.cells import Shown, count_in, find_row, number_in, shown
from def_sim.reports.charts.option_bars import option_bars, planted_mark
from def_sim.reports.charts.score_charts import StatusPart, status_chart
from def_sim.reports.charts.svg import shape
from def_sim.reports.charts.verdict_bar import verdict_bar
from def_sim.reports.figures.figure import Figure
from def_sim.reports.pages.answer_browser import pack_answers
from def_sim.reports.pages.downloads import figure_data, figure_rows
from def_sim.reports.pages.facts import AnswerView, RunFacts
from def_sim.reports.pages.item_cards import (
    BLANK_CARD,
    BLANK_OPTION,
    TYPE_TITLES,
    ItemCard,
    ItemWords,
    item_cards,
)
from def_sim.reports.pages.methods_words import methods_sentences
from def_sim.reports.pages.packed_items import pack_items
from def_sim.reports.pages.page import language_tag, page_script, page_style, security_policy, template
from def_sim.reports.pages.report_chapters import contents_of, report_chapters
from def_sim.reports.pages.report_data import Lines, safe_json
from def_sim.reports.pages.score_cards import (
    FLOOR_NAME,
    dimension_card,
    dimension_rows,
    headline_cards,
    survey_value,
)
from def_sim.reports.sections.section import Section

__all__ = ["AnswerView", "RunFacts", "render_report"]

OWN_FIGURES: Final = ("headline", "topic_groups")  # drawn by the page itself, not by a section
_FIRST_ITEMS: Final = 20  # drawn; the page's script fills the cards of the others when they are wanted
_FEW_PEOPLE: Final = 10  # a respondent: with fewer, chance in people's own figures matters beside a floor
_ENTROPY_TOLERANCE: Final = 0.1  # closer to what people would show is not remarked on


def render_report(
    facts: RunFacts,
    scores: pd.DataFrame,
    distributions: pd.DataFrame,
    statuses: pd.DataFrame,
    answers: Sequence[AnswerView],
    *,
    verdict: Verdict,
    planted: pd.DataFrame | None = None,
    words: Mapping[str, ItemWords] | None = None,
    sections: Sequence[Section] = (),
    figures: Sequence[Figure] = (),
    files: Sequence[str] = (),
    num_answers: int | None = None,
    identity: RunIdentity | None = None,
) -> str:
    """The whole report as the text of one HTML file.

    Args:
        facts: What was run.
        scores: Tidy scores (see `score_cards.py` for the columns). NaN is printed as "–".
        distributions: One row per item, wording and option (see `item_cards.py`).
        statuses: Columns scope, status, count, share; the scope "all" adds up to the answers on file.
        answers: Single answers for the browser, in the order they are offered; whole respondents.
        verdict: What these scores and statuses come to; the page begins with it.
        planted: Columns item_id, code, share: the truth that an invented population was
            made with, drawn as a third mark. Shares in [0, 1].
        words: Id of a question -> how it was asked; cards of others show their topic alone.
        sections: Further measures, in the order shown.
        figures: All that are written as files; of those on the page it offers numbers and drawing itself.
        files: What lies beside the page, as names below the run folder.
        num_answers: Answers on file, of which those are shown; None: they are all.
        identity: Of the run, for the first columns of figures' numbers, as in their files; None: without.

    Returns:
        HTML, UTF-8 encodable whatever the models wrote. Depends on the arguments alone.
    """
    style = page_style("items.css", "answers.css")
    script = page_script("downloads.js", "report_data.js", "items.js", "answers.js")
    drawn = {*OWN_FIGURES, *(figure.name for section in sections for figure in section.figures)}
    items = item_cards(scores, distributions, planted, words)
    parts = status_parts(statuses)
    chapters = report_chapters(sections, has_notes=facts.has_notes, has_topics=bool(dimension_rows(scores)))
    return template("report.html.jinja").render(
        facts=facts,
        verdict=verdict,
        verdict_bar=verdict_bar(verdict),
        policy=security_policy(style, script),
        style=style,
        script=script,
        num_other_items=_num_other_items(scores),
        is_by_group=headline_scope(scores) == "macro",
        methods=methods_sentences(facts, scores, distributions, statuses),
        floor_name=FLOOR_NAME,
        median_answered=_median(distributions, "num_answered"),
        few_people=_FEW_PEOPLE,
        median_people=_median(distributions, "human_n_effective"),
        headline=headline_cards(scores, distributions),
        entropy_sentences=entropy_sentences(scores, facts),
        dimensions=dimension_card(scores, distributions),
        close_count=_count_shown(survey_value(scores, "close_count")),
        std_paper=shown(survey_value(scores, "std_paper"), "Not computed."),
        items=items,
        num_first=_FIRST_ITEMS,
        item_filters=_item_filters(items),
        option_bars=option_bars,
        planted_mark=planted_mark,
        blank_item=BLANK_CARD,
        blank_option=BLANK_OPTION if planted is None else replace(BLANK_OPTION, planted=""),
        is_planted=planted is not None,
        statuses=parts,
        status_total=sum(part.count for part in parts),
        status_chart=status_chart(parts),
        data=_data(items, answers),
        num_embedded=len(answers),
        num_answers=len(answers) if num_answers is None else num_answers,
        num_embedded_respondents=len({answer.respondent_id for answer in answers}),
        chapters=chapters,
        contents=contents_of(chapters),
        tables=[name for name in files if "/" not in name],
        figure_rows=figure_rows(figures, files),
        figure_data=figure_data([figure for figure in figures if figure.name in drawn], files, identity),
        measures=list(MEASURES.values()),
        percent=as_percent,
        swatch=_swatch,
        counted=counted,
        language_tag=language_tag(facts.language),
    )


def _data(items: Sequence[ItemCard], answers: Sequence[AnswerView]) -> Markup:
    """The page's block of data; see docs/reference/report_data.md."""
    lines = Lines()
    packed = {"items": pack_items(items, lines), "answers": pack_answers(answers, lines)}
    return safe_json({"lines": lines.table, **packed})


def _item_filters(items: Sequence[ItemCard]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """By what items can be chosen: name of the field, title, and its values with their words."""
    sources = sorted({(item.source, item.source_title) for item in items}, key=lambda one: one[1])
    groups = sorted({(item.dimension, item.dimension_title) for item in items}, key=_rank)
    types = [(name, words) for name, words in TYPE_TITLES.items() if name in {item.type for item in items}]
    return [("source", "Source", sources), ("dimension", "Topic group", groups), ("type", "Type", types)]


def _rank(group: tuple[str, str]) -> int:
    return dimension_rank(group[0])


def _count_shown(value: float) -> Shown:
    return Shown("–", "Not computed.") if math.isnan(value) else Shown(f"{value:.0f}")


def _swatch(kind: str) -> Markup:
    """The mark of a legend."""
    return (
        Markup('<svg class="swatch" width="18" height="20" aria-hidden="true">')
        + shape(kind, 50, 10)
        + Markup("</svg>")
    )


def status_parts(statuses: pd.DataFrame) -> list[StatusPart]:
    """The statuses that occur, in the order of `records.AnswerStatus`, shares recomputed from the counts."""
    whole = statuses[statuses["scope"] == "all"]
    counts = {str(status): int(count) for status, count in zip(whole["status"], whole["count"], strict=True)}
    known = [status for status in STATUS_TITLES if counts.get(status)]
    ordered = known + sorted(status for status in counts if status not in STATUS_TITLES and counts[status])
    total = sum(counts.values())
    return [
        StatusPart(
            key=ascii_uppercase[index % 26],
            name=STATUS_TITLES.get(status, status),
            css=f"status-{index % 4 if status != 'answered' else 'answered'}",
            count=counts[status],
            share=counts[status] / total,
        )
        for index, status in enumerate(ordered)
    ]


def _num_other_items(scores: pd.DataFrame) -> int:
    """Items behind the comparison with another country's people; 0 where there is none."""
    return count_in(find_row(scores, "js_divergence", headline_scope(scores)), "num_other_humans")


def _median(distributions: pd.DataFrame, column: str) -> float:
    """Of a number that each item and wording has, over those that have it; NaN where none has."""
    return float(distributions.drop_duplicates(["item_id", "wording"])[column].median())


def entropy_sentences(scores: pd.DataFrame, facts: RunFacts) -> list[str]:
    """What the entropy ratio says in plain words, compared with what as many people would show.

    Nothing where the interval of the ratio has that value in it: the verdict says so, too.
    """
    row = find_row(scores, "entropy_ratio", headline_scope(scores))
    ratio, floor = number_in(row, "value"), number_in(row, "floor")
    low, high = number_in(row, "interval_low"), number_in(row, "interval_high")
    expected = 1.0 if math.isnan(floor) else floor
    sentences = []
    if ratio < expected - _ENTROPY_TOLERANCE and not high >= expected:
        sentences.append("The panel is less diverse than people: its answers crowd onto fewer options.")
    if ratio > expected + _ENTROPY_TOLERANCE and not low <= expected:
        sentences.append(
            "The panel's answers are flattened: spread more evenly over the options than people's. "
            "That can lower a divergence without agreeing with anyone."
        )
    if facts.max_beams > 1:
        sentences.append(
            f"Up to {facts.max_beams} beams were used. Beams pull answers to the most likely one: by the "
            "decoding alone they are less varied than this model could give them."
        )
    return sentences

"""The section on institutes: how far people are from the same country's people, asked elsewhere."""

import math
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.institutes import Institutes, PairDistance, PairKind
from def_sim.evaluation.measures import MEASURES, counted, written
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.score_charts import Mark
from def_sim.reports.charts.svg import element
from def_sim.reports.figures.figure import THIS_PANEL, Figure
from def_sim.reports.figures.mark_figures import marks_figure
from def_sim.reports.sections.parts import not_known, table
from def_sim.reports.sections.section import Chapter, Section

_TITLE: Final = "Mean Jensen-Shannon divergence from people"
_CAPTION: Final = (
    "On items that another institute asked the same country's people nearly alike, on the categories that "
    "both institutes' answers have in common; lower is closer. Floor: as many people as the panel has. Two "
    "halves: of the people behind the reference. Another institute's people: what a change of wording, mode "
    "and year costs among people."
)


def institute_section(found: Institutes) -> Section:
    """The panel beside another institute's people, and all known pairs of questions.

    Args:
        found: From `institutes`.
    """
    figures = (_figure(found),) if found.panel else ()
    chart = Markup().join(one.on_page() for one in figures)
    return Section(
        key="institutes",
        title="People asked elsewhere",
        chapter=Chapter.ITEMS,
        shows="How far the same country's people are from each other where two institutes asked them nearly "
        "the same: what a change of wording, mode and year alone costs. For one's own wordings it is the "
        "ceiling.",
        hides="Which of wording, mode, weights and year makes the difference; and items that one institute "
        "alone asked.",
        body=not_known(found.reason) if found.reason else _body(found, chart),
        figures=figures,
    )


def _figure(found: Institutes) -> Figure:
    marks = [
        Mark("panel", THIS_PANEL, found.panel_mean("panel")),
        Mark("floor", "As many people (floor)", found.panel_mean("floor")),
        Mark("people", "People, two halves", found.panel_mean("halves")),
        Mark("others", "Another institute's people", found.panel_mean("institutes")),
    ]
    measure = MEASURES["js_divergence"]
    return marks_figure(
        "institutes", _TITLE, marks, caption=_CAPTION, axis_title=AxisTitle(measure.on_axis, measure.reading)
    )


def _body(found: Institutes, chart: Markup) -> Markup:
    parts = [_of_panel(found, chart)]
    for kind, title in (
        (PairKind.INSTITUTE, "Two institutes"),
        (PairKind.WORDING, "Two versions of one question, given to random halves"),
    ):
        if pairs := found.of_kind(kind):
            parts.append(_pairs(found, kind, title, pairs))
    return Markup().join(parts)


def _of_panel(found: Institutes, chart: Markup) -> Markup:
    if not found.panel:
        return element("p", "The panel answered no item that another institute asked, too.")
    num = counted(len(found.panel), "comparison", "comparisons")
    return (
        element("h4", f"{num} of an item with another institute's")
        + chart
        + element(
            "p",
            "On the categories that both institutes' answers have in common: fewer options, and smaller "
            "numbers than those of the items. A small panel lies above people by chance, so compare it "
            "through its floor.",
        )
    )


def _pairs(found: Institutes, kind: PairKind, title: str, pairs: Sequence[PairDistance]) -> Markup:
    means = (
        f"Mean of {counted(len(pairs), 'pair', 'pairs')}: JSD {written(found.mean('js_divergence', kind))}, "
        f"by chance {written(found.mean('js_by_chance', kind))}; total variation "
        f"{written(found.mean('total_variation', kind))}, by chance "
        f"{written(found.mean('variation_by_chance', kind))}."
    )
    rows = [_row(found, one) for one in pairs]
    columns = (
        "Topic",
        "Sources",
        "JSD",
        "By chance",
        "Total variation",
        "Panel, JSD",
        "What differs",
    )
    whole = element("details", element("summary", "All pairs"), table(title, columns, rows))
    return element("h4", title) + element("p", means) + whole


def _row(found: Institutes, one: PairDistance) -> tuple[str, ...]:
    pair = one.pair
    panel = {seen.item_id: seen.panel for seen in found.panel if seen.pair.id == pair.id}
    return (
        pair.topic,
        f"{pair.first.name} ({pair.first.source.year}), {pair.second.name} ({pair.second.source.year})",
        written(one.js_divergence),
        written(one.js_by_chance),
        written(one.total_variation),
        " / ".join(written(panel.get(side.name, math.nan)) for side in (pair.first, pair.second)),
        pair.differs,
    )

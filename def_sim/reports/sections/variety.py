"""The section on variety: what people with answers as varied as the panel's would score."""

import math
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.measures import MEASURES, as_percent, written
from def_sim.evaluation.variety import METRIC, Variety
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.score_charts import Mark
from def_sim.reports.charts.svg import element
from def_sim.reports.figures.figure import THIS_PANEL, Figure
from def_sim.reports.figures.mark_figures import marks_figure
from def_sim.reports.sections.section import Chapter, Section

_TITLE: Final = "Closeness and variety"
_CAPTION: Final = (
    "Mean Jensen-Shannon divergence from people over items; lower is closer. People as varied as it: people "
    "of whom so many answer at random, or with the most frequent answer, that their answers are as varied as "
    "the panel's. Floor: as many people as the panel has."
)


def variety_section(found: Variety) -> Section:
    """The panel's divergence beside that of people who are made as varied as it.

    Args:
        found: From `variety`.
    """
    figures = (_figure(found),) if found.num_items else ()
    chart = Markup().join(one.on_page() for one in figures)
    return Section(
        key="variety",
        title=_TITLE,
        chapter=Chapter.VARIETY,
        shows="How far people would be from themselves if their answers were as varied as the panel's: the "
        "price of its variety alone.",
        hides="Which answers are wrong, or whether a panel with that score answers as these people do.",
        body=chart + element("p", _sentence(found)),
        figures=figures,
    )


def _figure(found: Variety) -> Figure:
    marks = [
        Mark("panel", THIS_PANEL, found.value),
        Mark("mode", "People as varied as it", found.price),
        Mark("floor", "People (floor)", found.floor),
        Mark("uniform", "Random answers", found.at_random),
    ]
    known = [mark for mark in marks if not math.isnan(mark.value)]
    measure = MEASURES[METRIC]
    return marks_figure(
        "variety",
        _TITLE,
        known,
        caption=_CAPTION,
        axis_title=AxisTitle(measure.on_axis, measure.reading),
    )


def _sentence(found: Variety) -> str:
    if found.why:
        return f"What people as varied as the panel would score is not known. {found.why}"
    others = "answer at random" if found.share > 0 else "give the most frequent answer"
    made = f"People are as varied as the panel when {as_percent(abs(found.share))} of them {others}. "
    price, floor, excess = found.price, found.floor, found.value - found.floor
    if not excess > 0:
        return f"{made}The panel is no farther from people than people are."
    part = min(max((price - floor) / excess, 0.0), 1.0)
    return (
        f"{made}They would then score {written(price)}: {as_percent(part)} of the panel's distance above the "
        f"floor is the price of its variety, the rest is which answers it gives."
    )

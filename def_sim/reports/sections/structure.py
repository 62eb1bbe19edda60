"""The section on structure: whether one respondent's answers hang together as people's do."""

import math
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.measures import counted, written
from def_sim.evaluation.structure import NO_SPAN, PanelStructure, Structure
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.score_charts import Mark, headline_chart
from def_sim.reports.charts.stacked import bar_key, line_key, stacked
from def_sim.reports.charts.stacked import legend as keys_below
from def_sim.reports.charts.structure_chart import correlation_chart
from def_sim.reports.charts.svg import element
from def_sim.reports.charts.text_fit import fit_lines
from def_sim.reports.figures.figure import THIS_PANEL, Canvas, Figure, framed
from def_sim.reports.sections.parts import between, legend, line_swatch, not_known
from def_sim.reports.sections.section import Chapter, Section

_NAME: Final = "structure"


def structure_section(structure: PanelStructure) -> Section:
    """Correlations between items, panel beside people.

    Args:
        structure: From `panel_structure`.
    """
    found = structure.beside_people
    figures = () if found.reason else (_figure(structure),)
    body = not_known(found.reason) if found.reason else _body(structure)
    return Section(
        key=_NAME,
        title="Structure",
        chapter=Chapter.VARIETY,
        shows="How far the panel's correlations between items are from people's, between those of as many "
        "people (the floor) and those of a panel without structure.",
        hides="Whether the shares are right; and at small N the floor and a panel without structure nearly "
        "meet.",
        body=body,
        figures=figures,
    )


def _figure(structure: PanelStructure) -> Figure:
    people, panel, found = structure.people, structure.panel, structure.beside_people
    slope, interval = found.slope, between(found.slope_low, found.slope_high)

    def drawing(canvas: Canvas) -> Markup:
        [name] = fit_lines(canvas.panel, canvas.width, is_bold=True)
        keys = [
            line_key("reference", "Same as people"),
            line_key("macro", f"Slope of {canvas.panel}"),
            bar_key("panel-bar", "Pairs of items: stronger where there are more"),
        ]
        return stacked(
            [
                correlation_chart(people, panel, slope=slope, name=name),
                keys_below(keys, width=canvas.width),
            ],
            width=canvas.width,
        )

    return Figure(
        name=_NAME,
        title="Correlations of pairs of items",
        alt=f"Correlations of {people.size:,} pairs of items, panel over people; slope {written(slope)}",
        caption="Correlations between the answers to two items, panel over people; the more pairs of items "
        "lie in a cell, the stronger is its colour. Dashed: the same as people. Solid: slope of the panel's "
        f"correlation per unit of people's, {written(slope)}{interval}; in brackets a 95 % interval.",
        drawing=drawing,
        data=pd.DataFrame({"people": people, "panel": panel}),
        most_mm=110.0,
    )


def _body(structure: PanelStructure) -> Markup:
    found = structure.beside_people
    difference = found.mean_abs_difference
    marks = [
        Mark("panel", THIS_PANEL, difference.value),
        Mark("floor", f"{counted(structure.num_respondents, 'person', 'people')} (floor)", difference.floor),
        Mark("uniform", "Without structure", difference.shuffled),
    ]
    title = "Mean difference of two correlations"
    key = legend(
        (line_swatch("reference"), "Same as people"),
        (line_swatch("macro"), f"Slope of this panel, {written(found.slope)}"),
    )
    return (
        element("h4", f"{title}, {counted(found.num_pairs, 'pair', 'pairs')} of items")
        + headline_chart(marks, title=title, axis_title=AxisTitle(title, "0 is the same as people"))
        + _sentences(found)
        + element("h4", "Correlations of pairs of items, stronger in colour where more of them lie")
        + key
        + framed(
            _NAME, correlation_chart(structure.people, structure.panel, slope=found.slope, name=THIS_PANEL)
        )
    )


def _sentences(found: Structure) -> Markup:
    difference = found.mean_abs_difference
    place = "within" if found.is_as_people else "above"
    about_difference = (
        f"The difference, {written(difference.value)}, lies {place} the range of 95 % of panels of people, "
        f"{written(difference.floor_low)} to {written(difference.floor_high)}. A panel without structure is "
        "this one with each item's answers handed out anew."
    )
    about_slope = (
        f"Slope, the panel's correlation per unit of people's: {written(found.slope)}"
        f"{between(found.slope_low, found.slope_high)}; 0 is no structure, 1 as strong as people's. "
    )
    lines = [about_difference, about_slope + _chance(found), _normalised(found)]
    if found.num_undefined:
        lines.append(
            f"{found.num_undefined:,} pairs are known of people but not of the panel: it gave one of the two "
            "items the same answer throughout, or too few answers."
        )
    return Markup().join(element("p", line) for line in lines)


def _chance(found: Structure) -> str:
    verdict = "Some structure is there" if found.has_structure else "No structure is to be seen"
    return f"{verdict} (p = {found.p_no_structure:.2f} for a panel without any)."


def _normalised(found: Structure) -> str:
    """With a warning where people scatter by more than what lies between them and no structure."""
    difference = found.mean_abs_difference
    span, scatter = difference.shuffled - difference.floor, difference.floor_high - difference.floor_low
    if math.isnan(found.normalised):
        return f"Not normalised: {NO_SPAN[0].lower()}{NO_SPAN[1:]}"
    number = f"Normalised: {written(found.normalised)} (1 as people, 0 without structure)."
    if not span < scatter:
        return number
    return f"{number} At this size floor and no structure nearly meet: mostly noise, so read the slope."

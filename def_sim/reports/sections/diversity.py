"""The section on diversity: how varied the panel's texts and choices are, beside people's."""

import math
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.diversity import Diversity, PanelDiversity
from def_sim.evaluation.measures import counted, written
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.score_charts import Mark
from def_sim.reports.charts.svg import element
from def_sim.reports.figures.figure import THIS_PANEL
from def_sim.reports.figures.mark_figures import marks_figure
from def_sim.reports.sections.section import Chapter, Section

_AXIS: Final = AxisTitle("Share of the possible options that are used", "0 to 1; higher is more varied")
_CAPTION: Final = (
    "How many different options are used, as a share of those that as many respondents could use, mean over "
    "items with one choice. People: as many as the panel has; the line with ends holds 95 % of "
    "such panels. Random answers: each option as likely as any "
    "other."
)


def diversity_section(diversity: PanelDiversity) -> Section:
    """Texts and choices of the panel, and what as many people or random answerers would choose.

    Args:
        diversity: From `panel_diversity`.
    """
    found = diversity.choices
    marks = [
        Mark("panel", THIS_PANEL, found.choice_diversity),
        Mark(
            "people",
            counted(diversity.num_respondents, "person", "people"),
            found.human,
            found.human_low,
            found.human_high,
        ),
        Mark("uniform", "Random answers", found.uniform),
    ]
    figure = marks_figure("diversity", "Diversity of choices", marks, caption=_CAPTION, axis_title=_AXIS)
    return Section(
        key="diversity",
        title="Diversity",
        chapter=Chapter.VARIETY,
        shows="How many different options the panel uses, of those that as many respondents could use.",
        hides="Whether the variety is people's: someone who answers at random is more varied than people.",
        body=figure.on_page() + _sentences(found, diversity.texts),
        figures=(figure,),
    )


def _sentences(found: Diversity, text_diversity: float) -> Markup:
    if found.reason:
        about_people = f"No comparison with people: {found.reason}"
    else:
        place = "within"
        if found.choice_diversity < found.human_low:
            place = "below"
        elif found.choice_diversity > found.human_high:
            place = "above"
        about_people = (
            f"The panel's diversity of choices, {written(found.choice_diversity)}, lies {place} the range of "
            f"95 % of panels of people, {written(found.human_low)} to {written(found.human_high)}; "
            f"{found.num_items} items with one choice and figures of people. The range allows for answers of "
            f"one person that hang together: it is {_times(found.design_effect)} as wide as without."
        )
    about_texts = (
        f"Diversity of texts, as published: {written(text_diversity)} (0 if everyone writes the same, 1 if "
        "no two texts are equal). Different words need not be different opinions."
    )
    return element("p", about_people) + element("p", about_texts)


def _times(design_effect: float) -> str:
    return f"{math.sqrt(design_effect):.1f} times"

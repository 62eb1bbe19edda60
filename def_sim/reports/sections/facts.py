"""The section on factual questions: how often the panel is wrong, beside people."""

import math

from markupsafe import Markup

from def_sim.evaluation.facts import Facts, FactualItem
from def_sim.evaluation.measures import as_percent
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import table
from def_sim.reports.sections.section import Chapter, Section

_COLUMNS = ("question", "right answer", "panel wrong", "95 %", "people wrong", "answered", "not readable")


def facts_section(found: Facts) -> Section:
    """Wrong shares of all factual questions.

    Args:
        found: From `facts_found`.
    """
    rows = [_row(item) for item in found.items]
    words = (
        "Wrong choices among answers that could be read. Answers are taken as independent (Wilson's "
        "interval). People who did not know or did not say are left out. No other score counts these."
    )
    return Section(
        key="facts",
        title="Factual questions",
        chapter=Chapter.ITEMS,
        shows="How often the panel's choice is wrong where there is a right one, beside people.",
        hides="Whether what an explanation says is true.",
        body=Markup("").join([table("Factual questions", _COLUMNS, rows), element("p", words)]),
    )


def _row(item: FactualItem) -> list[str]:
    question = item.question
    assert question.factual_key is not None
    interval = "–" if math.isnan(item.low) else f"{as_percent(item.low)} to {as_percent(item.high)}"
    return [
        question.topic,
        question.label_of(question.factual_key),
        as_percent(item.wrong),
        interval,
        as_percent(item.people_wrong),
        f"{item.num_answered:,}",
        f"{item.num_failed:,}",
    ]

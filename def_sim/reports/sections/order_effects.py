"""The section on option order: whether the place at which an option was shown decides."""

from typing import Final

from markupsafe import Markup

from def_sim.evaluation.order_effects import OrderEffects, PlaceBias
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.score_charts import Mark
from def_sim.reports.charts.svg import element
from def_sim.reports.figures.figure import THIS_PANEL
from def_sim.reports.figures.mark_figures import marks_figure
from def_sim.reports.sections.section import Chapter, Section

_TITLE: Final = "Answers that would have to change place"
_READING: Final = "share of all; more: the place of an option decides"
_CAPTION: Final = (
    "Share of the answers that would have to move to another place among the options shown to be as their "
    "content alone would give them. If content decides: the mean of panels in which place has no effect; the "
    "triangle: the share below which 95 % of such panels lie."
)


def order_section(effects: OrderEffects) -> Section:
    """The share of answers that the place of an option accounts for, beside what chance gives.

    Args:
        effects: From `order_effects`.
    """
    found = effects.bias
    marks = [
        Mark("panel", THIS_PANEL, found.index),
        Mark("expected", "If content decides", found.by_chance),
        Mark("mode", "95 % of such lie below", found.by_chance_high),
    ]
    figure = marks_figure(
        "order", _TITLE, marks, caption=_CAPTION, axis_title=AxisTitle(_TITLE, _READING), are_shares=True
    )
    return Section(
        key="order",
        title="Order of the options",
        chapter=Chapter.VARIETY,
        shows="The share of answers that would have to change place to be as content alone would give them.",
        hides="Habits on scales, whose options are always shown in order, and items with several choices.",
        body=(figure.on_page() if not found.reason else Markup()) + element("p", _sentence(found)),
        figures=() if found.reason else (figure,),
    )


def _sentence(found: PlaceBias) -> str:
    if found.reason:
        return f"Not known: {found.reason}"
    verdict = "more than chance gives" if found.is_flagged else "no more than chance gives"
    return (
        f"Less what chance gives: {_signed(found.debiased)} points, {verdict} (p = {found.p_value:.3f}). "
        f"The first place got {_points(found.first_excess)} of the answers than expected, the last "
        f"{_points(found.last_excess)}; {found.num_answers:,} answers to {found.num_items} items."
    )


def _signed(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "−")


def _points(excess: float) -> str:
    """A difference of shares, in words."""
    return f"{100 * abs(excess):.1f} points {'more' if excess >= 0 else 'fewer'}"

"""The section on differences between respondents: how far apart they are, and who answers nearly alike."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.measures import as_percent, written
from def_sim.evaluation.near_duplicates import (
    MIN_COMMON,
    NEAR,
    Duplicates,
    NearDuplicates,
    VarianceRatio,
)
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.score_charts import Mark
from def_sim.reports.charts.svg import element
from def_sim.reports.figures.figure import THIS_PANEL, Figure
from def_sim.reports.figures.mark_figures import marks_figure
from def_sim.reports.sections.parts import between, not_known
from def_sim.reports.sections.section import Chapter, Section

_TITLE: Final = "Pairs of respondents who answer nearly alike"
_READING: Final = "share of all pairs; more: too alike"
_CAPTION: Final = (
    f"Share of pairs of respondents who agree on at least {as_percent(NEAR)} of the items that both "
    "answered. Handed out anew: the panel's own answers to each item, dealt to its respondents at random. "
    "People, by chance: two people whose answers to different items have nothing to do with each other."
)


def spread_section(found: NearDuplicates) -> Section:
    """Variance between respondents beside people's, and pairs of near-duplicates.

    Args:
        found: From `near_duplicates`.
    """
    ratio, pairs = found.variance, found.pairs
    figures = () if pairs.reason else (_figure(pairs),)
    return Section(
        key="spread",
        title="Respondents alike",
        chapter=Chapter.VARIETY,
        shows="How far respondents are apart beside people, and how many pairs of them answer nearly alike.",
        hides="Who copied whom: a panel of one opinion is all duplicates without anybody having been copied.",
        body=_variance(ratio) + _pairs(pairs, figures),
        figures=figures,
    )


def _variance(ratio: VarianceRatio) -> Markup:
    if ratio.num_items == 0:
        return not_known(ratio.reason)
    left_out = f"; {ratio.num_left_out} left out" if ratio.num_left_out else ""
    interval = between(ratio.low, ratio.high) or f" (no interval: {ratio.reason})"
    return element(
        "p",
        f"Variance between respondents over variance between people: {written(ratio.value)}{interval}; "
        f"1 as people, below 1 too alike, above 1 too far apart. {ratio.num_items} ordered or two-option "
        f"items{left_out}.",
    )


def _figure(pairs: Duplicates) -> Figure:
    marks = [
        Mark("panel", THIS_PANEL, pairs.near_share),
        Mark("uniform", "Handed out anew", pairs.near_expected),
        Mark("people", "People, by chance", pairs.people_near),
    ]
    return marks_figure(
        "duplicates", _TITLE, marks, caption=_CAPTION, axis_title=AxisTitle(_TITLE, _READING), are_shares=True
    )


def _pairs(pairs: Duplicates, figures: Sequence[Figure]) -> Markup:
    if pairs.reason:
        return not_known(pairs.reason)
    left_out = (
        f" {pairs.num_left_out:,} pairs with less in common are left out." if pairs.num_left_out else ""
    )
    words = (
        f"Share of pairs of respondents who agree on at least {as_percent(NEAR)} of the items both answered, "
        f"among {pairs.num_pairs:,} pairs with at least {MIN_COMMON} such items.{left_out} On all of them: "
        f"{as_percent(pairs.identical_share)}, with answers handed out anew "
        f"{as_percent(pairs.identical_expected)}. Two respondents agree on "
        f"{as_percent(pairs.mean_agreement)} "
        f"of the items on average, two people on {_or_dash(pairs.people_agreement)}."
    )
    return Markup().join([*(one.on_page() for one in figures), element("p", words)])


def _or_dash(share: float) -> str:
    return "–" if share != share else as_percent(share)

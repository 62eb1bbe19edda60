"""The section on a calibration: what a small sample of people and the panel say together."""

import math
from collections.abc import Callable
from statistics import median
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.calibrated_items import CalibratedItem, CalibratedItems
from def_sim.evaluation.measures import as_percent, counted
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import not_known, table
from def_sim.reports.sections.section import Chapter, Section

_MOST_IN_SIGHT: Final = 12  # longer tables are folded
_MOST_NAMED: Final = 8  # absent items
_COLUMNS: Final = ("Item", "What", "Panel", "Sample", "Rectified", "95 %", "People", "Gained")
_HOW_TO_READ: Final = (
    "Rectified: the sample, moved towards the panel as far as the panel's errors on the other items allow. "
    "Of an item with an order the mean of its options, numbered from 1; of any other the share of the option "
    "that most of the sample chose. Gained: how many more people would have to answer for as short an "
    "interval without the panel. All options, and groups of the sample, are in calibrated.csv."
)


def calibration_section(found: CalibratedItems) -> Section:
    """The estimates of everyone, item by item.

    Args:
        found: From `calibrated_items`.
    """
    return Section(
        key="calibration",
        title="Calibrated with people",
        chapter=Chapter.RESULT,
        shows="What a small sample of people and this panel together say of the people whom the sample "
        "stands for.",
        hides="Whether the interval of a single item holds, since 95 % is an average over the items; and a "
        "sample that is not a random one stays off.",
        body=not_known(found.why) if found.why else _body(found),
    )


def _body(found: CalibratedItems) -> Markup:
    sentences = [element("p", words) for words in (_summary(found), _absent(found)) if words]
    if not found.items:
        return Markup().join(sentences)
    caption = f"Estimates of {counted(len(found.items), 'item', 'items')}"
    rows = table(caption, _COLUMNS, [_row(one) for one in found.items])
    if len(found.items) > _MOST_IN_SIGHT:
        rows = element("details", element("summary", caption), rows)
    return Markup().join([*sentences, rows, element("p", _HOW_TO_READ, class_="faint")])


def _summary(found: CalibratedItems) -> str:
    if not found.items:
        return "No item has an estimate."
    num_people = [one.num_people for one in found.items]
    gained = median(one.num_gained for one in found.items)
    groups = (
        f" {counted(found.num_groups, 'group', 'groups')} of the sample besides." if found.num_groups else ""
    )
    alone = " ".join(
        f"{counted(num, 'item', 'items')} without the panel: {reason[0].lower()}{reason[1:]}"
        for reason, num in found.alone.items()
    )
    people = (
        f"{min(num_people)}"
        if min(num_people) == max(num_people)
        else f"{min(num_people)} to {max(num_people)}"
    )
    return (
        f"{counted(len(found.items), 'item', 'items')} with an estimate, from {people} people each; people "
        f"gained in the median: {gained:.0f}.{groups} {alone}"
    ).rstrip()


def _absent(found: CalibratedItems) -> str:
    """How many items have none, and why."""
    if not found.absent:
        return ""
    named = [f"{item_id} ({reason.removesuffix('.')})" for item_id, reason in found.absent.items()]
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    absent = counted(len(named), "item has", "items have")
    return f"{absent} no estimate: {', '.join(named[:_MOST_NAMED])}{more}."


def _row(one: CalibratedItem) -> tuple[str, ...]:
    words = _mean if one.is_mean else as_percent
    return (
        f"{one.topic} ({one.item_id})",
        f"mean, 1 to {one.num_options}" if one.is_mean else f"share: {one.option}",
        words(one.panel),
        words(one.sample),
        words(one.rectified),
        _interval(one, words),
        str(one.num_people),
        f"{one.num_gained:.0f}",
    )


def _mean(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _interval(one: CalibratedItem, words: Callable[[float], str]) -> str:
    return f"{words(one.low)} to {words(one.high)}"

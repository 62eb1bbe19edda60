"""The section on habits: ends and middle of scales, and naming the first choice again."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from def_sim.evaluation.measures import as_percent
from def_sim.evaluation.response_styles import NO_FOLLOW_UPS, RepeatedChoice, ResponseStyles, Tendency
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import table
from def_sim.reports.sections.section import Chapter, Section

_PARTS = {
    "low end": "Lowest point",
    "high end": "Highest point",
    "either end": "Either end",
    "middle": "Middle",
}


def tendency_section(styles: ResponseStyles) -> Section:
    """What the panel does with scales beside people, and how often a second choice repeats the first.

    Args:
        styles: From `response_styles`.
    """
    return Section(
        key="tendencies",
        title="Habits of answering",
        chapter=Chapter.VARIETY,
        shows="How much more often than people the panel takes the ends or the middle of scales, and how "
        "often a second choice only repeats the first.",
        hides="Whether that is habit or opinion: a panel that holds extreme views takes the ends of scales, "
        "too.",
        body=_scales(styles.scales) + _repeats(styles),
    )


def _scales(tendencies: Sequence[Tendency]) -> Markup:
    known = [one for one in tendencies if not math.isnan(one.panel)]
    if not known:
        return element("p", f"Scales: {tendencies[0].reason}" if tendencies else "Scales: none was asked.")
    rows = [
        (
            _PARTS.get(one.part, one.part),
            as_percent(one.panel),
            as_percent(one.people),
            _points(one.difference),
            _interval(one),
            str(one.num_items),
        )
        for one in known
    ]
    columns = ("Part of the scale", "Panel", "People", "Difference, in points", "95 % interval", "Items")
    notes = dict.fromkeys(one.reason for one in tendencies if one.reason)
    return table("Parts of scales", columns, rows) + element("p", " ".join(notes), class_="faint")


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-", "−")


def _interval(one: Tendency) -> str:
    return "–" if math.isnan(one.low) else f"{_points(one.low)} to {_points(one.high)}"


def _repeats(styles: ResponseStyles) -> Markup:
    repeated = styles.repeated
    if repeated.num_answers == 0:
        return element("p", f"Second choices: {NO_FOLLOW_UPS[0].lower()}{NO_FOLLOW_UPS[1:]}")
    rows = [_repeat_row(item_id, one) for item_id, one in styles.repeated_by_item.items() if one.num_answers]
    rows.append(_repeat_row("All of them", repeated))
    words = (
        f"Second choices that repeat the first: {as_percent(repeated.share)}, though the question asks for "
        f"another one. The interval takes the {repeated.num_respondents} respondents as drawn, not single "
        "answers."
    )
    columns = ("Second choice", "Repeated", "Answers", "Share", "95 % interval")
    return table("Second choices that repeat the first", columns, rows) + element("p", words)


def _repeat_row(name: str, one: RepeatedChoice) -> tuple[str, ...]:
    interval = f"{as_percent(one.low)} to {as_percent(one.high)}"
    return name, str(one.num_repeated), str(one.num_answers), as_percent(one.share), interval

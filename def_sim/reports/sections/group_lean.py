"""The two sections on leaning towards groups of people by sex and age: lean with lift, and gap."""

import math
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.bias_tables import SEX_WORDS
from def_sim.evaluation.group_leans import LEVEL
from def_sim.evaluation.measures import counted
from def_sim.evaluation.preference_bias import PreferenceBias
from def_sim.reports.charts.bias_chart import TiltRow, tilt_heat_map
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import not_known, table
from def_sim.reports.sections.section import Chapter, Section

STAR: Final = "\u00a0*"
_GROUP_AGES: Final = {"<=29": "up to 29", "30-49": "30 to 49", ">=50": "50 and over"}


def group_words(group: str) -> str:
    """A group of `people_groups.GROUPS` as a reader says it, such as "women, 30 to 49"."""
    return ", ".join(SEX_WORDS.get(part, _GROUP_AGES.get(part, part)) for part in group.split("|"))


def lift_section(bias: PreferenceBias) -> Section:
    """To which groups' answers the panel leans: all of its answers, then the most frequent ones.

    Args:
        bias: From `preference_bias`.
    """
    why = bias.why_no_lift
    return Section(
        key="lift",
        title="Lean towards groups",
        chapter=Chapter.GROUPS,
        shows="To which groups' answers the panel leans, beyond what people drawn from everyone do.",
        hides="That the panel imitates the group, or why it leans.",
        body=not_known(why) if why else _leans(bias) + _lifts(bias),
    )


def _leans(bias: PreferenceBias) -> Markup:
    rows = [
        (
            group_words(row["group"]),
            f"{_points(row['lean'])}{STAR if row['p_adjusted'] < LEVEL else ''}",
            _interval(row["low"], row["high"]),
            str(row["num_items"]),
        )
        for row in bias.leans.to_dict("records")
    ]
    columns = ("Group, age in years", "Lean, in points", "95 % interval", "Items")
    words = (
        "All answers: by how many points of 100 more of the group than of everyone give them. People drawn "
        "from everyone, random answers and people's most frequent answers are at 0. * more than chance "
        f"(adjusted for the groups, p below {LEVEL:g}); the test allows for answers of one respondent that "
        "hang together."
    )
    notes = dict.fromkeys(reason for reason in bias.leans["reason"] if reason)
    return (
        element("p", words)
        + table("Lean towards groups, all answers", columns, rows)
        + element("p", " ".join(notes), class_="faint")
    )


def _lifts(bias: PreferenceBias) -> Markup:
    groups = bias.sound.groups
    rows = [
        TiltRow("This panel", tuple(groups["lift"])),
        TiltRow(
            f"{counted(bias.num_respondents, 'person', 'people')} drawn from everyone",
            tuple(groups["floor_lift"]),
        ),
    ]
    chart = tilt_heat_map(
        rows,
        _group_titles(list(groups["group"])),
        caption="How often the group (age in years) gives the panel's most frequent answers, over how often "
        "everyone does",
        neutral=1.0,
    )
    words = (
        "Most frequent answers: compare with the second row, since groups that agree more give any frequent "
        f"answer more often. These have no test of their own. {_items_in_words(list(groups['num_items']))}"
    )
    return chart + element("p", words)


def _points(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:+.2f}".replace("-", "−")


def _interval(low: float, high: float) -> str:
    return "–" if math.isnan(low) else f"{_points(low)} to {_points(high)}"


def gap_section(bias: PreferenceBias) -> Section:
    """Whether the whole panel is nearer to a group than to everyone.

    Args:
        bias: From `preference_bias`.
    """
    groups, why = bias.sound.groups, bias.why_no_gap
    rows = [
        TiltRow("This panel", tuple(groups["gap"])),
        TiltRow("A random part of everyone, as large as the group", tuple(groups["expected_gap"])),
    ]
    chart = tilt_heat_map(
        rows,
        _group_titles(list(groups["group"])),
        caption="Jensen-Shannon divergence from the group (age in years) minus that from everyone; below 0: "
        "nearer to it",
        neutral=0.0,
        is_lower_nearer=True,
    )
    words = (
        "A group's figures come from fewer people, whose noise adds to the gap: the second row says how "
        "much. "
        f"{_items_in_words(list(groups['num_gap_items']))}"
    )
    return Section(
        key="gap",
        title="Nearer to a group than to everyone",
        chapter=Chapter.GROUPS,
        shows="Whether the whole panel is nearer to a group of people than to everyone.",
        hides="A bias by itself: a panel that fits everyone well has gaps above 0 for all groups.",
        body=not_known(why) if why else chart + element("p", words),
    )


def _group_titles(groups: Sequence[str]) -> list[str]:
    return [group_words(group) for group in groups]


def _items_in_words(num_items: Sequence[int]) -> str:
    fewest, most = min(num_items), max(num_items)
    return f"{most} items." if fewest == most else f"{fewest} to {most} items, by group."

"""The two sections on leaning towards groups of people by sex and age: lift, and gap."""

from collections.abc import Sequence
from typing import Final

from def_sim.evaluation.bias_tables import SEX_WORDS
from def_sim.evaluation.measures import counted
from def_sim.evaluation.preference_bias import PreferenceBias
from def_sim.reports.charts.bias_chart import TiltRow, tilt_heat_map
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import not_known
from def_sim.reports.sections.section import Section

_LEVEL: Final = 0.05
_GROUP_AGES: Final = {"<=29": "up to 29", "30-49": "30 to 49", ">=50": "50 and over"}


def group_words(group: str) -> str:
    """A group of `people_groups.GROUPS` as a reader says it, such as "women, 30 to 49"."""
    return ", ".join(SEX_WORDS.get(part, _GROUP_AGES.get(part, part)) for part in group.split("|"))


def lift_section(bias: PreferenceBias) -> Section:
    """To which groups' answers the panel's first answers lean.

    Args:
        bias: From `preference_bias`.
    """
    groups, why = bias.sound.groups, bias.why_no_lift
    flags = tuple(bool(p < _LEVEL) for p in groups["p_adjusted"])
    rows = [
        TiltRow("This panel", tuple(groups["lift"]), flags),
        TiltRow(
            f"{counted(bias.num_respondents, 'person', 'people')} drawn from everyone",
            tuple(groups["floor_lift"]),
        ),
    ]
    chart = tilt_heat_map(
        rows,
        _group_titles(list(groups["group"])),
        caption="How often the group gives the panel's first answers, over how often everyone does",
        neutral=1.0,
    )
    items = _items_in_words(list(groups["num_items"]))
    words = (
        "Compare with the second row: groups that agree more give any frequent answer more often. * "
        "differs from "
        f"it by more than chance (permutation test, adjusted for the groups, p below {_LEVEL:g}). {items}"
    )
    return Section(
        key="lift",
        title="Lean towards groups",
        shows="To which groups' answers the panel's first answers lean, beyond what people drawn from "
        "everyone do.",
        hides="That the panel imitates the group, or why; items are taken as independent.",
        body=not_known(why) if why else chart + element("p", words),
    )


def gap_section(bias: PreferenceBias) -> Section:
    """Whether the whole panel is nearer to a group than to everyone.

    Args:
        bias: From `preference_bias`.
    """
    groups, why = bias.sound.groups, bias.why_no_gap
    rows = [
        TiltRow("This panel", tuple(groups["gap"])),
        TiltRow("As many people drawn from everyone in place of the group", tuple(groups["expected_gap"])),
    ]
    chart = tilt_heat_map(
        rows,
        _group_titles(list(groups["group"])),
        caption="Jensen-Shannon divergence from the group minus that from everyone; below 0: nearer to it",
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
        shows="Whether the whole panel is nearer to a group of people than to everyone.",
        hides="A bias by itself: a panel that fits everyone well has gaps above 0 for all groups.",
        body=not_known(why) if why else chart + element("p", words),
    )


def _group_titles(groups: Sequence[str]) -> list[str]:
    return [group_words(group) for group in groups]


def _items_in_words(num_items: Sequence[int]) -> str:
    fewest, most = min(num_items), max(num_items)
    return f"{most} items." if fewest == most else f"{fewest} to {most} items, by group."

"""The section on groups of people: each group's members beside its people, flattening and stereotyping."""

import math
from collections.abc import Callable
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.group_scores import FEWEST_MEMBERS, GroupScore
from def_sim.evaluation.groups_of_people import NO_SPREAD, GroupsOfPeople, GroupSpread
from def_sim.evaluation.measures import as_percent, written
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.group_lean import group_words
from def_sim.reports.sections.parts import between, not_known, table
from def_sim.reports.sections.section import Chapter, Section

_LEVEL: Final = 0.05
_COLUMNS: Final = (
    "Group",
    "Members",
    "From the group's people",
    "As many people (floor)",
    "From all people",
    "The group's people from all",
    "By chance",
    "Nearer by saying the group",
    "Items",
)


_CAUTION: Final = (
    "Saying sex and age often does not help or makes answers worse, and caricatures groups (Santurkar et al. "
    "2023, Beck et al. 2024, Cheng et al. 2023, Wang et al. 2025; titles in docs/concepts/pitfalls.md). "
    "Compare with the same run without them before reading any group."
)


def groups_section(found: GroupsOfPeople) -> Section:
    """Each group's members beside the people of the group, and the variety within and between groups.

    Args:
        found: From `groups_of_people`.
    """
    return Section(
        key="groups",
        title="Groups of people",
        chapter=Chapter.GROUPS,
        shows="Whether respondents who are said to be of a sex and an age answer as the people of that group "
        "do, and whether groups are made too alike or too unlike.",
        hides="Whether single answers are right for a group; and a group's people are few, so small "
        "differences between groups cannot be seen.",
        body=not_known(found.why) if found.spread is None else _body(found.scores, found.spread),
    )


def _body(scores: list[GroupScore], spread: GroupSpread) -> Markup:
    caption = "Mean Jensen-Shannon divergence, by group"
    parts = [
        element("p", _CAUTION),
        element("h4", caption),
        table(caption, _COLUMNS, [_row(one) for one in scores]),
        element("p", _how_to_read(scores)),
        element("h4", "Variety within groups, distance between them"),
        *([_spread_words(spread)] if spread.panel.num_items else [not_known(NO_SPREAD)]),
    ]
    return Markup().join(parts)


def _row(one: GroupScore) -> tuple[str, ...]:
    star = " *" if one.p_adjusted < _LEVEL else ""
    return (
        group_words(one.group),
        str(one.num_members),
        _number(one.divergence) + between(*one.interval),
        _number(one.floor),
        _number(one.from_everyone),
        _number(one.people_distance),
        _number(one.people_chance),
        _signed(one.steering) + star,
        str(one.num_items),
    )


def _number(value: float) -> str:
    return "–" if math.isnan(value) else written(value)


def _signed(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.3f}".replace("-", "−")


def _how_to_read(scores: list[GroupScore]) -> str:
    small = [one for one in scores if 0 < one.num_members < FEWEST_MEMBERS]
    few = f" Groups with fewer than {FEWEST_MEMBERS} members have no interval." if small else ""
    return (
        "Small groups are far from anybody for being small: compare with the floor. In brackets: 95 % "
        f"interval of other members on the same items.{few} Nearer by saying the group: how much farther as "
        "many respondents of any group are from these people; above 0 the words bring the members nearer. * "
        "differs from 0 by more than chance (groups handed out anew, adjusted for 11 groups, p below "
        f"{_LEVEL:g})."
    )


def _spread_words(found: GroupSpread) -> Markup:
    panel, people = found.panel, found.people
    within = (
        "Two members of one group give different answers with probability "
        f"{as_percent(panel.within)}{_range(found.within, as_percent)}; two people of one group with "
        f"{as_percent(people.within)}. {_flat_words(found)}"
    )
    apart = (
        f"Two of the whole panel do so {_more_often(panel.between)}{_range(found.between, _more)}, chance "
        f"subtracted, which is the distance between groups; two of all people "
        f"{_more_often(people.between)}. {_apart_words(found)}"
    )
    note = (
        f"On {panel.num_items} items with one answer; the six groups of sex and age weigh as in the panel. "
        "If groups did not differ at all, they would lie as far apart by chance with "
        f"p = {found.p_value:.3f}."
    )
    return Markup().join(element("p", words) for words in (within, apart, note))


def _range(interval: tuple[float, float], words: Callable[[float], str]) -> str:
    """An interval in words, with a blank before it; without one, that it is missing."""
    low, high = interval
    return " (too few members for an interval)" if math.isnan(low) else f" ({words(low)} to {words(high)})"


def _more_often(part: float) -> str:
    """A difference of probabilities in words: "0.6 points less often"."""
    points = _in_points(part)
    return "as often" if points == 0 else f"{abs(points):.1f} points {_direction(points)} often"


def _more(part: float) -> str:
    """An end of its interval: "0.6 less"."""
    points = _in_points(part)
    return "0.0" if points == 0 else f"{abs(points):.1f} {_direction(points)}"


def _in_points(part: float) -> float:
    return round(100 * part, 1)


def _direction(points: float) -> str:
    return "more" if points > 0 else "less"


def _flat_words(found: GroupSpread) -> str:
    if found.is_flattened:
        return "Flattening: the members of a group are more alike than its people."
    if found.within[0] > found.people.within:
        return "The members of a group are less alike than its people."
    return "" if math.isnan(found.within[0]) else "No difference beyond chance."


def _apart_words(found: GroupSpread) -> str:
    if found.is_stereotyped:
        return "Stereotyping: the groups lie farther apart than people's."
    if found.is_blurred:
        return "The groups lie closer together than people's."
    return "" if math.isnan(found.between[0]) else "No difference beyond chance."

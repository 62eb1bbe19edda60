"""The list of contents of a comparison: its groups, arms and maps, and what else stands on the page."""

from collections.abc import Sequence
from typing import Final

from def_sim.evaluation.compared_maps import MapsOfRuns
from def_sim.evaluation.compared_runs import RunGroup
from def_sim.reports.pages.comparison_arms import ArmPart
from def_sim.reports.pages.contents import Entry

_MOST: Final = 12  # entries of one kind that are listed one by one


def comparison_contents(
    groups: Sequence[RunGroup],
    *,
    arms: Sequence[ArmPart],
    maps: Sequence[MapsOfRuns],
    has_effects: bool,
    further: Sequence[tuple[str, str, bool]],
) -> list[Entry]:
    """The list in the order of the page.

    Args:
        groups: Of comparable runs.
        arms: Of one model; the page begins with them.
        maps: Of all runs.
        has_effects: Whether effects stand behind the arms.
        further: Address, title, and whether it is there; behind the maps.
    """
    compared = Entry("groups", "What is compared", _parts("group", "Groups", _named(groups)))
    of_arms = _parts("arms", "Arms", [(part.group.number, part.group.title) for part in arms])
    of_maps = _parts("maps", "Maps", _named(maps))
    arms_and_effects = [
        *_gathered("Arms", of_arms),
        *([Entry("effects", "Effects")] if has_effects else []),
    ]
    return [
        *arms_and_effects,
        compared,
        *_gathered("Maps", of_maps),
        *(Entry(key, title) for key, title, is_there in further if is_there),
        Entry("method", "How to read it"),
    ]


def _named(numbered: Sequence[RunGroup] | Sequence[MapsOfRuns]) -> list[tuple[int, str]]:
    return [(one.number, one.title) for one in numbered]


def _parts(key: str, kind: str, numbered: Sequence[tuple[int, str]]) -> tuple[Entry, ...]:
    """One entry each; of many only where they begin."""
    if len(numbered) > _MOST:
        first, last = numbered[0][0], numbered[-1][0]
        return (Entry(f"{key}-{first}", f"{kind} {first} to {last}"),)
    return tuple(Entry(f"{key}-{number}", f"{number}: {title}") for number, title in numbered)


def _gathered(title: str, parts: tuple[Entry, ...]) -> list[Entry]:
    """Several under one title; one alone is that title."""
    if len(parts) < 2:
        return [Entry(part.key, title) for part in parts]
    return [Entry(parts[0].key, title, parts)]

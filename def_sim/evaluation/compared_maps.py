"""Runs that share a cultural map, and their maps. Reads no files.

What runs on one map may differ in besides the model: the questionnaire and what comes with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from def_sim.evaluation.compared_panels import ComparedPanel
from def_sim.evaluation.compared_runs import ComparedRun, RunGroup, respondents_in_words, told_apart
from def_sim.evaluation.map_points import CultureMap
from def_sim.evaluation.map_tables import CountedRun, published_map, sound_map
from def_sim.evaluation.measures import as_percent
from def_sim.surveys.human_cells import HumanCells

_OF_THE_SURVEY: Final = ("survey.", "places", "prompts", "scored_with.reference")


@dataclass(frozen=True)
class SharedMap:
    """Runs that share a map."""

    number: int
    title: str
    runs: tuple[ComparedRun, ...]


@dataclass(frozen=True)
class MapsOfRuns:
    """Runs that share a map: all that they have in common but the questionnaire."""

    number: int
    title: str
    sound: CultureMap
    published: CultureMap
    left_out: tuple[str, ...] = ()  # runs without a point, each with its reason
    unfinished: tuple[str, ...] = ()  # runs with a part of their answers, each with its share
    names: Mapping[str, tuple[str, str]] = field(
        default_factory=dict
    )  # folder -> model and survey on the maps


def sharing_a_map(groups: Sequence[RunGroup]) -> list[SharedMap]:
    """Runs by what they have in common besides the questionnaire.

    Args:
        groups: From `group_runs`.
    """
    found: dict[tuple[tuple[str, str], ...], list[ComparedRun]] = {}
    for group in groups:
        for run in group.runs:
            settings = {n: v for n, v in run.settings.items() if not n.startswith(_OF_THE_SURVEY)}
            # A short form has few rows of a map: beside a full one it would lie elsewhere for that alone.
            settings["form"] = "full" if run.short_of is None else "short"
            found.setdefault(tuple(sorted(settings.items())), []).append(run)
    titles = told_apart([_title(runs) for runs in found.values()], [dict(settings) for settings in found])
    return [
        SharedMap(number, title, tuple(runs))
        for number, (title, runs) in enumerate(zip(titles, found.values(), strict=True), start=1)
    ]


def _title(runs: Sequence[ComparedRun]) -> str:
    form = "" if runs[0].short_of is None else ", short questionnaires"
    return f"{runs[0].strategy}, {runs[0].protocol}, {respondents_in_words(runs)}{form}"


def maps_of_runs(
    shared: SharedMap,
    panels: Sequence[ComparedPanel],
    people: HumanCells,
    *,
    country_names: Mapping[str, str],
    more_people: Sequence[CountedRun],
    seed: int,
    why_not: Sequence[str],
    names: Mapping[str, tuple[str, str]],
) -> MapsOfRuns:
    """The sound and the published map of runs that share one.

    Args:
        shared: All the runs.
        panels: Those whose answers could be read.
        people: Of all countries, on the rows of the sound map.
        country_names: ISO alpha-3 code -> name.
        more_people: Further surveys whose people stand on the published map.
        seed: Of the ellipses.
        why_not: Why others could not be read.
        names: Folder of a run -> its model and survey as the maps name them.
    """
    return MapsOfRuns(
        shared.number,
        shared.title,
        sound_map(
            people,
            [one.on_map for one in panels],
            country_names=country_names,
            seed=seed,
            beside=[one.beside for one in panels],
        ),
        published_map([one.counted for one in panels], more_people=more_people),
        tuple(why_not),
        tuple(
            f"{one.model_label}, {one.survey}: {as_percent(one.share_done)} of its answers"
            for one in shared.runs
            if not one.is_complete
        ),
        names,
    )


def maps_frame(maps: Sequence[MapsOfRuns]) -> pd.DataFrame:
    """All points: columns number (of the maps), map (sound or published), then as `CultureMap.frame`."""
    parts = []
    for one in maps:
        for kind, drawn in (("sound", one.sound), ("published", one.published)):
            frame = drawn.frame()
            frame.insert(0, "map", kind)
            frame.insert(0, "number", one.number)
            parts.append(frame)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["number", "map"])

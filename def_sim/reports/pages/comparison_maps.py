"""The maps and the pairs of a comparison, ready to print. Computes no coordinate and no interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.compared_maps import MapsOfRuns
from def_sim.evaluation.measures import written
from def_sim.evaluation.paired_runs import LEVEL, VERDICT_WORDS
from def_sim.reports.cells import Row, number_in, rows_of
from def_sim.reports.figures.figure import Figure
from def_sim.reports.sections.cultural_maps import (
    PUBLISHED_HIDES,
    PUBLISHED_SHOWS,
    SOUND_SHOWS,
    map_body,
    map_figures,
    sound_hides,
)

_NONE = "–"


@dataclass(frozen=True, slots=True)
class MapPart:
    """One map of the page."""

    title: str
    shows: str
    hides: str
    body: Markup


def map_parts(maps: MapsOfRuns) -> tuple[MapPart, MapPart]:
    """The sound map and the published one, as the page shows them."""
    sound, published = "Cultural map", "Cultural map, as published"
    bodies = {
        kind: map_body(found, name=_figure_name(kind, maps), title=title)
        for kind, found, title in (("cultural", maps.sound, sound), ("published", maps.published, published))
    }
    return (
        MapPart(sound, SOUND_SHOWS, sound_hides(maps.sound), bodies["cultural"]),
        MapPart(published, PUBLISHED_SHOWS, PUBLISHED_HIDES, bodies["published"]),
    )


def comparison_figures(maps: Sequence[MapsOfRuns]) -> list[Figure]:
    """The maps as figures: cultural_map_1, published_map_1, and so on."""
    return [
        figure
        for one in maps
        for kind, drawn in (("cultural", one.sound), ("published", one.published))
        for figure in map_figures(drawn, name=_figure_name(kind, one), title=f"{kind} map".capitalize())
    ]


def _figure_name(kind: str, maps: MapsOfRuns) -> str:
    return f"{kind}_map_{maps.number}"


@dataclass(frozen=True, slots=True)
class PairLine:
    """One pair of runs in words."""

    pair: str
    difference: str
    interval: str
    p_value: str
    verdict: str


def why_no_pair(lines: Sequence[PairLine]) -> str:
    """The reason why no pair has an interval, if it is the same for all of them; else empty."""
    reasons = {line.verdict if line.p_value == _NONE else "" for line in lines}
    return reasons.pop() if len(reasons) == 1 else ""


def pair_lines(pairs: pd.DataFrame, letters: Mapping[str, str]) -> tuple[PairLine, ...]:
    """The pairs of one group.

    Args:
        pairs: From `paired_runs.pairs_table`, rows of the group.
        letters: Folder -> letter of the run.
    """
    return tuple(_pair_line(row, letters) for row in rows_of(pairs))


def _pair_line(row: Row, letters: Mapping[str, str]) -> PairLine:
    first, second = letters[row["first"]], letters[row["second"]]
    low, high, p_value = (number_in(row, name) for name in ("low", "high", "p_adjusted"))
    has_interval = not row["reason"]
    return PairLine(
        pair=f"{first} − {second}",
        difference=written(number_in(row, "difference")),
        interval=f"{written(low)} to {written(high)}" if has_interval else _NONE,
        p_value=("< 0.001" if p_value < 0.001 else f"{p_value:.3f}") if has_interval else _NONE,
        verdict=row["reason"] or _verdict(row, first, second, p_value),
    )


def _verdict(row: Row, first: str, second: str, p_value: float) -> str:
    if not p_value < LEVEL:
        return "no difference beyond chance"
    closer = first if row["difference"] < 0 else second
    more = VERDICT_WORDS.get(row["entropy_verdict"], "")
    return f"{closer} is closer{', ' + more if more else ''}"

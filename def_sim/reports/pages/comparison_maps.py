"""The maps and the pairs of a comparison, ready to print. Computes no coordinate and no interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.compared_maps import MapsOfRuns
from def_sim.evaluation.measures import as_percent, written
from def_sim.evaluation.paired_runs import LEVEL, VERDICT_WORDS
from def_sim.reports.cells import Row, number_in, rows_of
from def_sim.reports.charts.map_labels import PanelNames
from def_sim.reports.charts.text_fit import fit_lines
from def_sim.reports.figures.figure import Figure
from def_sim.reports.pages.comparison_scores import PageLetters
from def_sim.reports.sections.cultural_maps import (
    PUBLISHED_HIDES,
    PUBLISHED_SHOWS,
    SOUND_SHOWS,
    map_body,
    map_figures,
    sound_hides,
)

_NONE = "–"
_ROOM_FOR_NAME_PX: Final = 140  # of a model on a map: who is cut stands in the list below it


@dataclass(frozen=True, slots=True)
class MapPart:
    """One map of the page."""

    title: str
    shows: str
    hides: str
    body: Markup


def map_parts(maps: MapsOfRuns, letters: PageLetters) -> tuple[MapPart, MapPart]:
    """The sound map and the published one, as the page shows them, runs under their letters."""
    on_map = _names_on(maps, letters)
    sound, published = "Cultural map", "Cultural map, as published"
    bodies = {
        kind: map_body(found, name=_figure_name(kind, maps), title=title, names=on_map)
        for kind, found, title in (("cultural", maps.sound, sound), ("published", maps.published, published))
    }
    return (
        MapPart(sound, SOUND_SHOWS, sound_hides(maps.sound), bodies["cultural"]),
        MapPart(published, PUBLISHED_SHOWS, PUBLISHED_HIDES, bodies["published"]),
    )


def map_figures_of_runs(maps: Sequence[MapsOfRuns], letters: PageLetters) -> list[Figure]:
    """The maps as figures: cultural_map_1, published_map_1, and so on; captions say which runs they show.

    Args:
        maps: Of all runs.
        letters: Under which they stand on the maps.
    """
    return [
        replace(figure, caption=f"{figure.caption} {_runs_in_words(one, letters)}")
        for one in maps
        for kind, drawn in (("cultural", one.sound), ("published", one.published))
        for figure in map_figures(
            drawn,
            name=_figure_name(kind, one),
            title="Cultural map" if kind == "cultural" else "Cultural map, as published",
            names=_names_on(one, letters),
        )
    ]


def _letters_on(maps: MapsOfRuns, letters: PageLetters) -> dict[tuple[str, str], str]:
    """(Model, survey) as the maps name them -> letter of the run."""
    return {name: letters.of_runs[folder] for folder, name in maps.names.items() if folder in letters.of_runs}


def _names_on(maps: MapsOfRuns, letters: PageLetters) -> PanelNames:
    """The same with what the models are called in short."""
    short = {
        name: fit_lines(letters.short_names[folder], _ROOM_FOR_NAME_PX)[0]
        for folder, name in maps.names.items()
        if folder in letters.short_names
    }
    return PanelNames(_letters_on(maps, letters), short)


def _runs_in_words(maps: MapsOfRuns, letters: PageLetters) -> str:
    """Which runs a map shows: letters with model and questionnaire, and what all have in common."""
    shown = sorted((letter, *name) for name, letter in _letters_on(maps, letters).items())
    runs = "; ".join(f"{letter}: {model}, {survey}" for letter, model, survey in shown)
    unfinished = f" Unfinished: {'; '.join(maps.unfinished)}." if maps.unfinished else ""
    return f"Runs: {runs}. All of them: {maps.title}.{unfinished}"


def _figure_name(kind: str, maps: MapsOfRuns) -> str:
    return f"{kind}_map_{maps.number}"


@dataclass(frozen=True, slots=True)
class PairLine:
    """One pair of runs in words; both scores at as many answers, on the items that both have."""

    pair: str
    scores: tuple[str, str]
    floor: str
    read: str
    items: str
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
        scores=(written(number_in(row, "first_value")), written(number_in(row, "second_value"))),
        floor=written(number_in(row, "floor")),
        read=f"{as_percent(number_in(row, 'first_read'))}, {as_percent(number_in(row, 'second_read'))}",
        items=str(row["num_items"]),
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

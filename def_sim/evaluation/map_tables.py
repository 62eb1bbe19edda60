"""From people's values and panels' answers to the points, the axes and the table of a cultural map.

Joins `metrics/cultural_map.py` with names and seeds. Draws depend on the seed and the number of
respondents alone. Reads no files.

Letters: C cells, P countries, R rows of the map, N respondents, D dimensions.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.map_points import CountryPoint, CultureMap, MapAxis, PanelPoint
from def_sim.evaluation.measures import as_percent
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.metrics import cultural_map
from def_sim.metrics.principal_components import Components, why_no_components
from def_sim.metrics.sample import Array, Sample
from def_sim.randomness import keyed_rng
from def_sim.records import DIMENSION_TITLES
from def_sim.surveys.human_cells import HumanCells, PeopleBeside
from def_sim.surveys.map_rows import respondent_values

ANCHOR: Final = "wvs7.Q164"  # importance of God: at the positive end of both axes
NUM_NAMES: Final = 4  # rows that name an axis
_DIMENSIONS: Final = tuple(str(dimension) for dimension in DIMENSION_TITLES)


@dataclass(frozen=True, slots=True)
class PanelAnswers:
    """Respondents of one run, recoded."""

    model: str
    survey: str
    values: Array  # shape (N, R), NaN where a respondent gave no valid answer


def panel_on_map(arrays: PanelArrays, people: HumanCells, *, model: str, survey: str) -> PanelAnswers:
    """A panel as the sound map takes it.

    Args:
        arrays: Its answers.
        people: From whom the rows of the map come.
        model: As the map names it.
        survey: In words.
    """
    _, values = respondent_values(arrays.answers, people.rows)
    return PanelAnswers(model, survey, values)


def sound_map(
    people: HumanCells,
    panels: Sequence[PanelAnswers],
    *,
    country_names: Mapping[str, str],
    seed: int,
    num_draws: int = 1000,
    beside: Iterable[PeopleBeside | None] = (),
) -> CultureMap:
    """The sound map: axes from people alone, panels placed on them with their ellipses.

    Args:
        people: Rows that all countries share, and people's values on them.
        panels: One for each model and survey, on the same rows.
        country_names: Country code -> name; a code without a name stands for itself.
        seed: Of the bootstrap draws.
        num_draws: B.
        beside: People of further countries, who get a point and do not move the axes; each country once.
    """
    if why := why_no_components(people.cell_values):
        nowhere = tuple(PanelPoint(one.model, one.survey, math.nan, math.nan, None, why) for one in panels)
        return CultureMap((), nowhere, (MapAxis(math.nan), MapAxis(math.nan)), why_no_map=why)
    ids = [row.id for row in people.rows]
    fitted = cultural_map.fit_map(people.cell_values, anchor=ids.index(ANCHOR) if ANCHOR in ids else None)
    return CultureMap(
        countries=(*_countries(people, fitted, country_names), *_beside(beside, fitted, country_names)),
        panels=tuple(_panel(one, fitted, seed, num_draws) for one in panels),
        axes=(_axis(people, fitted, 0), _axis(people, fitted, 1)),
        random_answers=_point(cultural_map.place(people.uniform, fitted)),
    )


def _point(coordinates: Array) -> tuple[float, float]:
    return float(coordinates[0]), float(coordinates[1])


def _countries(
    people: HumanCells, fitted: Components, country_names: Mapping[str, str]
) -> tuple[CountryPoint, ...]:
    totals = cultural_map.place(people.totals, fitted)
    cells = cultural_map.place(people.cell_values, fitted)
    return tuple(
        CountryPoint(
            country_names.get(population, population),
            *_point(totals[index]),
            cells=tuple(
                (group, *_point(at))
                for (country, group), at in zip(people.cells, cells, strict=True)
                if country == population
            ),
        )
        for index, population in enumerate(people.populations)
    )


def _beside(
    beside: Iterable[PeopleBeside | None], fitted: Components, country_names: Mapping[str, str]
) -> Iterator[CountryPoint]:
    """Countries that answered enough of the rows; groups of theirs that did."""
    once = {one.population: one for one in beside if one is not None}
    for population, one in once.items():
        at = _point(cultural_map.place(one.total, fitted))
        if not math.isnan(at[0]):
            found = {group: _point(cultural_map.place(of, fitted)) for group, of in one.cells.items()}
            cells = tuple((group, *point) for group, point in found.items() if not math.isnan(point[0]))
            yield CountryPoint(country_names.get(population, population), *at, cells=cells)


def _panel(panel: PanelAnswers, fitted: Components, seed: int, num_draws: int) -> PanelPoint:
    values = cultural_map.panel_values(panel.values)
    at = PanelPoint(panel.model, panel.survey, *_point(cultural_map.place(values, fitted)))
    if not at.is_placed:
        carried = float(cultural_map.share_carried(values, fitted))
        needed = as_percent(cultural_map.MIN_CARRIED)
        why = f"its answers carry {as_percent(carried)} of an axis, and {needed} are needed"
        return replace(at, why=why)
    rng = keyed_rng(seed, "map ellipse")  # models are compared on common draws
    return replace(at, ellipse=cultural_map.panel_ellipse(panel.values, fitted, rng, num_draws=num_draws))


def _axis(people: HumanCells, fitted: Components, index: int) -> MapAxis:
    loadings = fitted.axes[index]
    named = cultural_map.strongest_features(loadings, num=NUM_NAMES)
    return MapAxis(
        explained=float(fitted.explained[index]),
        low=tuple(people.rows[row].answer_towards(-float(loadings[row])) for row in named),
        high=tuple(people.rows[row].answer_towards(float(loadings[row])) for row in named),
    )


@dataclass(frozen=True, slots=True)
class CountedRun:
    """One run for the published map: its distributions, aligned with the people of its country."""

    model: str
    survey: str
    country: str  # in words
    distributions: Sequence[QuestionDistribution]


def counted_panel(arrays: PanelArrays, *, model: str, survey: str, country: str) -> CountedRun:
    """A panel as the published map takes it; the country in words."""
    return CountedRun(model, survey, country, arrays.distributions)


def published_map(runs: Sequence[CountedRun], *, more_people: Sequence[CountedRun] = ()) -> CultureMap:
    """The map as published: mean raw codes of people and panels, fitted together.

    Only questions with a reference count, for people and panels alike.

    Args:
        runs: Panels; the people of their surveys stand on the map with them.
        more_people: Further surveys whose people are shown; their panels, if any, are not.
    """
    surveys = {run.survey: run for run in reversed([*runs, *more_people])}
    people = [surveys[survey] for survey in dict.fromkeys(run.survey for run in [*runs, *more_people])]
    features = [_features(run, is_panel=False) for run in people]
    features += [_features(run, is_panel=True) for run in runs]
    rows = np.array(features).reshape(len(features), len(_DIMENSIONS))
    found = cultural_map.published_map(rows, num_people=len(people), order=_DIMENSIONS)
    points = [_point(at) for at in found.coordinates]
    whys = found.why_left_out[len(people) :]
    return CultureMap(
        countries=tuple(CountryPoint(run.country, *at) for run, at in zip(people, points, strict=False))
        if np.isfinite(found.explained).all()
        else (),
        panels=tuple(
            PanelPoint(run.model, run.survey, *at, None, why)
            for run, at, why in zip(runs, points[len(people) :], whys, strict=True)
        ),
        axes=(MapAxis(float(found.explained[0])), MapAxis(float(found.explained[1]))),
        why_no_map="" if np.isfinite(found.explained).all() else next(iter(found.why_left_out), "no run"),
    )


def _features(run: CountedRun, *, is_panel: bool) -> Array:
    known = [one for one in run.distributions if one.reference is not None]
    samples = [
        Sample(one.counts, one.num_answered, one.num_failed)
        if is_panel
        else Sample.of_people(np.array(one.reference.shares), one.reference.n_for_uncertainty)
        for one in known
        if one.reference is not None
    ]
    pairs = zip(samples, known, strict=True)
    codes = np.array([cultural_map.mean_code(sample, one.question.codes) for sample, one in pairs])
    dimensions = [str(one.question.dimension) for one in known]
    return cultural_map.dimension_features(codes, dimensions, _DIMENSIONS)

"""The drawing of a cultural map: countries, their groups, and panels with their ellipses.

Both axes have the same scale, so distances can be read in any direction. A few models bear their names, many
have letters or numbers that the list below the drawing names. Knows no answers and computes no coordinates.
"""

import math
from collections.abc import Sequence

from markupsafe import Markup

from def_sim.evaluation.map_points import CountryPoint, Ellipse, MapAxis, PanelPoint
from def_sim.evaluation.measures import as_percent
from def_sim.reports.charts.map_frame import WIDTH, Extent, MapFrame, fit_frame, grid
from def_sim.reports.charts.map_labels import NUMBERED, MapLabels, PanelNames, label_text, leader, map_labels
from def_sim.reports.charts.map_legend import (
    SURVEY_SHAPES,
    axis_words,
    drawn_legend,
    legend_height,
    mark_legend,
    model_list,
)
from def_sim.reports.charts.svg import element, number
from def_sim.reports.theme import MARKS

__all__ = ["CountryPoint", "MapAxis", "PanelPoint", "map_chart"]


def map_chart(
    countries: Sequence[CountryPoint],
    panels: Sequence[PanelPoint],
    axes: tuple[MapAxis, MapAxis],
    *,
    title: str,
    random_answers: tuple[float, float] | None = None,
    names: PanelNames = NUMBERED,
) -> Markup:
    """The map with its legend, as a figure.

    Args:
        countries: People, always drawn.
        panels: One for each model and survey, in the order to number the models in.
        axes: The horizontal and the vertical one.
        title: What a screen reader says first.
        random_answers: Where a panel that answers at random would be.
        names: What panels are called; none: models are numbered.
    """
    surveys = list(dict.fromkeys(panel.survey for panel in panels))
    drawn = [panel for panel in panels if panel.is_placed]
    svg = map_drawing(countries, panels, axes, title=title, random_answers=random_answers, names=names)
    frame = fit_frame(_extents(countries, drawn, random_answers))
    labels = map_labels(countries, panels, frame, names=names, random_answers=random_answers)
    has_cells = any(country.cells for country in countries)
    legend = mark_legend(surveys, drawn, has_cells=has_cells, has_random=random_answers is not None)
    scroller = element("div", svg, class_="scroll", tabindex="0", role="group", aria_label=title)
    # Who stands on the map by the name that the page has for it, needs no list of names.
    is_said = labels.is_named and names.letters is None and len(drawn) == len(panels)
    below = Markup("") if is_said else model_list(panels, names)
    return element("figure", legend, scroller, axis_words(axes), below, class_="map")


def map_drawing(
    countries: Sequence[CountryPoint],
    panels: Sequence[PanelPoint],
    axes: tuple[MapAxis, MapAxis],
    *,
    title: str,
    random_answers: tuple[float, float] | None = None,
    has_names: bool = False,
    width: float = WIDTH,
    names: PanelNames = NUMBERED,
) -> Markup:
    """The drawing alone, for a file too.

    Args:
        countries: As for `map_chart`, like the others but the last.
        panels: As there.
        axes: As there.
        title: As there.
        random_answers: As there.
        has_names: Whether the words of the legend stand below the drawing, for it is to stand alone.
        width: Of the drawing, in pixels.
        names: As for `map_chart`.
    """
    surveys = list(dict.fromkeys(panel.survey for panel in panels))
    drawn = [panel for panel in panels if panel.is_placed]
    frame = fit_frame(_extents(countries, drawn, random_answers), width=width)
    horizontal, vertical = (f"{as_percent(axis.explained)} of variance" for axis in axes)
    axis_names = f"horizontal axis · {horizontal}", f"vertical axis · {vertical}"
    labels = map_labels(countries, panels, frame, names=names, random_answers=random_answers)
    below = (
        drawn_legend(
            surveys,
            panels,
            axes,
            frame.total_height,
            width=width,
            has_cells=any(country.cells for country in countries),
            has_random=random_answers is not None,
            names=None if labels.is_named and names.letters is None else names,
        )
        if has_names
        else []
    )
    marks = [
        *grid(frame, axis_names),
        *_cells(countries, frame),
        *_links(drawn, frame),
        *(_ellipse(panel, surveys, frame) for panel in drawn if panel.ellipse is not None),
        *(leader(label) for label in (*labels.countries, *labels.panels) if label.needs_leader),
        *_random_mark(random_answers, frame),
        *(_panel_mark(panel, surveys, frame) for panel in drawn),
        *(_country_mark(country, frame) for country in countries),
        *_texts(labels, drawn, surveys),
        *below,
    ]
    height = frame.total_height + legend_height(len(below))
    return element(
        "svg",
        element("title", title),
        *marks,
        class_="cultural-map",
        role="img",
        aria_label=map_in_words(title, countries, drawn),
        width="100%",
        viewBox=f"0 0 {number(width)} {number(height)}",
    )


def _reach(ellipse: Ellipse | None) -> tuple[float, float]:
    """How far an ellipse reaches to the side and up."""
    if ellipse is None:
        return 0.0, 0.0
    (longer, shorter), cos, sin = ellipse.half_axes, math.cos(ellipse.angle), math.sin(ellipse.angle)
    return math.hypot(longer * cos, shorter * sin), math.hypot(longer * sin, shorter * cos)


def _extents(
    countries: Sequence[CountryPoint],
    panels: Sequence[PanelPoint],
    random_answers: tuple[float, float] | None,
) -> list[Extent]:
    found = [(one.x, one.y, *_reach(one.ellipse)) for one in panels]
    found += [(one.x, one.y, 0.0, 0.0) for one in countries]
    found += [(x, y, 0.0, 0.0) for one in countries for _, x, y in one.cells]
    return found + ([(*random_answers, 0.0, 0.0)] if random_answers else [])


def _cells(countries: Sequence[CountryPoint], frame: MapFrame) -> list[Markup]:
    dots = []
    for country in countries:
        for group, x, y in country.cells:
            across, down = frame.across(x), frame.down(y)
            ends = {"x1": frame.across(country.x), "y1": frame.down(country.y), "x2": across, "y2": down}
            dots.append(element("line", **ends, class_="cell-line"))
            said = element("title", f"{country.name}: {group}")
            dots.append(element("circle", said, cx=across, cy=down, r=3, class_="cell"))
    return dots


def _links(panels: Sequence[PanelPoint], frame: MapFrame) -> list[Markup]:
    """A line between the surveys of each model."""
    lines = []
    for index, one in enumerate(panels):
        other = next((later for later in panels[index + 1 :] if later.model == one.model), None)
        if other is not None:
            ends = {"x1": frame.across(one.x), "y1": frame.down(one.y)}
            ends |= {"x2": frame.across(other.x), "y2": frame.down(other.y)}
            lines.append(element("line", **ends, class_="link"))
    return lines


def _survey_css(panel: PanelPoint, surveys: Sequence[str]) -> str:
    return f"survey-{surveys.index(panel.survey) % len(SURVEY_SHAPES)}"


def _ellipse(panel: PanelPoint, surveys: Sequence[str], frame: MapFrame) -> Markup:
    assert panel.ellipse is not None
    longer, shorter = (half * frame.scale for half in panel.ellipse.half_axes)
    turn = number(-math.degrees(panel.ellipse.angle))  # pixels count downwards
    place = f"translate({number(frame.across(panel.x))} {number(frame.down(panel.y))}) rotate({turn})"
    return element(
        "ellipse", rx=longer, ry=shorter, transform=place, class_=f"ellipse {_survey_css(panel, surveys)}"
    )


def _mark(kind: str, x: float, y: float, css: str, said: str) -> Markup:
    place = f"translate({number(x)} {number(y)})"
    return element("path", element("title", said), d=MARKS[kind], transform=place, class_=f"dot {css}")


def _panel_mark(panel: PanelPoint, surveys: Sequence[str], frame: MapFrame) -> Markup:
    kind = SURVEY_SHAPES[surveys.index(panel.survey) % len(SURVEY_SHAPES)]
    said = f"{panel.model}, {panel.survey}: {panel.x:.2f}, {panel.y:.2f}"
    return _mark(kind, frame.across(panel.x), frame.down(panel.y), _survey_css(panel, surveys), said)


def _country_mark(country: CountryPoint, frame: MapFrame) -> Markup:
    said = f"People of {country.name}: {country.x:.2f}, {country.y:.2f}"
    return _mark("people", frame.across(country.x), frame.down(country.y), "country", said)


def _random_mark(random_answers: tuple[float, float] | None, frame: MapFrame) -> list[Markup]:
    if random_answers is None:
        return []
    x, y = random_answers
    return [_mark("planted", frame.across(x), frame.down(y), "random", f"Random answers: {x:.2f}, {y:.2f}")]


def _texts(labels: MapLabels, drawn: Sequence[PanelPoint], surveys: Sequence[str]) -> list[Markup]:
    people = [label_text(label, "halo country-name") for label in labels.countries]
    models = zip(labels.panels, drawn, strict=True)
    return people + [label_text(label, f"halo key {_survey_css(one, surveys)}") for label, one in models]


def map_in_words(title: str, countries: Sequence[CountryPoint], panels: Sequence[PanelPoint]) -> str:
    """All points of the map with their coordinates; panels without a point are left out."""
    points = [f"people of {one.name} {one.x:.2f}, {one.y:.2f}" for one in countries]
    points += [f"{one.model} on {one.survey} {one.x:.2f}, {one.y:.2f}" for one in panels if one.is_placed]
    return f"{title}: {'; '.join(points)}"

"""The two sections on the cultural map of one run, and a map as a file that explains itself."""

import math
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.map_findings import PanelOnMap, as_sentence
from def_sim.evaluation.map_points import CultureMap
from def_sim.evaluation.measures import as_percent, written
from def_sim.reports.charts.map_chart import map_chart, map_drawing, map_in_words
from def_sim.reports.charts.map_frame import WIDTH
from def_sim.reports.charts.map_labels import NUMBERED, PanelNames
from def_sim.reports.charts.svg import element
from def_sim.reports.figures.figure import THIS_PANEL, Canvas, Figure, framed
from def_sim.reports.sections.section import Chapter, Section

SOUND_SHOWS = (
    "Which country's people a panel stands nearer to, over all the topics that seven countries were asked, "
    "and whether other respondents would move it."
)
PUBLISHED_SHOWS = (
    "The picture that the article's recipe gives: mean raw codes of nine topic groups, people and panels "
    "fitted together."
)
PUBLISHED_HIDES = (
    "Culture alone: scales with many points weigh most, directions of scales are ignored, a failed answer "
    "counts as code 0, the two countries were asked different items, and every further panel moves every "
    "point."
)
NO_ELLIPSE = "It has no ellipse: that takes three respondents, most of whose answers can be placed."


def sound_hides(found: CultureMap) -> str:
    """What a place on the sound map leaves open."""
    left = 1 - sum(axis.explained for axis in found.axes)
    share = "part" if math.isnan(left) else as_percent(left)
    return (
        f"How well a panel fits: {share} of the variance between people is on neither axis, and a panel that "
        "answers at random stands in the middle, near some country."
    )


def map_body(found: CultureMap, *, name: str, title: str, names: PanelNames | None = None) -> Markup:
    """The map, or why there is none.

    Args:
        found: What is drawn.
        name: Of its figure.
        title: What a screen reader says first.
        names: Of the panels; None: one alone is called as other drawings call it, several are numbered.
    """
    if found.why_no_map:
        return element("p", f"No map. {as_sentence(found.why_no_map)}")
    chart = map_chart(
        found.countries,
        found.panels,
        found.axes,
        title=title,
        random_answers=found.random_answers,
        names=names or _called(found, THIS_PANEL),
    )
    return framed(name, chart)


def map_figures(
    found: CultureMap, *, name: str, title: str, names: PanelNames | None = None
) -> tuple[Figure, ...]:
    """The map as a figure that names its models; none without a map. Arguments as of `map_body`."""
    if found.why_no_map:
        return ()
    explained = " and ".join(as_percent(axis.explained) for axis in found.axes)
    cells = "; dots: its groups by sex and age" if any(one.cells for one in found.countries) else ""
    has_ellipse = any(panel.ellipse is not None for panel in found.panels)
    ellipses = " Ellipses: where a model would be with other respondents (95 %)." if has_ellipse else ""

    def drawing(canvas: Canvas) -> Markup:
        return map_drawing(
            found.countries,
            found.panels,
            found.axes,
            title=title,
            random_answers=found.random_answers,
            has_names=True,
            names=names or _called(found, canvas.panel),
            width=min(canvas.width, WIDTH),
        )

    figure = Figure(
        name=name,
        title=title,
        alt=map_in_words(title, found.countries, found.panels),
        caption=f"Both axes have one scale; they hold {explained} of the variance. Diamonds: people of a "
        f"country{cells}.{ellipses}",
        drawing=drawing,
        data=found.frame(),
    )
    return (figure,)


def _called(found: CultureMap, panel: str) -> PanelNames:
    """The one panel of a run under the name that its other drawings have for it; several are numbered."""
    if len(found.panels) > 1:
        return NUMBERED
    return PanelNames(short={(one.model, one.survey): panel for one in found.panels})


def sound_map_section(place: PanelOnMap) -> Section:
    """The panel of one run among seven countries.

    Args:
        place: On the map with axes from people alone.
    """
    title, found = "Cultural map", place.map
    return Section(
        key="map",
        title=title,
        chapter=Chapter.GROUPS,
        shows=SOUND_SHOWS,
        hides=sound_hides(found),
        body=map_body(found, name="cultural_map", title=title) + element("p", _nearest(place)),
        figures=map_figures(found, name="cultural_map", title=title),
    )


def published_map_section(place: PanelOnMap) -> Section:
    """The map of one run after the article's recipe.

    Args:
        place: On the map as published.
    """
    title, found = "Cultural map, as published", place.map
    return Section(
        key="published_map",
        title=title,
        chapter=Chapter.GROUPS,
        shows=PUBLISHED_SHOWS,
        hides=PUBLISHED_HIDES,
        body=map_body(found, name="published_map", title=title) + element("p", _of_axes(found)),
        figures=map_figures(found, name="published_map", title=title),
    )


_FEW_POINTS: Final = 3  # two axes through them hold all of their variance, whatever they are
_AXES_UNKNOWN: Final = (
    "The article's names for its axes are not known to us. Compare distances within this map only: another "
    "run's map has other axes."
)


def _of_axes(found: CultureMap) -> str:
    num_points = len(found.countries) + sum(panel.is_placed for panel in found.panels)
    if num_points > _FEW_POINTS:
        return _AXES_UNKNOWN
    return (
        f"{_AXES_UNKNOWN} Through {num_points} points two axes hold all of the variance, whatever they are."
    )


def _nearest(place: PanelOnMap) -> str:
    found, panel, home = place.map, place.panel, place.home
    if not panel.is_placed:
        return f"The panel has no place. {place.why_no_place}"
    by_name = dict(place.distances)
    nearest = min(by_name, key=lambda name: by_name[name])
    at_home = (
        f", {written(by_name[home])} from those of {home}" if home in by_name and home != nearest else ""
    )
    at_random = ""
    if found.random_answers is not None:
        apart = math.dist((panel.x, panel.y), found.random_answers)
        at_random = f" From random answers it stands {written(apart)}."
    where = f"The panel stands {written(by_name[nearest])} from the people of {nearest}{at_home}.{at_random}"
    return where if panel.ellipse else f"{where} {NO_ELLIPSE}"

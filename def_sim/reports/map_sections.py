"""The two sections on the cultural map of one run, and a map as a file that explains itself."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from def_sim.evaluation.map_points import CultureMap, PanelPoint
from def_sim.evaluation.measures import as_percent, written
from def_sim.reports.map_chart import map_chart, map_drawing
from def_sim.reports.sections import Finding, Section
from def_sim.reports.svg import element

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


def map_body(found: CultureMap, *, title: str) -> Markup:
    """The map, or why there is none."""
    if found.why_no_map:
        return element("p", f"No map. {_sentence(found.why_no_map)}")
    return map_chart(
        found.countries, found.panels, found.axes, title=title, random_answers=found.random_answers
    )


def map_file(found: CultureMap, *, title: str) -> dict[str, Markup]:
    """The map as a drawing that names its models, by the word "map"; nothing without a map."""
    if found.why_no_map:
        return {}
    return {
        "map": map_drawing(
            found.countries,
            found.panels,
            found.axes,
            title=title,
            random_answers=found.random_answers,
            has_names=True,
        )
    }


def _sentence(why: str) -> str:
    """A reason as a sentence of its own; nothing where there is none."""
    return f"{why[0].upper()}{why[1:]}." if why else ""


def sound_map_section(found: CultureMap, *, home: str) -> Section:
    """The panel of one run among seven countries.

    Args:
        found: From `map_tables.sound_map`, with one panel.
        home: Name of the country whose people the run is compared with, as on the map.
    """
    title = "Cultural map"
    return Section(
        key="map",
        title=title,
        shows=SOUND_SHOWS,
        hides=sound_hides(found),
        body=map_body(found, title=title) + element("p", _nearest(found, home)),
        findings=_sound_findings(found, home),
        charts={f"cultural_{name}": drawing for name, drawing in map_file(found, title=title).items()},
    )


def published_map_section(found: CultureMap) -> Section:
    """The map of one run after the article's recipe.

    Args:
        found: From `map_tables.published_map`, with one panel.
    """
    title = "Cultural map, as published"
    [panel] = found.panels
    why = _sentence(panel.why or found.why_no_map)
    return Section(
        key="published_map",
        title=title,
        shows=PUBLISHED_SHOWS,
        hides=PUBLISHED_HIDES,
        body=map_body(found, title=title) + element("p", _AXES_UNKNOWN),
        findings=(
            Finding("published_map_first_axis", panel.x, reason=why),
            Finding("published_map_second_axis", panel.y, reason=why),
            *_distances("published_map_distance", panel, found, why),
        ),
        charts={f"published_{name}": drawing for name, drawing in map_file(found, title=title).items()},
    )


_AXES_UNKNOWN = (
    "The article's names for its axes are not known to us. Compare distances within this map only: another "
    "run's "
    "map has other axes."
)


def _nearest(found: CultureMap, home: str) -> str:
    [panel] = found.panels
    if not panel.is_placed:
        return f"The panel has no place. {_sentence(panel.why or found.why_no_map)}"
    by_name = dict(_each_distance(panel, found))
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


def _each_distance(panel: PanelPoint, found: CultureMap) -> list[tuple[str, float]]:
    here = (panel.x, panel.y)
    return [(country.name, math.dist(here, (country.x, country.y))) for country in found.countries]


def _distances(measure: str, panel: PanelPoint, found: CultureMap, why: str) -> Sequence[Finding]:
    apart = _each_distance(panel, found)
    return [Finding(measure, distance, group=name, reason=why) for name, distance in apart]


def _sound_findings(found: CultureMap, home: str) -> tuple[Finding, ...]:
    [panel] = found.panels
    why = _sentence(panel.why or found.why_no_map)
    people = next((one for one in found.countries if one.name == home), None)
    nowhere = (math.nan, math.nan)
    at_home = (people.x, people.y) if people else nowhere
    at_random = found.random_answers or nowhere
    axes = ("map_first_axis", "map_second_axis")
    return (
        *(
            Finding(name, at, people=of_people, random=of_random, reason=why)
            for name, at, of_people, of_random in zip(
                axes, (panel.x, panel.y), at_home, at_random, strict=True
            )
        ),
        *_distances("map_distance", panel, found, why),
        *(Finding(f"{name}_explained", axis.explained) for name, axis in zip(axes, found.axes, strict=True)),
    )

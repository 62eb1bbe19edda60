"""What stands beside the marks of a cultural map: countries' names, and models' names, letters or numbers.

A few models bear their short names where those find room; else a number or the letter of the run stands
there, and the list below the drawing says whose it is. Computes no coordinates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.map_points import CountryPoint, PanelPoint
from def_sim.reports.charts.label_places import Anchor, PlacedLabel, are_clear, place_labels, square
from def_sim.reports.charts.map_frame import MapFrame
from def_sim.reports.charts.svg import element

MOST_NAMED: Final = 4  # panels: more names than these would be a list scattered over the map


@dataclass(frozen=True, slots=True)
class PanelNames:
    """What the panels of a map are called, each by its model and survey.

    `letters`: of their runs throughout a page; None: models are numbered. `short`: names that a map of few
    models bears itself, behind the letters if there are any.
    """

    letters: Mapping[tuple[str, str], str] | None = None
    short: Mapping[tuple[str, str], str] | None = None

    def keys(self, panels: Sequence[PanelPoint]) -> dict[tuple[str, str], str]:
        """(Model, survey) -> the letter of its run, or else the model's number."""
        models = dict.fromkeys(one.model for one in panels)
        numbers = {model: str(index) for index, model in enumerate(models, start=1)}
        found = [(one.model, one.survey) for one in panels]
        return {name: (self.letters or {}).get(name, numbers[name[0]]) for name in found}

    def in_short(self, panels: Sequence[PanelPoint]) -> dict[tuple[str, str], str]:
        """(Model, survey) -> letter and short name; nothing if one of the panels has none."""
        found = [(one.model, one.survey) for one in panels]
        short, letters = self.short or {}, self.letters or {}
        if any(name not in short for name in found):
            return {}
        return {name: f"{letters.get(name, '')} {short[name]}".strip() for name in found}


NUMBERED: Final = PanelNames()


@dataclass(frozen=True, slots=True)
class MapLabels:
    """The labels of a map.

    `countries` and `panels` have one for each that is drawn, in their order. `is_named`: the panels' are
    names, and not only letters or numbers.
    """

    countries: tuple[PlacedLabel, ...]
    panels: tuple[PlacedLabel, ...]
    is_named: bool


def map_labels(
    countries: Sequence[CountryPoint],
    panels: Sequence[PanelPoint],
    frame: MapFrame,
    *,
    names: PanelNames,
    random_answers: tuple[float, float] | None = None,
) -> MapLabels:
    """A place in the frame for each label.

    Args:
        countries: People.
        panels: All of them; those without a point get no label.
        frame: Where they are drawn.
        names: Of the panels.
        random_answers: Whose mark no label should cover.
    """
    drawn = [one for one in panels if one.is_placed]
    people = [_anchor(one.name[:1].upper() + one.name[1:], one, frame) for one in countries]
    obstacles = [square(frame.across(x), frame.down(y), 3) for one in countries for _, x, y in one.cells]
    if random_answers is not None:
        obstacles.append(square(frame.across(random_answers[0]), frame.down(random_answers[1]), 6))

    def placed(words: Mapping[tuple[str, str], str], *, panels_first: bool) -> list[PlacedLabel]:
        """Labels of people, then of panels; those that are placed first have the better places."""
        models = [_anchor(words[one.model, one.survey], one, frame) for one in drawn]
        if not panels_first:
            return place_labels([*people, *models], within=frame.plot, obstacles=obstacles)
        found = place_labels([*models, *people], within=frame.plot, obstacles=obstacles)
        return [*found[len(models) :], *found[: len(models)]]

    def labels(found: Sequence[PlacedLabel], *, is_named: bool) -> MapLabels:
        return MapLabels(tuple(found[: len(people)]), tuple(found[len(people) :]), is_named)

    in_short = names.in_short(drawn) if len(drawn) <= MOST_NAMED else {}
    for panels_first in (True, False) if in_short else ():
        found = placed(in_short, panels_first=panels_first)
        if are_clear(found, within=frame.plot, obstacles=obstacles):
            return labels(found, is_named=True)
    return labels(placed(names.keys(panels), panels_first=False), is_named=False)


def _anchor(words: str, point: CountryPoint | PanelPoint, frame: MapFrame) -> Anchor:
    return Anchor(words, frame.across(point.x), frame.down(point.y))


def leader(label: PlacedLabel) -> Markup:
    """A line from a mark to the label that stands away from it."""
    x1, y1, x2, y2 = label.leader
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="leader")


def label_text(label: PlacedLabel, css: str) -> Markup:
    """The words of a label."""
    box = label.box
    return element(
        "text",
        label.anchor.text,
        x=box.left + box.width / 2,
        y=box.top + 12,
        text_anchor="middle",
        class_=css,
    )

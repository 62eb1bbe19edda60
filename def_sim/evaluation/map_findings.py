"""One panel on a cultural map: how far it stands from each country's people, as findings."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from def_sim.evaluation.findings import Finding
from def_sim.evaluation.map_points import CultureMap, PanelPoint


@dataclass(frozen=True, slots=True)
class PanelOnMap:
    """A map with one panel, and what is to be said of its place."""

    map: CultureMap
    home: str = ""  # name of the country whose people the run is compared with, as on the map

    @property
    def panel(self) -> PanelPoint:
        """The one panel."""
        [panel] = self.map.panels
        return panel

    @property
    def why_no_place(self) -> str:
        """A sentence; empty where the panel has a place."""
        return as_sentence(self.panel.why or self.map.why_no_map)

    @property
    def distances(self) -> list[tuple[str, float]]:
        """Country -> distance of its people from the panel; NaN without a place."""
        here = (self.panel.x, self.panel.y)
        return [(country.name, math.dist(here, (country.x, country.y))) for country in self.map.countries]

    @property
    def findings_as_published(self) -> tuple[Finding, ...]:
        """Rows of `measures.csv` for the map that the article's recipe gives."""
        panel, why = self.panel, self.why_no_place
        return (
            Finding("published_map_first_axis", panel.x, reason=why),
            Finding("published_map_second_axis", panel.y, reason=why),
            *self._distances("published_map_distance"),
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Rows of `measures.csv` for the map with axes from people alone."""
        panel, why = self.panel, self.why_no_place
        people = next((one for one in self.map.countries if one.name == self.home), None)
        nowhere = (math.nan, math.nan)
        at_home = (people.x, people.y) if people else nowhere
        at_random = self.map.random_answers or nowhere
        axes = ("map_first_axis", "map_second_axis")
        return (
            *(
                Finding(name, at, people=of_people, random=of_random, reason=why)
                for name, at, of_people, of_random in zip(
                    axes, (panel.x, panel.y), at_home, at_random, strict=True
                )
            ),
            *self._distances("map_distance"),
            *(
                Finding(f"{name}_explained", axis.explained)
                for name, axis in zip(axes, self.map.axes, strict=True)
            ),
        )

    def _distances(self, measure: str) -> Sequence[Finding]:
        why = self.why_no_place
        return [Finding(measure, distance, group=name, reason=why) for name, distance in self.distances]


def as_sentence(why: str) -> str:
    """A reason as a sentence of its own; nothing where there is none."""
    return f"{why[0].upper()}{why[1:]}." if why else ""

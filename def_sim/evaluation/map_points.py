"""What stands on a cultural map: countries, panels and axes, as records and as a table. Knows no drawing."""

import math
from dataclasses import dataclass
from typing import Final

import pandas as pd

from def_sim.metrics.cultural_map import Ellipse

__all__ = ["CountryPoint", "CultureMap", "Ellipse", "MapAxis", "PanelPoint"]


@dataclass(frozen=True, slots=True)
class CountryPoint:
    """People of a country as a whole, and of its groups."""

    name: str
    x: float
    y: float
    cells: tuple[tuple[str, float, float], ...] = ()  # group in words, x, y


@dataclass(frozen=True, slots=True)
class PanelPoint:
    """One model's panel on one survey. NaN coordinates: no point, and `why` says why."""

    model: str
    survey: str
    x: float
    y: float
    ellipse: Ellipse | None = None
    why: str = ""

    @property
    def is_placed(self) -> bool:
        """Whether the panel has a point."""
        return math.isfinite(self.x) and math.isfinite(self.y)


@dataclass(frozen=True, slots=True)
class MapAxis:
    """What an axis means: its share of variance, and the answers that lie at its ends, strongest first."""

    explained: float  # in [0, 1]
    low: tuple[str, ...] = ()
    high: tuple[str, ...] = ()


@dataclass(frozen=True)
class CultureMap:
    """What `map_chart` draws, and the same as a table. Without axes, `why_no_map` says why."""

    countries: tuple[CountryPoint, ...]
    panels: tuple[PanelPoint, ...]
    axes: tuple[MapAxis, MapAxis]
    random_answers: tuple[float, float] | None = None
    why_no_map: str = ""

    def frame(self) -> pd.DataFrame:
        """One row for each point, tidy.

        Columns:
            kind: country, cell, panel or random;
            name: country or model; survey: of a panel; cell: group of a cell;
            x, y: coordinates, NaN without a point;
            ellipse_longer, ellipse_shorter, ellipse_angle: half axes, and radians against the first axis;
            why: why there is no point.
        """
        rows = [row for country in self.countries for row in _country_rows(country)]
        rows += [_panel_row(panel) for panel in self.panels]
        if self.random_answers is not None:
            rows.append({"kind": "random", "x": self.random_answers[0], "y": self.random_answers[1]})
        no_words = {column: "" for column, kind in _COLUMN_TYPES.items() if kind == "str"}
        whole = [no_words | row for row in rows]
        return pd.DataFrame(whole, columns=list(_COLUMN_TYPES)).astype(_COLUMN_TYPES)


_COLUMN_TYPES: Final = {
    "kind": "str",
    "name": "str",
    "survey": "str",
    "cell": "str",
    "x": "float64",
    "y": "float64",
    "ellipse_longer": "float64",
    "ellipse_shorter": "float64",
    "ellipse_angle": "float64",
    "why": "str",
}


def _country_rows(country: CountryPoint) -> list[dict[str, object]]:
    whole: dict[str, object] = {"kind": "country", "name": country.name, "x": country.x, "y": country.y}
    return [
        whole,
        *(
            {"kind": "cell", "name": country.name, "cell": group, "x": x, "y": y}
            for group, x, y in country.cells
        ),
    ]


def _panel_row(panel: PanelPoint) -> dict[str, object]:
    row: dict[str, object] = {
        "kind": "panel",
        "name": panel.model,
        "survey": panel.survey,
        "x": panel.x,
        "y": panel.y,
        "why": panel.why,
    }
    if panel.ellipse is not None:
        longer, shorter = panel.ellipse.half_axes
        row |= {"ellipse_longer": longer, "ellipse_shorter": shorter, "ellipse_angle": panel.ellipse.angle}
    return row

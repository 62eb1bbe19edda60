"""The prompt modification: each respondent's own place, drawn once and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from def_sim.records import Persona
from def_sim.respondents.places import Place, place_text


@dataclass(frozen=True, slots=True)
class PlaceRules:
    """Which places are drawn from, and how.

    Args:
        level: "cities" or "regions" of the population's place list.
        weighting: "uniform" over places, or by "population".
        within_sample: True keeps to regions that the human sample covers.
    """

    level: Literal["cities", "regions"] = "cities"
    weighting: Literal["uniform", "population"] = "uniform"
    within_sample: bool = False


def eligible_places(places: Sequence[Place], rules: PlaceRules) -> list[Place]:
    """The places a respondent may come from."""
    if not rules.within_sample:
        return list(places)
    return [place for place in places if place.in_reference_sample is not False]


def draw_persona(
    places: Sequence[Place], rules: PlaceRules, country_name: str, language: str, rng: np.random.Generator
) -> Persona:
    """One respondent's persona, from one of `places` (see `eligible_places`)."""
    weights = None
    if rules.weighting == "population":
        people = np.array([place.population for place in places], dtype=float)
        weights = people / people.sum()
    place = places[int(rng.choice(len(places), p=weights))]
    return Persona(place=place_text(place, country_name, language), is_drawn=True)

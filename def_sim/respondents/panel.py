"""The panel: who answers. Each respondent is drawn on its own, whatever the size of the panel."""

from collections.abc import Sequence
from dataclasses import dataclass

from def_sim.randomness import keyed_rng
from def_sim.records import Persona, Respondent, Survey
from def_sim.respondents.decoding import DecodingRules, draw_decoding
from def_sim.respondents.memory import MemoryRules
from def_sim.respondents.personas import PlaceRules, draw_persona, eligible_places
from def_sim.respondents.places import Place


@dataclass(frozen=True, slots=True)
class Modifications:
    """The three modifications of the Diversity-Enhanced Framework, each on or off."""

    prompt: bool = True  # a place of its own
    configuration: bool = True  # a decoding configuration of its own
    memory: bool = True  # a bounded memory of its own


@dataclass(frozen=True, slots=True)
class PanelRules:
    """Everything a panel is drawn by."""

    modifications: Modifications
    places: PlaceRules
    decoding: DecodingRules
    memory: MemoryRules


def draw_panel(
    num_respondents: int, seed: int, rules: PanelRules, survey: Survey, places: Sequence[Place]
) -> list[Respondent]:
    """The first N respondents of the run; a larger panel begins with the same ones."""
    eligible = eligible_places(places, rules.places)
    return [draw_respondent(index, seed, rules, survey, eligible) for index in range(num_respondents)]


def draw_respondent(
    index: int, seed: int, rules: PanelRules, survey: Survey, places: Sequence[Place]
) -> Respondent:
    """One respondent. Each of its draws is keyed by (seed, respondent, purpose)."""
    switched_on = rules.modifications
    # The persona is written in the language of the questions, as in the study.
    country = survey.persona_country_name
    persona = Persona(place=country, is_drawn=False)
    decoding = rules.decoding.fixed()
    capacity = 0
    name = Respondent(index, persona, decoding, capacity).id
    if switched_on.prompt:
        persona = draw_persona(
            places,
            rules.places,
            country.removeprefix("the "),
            survey.language,
            keyed_rng(seed, name, "place"),
        )
    if switched_on.configuration:
        decoding = draw_decoding(rules.decoding, keyed_rng(seed, name, "decoding"))
    if switched_on.memory:
        low, high = rules.memory.min_capacity, rules.memory.max_capacity
        capacity = int(keyed_rng(seed, name, "capacity").integers(low, high + 1))
    return Respondent(index, persona, decoding, capacity)

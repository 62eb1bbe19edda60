"""What is known of each respondent, as variables that a panel can be raked or parted by."""

from collections.abc import Iterable
from dataclasses import fields

from def_sim.app.run import Run, list_places
from def_sim.records import Respondent
from def_sim.respondents.places import place_text

REGION = "region"


def respondent_variables(run: Run, respondents: Iterable[Respondent]) -> dict[str, tuple[str, ...]]:
    """Variable -> category of each respondent: everything in words that a persona holds, and the region.

    A variable that is the same empty text for all says nothing and is left out.
    """
    personas = [respondent.persona for respondent in respondents]
    names = [field.name for field in fields(personas[0])] if personas else []
    found = {name: tuple(getattr(persona, name) for persona in personas) for name in names}
    found = {name: values for name, values in found.items() if all(isinstance(one, str) for one in values)}
    if regions := regions_of(run):
        found[REGION] = tuple(regions.get(place, "") for place in found["place"])
    return {name: values for name, values in found.items() if any(values)}


def regions_of(run: Run) -> dict[str, str]:
    """Place, as prompts say it -> its region; empty where respondents have no place of their own."""
    country, language = run.survey.persona_country_name.removeprefix("the "), run.survey.language
    return {place_text(place, country, language): place.region for place in list_places(run)}

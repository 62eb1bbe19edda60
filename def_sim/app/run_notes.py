"""What a reader must know of a run before its numbers: personas of other places, figures without people."""

from def_sim.app.run import Run
from def_sim.app.run_inputs import lacks_places, places_path
from def_sim.records import ASSUMED_PEOPLE, Survey
from def_sim.resources import data_folder
from def_sim.visible import visible


def run_notes(run: Run) -> list[str]:
    """Sentences for plan and report; none for a run of which there is nothing to say."""
    return [*_personas(run), *_figures(run), *_samples(run)]


def _personas(run: Run) -> list[str]:
    survey = run.survey
    if survey.population_label and run.config.modifications.prompt:
        return _drawn_elsewhere(survey)
    if not lacks_places(survey):
        return []
    country = survey.persona_country or survey.population
    persona = f"every respondent is of {survey.persona_country_name} and of no place in it"
    return [f"There is no place list of {country}: {persona}, as with modifications.prompt=false."]


def _drawn_elsewhere(survey: Survey) -> list[str]:
    """Where people of a town are compared with respondents of the shipped places of a whole country."""
    if places_path(survey).parent != data_folder() / "places":
        return []
    people, country = visible(survey.population_label), survey.persona_country_name
    elsewhere = f"The people are those of {people}, and respondents live in places all over {country}"
    return [f"{elsewhere}: give places of your own, or modifications.prompt=false."]


def _figures(run: Run) -> list[str]:
    people = run.loaded.reference.for_everyone()
    asked = {question.item_id for question in run.survey.questions} & people.keys()
    published = [item_id for item_id in asked if people[item_id].n is None]
    if not published:
        return []
    which = "all items" if len(published) == len(asked) else f"{len(published):,} of {len(asked):,} items"
    absent = "they have no score of two halves of people and no test by sex and age"
    smoothed = f"smoothing takes them for those of {ASSUMED_PEOPLE:,} people"
    return [f"The figures of {which} are shares without a number of people: {absent}, and {smoothed}."]


def _samples(run: Run) -> list[str]:
    """Who was asked, of sources that have several samples of a population."""
    asked = {question.item_id for question in run.survey.questions}
    notes = []
    for source in run.loaded.reference.sources:
        counts = {name: len(asked.intersection(items)) for name, items in source.samples.items()}
        of_asked = [f"{name} ({num:,})" for name, num in counts.items() if num]
        if of_asked:
            notes.append(f"The people of {source.title}, by number of items: {', '.join(of_asked)}.")
    return notes

"""The measures that a report shows besides its scores: one function a section, in the order of the page.

To add one: write a function from `Measured` to a `Section` (or None where it has no meaning for the
run) and enter it in `SECTIONS`. What two sections share is a cached property of `Measured`.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from def_sim.app.culture import country_names, published_map_of_run, sound_map_of_run
from def_sim.app.home import home_folder
from def_sim.app.measured import Measured
from def_sim.metrics.answer_tendencies import repeated_first_choice, scale_tendencies
from def_sim.metrics.diversity import diversity_beside_people, text_diversity
from def_sim.metrics.position_bias import position_bias
from def_sim.metrics.sample import Array
from def_sim.metrics.spread import duplicate_respondents, variance_ratio
from def_sim.metrics.structure import correlations, structure_beside_people
from def_sim.randomness import keyed_rng
from def_sim.records import MeasurementLevel, Question, QuestionType
from def_sim.reports.diversity_section import diversity_section
from def_sim.reports.group_sections import gap_section, lift_section
from def_sim.reports.map_sections import published_map_section, sound_map_section
from def_sim.reports.match_sections import match_section, mismatch_section
from def_sim.reports.nonresponse_section import nonresponse_section
from def_sim.reports.order_section import order_section
from def_sim.reports.sections import Section, check_sections
from def_sim.reports.spread_section import spread_section
from def_sim.reports.structure_section import structure_section
from def_sim.reports.tendency_section import tendency_section
from def_sim.reports.variety_section import variety_section
from def_sim.surveys.human_structure import shipped_structure

SectionMaker = Callable[[Measured], Section | None]


def nonresponse(measured: Measured) -> Section:
    """What the answers that failed could do to the scores."""
    return nonresponse_section(measured.prompts)


def diversity(measured: Measured) -> Section:
    """How varied texts and choices are."""
    found = diversity_beside_people(measured.choices, measured.num_options, measured.people())
    return diversity_section(found, text_diversity(measured.texts), num_respondents=len(measured.choices))


def variety(measured: Measured) -> Section:
    """What the panel's variety alone costs."""
    return variety_section(measured.prompts, keyed_rng(measured.run.config.seed, "people as varied"))


def order(measured: Measured) -> Section:
    """Whether the place of an option decides."""
    rng = keyed_rng(measured.run.config.seed, "position bias")
    return order_section(position_bias(measured.choices, measured.shown, measured.num_options, rng=rng))


def tendencies(measured: Measured) -> Section:
    """Habits on scales and with second choices."""
    scales = measured.columns(lambda question: question.type is QuestionType.SCALE)
    places = {question.id: place for place, question in enumerate(measured.single_questions)}
    pairs = [
        (places[first], places[question.id])
        for question in measured.single_questions
        if (first := f"{question.follow_up_of}#{question.wording}") in places
    ]
    firsts, seconds = ([pair[side] for pair in pairs] for side in (0, 1))
    return tendency_section(
        scale_tendencies(scales.choices, scales.num_options, scales.people),
        repeated_first_choice(measured.choices[:, firsts], measured.choices[:, seconds]),
    )


def structure(measured: Measured) -> Section:
    """Whether one respondent's answers hang together as people's do."""
    run = measured.run
    items = measured.columns(_has_correlations)
    people, num_people = _people_structure(run.survey.population, items.questions)
    found = structure_beside_people(
        items.choices,
        items.num_options,
        items.people,
        people,
        human_n=num_people,
        rng=keyed_rng(run.config.seed, "structure"),
    )
    panel = correlations(items.choices, items.num_options).r
    pairs = np.triu_indices(len(items.questions), k=1)
    return structure_section(found, people[pairs], panel[pairs], num_respondents=len(items.choices))


def _has_correlations(question: Question) -> bool:
    """Ordered items and those with two options, in their base wording."""
    is_ordered = question.level is not MeasurementLevel.NOMINAL or len(question.codes) == 2
    return is_ordered and question.wording == 0


def _people_structure(population: str, questions: Sequence[Question]) -> tuple[Array, Array]:
    """People's correlations and numbers of people, shape (Q, Q); NaN where unknown."""
    shipped = shipped_structure(population, home=home_folder())
    if shipped is None:
        unknown = np.full((len(questions), len(questions)), np.nan)
        return unknown, unknown
    known = shipped.of_items([question.item_id for question in questions])
    return known.correlations, known.num_people


def spread(measured: Measured) -> Section:
    """Whether respondents differ from each other as people do."""
    ordered = measured.columns(_has_correlations)
    rng = keyed_rng(measured.run.config.seed, "duplicates")
    return spread_section(
        variance_ratio(ordered.choices, ordered.num_options, ordered.people),
        duplicate_respondents(measured.choices, measured.num_options, measured.people(), rng=rng),
    )


def sound_map(measured: Measured) -> Section:
    """The panel among the people of seven countries."""
    population = measured.run.survey.population
    return sound_map_section(sound_map_of_run(measured), home=country_names().get(population, population))


def published_map(measured: Measured) -> Section:
    """The panel on the map that the article's recipe gives."""
    return published_map_section(published_map_of_run(measured))


def match(measured: Measured) -> Section:
    """On how many items the first answers are people's."""
    return match_section(
        measured.published_bias, measured.sound_bias, num_respondents=len(measured.by_respondent)
    )


def mismatches(measured: Measured) -> Section:
    """Where the first answers are not people's."""
    return mismatch_section(measured.published_bias)


def lift(measured: Measured) -> Section:
    """To which groups' answers the first answers lean."""
    return lift_section(measured.sound_bias, num_respondents=len(measured.by_respondent))


def gap(measured: Measured) -> Section:
    """Whether the panel is nearer to a group than to everyone."""
    return gap_section(measured.sound_bias)


SECTIONS: Final[tuple[SectionMaker, ...]] = (
    nonresponse,
    diversity,
    variety,
    order,
    tendencies,
    structure,
    spread,
    sound_map,
    published_map,
    match,
    mismatches,
    lift,
    gap,
)


def sections_of(measured: Measured) -> list[Section]:
    """The sections of one report; none for a run without answers."""
    if not measured.answers:
        return []
    made = [make(measured) for make in SECTIONS]
    sections = [section for section in made if section is not None]
    check_sections(sections)
    return sections

"""Cultural maps of runs: which rows and which people they use, and what each panel brings to them.

Computes nothing: `evaluation/map_tables.py` does, from what is gathered here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from def_sim.app.measured import Measured
from def_sim.app.run import Run
from def_sim.evaluation.distributions import QuestionDistribution, align_with_reference, count_answers
from def_sim.evaluation.map_points import CultureMap
from def_sim.evaluation.map_tables import CountedRun, PanelAnswers, published_map, sound_map
from def_sim.records import Survey
from def_sim.resources import data_folder
from def_sim.surveys.human_cells import HumanCells, read_human_cells
from def_sim.surveys.map_rows import respondent_values
from def_sim.surveys.survey import load_survey, read_country_names

# Whose people the published map shows, and on which questionnaire; a short run, on the short ones.
PUBLISHED_SURVEYS: Final = {"USA": "us", "CHN": "cn"}
SHORT_SURVEYS: Final = {"USA": "us_short", "CHN": "cn_short"}


def country_names() -> dict[str, str]:
    """ISO alpha-3 code -> the country's name in English, as it stands in a sentence."""
    return {code: names["en"] for code, names in read_country_names(data_folder()).items()}


def people_of(item_ids: Iterable[str]) -> HumanCells:
    """People of all countries on the rows that these items give; read once for a set of items."""
    return _people_of(frozenset(item_ids))


@cache
def _people_of(item_ids: frozenset[str]) -> HumanCells:
    return read_human_cells(item_ids, data_folder())


def on_the_map(measured: Measured, people: HumanCells, *, model: str, survey: str) -> PanelAnswers:
    """A panel as the sound map takes it."""
    _, values = respondent_values(measured.answers, people.rows)
    return PanelAnswers(model, survey, values)


def counted_run(measured: Measured, *, model: str, survey: str) -> CountedRun:
    """A panel as the published map takes it."""
    country = country_names().get(measured.run.survey.population, measured.run.survey.population)
    return CountedRun(model, survey, country, measured.distributions)


def sound_map_of_run(measured: Measured) -> CultureMap:
    """One panel among the people of all countries."""
    people = people_of(asked(measured.run))
    survey = measured.run.survey.title
    panel = on_the_map(measured, people, model=measured.run.config.model.label, survey=survey)
    return sound_map(people, [panel], country_names=country_names(), seed=measured.run.config.seed)


def published_map_of_run(measured: Measured) -> CultureMap:
    """One panel with the people of its country and of the article's other ones, on the items it was asked."""
    run = counted_run(measured, model=measured.run.config.model.label, survey=measured.run.survey.title)
    return published_map([run], more_people=people_besides([measured.run]))


def asked(run: Run) -> set[str]:
    """Items that were put to the panel."""
    return {question.item_id for question in run.survey.questions}


def people_besides(runs: Sequence[Run]) -> list[CountedRun]:
    """People of the article's countries that none of the runs is about, by their own questionnaires.

    A questionnaire of chosen items (`items=`) is compared with people on those of them that they were asked.

    Args:
        runs: All of full questionnaires, or all of short ones.
    """
    here = {run.survey.population for run in runs}
    is_chosen = any(run.config.items for run in runs)
    wanted = frozenset().union(*(asked(run) for run in runs)) if is_chosen else None
    is_short = any(run.survey.short_of is not None for run in runs)
    surveys = SHORT_SURVEYS if is_short else PUBLISHED_SURVEYS
    absent = [name for population, name in surveys.items() if population not in here]
    found = [_people_of_survey(name, wanted) for name in absent]
    return [one for one in found if one.distributions]


@cache
def _people_of_survey(name: str, wanted: frozenset[str] | None) -> CountedRun:
    data = data_folder()
    loaded = load_survey(data / "surveys" / f"{name}.yaml", data)
    survey = loaded.survey if wanted is None else _only(loaded.survey, wanted)
    distributions: Sequence[QuestionDistribution] = align_with_reference(
        count_answers([], survey.questions), loaded.reference.for_everyone()
    )
    country = country_names().get(survey.population, survey.population)
    return CountedRun("", survey.title, country, distributions)


def _only(survey: Survey, wanted: frozenset[str]) -> Survey:
    return replace(survey, questions=tuple(one for one in survey.questions if one.item_id in wanted))

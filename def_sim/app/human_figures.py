"""People's figures that a report or a comparison needs besides a run's own reference, read from our data.

Computes nothing: `def_sim/evaluation` does, from what is gathered here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from def_sim.app.home import home_folder
from def_sim.app.run import Run
from def_sim.evaluation.distributions import QuestionDistribution, align_with_reference, count_answers
from def_sim.evaluation.map_tables import CountedRun
from def_sim.evaluation.sections import HumanFigures
from def_sim.records import ItemReference, Survey
from def_sim.resources import data_folder
from def_sim.surveys.group_likeness import read_group_likeness
from def_sim.surveys.human_cells import HumanCells, read_human_cells
from def_sim.surveys.human_reference import read_reference
from def_sim.surveys.human_structure import structure_of
from def_sim.surveys.institute_pairs import read_institute_pairs
from def_sim.surveys.item_bank import read_items
from def_sim.surveys.survey import load_survey, read_country_names

# Whose people the published map shows, and on which questionnaire; a short run, on the short ones.
PUBLISHED_SURVEYS: Final = {"USA": "us", "CHN": "cn"}
_WAVE: Final = "wvs7"  # the one source that asked people of several countries the same
SHORT_SURVEYS: Final = {"USA": "us_short", "CHN": "cn_short"}


def figures_of(run: Run) -> HumanFigures:
    """What the sections of one run's report put beside it."""
    return HumanFigures(
        cells=people_of(asked(run)),
        structure=structure_of(run.survey.population, home_folder()),
        country_names=country_names(),
        other_people=people_besides([run]),
        likeness=read_group_likeness(data_folder(), run.survey.population),
        institute_pairs=read_institute_pairs(data_folder(), run.survey.population),
    )


def other_country_of(population: str) -> str:
    """Whose people stand beside a panel as those of another country: of the article's two the other one."""
    return "CHN" if population == "USA" else "USA"


def other_references(run: Run) -> dict[str, ItemReference]:
    """Item id -> shares of another country's people, of the items that these were asked as well.

    By the full questionnaire, also beside a short one: what people were asked does not depend on which few
    items of the other country's a short form keeps.
    """
    wanted = frozenset(asked(run))
    found = _people_of_survey(PUBLISHED_SURVEYS[other_country_of(run.survey.population)], wanted)
    return {one.question.item_id: one.reference for one in found.distributions if one.reference is not None}


def country_names() -> dict[str, str]:
    """ISO alpha-3 code -> the country's name in English, as it stands in a sentence."""
    known = read_country_names(data_folder(), home_folder())
    return {code: names.get("en", code) for code, names in known.items()}


def people_of(item_ids: Iterable[str]) -> HumanCells:
    """People of all countries on the rows that these items give; read once for a set of items."""
    return _people_of(frozenset(item_ids))


@cache
def _people_of(item_ids: frozenset[str]) -> HumanCells:
    return read_human_cells(item_ids, data_folder())


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
def peoples_of_wave() -> dict[str, dict[str, ItemReference]]:
    """Population -> item -> shares of everyone, of all countries with shipped World Values Survey figures."""
    data = data_folder()
    items = {item.id: item for item in read_items(data / "items" / f"{_WAVE}.yaml").items}
    return {
        path.parent.name: dict(read_reference(path, items, path.parent.name).for_everyone())
        for path in sorted((data / "references").glob(f"*/{_WAVE}.csv"))
    }


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

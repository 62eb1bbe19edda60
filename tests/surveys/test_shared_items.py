"""`wvs7_shared` asks what both countries were asked with the same options, and all of it."""

import pytest

from def_sim.resources import data_folder
from def_sim.surveys.survey import LoadedSurvey, load_survey

DATA = data_folder()


def load(name: str, population: str, language: str) -> LoadedSurvey:
    return load_survey(DATA / "surveys" / f"{name}.yaml", DATA, population=population, language=language)


def test_the_shared_items_are_those_with_the_same_options_in_both_countries_in_their_order() -> None:
    us, cn = load("us", "USA", "en"), load("cn", "CHN", "zh")
    codes = {question.item_id: question.codes for question in us.survey.questions}
    alike = [
        question.item_id
        for question in cn.survey.questions
        if question.item_id.startswith("wvs7.") and codes.get(question.item_id) == question.codes
    ]
    shared = [question.item_id for question in load("wvs7_shared", "USA", "en").survey.questions]
    assert len(shared) == 149
    assert shared == [item for item in codes if item in alike] == alike


@pytest.mark.parametrize("population", ["USA", "CHN"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_shared_item_has_figures_in_either_country_and_a_wording_in_either_language(
    population: str, language: str
) -> None:
    loaded = load("wvs7_shared", population, language)
    assert len(loaded.survey.questions) == 149
    assert {item for item, group in loaded.reference.items if group == "all"} >= set(loaded.items)

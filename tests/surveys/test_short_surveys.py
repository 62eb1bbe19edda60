"""The short questionnaires: what they hold, by which rule, and that the rule gives what is shipped."""

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from library import populations_asked
from scripts_loaded import script
from toy_survey import SURVEY, write_toy

from def_sim.errors import SurveyFormatError
from def_sim.records import Dimension, QuestionType, ReferenceQuality
from def_sim.resources import data_folder
from def_sim.surveys.survey import LoadedSurvey, load_survey

pytestmark = pytest.mark.slow

SHORT = ("us_short", "cn_short")


@cache
def shipped(name: str, population: str | None = None, language: str | None = None) -> LoadedSurvey:
    path = data_folder() / "surveys" / f"{name}.yaml"
    return load_survey(path, data_folder(), population=population, language=language)


# --- what they hold ---


@pytest.mark.parametrize("name", SHORT)
def test_a_short_questionnaire_asks_four_items_of_each_topic_group(name: str) -> None:
    questions = shipped(name).survey.questions
    assert Counter(question.dimension for question in questions) == dict.fromkeys(Dimension, 4)
    assert {question.type for question in questions} == set(QuestionType)
    assert any(question.follow_up_of for question in questions)


@pytest.mark.parametrize("name", SHORT)
def test_its_items_are_those_of_the_full_questionnaire_in_its_order(name: str) -> None:
    short = shipped(name)
    assert short.survey.short_of is not None
    full = shipped(short.survey.short_of)
    assert [question for question in full.survey.questions if question.item_id in short.items] == list(
        short.survey.questions
    )
    assert (short.survey.population, short.survey.language, short.survey.frame_language) == (
        full.survey.population,
        full.survey.language,
        full.survey.frame_language,
    )


@pytest.mark.parametrize("name", SHORT)
def test_people_have_answered_all_of_them(name: str) -> None:
    short = shipped(name)
    assert short.items.keys() <= short.reference.for_everyone().keys()


def test_every_source_of_american_figures_is_in_the_american_one() -> None:
    short = shipped("us_short")
    assert {item_id.partition(".")[0] for item_id in short.items} == {"wvs7", "gss2022", "pew_atp"}
    assert {item.confidence for item in short.items.values()} == {"high"}


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_both_are_asked_in_both_languages(name: str, language: str) -> None:
    assert {q.language for q in shipped(name, language=language).survey.questions} == {language}


@pytest.mark.parametrize("population", populations_asked())
def test_another_population_is_asked_what_it_has_figures_for_in_every_topic_group(population: str) -> None:
    for name in SHORT:
        other = shipped(name, population)
        assert {question.dimension for question in other.survey.questions} == set(Dimension)
        assert other.items.keys() <= shipped(name).items.keys()


# --- by which rule ---


@pytest.mark.parametrize("name", ["us", "cn"])
def test_the_shipped_file_is_what_its_script_chooses(name: str) -> None:
    made = script("choose_short_surveys").short_survey(name, data_folder())
    assert made == (data_folder() / "surveys" / f"{name}_short.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["us", "cn"])
def test_no_item_left_out_has_a_surer_topic_group_than_one_that_was_chosen(name: str) -> None:
    full, short = shipped(name), shipped(f"{name}_short")
    sureness = {"low": 0, "med": 1, "high": 2, None: -1}
    people = full.reference.for_everyone()
    for dimension in Dimension:
        group = [item for item in full.items.values() if item.dimension is dimension and item.id in people]
        chosen = [sureness[item.confidence] for item in group if item.id in short.items]
        left = [sureness[item.confidence] for item in group if item.id not in short.items]
        assert max(left) <= min(chosen)


def test_of_one_source_unweighted_figures_are_taken_only_after_the_better_ones() -> None:
    short, full = shipped("us_short"), shipped("us")
    people = full.reference.for_everyone()
    for dimension in Dimension:
        group = [
            item
            for item in full.items.values()
            if item.id.startswith("gss2022.") and item.dimension is dimension and item.confidence == "high"
        ]
        chosen = {people[item.id].quality for item in group if item.id in short.items}
        left = {people[item.id].quality for item in group if item.id not in short.items}
        is_unweighted_taken = ReferenceQuality.UNWEIGHTED in chosen
        assert not (is_unweighted_taken and ReferenceQuality.APPROXIMATE in left)


def test_what_people_answered_changes_nothing_about_the_choice() -> None:
    """Chosen by their answers, the items would make scores better or worse than the full survey's."""
    full = shipped("us")
    turned = {
        key: replace(reference, shares=reference.shares[::-1])
        for key, reference in full.reference.items.items()
    }
    other = replace(full, reference=replace(full.reference, items=turned))
    assert script("choose_short_surveys").choose_items(other) == script("choose_short_surveys").choose_items(
        full
    )


# --- a short form of one's own ---


def test_a_short_form_names_its_items(tmp_path: Path) -> None:
    path = write_toy(tmp_path, survey=SURVEY + "short_of: toy\n")
    with pytest.raises(SurveyFormatError, match="a short form of 'toy' names its `items`"):
        load_survey(path, tmp_path)


def test_a_short_form_of_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = write_toy(tmp_path, survey=SURVEY + "items: [toy.first]\nshort_of: moon\n")
    with pytest.raises(SurveyFormatError, match=r"short_of names 'moon', and there is no moon\.yaml"):
        load_survey(path, tmp_path)


def test_a_short_form_of_ones_own_says_of_what(tmp_path: Path) -> None:
    path = write_toy(tmp_path)
    short = path.with_name("brief.yaml")
    short.write_text(
        SURVEY.replace("name: toy", "name: brief") + "items: [toy.first]\nshort_of: toy\n", encoding="utf-8"
    )
    assert load_survey(short, tmp_path).survey.short_of == "toy"
    assert load_survey(path, tmp_path).survey.short_of is None

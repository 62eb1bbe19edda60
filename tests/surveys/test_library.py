"""The size and the completeness of the library: what a user is promised to find."""

from collections import Counter

import pytest
from library import ITEM_FILES, LANGUAGES, SHIPPED_REFERENCES, every_item, items_of, left_out, reference_of

from def_sim.records import Dimension, QuestionType
from def_sim.resources import data_folder
from def_sim.surveys.item_bank import Item
from def_sim.surveys.survey import LoadedSurvey, load_survey

SOURCES = {"wvs7", "gss2022", "pew_atp", "cgss2018", "css", "own_cn"}
AMERICAN_ONLY = {"gss2022", "pew_atp"}


def survey(name: str, wordings: str = "base", language: str | None = None) -> LoadedSurvey:
    path = data_folder() / "surveys" / f"{name}.yaml"
    return load_survey(path, data_folder(), wordings=wordings, language=language)


# --- how much there is ---


@pytest.mark.parametrize(("name", "items", "prompts"), [("us", 307, 613), ("cn", 220, 540)])
def test_a_survey_asks_as_many_items_and_prompts_as_promised(name: str, items: int, prompts: int) -> None:
    base, every = survey(name).survey.questions, survey(name, wordings="all").survey.questions
    assert len({question.item_id for question in base}) == len(base) >= items
    assert len({question.id for question in every}) == len(every) >= prompts


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["us", "cn"])
def test_a_survey_has_all_dimensions_types_and_follow_ups_in_both_languages(name: str, language: str) -> None:
    questions = survey(name, language=language).survey.questions
    assert {question.dimension for question in questions} == set(Dimension)
    assert {question.type for question in questions} == set(QuestionType)
    assert sum(question.follow_up_of is not None for question in questions) >= 2
    assert {question.language for question in questions} == {language}


def test_every_source_has_as_many_items_as_promised() -> None:
    assert {path.stem for path in ITEM_FILES} == SOURCES
    number = {source: len(items_of(source)) for source in SOURCES}
    assert number["gss2022"] >= 85
    assert number["pew_atp"] >= 61
    assert number["cgss2018"] + number["css"] + number["own_cn"] >= 66


def test_at_least_a_hundred_items_asked_in_china_have_three_chinese_wordings() -> None:
    asked = survey("cn").items.values()
    assert sum(len(set(item.wordings["zh"])) >= 3 for item in asked) >= 100


# --- every item is complete ---


@pytest.mark.parametrize("item", every_item(), ids=lambda item: item.id)
def test_an_item_says_why_it_stands_for_its_dimension_and_how_surely(item: Item) -> None:
    assert item.rationale
    assert (item.confidence is None) == (item.dimension is None) == item.is_factual
    assert item.is_factual or item.secondary != item.dimension


def test_no_two_wordings_of_the_library_are_the_same() -> None:
    counts = Counter(
        (language, text.casefold())
        for item in every_item()
        for language, texts in item.wordings.items()
        for text in texts
    )
    assert {text for text, count in counts.items() if count > 1} == set()


def test_ids_are_distinct_over_all_sources() -> None:
    counts = Counter(item.id for item in every_item())
    assert [item_id for item_id, count in counts.items() if count > 1] == []


# --- what was left out ---


def test_an_item_left_out_has_a_reason_and_is_not_asked() -> None:
    ids = [entry["id"] for entry in left_out()]
    assert len(set(ids)) == len(ids) > 0
    assert not set(ids) & {item.id for item in every_item()}
    assert all(entry.keys() == {"id", "why"} and len(entry["why"].split()) >= 3 for entry in left_out())
    assert {item_id.split(".")[0] for item_id in ids} <= SOURCES


# --- who has figures ---


def populations_with_figures() -> dict[str, set[str]]:
    """Item id -> populations for which shares of everyone are shipped."""
    found: dict[str, set[str]] = {item.id: set() for item in every_item()}
    for population, source in SHIPPED_REFERENCES:
        for item_id in reference_of(population, source).for_everyone():
            found[item_id].add(population)
    return found


def test_an_item_has_figures_unless_a_user_must_bring_them() -> None:
    populations = populations_with_figures()
    for item in every_item():
        assert bool(populations[item.id]) == (item.reference == "shipped"), item.id


def test_only_the_united_states_have_figures_of_american_surveys() -> None:
    assert {population for population, source in SHIPPED_REFERENCES if source in AMERICAN_ONLY} == {"USA"}
    assert {source for population, source in SHIPPED_REFERENCES if population != "USA"} == {"wvs7"}
    everywhere = {"USA", "CHN", "JPN", "RUS", "COL", "EGY", "BGD"}
    assert {population for population, _ in SHIPPED_REFERENCES} == everywhere

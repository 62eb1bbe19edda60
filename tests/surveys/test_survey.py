"""A survey joins items with a population; where the two do not fit, it says so."""

from pathlib import Path
from typing import Any

import pytest
from toy_survey import ITEMS, POPULATIONS, REFERENCE, SOURCE, SURVEY, broken, write_toy

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.records import Dimension, QuestionType
from def_sim.resources import data_folder
from def_sim.surveys.survey import LoadedSurvey, load_survey, read_country_names


def shipped(name: str, **choices: Any) -> LoadedSurvey:
    return load_survey(data_folder() / "surveys" / f"{name}.yaml", data_folder(), **choices)


def toy(folder: Path, **files: str) -> LoadedSurvey:
    return load_survey(write_toy(folder, **files), folder)


# --- what is shipped ---


@pytest.mark.parametrize("name", ["us", "cn"])
def test_a_shipped_survey_asks_sixty_items_of_all_types_and_dimensions(name: str) -> None:
    questions = shipped(name).survey.questions
    assert len({question.item_id for question in questions}) >= 60
    assert {question.type for question in questions} == set(QuestionType)
    assert {question.dimension for question in questions} == set(Dimension)


def test_at_least_sixty_items_are_asked_of_both_populations() -> None:
    us, cn = shipped("us"), shipped("cn")
    both = {q.item_id for q in us.survey.questions} & {q.item_id for q in cn.survey.questions}
    assert len(both) >= 60


def test_the_chinese_survey_asks_in_chinese_within_an_english_frame() -> None:
    survey = shipped("cn").survey
    assert (survey.population, survey.language, survey.frame_language) == ("CHN", "zh", "en")
    assert survey.country_names["zh"] == "中国"


@pytest.mark.parametrize("name", ["us", "cn"])
def test_every_question_has_the_options_of_its_reference_or_waits_for_a_users(name: str) -> None:
    loaded = shipped(name)
    people = loaded.reference.for_everyone()
    for question in loaded.survey.questions:
        if loaded.items[question.item_id].reference == "shipped":
            assert people[question.item_id].codes == question.codes
        else:
            assert question.item_id not in people


@pytest.mark.parametrize("name", ["us", "cn"])
def test_all_wordings_repeat_the_questionnaire_block_by_block_with_the_base_first(name: str) -> None:
    base, every = shipped(name).survey.questions, shipped(name, wordings="all").survey.questions
    assert every[: len(base)] == base
    order = [question.item_id for question in base]
    for wording in range(1, max(question.wording for question in every) + 1):
        block = [q.item_id for q in every if q.wording == wording]
        assert block == [item_id for item_id in order if item_id in set(block)]
    assert [q.wording for q in every] == sorted(q.wording for q in every)
    assert {q.item_id for q in every if q.wording == 1} == set(order)  # a paraphrase of each
    assert len({q.id for q in every}) == len(every)


def test_the_same_items_serve_another_population_and_language() -> None:
    loaded = shipped("us", population="CHN", language="zh", frame_language="zh")
    assert loaded.survey.population == "CHN"
    assert loaded.survey.frame_language == "zh"
    assert loaded.survey.question("wvs7.Q33#0").codes == (1, 2, 3, 4, 5)


# --- joining ---


def test_a_survey_takes_the_items_in_the_order_of_its_source(tmp_path: Path) -> None:
    loaded = toy(tmp_path)
    assert [q.id for q in loaded.survey.questions] == ["toy.first#0", "toy.second#0", "toy.degree#0"]
    assert loaded.survey.country_names == {"en": "the United States", "zh": "美国"}


def test_a_survey_may_name_its_items_and_their_order(tmp_path: Path) -> None:
    loaded = toy(tmp_path, survey=SURVEY + "items: [toy.degree, toy.first]\n")
    assert [q.id for q in loaded.survey.questions] == ["toy.degree#0", "toy.first#0"]


def test_an_item_that_a_population_was_not_asked_is_left_out(tmp_path: Path) -> None:
    without = "".join(line for line in REFERENCE.splitlines(keepends=True) if "toy.degree" not in line)
    assert [q.id for q in toy(tmp_path, reference=without).survey.questions] == [
        "toy.first#0",
        "toy.second#0",
    ]


def test_a_question_of_a_survey_is_found_by_its_address(tmp_path: Path) -> None:
    survey = toy(tmp_path).survey
    assert survey.question("toy.degree#0").topic == "degree"
    with pytest.raises(KeyError, match=r"survey toy has no question toy\.zero#0"):
        survey.question("toy.zero#0")


# --- what does not fit ---


def test_an_unknown_item_names_the_survey_that_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"Survey toy: item 'toy.zero' is in none of its sources"):
        toy(tmp_path, survey=SURVEY + "items: [toy.zero]\n")


def test_a_follow_up_apart_from_its_first_question_is_an_error(tmp_path: Path) -> None:
    for order in ("[toy.second]", "[toy.first, toy.degree, toy.second]", "[toy.second, toy.first]"):
        with pytest.raises(SurveyFormatError, match=r"toy\.second does not stand right behind toy\.first"):
            toy(tmp_path, survey=f"{SURVEY}items: {order}\n")


def test_a_source_without_items_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"moon\.yaml does not exist"):
        toy(tmp_path, survey=broken(SURVEY, "sources: [toy]", "sources: [moon]"))


def test_an_unknown_key_of_a_survey_is_an_error_at_its_line(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"toy\.yaml, line 7, countries"):
        toy(tmp_path, survey=SURVEY + "countries: [USA]\n")


def test_an_unknown_population_names_the_known_ones(tmp_path: Path) -> None:
    path = write_toy(tmp_path)
    with pytest.raises(ConfigError, match=r"Unknown population 'ATL'; known: CHN, USA") as refused:
        load_survey(path, tmp_path, population="ATL")
    assert "`population=CHN`" in refused.value.fix
    with pytest.raises(ConfigError) as refused:
        load_survey(path, tmp_path, population="us")
    assert "`population=USA`" in refused.value.fix  # that it begins with


def test_a_population_that_was_not_asked_is_an_error(tmp_path: Path) -> None:
    path = write_toy(tmp_path)
    with pytest.raises(ConfigError, match="CHN was asked none of its items"):
        load_survey(path, tmp_path, population="CHN")


def test_figures_that_a_user_brings_are_scored_and_change_nothing_that_is_asked(tmp_path: Path) -> None:
    asked = broken(
        ITEMS, "  - id: toy.degree\n", "  - id: toy.degree\n    reference: user\n    asked_in: [USA]\n"
    )
    rows = [line for line in REFERENCE.splitlines() if line.startswith(("item_id", "toy.degree,overall"))]
    others = "\n".join(line for line in REFERENCE.splitlines() if "toy.degree" not in line) + "\n"
    path = write_toy(tmp_path, items=asked, reference=others)
    without = load_survey(path, tmp_path)
    assert "toy.degree" in without.items
    assert ("toy.degree", "all") not in without.reference.items
    own = tmp_path / "mine" / "USA"
    own.mkdir(parents=True)
    (own / "toy.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (own / "toy.yaml").write_text(SOURCE, encoding="utf-8")
    brought = load_survey(path, tmp_path, more_references=tmp_path / "mine")
    assert brought.survey == without.survey
    assert brought.reference.items["toy.degree", "all"].shares == (0.2, 0.3, 0.5)


def test_a_reference_of_none_of_the_items_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="USA was asked none of its items"):
        toy(tmp_path, reference=REFERENCE.splitlines()[0] + "\n")


def test_a_number_asks_every_item_once_in_that_wording() -> None:
    base, one = (shipped("us", wordings=number).survey.questions for number in (0, 1))
    assert base == shipped("us").survey.questions
    assert {question.wording for question in one} == {1}
    assert [question.item_id for question in one] == [question.item_id for question in base]
    assert all(ours.text != theirs.text for ours, theirs in zip(one, base, strict=True))


def test_a_wording_that_an_item_lacks_is_an_error_that_says_which_there_are() -> None:
    with pytest.raises(
        ConfigError, match=r"wordings=2: 310 of the items have no such wording in 'en'"
    ) as error:
        shipped("us", wordings=2)
    assert error.value.fix == "Choose a wording from 0 to 1, or the items that have it with items=[...]."


def test_items_that_are_not_asked_need_no_such_wording() -> None:
    every = shipped("cn", wordings="all").survey.questions
    third = frozenset(question.item_id for question in every if question.wording == 2)
    assert 0 < len(third) < len({question.item_id for question in every})
    asked = shipped("cn", wordings=2, asked=third).survey.questions
    assert {question.item_id for question in asked} == third
    with pytest.raises(ConfigError, match="wordings=2"):
        shipped("cn", wordings=2)


def test_a_language_without_wordings_is_an_error(tmp_path: Path) -> None:
    path = write_toy(tmp_path, populations=broken(POPULATIONS, "en: the", "fr: les États-Unis, en: the"))
    with pytest.raises(
        ConfigError, match=r"toy\.first has no wording in language 'fr'; it has \['en', 'zh'\]"
    ):
        load_survey(path, tmp_path, language="fr")


def test_a_country_without_a_name_in_the_language_is_an_error(tmp_path: Path) -> None:
    path = write_toy(tmp_path, populations=broken(POPULATIONS, ", zh: 美国", ""))
    with pytest.raises(ConfigError, match=r"USA has no name in language 'zh'; it has \['en'\]"):
        load_survey(path, tmp_path, language="zh")


def test_a_broken_item_stops_the_survey_at_its_line(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"toy\.yaml, line 13"):
        toy(tmp_path, items=broken(ITEMS, "{code: 2,", "{code: 1,"))


def test_a_folder_of_figures_that_fits_nothing_is_an_error_and_not_a_wish(tmp_path: Path) -> None:
    path = write_toy(tmp_path)
    (tmp_path / "mine" / "usa").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"it holds none of USA/toy\.csv"):
        load_survey(path, tmp_path, more_references=tmp_path / "mine")


def test_the_countries_and_territories_of_wave_7_have_a_name_of_their_own_in_both_languages() -> None:
    known = read_country_names(data_folder())
    assert len(known) == 66
    assert known.keys() >= {"DEU", "NIR", "HKG", "MAC", "TWN", "PRI"}
    for language in ("en", "zh"):
        names = [names[language] for names in known.values()]
        assert len(set(names)) == len(names)

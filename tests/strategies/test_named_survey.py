"""Surveys asked for by their names: which name stands before which question, and how the reply is read."""

import pytest
from survey_examples import a_presentation, a_question, a_respondent

from def_sim.errors import ConfigError
from def_sim.randomness import Address
from def_sim.records import AnswerStatus, Completion, QuestionType
from def_sim.resources import data_folder
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation
from def_sim.strategies.named_survey import NamedSurvey
from def_sim.strategies.texts import StrategyTexts, read_strategy_texts

NO_MEMORY = Memory(0)


def a_strategy(name: str, language: str = "en") -> NamedSurvey:
    texts = read_strategy_texts(data_folder() / f"prompts/strategies/{name}/{language}.yaml")
    return NamedSurvey(a_presentation(language), texts)


def opened(name: str, item_id: str = "wvs7.Q1", language: str = "en", **more: object) -> OpenConversation:
    question, respondent = a_question(item_id, **more), a_respondent()
    address = Address(1, respondent.id, item_id, 0)
    return OpenConversation(a_strategy(name, language), question, respondent, NO_MEMORY, address)


def prompt(name: str, item_id: str = "wvs7.Q1", language: str = "en", **more: object) -> str:
    [request] = opened(name, item_id, language, **more).requests
    return request.messages[-1].content


@pytest.mark.parametrize(
    ("item_id", "names"),
    [
        ("wvs7.Q1", ("World Values Survey Association", "wave 7", "2017-2022")),
        ("gss2022.abany", ("NORC", "General Social Survey", "2022")),
        ("cgss2018.a36", ("Renmin University", "2018")),
    ],
)
def test_recall_names_institute_wave_and_year_of_the_question(item_id: str, names: tuple[str, ...]) -> None:
    assert all(name in prompt("recall", item_id) for name in names)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", list(QuestionType))
def test_the_placebo_differs_from_recall_in_the_name_of_the_survey_alone(
    language: str, kind: QuestionType
) -> None:
    names = {}
    for name, key in (("recall", "survey_wvs7"), ("placebo", "survey_any")):
        path = data_folder() / f"prompts/strategies/{name}/{language}.yaml"
        names[name] = read_strategy_texts(path).texts[key]
    true, invented = (prompt(name, "wvs7.Q1", language, type=kind) for name in ("recall", "placebo"))
    assert true != invented
    assert true.replace(names["recall"], "") == invented.replace(names["placebo"], "")


def test_the_reply_is_read_as_shares() -> None:
    talk = opened("recall")
    talk.receive([Completion('{"1": 40, "2": 30, "3": 20, "4": 10}')])
    assert talk.answer.option_probabilities == pytest.approx((0.4, 0.3, 0.2, 0.1))
    unread = opened("recall")
    unread.receive([Completion("I do not have these figures.")])
    assert unread.answer.status is AnswerStatus.NO_ANSWER


def test_an_item_that_no_named_survey_asked_is_an_error_with_a_fix() -> None:
    with pytest.raises(ConfigError, match=r"own_cn\.x1: no survey is named that asked it") as error:
        opened("recall", "own_cn.x1")
    assert "survey_own_cn" in error.value.fix
    assert "Fairmount" in prompt("placebo", "own_cn.x1")  # an invented survey may have asked anything


def test_texts_that_name_no_survey_or_have_no_place_for_it_are_refused() -> None:
    texts = read_strategy_texts(data_folder() / "prompts/strategies/placebo/en.yaml")
    nameless = {name: text for name, text in texts.texts.items() if not name.startswith("survey_")}
    with pytest.raises(ConfigError, match="name no survey"):
        NamedSurvey(a_presentation(), StrategyTexts(language="en", texts=nameless))
    without = texts.texts | {"single": "Which percentage of {person} chose each?"}
    with pytest.raises(ConfigError, match="'single' does not name the survey"):
        NamedSurvey(a_presentation(), StrategyTexts(language="en", texts=without))

"""The offer to withhold an answer: where it stands, what makes it another run, and where it is refused."""

from dataclasses import replace
from typing import Any

import pytest
from survey_examples import a_question

from def_sim.answers.reading.parse import ReadingRules, read_answer
from def_sim.app.composing import compose_config
from def_sim.app.definition import references_hash, what_defines
from def_sim.app.plan_calls import asks_as_the_pack
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.errors import ConfigError
from def_sim.prompts import Offer, read_offers
from def_sim.randomness import Address
from def_sim.records import AnswerStatus
from def_sim.resources import data_folder
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation

DONT_KNOW = "Or write: I do not know."


def prepared(*words: str) -> Run:
    items = "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q164]"
    return prepare_run(validate_config(compose_config([items, "respondents=2", *words])))


def prompts(run: Run) -> list[str]:
    respondent = run.panel[0]
    talks = [
        OpenConversation(run.strategy, question, respondent, Memory(0, run.rules.memory), address)
        for question in run.survey.questions
        for address in [Address(1, respondent.id, question.item_id, question.wording)]
    ]
    return [talk.requests[0].messages[-1].content for talk in talks]


@pytest.mark.parametrize("strategy", ["diversity_enhanced", "single", "cao2023", "classification"])
def test_the_offer_stands_behind_the_options_of_every_kind_of_question(strategy: str) -> None:
    offered = prepared(f"strategy={strategy}", "presentation.offer=dont_know")
    without = prepared(f"strategy={strategy}")
    assert prompts(offered) == [f"{prompt}\n{DONT_KNOW}" for prompt in prompts(without)]
    assert asks_as_the_pack(offered) == asks_as_the_pack(without)


def test_both_are_offered_in_one_line_in_the_language_of_the_frame() -> None:
    assert all(
        prompt.splitlines()[-1] == "Or write: I do not know. Or: I prefer not to answer."
        for prompt in prompts(prepared("presentation.offer=both"))
    )
    chinese = prepared("language=zh", "frame_language=zh", "presentation.offer=both")
    assert all(prompt.endswith("也可以写：不知道。或者：不想回答。") for prompt in prompts(chinese))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("offer", "status"), [("dont_know", AnswerStatus.DONT_KNOW), ("refuse", AnswerStatus.REFUSED)]
)
def test_who_takes_an_offer_in_its_own_words_is_read_so(
    language: str, offer: Offer, status: AnswerStatus
) -> None:
    line = read_offers(data_folder() / f"prompts/offers/{language}.yaml").line(offer)
    taken = line.replace("：", ":").partition(":")[2].strip()
    anchor = {"en": "Answer: ", "zh": "答案："}[language]
    question = a_question(language=language)
    rules = ReadingRules(number_wins=True, keep_first_of_too_many=True)
    for text in (taken, anchor + taken):
        assert read_answer(text, question, rules=rules, shown=question.codes).status is status, text


def definition(*words: str) -> dict[str, Any]:
    return what_defines(prepared(*words), {"weights": "the same"})


def test_an_offer_makes_another_run_and_none_leaves_the_definition_as_it_was() -> None:
    assert definition("presentation.offer=none") == definition()
    assert "offer" not in definition()["protocol"]["presentation"]
    offered = {offer: definition(f"presentation.offer={offer}") for offer in ("dont_know", "refuse", "both")}
    shown = {offer: one["protocol"]["presentation"] for offer, one in offered.items()}
    assert {offer: one["offer"] for offer, one in shown.items()} == {offer: offer for offer in offered}
    assert len({one["offer_text"] for one in shown.values()}) == 3


@pytest.mark.parametrize("mode", ["constrained", "probabilities"])
def test_an_offer_beside_option_codes_alone_is_refused(mode: str) -> None:
    with pytest.raises(ConfigError, match="only option codes can be given") as error:
        prepared("presentation.offer=both", f"answer_mode={mode}")
    assert "answer_mode=free" in error.value.fix


@pytest.mark.parametrize("strategy", ["verbalised", "recall", "placebo"])
def test_a_strategy_that_would_not_show_the_offer_is_refused(strategy: str) -> None:
    with pytest.raises(ConfigError, match="would offer nothing"):
        prepared("presentation.offer=both", f"strategy={strategy}")


def test_what_people_withheld_is_in_no_hash_of_the_figures() -> None:
    run = prepared()
    everyone = run.loaded.reference.items
    assert any(one.dont_know_share for one in everyone.values())
    silent = {key: replace(one, dont_know_share=None, refused_share=None) for key, one in everyone.items()}
    other = replace(run, loaded=replace(run.loaded, reference=replace(run.loaded.reference, items=silent)))
    assert references_hash(other) == references_hash(run)

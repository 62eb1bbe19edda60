"""What a plan counts for strategies that put questions in their own way, held against their real requests."""

from collections.abc import Iterator
from functools import cache

import pytest

from def_sim.app.composing import compose_config
from def_sim.app.plan import make_plan, token_counter
from def_sim.app.plan_calls import asks_as_the_pack
from def_sim.app.plan_lines import plan_lines
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.prompts import render_request
from def_sim.randomness import Address
from def_sim.records import Request
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation
from def_sim.surveys.survey import load_survey

pytestmark = pytest.mark.slow

LOAD_ONCE = cache(load_survey)  # the same figures for every run

ITEMS = "items=[wvs7.Q1,wvs7.Q48,wvs7.Q7_17,wvs7.Q164]"


def planned(*words: str) -> Run:
    config = validate_config(compose_config(["model=mistral7b", "respondents=20", ITEMS, *words]))
    return prepare_run(config, load=LOAD_ONCE)


def first_requests(run: Run) -> Iterator[Request]:
    for respondent in run.panel:
        for question in run.survey.questions:
            address = Address(run.rules.seed, respondent.id, question.item_id, question.wording)
            yield OpenConversation(run.strategy, question, respondent, Memory(0), address).requests[0]


def num_tokens(run: Run, request: Request) -> int:
    count, _ = token_counter(run.config.model)
    return sum(count(message.content) for message in request.messages)


def warnings_of(run: Run) -> list[str]:
    return [line for line in plan_lines(run, make_plan(run)) if "exceed the model's context" in line]


@pytest.mark.parametrize(
    ("strategy", "is_the_packs"),
    [
        ("diversity_enhanced", True),
        ("single", True),
        ("cao2023", False),
        ("scenarios", False),
        ("ccsv", False),
    ],
)
def test_a_plan_sees_whether_a_strategy_asks_in_the_packs_own_frame(
    strategy: str, is_the_packs: bool
) -> None:
    assert asks_as_the_pack(planned(f"strategy={strategy}")) is is_the_packs


@pytest.mark.parametrize("strategy", ["classification", "scenarios"])
def test_tokens_read_are_those_of_the_requests_of_the_whole_panel(strategy: str) -> None:
    run = planned(f"strategy={strategy}")
    sizes = [num_tokens(run, request) for request in first_requests(run)]
    plan = make_plan(run)
    assert plan.tokens_in == pytest.approx(sum(sizes), rel=0.01)
    assert plan.num_calls == len(sizes) == 80


def test_the_longest_prompt_of_scenarios_is_that_of_the_longest_frame() -> None:
    run = planned("strategy=scenarios", "items=[wvs7.Q48]")
    sizes = {num_tokens(run, request) for request in first_requests(run)}
    largest = make_plan(run).largest_call
    assert len(sizes) > 1
    assert (largest.prompt, largest.context, largest.cache) == (
        max(sizes),
        max(sizes) + 1024,
        max(sizes) + 1024,
    )


def test_a_vote_of_ccsv_holds_the_request_and_five_whole_rewrites() -> None:
    run = planned("strategy=ccsv")
    count, _ = token_counter(run.config.model)
    request = max(count(render_request(q, q.codes, run.presentation.pack)) for q in run.survey.questions)
    largest = make_plan(run).largest_call
    assert 5 * 512 + request < largest.prompt < 5 * 512 + request + 200  # the words around them
    assert largest.context == largest.prompt + 8


def test_without_votes_the_largest_call_of_ccsv_is_a_rewrite_that_sees_draft_and_critiques() -> None:
    largest = make_plan(planned("strategy=ccsv", "strategy.num_votes=0")).largest_call
    assert 512 + 5 * 256 < largest.prompt < 512 + 5 * 256 + 350
    assert largest.context == largest.prompt + 512


def test_a_context_that_is_too_small_is_said_with_the_limits_that_the_strategy_has() -> None:
    assert not warnings_of(planned("strategy=ccsv", "model.planning.context_length=3000"))
    [line] = warnings_of(planned("strategy=ccsv", "model.planning.context_length=2500"))
    assert (
        "the model's context of 2,500 tokens: lower strategy.draft_tokens or strategy.critique_tokens" in line
    )
    [line] = warnings_of(planned("strategy=scenarios", "model.planning.context_length=1000"))
    assert "about 1,024 new tokens exceed" in line
    assert line.endswith("lower strategy.max_new_tokens")


def test_a_context_that_is_too_small_for_the_protocols_limit_says_which_that_is() -> None:
    small = "model.planning.context_length=500"
    [line] = warnings_of(planned("strategy=single", small))
    assert line.endswith(
        "decoding.max_new_tokens=512 exceed the model's context of 500 tokens: lower decoding.max_new_tokens"
    )
    [line] = warnings_of(planned("strategy=diversity_enhanced", small))
    assert line.endswith("lower memory.max_capacity")

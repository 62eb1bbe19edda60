"""Collective critique and self-voting, held by hand with strings."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from survey_examples import a_presentation, a_question, a_respondent

from def_sim.errors import ConfigError
from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerMode,
    AnswerStatus,
    Completion,
    DecodingConfig,
    FinishReason,
    Request,
)
from def_sim.resources import data_folder
from def_sim.respondents.memory import Memory
from def_sim.strategies.ccsv import CollectiveCritique, vote_of
from def_sim.strategies.contract import OpenConversation
from def_sim.strategies.texts import StrategyTexts, read_strategy_texts

QUESTION, RESPONDENT = a_question(), a_respondent(3, num_beams=4)
FAILED = Completion("", FinishReason.ERROR, error="overloaded")
LITE = {"draft": "sampled", "num_critiques": 1, "num_rewrites": 1, "num_votes": 0}


def texts(name: str = "ccsv", language: str = "en") -> StrategyTexts:
    return read_strategy_texts(data_folder() / "prompts" / "strategies" / name / f"{language}.yaml")


def opened(**settings: Any) -> OpenConversation:
    strategy = CollectiveCritique(a_presentation(), texts(), **settings)
    address = Address(1, RESPONDENT.id, QUESTION.item_id, QUESTION.wording)
    return OpenConversation(strategy, QUESTION, RESPONDENT, Memory(0), address)


def said(*texts: str) -> list[Completion]:
    return [Completion(text) for text in texts]


REWRITES = said(
    *(
        f"Answer: {code}\nExplanation: rewrite {name}."
        for code, name in zip((1, 2, 3, 4, 1), "abcde", strict=True)
    )
)


def up_to_votes(
    rewrites: Sequence[Completion] = REWRITES,
) -> tuple[OpenConversation, list[tuple[Request, ...]]]:
    talk = opened()
    groups = [talk.requests]
    for completions in (
        said("Answer: 2\nExplanation: the draft."),
        said(*(f"critique {n}" for n in range(5))),
        rewrites,
    ):
        talk.receive(completions)
        groups.append(talk.requests)
    return talk, groups


def test_a_question_takes_sixteen_calls_in_four_groups_with_keys_of_their_own() -> None:
    talk, groups = up_to_votes()
    assert [len(group) for group in groups] == [1, 5, 5, 5]
    assert [request.key.call for group in groups for request in group] == list(range(16))
    talk.receive(said("1", "1", "1", "1", "1"))
    assert talk.requests == ()
    assert CollectiveCritique(a_presentation(), texts()).num_calls(QUESTION) == 16


def test_the_draft_is_greedy_and_side_calls_are_sampled_whatever_the_panel_draws() -> None:
    _, groups = up_to_votes()
    decodings = [{request.decoding for request in group} for group in groups]
    side = {"temperature": 0.7, "top_k": 0, "top_p": 1.0}
    assert decodings == [
        {DecodingConfig(do_sample=False, top_k=0, max_new_tokens=512)},
        {DecodingConfig(max_new_tokens=256, **side)},
        {DecodingConfig(max_new_tokens=512, **side)},
        {DecodingConfig(max_new_tokens=8, **side)},
    ]
    strategy = CollectiveCritique(a_presentation(), texts())
    assert set(strategy.decodings(RESPONDENT)) == set().union(*decodings)


def test_critiques_see_question_and_draft_and_rewrites_the_draft_and_every_critique() -> None:
    _, (draft, critiques, rewrites, _) = up_to_votes()
    for request in critiques:
        assert [message.role.value for message in request.messages] == ["user", "assistant", "user"]
        assert request.messages[0] == draft[0].messages[0]
        assert "the draft" in request.messages[1].content
        assert "Columbus, Ohio" in request.messages[2].content
    for request in rewrites:
        assert "the draft" in request.messages[1].content
        assert all(f"{n + 1}. critique {n}" in request.messages[2].content for n in range(5))


def order_of(ballot: Request) -> list[str]:
    return re.findall(r"rewrite ([a-e])\.", ballot.messages[-1].content)


def test_each_vote_sees_all_rewrites_in_an_order_of_its_own() -> None:
    _, (*_, ballots) = up_to_votes()
    orders = [order_of(ballot) for ballot in ballots]
    assert all(sorted(order) == list("abcde") for order in orders)
    assert len({tuple(order) for order in orders}) > 1
    assert [order_of(ballot) for ballot in up_to_votes()[1][-1]] == orders


def elected(names: Sequence[str | None]) -> Answer:
    """The answer where each vote is for the rewrite of that name; None: void."""
    talk, (*_, ballots) = up_to_votes()
    votes = [
        "none of them" if name is None else str(order_of(ballot).index(name) + 1)
        for ballot, name in zip(ballots, names, strict=True)
    ]
    talk.receive(said(*votes))
    return talk.answer


@pytest.mark.parametrize(
    ("votes", "winner"),
    [
        (["c", "c", "c", "a", "b"], "c"),
        (["d", "b", "d", "b", "e"], "b"),  # a tie: the earlier one
        ([None, None, "e", None, None], "e"),
        ([None] * 5, "a"),
    ],
)
def test_most_votes_win_in_the_order_of_the_rewrites_not_of_the_ballot(
    votes: list[str | None], winner: str
) -> None:
    answer = elected(votes)
    place = "abcde".index(winner)
    assert answer.text == REWRITES[place].text
    assert answer.call == 6 + place
    assert answer.choices == ((1, 2, 3, 4, 1)[place],)


@pytest.mark.parametrize(
    ("text", "vote"),
    [
        ("3", 3),
        (" [3] ", 3),
        ("**3**", 3),
        ("3.", 3),
        ("6", None),
        ("0", None),
        ("3 and 4", None),
        ("", None),
        ("Answer 3 is best", None),
        ("three", None),
    ],
)
def test_a_vote_is_one_number_and_nothing_else(text: str, vote: int | None) -> None:
    assert vote_of(Completion(text), 5) == vote


def test_a_failed_draft_ends_the_question_as_an_engine_error() -> None:
    talk = opened()
    talk.receive([FAILED])
    assert talk.requests == ()
    assert (talk.answer.status, talk.answer.call) == (AnswerStatus.ENGINE_ERROR, 0)


def test_failed_side_calls_are_left_out() -> None:
    talk = opened()
    talk.receive(said("Answer: 2"))
    talk.receive([FAILED, *said("c1", "c2", "c3", "c4")])
    assert "1. c1" in talk.requests[0].messages[-1].content
    talk.receive(
        [FAILED, FAILED, *said("Answer: 3\nrewrite c.", "Answer: 4\nrewrite d.", "Answer: 1\nrewrite e.")]
    )
    assert order_of(talk.requests[0]) != []
    talk.receive([FAILED] * 5)
    assert (talk.answer.choices, talk.answer.call) == ((3,), 8)


def test_only_one_rewrite_needs_no_vote_and_none_is_an_engine_error() -> None:
    for rewrites, status, call in (
        ([FAILED, FAILED, Completion("Answer: 3"), FAILED, FAILED], AnswerStatus.ANSWERED, 8),
        ([FAILED] * 5, AnswerStatus.ENGINE_ERROR, 6),
    ):
        talk, groups = up_to_votes(rewrites)
        assert groups[-1] == ()
        assert (talk.answer.status, talk.answer.call) == (status, call)


def test_without_any_critique_the_question_ends_as_an_engine_error() -> None:
    talk = opened()
    talk.receive(said("Answer: 2"))
    talk.receive([FAILED] * 5)
    assert (talk.answer.status, talk.answer.call, talk.answer.choices) == (AnswerStatus.ENGINE_ERROR, 1, ())


def test_a_second_round_criticises_the_winner() -> None:
    talk = opened(num_rounds=2, num_critiques=1, num_rewrites=2, num_votes=1)
    for completions in (said("Answer: 2"), said("c"), said("Answer: 3", "Answer: 4"), said("1")):
        talk.receive(completions)
    assert talk.requests[0].key.call == 5
    assert talk.requests[0].messages[1].content in ("Answer: 3", "Answer: 4")


def test_the_lite_form_takes_three_calls_and_its_draft_is_sampled() -> None:
    talk = opened(**LITE)
    assert talk.requests[0].decoding == DecodingConfig(top_k=0)
    for completions in (said("Answer: 2"), said("c"), said("Answer: 3")):
        talk.receive(completions)
    assert (talk.num_made, talk.answer.choices, talk.answer.call) == (3, (3,), 2)


@pytest.mark.parametrize(
    "wrong", [{"num_critiques": 0}, {"num_rewrites": 0}, {"num_rounds": 0}, {"num_votes": -1}]
)
def test_rewrites_without_critiques_and_their_like_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        opened(**wrong)


@pytest.mark.parametrize("name", ["ccsv", "ccsv_lite"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_both_forms_have_their_texts_in_both_languages(name: str, language: str) -> None:
    strategy = CollectiveCritique(a_presentation(language), texts(name, language))
    assert strategy.answer_modes == (AnswerMode.FREE,)
    assert not strategy.uses_memory

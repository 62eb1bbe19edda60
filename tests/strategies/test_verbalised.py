"""Shares of people as a model states them: read strictly, scored as probabilities, drawn from."""

from collections import Counter

import numpy as np
import pytest
from survey_examples import a_presentation, a_question, a_respondent

from def_sim.randomness import Address
from def_sim.records import AnswerMode, AnswerStatus, Completion, FinishReason, QuestionType
from def_sim.resources import data_folder
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation, completion_of
from def_sim.strategies.texts import read_strategy_texts
from def_sim.strategies.verbalised import Verbalised, draw_choices, read_shares

QUESTION = a_question()
SEVERAL = a_question(type=QuestionType.MULTIPLE, max_choices=2)
GOOD = [
    ('{"1": 40, "2": 30, "3": 20, "4": 10}', (0.4, 0.3, 0.2, 0.1)),
    ('{"1": 0.4, "2": 0.3, "3": 0.2, "4": 0.1}', (0.4, 0.3, 0.2, 0.1)),
    ('{"4": 10, "3": 20, "2": 30, "1": 40}', (0.4, 0.3, 0.2, 0.1)),
    ('```json\n{"1": 40, "2": 30, "3": 20, "4": 10}\n```', (0.4, 0.3, 0.2, 0.1)),
    ('```\n{"1": 40, "2": 30, "3": 20, "4": 10}\n```', (0.4, 0.3, 0.2, 0.1)),
    ('\n {"1":40,"2":30,"3":20,"4":10} \n', (0.4, 0.3, 0.2, 0.1)),
    ('{"1": 50, "2": 50, "3": 0, "4": 0}', (0.5, 0.5, 0.0, 0.0)),
    ('{"1": 100, "2": 0, "3": 0, "4": 0}', (1.0, 0.0, 0.0, 0.0)),
    ('{"1": 1, "2": 0, "3": 0, "4": 0}', (1.0, 0.0, 0.0, 0.0)),
    ('{"1": 38, "2": 28.5, "3": 19, "4": 9.5}', (0.4, 0.3, 0.2, 0.1)),  # 95
    ('{"1": 42, "2": 31.5, "3": 21, "4": 10.5}', (0.4, 0.3, 0.2, 0.1)),  # 105
    ('{"1": 4e1, "2": 30.0, "3": 20, "4": 10}', (0.4, 0.3, 0.2, 0.1)),
]
BAD = [
    "",
    "40, 30, 20, 10",
    "Most people would choose 1.",
    '{"1": 40, "2": 30, "3": 20}',
    '{"1": 40, "2": 30, "3": 20, "4": 5, "5": 5}',
    '{"1": 40, "2": 30, "3": 20, "4": 10, "why": "so"}',
    '{"1": 40, "1": 40, "2": 30, "3": 20, "4": 10}',
    '{"1": "40%", "2": "30%", "3": "20%", "4": "10%"}',
    '{"1": 40, "2": 30, "3": 20, "4": null}',
    '{"1": true, "2": false, "3": false, "4": false}',
    '{"1": 120, "2": -30, "3": 5, "4": 5}',
    '{"1": NaN, "2": 30, "3": 20, "4": 10}',
    '{"1": Infinity, "2": 0, "3": 0, "4": 0}',
    '{"1": 40, "2": 30, "3": 20, "4": 4.9}',  # 94.9
    '{"1": 40, "2": 30, "3": 20, "4": 15.1}',  # 105.1
    '{"1": 0, "2": 0, "3": 0, "4": 0}',
    '{"1": 0.4, "2": 0.3, "3": 0.2, "4": 0.2}',
    "[40, 30, 20, 10]",
    '{"1": 40, "2": 30, "3": 20, "4": 10} That is my estimate.',
    'Here it is: {"1": 40, "2": 30, "3": 20, "4": 10}',
    '{"1": 40, "2": 30, "3": 20, "4": 10} {"1": 10, "2": 20, "3": 30, "4": 40}',
    '{"Very important": 40, "Rather important": 30, "Not very important": 20, "Not at all important": 10}',
    "{'1': 40, '2': 30, '3': 20, '4': 10}",
    '{"1": [40], "2": 30, "3": 20, "4": 10}',
    '{"1": 1e400, "2": 30, "3": 20, "4": 10}',
    '{"01": 40, "2": 30, "3": 20, "4": 10}',
]


def opened() -> OpenConversation:
    texts = read_strategy_texts(data_folder() / "prompts/strategies/verbalised/en.yaml")
    strategy = Verbalised(a_presentation(), texts)
    respondent = a_respondent(3, num_beams=2, temperature=0.5)
    address = Address(1, respondent.id, QUESTION.item_id, 0)
    return OpenConversation(strategy, QUESTION, respondent, Memory(0), address)


@pytest.mark.parametrize(("text", "shares"), GOOD)
def test_an_object_with_every_code_is_read_in_fractions_or_per_cent(
    text: str, shares: tuple[float, ...]
) -> None:
    found = read_shares(text, QUESTION)
    assert found is not None
    assert [found[code] for code in QUESTION.codes] == pytest.approx(shares)


@pytest.mark.parametrize("text", BAD)
def test_whatever_else_is_no_answer(text: str) -> None:
    assert read_shares(text, QUESTION) is None


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ('{"1": 80, "2": 60, "3": 5, "4": 0}', (0.8, 0.6, 0.05, 0.0)),
        ('{"1": 0.8, "2": 0.6, "3": 0.05, "4": 0}', (0.8, 0.6, 0.05, 0.0)),
        ('{"1": 0, "2": 0, "3": 0, "4": 0}', None),
        ('{"1": 101, "2": 0, "3": 0, "4": 0}', None),
    ],
)
def test_shares_that_mention_an_option_add_up_to_anything(
    text: str, shares: tuple[float, ...] | None
) -> None:
    found = read_shares(text, SEVERAL)
    assert (None if found is None else tuple(found.values())) == shares


def test_the_answer_holds_the_shares_in_the_order_shown_and_one_of_them() -> None:
    talk = opened()
    [request] = talk.requests
    assert (request.decoding.max_new_tokens, request.decoding.num_beams) == (256, 2)
    assert request.mode is AnswerMode.FREE
    talk.receive([Completion(GOOD[0][0])])
    assert talk.answer.option_probabilities == pytest.approx((0.4, 0.3, 0.2, 0.1))
    assert talk.answer.status is AnswerStatus.ANSWERED
    assert talk.answer.choices[0] in QUESTION.codes


def test_a_stored_answer_follows_from_its_text_again() -> None:
    first = opened()
    first.receive([Completion(GOOD[0][0])])
    again = opened()
    again.receive([completion_of(first.answer)])
    assert again.answer == first.answer


@pytest.mark.parametrize(
    ("completion", "status"),
    [
        (Completion(GOOD[0][0], FinishReason.LENGTH), AnswerStatus.TRUNCATED),
        (Completion("", FinishReason.ERROR, error="lost"), AnswerStatus.ENGINE_ERROR),
        (Completion(GOOD[0][0], FinishReason.REFUSAL), AnswerStatus.REFUSED),
        (Completion("Answer: 2"), AnswerStatus.NO_ANSWER),
    ],
)
def test_what_holds_no_shares_has_no_choice(completion: Completion, status: AnswerStatus) -> None:
    talk = opened()
    talk.receive([completion])
    assert (talk.answer.status, talk.answer.choices) == (status, ())
    assert talk.answer.option_probabilities == ()


def test_choices_are_drawn_by_their_shares() -> None:
    shares, rng = {1: 0.5, 2: 0.25, 3: 0.25, 4: 0.0}, np.random.default_rng(7)
    drawn = Counter(draw_choices(shares, QUESTION, rng)[0] for _ in range(4000))
    assert drawn[4] == 0
    # Six standard errors of a share of one half: .047.
    assert [drawn[code] / 4000 for code in (1, 2, 3)] == pytest.approx([0.5, 0.25, 0.25], abs=0.047)


def test_of_several_choices_at_least_one_and_at_most_as_many_as_asked_for_are_drawn() -> None:
    rng = np.random.default_rng(7)
    for shares in ({1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0}, {1: 0.01, 2: 0.0, 3: 0.0, 4: 0.0}):
        sizes = {len(draw_choices(shares, SEVERAL, rng)) for _ in range(200)}
        assert sizes == ({2} if shares[2] else {1})

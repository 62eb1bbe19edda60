"""The scripted engine answers as planted, exactly once a key, and fails as planned."""

import asyncio
import math
from collections import Counter
from dataclasses import replace

import pytest

from def_sim.engines.scripted import ScriptedEngine, answer_text
from def_sim.errors import ConfigError, EngineError
from def_sim.records import AnswerMode, DecodingConfig, FinishReason, Message, Request, RequestKey, Role


def ask(number: int = 0, item_id: str = "wvs7.Q1", anchor: str = "Answer:") -> Request:
    key = RequestKey(seed=3, respondent_id=f"r{number:05d}", item_id=item_id, wording=0)
    return Request((Message(Role.USER, "How important?"),), DecodingConfig(), key, answer_anchor=anchor)


def answers(engine: ScriptedEngine, requests: list[Request]) -> list[str]:
    async def run() -> list[str]:
        return [completion.text for completion in await asyncio.gather(*map(engine.submit, requests))]

    return asyncio.run(run())


def test_codes_are_drawn_with_the_planted_shares() -> None:
    # 4,000 draws at p = .7: standard deviation sqrt(.21 / 4000) = .0072, so .03 is over four of them.
    texts = answers(ScriptedEngine({"wvs7.Q1": {1: 0.7, 4: 0.3}}), [ask(number) for number in range(4000)])
    ones = sum(text.startswith("Answer: 1\nExplanation:") for text in texts)
    fours = sum(text.startswith("Answer: 4\nExplanation:") for text in texts)
    assert ones + fours == 4000
    assert ones / 4000 == pytest.approx(0.7, abs=0.03)


def test_an_answer_depends_on_its_key_and_not_on_the_order_of_asking() -> None:
    requests = [ask(number) for number in range(50)]
    shares = {"wvs7.Q1": dict.fromkeys(range(1, 11), 0.1)}
    forwards = answers(ScriptedEngine(shares), requests)
    backwards = answers(ScriptedEngine(shares), requests[::-1])
    assert forwards == backwards[::-1]
    assert len(set(forwards)) > 5


def test_a_chinese_anchor_is_answered_in_chinese() -> None:
    assert answers(ScriptedEngine({"wvs7.Q1": {2: 1.0}}), [ask(anchor="答案：")]) == [
        "答案：2\n解释：我就是这样看的。"
    ]
    assert answer_text((1, 3), "答案：").startswith("答案：1、3\n")


def test_given_sets_are_answered_as_sets() -> None:
    engine = ScriptedEngine(planted_sets={"wvs7.Q7": {(1, 3, 5): 1.0}})
    assert answers(engine, [ask(item_id="wvs7.Q7")]) == [
        "Answer: 1, 3, 5\nExplanation: That is how I see it."
    ]


def test_nobody_mentions_nothing() -> None:
    # With p = .2 and .2 an empty draw has probability .64; given one mention, P(1) = .2 / .36 = .556.
    engine = ScriptedEngine(planted_mentions={"wvs7.Q7": {1: 0.2, 2: 0.2}})
    texts = answers(engine, [ask(number, "wvs7.Q7") for number in range(2000)])
    named = Counter(text.split("\n")[0] for text in texts)
    assert set(named) == {"Answer: 1", "Answer: 2", "Answer: 1, 2"}
    assert (named["Answer: 1"] + named["Answer: 1, 2"]) / 2000 == pytest.approx(0.556, abs=0.05)


def test_the_failure_share_gets_a_text_without_an_answer() -> None:
    engine = ScriptedEngine({"wvs7.Q1": {1: 1.0}}, failure_share=0.25)
    texts = answers(engine, [ask(number) for number in range(2000)])
    assert texts.count("I would rather not say.") / 2000 == pytest.approx(0.25, abs=0.04)


def test_a_planned_failure_is_retryable_and_then_over() -> None:
    engine = ScriptedEngine({"wvs7.Q1": {1: 1.0}}, failures={"wvs7.Q1": 2})
    for _ in range(2):
        with pytest.raises(EngineError, match="planned failure") as caught:
            answers(engine, [ask()])
        assert caught.value.retryable
    assert answers(engine, [ask()])[0].startswith("Answer: 1")
    assert engine.num_asked[ask().key] == 3


def test_an_item_can_fail_for_ever() -> None:
    engine = ScriptedEngine({"wvs7.Q1": {1: 1.0}}, failures={"wvs7.Q1": math.inf})
    for _ in range(5):
        with pytest.raises(EngineError, match="planned failure"):
            answers(engine, [ask()])


def test_a_reply_function_gives_any_text() -> None:
    engine = ScriptedEngine(reply=lambda request: f"I am {request.key.respondent_id}")
    assert answers(engine, [ask(7)]) == ["I am r00007"]


def test_delays_let_others_overtake() -> None:
    async def run() -> list[str]:
        done: list[str] = []

        async def one(number: int) -> None:
            await engine.submit(ask(number))
            done.append(f"r{number}")

        await asyncio.gather(one(2), one(1))
        return done

    engine = ScriptedEngine(
        {"wvs7.Q1": {1: 1.0}}, delay_s=lambda request: 0.02 * int(request.key.respondent_id[1:])
    )
    assert asyncio.run(run()) == ["r1", "r2"]


def test_completions_say_that_they_stopped() -> None:
    completion = asyncio.run(ScriptedEngine({"wvs7.Q1": {1: 1.0}}).submit(ask()))
    assert completion.finish_reason is FinishReason.STOP
    assert completion.num_generated_tokens > 0


def test_an_item_without_shares_and_a_mode_it_has_not_are_errors_and_no_text() -> None:
    engine = ScriptedEngine({"wvs7.Q1": {1: 1.0}})
    with pytest.raises(EngineError, match=r"no shares are planted for wvs7\.Q2"):
        answers(engine, [ask(item_id="wvs7.Q2")])
    with pytest.raises(EngineError, match="no mode constrained"):
        answers(engine, [replace(ask(), mode=AnswerMode.CONSTRAINED, option_codes=(1,))])


def test_shares_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(ConfigError, match="sum to 1"):
        ScriptedEngine({"wvs7.Q1": {1: 0.7, 2: 0.2}})
    with pytest.raises(ConfigError, match="not all 0"):
        ScriptedEngine(planted_mentions={"wvs7.Q7": {1: 0.0}})

"""The contract of strategies: every call of several is asked once, stored, and can be given to them again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import several_calls
from free_texts import Essay
from several_calls import PRESENTATION, DraftAndRevise, Sixteen, a_reply_to_every_word, interview
from survey_examples import a_question, a_respondent
from waiting import HANG_S

import def_sim
from def_sim.answers.storage.call_lines import decode_call, encode_call
from def_sim.answers.storage.calls import read_calls
from def_sim.answers.storage.store import read_answers
from def_sim.engines.scripted import ScriptedEngine
from def_sim.errors import ConfigError, EngineError, StoreError, StrategyError
from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerStatus,
    Call,
    Completion,
    FinishReason,
    Question,
    ReadingMethod,
    Request,
    Respondent,
)
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import ask_request, left_to_judge, put_question, read_as_answer
from def_sim.strategies.contract import DecodedAsDrawn, OpenConversation, hold_with
from def_sim.strategies.replaying import MisfitError, check_calls, check_follows
from def_sim.strategies.texts import StrategyTexts

CALLS = "answers/calls-shard-00-of-01.jsonl"
ANSWERS = "answers/shard-00-of-01.jsonl"
NO_MEMORY = Memory(0, several_calls.RULES.memory)


def asked_by(engine: ScriptedEngine) -> list[int]:
    return [key.call for key, times in engine.num_asked.items() for _ in range(times)]


# --- nothing is asked twice ---


@pytest.mark.slow
@pytest.mark.full
def test_sixteen_calls_survive_kill_9_after_each_of_them(tmp_path: Path) -> None:
    log, undisturbed = tmp_path / "asked", ScriptedEngine(reply=a_reply_to_every_word)
    interview(tmp_path / "undisturbed", undisturbed, Sixteen(PRESENTATION))
    paths = (Path(def_sim.__file__).parents[1], Path(several_calls.__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    command = [sys.executable, several_calls.__file__, str(tmp_path / "killed"), str(log)]
    for num_asked in range(1, 18):
        done = subprocess.run(command, env=environment, timeout=HANG_S, check=False)
        assert done.returncode == -signal.SIGKILL
        assert len(log.read_text().splitlines()) == num_asked
    last = ScriptedEngine(reply=a_reply_to_every_word)
    interview(tmp_path / "killed", last, Sixteen(PRESENTATION))
    asked = [*log.read_text().splitlines(), *map(str, last.num_asked)]
    assert len(asked) == len(set(asked)) == 2 * 16
    assert sorted(asked) == sorted(map(str, undisturbed.num_asked))
    assert read_answers(tmp_path / "killed") == read_answers(tmp_path / "undisturbed")


def test_answers_that_are_gone_come_back_from_their_calls_without_asking(tmp_path: Path) -> None:
    interview(tmp_path, ScriptedEngine(reply=a_reply_to_every_word), DraftAndRevise(PRESENTATION))
    before = read_answers(tmp_path)
    (tmp_path / ANSWERS).unlink()
    silent = ScriptedEngine(reply=a_reply_to_every_word)
    interview(tmp_path, silent, DraftAndRevise(PRESENTATION))
    assert (read_answers(tmp_path), asked_by(silent)) == (before, [])


def test_a_torn_last_call_is_asked_again_and_no_other(tmp_path: Path) -> None:
    interview(tmp_path, ScriptedEngine(reply=a_reply_to_every_word), DraftAndRevise(PRESENTATION))
    before = read_answers(tmp_path)
    (tmp_path / ANSWERS).unlink()
    (tmp_path / CALLS).write_bytes((tmp_path / CALLS).read_bytes()[:-20])
    engine = ScriptedEngine(reply=a_reply_to_every_word)
    interview(tmp_path, engine, DraftAndRevise(PRESENTATION))
    assert (read_answers(tmp_path), asked_by(engine)) == (before, [2])


def test_calls_that_fail_are_kept_once_it_is_known_that_the_engine_works(tmp_path: Path) -> None:
    class Failing(ScriptedEngine):
        async def submit(self, request: Request) -> Completion:
            completion = await super().submit(request)
            if request.key.call == 0 or self.is_broken:
                raise EngineError("no such model")
            return completion

        is_broken = True

    broken = Failing(reply=a_reply_to_every_word)
    with pytest.raises(EngineError, match="no such model"):
        interview(tmp_path, broken, DraftAndRevise(PRESENTATION))
    assert read_calls(tmp_path) == {}
    mended = Failing(reply=a_reply_to_every_word)
    mended.is_broken = False
    interview(tmp_path, mended, DraftAndRevise(PRESENTATION))
    stored = [entry.call for calls in read_calls(tmp_path).values() for entry in calls.values()]
    errors = {call.completion.error for call in stored if call.call == 0}
    assert (len(stored), errors) == (6, {"no such model"})
    again = Failing(reply=a_reply_to_every_word)
    interview(tmp_path, again, DraftAndRevise(PRESENTATION))
    assert asked_by(again) == []


def test_no_more_requests_are_under_way_than_allowed(tmp_path: Path) -> None:
    most = 0

    class Counting(ScriptedEngine):
        now = 0

        async def submit(self, request: Request) -> Completion:
            nonlocal most
            self.now += 1
            most = max(most, self.now)
            completion = await super().submit(request)
            self.now -= 1
            return completion

    engine = Counting(reply=a_reply_to_every_word, delay_s=0.001)
    interview(tmp_path, engine, Sixteen(PRESENTATION), max_in_flight=3)
    assert most == 3


# --- what a strategy may not do ---


class Broken(DecodedAsDrawn):
    """A strategy whose conversation a test gives."""

    uses_memory = False

    def __init__(self, talk: Callable[[Request], Generator[Any, Any, Any]], most: int = 2) -> None:
        self._talk, self._most = talk, most

    def num_calls(self, question: Question) -> int:
        return self._most

    def mean_tokens(self, question: Question) -> float | None:
        return None

    def ask(self, question: Question, respondent: Respondent, memory: Memory, address: Address) -> Any:
        return self._talk(ask_request(question, respondent, memory, address, PRESENTATION))


def says_nothing(request: Request) -> Generator[Any, Any, Any]:
    return None
    yield []


def asks_for_nothing(request: Request) -> Generator[Any, Any, Any]:
    yield []


def counts_from_one(request: Request) -> Generator[Any, Any, Any]:
    yield [replace(request, key=replace(request.key, call=1))]


def asks_another(request: Request) -> Generator[Any, Any, Any]:
    yield [replace(request, key=replace(request.key, item_id="toy.other"))]


def samples_as_it_likes(request: Request) -> Generator[Any, Any, Any]:
    yield [replace(request, decoding=replace(request.decoding, temperature=0.1))]


def never_ends(request: Request) -> Generator[Any, Any, Any]:
    for call in range(10):
        yield [replace(request, key=replace(request.key, call=call))]


def returns_a_text(request: Request) -> Generator[Any, Any, Any]:
    [completion] = yield [request]
    return completion.text


def leaves_its_answer_to_a_judge(request: Request) -> Generator[Any, Any, Any]:
    [completion] = yield [request]
    return left_to_judge(read_as_answer(completion, request, a_question(), NO_MEMORY, PRESENTATION))


def reads_a_call_that_was_not_made(request: Request) -> Generator[Any, Any, Any]:
    [completion] = yield [request]
    answer = read_as_answer(completion, request, a_question(), NO_MEMORY, PRESENTATION)
    return replace(answer, call=1)


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (says_nothing, "asked nothing at all"),
        (asks_for_nothing, "asked for nothing"),
        (
            counts_from_one,
            "gave its request number 1 the key 1/r00000/toy.work/0/1, not 1/r00000/toy.work/0/0",
        ),
        (samples_as_it_likes, "decodes its request number 1 by settings that it does not name"),
        (asks_another, "gave its request number 1 the key 1/r00000/toy.other/0/0"),
        (never_ends, "made request number 3, though num_calls says 2"),
        (returns_a_text, "returned no answer of the question"),
        (reads_a_call_that_was_not_made, "read its call 1 of 1"),
        (leaves_its_answer_to_a_judge, "left its answer to a judge, though needs_judge is None"),
    ],
)
def test_a_strategy_that_breaks_the_contract_is_told_how(
    talk: Callable[[Request], Generator[Any, Any, Any]], why: str
) -> None:
    with pytest.raises(StrategyError) as caught:
        hold_with(opened(Broken(talk)), lambda request: Completion("Answer: 1"))
    assert why in caught.value.message
    assert "(toy.work#0)" in caught.value.message
    assert caught.value.fix


def test_a_strategy_that_needs_a_judge_must_not_read_its_answer() -> None:
    class Reading(Broken):
        needs_judge = "stance"

    def reads_it(request: Request) -> Generator[Any, Any, Any]:
        [completion] = yield [request]
        return read_as_answer(completion, request, a_question(), NO_MEMORY, PRESENTATION)

    with pytest.raises(StrategyError, match="read its answer, though needs_judge says stance"):
        hold_with(opened(Reading(reads_it)), lambda request: Completion("Answer: 1"))


@pytest.mark.parametrize(
    ("completion", "status"),
    [
        (Completion("Answer: 2"), AnswerStatus.UNJUDGED),
        (Completion("As an AI I have no opinion."), AnswerStatus.UNJUDGED),
        (Completion("I was about to", FinishReason.LENGTH), AnswerStatus.UNJUDGED),
        (Completion(" \n", FinishReason.LENGTH), AnswerStatus.TRUNCATED),
        (Completion(""), AnswerStatus.NO_ANSWER),
        (Completion("I cannot", FinishReason.REFUSAL), AnswerStatus.REFUSED),
        (Completion("", FinishReason.ERROR, error="gone"), AnswerStatus.ENGINE_ERROR),
    ],
)
def test_a_text_waits_for_a_judge_and_what_brought_none_does_not(
    completion: Completion, status: AnswerStatus
) -> None:
    _, answer = hold_with(opened(Essay(PRESENTATION)), lambda request: completion)
    assert (answer.status, answer.choices, answer.method) == (status, (), ReadingMethod.NONE)
    assert answer.text == completion.text
    check_follows(opened(Essay(PRESENTATION)), answer, {})


def opened(strategy: Any, question: Question | None = None) -> OpenConversation:
    question = question or a_question()
    address = Address(1, "r00000", question.item_id, question.wording)
    return OpenConversation(strategy, question, a_respondent(0), NO_MEMORY, address)


# --- what is stored is held against the strategy ---


def held(strategy: Any) -> tuple[Answer, dict[int, Any]]:
    """An answer and its stored calls."""
    requests, answer = hold_with(opened(strategy), lambda request: Completion(a_reply_to_every_word(request)))
    engine = {request.key.call: Completion(a_reply_to_every_word(request)) for request in requests}
    from def_sim.prompts import hash_messages

    class Entry:
        def __init__(self, call: Call) -> None:
            self.call = call

    calls = {
        request.key.call: Entry(
            Call("r00000", "toy.work", 0, request.key.call, hash_messages(request.messages), completion)
        )
        for request, completion in zip(requests, engine.values(), strict=True)
    }
    return answer, calls


def test_stored_calls_give_their_answer_again() -> None:
    strategy = DraftAndRevise(PRESENTATION)
    answer, calls = held(strategy)
    check_follows(opened(strategy), answer, calls)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_an_answer_without_one_of_its_calls_does_not_follow(missing: int) -> None:
    strategy = DraftAndRevise(PRESENTATION)
    answer, calls = held(strategy)
    del calls[missing]
    with pytest.raises(MisfitError, match=f"its call {missing} is not stored"):
        check_follows(opened(strategy), answer, calls)


def test_another_text_of_an_early_call_shows_in_the_prompt_of_the_next() -> None:
    strategy = DraftAndRevise(PRESENTATION)
    answer, calls = held(strategy)
    calls[0].call = replace(calls[0].call, completion=Completion("Answer: 4"))
    with pytest.raises(MisfitError, match="the prompt of its call 1 is not the one") as caught:
        check_follows(opened(strategy), answer, calls)
    assert caught.value.call == 1


def test_another_text_of_the_last_call_shows_in_the_answer() -> None:
    strategy = DraftAndRevise(PRESENTATION)
    answer, calls = held(strategy)
    calls[2].call = replace(calls[2].call, completion=Completion("I would rather not say."))
    with pytest.raises(MisfitError, match="its text is read as"):
        check_follows(opened(strategy), answer, calls)


def test_more_calls_than_the_strategy_makes_do_not_follow() -> None:
    answer, calls = held(DraftAndRevise(PRESENTATION))
    calls[3] = calls[2]
    with pytest.raises(MisfitError, match="4 calls are stored for it, its strategy makes 3"):
        check_follows(opened(DraftAndRevise(PRESENTATION)), answer, calls)
    with pytest.raises(MisfitError, match="its strategy has not made that call"):
        check_calls(opened(DraftAndRevise(PRESENTATION)), calls)


def test_a_conversation_that_was_broken_off_may_have_any_of_a_groups_calls() -> None:
    """Those of a group come back in any order."""
    _, calls = held(Sixteen(PRESENTATION))
    check_calls(opened(Sixteen(PRESENTATION)), {number: calls[number] for number in (0, 2, 5)})
    with pytest.raises(MisfitError, match="has not made"):
        check_calls(opened(Sixteen(PRESENTATION)), {number: calls[number] for number in (0, 2, 6)})


def test_a_call_with_another_prompt_is_refused_with_its_place_when_the_interview_goes_on(
    tmp_path: Path,
) -> None:
    interview(tmp_path, ScriptedEngine(reply=a_reply_to_every_word), DraftAndRevise(PRESENTATION))
    (tmp_path / ANSWERS).unlink()
    path = tmp_path / CALLS
    lines = path.read_bytes().splitlines(keepends=True)
    call = replace(decode_call(lines[1].rstrip()), prompt_hash="0" * 16)
    path.write_bytes(b"".join([lines[0], encode_call(call), *lines[2:]]))
    with pytest.raises(
        StoreError, match=r"calls-shard-00-of-01\.jsonl, line 2 .* does not belong to this run"
    ):
        interview(tmp_path, ScriptedEngine(reply=a_reply_to_every_word), DraftAndRevise(PRESENTATION))


# --- the lines ---


@pytest.mark.parametrize(
    "completion",
    [
        Completion("Answer: 1", FinishReason.STOP, 5, 3, 0.5),
        Completion("", FinishReason.ERROR, error="overloaded"),
        Completion("1", option_probabilities={1: 0.25, -2: 0.75}, reasoning="<think>\n”"),
        Completion("half of a pair \ud83d", FinishReason.LENGTH),
    ],
)
def test_a_call_is_read_back_as_it_was_written(completion: Completion) -> None:
    call = Call("r00001", "wvs7.Q1", 2, 15, "ab" * 8, completion)
    line = encode_call(call)
    assert line.count(b"\n") == 1
    back = decode_call(line.rstrip())
    assert back == call
    assert back.completion.seconds == completion.seconds


@pytest.mark.parametrize(
    "changes",
    [
        {"seconds": 10**400},
        {"seconds": float("inf")},
        {"seconds": -1},
        {"respondent_id": "\ud800"},
        {"item_id": "\udfff"},
        {"prompt_hash": "\ud800"},
        {"call": -1},
        {"call": True},
        {"text": ["x"]},
        {"option_probabilities": {"1": 2.0}},
        {"option_probabilities": {"01": 0.5}},
        {"option_probabilities": {"1": "0.5"}},
        {"finish_reason": "bored"},
        {"extra": 1},
        {"num_prompt_tokens": 2**31},
    ],
)
def test_a_line_that_is_no_call_is_refused(changes: dict[str, Any]) -> None:
    record = json.loads(encode_call(Call("r00001", "wvs7.Q1", 0, 0, "", Completion("1"))))
    with pytest.raises((KeyError, TypeError, ValueError)):
        decode_call(json.dumps(record | changes).encode())


# --- texts ---


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"criticise": "{draft}"}, "lack 'revise'"),
        ({"criticise": "", "revise": "", "praise": ""}, "have 'praise', which it does not use"),
        ({"criticise": "{critique}", "revise": ""}, r"'criticise' has the slot \{critique\}"),
    ],
)
def test_texts_that_are_not_a_strategys_are_refused(texts: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        DraftAndRevise(PRESENTATION, StrategyTexts(language="en", texts=texts))


@pytest.mark.parametrize(
    "text", ["{draft.text}", "{draft[0]}", "{0}", "{}", "{draft!r}", "{draft:>9}", "{draft"]
)
def test_a_slot_is_a_plain_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"slot|text"):
        StrategyTexts(language="en", texts={"a": text})


def test_what_fills_a_slot_is_not_looked_at_again() -> None:
    texts = StrategyTexts(language="en", texts={"a": "He said: {draft} {{so}}"})
    assert texts.fill("a", draft="{draft} {x.y}") == "He said: {draft} {x.y} {so}"


def test_a_strategy_of_one_call_is_put_as_before() -> None:
    class Once(Broken):
        def __init__(self) -> None:
            super().__init__(says_nothing, most=1)

        def ask(self, question: Question, respondent: Respondent, memory: Memory, address: Address) -> Any:
            return put_question(question, respondent, memory, address, PRESENTATION)

    requests, answer = hold_with(opened(Once()), lambda request: Completion("Answer: 2"))
    assert (len(requests), answer.choices, answer.call) == (1, (2,), 0)

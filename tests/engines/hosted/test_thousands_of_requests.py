"""5,000 requests under faults: every answer exactly once, and not a cent above the cap."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from hosted_examples import hosted
from loopback import KEY, Loopback
from survey_examples import a_presentation, a_question, a_respondent, a_survey

from def_sim import interviews
from def_sim.answers.storage.store import AnswerStore, read_answers
from def_sim.engines.hosted.cost import CostCapError
from def_sim.interviews import Interviews
from def_sim.questionnaire import InterviewRules
from def_sim.randomness import keyed_rng
from def_sim.records import AnswerStatus
from def_sim.strategies.single import Single

pytestmark = pytest.mark.slow

NUM_RESPONDENTS, NUM_QUESTIONS = 50, 50  # 2,500 for each protocol
SURVEY = a_survey(*(a_question(f"toy.thing{i}", text=f"How important is thing {i}?") for i in range(50)))
PANEL = [a_respondent(index, top_k=0) for index in range(NUM_RESPONDENTS)]
FAULTS = ("429", "529", "500", "cut", "cut_body", "malformed", "shapeless")
USAGE = {"input_tokens": 150, "output_tokens": 20, "prompt_tokens": 150, "completion_tokens": 20}
COST_USD = (150 * 3 + 20 * 15) / 1e6  # of one answer


def faults(number: int) -> str | None:
    """Four in a hundred, in no pattern, the same each time."""
    rng = keyed_rng(9, number, "fault")
    return FAULTS[int(rng.integers(len(FAULTS)))] if rng.random() < 0.04 else None


def chosen(body: dict[str, object]) -> dict[str, object]:
    """A reply with an answer in it, in both protocols."""
    text = "Answer: 2\nExplanation: It is."
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return {"content": [{"type": "text", "text": text}], "choices": [choice], "usage": USAGE}


def hold_interviews(name: str, server: Loopback, folder: Path, cap_usd: float) -> float:
    """What the run has spent afterwards; raises CostCapError at the cap."""
    prices = {"input_usd_per_million": 3.0, "output_usd_per_million": 15.0}
    engine = hosted(name, server, max_cost_usd=cap_usd, **prices)
    engine.ledger.keep_in(folder, "shard-00-of-01")

    async def run(store: AnswerStore) -> None:
        rules = InterviewRules(seed=5, max_in_flight=256, max_engine_errors=0)
        interviews = Interviews(SURVEY, Single(a_presentation()), engine, store, a_presentation(), rules)
        try:
            await engine.start()
            await interviews.conduct(PANEL)
        finally:
            await engine.close()

    with AnswerStore(folder) as store:
        asyncio.run(run(store))
    return engine.ledger.spent_usd


@pytest.mark.parametrize("name", [pytest.param("anthropic", marks=pytest.mark.full), "openai"])
def test_every_answer_comes_exactly_once_and_the_cap_holds(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    monkeypatch.setattr(interviews, "_RETRY_PAUSES_S", (0.0, 0.0, 0.0))
    low_usd, high_usd = 500 * COST_USD, 4000 * COST_USD
    with Loopback(faults=faults, changes=chosen) as server:
        with pytest.raises(CostCapError, match=r"cost cap is reached"):
            hold_interviews(name, server, tmp_path, low_usd)
        at_the_cap = len(read_answers(tmp_path))
        # What is spent is on file; malformed replies, of unknown cost, are counted at their most.
        assert 200 < at_the_cap <= 500
        paid = sum(server.answered.values())
        assert at_the_cap == paid
        spent_usd = hold_interviews(name, server, tmp_path, high_usd)
        assert len(server.requests) > 2500 * 1.03  # the faults were there
        assert sum(server.answered.values()) == 2500  # nothing was asked again that had been answered
    answers = read_answers(tmp_path)
    keys = Counter((answer.respondent_id, answer.item_id) for answer in answers)
    assert len(keys) == len(answers) == 2500
    assert {answer.status for answer in answers} == {AnswerStatus.ANSWERED}
    assert 2500 * COST_USD <= spent_usd <= high_usd

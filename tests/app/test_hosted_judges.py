"""Hosted judges on a server of our own: calls as planned, accounts in the set, caps, batches, faults."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from judged_runs import digests
from scripted_runs import hold

from def_sim import interviews
from def_sim.app.main import main
from def_sim.engines.scripted import ScriptedEngine
from def_sim.judging.verdict_journal import read_verdict_sets

sys.path.append(str(Path(__file__).parents[1] / "engines"))
from loopback import KEY, Loopback

pytestmark = pytest.mark.slow
NO_DEFECT = '{"defect": false, "why": "none seen"}'
FAULTS = ("429", "529", "500", "cut", "slow")
USD_EACH = 0.0004  # 100 x $2 + 20 x $10 a million tokens


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


def no_defect(body: dict[str, Any]) -> dict[str, Any]:
    """The verdict of every request, and what it cost."""
    return {
        "content": [{"type": "text", "text": NO_DEFECT}],
        "usage": {"input_tokens": 100, "output_tokens": 20},
    }


def clean(run: object) -> ScriptedEngine:
    """Respondents in whose answers no rule finds a defect."""
    return ScriptedEngine(reply=lambda request: "Answer: 1\nExplanation: I see it like that.")


def words(folder: Path, server: Loopback, *more: str, stage: str = "judge") -> list[str]:
    judge = ["model=claude", f"model.engine.base_url={server.address}"]
    return [f"stage={stage}", "rubric=insensitivity", f"run_folder={folder}", *judge, *more]


def spent(folder: Path) -> dict[str, Any]:
    [path] = (folder / "verdicts").glob("*/spending/*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_calls_are_as_planned_and_the_accounts_lie_in_the_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hold(tmp_path, "respondents=3", is_reported=False, respondent=clean)
    before = digests(folder)
    with Loopback(changes=no_defect) as server:
        assert main(words(folder, server, stage="plan")) == 0
        plan = capsys.readouterr().out
        assert server.requests == []
        assert main(words(folder, server)) == 0
    [num_planned] = re.findall(r"^calls +(\d+)", plan, re.MULTILINE)
    assert len(server.requests) == int(num_planned) == 3 * 4 * 6
    assert "cost          about $" in plan
    assert spent(folder)["usd"] == pytest.approx(72 * USD_EACH)
    assert spent(folder)["num_requests"] == 72
    assert digests(folder) == before
    text = next((folder / "verdicts").glob("*/judge.json")).read_text(encoding="utf-8")
    assert KEY not in text


def test_a_spent_cap_says_what_is_left_and_a_higher_one_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hold(tmp_path, "respondents=3", is_reported=False, respondent=clean)
    with Loopback(changes=no_defect) as server:
        assert main(words(folder, server, "model.engine.max_cost_usd=0.02")) == 2
        message = capsys.readouterr().err
        num_stopped_at = len(server.requests)
        assert 1 <= num_stopped_at <= 50
        assert f"{num_stopped_at} of 72 verdicts are there, {72 - num_stopped_at} are left" in message
        assert main(words(folder, server, "model.engine.max_cost_usd=1")) == 0
        assert len(server.requests) == 72
    assert spent(folder)["usd"] == pytest.approx(72 * USD_EACH)


def test_a_judge_may_be_asked_in_batches_at_half_the_price(tmp_path: Path) -> None:
    folder = hold(tmp_path, "respondents=3", is_reported=False, respondent=clean)
    batches = ["batches=true", "batch_gather_s=0.05", "batch_poll_s=0.02"]
    with Loopback(changes=no_defect) as server:
        assert main(words(folder, server, *(f"model.engine.{word}" for word in batches))) == 0
        assert sum(len(requests) for requests in server.batches.values()) == 72
    assert spent(folder)["usd"] == pytest.approx(72 * USD_EACH / 2)
    [found] = read_verdict_sets(folder)
    assert found.is_finished


def test_two_thousand_verdicts_under_faults_are_each_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interviews, "_RETRY_PAUSES_S", (0.01, 0.01, 0.01))
    folder = hold(tmp_path, "respondents=84", is_reported=False, respondent=clean)

    def fault(number: int) -> str | None:
        """Each kind in turn, so far apart that no request meets four of them."""
        return FAULTS[number // 97 % len(FAULTS)] if number % 97 == 13 else None

    with Loopback(changes=no_defect, faults=fault) as server:
        limits = ["max_in_flight=40", "model.engine.timeout_s=2"]
        assert main(words(folder, server, "rubric.sample=all", *limits)) == 0
        assert len(server.requests) >= 2016 + 20  # the faults were there
        assert sum(server.answered.values()) == 2016  # nothing was asked again that had been answered
    [found] = read_verdict_sets(folder)
    assert found.is_finished
    assert len(found.verdicts) == 84 * 4 * 6 == 2016
    assert not any(verdict.missing for verdict in found.verdicts)
    assert server.most_at_once <= 40


def test_several_runs_are_judged_one_after_another_each_with_accounts_of_its_own(tmp_path: Path) -> None:
    folders = [
        hold(tmp_path, f"respondents={num}", f"seed={num}", is_reported=False, respondent=clean)
        for num in (2, 3)
    ]
    with Loopback(changes=no_defect) as server:
        judge = ["stage=judge", "rubric=insensitivity", "model=claude"]
        address = f"model.engine.base_url={server.address}"
        assert main([*judge, address, f"runs={tmp_path}/**"]) == 0
        assert len(server.requests) == (2 + 3) * 4 * 6
    for folder, num in zip(folders, (2, 3), strict=True):
        assert spent(folder)["num_requests"] == num * 4 * 6
        [found] = read_verdict_sets(folder)
        assert found.is_finished

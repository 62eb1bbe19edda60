"""Hosted models from the command line: plans, keys, caps, deviations, and whole runs on loopback."""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from runs import num_lines, run_folder, words

from def_sim.app.main import main

sys.path.append(str(Path(__file__).parents[1] / "engines"))
from loopback import KEY, Loopback

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Ends with code 2 and one message, which is returned."""
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert message.count("error:") == 1
    assert "do:" in message
    return message


def an_answer(body: dict[str, Any]) -> dict[str, Any]:
    """The same choice in both protocols; follow-ups and multiple choices take it, too."""
    text = "Answer: 2\nExplanation: So it is."
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"input_tokens": 100, "output_tokens": 20, "prompt_tokens": 100, "completion_tokens": 20}
    return {"content": [{"type": "text", "text": text}], "choices": [choice], "usage": usage}


# --- plans ---


def test_a_plan_estimates_the_price_and_needs_no_network(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["stage=plan", "model=claude", "model.engine.max_cost_usd=5", f"output={tmp_path}"]) == 0
    text = capsys.readouterr().out
    assert "cost          about $" in text
    assert "prices of 20" in text
    assert "cost cap      $5.00" in text
    assert "folder        " in text
    assert not any(tmp_path.iterdir())


def test_a_plan_says_the_part_of_the_cap_that_each_shard_has(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    cap = ["model.engine.max_cost_usd=5", "num_shards=4", f"output={tmp_path}"]
    assert main(["stage=plan", "model=claude", *cap]) == 0
    text = capsys.readouterr().out
    assert "cost cap      $5.00, $1.25 for each of 4 shards; each of them stops before" in text


def test_a_plan_without_a_key_is_a_plan_and_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    assert main(["stage=plan", "model=claude"]) == 0
    text = capsys.readouterr().out
    assert "cost          about $" in text
    assert "not ready     Anthropic: the environment variable ANTHROPIC_API_KEY holds no key." in text


def test_the_studys_claude_says_when_it_was_retired_and_what_to_take(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    message = refused(capsys, "model=claude_3_5_sonnet", f"output={tmp_path / 'runs'}")
    assert "claude-3-5-sonnet-20241022 was retired by its provider on 2025-10-28" in message
    assert "`model=claude model.engine.model_name=claude-sonnet-5-5`" in message
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["model=claude", "protocol=sound"], ["takes temperature 1 alone", "draws 0.7"]),
        (["model=claude", "model.engine.deviations=[seed,top_k]"], ["has no beams, the panel draws up to 5"]),
        (["model=claude", "model.engine.deviations=[beams,seed]"], ["has no top_k"]),
        (["model=claude", "model.engine.deviations=[beams,top_k]"], ["has no exact seed"]),
        (["model=claude", "model.engine.model_name=claude-opus-5-5"], ["thinks before it answers"]),
        (["model=claude", "model.engine.deviations=[all]"], ["'all' is none of beams, greedy"]),
        (["model=claude", "model.engine.batches=true"], ["a respondent with memory would wait"]),
        (["model=gpt4o"], ["OPENAI_API_KEY holds no key"]),
        (["model=server"], ["`model.engine.model_name` needs a value"]),
        (["model=server", "model.engine.model_name=x"], ["`model.engine.base_url` needs a value"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_a_model_cannot_do_is_said_before_anything_is_written(
    arguments: list[str], expected: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    message = refused(capsys, *arguments, f"output={tmp_path / 'runs'}")
    for part in expected:
        assert part in message
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "word",
    [
        "+model.engine.api_key=hush-hush",
        "+model.engine.openai_api_key=hush-hush",
        "+password=hush-hush",
        "model.engine.model_name=sk-ant-api03-hush-hush-0123456789",
        "model.label=sk-hush-hush-0123456789abcd",
    ],
)
def test_a_key_in_a_configuration_is_refused_and_not_repeated(
    word: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    message = refused(capsys, "model=claude", word, f"output={tmp_path / 'runs'}")
    assert "holds a key or is meant to" in message
    assert "environment" in message
    assert "hush" not in message
    assert not (tmp_path / "runs").exists()


# --- runs ---


@pytest.mark.slow
def test_a_hosted_run_goes_the_whole_way_and_its_report_needs_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Loopback(changes=an_answer) as server:
        choice = ["model=claude", f"model.engine.base_url={server.address}"]
        assert main(words(tmp_path, *choice, "stage=interview")) == 0
        num_asked = len(server.requests)
        assert main(words(tmp_path, *choice, "stage=interview")) == 0  # asks nothing again
        assert len(server.requests) == num_asked
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    assert main(words(tmp_path, *choice, "stage=report")) == 0
    folder = run_folder(tmp_path)
    statuses = pd.read_csv(folder / "statuses.csv", keep_default_na=False)
    counts = statuses[statuses["scope"] == "all"].set_index("status")["count"]
    assert counts["answered"] == counts.sum() == 3 * 8
    for name in ("manifest.json", "report.html"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "No beams: every respondent samples a single sequence." in text
        assert KEY not in text


def test_a_servers_manifest_says_what_it_honours(tmp_path: Path) -> None:
    with Loopback(key="") as server:
        choice = [
            "model=server",
            "model.engine.model_name=tiny",
            f"model.engine.base_url={server.address}/v1",
        ]
        assert main(words(tmp_path, *choice, "stage=interview")) == 0
    manifest = json.loads((run_folder(tmp_path) / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["engine"]["probe"]["top_k"] == "honoured"
    # It ignores top_p, min_p and all penalties, so it may have any of its own.
    assert set(manifest["engine"]["deviations"]) == {"beams", "seed", "repetition", "truncation"}
    assert num_lines(tmp_path) == 3 * 8


def test_a_capped_run_stops_with_what_is_answered_and_goes_on_with_a_higher_cap(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # 24 answers at (100 x $2 + 20 x $10) / 1e6 = $0.0004; each may cost more, so the run stops early.
    with Loopback(changes=an_answer) as server:
        choice = ["model=claude", f"model.engine.base_url={server.address}"]
        message = refused(capsys, *words(tmp_path, *choice, "model.engine.max_cost_usd=0.006"))
        assert "The cost cap is reached" in message
        stopped_at = len(server.requests)
        assert 1 <= stopped_at <= 15
        spending = json.loads(next(run_folder(tmp_path).glob("spending/*.json")).read_text())
        assert spending["usd"] == pytest.approx(stopped_at * 0.0004)
        assert main(words(tmp_path, *choice, "model.engine.max_cost_usd=1", "stage=interview")) == 0
        assert len(server.requests) == 24
    assert "about $0.0096 of at most $1.00 (2,400 tokens in, 480 out" in capsys.readouterr().err


def test_shards_stop_at_their_parts_and_the_whole_panel_then_spends_what_they_left(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # As above; each shard may spend $0.006 and stops where its next request no longer fits below that.
    with Loopback(changes=an_answer) as server:
        choice = ["model=claude", f"model.engine.base_url={server.address}"]
        capped = [*choice, "model.engine.max_cost_usd=0.012"]
        for shard in range(2):
            message = refused(capsys, *words(tmp_path, *capped, "num_shards=2", f"shard={shard}"))
            assert "of $0.0060, its part of $0.0120 for 2 shards, are spent" in message
        accounts = [json.loads(path.read_text()) for path in run_folder(tmp_path).glob("spending/*.json")]
        assert len(accounts) == 2
        by_shards = len(server.requests)
        assert sum(account["usd"] for account in accounts) == pytest.approx(by_shards * 0.0004)
        assert "The cost cap is reached" in refused(capsys, *words(tmp_path, *capped))
        assert by_shards < len(server.requests) <= 30  # $0.012
        assert main(words(tmp_path, *choice, "stage=interview", "model.engine.max_cost_usd=1")) == 0
        assert len(server.requests) == 24
    assert "about $0.0096 of at most $1.00" in capsys.readouterr().err


def test_without_memory_a_run_can_be_sent_as_batches_at_half_the_price(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with Loopback(changes=an_answer) as server:
        choice = ["model=claude", f"model.engine.base_url={server.address}", "modifications.memory=false"]
        choice += [
            "model.engine.batches=true",
            "model.engine.batch_gather_s=0.05",
            "model.engine.batch_poll_s=0.02",
        ]
        assert main(words(tmp_path, *choice, "stage=interview")) == 0
        # The follow-up of one item waits for its first question, so there are two rounds.
        assert [len(requests) for requests in server.batches.values()] == [21, 3]
    assert num_lines(tmp_path) == 24
    assert "about $0.0048 (2,400 tokens in, 480 out" in capsys.readouterr().err


def test_a_wrong_key_stops_before_the_first_answer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-somebody-else-0123")
    with Loopback() as server:
        message = refused(capsys, *words(tmp_path, "model=claude", f"model.engine.base_url={server.address}"))
        assert server.requests == []
    assert "refused the key in ANTHROPIC_API_KEY" in message
    assert "somebody" not in message


def test_a_server_that_ignores_top_k_is_an_error_until_that_is_allowed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with Loopback(honours=frozenset({"seed"})) as server:
        choice = [
            "model=server",
            "model.engine.model_name=tiny",
            f"model.engine.base_url={server.address}/v1",
        ]
        choice += ["model.engine.key_variable=ANTHROPIC_API_KEY"]
        assert "has no top_k" in refused(capsys, *words(tmp_path, *choice))
        allowed = "model.engine.deviations=[beams,seed,top_k]"
        assert main(words(tmp_path, *choice, allowed, "stage=interview")) == 0

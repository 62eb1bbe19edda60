"""Replies that real servers give, each with what a run must make of it: the whole command, on loopback."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from replying_server import replying
from runs import run_folder

from def_sim import interviews
from def_sim.app.main import main
from def_sim.engines.hosted import waiting

pytestmark = pytest.mark.slow

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "server_replies.jsonl").read_text(encoding="utf-8").splitlines()
]
KEY = "a-key-of-the-loopback-0123456789"
ITEMS = {
    "single": "items=[wvs7.Q1,wvs7.Q2,wvs7.Q3,wvs7.Q4]",  # codes 1 to 4
    "scale": "items=[wvs7.Q48,wvs7.Q106,wvs7.Q107,wvs7.Q164]",  # codes 1 to 10
}
PROBED = ("all", "max_tokens", "small_limit")  # what a reply may do to the requests at the start
PRICES = ("input_usd_per_million=1", "output_usd_per_million=1", "max_cost_usd=0.05")
NEVER_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses, and a key in the environment."""
    monkeypatch.setattr(interviews, "_RETRY_PAUSES_S", (0.0, 0.001, 0.002))
    monkeypatch.setattr(waiting, "_LONGEST_PAUSE_S", 0.01)
    monkeypatch.setenv("LOOPBACK_KEY", KEY)


def command(case: dict[str, Any], address: str, output: Path) -> list[str]:
    has_path = not case["id"].startswith(("path-404-without", "path-404-of", "error-in-a-200-as"))
    settings = [
        f"base_url={address}{'/v1' if has_path else ''}",
        "model_name=m",
        "key_variable=LOOPBACK_KEY",
        "max_retries=1",
        "longest_wait_s=0.02",
        f"probes={str(case['when'] in PROBED).lower()}",
        f"timeout_s={0.5 if case['id'] == 'body-dripping' else 10}",
        *(PRICES if case.get("is_capped") else ()),
    ]
    words = [f"model.engine.{setting}" for setting in settings]
    words += ["model=server", "respondents=1", ITEMS[case.get("asked", "single")], f"output={output}"]
    words += ["scoring.draws=20", "decoding.max_new_tokens=512", *case.get("settings", [])]
    return words if case.get("is_reported") else [*words, "stage=interview"]


def answers_in(output: Path) -> list[dict[str, Any]]:
    journals = run_folder(output).glob("answers/*.jsonl") if any(output.glob("*/*/*/manifest.json")) else []
    return [json.loads(line) for path in journals for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_reply_of_a_server_is_read_or_refused_in_words(
    case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = case["expected"]
    with replying(case) as address:
        code = main(command(case, address, tmp_path))
    terminal = "".join(capsys.readouterr())
    assert code == expected["exit"], terminal
    assert not NEVER_SHOWN.search(terminal)
    for words in expected.get("says", ()):
        assert words.replace("{ADDRESS}", address) in terminal
    for words in expected.get("never", ()):
        assert words not in terminal
    answers = answers_in(tmp_path)
    if expected["exit"] == 2:
        assert answers == []  # nothing is recorded, so the same command asks again
        assert not list(tmp_path.glob("**/report.html"))
        return
    assert len(answers) == 4
    for answer in answers:
        for field, value in expected_fields(expected).items():
            assert answer.get(field, "") == value, (field, answer)
    if case.get("is_reported"):
        assert (run_folder(tmp_path) / "report.html").is_file()


def expected_fields(expected: dict[str, Any]) -> dict[str, Any]:
    """Of a line in the journal."""
    names = {"status": "status", "choices": "choices", "text": "text", "reasoning": "reasoning"}
    names |= {"finish": "finish_reason", "tokens": "num_prompt_tokens"}
    return {field: expected[name] for name, field in names.items() if name in expected}


def test_no_file_of_a_run_holds_the_key_that_a_server_repeats(tmp_path: Path) -> None:
    [case] = [case for case in CASES if case["id"] == "key-in-the-text"]
    with replying(case) as address:
        assert main([*command(case, address, tmp_path)[:-1]]) == 0  # with its report
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path.name for path in files if KEY.encode() in path.read_bytes()]


def test_with_a_cap_a_request_without_counts_is_booked_at_its_most(tmp_path: Path) -> None:
    [case] = [case for case in CASES if case["id"] == "usage-negative"]
    with replying(case) as address:
        assert main(command(case, address, tmp_path)) == 0
    [path] = run_folder(tmp_path).glob("spending/*.json")
    spent = json.loads(path.read_text())
    # Four answers of at most 512 tokens at $1 a million, and their prompts.
    assert spent["usd"] > 4 * 512 / 1e6
    assert spent["num_uncounted"] == 4


def test_once_one_call_succeeds_failed_ones_are_recorded_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [case] = [case for case in CASES if case["id"] == "content-number"]
    with replying({**case, "when": "fourth"}) as address:
        assert main(command(case, address, tmp_path)) == 0  # tried again, and well
        assert [answer["status"] for answer in answers_in(tmp_path)] == ["answered"] * 4
    with replying({**case, "when": "from_third"}) as address:
        assert main(command(case, address, tmp_path / "more")) == 0
    statuses = [answer["status"] for answer in answers_in(tmp_path / "more")]
    assert statuses == ["answered", "answered", "engine_error", "engine_error"]
    assert "failed  2 calls; the first: " in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["body-dripping", "body-endless", "body-deep"])
def test_a_reply_without_an_end_fails_its_own_request_and_no_other(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [case] = [case for case in CASES if case["id"] == kind]
    with replying({**case, "when": "from_third"}) as address:
        assert main(command(case, address, tmp_path)) == 0
    answers = answers_in(tmp_path)
    assert [answer["status"] for answer in answers] == [
        "answered",
        "answered",
        "engine_error",
        "engine_error",
    ]
    for words in case["expected"]["says"]:
        assert words in answers[-1]["error"] or words in capsys.readouterr().err

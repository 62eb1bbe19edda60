"""Runs of a strategy that makes several calls for a question: planned, verified and repaired as any other."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from scripted_runs import hold
from several_calls import TEXTS, a_reply_to_every_word

from def_sim.answers.storage.call_lines import decode_call, encode_call
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.manifest import read_manifest
from def_sim.answers.storage.shards import read_answers
from def_sim.answers.storage.store import AnswerStore
from def_sim.answers.storage.stored_answers import read_stored
from def_sim.app import strategy_choice
from def_sim.app.belonging import foreign_since_completion
from def_sim.app.checked_answers import check_stored
from def_sim.app.main import main
from def_sim.app.repairing import repair_run
from def_sim.app.reporting import write_report
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.app.verification import verify_run
from def_sim.engines.scripted import ScriptedEngine
from def_sim.errors import ConfigError, StoreError, VerificationError
from def_sim.records import Completion

pytestmark = pytest.mark.slow

STRATEGY = ("strategy.name=draft_and_revise", "strategy._target_=several_calls.DraftAndRevise")
CALLS = "answers/calls-shard-00-of-01.jsonl"


@pytest.fixture(autouse=True)
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the strategy's texts."""
    path = tmp_path / "texts.yaml"
    path.write_text(json.dumps(TEXTS.model_dump()))
    monkeypatch.setattr(strategy_choice, "_texts_path", lambda config, survey: path)
    return path


def hold_some(tmp_path: Path, *words: str) -> Path:
    respondent = lambda run: ScriptedEngine(reply=a_reply_to_every_word)  # noqa: E731
    return hold(
        tmp_path / "out", *STRATEGY, "respondents=2", *words, respondent=respondent, is_reported=False
    )


def run_of(folder: Path) -> Run:
    return prepare_run(validate_config(read_manifest(folder)["config"]))


def complete(folder: Path, *, is_checked: bool = False) -> None:
    write_report(run_of(folder), folder, read_manifest(folder), is_checked=is_checked)


def interviews_checked(folder: Path) -> str:
    return next(
        line for line in verify_run(run_of(folder), folder, read_manifest(folder)) if "rebuilt" in line
    )


def test_verification_holds_every_conversation_again(tmp_path: Path) -> None:
    folder = hold_some(tmp_path)
    complete(folder)
    assert interviews_checked(folder) == "interviews    8 prompts rebuilt and readings repeated"


def other_text(lines: list[bytes]) -> list[bytes]:
    call = decode_call(lines[4].rstrip())
    return [*lines[:4], encode_call(replace(call, completion=Completion("Answer: 1"))), *lines[5:]]


def one_too_many(lines: list[bytes]) -> list[bytes]:
    return [*lines, encode_call(replace(decode_call(lines[0].rstrip()), call=3))]


def an_orphan(lines: list[bytes]) -> list[bytes]:
    return [*lines, encode_call(replace(decode_call(lines[0].rstrip()), item_id="wvs7.Q99"))]


def of_nobody(lines: list[bytes]) -> list[bytes]:
    return [*lines, encode_call(replace(decode_call(lines[0].rstrip()), respondent_id="r1"))]


def one_missing(lines: list[bytes]) -> list[bytes]:
    return lines[1:]


CHANGES = pytest.mark.parametrize(
    "change",
    [
        other_text,
        one_too_many,
        pytest.param(an_orphan, marks=pytest.mark.full),
        pytest.param(of_nobody, marks=pytest.mark.full),
        one_missing,
    ],
)


@CHANGES
def test_verification_notices_changed_calls(
    change: Callable[[list[bytes]], list[bytes]], tmp_path: Path
) -> None:
    folder = hold_some(tmp_path)
    path = folder / CALLS
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(StoreError, match=r"line \d+ does not belong to this run"):
        complete(folder)
    complete(folder, is_checked=True)
    with pytest.raises(VerificationError):
        interviews_checked(folder)


@CHANGES
def test_changed_calls_are_refused_with_their_place_and_repaired(
    change: Callable[[list[bytes]], list[bytes]], tmp_path: Path
) -> None:
    folder = hold_some(tmp_path)
    before, path = read_answers(folder), folder / CALLS
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(StoreError, match=r"line \d+ does not belong to this run"):
        reopened(folder)
    with pytest.raises(StoreError, match=r"line \d+ does not belong to this run"):  # as a large run's shard
        check_stored(run_of(folder), folder, Division(), read_stored(folder))
    list(repair_run(run_of(folder), folder, is_applied=True, take_over=False))
    reopened(folder)
    hold_some(tmp_path)
    # What a forged text led to is consistent, if not what was said: nobody can know which text it was.
    assert read_answers(folder) == before or change is other_text
    complete(folder)
    assert interviews_checked(folder)


def reopened(folder: Path) -> None:
    find_foreign = partial(foreign_since_completion, run_of(folder), folder)
    AnswerStore(folder, keeps_calls=True, find_foreign=find_foreign).close()


def test_the_plan_counts_calls_and_their_tokens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["stage=plan", "items=[wvs7.Q1,wvs7.Q46]", "respondents=20", f"output={tmp_path}"]
    assert main([*words, *STRATEGY]) == 0
    several = capsys.readouterr().out
    assert "calls         at most 120, up to 3 a question" in several
    assert main(words) == 0
    single = capsys.readouterr().out
    assert "\ncalls" not in single
    assert tokens_in(several) > 3 * tokens_in(single)  # each call reads what was said before


def tokens_in(plan: str) -> int:
    line = next(line for line in plan.splitlines() if line.startswith("tokens"))
    return int(line.split()[2].replace(",", ""))


def test_all_calls_of_a_question_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stage=plan", "show=prompts", "items=[wvs7.Q1]", f"output={tmp_path}", *STRATEGY]) == 0
    out = capsys.readouterr().out
    assert [f"call {number} of 3" in out for number in (1, 2, 3)] == [True] * 3
    assert "What is wrong with: Answer: 1" in out


def test_its_own_texts_make_another_run_and_other_strategies_the_same(texts: Path, tmp_path: Path) -> None:
    folders = [hold_some(tmp_path), hold(tmp_path / "out")]
    texts.write_text(texts.read_text().replace("What is wrong", "What is not right"))
    others = [hold_some(tmp_path), hold(tmp_path / "out")]
    assert [one == other for one, other in zip(folders, others, strict=True)] == [False, True]


def test_a_strategy_without_texts_in_the_language_of_the_frame_is_told(texts: Path, tmp_path: Path) -> None:
    texts.unlink()
    with pytest.raises(ConfigError, match="draft_and_revise: it has no texts in 'en'"):
        hold_some(tmp_path)


def test_a_strategy_of_one_call_leaves_no_journal_of_calls(tmp_path: Path) -> None:
    assert list(hold(tmp_path, "respondents=1").glob("answers/calls*")) == []


def test_a_class_that_is_no_strategy_is_told_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["stage=plan", f"output={tmp_path}", "strategy._target_=several_calls.NoStrategy"]
    assert main(words) == 2
    assert "several_calls.NoStrategy has no `num_calls`" in capsys.readouterr().err

"""The soak: interrupted commands of the demo respondent, and that it would see what is lost."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from scripts_loaded import SCRIPTS, script
from waiting import HANG_S

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.records import Answer, AnswerStatus, ReadingMethod

# Thirty take minutes. The first 7 of seed 10 are five steps with each stage and each fault.
NUM_KILLS = 30 if os.environ.get("CI_FULL") else 7
SEED = 10


@pytest.mark.slow
def test_interrupted_commands_lose_nothing_and_ask_nothing_twice(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "soak.py"), "--kills", str(NUM_KILLS), "--seed", str(SEED)]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(SCRIPTS.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=10 * HANG_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.glob("soak-*"))  # nor a mounted disk in it


# --- what is interrupted, and when ---


def test_the_few_steps_that_run_by_default_have_each_stage_and_each_fault() -> None:
    steps = list(script("soak").steps_of(SEED, 7))
    assert len({step.stage.name for step in steps}) == 5
    assert len({one.fault for step in steps for one in step.interruptions}) == 3


def test_a_step_is_fixed_by_seed_and_number() -> None:
    draw = script("soak").draw_step
    assert draw(1, 7) == draw(1, 7) != draw(2, 7)


def test_fifteen_steps_in_a_row_have_each_stage_with_each_fault_first() -> None:
    steps = [script("soak").draw_step(3, number) for number in range(20, 35)]
    pairs = {(step.stage.name, step.interruptions[0].fault.value) for step in steps}
    assert len(pairs) == 5 * 3


@pytest.mark.parametrize("num_kills", [1, 2, 30])
def test_steps_have_as_many_interruptions_as_asked_for(num_kills: int) -> None:
    steps = script("soak").steps_of(1, num_kills)
    assert sum(len(step.interruptions) for step in steps) == num_kills


def test_moments_lie_all_over_a_command_and_beyond_its_end() -> None:
    steps = [script("soak").draw_step(1, number) for number in range(200)]
    shares = [one.share for step in steps for one in step.interruptions]
    assert min(shares) < 0.05
    assert max(shares) > 1.1


# --- what it sees ---


def answer(item: str, **changes: Any) -> Answer:
    fields: dict[str, Any] = {
        "status": AnswerStatus.ANSWERED,
        "choices": (1,),
        "method": ReadingMethod.NUMBER,
        "text": "Answer: 1",
        **changes,
    }
    return Answer(respondent_id="r00000", item_id=item, wording=0, call=0, **fields)


def run_folder(folder: Path, *answers: Answer) -> Path:
    run = folder / "outputs" / "demo" / "run"
    (run / "answers").mkdir(parents=True)
    (run / "answers" / "shard-00-of-01.jsonl").write_bytes(b"".join(map(encode_line, answers)))
    (run / "metrics.csv").write_text("a,1\n", encoding="utf-8")
    (run / "manifest.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture
def outcome() -> ModuleType:
    script("soak_faults")
    return script("soak_outcome")


def test_a_question_with_two_lines_was_asked_twice(tmp_path: Path, outcome: ModuleType) -> None:
    folder = run_folder(tmp_path / "a", answer("t.a"), answer("t.b"), answer("t.a"))
    assert len(list(outcome.asked_twice(folder))) == 1


def test_order_and_seconds_of_answers_change_nothing(tmp_path: Path, outcome: ModuleType) -> None:
    first = run_folder(tmp_path / "a", answer("t.a", seconds=1.0), answer("t.b"))
    second = run_folder(tmp_path / "b", answer("t.b"), answer("t.a", seconds=2.0))
    assert list(outcome.changed_files(second, first)) == []


def test_another_answer_another_number_and_a_missing_file_are_seen(
    tmp_path: Path, outcome: ModuleType
) -> None:
    first = run_folder(tmp_path / "a", answer("t.a"))
    second = run_folder(tmp_path / "b", answer("t.a", choices=(2,)))
    run = second / "outputs" / "demo" / "run"
    (run / "metrics.csv").write_text("a,2\n", encoding="utf-8")
    (run / "manifest.json").unlink()
    changed = [Path(name).name for name in outcome.changed_files(second, first)]
    assert changed == ["manifest.json", "shard-00-of-01.jsonl", "metrics.csv"]


def test_what_a_writer_left_is_seen_and_is_no_result(tmp_path: Path, outcome: ModuleType) -> None:
    first, second = run_folder(tmp_path / "a", answer("t.a")), run_folder(tmp_path / "b", answer("t.a"))
    (second / "outputs" / ".report.html.17-ab").write_text("half", encoding="utf-8")
    (second / "outputs" / "demo" / "shard-00-of-01.lease").mkdir()
    left = sorted(outcome.files_left(second))
    assert left == ["outputs/.report.html.17-ab", "outputs/demo/shard-00-of-01.lease"]
    assert list(outcome.changed_files(second, first)) == []


def test_a_stored_answer_that_is_gone_at_the_end_is_lost(tmp_path: Path, outcome: ModuleType) -> None:
    fault = script("soak_faults").Fault.KILL
    seen = outcome.Outcome()
    seen.add_stored(
        fault, [encode_line(answer("t.a")), encode_line(answer("t.b"))], run_folder(tmp_path, answer("t.a"))
    )
    assert seen.of(fault).answers_lost == 1
    assert "t.b" in seen.problems[0]


@pytest.mark.parametrize(
    ("fault", "code", "output", "num_problems"),
    [
        ("SIGKILL", -9, "", 0),
        ("SIGKILL", 2, "", 1),  # nobody can answer to it
        ("SIGTERM", 2, "stopped", 0),
        ("SIGTERM", -15, "", 0),
        ("full disk", 2, "error: no space", 0),
        ("full disk", 1, "Traceback (most recent call last):\n", 2),
    ],
)
def test_how_an_interrupted_command_may_end(
    outcome: ModuleType, fault: str, code: int, output: str, num_problems: int
) -> None:
    faults = script("soak_faults")
    what = faults.Interruption(faults.Fault(fault), faults.Measure.SECONDS, 0.5)
    seen = outcome.Outcome()
    seen.add_interruption(what, script("soak_stages").Ended(code, output, 1.0))
    assert len(seen.problems) == num_problems

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

SEED = 1


def soaked(folder: Path, *words: str) -> None:
    """Runs the soak, which has to end with 0 and to leave neither a folder nor a mounted disk."""
    command = [sys.executable, str(SCRIPTS / "soak.py"), "--seed", str(SEED), *words]
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(SCRIPTS.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30 * HANG_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(folder.glob("soak-*"))


@pytest.mark.slow
@pytest.mark.full
def test_a_killed_import_and_killed_calls_lose_nothing_and_ask_nothing_twice(tmp_path: Path) -> None:
    soaked(tmp_path, "--kills", "5", "--stages", "calls", "import")


@pytest.mark.soak
def test_killed_commands_of_every_kind_lose_nothing_and_ask_nothing_twice(tmp_path: Path) -> None:
    soaked(tmp_path, "--kills", "30")


@pytest.mark.soak
def test_commands_that_are_told_to_stop_or_run_out_of_space_lose_nothing_either(tmp_path: Path) -> None:
    soaked(tmp_path, "--kills", "6", "--faults", "SIGTERM", "full disk")


# --- what is interrupted, and when ---


@pytest.fixture
def soak() -> ModuleType:
    return script("soak")


def test_thirty_kills_strike_every_stage_and_moments_of_every_kind(soak: ModuleType) -> None:
    steps = list(soak.Draw(SEED).steps(30))
    assert {step.stage for step in steps} == set(soak.STAGES)
    assert {one.measure for step in steps for one in step.interruptions} == set(soak.Measure)


def test_a_step_is_fixed_by_seed_and_number(soak: ModuleType) -> None:
    assert soak.Draw(1).step(7) == soak.Draw(1).step(7) != soak.Draw(2).step(7)


def test_as_many_steps_in_a_row_as_there_are_pairs_have_each_stage_with_each_fault_first(
    soak: ModuleType,
) -> None:
    faults = tuple(soak.Fault)
    num_pairs = len(soak.STAGES) * len(faults)
    steps = [soak.Draw(3, faults).step(number) for number in range(20, 20 + num_pairs)]
    pairs = {(step.stage.name, step.interruptions[0].fault) for step in steps}
    assert len(pairs) == num_pairs


@pytest.mark.parametrize("num_kills", [1, 2, 30])
def test_steps_have_as_many_interruptions_as_asked_for(soak: ModuleType, num_kills: int) -> None:
    assert sum(len(step.interruptions) for step in soak.Draw(1).steps(num_kills)) == num_kills


def test_moments_lie_all_over_a_command_and_beyond_its_end(soak: ModuleType) -> None:
    steps = [soak.Draw(1).step(number) for number in range(200)]
    shares = [one.share for step in steps for one in step.interruptions]
    assert min(shares) < 0.05
    assert max(shares) > 1.1


def test_moments_between_files_lie_before_and_after_each_operation_of_each_kind(soak: ModuleType) -> None:
    operations = (("open", "a"), ("rename", "a"), ("open", "a"))
    course = script("soak_stages").Course(seconds=1.0, num_lines=0, num_asked=0, operations=operations)
    struck = set()
    for number in range(48):
        faults = script("soak_faults")
        what = soak.Interruption(soak.Fault.KILL, soak.Measure.FILES, number / 48 * faults.LATEST)
        trap = faults.trap_of(what, course)
        struck.add((*trap["strike"], trap["nth"], trap["is_after"]))
    assert struck == {
        *(("open", "a", nth, is_after) for nth in (0, 1) for is_after in (False, True)),
        *(("rename", "a", 0, is_after) for is_after in (False, True)),
    }


@pytest.mark.parametrize(("is_after", "left"), [(False, ["b"]), (True, ["a", "b"])])
def test_a_trap_ends_the_process_directly_before_or_after_a_file_is_born(
    tmp_path: Path, is_after: bool, left: list[str]
) -> None:
    """The second of three files is struck; what is written into it afterwards never comes."""
    trap = {"strike": ["open", "a"], "nth": 0, "is_after": is_after, "signal": 9}
    program = f"""
import sys
from pathlib import Path
sys.path.append({str(SCRIPTS)!r})
from soak_trap import Trap
sys.addaudithook(Trap({trap!r}))
for name in "bac":
    Path(name).write_text("whole")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, timeout=HANG_S)
    assert done.returncode == -9
    assert sorted(path.name for path in tmp_path.iterdir()) == left
    assert not is_after or (tmp_path / "a").read_text() == ""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (".report.html.ee88d8a6-14994-128088-6eebfdcb", "report.html in the making"),
        ("shard-01-of-02.jsonl", "shard-#-of-#.jsonl"),
        ("insensitivity-0ef0da53c1a2", "insensitivity-#"),
    ],
)
def test_files_that_differ_in_numbers_and_writers_are_of_one_kind(name: str, kind: str) -> None:
    assert script("soak_trap").kind_of(Path(name)) == kind


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


def test_a_reply_that_lay_on_the_disk_and_was_asked_for_again_is_seen(outcome: ModuleType) -> None:
    """Of 36 replies 30 were there, so 6 were missing."""
    fault = script("soak_faults").Fault.KILL
    seen = outcome.Outcome()
    seen.add_asked(fault, 6, 36 - 30)
    assert not seen.problems
    seen.add_asked(fault, 7, 36 - 30)
    assert seen.of(fault).asked_twice == 1
    assert len(seen.problems) == 1


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

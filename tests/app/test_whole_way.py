"""The whole way on the shipped demo respondent: interview, crash, growth, report, verification."""

import errno
import os
import resource
import shutil
import signal
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from runs import num_lines, run, run_folder, start, words
from waiting import HANG_S, comes_true

from def_sim.answers.storage.lease import Lease
from def_sim.answers.storage.manifest import read_manifest, write_manifest
from def_sim.answers.storage.store import read_answers, same_answers
from def_sim.app.main import main
from def_sim.errors import DefSimError

pytestmark = pytest.mark.slow
FULL = pytest.mark.full


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a run that nothing happened to."""
    output = tmp_path_factory.mktemp("undisturbed")
    done = run(words(output))
    assert done.returncode == 0, done.stderr
    return output


def test_one_command_leaves_everything_a_reader_needs(undisturbed: Path) -> None:
    folder = run_folder(undisturbed)
    for name in (
        "manifest.json",
        "answers.parquet",
        "distributions.parquet",
        "metrics.csv",
        "metrics.json",
        "statuses.csv",
        "measures.csv",
        "report.html",
        "complete.json",
        "figures/headline.png",
        "figures/topic_groups.pdf",
    ):
        assert (folder / name).stat().st_size > 0, name


def test_statuses_add_up_to_the_plan(undisturbed: Path) -> None:
    statuses = pd.read_csv(run_folder(undisturbed) / "statuses.csv", keep_default_na=False)
    everything = statuses[statuses["scope"] == "all"]
    assert everything["count"].sum() == 3 * 8  # respondents x questions
    assert len(everything) == 12  # every status is listed, also those that never occurred


def test_the_report_says_that_it_is_a_demonstration_and_loads_nothing(undisturbed: Path) -> None:
    html = (run_folder(undisturbed) / "report.html").read_text(encoding="utf-8")
    assert "Demonstration" in html
    assert "default-src 'none'" in unescape(html)
    assert ' src="http' not in html


def test_the_manifest_names_what_was_run_and_no_path_of_this_machine(undisturbed: Path) -> None:
    folder = run_folder(undisturbed)
    manifest = read_manifest(folder)
    assert folder.name == f"diversity_enhanced-{manifest['run_hash']}"
    assert manifest["plan"] == {"respondents": 3, "questions": 8, "answers": 24}
    assert manifest["defines"]["protocol"]["decoding"]["top_k"] == 50
    assert len(manifest["engine"]["identity"]) >= 3
    assert set(manifest["versions"]) >= {"def_sim", "torch", "transformers", "python", "commit"}


def test_a_finished_run_is_verified(undisturbed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stage=verify", f"run_folder={run_folder(undisturbed)}"]) == 0
    assert "verified" in capsys.readouterr().out


def test_a_finished_run_is_no_larger_panel_and_says_so(undisturbed: Path) -> None:
    said: list[DefSimError] = []
    assert main([*words(undisturbed), "respondents=5", "stage=verify"], tell=said.append) == 2
    assert [error.message for error in said] == [
        "The run on file was planned with 24 answers, this command plans 40."
    ]


@pytest.mark.parametrize(
    "name",
    [
        "answers/shard-00-of-01.jsonl",
        "answers.parquet",
        "metrics.csv",
        "measures.csv",
        "report.html",
        "manifest.json",
    ],
)
def test_one_changed_byte_fails_verification(
    name: str, undisturbed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run_folder(undisturbed) / name
    before = path.read_bytes()
    middle = len(before) // 2
    path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
    try:
        assert main(["stage=verify", f"run_folder={run_folder(undisturbed)}"]) == 2
        assert Path(name).name in capsys.readouterr().err
    finally:
        path.write_bytes(before)


def test_a_forged_answer_with_a_right_checksum_still_fails(undisturbed: Path, tmp_path: Path) -> None:
    """Readings are repeated from the raw text: a changed choice is found even if all hashes fit."""
    import shutil

    from def_sim.answers.storage.completion import mark_complete, read_completion
    from def_sim.answers.storage.journal_writer import Journal
    from def_sim.errors import VerificationError

    folder = Path(shutil.copytree(run_folder(undisturbed), tmp_path / "forged"))
    answers = read_answers(folder)
    from dataclasses import replace

    victim = next(i for i, a in enumerate(answers) if len(a.choices) == 1 and len(a.shown_codes) > 2)
    other = next(code for code in answers[victim].shown_codes if code not in answers[victim].choices)
    answers[victim] = replace(answers[victim], choices=(other,))
    path = folder / "answers" / "shard-00-of-01.jsonl"
    path.unlink()
    journal = Journal(path)
    for answer in answers:
        journal.append(answer)
    journal.close()
    from def_sim.answers.storage.compaction import compact
    from def_sim.app.definition import run_identity
    from def_sim.app.run import prepare_run
    from def_sim.app.schema import validate_config

    stored = read_manifest(folder)
    run = prepare_run(validate_config(stored["config"]))
    compact(folder, identity=run_identity(run, folder))
    mark_complete(folder, read_completion(folder)["files"], num_answers=len(answers))
    from def_sim.app.verification import verify_run

    with pytest.raises(VerificationError, match="its text is read as"):
        list(verify_run(run, folder, stored))


@pytest.mark.parametrize("killed_after", [pytest.param(1, marks=FULL), 10, pytest.param(20, marks=FULL)])
def test_after_kill_9_the_same_command_gives_the_answers_of_an_undisturbed_run(
    killed_after: int, undisturbed: Path, tmp_path: Path
) -> None:
    process = start(words(tmp_path))
    assert comes_true(
        lambda: num_lines(tmp_path) >= killed_after or process.poll() is not None, every_s=0.002
    )
    process.kill()
    process.communicate()
    survived = num_lines(tmp_path)
    assert survived >= killed_after
    again = run(words(tmp_path))
    assert again.returncode == 0, again.stderr
    assert same_answers(read_answers(run_folder(tmp_path)), read_answers(run_folder(undisturbed)))
    if survived < 24:  # it went on rather than beginning anew
        assert f"{survived} of 24 answers" in again.stderr


def test_a_larger_panel_asks_only_the_new_respondents(undisturbed: Path, tmp_path: Path) -> None:
    assert main([*words(tmp_path, respondents=2), "stage=interview"]) == 0
    journal = run_folder(tmp_path) / "answers" / "shard-00-of-01.jsonl"
    first = journal.read_bytes()
    assert main(words(tmp_path, respondents=3)) == 0
    assert journal.read_bytes().startswith(first)
    assert journal.read_bytes().count(b"\n") == 24
    assert same_answers(read_answers(run_folder(tmp_path)), read_answers(run_folder(undisturbed)))


def test_shards_give_the_answers_of_one_process_and_the_last_one_writes_the_report(
    undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(tmp_path, "shard=1", "num_shards=2")) == 0
    assert "shard 1 of 2 is done, 8 of 24 answers are there; the last one writes" in capsys.readouterr().out
    assert not (run_folder(tmp_path) / "report.html").exists()
    assert main(words(tmp_path, "shard=0", "num_shards=2")) == 0
    assert (run_folder(tmp_path) / "report.html").exists()
    assert [path.suffix for path in (run_folder(tmp_path) / "answers").iterdir()] == [".jsonl"] * 2
    assert same_answers(read_answers(run_folder(tmp_path)), read_answers(run_folder(undisturbed)))
    assert main(words(tmp_path, "stage=verify")) == 0


def test_a_report_that_another_process_writes_is_left_to_it(
    undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(run_folder(undisturbed), tmp_path / "run")
    before = (folder / "report.html").read_bytes()
    other = Lease(folder / "answers" / "report.lease")
    other.acquire()
    last = [f"run_folder={folder}", "shard=0", "num_shards=2", "lease.wait_s=1"]
    assert main([*words(undisturbed), *last]) == 0
    assert f"the report is being written by process {os.getpid()} on this machine" in capsys.readouterr().out
    assert (folder / "report.html").read_bytes() == before
    other.release()


def test_the_same_command_again_asks_nothing(undisturbed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = run_folder(undisturbed) / "answers" / "shard-00-of-01.jsonl"
    before = journal.read_bytes()
    assert main(words(undisturbed)) == 0
    assert journal.read_bytes() == before
    assert main(["stage=verify", f"run_folder={run_folder(undisturbed)}"]) == 0


def test_the_folder_of_another_configuration_is_refused_with_what_differs(
    undisturbed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_folder(undisturbed)
    assert main([*words(undisturbed, "seed=2", "memory.max_capacity=3"), f"run_folder={folder}"]) == 2
    message = capsys.readouterr().err
    assert "seed: stored 1, asked for 2" in message
    assert "memory.max_capacity: stored 15, asked for 3" in message
    assert main(["stage=verify", f"run_folder={folder}"]) == 0


def test_the_same_run_started_twice_at_once_is_refused(tmp_path: Path) -> None:
    first = start(words(tmp_path, respondents=12))
    assert comes_true(lambda: num_lines(tmp_path) >= 1 or first.poll() is not None, every_s=0.01)
    first.send_signal(signal.SIGSTOP)  # or it might be done before the second has begun
    second = run(words(tmp_path, respondents=12))
    first.kill()
    first.communicate()
    assert second.returncode == 2
    assert f"process {first.pid}" in second.stderr
    assert "Traceback" not in second.stderr


def hear_interrupts() -> None:
    """A shell starts background jobs deaf to Ctrl-C, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.full
def test_ctrl_c_ends_with_one_message_and_loses_nothing(undisturbed: Path, tmp_path: Path) -> None:
    process = start(words(tmp_path), preexec_fn=hear_interrupts)
    assert comes_true(lambda: num_lines(tmp_path) >= 3 or process.poll() is not None, every_s=0.002)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 2
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert run(words(tmp_path)).returncode == 0
    assert same_answers(read_answers(run_folder(tmp_path)), read_answers(run_folder(undisturbed)))


def limit_file_size() -> None:
    """A quota of 4 kB a file stands in for a disk that fills up in the middle."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))


@pytest.mark.full
def test_a_disk_that_fills_up_loses_nothing(undisturbed: Path, tmp_path: Path) -> None:
    # The manifest alone is larger than 4 kB, so it is written before the quota applies.
    assert run(words(tmp_path, "stage=interview", respondents=1)).returncode == 0
    full = run(words(tmp_path, "stage=interview"), preexec_fn=limit_file_size)
    assert full.returncode == 2
    assert os.strerror(errno.EFBIG) in full.stderr
    assert "Free space" in full.stderr
    assert "Traceback" not in full.stderr
    assert run(words(tmp_path)).returncode == 0
    assert same_answers(read_answers(run_folder(tmp_path)), read_answers(run_folder(undisturbed)))


def test_the_chinese_survey_goes_the_same_way(tmp_path: Path) -> None:
    assert main([*words(tmp_path, "survey=cn", respondents=2)]) == 0
    html = (run_folder(tmp_path) / "report.html").read_text(encoding="utf-8")
    assert "非常重要" in html
    assert main(["stage=verify", f"run_folder={run_folder(tmp_path)}"]) == 0


def test_a_sweep_holds_one_run_after_another(tmp_path: Path) -> None:
    swept = run(["-m", "survey=us,cn", *words(tmp_path, "items=[wvs7.Q1]", respondents=1)])
    assert swept.returncode == 0, swept.stderr
    assert len(list(tmp_path.glob("demo/*/*/report.html"))) == 2


@pytest.mark.parametrize(
    "choice",
    [
        "protocol=sound",
        *(pytest.param(word, marks=FULL) for word in ("protocol=code", "strategy=single", "wordings=all")),
    ],
)
def test_every_preset_runs_through(choice: str, tmp_path: Path) -> None:
    assert main(words(tmp_path, choice, respondents=2)) == 0
    assert main(["stage=verify", f"run_folder={run_folder(tmp_path)}"]) == 0


def test_an_unfinished_run_is_reported_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words(tmp_path, respondents=1), "stage=interview"]) == 0
    assert main(words(tmp_path, "stage=report", respondents=2)) == 0
    assert "Not complete: 8 of 16 answers" in capsys.readouterr().out
    assert not (run_folder(tmp_path) / "complete.json").exists()
    assert main(words(tmp_path, "stage=verify", respondents=2)) == 2


@pytest.mark.full
def test_a_finished_run_asked_again_keeps_what_it_said_of_the_machine_that_answered(tmp_path: Path) -> None:
    assert main(words(tmp_path, respondents=1)) == 0
    folder = run_folder(tmp_path)
    manifest = (folder / "manifest.json").read_bytes()
    assert read_manifest(folder)["engine"]["dtype"] == "float32"
    assert main(words(tmp_path, "stage=interview", respondents=1)) == 0
    assert (folder / "manifest.json").read_bytes() == manifest
    assert main(words(tmp_path, "stage=verify", respondents=1)) == 0


@pytest.mark.full
def test_a_run_goes_on_in_the_precision_that_it_began_with(tmp_path: Path) -> None:
    automatic = (
        "model.engine.dtype=auto"  # chooses by what the processor is fast in, so not the same everywhere
    )
    assert main(words(tmp_path, automatic, respondents=1)) == 0
    folder = run_folder(tmp_path)
    stored = read_manifest(folder)
    [other] = {"float32", "bfloat16"} - {stored["engine"]["dtype"]}
    write_manifest(folder, {**stored, "engine": {**stored["engine"], "dtype": other}})
    assert main(words(tmp_path, automatic, respondents=2)) == 0
    assert read_manifest(folder)["engine"]["dtype"] == other
    assert read_manifest(folder)["defines"]["model"]["dtype"] == "auto"


def test_answers_of_another_precision_are_not_mixed_into_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(tmp_path, respondents=1)) == 0
    folder = run_folder(tmp_path)
    stored = read_manifest(folder)
    write_manifest(folder, {**stored, "engine": {**stored["engine"], "dtype": "bfloat16"}})
    assert main(words(tmp_path, respondents=2)) == 2
    assert "given in bfloat16, here the model would run in float32" in capsys.readouterr().err


def test_a_stored_run_whose_questions_have_changed_since_is_not_reported_with_the_new_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(tmp_path, "stage=interview", respondents=1)) == 0
    folder = run_folder(tmp_path)
    stored = read_manifest(folder)
    survey = {**stored["defines"]["survey"], "questions": "0" * 16}
    write_manifest(folder, {**stored, "defines": {**stored["defines"], "survey": survey}})
    assert main(["stage=report", f"run_folder={folder}"]) == 2
    assert "survey.questions" in capsys.readouterr().err
    assert not (folder / "report.html").exists()

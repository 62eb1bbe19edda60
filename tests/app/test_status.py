"""How far runs are is told from their files alone: what a shard writes, and what a look makes of it."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from runs import run_folder, start, words
from waiting import HANG_S, comes_true

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.answers.storage.lease import Lease
from def_sim.app.found_runs import find_runs
from def_sim.app.main import main
from def_sim.app.progress_pulse import ProgressPulse
from def_sim.app.run_status import State, is_run, read_status
from def_sim.app.shard_progress import progress_path, read_progress
from def_sim.app.signals import Interrupted
from def_sim.app.status import text_lines
from def_sim.engines.shared.secrets import guard
from def_sim.errors import EngineError, RunInUseError
from def_sim.holder import Holder
from def_sim.records import Answer, AnswerStatus, FinishReason, ReadingMethod

ELSEWHERE = Holder("node17", "ffffffff", 4242, 1, 1_790_000_000, "0011aabb")
ANSWER = Answer(
    respondent_id="r00000",
    item_id="q.1",
    wording=0,
    call=0,
    status=AnswerStatus.ANSWERED,
    choices=(1,),
    method=ReadingMethod.NUMBER,
    text='He said "status":"refused"',
    shown_codes=(1, 2),
    memory=(),
    option_probabilities=(),
    prompt_hash="0" * 16,
    finish_reason=FinishReason.STOP,
    num_prompt_tokens=30,
    num_generated_tokens=4,
    error=None,
    seconds=0.1,
)


@pytest.fixture(scope="module")
def two_of_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of 3 respondents and 8 questions: shard 0 of 2 is done, shard 1 never began."""
    output = tmp_path_factory.mktemp("half")
    assert main(words(output, "stage=interview", "shard=0", "num_shards=2")) == 0
    return run_folder(output)


@pytest.fixture
def half(two_of_three: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    folder = tmp_path / "half"
    (folder / "answers").mkdir(parents=True)
    for name in ("manifest.json", "answers/shard-00-of-02.jsonl"):
        (folder / name).write_bytes((two_of_three / name).read_bytes())
    return folder


def answer(number: int, status: AnswerStatus = AnswerStatus.ANSWERED) -> Answer:
    return replace(ANSWER, item_id=f"q.{number}", status=status)


def pulse(folder: Path, clock: Callable[[], float], *, planned: int = 8) -> ProgressPulse:
    """Of shard 1 of 2, of which one answer was stored by an earlier process."""
    (folder / "answers").mkdir(parents=True, exist_ok=True)
    return ProgressPulse(folder, 1, 2, planned=planned, stored=[answer(0)], usd=lambda: 0.25, clock=clock)


def states(folder: Path, later_s: float = 0) -> list[State]:
    return [shard.state for shard in read_status(folder, time.time() + later_s).shards]


def test_a_shard_says_how_far_it_is_while_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """3 answers in 60 s are 180 an hour; the one that an earlier process stored makes none of the speed."""
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "2")
    moment = 0.0
    path = progress_path(tmp_path, 1, 2)
    with pulse(tmp_path, lambda: moment) as progress:
        loading = read_progress(path)
        assert loading is not None
        assert (loading.phase, loading.done, loading.answers_per_hour) == ("loading", 1, None)
        moment = 1000.0
        progress.asking()
        for number in (1, 2):
            progress.advance(answer(number))
        progress.advance(answer(3, AnswerStatus.REFUSED))
        moment = 1060.0
        progress.write()
        asking = read_progress(path)
        assert asking is not None
        assert (asking.phase, asking.done, asking.planned) == ("asking", 4, 8)
        assert asking.statuses == {"answered": 3, "refused": 1}
        assert asking.answers_per_hour == pytest.approx(180)
        assert (asking.tokens_in, asking.tokens_out, asking.usd) == (120, 16, 0.25)
        assert (asking.slurm_job, asking.restarts) == ("4711", 2)
    assert not path.exists()  # finished folders hold answers only


def test_the_rate_is_that_of_the_last_ten_minutes(tmp_path: Path) -> None:
    """One answer in the first hour, then 10 in ten minutes: 60 an hour."""
    moment = 0.0
    with pulse(tmp_path, lambda: moment, planned=100) as progress:
        progress.asking()
        progress.advance(answer(1))
        for _ in range(60):
            moment += 60
            progress.write()
        for number in range(10):
            moment += 60
            progress.advance(answer(2 + number))
            progress.write()
        found = read_progress(progress_path(tmp_path, 1, 2))
    assert found is not None
    assert found.answers_per_hour == pytest.approx(60)


@pytest.mark.parametrize(
    ("error", "state", "words_of_it"),
    [
        (EngineError("The model is gone.", fix="Look for it."), State.FAILED, "The model is gone."),
        (Interrupted(signal.SIGTERM), State.STOPPED, "Interrupted by SIGTERM."),
        (ValueError("a bug"), State.FAILED, "ValueError: a bug"),
    ],
)
def test_a_shard_that_ends_unfinished_says_why(
    error: BaseException, state: State, words_of_it: str, half: Path
) -> None:
    with pytest.raises(type(error)), pulse(half, time.monotonic):
        raise error
    shard = read_status(half, time.time()).shards[1]
    assert (shard.state, shard.error, shard.done) == (state, words_of_it, 1)
    assert f"{state}  {half}, shard 1 of 2: {words_of_it}" in text_lines([read_status(half, time.time())])


def test_a_shard_that_was_taken_over_leaves_the_file_to_its_new_process(tmp_path: Path) -> None:
    path = progress_path(tmp_path, 1, 2)

    def end_taken_over() -> None:
        with pulse(tmp_path, time.monotonic):
            path.write_text("of the other process")
            raise RunInUseError("Taken over.", fix="Let it finish.")

    with pytest.raises(RunInUseError):
        end_taken_over()
    assert path.read_text() == "of the other process"


def test_a_key_in_an_error_is_not_written(tmp_path: Path) -> None:
    guard("sk-planted-0123456789abcdef")
    with pytest.raises(EngineError), pulse(tmp_path, time.monotonic):
        raise EngineError("Refused: sk-planted-0123456789abcdef", fix="")
    assert "Refused" in progress_path(tmp_path, 1, 2).read_text()
    assert "planted" not in progress_path(tmp_path, 1, 2).read_text()


def test_a_finished_shard_writes_nothing_and_files_of_another_division_go(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    other = progress_path(tmp_path, 0, 3)
    other.write_text("{}")
    with pulse(tmp_path, time.monotonic, planned=1):
        assert list((tmp_path / "answers").iterdir()) == []


def test_a_run_without_progress_files_is_told_by_its_lines(half: Path) -> None:
    """Respondents 0 and 2 are shard 0's: 16 of 24 answers."""
    found = read_status(half, time.time())
    assert [shard.state for shard in found.shards] == [State.DONE, State.NOT_STARTED]
    assert [(shard.done, shard.planned) for shard in found.shards] == [(16, 16), (0, 8)]
    assert (found.done, found.planned, found.answers_per_hour, found.left_s, found.usd) == (
        *(16, 24),
        *(None, None, None),
    )


def test_lines_of_another_division_count_for_the_shards_of_today(half: Path) -> None:
    """One process goes on with what two began: its journal is new, the answers of before stay."""
    (half / "answers" / "shard-00-of-01.jsonl").write_bytes(b"")
    os.utime(half / "answers" / "shard-00-of-02.jsonl", (1, 1))
    [shard] = read_status(half, time.time()).shards
    assert (shard.state, shard.done, shard.planned) == (State.STOPPED, 16, 24)


def test_only_whole_lines_count_and_texts_are_no_statuses(half: Path) -> None:
    lines = encode_line(replace(answer(1), respondent_id="r00001"))
    lines += encode_line(replace(answer(2, AnswerStatus.NO_ANSWER), respondent_id="r00001"))
    (half / "answers" / "shard-01-of-02.jsonl").write_bytes(lines + lines[:50])
    found = read_status(half, time.time())
    assert found.shards[1].statuses == {"answered": 1, "no_answer": 1}
    shares = [shard.statuses.get("answered", 0) for shard in found.shards]
    assert found.unread_share == pytest.approx(1 - sum(shares) / 18)


def test_a_holder_elsewhere_runs_until_it_was_silent_for_two_minutes(half: Path) -> None:
    Lease(half / "answers" / "shard-01-of-02.lease", me=ELSEWHERE).acquire()
    assert states(half)[1] is State.RUNNING
    assert states(half, later_s=119)[1] is State.RUNNING
    assert states(half, later_s=121)[1] is State.SILENT
    assert read_status(half, time.time() + 300).silence_s == pytest.approx(300, abs=5)


def test_time_left_is_what_is_missing_at_the_present_rate(half: Path) -> None:
    """16 + 5 of 24 are there; 4 in two minutes are 120 an hour: 3 more take 90 s."""
    moment = 0.0
    Lease(half / "answers" / "shard-01-of-02.lease", me=ELSEWHERE).acquire()
    with pulse(half, lambda: moment) as progress:
        progress.asking()
        for number in range(1, 5):
            progress.advance(answer(number))
        moment = 120.0
        progress.write()
        found = read_status(half, time.time())
    assert found.answers_per_hour == pytest.approx(120)
    assert found.left_s == pytest.approx(90)
    assert "90 s" in text_lines([found])[1]


def test_a_killed_process_of_this_machine_is_told_at_once(tmp_path: Path) -> None:
    process = start(words(tmp_path, "stage=interview", respondents=40))
    path = "*/*/*/answers/shard-00-of-01.progress.json"
    assert comes_true(lambda: len(list(tmp_path.glob(path))) == 1 or process.poll() is not None)
    process.kill()
    process.communicate(timeout=HANG_S)
    [progress] = tmp_path.glob(path)
    [shard] = read_status(progress.parents[1], time.time()).shards
    assert shard.state is State.FAILED
    assert shard.error.startswith(f"process {process.pid} on ")


def test_a_run_whose_model_is_loading_has_no_manifest_and_is_found_all_the_same(tmp_path: Path) -> None:
    """What the other shard is to do is not known yet: it is not taken for done."""
    with pulse(tmp_path, time.monotonic):
        [folder] = find_runs([f"{tmp_path}/**"], is_run)
        found = read_status(folder, time.time())
    assert [shard.state for shard in found.shards] == [State.NOT_STARTED, State.RUNNING]
    assert [shard.phase for shard in found.shards] == ["", "loading"]
    assert not found.is_done


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"phase":"asking"}', b"[" * 10_000, b"x" * 20_000, b'{"done":-1}', b"\xff"]
)
def test_a_damaged_progress_file_costs_nothing_but_its_news(content: bytes, half: Path) -> None:
    progress_path(half, 1, 2).write_bytes(content)
    found = read_status(half, time.time())
    assert (found.done, found.planned) == (16, 24)


def test_a_manifest_with_numbers_of_no_world_is_no_traceback(
    half: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = half / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"answers": 24', f'"answers": {10**400}'))
    assert main(["stage=status", f"runs={half}"]) == 2
    assert "damaged" in capsys.readouterr().err


def test_the_command_shows_a_row_a_run(half: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stage=status", f"runs={half.parent}/**"]) == 0
    heading, row, last = capsys.readouterr().out.splitlines()
    assert heading.split()[:4] == ["run", "shards", "done", "running"]
    assert row.split()[:8] == [str(half), "2", "1", "0", "0", "0", "0", "1"]
    assert "16 of 24  67%" in row
    assert last.startswith("0 of 1 runs are done; at 1 nobody is at work")


def test_a_run_that_cannot_be_read_is_a_row_that_hides_no_other(
    half: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{")
    words = ["stage=status", f"runs=[{half},{broken}]"]
    assert main(words) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in said[1:3]] in (["2", "damaged"], ["damaged", "2"])
    assert any(line.startswith(f"damaged  {broken}: {broken}/manifest.json is damaged") for line in said)
    assert said[-1].startswith("0 of 2 runs are done, 1 cannot be read; at 1 nobody is at work")
    assert main([*words, "format=json"]) == 0
    runs = {Path(one["folder"]): one for one in json.loads(capsys.readouterr().out)["runs"]}
    assert "manifest.json is damaged" in runs[broken]["damage"]
    assert (runs[broken]["is_done"], runs[half]["damage"]) == (False, None)


def test_watching_does_not_wait_for_a_run_that_cannot_be_read(
    half: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    lines = [encode_line(replace(answer(number), respondent_id="r00001")) for number in range(8)]
    (half / "answers" / "shard-01-of-02.jsonl").write_bytes(b"".join(lines))
    monkeypatch.setattr("def_sim.app.status.time", SimpleNamespace(sleep=pytest.fail, time=time.time))
    assert main(["stage=status", f"runs=[{half},{tmp_path / 'broken'}]", "watch=5"]) == 0


def test_several_runs_are_named_below_the_folder_that_they_share(half: Path) -> None:
    other = replace(read_status(half, time.time()), folder=half.parent / "b" / "c")
    _, first, second, where, _ = text_lines([replace(other, folder=half.parent / "a"), other])
    assert (first.split()[0], second.split()[0]) == ("a", "b/c")
    assert where == f"all below {half.parent}"


def test_json_holds_the_same_for_programs(half: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stage=status", f"runs={half}", "format=json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    [one] = json.loads(line)["runs"]
    assert (one["done"], one["planned"], one["left_s"]) == (16, 24, None)
    assert one["shards"]["not started"] == 1
    assert [shard["state"] for shard in one["each"]] == ["done", "not started"]


def test_watching_ends_when_all_is_done(
    half: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off a terminal: plain lines a look. The missing shard's answers come between two looks."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        lines = [encode_line(replace(answer(number), respondent_id="r00001")) for number in range(8)]
        (half / "answers" / "shard-01-of-02.jsonl").write_bytes(b"".join(lines))

    # Its own clock alone: threads that other tests left behind sleep, too.
    monkeypatch.setattr("def_sim.app.status.time", SimpleNamespace(sleep=pause, time=time.time))
    assert main(["stage=status", f"runs={half}", "watch=5"]) == 0
    assert pauses == [5.0]
    assert capsys.readouterr().out.splitlines()[-1] == "1 of 1 runs are done"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["watch=1"], "watch=1: input should be greater than or equal to 5"),
        (["format=table"], "format"),
        ([], "no folder of a run among"),
    ],
)
def test_bad_input_of_a_look_is_one_message(
    given: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["stage=status", f"runs={tmp_path}/**", *given]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "do:" in said


def test_watch_belongs_to_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stage=plan", "watch=30", f"output={tmp_path}"]) == 2
    assert "watch= belongs to stage=status" in capsys.readouterr().err


def test_22_runs_of_8_shards_are_looked_at_within_2_seconds(half: Path, tmp_path: Path) -> None:
    """2,000 lines a shard, all counted: 352,000 in all."""
    lines = b"".join(encode_line(replace(answer(n), respondent_id=f"r{n % 3:05d}")) for n in range(2000))
    for number in range(22):
        folder = tmp_path / "many" / str(number)
        (folder / "answers").mkdir(parents=True)
        (folder / "manifest.json").write_bytes((half / "manifest.json").read_bytes())
        for shard in range(8):
            (folder / "answers" / f"shard-{shard:02d}-of-08.jsonl").write_bytes(lines)
    begin = time.process_time()
    found = [read_status(tmp_path / "many" / str(number), time.time()) for number in range(22)]
    assert time.process_time() - begin < 2
    assert all(len(run.shards) == 8 for run in found)


def test_a_report_in_the_making_is_shown_until_its_writer_is_silent(half: Path) -> None:
    lease = Lease(half / "answers" / "report.lease")
    lease.acquire()
    now = time.time()
    run = read_status(half, now)
    assert run.is_reporting
    assert f"reporting  {half}: its report is being written" in text_lines([run])
    assert not read_status(half, now + 121).is_reporting
    lease.release()
    assert not read_status(half, now).is_reporting

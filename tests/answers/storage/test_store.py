import logging
import os
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from answer_examples import an_answer, finish, start_process
from waiting import comes_true

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.answers.storage.completion import is_complete, mark_complete
from def_sim.answers.storage.held_journals import _BEAT_S
from def_sim.answers.storage.lease import Lease
from def_sim.answers.storage.store import AnswerStore, read_answers, same_answers
from def_sim.errors import RunInUseError, StoreError
from def_sim.holder import Holder

APPEND_WITHOUT_END = """
with AnswerStore(folder) as store:
    for number in range(10_000_000):
        store.append(an_answer(number, text="x" * 700))
        print(number + 1, flush=True)
"""

APPEND_UNTIL_THE_DISK_IS_FULL = """
import resource
if sys.argv[2] == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
number = 0
try:
    with AnswerStore(folder) as store:
        for number in range(1000):
            store.append(an_answer(number))
except DefSimError as error:
    print(number, error.message, error.fix, sep="|")
    print((folder / "answers" / "shard-00-of-01.jsonl").read_bytes().endswith(b"\\n"))
    print(len(os.listdir(folder / "answers")))
if sys.argv[2] != "limit":
    (folder / "ballast").unlink()
    with AnswerStore(folder) as store:
        print(store.repaired, len(store.stored) == number)
        store.append(an_answer(number))
"""

HOLD_A_SHARD = """
with AnswerStore(folder, shard=int(sys.argv[2]), num_shards=int(sys.argv[3])) as store:
    store.append(an_answer(int(sys.argv[2])))
    print("held", flush=True)
    sys.stdin.read()
"""


def journal(folder: Path, name: str = "shard-00-of-01.jsonl") -> Path:
    return folder / "answers" / name


def can_mount() -> bool:
    command = ["unshare", "--mount", "true"]
    return (
        shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0
    )


def test_answers_are_there_for_the_next_opening_and_for_readers(tmp_path: Path) -> None:
    with AnswerStore(tmp_path) as store:
        for number in (3, 1, 2):
            store.append(an_answer(number))
        assert read_answers(tmp_path) == [an_answer(1), an_answer(2), an_answer(3)]  # while it is open
    with AnswerStore(tmp_path) as store:
        assert store.stored["r00002", "wvs7.Q1", 1].answer == an_answer(2)
        assert len(store.stored) == 3


def test_answers_are_sorted_by_respondent_item_and_wording(tmp_path: Path) -> None:
    wanted = [
        an_answer(1, item_id="a.Q1", wording=0),
        an_answer(1, item_id="a.Q1", wording=2),
        an_answer(1, item_id="a.Q2", wording=0),
        an_answer(2, item_id="a.Q1", wording=0),
    ]
    with AnswerStore(tmp_path) as store:
        for answer in reversed(wanted):
            store.append(answer)
    assert read_answers(tmp_path) == wanted


def test_what_is_answered_grows_with_append_and_cannot_be_written_to(tmp_path: Path) -> None:
    with AnswerStore(tmp_path) as store:
        answered = store.stored
        store.append(an_answer(1))
        assert list(answered) == [("r00001", "wvs7.Q1", 1)]
        with pytest.raises(TypeError):
            answered["r", "i", 0] = an_answer()  # type: ignore[index]


def test_a_question_is_answered_once(tmp_path: Path) -> None:
    with AnswerStore(tmp_path) as store:
        store.append(an_answer(1))
        with pytest.raises(StoreError, match=r"r00001 has answered wvs7\.Q1#1 already"):
            store.append(an_answer(1, text="another"))
    assert read_answers(tmp_path) == [an_answer(1)]


def test_the_number_of_shards_may_change_between_runs(tmp_path: Path) -> None:
    for shard in range(4):
        with AnswerStore(tmp_path, shard=shard, num_shards=4) as store:
            store.append(an_answer(shard))
    with AnswerStore(tmp_path, shard=1, num_shards=2) as store:
        # Respondents 1 and 3 are of this shard now, and the others' answers are nothing to it.
        assert [key[0] for key in store.stored] == ["r00001", "r00003"]
        store.append(an_answer(5))
    assert read_answers(tmp_path) == [an_answer(number) for number in (0, 1, 2, 3, 5)]


def test_the_same_answer_in_two_journals_counts_once_whatever_its_timing(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    journal(tmp_path, "shard-00-of-02.jsonl").write_bytes(encode_line(an_answer(1, seconds=1.0)))
    journal(tmp_path, "shard-01-of-02.jsonl").write_bytes(encode_line(an_answer(1, seconds=2.0)))
    assert read_answers(tmp_path) == [an_answer(1)]


def test_two_different_answers_to_one_question_are_named(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    journal(tmp_path, "shard-00-of-02.jsonl").write_bytes(
        encode_line(an_answer(0)) + encode_line(an_answer(1))
    )
    journal(tmp_path, "shard-01-of-02.jsonl").write_bytes(encode_line(an_answer(1, text="another")))
    expected = r"shard-00-of-02\.jsonl, line 2 and .*shard-01-of-02\.jsonl, line 1 .* r00001 to wvs7\.Q1#1"
    with pytest.raises(StoreError, match=expected):
        read_answers(tmp_path)


def test_the_same_answers_are_the_same_in_any_order_and_at_any_pace() -> None:
    slow = [an_answer(number, seconds=99.0) for number in (2, 1)]
    assert same_answers([an_answer(1), an_answer(2)], slow)
    assert not same_answers([an_answer(1), an_answer(2)], slow[:1])
    assert not same_answers([an_answer(1), an_answer(2, call=0)], slow)


def test_a_folder_without_answers_is_not_an_empty_run(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no answers"):
        read_answers(tmp_path / "typo")


def test_a_torn_last_line_is_repaired_on_opening_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "answers").mkdir()
    journal(tmp_path).write_bytes(encode_line(an_answer(1)) + encode_line(an_answer(2))[:100])
    with caplog.at_level(logging.WARNING), AnswerStore(tmp_path) as store:
        assert store.repaired is not None
        assert store.repaired.number == 2
        store.append(an_answer(2))
    assert "line 2: dropped 100 bytes" in caplog.text
    assert read_answers(tmp_path) == [an_answer(1), an_answer(2)]


def test_a_damaged_line_stops_the_opening_and_leaves_the_shard_free(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    damaged = encode_line(an_answer(1)).replace(b"says 1", b"says 7") + encode_line(an_answer(2))
    journal(tmp_path).write_bytes(damaged)
    for _ in range(2):  # the second is not told that the shard is in use
        with pytest.raises(StoreError, match=r"shard-00-of-01\.jsonl, line 1: .* damaged"):
            AnswerStore(tmp_path)
    assert journal(tmp_path).read_bytes() == damaged


@pytest.mark.parametrize("num_seen", [1, 40, 400])
def test_every_acknowledged_answer_survives_kill_9(tmp_path: Path, num_seen: int) -> None:
    process = start_process(APPEND_WITHOUT_END, tmp_path)
    for _ in range(num_seen):
        acknowledged = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *map(int, finish(process).split())])
    with AnswerStore(tmp_path) as store:
        stored = len(store.stored)
        # At most one more: stored, and killed before it could say so.
        assert acknowledged <= stored <= acknowledged + 1
        assert ("r00000", "wvs7.Q1", 1) in store.stored
        store.append(an_answer(stored))
    assert read_answers(tmp_path) == [
        *(an_answer(number, text="x" * 700) for number in range(stored)),
        an_answer(stored),
    ]


def test_a_file_size_limit_stops_the_run_and_every_answer_before_it_is_safe(tmp_path: Path) -> None:
    printed = finish(start_process(APPEND_UNTIL_THE_DISK_IS_FULL, tmp_path, "limit"))
    told, ends_with_newline, num_files = printed.splitlines()
    num_stored, message, fix = told.split("|")
    assert int(num_stored) == 20_000 // len(encode_line(an_answer(0, seconds=10.1)))
    assert f"{num_stored} answers are safe" in message
    assert "Free space" in fix
    assert "run the same command again" in fix
    assert ends_with_newline == "True"  # the part of the line that fitted was taken away
    assert num_files == "1"  # the lease was given back
    assert len(read_answers(tmp_path)) == int(num_stored)


@pytest.mark.skipif(not can_mount(), reason="needs the right to mount a small disk")
def test_a_full_disk_stops_the_run_which_goes_on_once_there_is_space(tmp_path: Path) -> None:
    # In a mount namespace of its own: the small disk goes away with the process.
    script = (
        'mount -t tmpfs -o size=64k tmpfs "$0" && dd if=/dev/zero of="$0/ballast" bs=1k count=32 2>/dev/null '
        '&& exec "$@"'
    )
    before = ("unshare", "--mount", "sh", "-c", script, str(tmp_path))
    process = start_process(APPEND_UNTIL_THE_DISK_IS_FULL, tmp_path, "disk", before=before)
    told, ends_with_newline, num_files, after = finish(process).splitlines()
    num_stored, message, _ = told.split("|")
    assert int(num_stored) > 10
    assert f"No space left on device. {num_stored} answers are safe" in message
    assert (ends_with_newline, num_files) == ("True", "1")
    assert after == "None True"  # nothing to repair, nothing lost


def test_a_folder_that_cannot_be_made_is_told_with_a_fix(tmp_path: Path) -> None:
    # A path below a regular file cannot be made by anybody, root included.
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/run.*Not a directory") as caught:
        AnswerStore(tmp_path / "file" / "run")
    assert "another output folder" in caught.value.fix


@pytest.mark.skipif(not can_mount(), reason="needs the right to mount read-only")
def test_a_read_only_folder_is_told_with_a_fix(tmp_path: Path) -> None:
    code = """
try:
    AnswerStore(folder)
except DefSimError as error:
    print(error.message, error.fix)
"""
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    before = ("unshare", "--mount", "sh", "-c", script, str(tmp_path))
    printed = finish(start_process(code, tmp_path, before=before))
    assert "Read-only file system" in printed
    assert "Make the folder writable" in printed


def test_a_second_process_on_a_shard_is_told_who_holds_it_and_other_shards_go_on(tmp_path: Path) -> None:
    process = start_process(HOLD_A_SHARD, tmp_path, 0, 2)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(RunInUseError, match=rf"shard-00-of-02\.jsonl .* process {process.pid} on"):
        AnswerStore(tmp_path, shard=0, num_shards=2)
    with AnswerStore(tmp_path, shard=1, num_shards=2) as store:
        store.append(an_answer(1))
    finish(process)
    with AnswerStore(tmp_path, shard=0, num_shards=2) as store:
        assert list(store.stored) == [("r00000", "wvs7.Q1", 1)]


def test_another_division_into_shards_is_refused_while_one_is_at_work(tmp_path: Path) -> None:
    # Shard 0 of 2 holds respondents of shard 2 of 4: both would ask them.
    with AnswerStore(tmp_path, shard=2, num_shards=4):
        for _ in range(2):
            with pytest.raises(RunInUseError, match=r"shard-02-of-04\.jsonl is being written"):
                AnswerStore(tmp_path, shard=0, num_shards=2)
    AnswerStore(tmp_path, shard=0, num_shards=2).close()


def test_an_exception_or_an_interrupt_gives_the_shard_back(tmp_path: Path) -> None:
    def interrupted() -> None:
        with AnswerStore(tmp_path) as store:
            store.append(an_answer(1))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in (tmp_path / "answers").iterdir()] == ["shard-00-of-01.jsonl"]


def test_a_writer_whose_lease_was_taken_over_stops_before_it_writes(tmp_path: Path) -> None:
    elsewhere = replace(Holder.this_process(), host="gpu02", machine="00000000", token="beef")
    with AnswerStore(tmp_path) as store:
        store.append(an_answer(1))
        # What another machine does after two minutes of our silence: it renames our mark to its own.
        lease = tmp_path / "answers" / "shard-00-of-01.lease"
        [mark] = lease.iterdir()
        mark.rename(lease / elsewhere.file_name)
        with pytest.raises(RunInUseError, match=r"taken over by .* on gpu02"):
            store.append(an_answer(2))
    Lease(lease, me=elsewhere).renew()  # closing did not take it away
    assert read_answers(tmp_path) == [an_answer(1)]


def test_answers_reach_the_disk_and_others_see_life_without_further_appends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with AnswerStore(tmp_path) as store:
        store.append(an_answer(1))
        synced.clear()
        [mark] = (tmp_path / "answers" / "shard-00-of-01.lease").iterdir()
        os.utime(mark, (0, 0))
        assert comes_true(lambda: synced and mark.stat().st_mtime)
    assert _BEAT_S <= 0.5  # so within a second, also on a disk that takes half of one


def test_a_disk_that_fails_between_two_appends_is_told_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = AnswerStore(tmp_path)
    store._held._failure = OSError(5, "Input/output error")
    with pytest.raises(StoreError, match="Input/output error"):
        store.append(an_answer(1))
    with pytest.raises(StoreError, match="Input/output error"):
        store.close()
    AnswerStore(tmp_path).close()  # the shard was given back all the same


def test_a_run_that_grows_is_no_longer_marked_complete(tmp_path: Path) -> None:
    with AnswerStore(tmp_path) as store:
        store.append(an_answer(1))
    mark_complete(tmp_path, ["answers/shard-00-of-01.jsonl"], num_answers=1)
    with AnswerStore(tmp_path) as store:
        assert is_complete(tmp_path)  # opening asks nothing yet
        store.append(an_answer(2))
        assert not is_complete(tmp_path)


def test_a_closed_store_takes_no_answer(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path)
    store.close()
    store.close()
    with pytest.raises(ValueError, match="closed"):
        store.append(an_answer(1))


@pytest.mark.parametrize(("shard", "num_shards"), [(-1, 1), (1, 1), (0, 0)])
def test_a_shard_outside_the_division_is_refused(tmp_path: Path, shard: int, num_shards: int) -> None:
    with pytest.raises(ValueError, match="is not in"):
        AnswerStore(tmp_path, shard=shard, num_shards=num_shards)

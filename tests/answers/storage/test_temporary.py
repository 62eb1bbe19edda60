import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from answer_examples import start_process
from left_behind import foreign_writers_path

from def_sim.answers.storage.disk import write_whole
from def_sim.answers.storage.store import AnswerStore
from def_sim.holder import Holder
from def_sim.temporary import OLD_AFTER_S, remove_leftovers, replacing

KILLED_WHILE_WRITING = """
import signal
from def_sim.answers.storage.disk import replacing
with replacing(folder / "manifest.json") as temporary:
    temporary.write_text("half of")
    os.kill(os.getpid(), signal.SIGKILL)
"""

WAIT_WHILE_WRITING = """
from def_sim.answers.storage.disk import replacing
with replacing(folder / "manifest.json") as temporary:
    temporary.write_text("half of")
    print("writing", flush=True)
    sys.stdin.read()
"""


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_the_temporary_file_of_a_killed_writer_goes_with_the_next_writing(tmp_path: Path) -> None:
    process = start_process(KILLED_WHILE_WRITING, tmp_path)
    assert process.wait() == -signal.SIGKILL
    process.stdin.close(), process.stdout.close()
    assert len(hidden(tmp_path)) == 1
    write_whole(tmp_path / "complete.json", b"{}")
    assert hidden(tmp_path) == []


def test_the_temporary_file_of_a_living_writer_stays_however_old_it_is(tmp_path: Path) -> None:
    process = start_process(WAIT_WHILE_WRITING, tmp_path)
    assert process.stdout.readline() == "writing\n"
    [name] = hidden(tmp_path)
    os.utime(tmp_path / name, (0, 0))
    AnswerStore(tmp_path).close()
    assert hidden(tmp_path) == [name]
    process.communicate()  # it goes on and is done
    assert (tmp_path / "manifest.json").read_text() == "half of"


def test_what_unknown_writers_left_goes_after_an_hour_and_other_hidden_files_stay(tmp_path: Path) -> None:
    elsewhere = foreign_writers_path(tmp_path / "metrics.csv").name
    of_before = ".metrics.csv.4711-0123abcd"
    for name in (elsewhere, of_before, ".gitignore", ".nfs000123"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path, now=time.time())
    assert len(hidden(tmp_path)) == 4
    remove_leftovers(tmp_path, now=time.time() + OLD_AFTER_S + 60)
    assert sorted(hidden(tmp_path)) == [".gitignore", ".nfs000123"]


def test_two_writers_of_one_file_write_beside_each_other_and_the_last_one_wins(tmp_path: Path) -> None:
    target = tmp_path / "weights.safetensors"
    with replacing(target) as first:
        first.write_bytes(b"first, whole")
        with replacing(target) as second:
            second.write_bytes(b"second")
            assert first.read_bytes() == b"first, whole"
        assert target.read_bytes() == b"second"
    assert target.read_bytes() == b"first, whole"
    assert hidden(tmp_path) == []


KILLED_WHILE_TAKING = """
import signal
from pathlib import Path
from def_sim.answers.storage.lease import Lease
Path.touch = lambda path: os.kill(os.getpid(), signal.SIGKILL)
Lease(folder / "shard-00-of-01.lease").acquire()
"""


def test_a_lease_that_was_prepared_and_not_yet_marked_by_a_killed_process_is_removed(tmp_path: Path) -> None:
    process = start_process(KILLED_WHILE_TAKING, tmp_path)
    assert process.wait() == -signal.SIGKILL
    process.stdin.close(), process.stdout.close()
    [name] = hidden(tmp_path)
    assert list((tmp_path / name).iterdir()) == []
    remove_leftovers(tmp_path, now=time.time())
    assert hidden(tmp_path) == []


def test_a_lease_that_was_prepared_by_a_killed_process_is_removed_and_a_living_ones_is_not(
    tmp_path: Path,
) -> None:
    me = Holder.this_process()
    for token, holder in (("00000001", me), ("00000002", replace(me, process_start=me.process_start + 1))):
        folder = tmp_path / "answers" / f".shard-01-of-02.lease-{token}"
        folder.mkdir(parents=True)
        (folder / holder.file_name).touch()
    AnswerStore(tmp_path, shard=0, num_shards=2).close()
    assert hidden(tmp_path / "answers") == [".shard-01-of-02.lease-00000001"]

import os
from pathlib import Path

import pytest

from def_sim.answers.storage.completion import (
    check_files,
    completion_path,
    is_complete,
    mark_complete,
    read_completion,
    unmark_complete,
    vouches_for,
)
from def_sim.errors import StoreError, VerificationError


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "shard-00-of-01.jsonl").write_bytes(b"abc")
    (tmp_path / "metrics.csv").write_bytes(b"metric,value\n")
    mark_complete(tmp_path, [Path("metrics.csv"), "answers/shard-00-of-01.jsonl"], num_answers=7)
    return tmp_path


def test_a_complete_run_whose_files_are_as_they_were_passes(run: Path) -> None:
    assert is_complete(run)
    check_files(run)


def test_the_mark_vouches_for_files_that_it_names_and_that_are_as_they_were(run: Path) -> None:
    journal, scores = run / "answers" / "shard-00-of-01.jsonl", run / "metrics.csv"
    (run / "new.csv").write_bytes(b"abc")
    assert vouches_for(run, [journal, scores])
    assert not vouches_for(run, [journal, run / "new.csv"])
    journal.write_bytes(b"abd")
    assert vouches_for(run, [scores])
    assert not vouches_for(run, [scores, journal])
    scores.unlink()
    assert not vouches_for(run, [scores])


def test_the_mark_holds_size_and_sha256_of_every_file_and_the_number_of_answers(run: Path) -> None:
    mark = read_completion(run)
    assert mark["num_answers"] == 7
    # The SHA-256 of "abc" is the first example of FIPS 180-2.
    journal = run / "answers" / "shard-00-of-01.jsonl"
    assert mark["files"]["answers/shard-00-of-01.jsonl"] == {
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "bytes": 3,
        "modified_ns": journal.stat().st_mtime_ns,
    }


def test_a_file_of_the_same_size_and_time_is_read_only_to_be_verified(run: Path) -> None:
    journal = run / "answers" / "shard-00-of-01.jsonl"
    an_hour_ago = journal.stat().st_mtime_ns - 3_600 * 10**9
    os.utime(journal, ns=(an_hour_ago, an_hour_ago))
    mark_complete(run, ["metrics.csv", "answers/shard-00-of-01.jsonl"], num_answers=7)
    journal.write_bytes(b"abd")
    assert not vouches_for(run, [journal])
    os.utime(journal, ns=(an_hour_ago, an_hour_ago))
    assert vouches_for(run, [journal])
    with pytest.raises(VerificationError, match="has changed"):
        check_files(run)


def test_a_file_with_another_time_is_read(run: Path) -> None:
    journal = run / "answers" / "shard-00-of-01.jsonl"
    os.utime(journal, ns=(0, 0))  # as after a copy
    assert vouches_for(run, [journal])


@pytest.mark.parametrize(
    ("content", "reason"), [(b"abd", "has changed"), (b"ab", "has 2 bytes; it had 3"), (None, "is missing")]
)
def test_the_first_file_that_changed_is_named(run: Path, content: bytes | None, reason: str) -> None:
    path = run / "answers" / "shard-00-of-01.jsonl"
    path.unlink() if content is None else path.write_bytes(content)
    (run / "metrics.csv").unlink()  # comes later in the list
    with pytest.raises(VerificationError, match=rf"shard-00-of-01\.jsonl {reason}"):
        check_files(run)


def test_a_file_of_the_mark_must_exist(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"report\.html: No such file"):
        mark_complete(tmp_path, ["report.html"], num_answers=0)
    assert not is_complete(tmp_path)


def test_the_mark_can_be_taken_away_more_than_once(run: Path) -> None:
    unmark_complete(run)
    unmark_complete(run)
    assert not is_complete(run)


def test_a_damaged_mark_is_told(run: Path) -> None:
    content = completion_path(run).read_bytes()
    completion_path(run).write_bytes(content.replace(b'"num_answers": 7', b'"num_answers": 8'))
    with pytest.raises(StoreError, match=r"complete\.json is damaged"):
        check_files(run)

import json
import signal
import tracemalloc
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from answer_examples import an_answer, start_process

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.answers.storage.calls import Calls
from def_sim.answers.storage.journal import Entry
from def_sim.answers.storage.repair import apply, examine, set_aside_path
from def_sim.answers.storage.shards import AnswerKey
from def_sim.answers.storage.store import Foreign, read_answers
from def_sim.errors import StoreError

LINES = [encode_line(an_answer(number)) for number in range(4)]
DAMAGED = LINES[1].replace(b"says 1", b"says 7")

KILLED_AT_A_WRITE = """
import signal
from contextlib import contextmanager
from def_sim.answers.storage import repair
replacing, left = repair.replacing, int(sys.argv[2])
@contextmanager
def replacing_until_killed(path):
    global left
    with replacing(path) as temporary:
        yield temporary
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
repair.replacing = replacing_until_killed
repair.apply(folder, repair.examine(folder, lambda entries, calls: ()))
"""


def none_is_foreign(entries: Mapping[AnswerKey, Entry], calls: Calls) -> Iterable[Foreign]:
    return ()


def write(folder: Path, content: bytes, name: str = "shard-00-of-01.jsonl") -> Path:
    (folder / "answers").mkdir(exist_ok=True)
    path = folder / "answers" / name
    path.write_bytes(content)
    return path


def set_aside(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in set_aside_path(folder).read_text(encoding="utf-8").splitlines()]


def test_journals_in_order_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, b"".join(LINES))
    found = examine(tmp_path, none_is_foreign)
    assert (found.set_aside, found.journals, found.notes, found.num_kept) == ((), {}, (), 4)


def test_what_windows_and_editors_do_to_a_journal_is_undone(tmp_path: Path) -> None:
    whole = b"".join(LINES)
    path = write(tmp_path, b"\xef\xbb\xbf" + whole.replace(b"\n", b"\r\n")[:-2])
    found = examine(tmp_path, none_is_foreign)
    assert found.set_aside == ()
    assert [note.partition(": ")[2] for note in found.notes] == [
        "a byte order mark is taken away.",
        "the ends of 3 lines, as on Windows, become plain newlines.",  # the last had none
    ]
    assert path.read_bytes() != whole  # nothing is done before it is asked for
    apply(tmp_path, found)
    assert path.read_bytes() == whole
    assert not set_aside_path(tmp_path).exists()


def test_damaged_and_doubled_lines_are_kept_aside_with_file_line_and_reason(tmp_path: Path) -> None:
    path = write(tmp_path, LINES[0] + DAMAGED + LINES[2] + LINES[0] + b"\n\xff\xfe\n" + LINES[3])
    apply(tmp_path, examine(tmp_path, none_is_foreign))
    assert path.read_bytes() == LINES[0] + LINES[2] + LINES[3]
    aside = set_aside(tmp_path)
    assert {record["file"] for record in aside} == {path.name}
    assert [(record["line"], record["reason"]) for record in aside] == [
        (2, "its checksum does not fit"),
        (4, f"the same answer stands in {path.name}, line 1"),
        (5, "it is empty"),
        (6, "its checksum does not fit"),
    ]
    assert str(aside[0]["text"]).encode() + b"\n" == DAMAGED
    assert str(aside[3]["text"]).encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_of_two_answers_to_one_question_the_one_that_fits_stays(tmp_path: Path) -> None:
    other = an_answer(0, text="of another run")
    path = write(tmp_path, encode_line(other) + b"".join(LINES))

    def of_another_run(entries: Mapping[AnswerKey, Entry], calls: Calls) -> Iterable[Foreign]:
        return [Foreign(entry, "foreign") for entry in entries.values() if entry.answer == other]

    apply(tmp_path, examine(tmp_path, of_another_run))
    assert path.read_bytes() == b"".join(LINES)
    assert [(record["line"], record["reason"]) for record in set_aside(tmp_path)] == [(1, "foreign")]


def test_what_followed_from_a_foreign_answer_leaves_with_it(tmp_path: Path) -> None:
    path = write(tmp_path, b"".join(LINES))

    def second_and_what_followed(entries: Mapping[AnswerKey, Entry], calls: Calls) -> Iterable[Foreign]:
        ordered = list(entries.values())
        return [Foreign(ordered[1], "foreign", tuple(ordered[2:]))] if len(ordered) == 4 else []

    apply(tmp_path, examine(tmp_path, second_and_what_followed))
    assert path.read_bytes() == LINES[0]
    reasons = [record["reason"] for record in set_aside(tmp_path)]
    assert reasons == ["foreign", *[f"it was given after line 2 of {path.name}"] * 2]


def test_lines_of_another_version_are_not_touched(tmp_path: Path) -> None:
    path = write(tmp_path, DAMAGED + encode_line(an_answer(1, status="undecided")))
    before = path.read_bytes()
    with pytest.raises(StoreError, match="line 2: intact, but not an answer as this version writes it"):
        examine(tmp_path, none_is_foreign)
    assert path.read_bytes() == before


def test_a_line_without_an_end_is_set_aside_whole_with_what_was_glued_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = 2 * len(LINES[0])
    monkeypatch.setattr("def_sim.answers.storage.mended_lines.LONGEST_LINE", longest)
    path = write(tmp_path, LINES[0] + b"x" * longest + LINES[1] + LINES[2])  # the second part is whole
    apply(tmp_path, examine(tmp_path, none_is_foreign))
    assert path.read_bytes() == LINES[0] + LINES[2]
    aside = set_aside(tmp_path)
    assert "".join(str(record["text"]) for record in aside) + "\n" == "x" * longest + LINES[1].decode()
    assert {(record["line"], record["reason"]) for record in aside} == {
        (2, f"it has no end within {longest:,} bytes")
    }


def test_lines_of_some_respondents_at_a_time_are_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six megabytes of answers that come respondent beside respondent, with doubles and a foreign one."""
    monkeypatch.setattr("def_sim.answers.storage.mended_lines._LINES_AT_ONCE", 30)
    answers = [
        an_answer(number, item_id=f"wvs7.Q{item}", text=f"{item} says {number} " + "x" * 3000)
        for item in range(20)
        for number in range(100)
    ]
    lines = [encode_line(answer) for answer in answers]
    path = write(tmp_path, b"".join([*lines, *lines[:3]]))
    asked: list[set[str]] = []

    def one_is_foreign(entries: Mapping[AnswerKey, Entry], calls: Calls) -> Iterable[Foreign]:
        asked.append({key[0] for key in entries})
        return [Foreign(entry, "foreign") for entry in entries.values() if entry.answer == answers[700]]

    tracemalloc.start()
    try:
        found = examine(tmp_path, one_is_foreign)
        apply(tmp_path, found)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 5  # a block of 40 lines, as bytes and decoded, and the one before it
    assert [(one.number, one.reason) for one in found.set_aside] == [
        (701, "foreign"),
        *((2001 + place, f"the same answer stands in {path.name}, line {1 + place}") for place in range(3)),
    ]
    assert found.num_kept == 1999
    assert path.read_bytes() == b"".join(line for line in lines if line != lines[700])
    assert sum(map(len, asked)) == 100 + 1  # each respondent once, the foreign answer's a second time


def test_what_was_set_aside_before_stays_and_is_not_added_twice(tmp_path: Path) -> None:
    for _ in range(2):
        write(tmp_path, LINES[0] + DAMAGED)
        apply(tmp_path, examine(tmp_path, none_is_foreign))
    write(tmp_path, DAMAGED)
    apply(tmp_path, examine(tmp_path, none_is_foreign))
    assert [record["line"] for record in set_aside(tmp_path)] == [2, 1]


@pytest.mark.parametrize("num_written", [0, 1, 2])
def test_kill_9_in_the_middle_of_a_repair_loses_nothing(tmp_path: Path, num_written: int) -> None:
    # Written are, in this order: what is set aside, the first journal, the second one.
    first, second = "shard-00-of-02.jsonl", "shard-01-of-02.jsonl"
    write(tmp_path, LINES[0] + DAMAGED, first)
    write(tmp_path, LINES[2] + LINES[2] + LINES[3], second)
    process = start_process(KILLED_AT_A_WRITE, tmp_path, num_written)
    assert process.wait() == -signal.SIGKILL
    process.stdin.close(), process.stdout.close()
    num_in_journals = sum(path.read_bytes().count(b"\n") for path in (tmp_path / "answers").glob("shard*"))
    num_aside = len(set_aside(tmp_path)) if num_written else 0
    assert num_in_journals + num_aside >= 5
    apply(tmp_path, examine(tmp_path, none_is_foreign))
    assert read_answers(tmp_path) == [an_answer(0), an_answer(2), an_answer(3)]
    assert [(record["file"], record["line"]) for record in set_aside(tmp_path)] == [(first, 2), (second, 2)]

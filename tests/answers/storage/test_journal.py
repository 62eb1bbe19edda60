import errno
import json
from pathlib import Path

import pytest
from answer_examples import an_answer

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.answers.storage.disk import checksum, disk_errors
from def_sim.answers.storage.journal import read_journal, repair_last_line
from def_sim.answers.storage.journal_writer import Journal
from def_sim.errors import StoreError
from def_sim.records import Answer, AnswerStatus, FinishReason, ReadingMethod


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shard-00-of-01.jsonl"


def write(path: Path, *answers: Answer) -> None:
    journal = Journal(path)
    for answer in answers:
        journal.append(answer)
    journal.close()


def read(path: Path) -> list[Answer]:
    return [entry.answer for entry in read_journal(path)]


def test_every_field_comes_back_as_it_was_with_its_type(path: Path) -> None:
    answer = an_answer(seconds=1 / 3)
    write(path, answer)
    [stored] = read(path)
    assert stored == answer
    assert stored.seconds == 1 / 3  # no part of equality
    assert isinstance(stored.status, AnswerStatus)
    assert isinstance(stored.method, ReadingMethod)
    assert isinstance(stored.finish_reason, FinishReason)
    assert isinstance(stored.memory, tuple)


def test_an_answer_of_defaults_comes_back_as_it_was(path: Path) -> None:
    answer = Answer("r00000", "a.Q1", 0, 0, AnswerStatus.NO_ANSWER, (), ReadingMethod.NONE, "")
    write(path, answer)
    assert read(path) == [answer]


@pytest.mark.parametrize("status", AnswerStatus)
def test_every_status_comes_back(path: Path, status: AnswerStatus) -> None:
    write(path, an_answer(status=status))
    assert read(path)[0].status is status


@pytest.mark.parametrize(
    "text",
    [
        "我选择2。",
        "two\nlines\r\nand\ttabs",
        "line separator \u2028 and next line \x85 and form feed \x0c",
        'quotes " and \\ and "checksum":"0000000000000000"}',
        "nul \x00 and byte order mark \ufeff",
        "\U0001f600 and its lone halves \ud83d then \ude00, and \udc80",
    ],
)
def test_any_text_comes_back_as_it_was_on_one_line(path: Path, text: str) -> None:
    write(path, an_answer(text=text, error=text))
    assert read(path) == [an_answer(text=text, error=text)]
    assert path.read_bytes().count(b"\n") == 1


def test_unicode_is_stored_readably(path: Path) -> None:
    write(path, an_answer(text="我选择2。"))
    assert "我选择2。" in path.read_text(encoding="utf-8")


def test_a_journal_goes_on_where_it_ended(path: Path) -> None:
    write(path, an_answer(1))
    write(path, an_answer(2))
    assert read(path) == [an_answer(1), an_answer(2)]


def test_a_line_torn_at_any_byte_is_passed_over_by_readers_and_cut_by_the_writer(path: Path) -> None:
    first, last = encode_line(an_answer(1)), encode_line(an_answer(2, text="鹿"))
    for kept in range(1, len(last) - 1):
        path.write_bytes(first + last[:kept])
        assert read(path) == [an_answer(1)]
        repair = repair_last_line(path)
        assert repair is not None
        assert (repair.number, repair.dropped) == (2, last[:kept])
        assert path.read_bytes() == first


def test_a_last_line_that_lacks_its_newline_only_is_kept_and_gets_it(path: Path) -> None:
    # What some editors leave; so does a crash between the last two bytes.
    whole = encode_line(an_answer(1)) + encode_line(an_answer(2))
    path.write_bytes(whole[:-1])
    assert read(path) == [an_answer(1), an_answer(2)]
    assert repair_last_line(path) is None
    assert path.read_bytes() == whole


@pytest.mark.parametrize("change", [b"\r\n", b" \n"])
def test_a_last_line_that_was_whole_once_is_never_cut(path: Path, change: bytes) -> None:
    content = encode_line(an_answer(1)) + encode_line(an_answer(2)).replace(b"\n", change)
    path.write_bytes(content)
    assert repair_last_line(path) is None
    assert path.read_bytes() == content
    with pytest.raises(StoreError, match=r"line 2: .*damaged") as caught:
        read(path)
    assert "stage=repair run_folder=" in caught.value.fix


@pytest.mark.parametrize("content", [b"", encode_line(an_answer(1)), encode_line(an_answer(1)) * 2])
def test_a_journal_of_whole_lines_is_not_repaired(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert repair_last_line(path) is None
    assert path.read_bytes() == content


def test_a_last_line_whose_bytes_never_reached_the_disk_is_cut(path: Path) -> None:
    # What a power failure leaves: the length was stored, the bytes were not.
    first, last = encode_line(an_answer(1)), encode_line(an_answer(2))
    path.write_bytes(first + bytes(len(last) - 1) + b"\n")
    with pytest.raises(StoreError, match="line 2"):
        read(path)
    assert repair_last_line(path) is not None
    assert read(path) == [an_answer(1)]


def test_one_flipped_bit_at_any_byte_is_found_with_file_and_line(path: Path) -> None:
    lines = [encode_line(an_answer(number)) for number in range(3)]
    whole = b"".join(lines)
    for position in range(len(whole)):
        for bit in (0, 5):  # bit 5 turns "*" into a newline and letters into their other case
            damaged = bytearray(whole)
            damaged[position] ^= 1 << bit
            path.write_bytes(damaged)
            line = 1 + sum(position >= end for end in (len(lines[0]), len(lines[0] + lines[1])))
            with pytest.raises(StoreError, match=rf"shard-00-of-01.jsonl, line {line}: .* damaged"):
                read(path)


def test_a_damaged_line_in_the_middle_is_never_cut(path: Path) -> None:
    content = encode_line(an_answer(1)).replace(b"says 1", b"says 7") + encode_line(an_answer(2))
    path.write_bytes(content)
    assert repair_last_line(path) is None
    assert path.read_bytes() == content


def test_a_last_line_whose_newline_was_changed_is_damage_and_not_a_torn_line(path: Path) -> None:
    path.write_bytes(encode_line(an_answer(1))[:-1] + b"\x0b")
    assert repair_last_line(path) is None
    with pytest.raises(StoreError, match="damaged"):
        read(path)


def test_a_line_of_another_version_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = encode_line(an_answer(1, status="undecided"))  # a status this version does not know
    path.write_bytes(line)
    with pytest.raises(StoreError, match=r"line 1: intact, but .*undecided"):
        read(path)


@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.ENOSPC, "Free space"),
        (errno.EDQUOT, "quota"),
        (errno.EFBIG, "file size limit"),
        (errno.EACCES, "writable"),
        (errno.EROFS, "writable"),
        (errno.EPERM, "writable"),
        (errno.ENOTDIR, "path"),
        (errno.EIO, "Check the disk"),
    ],
)
def test_errors_of_the_disk_tell_what_is_safe_and_what_to_do(path: Path, number: int, fix: str) -> None:
    with (
        pytest.raises(StoreError, match=r"1,234 answers are safe") as caught,
        disk_errors(path, num_safe=1234),
    ):
        raise OSError(number, "reason")
    assert str(path) in caught.value.message
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", 5),
        ("text", None),
        ("respondent_id", ["r00001"]),
        ("wording", "0"),
        ("wording", True),
        ("wording", -1),
        ("num_prompt_tokens", 10**30),
        ("num_generated_tokens", 1.5),
        ("choices", "12"),
        ("choices", [1.0]),
        ("choices", [10**30]),
        ("choices", [[1]]),
        ("shown_codes", {"1": 1}),
        ("memory", [1]),
        ("option_probabilities", [-1.0]),
        ("option_probabilities", ["all"]),
        ("seconds", "long"),
        ("seconds", 10**400),
        ("seconds", 2**31),
        ("seconds", -0.5),
        ("seconds", float("nan")),
        ("seconds", float("inf")),
        ("respondent_id", "r0000\ud800"),
        ("item_id", "\udcff"),
        ("memory", ["wvs7.Q2#0", "\ud800"]),
        ("prompt_hash", "\ud800"),
        ("prompt_hash", "0123456789ABCDEF"),
        ("prompt_hash", "0" * 17),
        ("error", 7),
        ("status", "excellent"),
        ("status", []),
        ("a field of tomorrow", 1),
    ],
)
def test_an_intact_line_with_a_value_that_no_answer_has_is_told(
    path: Path, field: str, value: object
) -> None:
    write(path, an_answer(1))
    record = json.loads(encode_line(an_answer(2)))
    del record["checksum"]
    body = json.dumps({**record, field: value})[:-1].encode()
    with path.open("ab") as journal:
        journal.write(body + b',"checksum":"' + checksum(body).encode() + b'"}\n')
    with pytest.raises(StoreError, match="line 2: intact, but not an answer as this version writes it"):
        read(path)


def test_an_intact_line_that_is_nested_without_end_is_told(path: Path) -> None:
    body = b'{"text":' + b"[" * 50_000
    path.write_bytes(body + b',"checksum":"' + checksum(body).encode() + b'"}\n')
    with pytest.raises(StoreError, match=r"line 1: intact, but not an answer .*nested too deeply"):
        read(path)


def test_a_line_of_gigabytes_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, an_answer(1))
    monkeypatch.setattr("def_sim.answers.storage.journal.LONGEST_LINE", 1 << 20)
    with path.open("ab") as journal:
        journal.truncate(2**33)  # sparse: no disk is taken
    with pytest.raises(StoreError, match=r"line 2: the line is damaged .*no end within 1,048,576 bytes"):
        read(path)

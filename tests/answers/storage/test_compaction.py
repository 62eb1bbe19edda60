import subprocess
import sys
from collections.abc import Iterable
from dataclasses import astuple, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from answer_examples import an_answer, finish, start_process
from waiting import HANG_S

from def_sim.answers.storage import compaction
from def_sim.answers.storage.compaction import (
    check_parquet,
    compact,
    parquet_path,
    read_choices,
    read_parquet,
)
from def_sim.answers.storage.store import AnswerStore, read_answers, same_answers
from def_sim.errors import VerificationError
from def_sim.records import RUN_COLUMNS, Answer, AnswerStatus, ReadingMethod, RunIdentity

pytestmark = pytest.mark.slow

ANSWERS = [
    an_answer(1),
    an_answer(2, text="我选择2。\n\u2028", status=AnswerStatus.DONT_KNOW, choices=()),
    an_answer(3, error=None, memory=(), shown_codes=(), method=ReadingMethod.NONE),
]


def store(folder: Path, answers: Iterable[Answer], **division: int) -> Path:
    with AnswerStore(folder, **division) as opened:
        for answer in answers:
            opened.append(answer)
    return folder


def test_the_table_holds_every_field_of_every_answer(tmp_path: Path) -> None:
    path = compact(store(tmp_path, ANSWERS))
    stored = read_parquet(path)
    assert stored == ANSWERS
    assert [answer.seconds for answer in stored] == [answer.seconds for answer in ANSWERS]


def test_answers_that_were_just_read_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = store(tmp_path, ANSWERS)
    answers, from_journals = read_answers(folder), compact(folder).read_bytes()
    monkeypatch.delattr(compaction, "read_answers")
    assert compact(folder, answers).read_bytes() == from_journals


def test_the_same_answers_make_the_same_table_but_for_the_timings(tmp_path: Path) -> None:
    slower = [Answer(**{name: getattr(a, name) for name in a.__slots__} | {"seconds": 9.0}) for a in ANSWERS]
    one = compact(store(tmp_path / "one", ANSWERS))
    store(tmp_path / "two", slower[2:], shard=1, num_shards=2)
    two = compact(store(tmp_path / "two", slower[1::-1], shard=0, num_shards=2))
    first, second = pq.read_table(one), pq.read_table(two)
    assert first.column_names[-1] == "seconds"
    assert first.drop_columns("seconds").equals(second.drop_columns("seconds"))
    assert not first.equals(second)
    assert same_answers(read_parquet(one), read_parquet(two))


def test_columns_are_typed_for_other_tools(tmp_path: Path) -> None:
    path = compact(store(tmp_path, ANSWERS))
    types = {field.name: str(field.type) for field in pq.read_schema(path)}
    assert types["choices"] == "list<element: int32>"
    assert types["memory"] == "list<element: string>"
    assert types["status"] == "dictionary<values=string, indices=int8, ordered=0>"
    frame = pd.read_parquet(path)
    assert frame["status"].tolist() == ["answered", "dont_know", "answered"]
    assert frame["choices"].map(len).tolist() == [2, 0, 2]


def test_the_journal_is_kept_and_a_second_compaction_replaces_the_first(tmp_path: Path) -> None:
    compact(store(tmp_path, ANSWERS[:1]))
    compact(store(tmp_path, ANSWERS[1:]))
    assert read_parquet(parquet_path(tmp_path)) == ANSWERS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers", "answers.parquet"]


def test_choices_are_read_without_what_counting_does_not_need(tmp_path: Path) -> None:
    # Shares of different lengths, and one answer without any: each must stay with its answer.
    given = [*ANSWERS, an_answer(4, choices=(3,), shown_codes=(3, 4), option_probabilities=(0.25, 0.75))]
    counted = [
        Answer(
            respondent_id=answer.respondent_id,
            item_id=answer.item_id,
            wording=answer.wording,
            call=answer.call,
            status=answer.status,
            choices=answer.choices,
            method=ReadingMethod.NONE,
            text="",
            shown_codes=answer.shown_codes,
            option_probabilities=answer.option_probabilities,
        )
        for answer in given
    ]
    found = read_choices(compact(store(tmp_path, given)))
    assert found == counted
    assert [type(answer.status) for answer in found] == [AnswerStatus] * 4


def test_choices_are_not_read_from_another_table(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pd.DataFrame({"respondent_id": ["r00001"]}).to_parquet(path)
    with pytest.raises(VerificationError, match=r"No match for .*item_id"):
        read_choices(path)


def test_a_run_without_answers_makes_an_empty_table(tmp_path: Path) -> None:
    path = compact(store(tmp_path, []))
    assert read_parquet(path) == read_choices(path) == []


def test_lone_surrogates_are_spelled_out_in_the_table(tmp_path: Path) -> None:
    path = compact(store(tmp_path, [an_answer(1, text="half \udc80", error="\ud83d")]))
    assert read_parquet(path) == [an_answer(1, text=r"half \udc80", error=r"\ud83d")]
    check_parquet(tmp_path)


def test_a_table_that_no_longer_fits_the_journals_is_found(tmp_path: Path) -> None:
    compact(store(tmp_path, ANSWERS[:2]))
    check_parquet(tmp_path)
    store(tmp_path, ANSWERS[2:])
    with pytest.raises(VerificationError, match="holds 2 answers, the journals have 3"):
        check_parquet(tmp_path)


def test_a_table_with_another_answer_is_found(tmp_path: Path) -> None:
    other = compact(store(tmp_path / "other", [an_answer(1), an_answer(2, choices=(3,))]))
    compact(store(tmp_path / "run", [an_answer(1), an_answer(2)]))
    other.replace(parquet_path(tmp_path / "run"))
    with pytest.raises(VerificationError, match=r"another answer of r00002 to wvs7\.Q1#1"):
        check_parquet(tmp_path / "run")


IDENTITY = RunIdentity("0123456789ab", "mistral7b", "us", "USA", "single", "paper", 7, 20)


def test_a_table_that_says_of_which_run_it_is_holds_the_same_answers(tmp_path: Path) -> None:
    path = compact(store(tmp_path, ANSWERS), identity=IDENTITY)
    assert read_parquet(path) == ANSWERS
    assert [answer.choices for answer in read_choices(path)] == [answer.choices for answer in ANSWERS]
    first = pd.read_parquet(path).iloc[:, :8].drop_duplicates()
    assert list(first) == list(RUN_COLUMNS)
    assert first.to_numpy().tolist() == [list(astuple(IDENTITY))]
    check_parquet(tmp_path, IDENTITY)


@pytest.mark.parametrize("other", [None, replace(IDENTITY, seed=8), replace(IDENTITY, model="llama")])
def test_a_table_of_the_same_answers_under_another_run_s_name_is_found(
    tmp_path: Path, other: RunIdentity | None
) -> None:
    compact(store(tmp_path, ANSWERS), identity=other)
    with pytest.raises(VerificationError, match=r"its columns are others|of another run"):
        check_parquet(tmp_path, IDENTITY)


def test_the_name_of_a_run_takes_next_to_nothing_of_a_table(tmp_path: Path) -> None:
    """1,000 rows of 80 characters are 80 kB as text."""
    answers = [an_answer(number) for number in range(1000)]
    without = compact(store(tmp_path, answers)).stat().st_size
    assert compact(tmp_path, identity=replace(IDENTITY, model="m" * 80)).stat().st_size < without + 5000


@pytest.mark.parametrize("content", [b"", b"no table", None])
def test_a_file_that_is_no_table_of_answers_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content is None:
        pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "answers.parquet")
    else:
        parquet_path(tmp_path).write_bytes(content)
    with pytest.raises(
        VerificationError, match=r"answers\.parquet is (damaged|no table of answers)"
    ) as caught:
        read_parquet(parquet_path(tmp_path))
    assert "made anew from the journals" in caught.value.fix


def test_one_flipped_byte_of_the_table_is_found_or_changes_no_value(tmp_path: Path) -> None:
    path = compact(store(tmp_path, ANSWERS))
    whole = path.read_bytes()
    num_found, positions = 0, range(0, len(whole), 17)
    for position in positions:
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        try:
            check_parquet(tmp_path)
        except VerificationError:
            num_found += 1
    # The rest are bytes that hold no answer, such as statistics; the completion mark finds those.
    assert num_found > 0.3 * len(positions)


def test_a_limit_on_the_size_of_files_leaves_the_old_table(tmp_path: Path) -> None:
    compact(store(tmp_path, ANSWERS[:1]))
    store(tmp_path, [an_answer(n, text=str(n**999)) for n in range(100, 130)])
    code = """
import resource
from def_sim.answers.storage.compaction import compact
resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))
try:
    compact(folder)
except DefSimError as error:
    print(type(error).__name__, error)
"""
    printed = finish(start_process(code, tmp_path))
    assert printed.startswith("StoreError")
    assert "Free space" in printed
    assert read_parquet(parquet_path(tmp_path)) == ANSWERS[:1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers", "answers.parquet"]


def test_opening_a_store_does_not_import_pandas_or_pyarrow(tmp_path: Path) -> None:
    code = """
import sys
from def_sim.answers.storage import compaction, completion, manifest
print({"pandas", "pyarrow", "numpy", "torch"} & set(sys.modules))
"""
    assert finish(start_process(code, tmp_path)) == "set()\n"
    assert "pyarrow" in sys.modules  # the check can fail


def test_a_table_that_stands_for_gigabytes_of_text_is_refused(tmp_path: Path) -> None:
    path = compact(store(tmp_path, ANSWERS))
    one = pa.array(["x" * 1_000_000])
    bomb = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), one)
    pq.write_table(pa.table({"respondent_id": bomb}), path)
    assert path.stat().st_size < 100_000
    with pytest.raises(VerificationError, match=r"stands for 100,000,000,000 bytes of respondent_id"):
        check_parquet(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a process's memory")
def test_a_table_of_numbers_that_the_memory_may_not_hold_is_refused(tmp_path: Path) -> None:
    path = compact(store(tmp_path, ANSWERS))
    many = pa.ListArray.from_arrays(pa.array([0, 100_000_000], pa.int32()), pa.nulls(100_000_000, pa.int32()))
    pq.write_table(pa.table({"choices": many}), path)
    assert path.stat().st_size < 1_000_000
    code = f"""
from pathlib import Path
from def_sim.answers.storage import bounded_parquet
from def_sim.answers.storage.compaction import check_parquet
from def_sim.errors import VerificationError
bounded_parquet._SPARE_BYTES = 100 << 20
try:
    check_parquet(Path({str(tmp_path)!r}))
except VerificationError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG_S)
    assert "answers.parquet is damaged" in done.stdout, done.stderr

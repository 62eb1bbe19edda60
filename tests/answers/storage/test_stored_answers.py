"""What a shard keeps in memory of stored answers: where they stand, and only its own respondents'."""

import tracemalloc
from pathlib import Path

import pytest
from answer_examples import an_answer
from counted_opens import opened

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.shards import in_order
from def_sim.answers.storage.store import AnswerStore
from def_sim.answers.storage.stored_answers import Glance, read_stored, read_together
from def_sim.errors import StoreError
from def_sim.records import Answer, AnswerStatus


def write(folder: Path, name: str, *answers: Answer, more: bytes = b"") -> Path:
    path = folder / "answers" / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(map(encode_line, answers)) + more)
    return path


def test_a_stored_answer_takes_at_most_300_bytes_of_memory_however_long_its_text(tmp_path: Path) -> None:
    respondents, items = range(60), [f"wvs7.Q{number}" for number in range(40)]
    answers = [an_answer(number, item_id=item, text="x" * 1000) for number in respondents for item in items]
    write(tmp_path, "shard-00-of-01", *answers)
    tracemalloc.start()
    try:
        stored = read_stored(tmp_path)
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(stored) == len(answers)
    assert used / len(answers) <= 300


def test_of_another_division_a_shard_keeps_the_lines_of_its_respondents(tmp_path: Path) -> None:
    write(tmp_path, "shard-00-of-01", *map(an_answer, range(6)))
    assert [key[0] for key in read_stored(tmp_path, Division(1, 3))] == ["r00001", "r00004"]


def test_the_other_shards_of_its_own_division_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, "shard-00-of-02", an_answer(0), more=b"damaged\n")
    write(tmp_path, "shard-01-of-02", an_answer(1))
    assert list(read_stored(tmp_path, Division(1, 2))) == [("r00001", "wvs7.Q1", 1)]


@pytest.mark.parametrize(
    ("division", "journals"),
    [
        (Division(5, 8), ["shard-00-of-01", "shard-01-of-02", "shard-02-of-03", "shard-05-of-08"]),
        (Division(1, 2), ["shard-00-of-01", "shard-01-of-02", "shard-02-of-03", "shard-05-of-08"]),
        (Division(0, 3), ["shard-00-of-01", "shard-00-of-02", "shard-01-of-02", "shard-05-of-08"]),
    ],
)
def test_journals_that_can_hold_none_of_a_shards_respondents_are_left_alone(
    division: Division, journals: list[str]
) -> None:
    # For instance 5 of 8 and 1 of 2 share respondents 5, 13, ...; 5 of 8 and 0 of 2 share nobody.
    known = ["shard-00-of-01", "shard-00-of-02", "shard-01-of-02", "shard-02-of-03", "shard-05-of-08"]
    assert [name for name in known if division.may_be_in(Path(f"{name}.jsonl"))] == journals


def test_a_damaged_line_of_another_division_is_found_whoever_it_was_of(tmp_path: Path) -> None:
    path = write(tmp_path, "shard-00-of-01", *map(an_answer, range(4)))
    path.write_bytes(path.read_bytes().replace(b"says 2", b"says 7"))
    with pytest.raises(StoreError, match=r"shard-00-of-01\.jsonl, line 3: the line is damaged"):
        read_stored(tmp_path, Division(1, 2))


def test_a_respondent_without_a_number_is_everyones_to_refuse(tmp_path: Path) -> None:
    write(tmp_path, "shard-00-of-01", an_answer(0, respondent_id="somebody"))
    assert len(read_stored(tmp_path, Division(3, 4))) == 1


def test_answers_are_read_from_where_they_stand(tmp_path: Path) -> None:
    write(tmp_path, "shard-00-of-01", an_answer(2), an_answer(1))
    with AnswerStore(tmp_path) as store:
        store.append(an_answer(3, text="new"))
        entry = store.stored["r00003", "wvs7.Q1", 1]
        assert (entry.answer, entry.number) == (an_answer(3, text="new"), 3)
        assert store.stored["r00001", "wvs7.Q1", 1].place.endswith("shard-00-of-01.jsonl, line 2")
        assert store.stored.answers_of(["r00003", "r00002"]) == [an_answer(3, text="new"), an_answer(2)]


def test_many_answers_are_read_with_one_opening_of_each_journal(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, f"shard-0{shard}-of-02", *(an_answer(number) for number in range(shard, 200, 2)))
        for shard in range(2)
    ]
    stored = read_stored(tmp_path)
    keys = [(f"r{number:05d}", "wvs7.Q1", 1) for number in range(200)]
    with opened() as names:
        entries = read_together(stored, reversed(keys))
    assert sorted(name for name in names if name.endswith(".jsonl")) == sorted(map(str, paths))
    assert [entries[key].answer for key in keys] == [an_answer(number) for number in range(200)]
    assert entries["r00005", "wvs7.Q1", 1].place == f"{paths[1]}, line 3"
    assert read_together(dict(entries), keys[:2]) == {key: entries[key] for key in keys[:2]}
    with pytest.raises(KeyError):
        stored.entries_at([("r00200", "wvs7.Q1", 1)])


def test_a_line_that_changed_since_it_was_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "shard-00-of-01", an_answer(1), an_answer(2))
    stored = read_stored(tmp_path)
    write(tmp_path, "shard-00-of-01", an_answer(2), an_answer(1))
    with pytest.raises(StoreError, match=f"{path}, line 1: the line has changed"):
        stored["r00001", "wvs7.Q1", 1]


def test_of_many_lines_that_are_read_together_the_one_that_changed_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "shard-00-of-01", *map(an_answer, range(600)))
    stored = read_stored(tmp_path)
    names = [f"r{number:05d}" for number in reversed(range(600))]
    assert [answer.respondent_id for answer in stored.answers_of(names)] == names
    lines = path.read_bytes().splitlines(keepends=True)
    lines[434] = lines[434].replace(b"r00434", b"r00435")
    path.write_bytes(b"".join(lines))
    with pytest.raises(StoreError, match=r"line 435: the line is damaged"):
        stored.answers_of(names)


def test_how_answers_ended_and_their_tokens_are_known_without_reading_them_again(tmp_path: Path) -> None:
    refused = an_answer(
        1, status=AnswerStatus.REFUSED, choices=(), num_prompt_tokens=7, num_generated_tokens=5
    )
    path = write(tmp_path, "shard-00-of-01", refused, an_answer(2))
    stored = read_stored(tmp_path)
    path.unlink()
    assert stored.statuses() == {AnswerStatus.REFUSED: 1, AnswerStatus.ANSWERED: 1}
    assert list(stored.glances(lambda name, *_: name == "r00001")) == [Glance(AnswerStatus.REFUSED, 7, 5)]


def test_respondent_100000_stands_behind_99999() -> None:
    answers = [an_answer(number) for number in (100_000, 2, 99_999)]
    assert [answer.respondent_id for answer in in_order(answers)] == ["r00002", "r99999", "r100000"]

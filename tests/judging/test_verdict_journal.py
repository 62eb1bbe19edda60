"""Verdicts on file: each line is whole and as it was written, or it is found."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from judged_examples import a_rubric

from def_sim.errors import RunInUseError, StoreError
from def_sim.holder import Holder
from def_sim.judging.verdict_journal import (
    journal_of,
    read_placed,
    read_verdict_sets,
    set_name,
    verdicts_folder,
    write_judge,
)
from def_sim.judging.verdict_lines import StoredVerdict, decode_verdict, encode_verdict
from def_sim.judging.verdict_store import VerdictStore
from def_sim.judging.verdicts import Missing, Source, Verdict
from def_sim.records import Completion, FinishReason

VERDICT = Verdict("r00003", "wvs7.Q1", 0, "RP", False, Source.JUDGE, why="“so” it seems", answer_hash="ab")
COMPLETION = Completion('{"defect": false}', num_prompt_tokens=9, option_probabilities={0: 0.9, 1: 0.1})
RULE = replace(VERDICT, question="IU", value=True, source=Source.RULE)
OPEN = replace(VERDICT, value=None, why="")


def replied(verdict: Verdict, *completions: Completion) -> StoredVerdict:
    return StoredVerdict(replace(verdict, replies=tuple(one.text for one in completions)), completions)


def a_set(folder: Path, **changes: object) -> Path:
    """The folder of a set of which only `judge.json` is there."""
    rubric = a_rubric()
    defines = {"rubric": rubric.content_hash, "judge": {"identity": {"model": "x"}}}
    content = {
        "defines": defines,
        "rubric": rubric.model_dump(mode="json", by_alias=True),
        "judge": {"identity": {"model": "x"}, "label": "X", "family": "x"},
        "reply_format": "json",
        "seed": 1,
        "sample": None,
        "num_repeats": 1,
        "num_planned": 2,
    }
    of_set = verdicts_folder(folder) / set_name("insensitivity", defines)
    of_set.mkdir(parents=True)
    write_judge(of_set, content | changes)
    return of_set


@pytest.mark.parametrize(
    "stored",
    [
        replied(VERDICT, COMPLETION),
        replied(replace(VERDICT, value=(0, 4), probability=0.5), COMPLETION),
        replied(replace(VERDICT, value=()), COMPLETION),
        replied(replace(VERDICT, value=None, missing=Missing.PROSE), COMPLETION, Completion("No.")),
        replied(
            replace(VERDICT, value=None, missing=Missing.ENGINE_ERROR),
            Completion("", FinishReason.ERROR, error="gone"),
        ),
        replied(OPEN, Completion("\ud800\n|")),
        StoredVerdict(RULE),
    ],
)
def test_a_verdict_comes_back_from_its_line_as_it_was(stored: StoredVerdict) -> None:
    line = encode_verdict(stored)
    assert line.count(b"\n") == 1
    assert decode_verdict(line[:-1]) == stored


@pytest.mark.parametrize("name", ["respondent_id", "item_id", "question", "prompt_hash", "answer_hash"])
def test_a_name_that_no_file_can_hold_makes_no_verdict(name: str) -> None:
    record = json.loads(encode_verdict(StoredVerdict(VERDICT)))
    with pytest.raises(ValueError, match="lone surrogate"):
        decode_verdict(json.dumps(record | {name: "\ud800"}).encode())


def test_a_verdict_is_never_both_missing_and_a_value() -> None:
    both = StoredVerdict(replace(VERDICT, missing=Missing.PROSE))
    with pytest.raises(ValueError, match="missing"):
        decode_verdict(encode_verdict(both)[:-1])


def test_a_set_is_read_in_order_and_is_finished_when_all_planned_verdicts_are_there(tmp_path: Path) -> None:
    of_set = a_set(tmp_path)
    with VerdictStore(of_set) as store:
        store.append(replied(VERDICT, COMPLETION))
    [found] = read_verdict_sets(tmp_path)
    assert not found.is_finished
    with VerdictStore(of_set) as store:
        store.append(StoredVerdict(RULE))
    [found] = read_verdict_sets(tmp_path)
    assert found.is_finished
    assert (found.rubric, found.format, found.judge["label"]) == ("insensitivity", "json", "X")
    assert [verdict.question for verdict in found.verdicts] == ["IU", "RP"]


def test_a_set_that_another_machine_took_over_and_wrote_in_names_that_machine(tmp_path: Path) -> None:
    of_set = a_set(tmp_path)
    elsewhere = replace(Holder.this_process(), host="gpu02", machine="00000000", token="beef")

    def judged_here_and_elsewhere() -> None:
        with VerdictStore(of_set) as store:
            store.append(replied(VERDICT, COMPLETION))
            [lease] = of_set.glob("*.lease")
            [mark] = lease.iterdir()
            mark.rename(lease / elsewhere.file_name)
            with journal_of(of_set).open("ab") as journal:
                journal.write(encode_verdict(StoredVerdict(RULE)))
            store.append(replied(VERDICT, COMPLETION))

    with pytest.raises(RunInUseError, match=r"taken over by .* on gpu02"):
        judged_here_and_elsewhere()
    [found] = read_verdict_sets(tmp_path)
    assert len(found.verdicts) == 2


def test_an_open_verdict_gives_way_to_what_came_after_it(tmp_path: Path) -> None:
    of_set = a_set(tmp_path)
    first = Completion("Well.")
    with VerdictStore(of_set) as store:
        store.append(replied(OPEN, first))
    [found] = read_verdict_sets(tmp_path)
    assert found.verdicts == ()
    with VerdictStore(of_set) as store:
        assert [placed.stored.completions for placed in store.stored().values()] == [(first,)]
        store.append(replied(VERDICT, first, COMPLETION))
    [found] = read_verdict_sets(tmp_path)
    assert [verdict.replies for verdict in found.verdicts] == [("Well.", COMPLETION.text)]


def test_every_changed_byte_of_a_line_is_found_with_its_file_and_line(tmp_path: Path) -> None:
    of_set = a_set(tmp_path)
    path = journal_of(of_set)
    lines = [encode_verdict(StoredVerdict(RULE)), encode_verdict(replied(VERDICT, COMPLETION))]
    for place in range(len(lines[1]) - 1):
        changed = bytearray(lines[1])
        changed[place] ^= 1
        path.write_bytes(lines[0] + bytes(changed))
        with pytest.raises(StoreError, match=r"shard-00-of-01\.jsonl, line [23]"):
            read_placed(of_set)


def test_a_verdict_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    of_set = a_set(tmp_path)
    journal_of(of_set).write_bytes(2 * encode_verdict(StoredVerdict(RULE)))
    with pytest.raises(StoreError, match="line 2: the verdict stands in line 1 already"):
        read_verdict_sets(tmp_path)


def test_a_line_that_was_never_wholly_written_is_passed_over_and_cut(tmp_path: Path) -> None:
    of_set = a_set(tmp_path)
    whole = encode_verdict(StoredVerdict(RULE))
    journal_of(of_set).write_bytes(whole + whole[:20])
    assert len(read_placed(of_set)) == 1
    with VerdictStore(of_set):
        pass
    assert journal_of(of_set).read_bytes() == whole


def test_one_judge_at_a_time_writes_a_set(tmp_path: Path) -> None:
    of_set = a_set(tmp_path)
    with VerdictStore(of_set), pytest.raises(RunInUseError, match="is being written by"):
        VerdictStore(of_set)


def test_a_set_into_which_nothing_came_leaves_no_folder(tmp_path: Path) -> None:
    with VerdictStore(verdicts_folder(tmp_path) / "insensitivity-0123456789ab"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("changes", [{"defines": {"rubric": "another"}}, {"num_planned": -1}, {"rubric": {}}])
def test_who_judged_is_believed_only_as_far_as_it_fits_the_folder(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    a_set(tmp_path, **changes)
    with pytest.raises(StoreError, match=r"judge\.json"):
        read_verdict_sets(tmp_path)

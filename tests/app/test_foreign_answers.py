"""Answers that are not of a run: found when its journal is opened, and set aside by `stage=repair`."""

import asyncio
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from scripted_runs import hold, random_answers

from def_sim.answers.storage.answer_lines import decode_line, encode_line
from def_sim.answers.storage.completion import is_complete, mark_complete
from def_sim.answers.storage.lease import Lease
from def_sim.answers.storage.manifest import manifest_path, read_manifest
from def_sim.answers.storage.shards import read_entries
from def_sim.answers.storage.store import AnswerStore, read_answers
from def_sim.app.belonging import foreign_lines, foreign_since_completion
from def_sim.app.checked_answers import checked_answers
from def_sim.app.main import main
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.app.stored_runs import read_run
from def_sim.engines.scripted import ScriptedEngine
from def_sim.errors import StoreError
from def_sim.interviews import Interviews
from def_sim.records import AnswerStatus

pytestmark = pytest.mark.slow

WORDS = ("model=mistral7b", "survey=us_short", "items=null", "memory.min_capacity=3")
NUM_QUESTIONS = 36


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """The journals of two runs of three respondents that differ in their seed."""
    output = tmp_path_factory.mktemp("runs")
    first, second = (
        hold(output, *WORDS, "respondents=3", f"seed={seed}", is_reported=False) for seed in (1, 2)
    )
    return journal(first).read_bytes(), journal(second).read_bytes()


def journal(folder: Path) -> Path:
    return folder / "answers" / "shard-00-of-01.jsonl"


@pytest.fixture
def folder(tmp_path: Path, two_runs: tuple[bytes, bytes]) -> Path:
    """The folder of the first run, with its manifest and without an answer."""
    folder = hold(tmp_path, *WORDS, "respondents=3", num_asked=0, is_reported=False)
    assert journal(folder).read_bytes() == b""
    return folder


def run_of(folder: Path) -> Run:
    return prepare_run(validate_config(read_manifest(folder)["config"]))


def lines_of(content: bytes, respondent_id: str = "") -> list[bytes]:
    lines = content.splitlines(keepends=True)
    return [line for line in lines if f'"respondent_id":"{respondent_id}' in line.decode()]


def numbers_of_foreign(folder: Path) -> list[int]:
    return sorted(found.entry.number for found in foreign_lines(run_of(folder), read_entries(folder), {}))


def test_answers_of_a_run_belong_to_it_whatever_the_size_of_its_panel(
    folder: Path, two_runs: tuple[bytes, bytes], tmp_path: Path
) -> None:
    journal(folder).write_bytes(two_runs[0])
    assert numbers_of_foreign(folder) == []
    assert hold(tmp_path, *WORDS, "respondents=1", num_asked=0, is_reported=False) == folder
    assert len(run_of(folder).panel) == 1
    assert numbers_of_foreign(folder) == []


@pytest.mark.parametrize("num_own", [0, 1, 20, 35])
def test_a_line_of_another_run_is_found_wherever_it_stands(
    folder: Path, two_runs: tuple[bytes, bytes], num_own: int
) -> None:
    own, other = (lines_of(content, "r00001") for content in two_runs)
    journal(folder).write_bytes(b"".join([*own[:num_own], other[num_own]]))
    assert numbers_of_foreign(folder) == [num_own + 1]
    # Also behind a question that has no answer yet.
    journal(folder).write_bytes(b"".join([*own[:num_own], *own[num_own + 2 :], other[min(num_own + 1, 35)]]))
    if num_own < 34:
        assert numbers_of_foreign(folder) == [len(own[:num_own]) + len(own[num_own + 2 :]) + 1]


def test_what_is_left_after_a_lost_line_still_belongs(folder: Path, two_runs: tuple[bytes, bytes]) -> None:
    own = lines_of(two_runs[0], "r00001")
    for lost in (0, 5, 20):
        journal(folder).write_bytes(b"".join([*own[:lost], *own[lost + 1 :]]))
        assert numbers_of_foreign(folder) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"respondent_id": "r1"}, "no panel has a respondent 'r1'"),
        ({"respondent_id": "somebody"}, "no panel has a respondent"),
        ({"respondent_id": "r٠٠٠٠١"}, "no panel has a respondent"),
        ({"item_id": "wvs7.Q999"}, "its question wvs7.Q999#0 is not asked in it"),
        ({"wording": 1}, "#1 is not asked in it"),
        ({"prompt_hash": "0" * 16}, "its prompt is not the one that the run sends"),
        ({"respondent_id": "r99999999999"}, "its prompt is not one that the run can send"),
    ],
)
def test_an_alien_line_is_named_with_file_and_line_when_the_run_goes_on(
    folder: Path, two_runs: tuple[bytes, bytes], changes: dict[str, object], why: str
) -> None:
    own = lines_of(two_runs[0], "r00001")
    journal(folder).write_bytes(b"".join(own[:2]))
    [first, second] = sorted(read_entries(folder).values(), key=lambda entry: entry.number)
    changed = replace(second.answer, **changes)  # type: ignore[arg-type]
    journal(folder).write_bytes(encode_line(first.answer) + encode_line(changed))
    run = run_of(folder)
    with pytest.raises(StoreError) as caught:
        AnswerStore(folder, find_foreign=partial(foreign_lines, run))
    assert f"{journal(folder)}, line 2 does not belong to this run: " in caught.value.message
    assert why in caught.value.message
    assert f"stage=repair run_folder={folder}" in caught.value.fix


def test_a_completion_mark_that_vouches_for_the_journal_saves_the_look(
    tmp_path: Path, two_runs: tuple[bytes, bytes]
) -> None:
    folder = hold(tmp_path, *WORDS, "respondents=1")
    mark_complete(folder, ["metrics.csv", "answers/shard-00-of-01.jsonl"], num_answers=NUM_QUESTIONS)
    run, forged = run_of(folder), dict(read_entries(folder))
    key, entry = next(iter(forged.items()))
    forged[key] = entry._replace(answer=replace(entry.answer, prompt_hash=""))
    assert list(foreign_since_completion(run, folder, forged, {})) == []
    with journal(folder).open("ab") as file:  # it has changed since
        file.write(lines_of(two_runs[1], "r00002")[0])
    assert [
        found.entry.number for found in foreign_since_completion(run, folder, read_entries(folder), {})
    ] == [NUM_QUESTIONS + 1]


def with_a_foreign_line(folder: Path, content: bytes, number: int = 1, **changes: object) -> bytes:
    """Puts a journal there with one line changed that has a fitting checksum; returns its bytes."""
    lines = content.splitlines(keepends=True)
    answer = decode_line(lines[number - 1].removesuffix(b"\n"))
    lines[number - 1] = encode_line(replace(answer, **(changes or {"prompt_hash": "0" * 16})))  # type: ignore[arg-type]
    journal(folder).write_bytes(b"".join(lines))
    return journal(folder).read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ("stage=report",),
        ("stage=export", "export=out", "formats=[tex]"),
        ("stage=judge", "rubric=unread", "model=demo", "judging.allow_demonstration=true"),
    ],
    ids=["report", "export", "judge"],
)
def test_what_counts_or_reads_answers_refuses_a_line_of_another_run_and_writes_nothing(
    folder: Path,
    two_runs: tuple[bytes, bytes],
    words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    changed = with_a_foreign_line(folder, two_runs[0])
    before = sorted(tmp_path.rglob("*"))
    assert main([*words, f"run_folder={folder}"]) == 2
    said = capsys.readouterr().err
    assert f"{journal(folder)}, line 1 does not belong to this run: its prompt is not the one" in said
    assert f"stage=repair run_folder={folder}" in said
    assert sorted(tmp_path.rglob("*")) == before
    assert journal(folder).read_bytes() == changed
    # So the interviews do not take it either.
    run = run_of(folder)
    with pytest.raises(StoreError, match="line 1 does not belong to this run"):
        AnswerStore(folder, find_foreign=partial(foreign_since_completion, run, folder))


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (1, {"shown_codes": (99, 98)}),  # no option of the question
        (2, {"choices": (), "status": AnswerStatus.NO_ANSWER}),  # what came after it remembered an answer
    ],
)
def test_a_report_takes_no_line_whose_options_or_answer_were_others(
    folder: Path,
    two_runs: tuple[bytes, bytes],
    number: int,
    changes: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with_a_foreign_line(folder, two_runs[0], number, **changes)
    assert main(["stage=report", f"run_folder={folder}"]) == 2
    assert (
        "does not belong to this run: its prompt is not the one that the run sends" in capsys.readouterr().err
    )
    assert not is_complete(folder)


def test_a_comparison_takes_no_line_of_another_run(folder: Path, two_runs: tuple[bytes, bytes]) -> None:
    with_a_foreign_line(folder, two_runs[0])
    with pytest.raises(StoreError, match="line 1 does not belong to this run"):
        read_run(folder)


def test_answers_that_a_mark_vouches_for_are_counted_without_another_look(
    tmp_path: Path, two_runs: tuple[bytes, bytes]
) -> None:
    folder = hold(tmp_path, *WORDS, "respondents=3", num_asked=0, is_reported=False)
    with_a_foreign_line(folder, two_runs[0])
    mark_complete(folder, ["answers/shard-00-of-01.jsonl"], num_answers=3 * NUM_QUESTIONS)
    assert len(checked_answers(run_of(folder), folder)) == 3 * NUM_QUESTIONS


def test_repair_shows_what_it_would_do_and_does_it_when_told(
    folder: Path, two_runs: tuple[bytes, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = (lines_of(content, "r00001") for content in two_runs)
    damaged = own[9].replace(b"Explanation", b"Explanatiom")
    pasted = b"".join([other[4], *own[:9], damaged, own[10], own[3]])
    journal(folder).write_bytes(pasted)
    assert main(["stage=repair", f"run_folder={folder}"]) == 0
    shown = capsys.readouterr().out
    assert journal(folder).read_bytes() == pasted
    assert [line.split(", line ")[1].split(":")[0] for line in shown.splitlines()[:3]] == ["1", "11", "13"]
    assert "nothing is changed yet. apply=true" in shown
    assert main(["stage=repair", f"run_folder={folder}", "apply=true"]) == 0
    assert journal(folder).read_bytes() == b"".join([*own[:9], own[10]])
    aside = (folder / "answers" / "set_aside.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["text"].encode() + b"\n" for line in aside] == [other[4], damaged, own[3]]
    assert main(["stage=repair", f"run_folder={folder}", "apply=true"]) == 0
    assert "nothing to repair: 10 lines" in capsys.readouterr().out.splitlines()[-1]


def ask(folder: Path, engine: ScriptedEngine) -> None:
    run = run_of(folder)

    async def hold_interviews() -> None:
        with AnswerStore(folder, find_foreign=partial(foreign_lines, run)) as store:
            interviews = Interviews(run.survey, run.strategy, engine, store, run.presentation, run.rules)
            await interviews.conduct(run.panel)

    asyncio.run(hold_interviews())


def test_an_answer_set_aside_is_asked_again_and_the_run_is_as_if_nothing_had_happened(
    folder: Path, two_runs: tuple[bytes, bytes]
) -> None:
    lines = lines_of(two_runs[0])
    lines[40] = lines[40].replace(b"Explanation", b"Explanatiom")
    journal(folder).write_bytes(b"".join(lines))
    assert main(["stage=repair", f"run_folder={folder}", "apply=true"]) == 0
    engine = random_answers(run_of(folder))
    ask(folder, engine)
    assert sum(engine.num_asked.values()) == 1
    journal_now = read_answers(folder)
    journal(folder).write_bytes(two_runs[0])
    assert journal_now == read_answers(folder)


def test_where_the_second_answer_differs_those_that_followed_the_first_are_asked_again(
    folder: Path, two_runs: tuple[bytes, bytes]
) -> None:
    """A hosted model does not repeat itself: what was asked with the lost answer in memory is of no use."""
    own = lines_of(two_runs[0], "r00001")
    del own[3]
    journal(folder).write_bytes(b"".join(own))
    refusing = ScriptedEngine(reply=lambda request: "I would rather not say.")
    with pytest.raises(StoreError, match=r"line \d+ \(r00001, .* with another memory"):
        ask(folder, refusing)
    assert main(["stage=repair", f"run_folder={folder}", "apply=true"]) == 0
    ask(folder, refusing)
    assert len(read_answers(folder)) == 3 * NUM_QUESTIONS
    assert numbers_of_foreign(folder) == []


def test_repair_takes_away_the_mark_of_a_complete_run_only_if_it_sets_something_aside(tmp_path: Path) -> None:
    folder = hold(tmp_path, *WORDS, "respondents=1")
    whole = journal(folder).read_bytes()
    journal(folder).write_bytes(whole.replace(b"\n", b"\r\n"))
    assert main(["stage=repair", f"run_folder={folder}", "apply=true"]) == 0
    assert journal(folder).read_bytes() == whole
    assert is_complete(folder)
    journal(folder).write_bytes(whole + b"?\n")
    assert main(["stage=repair", f"run_folder={folder}", "apply=true"]) == 0
    assert not is_complete(folder)


def test_repair_waits_for_nobody_who_writes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lease = Lease(journal(folder).with_suffix(".lease"))
    lease.acquire()
    assert main(["stage=repair", f"run_folder={folder}", "apply=true"]) == 2
    assert "is being written by process" in capsys.readouterr().err
    lease.release()


@pytest.mark.parametrize("stage", ["report", "verify", "repair"])
def test_a_run_that_is_just_being_started_is_told_from_none(
    tmp_path: Path, stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "answers").mkdir()
    lease = Lease(tmp_path / "answers" / "shard-00-of-01.lease")
    lease.acquire()
    assert main([f"stage={stage}", f"run_folder={tmp_path}"]) == 2
    assert "is being started by process" in capsys.readouterr().err
    lease.release()
    assert main([f"stage={stage}", f"run_folder={tmp_path}"]) == 2
    assert "There is no run in" in capsys.readouterr().err


def test_a_damaged_manifest_says_what_can_be_done(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest_path(folder).write_text("{", encoding="utf-8")
    assert main(["stage=repair", f"run_folder={folder}"]) == 2
    said = capsys.readouterr().err
    assert "manifest.json is damaged" in said
    assert "move it away and give the command of the interviews again" in said

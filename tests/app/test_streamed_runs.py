"""Large runs, reported shard by shard: the same numbers as of all answers at once, checked part by part."""

import json
import os
import resource
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scripted_runs import hold

from def_sim.answers.storage.answer_lines import decode_line, encode_line
from def_sim.answers.storage.completion import is_complete, mark_complete
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.manifest import read_manifest
from def_sim.answers.storage.parts import part_path
from def_sim.answers.storage.shards import read_answers
from def_sim.app.calibrating import calibrate_run
from def_sim.app.composing import compose_config
from def_sim.app.holding import num_done_of
from def_sim.app.human_figures import other_references
from def_sim.app.part_counts import counts_path
from def_sim.app.read_panel import read_panel
from def_sim.app.read_runs import _arrays
from def_sim.app.reporting import write_report
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.app.streamed_runs import is_streamed
from def_sim.app.streaming import read_streamed, read_vouched, write_shard
from def_sim.app.valid_parts import is_valid
from def_sim.app.verification import _check_shard, verify_run
from def_sim.errors import ConfigError, StoreError, VerificationError
from def_sim.evaluation.distributions import distributions_frame
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_tables import score_table, status_table
from def_sim.file_hashes import hash_file

ITEMS = "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q46,wvs7.Q152,wvs7.Q153,wvs7.Q164]"
NUM_RESPONDENTS = 60


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = (ITEMS, f"respondents={NUM_RESPONDENTS}")
    return hold(tmp_path_factory.mktemp("runs"), *words, is_reported=False)


@pytest.fixture
def folder(held: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(held, tmp_path / "run"))


@cache
def prepared(num_respondents: int) -> Run:
    words = [ITEMS, f"respondents={num_respondents}", "scoring.draws=20"]
    return prepare_run(validate_config(compose_config(words)))


def run_of(*, num_shards: int = 1, stream_above: int = 100, num_respondents: int = NUM_RESPONDENTS) -> Run:
    """The run of the fixture, streamed unless the limit says otherwise."""
    run = prepared(num_respondents)
    scoring = run.config.scoring.model_copy(update={"stream_above": stream_above})
    return replace(run, config=run.config.model_copy(update={"scoring": scoring, "num_shards": num_shards}))


def tables(run: Run, folder: Path) -> dict[str, pd.DataFrame]:
    """Everything but the intervals, whose draws are other ones."""
    return tables_of(run, read_panel(run, folder).arrays)


def tables_of(run: Run, arrays: PanelArrays) -> dict[str, pd.DataFrame]:
    """The same of a panel that was read."""
    counted = arrays.distributions
    return {
        "distributions": distributions_frame(counted),
        "statuses": status_table(counted),
        "scores": score_table(counted, seed=1, num_draws=20, other_references=other_references(run)),
    }


def test_scores_distributions_and_statuses_are_those_of_all_answers_at_once(folder: Path) -> None:
    whole = tables(run_of(stream_above=1000), folder)
    streamed = tables(run_of(num_shards=4), folder)
    for name in ("distributions", "statuses"):
        pd.testing.assert_frame_equal(whole[name], streamed[name], check_exact=True)
    pd.testing.assert_frame_equal(whole["scores"], streamed["scores"], rtol=0, atol=1e-12)


def test_any_number_of_shards_gives_the_same_bytes_of_distributions(folder: Path, tmp_path: Path) -> None:
    contents = set()
    for num_shards in (1, 4, 7):
        run = run_of(num_shards=num_shards, stream_above=200)
        for shard in range(num_shards):
            write_shard(run, folder, Division(shard, num_shards))
        arrays = read_panel(run, folder).arrays
        assert len(list((folder / "answers").glob("*.counts.parquet"))) == num_shards
        path = tmp_path / "distributions.parquet"
        distributions_frame(arrays.distributions).to_parquet(path, index=False)
        contents.add(path.read_bytes())
        for part in (folder / "answers").glob("*.parquet"):
            part.unlink()
    assert len(contents) == 1


def test_a_reader_of_twenty_lines_counts_the_same_shares(folder: Path) -> None:
    chosen: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    answered: Counter[tuple[str, int]] = Counter()
    for journal in (folder / "answers").glob("*.jsonl"):
        for line in journal.read_text().splitlines():
            answer = json.loads(line)
            if answer["status"] == "answered":
                answered[answer["item_id"], answer["wording"]] += 1
                chosen[answer["item_id"], answer["wording"]].update(answer["choices"])
    found = tables(run_of(), folder)["distributions"]
    for row in found.to_dict("records"):
        question = row["item_id"], row["wording"]
        assert row["simulated_share"] == chosen[question][row["code"]] / answered[question]


def test_parts_hold_the_sorted_answers_of_their_shards(folder: Path) -> None:
    panel = read_streamed(run_of(num_shards=4), folder)
    assert len(panel.divisions) == 4
    parts = [pd.read_parquet(part_path(folder, division)) for division in panel.divisions]
    numbers = [part["respondent_id"].str[1:].astype(int) for part in parts]
    assert all((of_part % 4 == shard).all() for shard, of_part in enumerate(numbers))
    assert all(of_part.is_monotonic_increasing for of_part in numbers)
    assert sum(map(len, parts)) == len(read_answers(folder))
    assert sorted(panel.answers, key=lambda a: (a.respondent_id, a.item_id)) == read_answers(folder)


def test_what_takes_whole_respondents_takes_the_drawn_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("def_sim.app.run.MOST_LOOKED_AT", 20)
    run = run_of()
    panel = read_panel(run, folder)
    drawn = {respondent.id for respondent in run.looked_at}
    assert len(drawn) == 20
    assert {answer.respondent_id for answer in panel.as_given} == drawn
    assert panel.arrays.choices.shape == (20, len(panel.arrays.single_questions))
    assert (panel.num_answers, panel.num_answering) == (run.num_planned, NUM_RESPONDENTS)
    assert all(one.num_asked == NUM_RESPONDENTS for one in panel.arrays.distributions[:1])


def damaged(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("path_of", [part_path, counts_path])
def test_a_shard_does_not_pass_with_another_number_in_its_files(folder: Path, path_of: object) -> None:
    run, division = run_of(), Division(1, 2)
    write_shard(run, folder, division)
    counts, num_checked = _check_shard(run, folder, division)
    assert num_checked == counts.num_answers == 30 * 6
    path = path_of(folder, division)  # type: ignore[operator]
    damaged(path, 100)  # of the first column; the completion mark holds every byte
    with pytest.raises(VerificationError):
        _check_shard(run, folder, division)


def test_a_large_run_is_reported_and_verified_part_by_part(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("def_sim.app.run.MOST_LOOKED_AT", 20)
    run, manifest = run_of(num_shards=2, stream_above=200), read_manifest(folder)
    (folder / "answers.parquet").write_bytes(b"of a smaller run")
    write_report(run, folder, manifest)
    assert not (folder / "answers.parquet").exists()
    page = (folder / "report.html").read_text()
    assert page.count("Of 20 of the 60 respondents") >= 5
    assert len(list((folder / "answers").glob("shard-01-of-02.*"))) <= 5
    said = dict(line.split(maxsplit=1) for line in verify_run(run, folder, manifest))
    assert said["answers"] == "360 lines, each with its checksum"
    assert said["parts"] == "2 tables and their counts hold what the journals hold"
    compared = _arrays(run, folder, has_texts=True)  # as a comparison of runs takes it
    assert [one.num_asked for one in compared.distributions[:2]] == [60, 60]
    assert len(compared.by_respondent) == 20
    division = Division(1, 2)
    for path in (part_path(folder, division), counts_path(folder, division)):
        content = path.read_bytes()
        for place in (4, len(content) // 3, len(content) // 2, len(content) - 5):
            damaged(path, place)
            assert read_vouched(run, folder) is None
            with pytest.raises(VerificationError, match=path.name):
                next(verify_run(run, folder, manifest))
            path.write_bytes(content)


def test_a_part_is_made_anew_once_its_journals_have_grown(folder: Path) -> None:
    run, division = run_of(), Division(0, 1)
    write_shard(run, folder, division)
    assert is_valid(run, folder, division)
    larger = run_of(num_respondents=NUM_RESPONDENTS + 1)
    assert not is_valid(larger, folder, division)
    [journal] = (folder / "answers").glob("*.jsonl")
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    assert not is_valid(run, folder, division)
    assert read_streamed(run, folder).counts.num_answers == run.num_planned - 1


def changed_line(folder: Path, respondent_id: str = "r00000") -> None:
    """A respondent's first line as another run would have it, of the same length and with its checksum."""
    [journal] = (folder / "answers").glob("*.jsonl")
    content = journal.read_bytes()
    first = next(line for line in content.splitlines() if respondent_id.encode() in line)
    other = encode_line(replace(decode_line(first), prompt_hash="0" * 16)).removesuffix(b"\n")
    journal.write_bytes(content.replace(first, other))
    assert journal.stat().st_size == len(content)


def test_a_shard_with_a_line_of_another_run_is_not_written(folder: Path) -> None:
    changed_line(folder)
    run = run_of(num_shards=2)
    mark_complete(folder, ["manifest.json"], num_answers=run.num_planned)
    before = sorted((folder / "answers").iterdir())
    for write in (lambda: write_shard(run, folder, Division(0, 2)), lambda: read_streamed(run, folder)):
        with pytest.raises(StoreError, match=r"shard-00-of-01\.jsonl, line 1 does not belong to this run"):
            write()
    assert sorted((folder / "answers").iterdir()) == before
    assert is_complete(folder)  # nothing has grown
    write_shard(run, folder, Division(1, 2))  # respondent 0 is not of it


def test_a_part_does_not_stand_for_a_line_that_was_changed_after_it(folder: Path) -> None:
    run, division = run_of(), Division(0, 1)
    write_shard(run, folder, division)
    changed_line(folder)
    assert is_valid(run, folder, division)  # by its sizes
    with pytest.raises(StoreError, match="line 1 does not belong to this run"):
        write_report(run, folder, read_manifest(folder))
    assert not is_complete(folder)


def test_a_part_stands_for_journals_that_were_copied(folder: Path) -> None:
    run, division = run_of(), Division(0, 1)
    write_shard(run, folder, division)
    [journal] = (folder / "answers").glob("*.jsonl")
    os.utime(journal, (1, 1))
    before = part_path(folder, division).stat()
    read_streamed(run, folder)
    assert part_path(folder, division).stat() == before


def test_of_a_vouched_run_no_prompt_is_rebuilt_when_its_parts_are_made_anew(folder: Path) -> None:
    run = run_of(num_shards=2)
    changed_line(folder, "r00000")
    changed_line(folder, "r00001")  # of the second shard, before which the mark is taken away
    mark_complete(folder, ["answers/shard-00-of-01.jsonl"], num_answers=run.num_planned)
    assert read_streamed(run, folder).counts.num_answers == run.num_planned


def test_files_of_another_kind_are_no_counts_and_no_part(folder: Path) -> None:
    run, division = run_of(), Division(0, 1)
    write_shard(run, folder, division)
    part, counts = part_path(folder, division), counts_path(folder, division)
    part.write_bytes(bytes(part.stat().st_size))
    with pytest.raises(VerificationError, match=r"shard-00-of-01\.parquet is damaged") as caught:
        read_streamed(run_of(stream_above=300), folder)
    assert "made anew from the journals" in caught.value.fix
    for content in (b"", b"PAR1", part.read_bytes(), b"[" * 10_000):
        counts.write_bytes(content)
        assert not is_valid(run, folder, division)
    assert read_streamed(run, folder).counts.num_answers == run.num_planned


def test_groups_are_resampled_in_place_of_respondents(folder: Path) -> None:
    run = run_of()
    answers = read_panel(run, folder).arrays.drawn_again
    whole = read_panel(run_of(stream_above=1000), folder).arrays.drawn_again
    assert answers is not None
    assert whole is not None
    assert answers.num_rows == NUM_RESPONDENTS  # of 60 respondents each is alone in its group
    for one, other in zip(answers.samples(), whole.samples(), strict=True):
        assert np.array_equal(one.counts, other.counts)
        assert (one.num_respondents, one.num_failed) == (other.num_respondents, other.num_failed)
    left_out = 1 - np.eye(NUM_RESPONDENTS)
    for one, other in zip(answers.samples(left_out), whole.samples(left_out), strict=True):
        assert sorted(map(tuple, one.counts)) == sorted(map(tuple, other.counts))


def test_probabilities_and_texts_for_a_judge_are_never_streamed(folder: Path) -> None:
    run = run_of()
    assert is_streamed(run)
    by_probabilities = run.config.model_copy(update={"answer_mode": "probabilities"})
    assert not is_streamed(replace(run, config=by_probabilities))


def test_verdicts_are_refused_where_scores_are_made_of_counts(folder: Path) -> None:
    """They would be passed over in silence. Nothing is written, and below the limit the set is looked for."""
    run = run_of(num_shards=2)
    named = replace(run, config=run.config.model_copy(update={"verdicts": "strict-12345678"}))
    with pytest.raises(ConfigError, match="verdicts=strict-12345678: this run has 360 answers") as caught:
        write_report(named, folder, read_manifest(folder))
    assert "scoring.stream_above" in caught.value.fix
    assert not (folder / "report.html").exists()
    assert list((folder / "answers").glob("*.parquet")) == []


def test_a_large_run_is_not_calibrated_and_says_so_before_it_reads(folder: Path) -> None:
    for journal in (folder / "answers").glob("*.jsonl"):
        journal.write_text("no line of it may be read\n")
    with pytest.raises(ConfigError, match=r"plans 360 answers.*at most scoring\.stream_above=100"):
        calibrate_run(run_of(), folder, sample="nowhere.csv", margins=None)


def test_how_many_answers_a_shard_has_is_told_by_its_counts_once_it_has_ended(folder: Path) -> None:
    """Else by its journals, line by line: 60 respondents in 2 shards with 6 questions each."""
    run = run_of(num_shards=2)
    assert num_done_of(run, folder) == 180
    write_shard(run, folder, Division(0, 2))
    [journal] = (folder / "answers").glob("*.jsonl")
    lines = journal.read_bytes()
    journal.write_bytes(bytes(len(lines)))  # as long as it was, and not looked into
    assert num_done_of(run, folder) == 180
    journal.write_bytes(b"".join(lines.splitlines(keepends=True)[:-6]))  # no longer what was counted
    shards = [replace(run, config=run.config.model_copy(update={"shard": shard})) for shard in (0, 1)]
    assert sum(num_done_of(one, folder) for one in shards) == 354


@contextmanager
def files_of_at_most(num_bytes: int) -> Iterator[None]:
    """A limit on the size of files stands in for a quota, as the system tells it alike."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_quota_while_a_part_is_written_leaves_what_was_there(folder: Path) -> None:
    """A part of 180 answers takes 11 kB; the counts of a run before are not taken for those of this one."""
    run, division = run_of(), Division(0, 2)
    before = sorted((folder / "answers").iterdir())
    with files_of_at_most(6_000), pytest.raises(StoreError, match="File too large") as caught:
        write_shard(run, folder, division)
    assert "Free space (or raise the quota" in caught.value.fix
    assert sorted((folder / "answers").iterdir()) == before
    write_shard(run, folder, division)
    assert is_valid(run, folder, division)


def test_a_quota_while_counts_are_written_leaves_a_shard_that_has_not_ended(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the moment on that the part is there no file may grow; the same command goes on."""
    run, division = run_of(), Division(0, 2)

    def then_full(path: Path) -> str:
        full.enter_context(files_of_at_most(2_000))
        return hash_file(path)

    monkeypatch.setattr("def_sim.app.streaming.hash_file", then_full)
    with ExitStack() as full, pytest.raises(StoreError, match="File too large"):
        write_shard(run, folder, division)
    assert not is_valid(run, folder, division)
    assert not counts_path(folder, division).exists()
    assert [path for path in (folder / "answers").iterdir() if path.name.startswith(".")] == []
    monkeypatch.undo()
    write_shard(run, folder, division)
    assert is_valid(run, folder, division)

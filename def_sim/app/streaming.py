"""Runs of so many answers that they are reported part by part: a shard's table and counts, then the panel.

Above `scoring.stream_above` answers each shard ends with its part (`answers.storage.parts`) and its additive
counts (`part_counts`). Scores come of counts alone; what needs whole respondents takes some drawn by seed.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from math import ceil
from operator import add
from pathlib import Path

from def_sim.answers.storage.completion import is_complete, unmark_complete, vouches_for
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.fingerprints import fingerprint
from def_sim.answers.storage.parts import blocks_of, part_path, read_respondents, write_part
from def_sim.answers.storage.run_columns import lacks_run_columns
from def_sim.answers.storage.shards import answers_folder, journals_of, no_search_for_cycles
from def_sim.answers.storage.stored_answers import StoredAnswers, read_stored
from def_sim.app.belonging import are_vouched
from def_sim.app.checked_answers import check_stored
from def_sim.app.definition import run_identity
from def_sim.app.part_counts import counts_path, read_counts, write_counts
from def_sim.app.run import Run
from def_sim.app.valid_parts import has_same_journals, is_valid, journals_of_shard
from def_sim.evaluation.answer_counts import AnswerCounter, AnswerCounts
from def_sim.file_hashes import hash_file
from def_sim.records import Answer, Respondent


def respondent_ids(run: Run, division: Division) -> Iterator[str]:
    """Names of a shard's respondents, by their numbers; nobody is drawn for that."""
    for index in range(division.shard, len(run.panel), division.num_shards):
        yield f"r{index:05d}"


def write_shard(
    run: Run,
    folder: Path,
    division: Division,
    stored: StoredAnswers | None = None,
    *,
    is_vouched: bool = False,
) -> None:
    """Writes a shard's part and then its counts; the run is not marked complete any more.

    Args:
        run: Prepared.
        folder: Of the run.
        division: Whose answers.
        stored: Where they stand, known to be of the run; None: the journals are looked through.
        is_vouched: Whether the run's completion mark vouches for its journals, or did before a shard was
            written; if not, answers that are looked through are held against the run.

    Raises:
        StoreError: A stored line is damaged or not of the run, or the disk is full.
        VerificationError: What was written cannot be read back.
    """
    identity = run_identity(run, folder)
    with disk_errors(answers_folder(folder)):
        # Before they are read: what comes later is not in the part.
        journals = {path.name: fingerprint(path) for path in journals_of_shard(folder, division)}
    with no_search_for_cycles():
        found = read_stored(folder, division) if stored is None else stored
        if stored is None and not is_vouched:
            check_stored(run, folder, division, found)
        unmark_complete(folder)
        counter = AnswerCounter(run.survey.questions, seed=run.config.seed)
        counts_path(folder, division).unlink(missing_ok=True)
        blocks = _counted(counter, shard_blocks(run, division, found))
        part = write_part(folder, division, blocks, identity)
    facts = {
        "seed": run.config.seed,
        "num_respondents": len(run.panel),
        "journals": journals,
        "part_bytes": part.stat().st_size,
        "part_sha256": hash_file(part),
    }
    write_counts(counts_path(folder, division), counter.counts(), run.survey.questions, facts, identity)


def shard_blocks(run: Run, division: Division, stored: StoredAnswers) -> Iterator[list[Answer]]:
    """The shard's answers, sorted, block by block."""
    return blocks_of(stored, respondent_ids(run, division))


def _counted(counter: AnswerCounter, blocks: Iterator[list[Answer]]) -> Iterator[list[Answer]]:
    """The same blocks, each counted on its way."""
    for block in blocks:
        count_block(counter, block)
        yield block


def count_block(counter: AnswerCounter, block: Sequence[Answer]) -> None:
    """Counts answers of whole respondents, in order."""
    start = 0
    for place in range(1, len(block) + 1):
        if place == len(block) or block[place].respondent_id != block[start].respondent_id:
            counter.add(block[start].respondent_id, block[start:place])
            start = place


def end_shard(run: Run, folder: Path, stored: StoredAnswers) -> None:
    """What a shard of a large run does when all its answers are there."""
    division = Division(run.config.shard, run.config.num_shards)
    if not is_valid(run, folder, division):
        write_shard(run, folder, division, stored)


@dataclass(frozen=True)
class StreamedPanel:
    """A large panel: counts of all answers, and all answers of some respondents."""

    divisions: Sequence[Division]
    counts: AnswerCounts
    sampled: list[Respondent]
    answers: list[Answer]

    def files(self, folder: Path) -> list[Path]:
        """Parts and counts."""
        return files_of(folder, self.divisions)


def files_of(folder: Path, divisions: Sequence[Division]) -> list[Path]:
    """Parts and counts of some shards."""
    return [path(folder, one) for one in divisions for path in (part_path, counts_path)]


def read_streamed(run: Run, folder: Path) -> StreamedPanel:
    """A large panel from its parts; those that are missing, of earlier answers or versions are made.

    Raises:
        StoreError: A stored line is damaged or not of the run, or the disk is full.
        VerificationError: A part or counts are damaged.
    """
    return _read(run, folder, _made_divisions(run, folder))


def read_vouched(run: Run, folder: Path) -> StreamedPanel | None:
    """The same of a finished run, without writing anything; None where its parts are not as they were."""
    divisions = divisions_of(run, folder)
    files = [*journals_of(folder), *files_of(folder, divisions)]
    if is_complete(folder) and all(path.is_file() for path in files) and vouches_for(folder, files):
        return _read(run, folder, divisions)
    return None


def _read(run: Run, folder: Path, divisions: Sequence[Division]) -> StreamedPanel:
    sampled = run.looked_at
    return StreamedPanel(
        divisions=divisions,
        counts=reduce(
            add, (read_counts(counts_path(folder, one), run.survey.questions) for one in divisions)
        ),
        sampled=sampled,
        answers=list(_answers_of(folder, divisions, sampled)),
    )


def _answers_of(
    folder: Path, divisions: Sequence[Division], respondents: Sequence[Respondent]
) -> Iterator[Answer]:
    """All answers of some respondents, by shards."""
    for division in divisions:
        if own := [one.id for one in respondents if division.has(one.id)]:
            yield from read_respondents(folder, division, own)


def divisions_of(run: Run, folder: Path) -> list[Division]:
    """The shards that a report goes by: those whose parts are valid, else as the command or the journals say.

    Where no number of shards is told by anything there are as many as keep a part below the limit.
    """
    known = [_num_shards(path) for path in answers_folder(folder).glob("shard-*-of-*.counts.parquet")]
    for num_shards in sorted({num for num in known if num}):
        divisions = [Division(shard, num_shards) for shard in range(num_shards)]
        if all(is_valid(run, folder, one) for one in divisions):
            return divisions
    of_journals = max((_num_shards(path) for path in journals_of(folder)), default=1)
    fewest = ceil(run.num_planned / run.config.scoring.stream_above)
    num_shards = max(run.config.num_shards, of_journals, min(fewest, len(run.panel)))
    return [Division(shard, num_shards) for shard in range(num_shards)]


def _num_shards(path: Path) -> int:
    """Of a file of a shard; 0 where the name is none."""
    number = path.name.split(".")[0].rpartition("-of-")[2]
    return int(number) if number.isdecimal() and len(number) < 7 else 0


def _made_divisions(run: Run, folder: Path) -> list[Division]:
    divisions, is_vouched = divisions_of(run, folder), are_vouched(folder)
    for one in divisions:
        if not is_usable(run, folder, one):
            write_shard(run, folder, one, is_vouched=is_vouched)
    remove_parts(folder, files_of(folder, divisions))
    return divisions


def is_usable(run: Run, folder: Path, division: Division) -> bool:
    """Whether a shard's part and counts are those of its journals, and say of which run they are."""
    files = files_of(folder, [division])
    return (
        is_valid(run, folder, division)
        and not any(map(lacks_run_columns, files))
        and has_same_journals(folder, division)
    )


def remove_parts(folder: Path, keep: Collection[Path] = ()) -> None:
    """Removes parts and counts of which no report is made: of other divisions, or of a smaller run by now."""
    for path in answers_folder(folder).glob("shard-*-of-*.parquet"):
        if path not in keep:
            path.unlink()

"""The part of a large run's answers that one shard has, as a table: written and read block by block.

Parts stand in place of `answers.parquet` where that would not fit into memory. A part takes its place only
after it was read back and found equal to what was written; the journals stay and remain the truth.
"""

import hashlib
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from def_sim.answers.storage.bounded_parquet import read_groups_bounded, written_out, wrong_table
from def_sim.answers.storage.compaction import answer_of_row, answers_schema, as_in_a_table, table_of
from def_sim.answers.storage.disk import replacing
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.run_columns import with_run_columns, with_run_fields, without_run_columns
from def_sim.answers.storage.shards import answers_folder, in_order, journals_of, shard_name
from def_sim.answers.storage.stored_answers import StoredAnswers
from def_sim.records import RUN_COLUMNS, Answer, AnswerStatus, RunIdentity

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK: Final = 20_000  # answers that are in memory at once, a row group; whole respondents
_SMALL: Final = 1 << 20  # bytes that any table may take


def part_path(folder: Path, division: Division) -> Path:
    """Where a shard's part lies."""
    return answers_folder(folder) / f"{shard_name(*division)}.parquet"


def blocks_of(stored: StoredAnswers, respondent_ids: Iterable[str]) -> Iterator[list[Answer]]:
    """The answers of respondents, sorted, in blocks of whole respondents.

    Args:
        stored: Where they stand.
        respondent_ids: Whose, in the order of their numbers.
    """
    names: list[str] = []
    num_answers = 0
    for name in respondent_ids:
        names.append(name)
        num_answers += len(stored.questions_of(name))
        if num_answers >= _BLOCK:
            yield in_order(stored.answers_of(names))
            names, num_answers = [], 0
    if num_answers:
        yield in_order(stored.answers_of(names))


def write_part(
    folder: Path,
    division: Division,
    blocks: Iterable[Sequence[Answer]],
    identity: RunIdentity | None = None,
) -> Path:
    """Writes a shard's part.

    Args:
        folder: Of the run.
        division: Whose answers they are.
        blocks: The answers, sorted, as `blocks_of` gives them.
        identity: Of the run, for the first columns; None: the part has none of them.

    Returns:
        The part's path.

    Raises:
        StoreError: The disk is full or not writable.
        VerificationError: What was read back is not what was written.
    """
    import pyarrow.parquet as pq

    path, schema = part_path(folder, division), with_run_fields(answers_schema(), identity)
    digests = []
    with replacing(path) as temporary:
        with pq.ParquetWriter(temporary, schema, write_page_checksum=True) as writer:
            for block in blocks:
                table = with_run_columns(table_of(as_in_a_table(block)), identity)
                digests.append(_digest(table))
                writer.write_table(table, row_group_size=len(block))
        found = [_digest(written_out(group, schema)) for group in _groups(temporary, folder)]
        if found != digests:
            raise wrong_table(path, "was read back as something else than what was written")
    return path


def read_part(folder: Path, division: Division) -> Iterator["pa.Table"]:
    """The row groups of a shard's part, in the types of `answers_schema`, without the run's columns.

    Raises:
        StoreError: The file cannot be read.
        VerificationError: It is no part, or is damaged.
    """
    path, schema = part_path(folder, division), answers_schema()
    for group in _groups(path, folder):
        if group.column_names not in (schema.names, [*RUN_COLUMNS, *schema.names]):
            raise wrong_table(path, "is no table of answers: its columns are others")
        yield written_out(without_run_columns(group), schema)


def count_statuses(folder: Path, division: Division) -> Iterator[tuple[str, AnswerStatus, int]]:
    """Respondent, status, and how many of its answers ended so; a respondent may come several times.

    Raises:
        StoreError, VerificationError: As `read_part`.
    """
    path, names = part_path(folder, division), ["respondent_id", "status"]
    for group in _groups(path, folder, names):
        try:
            counted = group.group_by(names, use_threads=False).aggregate([([], "count_all")])
            columns = (counted.column(name).to_pylist() for name in (*names, "count_all"))
            for respondent_id, status, count in zip(*columns, strict=True):
                yield respondent_id, AnswerStatus(status), count
        except (LookupError, ValueError) as error:
            raise wrong_table(path, f"is no table of answers: {error}") from error


def read_respondents(folder: Path, division: Division, respondent_ids: Collection[str]) -> Iterator[Answer]:
    """The answers of some respondents, in the order of the part.

    Raises:
        StoreError, VerificationError: As `read_part`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted(respondent_ids), pa.string())
    for group in read_part(folder, division):
        rows = group.filter(pc.is_in(group.column("respondent_id"), value_set=wanted))
        try:
            yield from map(answer_of_row, map(_with_shared_names, rows.to_pylist()))
        except (LookupError, TypeError, ValueError) as error:
            path = part_path(folder, division)
            raise wrong_table(path, f"is no table of answers: {error}") from error


def _with_shared_names(row: dict[str, Any]) -> dict[str, Any]:
    """The same row; names that stand in many rows are one object, which is most of an answer's memory."""
    names = {name: sys.intern(row[name]) for name in ("respondent_id", "item_id")}
    return row | names | {"memory": list(map(sys.intern, row["memory"]))}


def check_part(
    folder: Path,
    division: Division,
    blocks: Iterable[Sequence[Answer]],
    identity: RunIdentity | None = None,
) -> None:
    """Makes sure that a part holds exactly what the journals hold.

    Args:
        folder: Of the run.
        division: Whose part it is.
        blocks: The shard's answers, read from the journals.
        identity: Of the run, where the part is to begin with its columns.

    Raises:
        VerificationError: Naming the part.
        StoreError: A journal is damaged, or the part is missing.
    """
    path, schema = part_path(folder, division), with_run_fields(answers_schema(), identity)
    groups = _groups(path, folder)
    for block in blocks:
        group = next(groups, None)
        expected = with_run_columns(table_of(as_in_a_table(block)), identity)
        if group is None or not written_out(group, schema).equals(expected):
            first, last = block[0].respondent_id, block[-1].respondent_id
            raise wrong_table(path, f"holds other answers of {first} to {last} than the journals")
    if next(groups, None) is not None:
        raise wrong_table(path, "holds answers that the journals do not hold")


def _groups(path: Path, folder: Path, columns: list[str] | None = None) -> Iterator["pa.Table"]:
    """No column of a part can be larger than the journals that it was made from."""
    journalled = sum(journal.stat().st_size for journal in journals_of(folder))
    return read_groups_bounded(path, columns, most_bytes=max(_SMALL, journalled))


def _digest(table: "pa.Table") -> str:
    """Names what a table holds, however its columns are laid out in memory."""
    state = hashlib.blake2b(digest_size=16)
    for column in table.columns:
        for piece in _bytes_of(column.combine_chunks()):
            state.update(piece)
    return state.hexdigest()


def _bytes_of(array: "pa.Array") -> Iterator[bytes | memoryview]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.ChunkedArray):  # of several chunks whose dictionaries could not be joined
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    yield array.is_null().cast(pa.int8()).to_numpy(zero_copy_only=False).tobytes()
    if pa.types.is_list(array.type):
        yield array.value_lengths().to_numpy(zero_copy_only=False).tobytes()
        yield from _bytes_of(array.flatten())
    elif pa.types.is_string(array.type):
        filled = array.fill_null("")
        yield pc.binary_length(filled).to_numpy(zero_copy_only=False).tobytes()
        yield _characters_of(filled)
    else:
        yield array.to_numpy(zero_copy_only=False).tobytes()


def _characters_of(texts: "pa.Array") -> memoryview:
    """The bytes of texts end to end, as they lie in memory: none of them is null."""
    _, ends, characters = texts.buffers()
    if not len(texts) or characters is None:
        return memoryview(b"")
    first, last = (int(np.frombuffer(ends, np.int32)[texts.offset + place]) for place in (0, len(texts)))
    return memoryview(characters)[first:last]

"""A shard's additive counts as a file, and what it was made from: `answers/shard-00-of-08.counts.parquet`.

One row for each option and each status of each question, the counts of the groups of respondents as a list.
The file says of which journals, as long as they were then, and of which part it is, so that one that no
longer fits is noticed and made anew.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from def_sim.answers.storage.bounded_parquet import read_bounded, written_out, wrong_table
from def_sim.answers.storage.disk import replacing
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.parts import part_path
from def_sim.answers.storage.run_columns import with_run_columns, without_run_columns
from def_sim.errors import VerificationError
from def_sim.evaluation.answer_counts import NUM_GROUPS, AnswerCounts, Counts
from def_sim.file_hashes import hash_file
from def_sim.records import AnswerStatus, Question, RunIdentity

_KEY: Final = b"def_sim"
_STATUSES: Final = tuple(AnswerStatus)
_MOST_TEXT: Final = 1 << 26  # bytes of the words of a column
_MOST_FACTS: Final = 1 << 20  # bytes
_SCHEMA: Final = pa.schema(
    [
        ("item_id", pa.string()),
        ("wording", pa.int32()),
        ("code", pa.int32()),  # of an option; null in rows of a status
        ("status", pa.string()),
        ("count", pa.int64()),
        ("by_group", pa.list_(pa.int64())),
    ]
)
_Count = Annotated[int, Field(ge=0, le=2**53)]


class ReadJournal(BaseModel):
    """The fingerprint of a journal as it was read, see `answers.storage.fingerprints`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    sha256: str
    bytes: _Count
    modified_ns: Annotated[int, Field(ge=0, lt=2**63)]


class MadeFrom(BaseModel):
    """What counts are of.

    Attributes:
        seed: Of the run, by which respondents are in groups.
        num_respondents: N of the run; the shard's are among the first N.
        num_answers: That were counted.
        num_answering: Respondents of the shard with an answer that could be read.
        journals: Journals that hold answers of the shard, by name, as they were read.
        part_bytes: Of the part that was written with the counts.
        part_sha256: Of the same.
        counts_sha256: Of the counts themselves.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    seed: _Count
    num_respondents: _Count
    num_answers: _Count
    num_answering: _Count
    journals: dict[str, ReadJournal]
    part_bytes: _Count
    part_sha256: str
    counts_sha256: str


def counts_path(folder: Path, division: Division) -> Path:
    """Where the counts of a shard lie."""
    return part_path(folder, division).with_suffix(".counts.parquet")


def write_counts(
    path: Path,
    counts: AnswerCounts,
    questions: Sequence[Question],
    facts: Mapping[str, Any],
    identity: RunIdentity | None = None,
) -> None:
    """Writes the counts of a shard.

    Args:
        path: From `counts_path`.
        counts: Of the shard.
        questions: Of the run.
        facts: `MadeFrom` but for what follows from the counts.
        identity: Of the run, for the first columns; None: the file has none of them.
    """
    table = with_run_columns(_table(counts, questions), identity)
    made_from = MadeFrom(
        **facts,
        num_answers=counts.num_answers,
        num_answering=counts.num_answering,
        counts_sha256=_hash(counts, questions),
    )
    with replacing(path) as temporary:
        described = table.replace_schema_metadata({_KEY: made_from.model_dump_json().encode()})
        pq.write_table(described, temporary, write_page_checksum=True)


def read_made_from(path: Path) -> MadeFrom:
    """What the counts of a file are of; light, and no proof of what they are.

    Raises:
        VerificationError: It is no file of counts.
    """
    try:
        with path.open("rb") as file:
            metadata = pq.read_schema(file).metadata or {}
        content = metadata.get(_KEY, b"")
        if len(content) > _MOST_FACTS:
            raise ValueError("it says too much of itself")
        return MadeFrom.model_validate_json(content)
    except (pa.ArrowException, OSError, ValueError, ValidationError) as error:
        raise wrong_table(path, f"is no file of counts: {str(error)[:200]}") from None


def read_counts(path: Path, questions: Sequence[Question]) -> AnswerCounts:
    """The counts of a shard.

    Raises:
        StoreError: The file cannot be read.
        VerificationError: It is no file of counts of these questions, or is damaged.
    """
    made_from = read_made_from(path)
    num_rows = sum(len(question.codes) + len(_STATUSES) for question in questions)
    table = written_out(without_run_columns(read_bounded(path, most_bytes=_MOST_TEXT)), _SCHEMA)
    if table.schema.remove_metadata() != _SCHEMA or len(table) != num_rows:
        raise wrong_table(path, "holds counts of other questions")
    lists = table.column("by_group").combine_chunks()
    if set(lists.value_lengths().to_pylist()) - {NUM_GROUPS}:
        raise wrong_table(path, f"holds counts of other groups than {NUM_GROUPS:,}")
    rows = np.asarray(lists.flatten().to_numpy(zero_copy_only=False), dtype=np.int64).reshape(-1, NUM_GROUPS)
    found: dict[str, Counts] = {}
    start = 0
    for question in questions:
        end = start + len(question.codes) + len(_STATUSES)
        found[question.id], start = rows[start:end], end
    counts = AnswerCounts(found, made_from.num_answering)
    if _hash(counts, questions) != made_from.counts_sha256 or not table.equals(_table(counts, questions)):
        raise wrong_table(path, "is damaged: its counts are not those that were written")
    return counts


def _table(counts: AnswerCounts, questions: Sequence[Question]) -> pa.Table:
    rows = [
        {
            "item_id": question.item_id,
            "wording": question.wording,
            "code": code,
            "status": status,
            "count": int(of_groups.sum()),
            "by_group": of_groups,
        }
        for question in questions
        for (code, status), of_groups in zip(
            [
                *((code, AnswerStatus.ANSWERED.value) for code in question.codes),
                *((None, status.value) for status in _STATUSES),
            ],
            counts.by_question[question.id],
            strict=True,
        )
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _hash(counts: AnswerCounts, questions: Sequence[Question]) -> str:
    state = hashlib.sha256(json.dumps([counts.num_answering]).encode())
    for question in questions:
        codes = json.dumps([question.item_id, question.wording, *question.codes])
        state.update(codes.encode())
        state.update(np.ascontiguousarray(counts.by_question[question.id]).astype("<i8").tobytes())
    return state.hexdigest()


def check_counts(path: Path, expected: AnswerCounts, questions: Sequence[Question]) -> None:
    """Makes sure that a file holds these counts.

    Raises:
        StoreError, VerificationError: It does not.
    """
    found = read_counts(path, questions)
    if _hash(found, questions) != _hash(expected, questions):
        raise VerificationError(
            f"{path}: the journals give other counts.",
            fix="Delete it and run the same command again: it is made anew from the journals.",
        )


def check_part_of(path: Path, part: Path) -> None:
    """Makes sure that a part is byte for byte the one that was written with the counts.

    Raises:
        VerificationError: It is not.
    """
    if hash_file(part) != read_made_from(path).part_sha256:
        raise wrong_table(part, "has changed since it was written")
